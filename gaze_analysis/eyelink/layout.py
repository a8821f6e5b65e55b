"""Which columns a line of samples has: what the block declares, checked against the line."""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

# I interpolated, C corneal reflection missing, R recovering; one sign for the sample and two
# for each eye, or three in all. The head target's flags: M A N C F and near the edges T B L R.
FLAGS = re.compile(rb"[.ICR]{3}|[.ICR]{5}")
TARGET_FLAGS = re.compile(rb"[.MANCFTBLR]{13}|[.MANCFTBLR]{17}")
_KINDS = {"GAZE": "gaze", "HREF": "href", "PUPIL": "raw", "RAW": "raw"}
_UNITS = {"gaze": "px", "href": "href", "raw": "raw"}
TARGET = ("target_x", "target_y", "target_distance_mm", "target_flags")


def eyes_of(words: Sequence[str]) -> tuple[str, ...]:
    """Find the eyes in the words of a START, SAMPLES or EVENTS line.

    Parameters
    ----------
    words : sequence of str
        The line's words.

    Returns
    -------
    tuple of str
        left, right, both or none, in this order.
    """
    return tuple(eye for eye in ("left", "right") if eye.upper() in words)


@dataclass(frozen=True)
class Declared:
    """What a block says about its samples or events.

    Parameters
    ----------
    kind : str, default "gaze"
        gaze (screen pixels), href (head-referenced angles) or raw (camera).
    eyes : tuple of str, default ()
        left, right or both; empty where the block does not say.
    velocity, resolution, input, buttons : bool, default False
        Which further columns there are.
    rate_hz : float, default nan
        Samples in a second.
    """

    kind: str = "gaze"
    eyes: tuple[str, ...] = ()
    velocity: bool = False
    resolution: bool = False
    input: bool = False
    buttons: bool = False
    rate_hz: float = math.nan

    @classmethod
    def parse(cls, words: Sequence[str]) -> "Declared | None":
        """Read a SAMPLES or EVENTS line.

        Parameters
        ----------
        words : sequence of str
            The line's words.

        Returns
        -------
        Declared or None
            None if the line is damaged.

        Examples
        --------
        >>> Declared.parse("SAMPLES GAZE LEFT RATE 500.00 TRACKING CR".split()).eyes
        ('left',)
        """
        kind = next((name for word, name in _KINDS.items() if word in words), None)
        if kind is None:
            return None
        rate_hz = math.nan
        if "RATE" in words[:-1]:
            try:
                rate_hz = float(words[words.index("RATE") + 1])
            except ValueError:
                return None
        return cls(
            kind,
            eyes_of(words),
            "VEL" in words,
            "RES" in words,
            "INPUT" in words,
            "BUTTONS" in words,
            rate_hz,
        )

    def columns(self, dropped: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Name the numeric columns after the time stamp, in EyeLink's order.

        Parameters
        ----------
        dropped : frozenset of str
            Declared columns that the line does not have after all.

        Returns
        -------
        tuple of str
            The names, each with its eye and unit.
        """
        unit = _UNITS[self.kind]
        names = [
            name
            for eye in self.eyes
            for name in (f"x_{eye}_{unit}", f"y_{eye}_{unit}", f"pupil_{eye}")
        ]
        if self.velocity and "velocity" not in dropped:
            names += [f"velocity_{axis}_{eye}_deg_s" for eye in self.eyes for axis in "xy"]
        if self.resolution and "resolution" not in dropped:
            names += ["resolution_x_px_deg", "resolution_y_px_deg"]
        names += [
            name for name in ("input", "buttons") if getattr(self, name) and name not in dropped
        ]
        return tuple(names)


def solve_layout(declared: Declared, fields: Sequence[bytes]) -> tuple[str, ...] | None:
    """Name the columns of a line of samples.

    The SAMPLES line may promise columns that are not there (head target, velocity), and files
    without a header promise none; so the line itself decides.

    Parameters
    ----------
    declared : Declared
        What the block says.
    fields : sequence of bytes
        The line's fields, separated at tabs and spaces.

    Returns
    -------
    tuple of str or None
        One name for each field; columns beyond the declared ones are called ``extra_1``, ...
        None if the line is no sample.

    Examples
    --------
    >>> solve_layout(Declared(eyes=("left",)), b"100 5.0 6.0 700.0 ...".split())
    ('time_ms', 'x_left_px', 'y_left_px', 'pupil_left', 'flags')
    """
    signs = [i for i, field in enumerate(fields) if FLAGS.fullmatch(field)]
    n_numbers = (signs[0] if signs else len(fields)) - 1
    rest: tuple[str, ...] = ()
    if signs:
        n_rest = len(fields) - signs[0] - 1
        has_target = n_rest == 4 and TARGET_FLAGS.fullmatch(fields[-1]) is not None
        if n_rest and not has_target:
            return None
        rest = ("flags", *(TARGET if has_target else ()))
    n_flags = len(fields[signs[0]]) if signs else 0
    names = _numeric_columns(declared, n_numbers, n_flags)
    return None if names is None else ("time_ms", *names, *rest)


def _numeric_columns(declared: Declared, n_numbers: int, n_flags: int) -> tuple[str, ...] | None:
    """Choose the names of the numbers between time stamp and flags."""
    n_eyes = {0: len(declared.eyes), 3: 1, 5: 2}[n_flags]
    if n_eyes == 0:
        n_eyes = 2 if n_numbers >= 6 else 1
    if n_eyes != len(declared.eyes):
        if declared.eyes and n_eyes == 1 and n_numbers == len(declared.columns()):
            return None  # a line of two eyes whose flags are damaged
        eyes = ("left", "right") if n_eyes == 2 else ("unknown",)
        declared = replace(declared, eyes=eyes)
    if n_numbers < 3 * n_eyes:
        return None
    options = [
        name for name in ("velocity", "resolution", "input", "buttons") if getattr(declared, name)
    ]
    for n_dropped in range(len(options) + 1):
        for dropped in itertools.combinations(options, n_dropped):
            names = declared.columns(frozenset(dropped))
            if len(names) == n_numbers:
                return names
    names = declared.columns()
    if len(names) > n_numbers:
        names = declared.columns(frozenset(options))
    return names + tuple(f"extra_{i}" for i in range(1, n_numbers - len(names) + 1))
