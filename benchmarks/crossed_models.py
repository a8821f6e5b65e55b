"""How often the mixed models reject under a planted null, and under planted effects.

    python benchmarks/crossed_models.py [--runs 1000] [--power-runs 200] [--jobs 1]
        [--results FILE] [--figure FILE]

simulates RUNS studies without effect for each model of `faceoff compare models`, and POWER_RUNS for
each size of an effect, and puts each through the very function that the command calls
(planted_studies.py says what is simulated). Prints the share of runs in which p < .05, with its
95 % interval (Clopper and Pearson). `--figure` draws the power under planted effects.

Each run has a seed of its own and is written to the results (default crossed_models.jsonl) as soon
as it is done; a command that was broken off goes on where it was. Delete that file when a model or
a simulation has changed.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import planted_studies as planted
from calibration import say
from statsmodels.stats.proportion import proportion_confint

from study.figures import BLACK, NETWORK, ORANGE, PEOPLE, new_figure, save_figure
from study.seeds import generator

Simulation = Callable[[np.random.Generator, float], tuple[dict[str, float], bool]]


@dataclass(frozen=True)
class Planted:
    """A kind of study: how it is simulated, the effects to plant, and the tests to draw."""

    title: str
    simulate: Simulation
    effects: tuple[float, ...] = ()
    unit: str = ""
    drawn: tuple[str, ...] = ()


STUDIES = {
    "times": Planted(
        "Reaction time",
        planted.times,
        (0.2, 0.4, 0.6, 0.8, 1.0, 1.2),
        "happy faces faster (d)",
        (planted.OMNIBUS, planted.PAIR),
    ),
    "answers": Planted(
        "Accuracy",
        planted.answers,
        (0.3, 0.6, 0.9, 1.2, 1.5, 1.8),
        "happy faces easier (log odds)",
        (planted.OMNIBUS, planted.PAIR),
    ),
    "dwell": Planted(
        "Dwell time",
        planted.dwell,
        (0.15, 0.3, 0.45, 0.6, 0.75, 0.9),
        "more on the mouth of happy faces (log weight)",
        (planted.INTERACTION, planted.MOUTH, planted.OMNIBUS),
    ),
    "areas": Planted(
        "Perturbation area",
        planted.areas,
        (0.15, 0.3, 0.45, 0.6, 0.75, 0.9),
        "share of gaze elsewhere, happy faces",
        (planted.BOTH, planted.FOR_HAPPY, planted.CONDITION),
    ),
    "times_alike": Planted("Reaction time, people alike", planted.times_alike),
    "areas_uneven": Planted(
        "Perturbation area, one condition 3 times as wide", planted.areas_uneven
    ),
}


@dataclass(frozen=True)
class Run:
    """One simulated study."""

    run: int
    study: str
    effect: float
    seed: int


def wanted(options: argparse.Namespace) -> list[Run]:
    """List the runs, those of all studies and effects by turns."""
    runs = [
        Run(number, name, effect, options.seed)
        for name, study in STUDIES.items()
        for effect in (0.0, *study.effects)
        for number in range(options.power_runs if effect else options.runs)
    ]
    return sorted(runs, key=lambda run: run.run)


def do(run: Run) -> str:
    """Simulate one study, and make the line that says what was found."""
    random = generator(run.seed, "crossed models", run.study, str(run.effect), run.run)
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p, converged = STUDIES[run.study].simulate(random, run.effect)
    seconds = round(time.process_time() - started, 4)
    return json.dumps(vars(run) | {"converged": converged, "seconds": seconds, "p": p})


def known(path: Path) -> Iterator[dict[str, Any]]:
    """Read the runs that are done; a line that was broken off is none."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)


def work(runs: list[Run], path: Path, jobs: int) -> pd.DataFrame:
    """Do the runs that are not done, and give the p values of all that are wanted."""
    done = {identity(line) for line in known(path)}
    left = [run for run in runs if identity(vars(run)) not in done]
    whole = path.read_text(encoding="utf-8") if path.is_file() else ""
    # A line that was broken off would spoil the next one.
    path.write_text(whole[: whole.rfind("\n") + 1], encoding="utf-8")
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    with path.open("a", encoding="utf-8") as file:
        for line in parallel(joblib.delayed(do)(run) for run in left):
            file.write(line + "\n")
            file.flush()
    own = {identity(vars(run)) for run in runs}
    lines = [line for line in known(path) if identity(line) in own]
    return pd.DataFrame(
        {**{key: line[key] for key in ("study", "effect", "run", "converged", "seconds")}}
        | {"test": test, "p": p}
        for line in lines
        for test, p in line["p"].items()
    )


