"""Power from simulated studies: how often each number of participants and pictures finds it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from statsmodels.stats.proportion import proportion_confint

from comparison.resampling import Draws
from faceoff.power.design import Design
from faceoff.power.inference import Differences, Floats, between_expressions, from_network, p_values
from study.seeds import generator

POWER_COLUMNS = {
    "contrast": "What is compared.",
    "effect": "The difference of the shares that was planted.",
    "test": "How each study was tested.",
    "n_participants": "Participants of each study.",
    "n_pictures": "Pictures of each expression that every participant saw.",
    "n_studies": "Simulated studies.",
    "power": "Share of the studies in which p was below alpha; where the effect is 0, the type I "
    "error.",
    "power_low": "Lower end of its 95 % confidence interval (Wilson).",
    "power_high": "Upper end.",
    "type_1_error": "Share of the studies in which the same test refuses the true difference, "
    "which is the mean estimate of all studies; it should be alpha.",
    "type_1_low": "Lower end of its 95 % confidence interval (Wilson).",
    "type_1_high": "Upper end.",
    "estimate": "Mean of the differences that the studies found.",
    "estimate_sd": "Their standard deviation: the standard error of one study.",
    "bias": "estimate - effect: what the tracker's error and the maps' kernel take away.",
}
_BOOTSTRAPS = 2000
# Sign patterns of each permutation test: enough to tell p from alpha.
_PERMUTATIONS = 999


@dataclass(frozen=True)
class Answer:
    """How many participants reach the wanted power.

    Parameters
    ----------
    test : str
        How studies are tested.
    n_pictures : int
        Pictures of each expression.
    n_participants : float
        By interpolation between the numbers that were tried; infinite where the largest does not
        reach it, the smallest where that reaches it already.
    low, high : float
        Its 95 % interval, by drawing from the simulated studies with replacement.
    """

    test: str
    n_pictures: int
    n_participants: float
    low: float
    high: float


@dataclass(frozen=True)
class Results:
    """What the tests of all simulated studies gave.

    Parameters
    ----------
    tests : tuple of str
        Names of the tests.
    p, p_of_truth : ndarray, shape (n_tests, n_studies, n_participants, n_pictures)
        p of no difference, and p of the true difference, for each number of both that was tried.
    estimates : ndarray, shape (n_studies, n_participants, n_pictures)
        The differences that were found.
    """

    tests: tuple[str, ...]
    p: Floats
    p_of_truth: Floats
    estimates: Floats


def to_matrices(values: pd.DataFrame, design: Design) -> tuple[Floats, ...]:
    """Bring the values of a study into one matrix for each expression.

    Parameters
    ----------
    values : pandas.DataFrame
        As `faceoff.power.studies.simulate_study` gives them.
    design : Design
        The question.

    Returns
    -------
    tuple of ndarray, shape (n_participants, n_pictures)
        NaN where a value is missing.
    """
    shape = design.participants[-1], design.pictures[-1]
    matrices = []
    for expression in design.expressions:
        own = values[values["expression"] == expression]
        matrix = np.full(shape, np.nan)
        matrix[own["participant"].to_numpy(int), own["picture"].to_numpy(int)] = own["value"]
        matrices.append(matrix)
    return tuple(matrices)


def try_studies(studies: Sequence[tuple[Floats, ...]], design: Design) -> Results:
    """Test every study at every number of participants and pictures.

    A smaller study is the beginning of a larger one: its first participants and pictures.

    Parameters
    ----------
    studies : sequence of tuple of ndarray
        As `to_matrices` gives them.
    design : Design
        The question.

    Returns
    -------
    Results
        All p values and estimates.
    """
    draws = Draws(resamples=_PERMUTATIONS, seed=design.seed)
    cells = [
        [[_differences(study, design, n, m) for m in design.pictures] for n in design.participants]
        for study in with_network(studies, design)
    ]
    estimates = np.array([[[cell.estimate for cell in row] for row in one] for one in cells])
    truth = float(estimates[:, -1, -1].mean())
    tests: tuple[str, ...] = ()
    p = []
    for value in (0.0, truth):
        found = [
            [[p_values(cell.minus(value), draws) for cell in row] for row in one] for one in cells
        ]
        tests = tuple(found[0][0][0])
        p.append([[[[c[test] for c in row] for row in one] for one in found] for test in tests])
    return Results(tests, np.array(p[0]), np.array(p[1]), estimates)


def with_network(studies: Sequence[tuple[Floats, ...]], design: Design) -> list[tuple[Floats, ...]]:
    """Plant the network's shares, where gaze is compared with it.

    Parameters
    ----------
    studies : sequence of tuple of ndarray
        The shares of gaze, one matrix for each study.
    design : Design
        The question.

    Returns
    -------
    list of tuple of ndarray
        With the network's shares as a second array, shape (n_pictures,): normal around the mean
        share of gaze over all studies minus the effect, and independent of gaze.
    """
    if design.contrast != "network":
        return list(studies)
    middle = float(np.mean([np.nanmean(gaze) for (gaze,) in studies])) - design.effect
    networks = [
        generator(design.seed, "network", number).normal(
            middle, design.network_spread, size=gaze.shape[1]
        )
        for number, (gaze,) in enumerate(studies)
    ]
    return [(gaze, network) for (gaze,), network in zip(studies, networks, strict=True)]


def _differences(
    study: tuple[Floats, ...], design: Design, n_participants: int, n_pictures: int
) -> Differences:
    """Take the differences of the first participants and pictures of a study."""
    first, second = study
    people, pictures = slice(n_participants), slice(n_pictures)
    if design.contrast == "network":
        return from_network(first[people, pictures], second[pictures])
    return between_expressions(first[people, pictures], second[people, pictures])


def power_table(results: Results, design: Design) -> pd.DataFrame:
    """Count, for each test and each number of participants and pictures.

    Parameters
    ----------
    results : Results
        Of all studies.
    design : Design
        The question.

    Returns
    -------
    pandas.DataFrame
        The columns of `POWER_COLUMNS`.
    """
    n_studies = results.p.shape[1]
    rows = []
    for t, test in enumerate(results.tests):
        for m, n_pictures in enumerate(design.pictures):
            for n, n_participants in enumerate(design.participants):
                found = int((results.p[t, :, n, m] < design.alpha).sum())
                wrong = int((results.p_of_truth[t, :, n, m] < design.alpha).sum())
                estimates = results.estimates[:, n, m]
                rows.append(
                    (
                        design.label, design.effect, test, n_participants, n_pictures, n_studies,
                        found / n_studies, *wilson(found, n_studies),
                        wrong / n_studies, *wilson(wrong, n_studies),
                        estimates.mean(), estimates.std(ddof=1), estimates.mean() - design.effect,
                    )
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(POWER_COLUMNS))


def wilson(count: int, n: int) -> tuple[float, float]:
    """Give the 95 % confidence interval of a share by Wilson's method.

    Parameters
    ----------
    count, n : int
        How many of how many.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    low, high = proportion_confint(count, n, alpha=0.05, method="wilson")
    return float(low), float(high)


