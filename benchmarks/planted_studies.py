"""Simulated studies with a planted effect, or none, and what the mixed models say of them.

Trials: every one of 20 participants sees every one of 56 pictures, 8 of each expression.
Participants and pictures differ, and so does what each participant makes of each expression.
Areas: 56 pictures whose evidence is anywhere; gaze and relevance are the evidence with noise, and
curves and areas follow from it. An effect makes happy faces different from all others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from calibration import TILES, auc_of_difference, simulate
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, softmax

from comparison.corrections import holm
from comparison.model_rows import Row
from comparison.picture_models import area_by_condition
from comparison.trial_models import (
    accuracy_by_expression,
    anova_by_expression,
    dwell_by_region,
    reaction_time_by_expression,
)
from stimuli.expressions import EXPRESSIONS

Floats = NDArray[np.float64]
PEOPLE, PICTURES = 20, 56
REGIONS = ("eyes", "brows", "nose", "mouth")
HAPPY = np.array(EXPRESSIONS)[np.arange(PICTURES) % 7] == "happy"
OMNIBUS, PAIR, ANY = "expression (F)", "happy - sad (t)", "any of 21 contrasts (Holm)"
ANOVA, BY_PERSON = "ANOVA over participants", "happy - sad, paired t over participants"
INTERACTION, MOUTH = "region x expression (F)", "happy - others, mouth (t)"
CONDITION, BOTH = "condition (F)", "condition x expression (F)"
FOR_HAPPY, GAZE_CENTRE = "gaze - relevance, happy faces (t)", "gaze - centre (t)"


@dataclass(frozen=True)
class Crossed:
    """People crossed with pictures, and a function that draws what both do to a trial."""

    frame: pd.DataFrame
    happy: NDArray[np.bool_]
    effects: Callable[[float, float, float], Floats]


def crossed(rng: np.random.Generator) -> Crossed:
    """Cross participants with pictures."""
    person, picture = (grid.ravel() for grid in np.mgrid[:PEOPLE, :PICTURES])
    shown = picture % 7

    def effects(of_people: float, of_pictures: float, of_both: float) -> Floats:
        people = rng.normal(0, of_people, PEOPLE)[person]
        pictures = rng.normal(0, of_pictures, PICTURES)[picture]
        return np.asarray(people + pictures + rng.normal(0, of_both, (PEOPLE, 7))[person, shown])

    columns = {
        "participant_id": [f"sub-{number:03}" for number in person],
        "image_id": [f"P{number:03}" for number in picture],
        "expression": np.array(EXPRESSIONS)[shown],
    }
    return Crossed(pd.DataFrame(columns), HAPPY[picture], effects)


def p_of(rows: list[Row], kind: str, term: str) -> float:
    """Take the p value of a test."""
    return float(next(row["p"] for row in rows if row["kind"] == kind and row["term"] == term))


def tests_of_expression(
    model: list[Row], trials: pd.DataFrame, value: str
) -> tuple[dict[str, float], bool]:
    """Take the tests of expressions by the mixed model, and make those over participants."""
    contrasts = np.array([row["p"] for row in model if row["kind"] == "contrast"])
    means = trials.pivot_table(index="participant_id", columns="expression", values=value)
    anova = anova_by_expression(trials, value, "", "", EXPRESSIONS)
    return {
        OMNIBUS: p_of(model, "omnibus", "expression"),
        PAIR: p_of(model, "contrast", "happy - sad"),
        ANY: float(holm(contrasts).min()),
        ANOVA: p_of(anova, "omnibus", "expression"),
        BY_PERSON: float(stats.ttest_rel(means["happy"], means["sad"]).pvalue),
    }, converged(model)


def converged(rows: list[Row]) -> bool:
    """Tell whether all models converged."""
    return all(bool(row["converged"]) for row in rows)


def times(
    rng: np.random.Generator, effect: float, of_both: float = 0.08
) -> tuple[dict[str, float], bool]:
    """Test reaction times; happy faces are faster by so many standard deviations of all kinds.

    One trial in five has no right answer, and so no time.
    """
    study = crossed(rng)
    spread = float(np.hypot(np.hypot(0.15, 0.2), np.hypot(of_both, 0.3)))
    log = 7 + study.effects(0.15, 0.2, of_both) + rng.normal(0, 0.3, len(study.happy))
    frame = study.frame.assign(log=log - effect * spread * study.happy)
    frame["rt_ms"] = np.exp(frame["log"])
    frame = frame[rng.random(len(frame)) < 0.8].reset_index(drop=True)
    return tests_of_expression(reaction_time_by_expression(frame, EXPRESSIONS), frame, "log")


def times_alike(rng: np.random.Generator, effect: float) -> tuple[dict[str, float], bool]:
    """Test reaction times of people to whom expressions do the same: a variance is zero."""
    return times(rng, effect, of_both=0.0)


def answers(rng: np.random.Generator, effect: float) -> tuple[dict[str, float], bool]:
    """Test accuracy; happy faces are easier by so much on the logit scale."""
    study = crossed(rng)
    logit = 1.2 + study.effects(0.5, 0.7, 0.4) + effect * study.happy
    frame = study.frame.assign(right=rng.random(len(logit)) < expit(logit))
    shares = frame.assign(right=frame["right"].astype(float))
    return tests_of_expression(accuracy_by_expression(frame, EXPRESSIONS), shares, "right")


def dwell(rng: np.random.Generator, effect: float) -> tuple[dict[str, float], bool]:
    """Test dwell shares of four regions; the mouth of happy faces gets more, by a log weight."""
    study = crossed(rng)
    liked = np.column_stack([study.effects(0.4, 0.4, 0.2) for _ in range(len(REGIONS) + 1)])
    liked += np.array([1, 0, 0.5, 0.7, 0])
    liked[:, REGIONS.index("mouth")] += effect * study.happy
    drawn = rng.gamma(8 * softmax(liked, axis=1) + 0.05)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    frame = study.frame.assign(**dict(zip(REGIONS, shares[:, :-1].T, strict=True)))
    rows = dwell_by_region(frame, EXPRESSIONS)
    return {
        OMNIBUS: p_of(rows, "omnibus", "expression"),
        INTERACTION: p_of(rows, "omnibus", "region x expression"),
        MOUTH: p_of(rows, "contrast", "mouth: happy - other expressions"),
    }, converged(rows)


def areas(rng: np.random.Generator, effect: float) -> tuple[dict[str, float], bool]:
    """Test perturbation areas; so large a share of the gaze on happy faces goes elsewhere."""
    templates = rng.dirichlet(np.full(TILES, 0.5), size=PICTURES)
    gaze, relevance, chance = simulate(rng, effect * HAPPY[:, None], templates)
    rows = area_rows(
        {
            "gaze": auc_of_difference(gaze, chance),
            "relevance": auc_of_difference(relevance, chance),
            "random": np.zeros(PICTURES),
        }
    )
    term = "gaze - relevance for happy faces"
    return tests_of_conditions(rows) | {FOR_HAPPY: p_of(rows, "contrast", term)}, converged(rows)


def areas_uneven(rng: np.random.Generator, effect: float) -> tuple[dict[str, float], bool]:
    """Test areas of three conditions, one of which is three times as wide as the others."""
    picture = rng.normal(0, 1, PICTURES)
    widths = {"gaze": 0.5, "relevance": 0.5, "centre": 1.5}
    values = {name: picture + rng.normal(0, sd, PICTURES) for name, sd in widths.items()}
    values["gaze"] += effect * HAPPY
    rows = area_rows(values)
    more = {GAZE_CENTRE: p_of(rows, "contrast", "gaze - centre")}
    more["gaze - relevance (t)"] = p_of(rows, "contrast", "gaze - relevance")
    return tests_of_conditions(rows) | more, converged(rows)


def area_rows(values: dict[str, Floats]) -> list[Row]:
    """Put the areas of each condition into a model."""
    columns: dict[str, Any] = {
        "image_id": [f"P{number:03}" for number in range(PICTURES)],
        "expression": np.array(EXPRESSIONS)[np.arange(PICTURES) % 7],
    }
    tables = [pd.DataFrame(columns).assign(condition=k, auc=v) for k, v in values.items()]
    return area_by_condition(pd.concat(tables, ignore_index=True), "auc", "area", EXPRESSIONS)


def tests_of_conditions(rows: list[Row]) -> dict[str, float]:
    """Take the omnibus tests of areas."""
    return {
        OMNIBUS: p_of(rows, "omnibus", "expression"),
        CONDITION: p_of(rows, "omnibus", "condition"),
        BOTH: p_of(rows, "omnibus", "condition x expression"),
    }
