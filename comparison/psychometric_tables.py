"""Thresholds as a table: of each person, of all people, of the network, and their ratio."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.psychometric import (
    Psychometric,
    Shape,
    fit_p_value,
    fit_psychometric,
    resampled_fits,
)
from stimuli.expressions import EXPRESSIONS
from study.folder import Study
from study.progress import track
from study.seeds import generator

Floats = npt.NDArray[np.float64]
PEOPLE, NETWORK, RATIO = "people", "network", "people / network"
ALL = "all"
#: People who see nothing guess one of seven.
GUESS = 1 / len(EXPRESSIONS)
#: Bootstrap samples, and simulated experiments of the goodness of fit; each is a fit.
RESAMPLES = 1000
PSYCHOMETRIC_COLUMNS = {
    "condition": "noise; or whose order the tiles were removed in, most relevant first",
    "who": "people; network; or people / network, the ratio of their thresholds",
    "unit": "all: the pooled answers of all people, or to all pictures; else one participant",
    "n_units": "number of people, or of the network's pictures",
    "n_answers": "number of their answers",
    "threshold": "level (variance of the noise, share of the tiles removed) at which half is left "
    "of what accuracy is above guessing; missing where the answers do not tell, see note",
    "threshold_low": "lower end of its bootstrap interval over people, or over the network's "
    "pictures (drawn as binomial at each level where its answers are known in sum); 0 where it is "
    "below all levels",
    "threshold_high": "upper end of that interval; missing where it is above all levels",
    "slope": "exponent of the function, between 0.2 and 20: the greater, the steeper; near a limit "
    "the answers hardly tell",
    "slope_low": "lower end of its interval",
    "slope_high": "upper end of that interval",
    "lapse": "share of wrong answers without degradation, as fitted",
    "lapse_low": "lower end of its interval",
    "lapse_high": "upper end of that interval",
    "guess": "share of right answers where nothing is seen, one of as many as there are answers; "
    "not fitted",
    "shape": "function: weibull, or logistic of the level's logarithm ([comparison] psychometric)",
    "deviance": "twice the log likelihood that a fit through all points has more",
    "df": "number of levels less that of the fitted values (3)",
    "p_fit": "share of simulated experiments that follow the function and deviate as much or more "
    "from their own fit: small where the function does not fit; of pooled answers",
    "note": "above or below: half of the accuracy is lost above, or below, the levels shown, and "
    "the answers do not tell where; beyond: the threshold is outside of the levels shown",
}


@dataclass(frozen=True)
class Counts:
    """Right answers at each level, of people or of a network.

    Parameters
    ----------
    condition : str
        What was done to the faces.
    who : {"people", "network"}
        Who answered.
    levels : numpy.ndarray of float, shape (n_levels,)
        Levels of degradation in rising order.
    units : tuple of str
        The participants, or the pictures; of a network whose answers are only known in sum, one.
    right, asked : numpy.ndarray of float, shape (n_units, n_levels)
        Right answers and answers.
    guess : float, default 1/7
        Share of right answers where nothing is seen.
    """

    condition: str
    who: str
    levels: Floats
    units: tuple[str, ...]
    right: Floats
    asked: Floats
    guess: float = GUESS


def network_guess(study: Study) -> float:
    """Give the share of right answers of the study's network where it sees nothing.

    Parameters
    ----------
    study : Study
        The study, with a trained network.

    Returns
    -------
    float
        One of as many as it has expressions.

    Raises
    ------
    InputError
        If the network is not there.
    """
    from cnn.network import load_network

    return 1 / len(load_network(study, study.settings.cnn.model).expressions)


def trial_counts(trials: pd.DataFrame, condition: str) -> Counts:
    """Count people's right answers.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, level and right.
    condition : str
        What was done to the faces.

    Returns
    -------
    Counts
        One row for each person.
    """
    asked = trials.pivot_table(
        index="participant_id", columns="level", values="right", aggfunc="count", fill_value=0
    )
    right = trials.pivot_table(
        index="participant_id", columns="level", values="right", aggfunc="sum", fill_value=0
    )
    return Counts(
        condition, PEOPLE, asked.columns.to_numpy(float), tuple(asked.index.astype(str)),
        right.to_numpy(float), asked.to_numpy(float),
    )  # fmt: skip


def psychometric_table(
    counts: Iterable[Counts], *, shape: Shape, confidence: float, seed: int
) -> pd.DataFrame:
    """Fit everybody's psychometric functions.

    Parameters
    ----------
    counts : iterable of Counts
        Of people, and of the network under the same conditions where it is known.
    shape : {"weibull", "logistic"}
        Which function.
    confidence : float
        Confidence of the intervals.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of `PSYCHOMETRIC_COLUMNS`.
    """
    rows: list[dict[str, Any]] = []
    drawn: dict[tuple[str, str], tuple[Psychometric, list[Psychometric]]] = {}
    for own in track([*counts], "psychometric functions"):
        pooled, fits = _pooled(own, shape, seed)
        drawn[own.condition, own.who] = pooled, fits
        rng = generator(seed, "psychometric fit", own.condition, own.who)
        p_fit = fit_p_value(pooled, own.levels, own.asked.sum(axis=0), rng, resamples=RESAMPLES)
        rows.append(
            _row(own, ALL, pooled, own.asked.sum(axis=0))
            | {"n_units": _n_units(own), "p_fit": p_fit}
            | _intervals(fits, confidence)
        )
        if own.who == PEOPLE:
            each = fit_psychometric(own.levels, own.right, own.asked, guess=own.guess, shape=shape)
            people = zip(own.units, each, own.asked, strict=True)
            rows += [_row(own, unit, fitted, asked) for unit, fitted, asked in people]
    rows += [
        _ratio(condition, drawn[condition, PEOPLE], drawn[condition, NETWORK], confidence, shape)
        for condition, who in drawn
        if who == PEOPLE and (condition, NETWORK) in drawn
    ]
    table = pd.DataFrame(rows, columns=list(PSYCHOMETRIC_COLUMNS))
    return table.sort_values("condition", kind="stable", ignore_index=True)


def _pooled(own: Counts, shape: Shape, seed: int) -> tuple[Psychometric, list[Psychometric]]:
    """Fit the answers of all units, and of units drawn anew."""
    right, asked = own.right.sum(axis=0), own.asked.sum(axis=0)
    pooled = fit_psychometric(own.levels, right[None], asked[None], guess=own.guess, shape=shape)[0]
    rng = generator(seed, "psychometric interval", own.condition, own.who)
    if _is_sum(own):
        n = np.rint(own.asked[0]).astype(int)
        drawn = rng.binomial(n, right / asked, size=(RESAMPLES, len(n)))
        again = np.broadcast_to(n, drawn.shape)
        return pooled, fit_psychometric(own.levels, drawn, again, guess=own.guess, shape=shape)
    fits = resampled_fits(
        own.levels, own.right, own.asked, rng, guess=own.guess, shape=shape, resamples=RESAMPLES
    )
    return pooled, fits


def _is_sum(own: Counts) -> bool:
    """Tell whether a network's answers are only known in sum, and not picture by picture."""
    return own.who == NETWORK and len(own.units) == 1