def answers(results: Results, design: Design) -> list[Answer]:
    """Find how many participants reach the wanted power, for each test and number of pictures.

    Parameters
    ----------
    results : Results
        Of all studies.
    design : Design
        The question.

    Returns
    -------
    list of Answer
        In the order of tests and pictures.
    """
    found = results.p < design.alpha
    draws = generator(design.seed, "bootstrap").integers(
        found.shape[1], size=(_BOOTSTRAPS, found.shape[1])
    )
    tried = np.array(design.participants, dtype=float)
    given = []
    for t, test in enumerate(results.tests):
        for m, n_pictures in enumerate(design.pictures):
            own = found[t, :, :, m]
            needed = needed_participants(tried, own.mean(axis=0), design.wanted_power)
            again = [
                needed_participants(tried, own[draw].mean(axis=0), design.wanted_power)
                for draw in draws
            ]
            # Without interpolation, which infinity does not allow.
            low, high = np.quantile(again, [0.025, 0.975], method="inverted_cdf")
            given.append(Answer(test, n_pictures, needed, float(low), float(high)))
    return given


def needed_participants(
    tried: NDArray[np.float64], power: NDArray[np.float64], wanted: float
) -> float:
    """Interpolate where power reaches what is wanted.

    Parameters
    ----------
    tried : ndarray, shape (n,)
        Numbers of participants, ascending.
    power : ndarray, shape (n,)
        Power at each; where it falls by chance it is levelled first (isotonic regression).
    wanted : float
        The power that is asked for.

    Returns
    -------
    float
        Infinite where no number reaches it.

    Examples
    --------
    >>> needed_participants(np.array([8.0, 16.0, 24.0]), np.array([0.4, 0.7, 0.9]), 0.8)
    20.0
    """
    rising = np.asarray(isotonic_regression(power).x)
    reached = np.flatnonzero(rising >= wanted - 1e-12)
    if len(reached) == 0:
        return float("inf")
    place = int(reached[0])
    if place == 0:
        return float(tried[0])
    share = (wanted - rising[place - 1]) / (rising[place] - rising[place - 1])
    return round(float(tried[place - 1] + share * (tried[place] - tried[place - 1])), 9)
