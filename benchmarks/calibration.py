"""How often each test rejects under a planted null, and under planted effects.

    python benchmarks/calibration.py [RUNS] [--figure FILE]

simulates RUNS studies (default 1000) at the level of maps and curves, puts each through the very
functions of `faceoff compare stats` and `behaviour`, and prints the share of rejections with its
95 % interval (Clopper and Pearson). `--figure` draws the power under planted effects.

A study has pictures of seven expressions, each with its evidence in some of 16 tiles. Gaze and
relevance are that evidence with noise of their own. Under the null both have the same evidence, so
that the conditions may be exchanged; under an effect a share of the gaze goes to the evidence of
another expression. The network's logit is the evidence that is left, and curves, random orders and
areas follow from it.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import ttest_1samp
from statsmodels.stats.proportion import proportion_confint

from comparison.behaviour import confusion_correlation, difficulty, mcnemar
from comparison.corrections import benjamini_hochberg, holm
from comparison.curve_clusters import step_clusters
from comparison.curves import auc_of_difference
from comparison.equivalence import equivalence_p
from comparison.evidence import t_test_power
from comparison.resampling import Draws
from comparison.statistics import PERMUTATION, T_TEST, WILCOXON, paired_tests
from stimuli.expressions import EXPRESSIONS
from study.figures import BLACK, NETWORK, ORANGE, PEOPLE, PURPLE, new_figure, save_figure
from study.seeds import generator

Floats = NDArray[np.float64]
PICTURES, BEHAVIOUR_PICTURES, TILES, RANDOM_ORDERS = 28, 112, 16, 10
RESAMPLES, FLIPS, BOUND = 999, 199, 0.8
EFFECTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
TEMPLATES = generator(1, "calibration", "templates").dirichlet(np.full(TILES, 0.5), size=7)
CLUSTERS, COVERAGE = "cluster permutation of curves", "BCa interval of the mean misses the truth"
POWER_TESTS = (PERMUTATION, T_TEST, WILCOXON, CLUSTERS)


def simulate(
    random: np.random.Generator, effect: float | Floats, templates: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Simulate the curves of one study: gaze, relevance and the mean random one, by picture.

    `templates` are where each picture's evidence is, by default that of its expression; `effect`
    is the share of gaze that goes elsewhere, one for all or a column with one for each picture.
    """
    if templates is None:
        templates = TEMPLATES[np.arange(PICTURES) % 7]
    evidence = _evidence(random, templates)
    elsewhere = _evidence(random, np.roll(templates, -3, axis=0))
    noise = random.normal(0, 0.05, (2, *templates.shape))
    gaze = (1 - effect) * evidence + effect * elsewhere + noise[0]
    orders = [np.argsort(-gaze, axis=1), np.argsort(-(evidence + noise[1]), axis=1)]
    tiles = np.tile(np.arange(TILES), (len(templates), 1))
    orders += [random.permuted(tiles, axis=1) for _ in range(RANDOM_ORDERS)]
    curves = np.stack([_curve(evidence, order) for order in orders])
    return curves[0], curves[1], curves[2:].mean(axis=0)


def _evidence(random: np.random.Generator, templates: Floats) -> Floats:
    """Vary the evidence from picture to picture."""
    varied = templates * np.exp(random.normal(0, 0.5, templates.shape))
    return np.asarray(varied / varied.sum(axis=1, keepdims=True))


def _curve(evidence: Floats, order: NDArray[np.int64]) -> Floats:
    """Compute the probability of the true expression as tiles are removed."""
    gone = np.cumsum(np.take_along_axis(evidence, order, axis=1), axis=1)
    left = 1 - np.hstack([np.zeros((len(evidence), 1)), gone])
    return np.asarray(expit(5 * left - 1.5))


def differences(curves: tuple[Floats, Floats, Floats]) -> Floats:
    """Subtract the area of relevance from that of gaze, picture by picture."""
    gaze, relevance, chance = curves
    return auc_of_difference(gaze, chance) - auc_of_difference(relevance, chance)


def tests_of_study(effect: float, run: int) -> dict[str, bool]:
    """Simulate one study, and tell which tests reject."""
    random = generator(1, "calibration", str(effect), run)
    curves = simulate(random, effect)
    d = differences(curves)
    draws = Draws(RESAMPLES, seed=int(random.integers(2**31)))
    rows = paired_tests(d, np.zeros(len(d)), draws)
    found = {row["test"]: row["p"] < 0.05 for row in rows}
    steps = step_clusters(curves[0] - curves[1], n_permutations=FLIPS, seed=draws.seed)
    found[CLUSTERS] = bool((steps.p < 0.05).any())
    if effect == 0:
        found[COVERAGE] = not rows[0]["ci_low"] <= 0 <= rows[0]["ci_high"]
        # The t test alone: `paired_tests` would make bootstraps that nobody asks for.
        p = ttest_1samp(d.reshape(-1, 7), 0).pvalue
        found["any of 7 expressions, paired t, Holm"] = bool((holm(p) < 0.05).any())
        found["any of 7 expressions, paired t, Benjamini-Hochberg"] = bool(
            (benjamini_hochberg(p) < 0.05).any()
        )
    return found


def tests_at_the_bound(deviation: float, run: int) -> dict[str, bool]:
    """Simulate one study whose true difference is the bound of its equivalence tests."""
    random = generator(1, "calibration", "bound", run)
    d = differences(simulate(random, 0.0)) + BOUND * deviation
    normal = random.normal(BOUND, 1, PICTURES)
    return {
        "TOST, raw bound, at the bound": equivalence_p(d, BOUND * deviation, "raw") < 0.05,
        "TOST, bound in d_z, at the bound": equivalence_p(d, BOUND, "d_z") < 0.05,
        "the same, normal differences": equivalence_p(normal, BOUND, "d_z") < 0.05,
    }