def _n_units(own: Counts) -> int:
    """Count people, or pictures, which a network known in sum has at each level."""
    return int(own.asked.max()) if _is_sum(own) else len(own.units)


def _row(own: Counts, unit: str, fitted: Psychometric, asked: Floats) -> dict[str, Any]:
    """Describe one fit, without intervals."""
    n_levels = int((asked > 0).sum())
    positive = own.levels[own.levels > 0]
    note = {np.inf: "above", 0.0: "below"}.get(fitted.threshold)
    if note is None and not positive.min() <= fitted.threshold <= positive.max():
        note = "beyond"
    known = fitted.is_bounded
    return {
        "condition": own.condition,
        "who": own.who,
        "unit": unit,
        "n_units": 1,
        "n_answers": round(float(asked.sum())),
        "threshold": fitted.threshold if known else np.nan,
        "slope": fitted.slope if known else np.nan,
        "lapse": fitted.lapse,
        "guess": fitted.guess,
        "shape": fitted.shape,
        "deviance": fitted.deviance,
        "df": n_levels - 3,
        "note": note,
    }


def _intervals(fits: list[Psychometric], confidence: float) -> dict[str, float]:
    """Give the percentile intervals of threshold, slope and lapse."""
    found = {}
    for name in ("threshold", "slope", "lapse"):
        ends = _ends(np.array([getattr(fit, name) for fit in fits]), confidence)
        found[f"{name}_low"], found[f"{name}_high"] = ends
    return found


def _ends(values: Floats, confidence: float) -> tuple[float, float]:
    """Give the ends of a percentile interval; NaN where an end is infinite or nothing is drawn."""
    values = values[~np.isnan(values)]
    if not len(values):
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    # Without interpolation, which infinite thresholds do not allow.
    ends = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
    low, high = np.where(np.isfinite(ends), ends, np.nan).tolist()
    return low, high


def _ratio(
    condition: str,
    people: tuple[Psychometric, list[Psychometric]],
    network: tuple[Psychometric, list[Psychometric]],
    confidence: float,
    shape: Shape,
) -> dict[str, Any]:
    """Set people's threshold against the network's."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(people[0].threshold, network[0].threshold)
        drawn = [
            np.divide(a.threshold, b.threshold) for a, b in zip(people[1], network[1], strict=False)
        ]
    low, high = _ends(np.array(drawn), confidence)
    row = {"condition": condition, "who": RATIO, "unit": ALL, "shape": shape}
    known = people[0].is_bounded and network[0].is_bounded
    return row | {
        "threshold": float(ratio) if known else np.nan,
        "threshold_low": low,
        "threshold_high": high,
    }


def threshold_lines(table: pd.DataFrame) -> list[str]:
    """Say the pooled thresholds.

    Parameters
    ----------
    table : pandas.DataFrame
        As `psychometric_table` gives it.

    Returns
    -------
    list of str
        A line for people and for the network of each condition, and for their ratio.
    """
    lines = []
    for row in table[table["unit"] == ALL].to_dict("records"):
        if row["who"] == RATIO:
            what = "people's threshold over the network's"
        else:
            what = f"{row['who']} ({row['n_units']:.0f}), half is lost at"
        known = not np.isnan(row["threshold"])
        value = f"{row['threshold']:.3g}" if known else "n/a"
        if row["note"] in ("above", "below"):
            value = f"a level {row['note']} all that were shown"
        ends = [f"{row[name]:.3g}" for name in ("threshold_low", "threshold_high")]
        interval = "" if ends == ["nan", "nan"] else f" [{', '.join(ends)}]".replace("nan", "n/a")
        lines.append(f"{row['condition']}: {what} {value}{interval}")
    return lines
