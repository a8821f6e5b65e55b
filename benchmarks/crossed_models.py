"""How often tests of trials find an effect that is not there: mixed models and paired tests.

Every participant sees every picture, each picture shows one expression, and expressions do
nothing; participants and pictures differ. Prints the share of runs in which p < .05, with its
95 % interval (Clopper and Pearson).
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, softmax

from comparison.model_rows import Row
from comparison.repeated_measures import repeated_measures_anova
from comparison.trial_models import (
    accuracy_by_expression,
    dwell_by_region,
    reaction_time_by_expression,
)
from stimuli.expressions import EXPRESSIONS
from study.seeds import generator

REGIONS = ("eyes", "brows", "nose", "mouth")


def sample(
    rng: np.random.Generator, people: int, pictures: int, shown: tuple[str, ...]
) -> tuple[pd.DataFrame, Callable[[float, float], np.ndarray]]:
    """Cross people with pictures, and give a function that draws effects of both."""
    person, picture = (grid.ravel() for grid in np.mgrid[:people, :pictures])
    frame = pd.DataFrame(
        {
            "participant_id": [f"sub-{number:03}" for number in person],
            "image_id": [f"P{number:03}" for number in picture],
            "expression": np.array(shown)[picture % len(shown)],
        }
    )

    def effects(of_people: float, of_pictures: float) -> np.ndarray:
        return (
            rng.normal(0, of_people, people)[person] + rng.normal(0, of_pictures, pictures)[picture]
        )

    return frame, effects


def omnibus(rows: list[Row], term: str = "expression") -> float:
    """Take the p value of an omnibus test."""
    return next(row["p"] for row in rows if row["kind"] == "omnibus" and row["term"] == term)


def times(rng: np.random.Generator) -> dict[str, float]:
    """Test two kinds of pictures: 30 participants, 40 pictures."""
    frame, effects = sample(rng, 30, 40, ("happy", "sad"))
    noise = rng.normal(0, 0.3, len(frame))
    frame["rt_ms"] = np.exp(7 + effects(0.15, 0.2) + noise)
    means = frame.assign(log=np.log(frame["rt_ms"])).pivot_table(
        index="participant_id", columns="expression", values="log"
    )
    return {
        "30 x 40, paired t by participant": stats.ttest_rel(means["happy"], means["sad"]).pvalue,
        "30 x 40, reaction time, mixed model": omnibus(
            reaction_time_by_expression(frame, EXPRESSIONS)
        ),
    }


def answers(rng: np.random.Generator) -> dict[str, float]:
    """Test accuracy over four expressions: 20 participants, 32 pictures."""
    frame, effects = sample(rng, 20, 32, EXPRESSIONS[:4])
    frame["right"] = rng.random(len(frame)) < expit(1.2 + effects(0.5, 0.7))
    shares = frame.assign(right=frame["right"].astype(float))
    return {
        "20 x 32, accuracy, ANOVA by participant": repeated_measures_anova(
            shares, "right", "expression"
        ).p,
        "20 x 32, accuracy, mixed model": omnibus(accuracy_by_expression(frame, EXPRESSIONS)),
    }


def dwell(rng: np.random.Generator) -> dict[str, float]:
    """Test dwell over four regions and three expressions: 16 participants, 24 pictures."""
    frame, effects = sample(rng, 16, 24, EXPRESSIONS[:3])
    liked = np.column_stack([effects(0.4, 0.4) for _ in range(len(REGIONS) + 1)])
    drawn = rng.gamma(8 * softmax(liked + np.array([1, 0, 0.5, 0.7, 0]), axis=1) + 0.05)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    frame = frame.assign(**dict(zip(REGIONS, shares[:, :-1].T, strict=True)))
    rows = dwell_by_region(frame, EXPRESSIONS)
    first = next(row["p"] for row in rows if row["kind"] == "contrast")
    return {
        "16 x 24, dwell, expression": omnibus(rows),
        "16 x 24, dwell, region x expression": omnibus(rows, "region x expression"),
        "16 x 24, dwell, one expression against the others, one region": first,
    }


def main() -> None:
    """Run every simulation and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--only", choices=["times", "answers", "dwell"])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("error")
    print(f"{options.runs} runs, seed {options.seed}; share with p < .05 where nothing is there")
    for simulate in (times, answers, dwell):
        if options.only not in (None, simulate.__name__):
            continue
        started = time.process_time()
        found = pd.DataFrame(
            simulate(generator(options.seed, simulate.__name__, run)) for run in range(options.runs)
        )
        for name, p in found.items():
            ends = stats.binomtest(int((p < 0.05).sum()), len(p)).proportion_ci()
            print(f"{name:<64}{(p < 0.05).mean():>7.3f}  [{ends.low:.3f}, {ends.high:.3f}]")
        seconds = (time.process_time() - started) / options.runs
        print(f"  {seconds:.2f} s of processor time each")


if __name__ == "__main__":
    main()