def identity(run: dict[str, Any]) -> tuple[str, float, int, int]:
    """Tell one run from another."""
    return run["study"], run["effect"], run["run"], run["seed"]


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of runs that reject, for each study, effect and test, with its interval."""
    groups = table.assign(rejects=table["p"] < 0.05).groupby(
        ["study", "effect", "test"], sort=False
    )
    found = groups["rejects"].agg(["sum", "size"]).reset_index()
    found["share"] = found["sum"] / found["size"]
    low, high = proportion_confint(found["sum"], found["size"], method="beta")
    return found.assign(low=low, high=high)


def show_nulls(found: pd.DataFrame) -> None:
    """Print the share of rejections under planted nulls, as a table in Markdown."""
    say("| model | runs | test | rejected, % | 95 % interval | 5 % within it |")
    say("|---|---|---|---|---|---|")
    for name, study in STUDIES.items():
        for row in found[(found["study"] == name) & (found["effect"] == 0)].itertuples():
            inside = "yes" if row.low <= 0.05 <= row.high else "no, more"
            inside = "no, fewer" if row.high < 0.05 else inside
            say(
                f"| {study.title} | {row.size} | {row.test} | {100 * row.share:.1f} | "
                f"{100 * row.low:.1f} to {100 * row.high:.1f} | {inside} |"
            )


def show_power(found: pd.DataFrame) -> None:
    """Print the share of rejections under planted effects, as tables in Markdown."""
    for name, study in STUDIES.items():
        own = found[(found["study"] == name) & found["test"].isin(study.drawn)]
        if own.empty or not study.effects:
            continue
        say(f"\n| {study.title}: {study.unit} | runs | {' | '.join(study.drawn)} |")
        say("|---" * (len(study.drawn) + 2) + "|")
        for effect, rows in own.groupby("effect"):
            by_test = rows.set_index("test")["share"]
            cells = " | ".join(f"{by_test[test]:.3f}" for test in study.drawn)
            say(f"| {effect:g} | {rows['size'].iloc[0]} | {cells} |")


def draw(found: pd.DataFrame, path: Path) -> None:
    """Draw the power of each model's tests."""
    figure = new_figure(height_cm=13)
    curves = [(name, study) for name, study in STUDIES.items() if study.effects]
    styles = ((PEOPLE, "o-"), (NETWORK, "s--"), (ORANGE, "D-."))
    for axes, (name, study) in zip(figure.subplots(2, 2, sharey=True).flat, curves, strict=True):
        own = found[found["study"] == name]
        for test, (colour, style) in zip(study.drawn, styles, strict=False):
            line = own[own["test"] == test].sort_values("effect")
            axes.fill_between(
                line["effect"], line["low"], line["high"], color=colour, alpha=0.15, linewidth=0
            )
            axes.plot(line["effect"], line["share"], style, color=colour, label=test, markersize=4)
        axes.axhline(0.05, color=BLACK, linewidth=0.8)
        axes.set(xlabel=study.unit, ylim=(0, 1.02))
        axes.set_title(study.title)
        axes.legend(loc="best", handlelength=1.8, fontsize=6.5)
    figure.supylabel("share of studies that reject", fontsize=8)
    save_figure(figure, path)


def main() -> None:
    """Do all runs, print the tables, and draw the figure where it is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--power-runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=Path("crossed_models.jsonl"))
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    table = work(wanted(options), options.results, options.jobs)
    found = shares(table)
    show_nulls(found)
    show_power(found)
    each = table.drop_duplicates(["study", "effect", "run"])
    say(f"\n{(~each['converged']).sum()} of {len(each)} runs had a model that did not converge")
    for name, seconds in each.groupby("study")["seconds"].mean().items():
        say(f"{STUDIES[str(name)].title}: {seconds:.2f} s of processor time each")
    if options.figure:
        draw(found, options.figure)


if __name__ == "__main__":
    sys.exit(main())
