"""What is asked of a power analysis: the contrast, its size, and the numbers to try."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from stimuli.expressions import EXPRESSIONS
from stimuli.regions import REGIONS
from study.errors import InputError, did_you_mean

GAZE, NETWORK = "gaze", "network"


@dataclass(frozen=True)
class Design:
    """A question about power.

    Parameters
    ----------
    contrast : {"expressions", "network"}
        Two expressions are compared, or gaze and network on pictures of one expression.
    expressions : tuple of str
        The two expressions, or the one.
    region : str
        The region of the face whose share is compared.
    effect : float
        The difference that is planted: share of looking at the first expression minus that at
        the second, or share of gaze minus share of relevance; between -1 and 1.
    participants : tuple of int
        Numbers of participants to try, ascending, each 3 or more.
    pictures : tuple of int
        Numbers of pictures of each expression to try, ascending, each 2 or more.
    n_studies : int
        Simulated studies.
    wanted_power : float
        The power that is asked for, between 0 and 1.
    alpha : float
        Level of the tests, between 0 and 1.
    network_spread : float
        Standard deviation of the network's share between pictures.
    seed : int
        All studies follow from it.
    """

    contrast: Literal["expressions", "network"]
    expressions: tuple[str, ...]
    region: str
    effect: float
    participants: tuple[int, ...]
    pictures: tuple[int, ...]
    n_studies: int
    wanted_power: float
    alpha: float
    network_spread: float
    seed: int

    @property
    def label(self) -> str:
        """The contrast in words."""
        if self.contrast == NETWORK:
            return f"gaze - network, {self.expressions[0]}, {self.region}"
        return f"{' - '.join(self.expressions)}, {self.region}"

    @property
    def n_trials(self) -> int:
        """Trials of one simulated study: every participant sees every picture."""
        return self.participants[-1] * self.pictures[-1] * len(self.expressions)

    def as_json(self) -> dict[str, Any]:
        """Give the question as it is written down."""
        return asdict(self)


def make_design(
    between: str,
    *,
    expression: str,
    region: str,
    effect: float,
    participants: str,
    pictures: str,
    n_studies: int,
    wanted_power: float,
    alpha: float,
    network_spread: float,
    seed: int,
) -> Design:
    """Check a question and bring it into order.

    Parameters
    ----------
    between : str
        Two expressions, such as ``happy,sad``; or ``gaze,network``.
    expression : str
        The expression on whose pictures gaze and network are compared.
    region : str
        One of `stimuli.regions.REGIONS`.
    effect : float
        The difference of the shares.
    participants, pictures : str
        Numbers, such as ``8,16,24``.
    n_studies : int
        Simulated studies.
    wanted_power, alpha : float
        Power that is asked for, and level of the tests.
    network_spread : float
        Standard deviation of the network's share between pictures.
    seed : int
        The seed.

    Returns
    -------
    Design
        The question.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of its range.

    Examples
    --------
    >>> design = make_design(
    ...     "happy, sad", expression="happy", region="mouth", effect=0.05, participants="8,4",
    ...     pictures="4", n_studies=10, wanted_power=0.8, alpha=0.05, network_spread=0.05, seed=1,
    ... )
    >>> design.label, design.participants
    ('happy - sad, mouth', (4, 8))
    """
    named = [name.strip() for name in between.split(",")]
    of_network = named == [GAZE, NETWORK]
    expressions = (expression,) if of_network else tuple(named)
    for name in expressions:
        _check_name(name, EXPRESSIONS, "--expression" if of_network else "--between", "expression")
    if not of_network and len(set(expressions)) != 2:
        raise InputError(
            f"--between must name two expressions, or gaze,network, but it is {between!r}. "
            "Write for example happy,sad."
        )
    _check_name(region, REGIONS, "--region", "region")
    if not -1 < effect < 1:
        raise InputError(
            f"--effect is a difference of two shares and must be between -1 and 1, but it is "
            f"{effect:g}. Write 0.05 for five per cent."
        )
    return Design(
        contrast="network" if of_network else "expressions",
        expressions=expressions,
        region=region,
        effect=effect,
        participants=_numbers(participants, "--participants", least=3),
        pictures=_numbers(pictures, "--pictures", least=2),
        n_studies=n_studies,
        wanted_power=wanted_power,
        alpha=alpha,
        network_spread=network_spread,
        seed=seed,
    )


def _check_name(name: str, known: Sequence[str], option: str, kind: str) -> None:
    """Refuse a name that is none of the known ones."""
    if name not in known:
        raise InputError(
            f"{option} must be a known {kind}, but it is {name!r}.{did_you_mean(name, known)}"
        )


def _numbers(text: str, option: str, *, least: int) -> tuple[int, ...]:
    """Read numbers that stand between commas, and sort them."""
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError as error:
        raise InputError(
            f"{option} must be whole numbers with commas between them, but it is {text!r}. "
            "Write for example 8,16,24."
        ) from error
    if numbers[0] < least:
        raise InputError(
            f"{option} must be {least} or more, but {numbers[0]} is among them. Leave it out."
        )
    return tuple(numbers)