def tests_of_behaviour(run: int) -> dict[str, bool]:
    """Simulate people and a network that are right as often, and have errors of their own."""
    random = generator(1, "calibration", "behaviour", run)
    shown = np.array([EXPRESSIONS[place % 7] for place in range(BEHAVIOUR_PICTURES)])
    right = random.random((2, BEHAVIOUR_PICTURES)) < 0.75
    pictures = pd.DataFrame(
        {
            "expression": shown,
            "majority": np.where(right[0], shown, "another"),
            "network_right": right[1],
            "people_right": random.binomial(28, 0.75, BEHAVIOUR_PICTURES) / 28,
            "p_true": random.beta(3, 1, BEHAVIOUR_PICTURES),
        }
    )
    people, network = (_confusions(random) for _ in range(2))
    found = {
        "McNemar, exact": mcnemar(pictures),
        "confusions, renaming of expressions": confusion_correlation(people, network),
        "difficulty of pictures, permutation": difficulty(pictures, FLIPS, random, within=False),
    }
    return {name: agreement.p < 0.05 for name, agreement in found.items()}


def _confusions(random: np.random.Generator) -> pd.DataFrame:
    """Draw a confusion matrix whose errors fall anywhere."""
    shares = np.full((7, 7), 0.8)
    shares[~np.eye(7, dtype=bool)] = 0.2 * random.dirichlet(np.full(6, 0.7), size=7).ravel()
    return pd.DataFrame(shares, index=list(EXPRESSIONS), columns=list(EXPRESSIONS))


def shares(make: Callable[[int], dict[str, bool]], runs: int) -> dict[str, int]:
    """Count the runs in which each test rejects."""
    counts: dict[str, int] = {}
    for run in range(runs):
        for name, rejects in make(run).items():
            counts[name] = counts.get(name, 0) + bool(rejects)
    return counts


def calibrate(runs: int) -> None:
    """Print the share of rejections under planted nulls, as a table in Markdown."""
    many = [differences(simulate(generator(2, "deviation", run), 0.0)) for run in range(2000)]
    deviation = float(np.concatenate(many).std())
    counts = shares(lambda run: tests_of_study(0.0, run), runs)
    counts |= shares(lambda run: tests_at_the_bound(deviation, run), runs)
    counts |= shares(tests_of_behaviour, runs)
    say(f"{runs} studies of {PICTURES} pictures (behaviour: {BEHAVIOUR_PICTURES}) without effect\n")
    say("| test | rejected, % | 95 % interval | 5 % within it |")
    say("|---|---|---|---|")
    for name, count in counts.items():
        low, high = proportion_confint(count, runs, method="beta")
        inside = "yes" if low <= 0.05 <= high else ("no, fewer" if high < 0.05 else "no, more")
        interval = f"{100 * low:.2f} to {100 * high:.2f}"
        say(f"| {name} | {100 * count / runs:.2f} | {interval} | {inside} |")


def power(runs: int) -> pd.DataFrame:
    """Print and return the share of rejections under planted effects."""
    rows: list[dict[str, Any]] = []
    say(f"\n{runs} studies for each effect\n")
    say(f"| share of gaze elsewhere | d_z | {' | '.join(POWER_TESTS)} | t, by noncentral t |")
    say("|---" * (len(POWER_TESTS) + 3) + "|")
    for effect in EFFECTS:
        counts = shares(lambda run, own=effect: tests_of_study(own, run), runs)  # type: ignore[misc]
        many = np.concatenate(
            [differences(simulate(generator(3, str(effect), run), effect)) for run in range(500)]
        )
        d_z = float(many.mean() / many.std())
        row: dict[str, Any] = {name: counts[name] / runs for name in POWER_TESTS}
        rows.append(row | {"effect": effect, "runs": runs, "d_z": d_z})
        cells = " | ".join(f"{row[name]:.3f}" for name in POWER_TESTS)
        say(f"| {effect:.1f} | {d_z:.2f} | {cells} | {t_test_power(d_z, PICTURES):.3f} |")
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the power of each test."""
    figure = new_figure(height_cm=8)
    axes = figure.subplots()
    styles = ((PEOPLE, "o-"), (NETWORK, "s--"), (PURPLE, "^:"), (ORANGE, "D-."))
    for name, (colour, style) in zip(POWER_TESTS, styles, strict=True):
        rejected = table[name].to_numpy()
        runs = table["runs"].to_numpy()
        low, high = proportion_confint(rejected * runs, runs, method="beta")
        axes.fill_between(table["effect"], low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(table["effect"], rejected, style, color=colour, label=name, markersize=4)
    axes.axhline(0.05, color=BLACK, linewidth=0.8)
    axes.set(xlabel="share of gaze that goes elsewhere (planted)", ylabel="share of studies that "
             "reject", ylim=(0, 1.02))  # fmt: skip
    axes.set_title(f"Power over {PICTURES} pictures")
    axes.legend(loc="center right")
    save_figure(figure, path)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print both tables, and draw the figure where it is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="?", type=int, default=1000)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    calibrate(arguments.runs)
    table = power(max(1, arguments.runs // 4))
    if arguments.figure:
        draw(table, arguments.figure)


if __name__ == "__main__":
    main()
