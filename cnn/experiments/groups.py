"""Groups: whether a network errs more on some people than on others."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.clusters import (
    Counts,
    bootstrap_interval,
    exchange_p_value,
    rate_difference,
)
from cnn.experiments.pictures import check_actors_known, experiments_dir
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    panel_figure,
    save_figure,
)
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import MISSING, read_table, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What the manifest may say of the people shown, in the order of the tables.
VARIABLES = ("sex", "session", "ethnicity")
GROUPS = {
    "variable": "what the pictures are grouped by: sex or ethnicity of the actor, or the session",
    "group": "value of it; n/a where the face set does not say",
    "expression": "expression that the pictures show; all: every one",
    **ACCURACY,
    "n_actors": "number of people shown",
}
DIFFERENCES = {
    "variable": "as in groups.tsv",
    "first": "a group",
    "second": "another group",
    "expression": "expression that the pictures show; all: every one",
    "difference": "accuracy on the second group less that on the first",
    "ci_low": "lower end of its 95 % interval, by drawing actors with replacement; n/a where a "
    "group has one actor",
    "ci_high": "upper end of its 95 % interval",
    "p": "two-sided p: whole actors are dealt out to the groups by chance; where actors are in "
    "both groups, their two sides change places by chance",
    "p_holm": "the same, corrected by Holm over all rows of all expressions together, or over all "
    "rows of single expressions",
    "paired": "whether actors are in both groups",
    "n_actors_first": "number of actors in the first group",
    "n_actors_second": "number of actors in the second group",
}
ALL = "all"
_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY_BLUE, GREY)


def groups_experiment(study: Study, model: str, *, folds: bool) -> None:
    """Compare a network's accuracy between groups of people; write tables and figure.

    Parameters
    ----------
    study : Study
        The study, with the network's answers.
    model : str
        The network's name.
    folds : bool
        Take the answers of the networks of folds, to pictures of every actor.

    Raises
    ------
    InputError
        If there are no answers yet, or they show one group only of each kind.
    """
    answers = read_answers(study, model, folds=folds)
    table = accuracy_by_group(answers)
    differences = group_differences(answers, study.settings.study.seed)
    stem = experiments_dir(study, model) / ("groups_folds" if folds else "groups")
    write_table(stem.with_suffix(".tsv"), table, GROUPS)
    write_table(stem.with_name(f"{stem.name}_differences.tsv"), differences, DIFFERENCES)
    save_figure(groups_figure(table, answers["expression"].nunique()), stem)
    for row in differences[differences["expression"] == ALL].to_dict("records"):
        chance = "no interval, for a group has one actor"
        if not np.isnan(row["p"]):
            chance = (
                f"95 % CI {100 * row['ci_low']:+.1f} to {100 * row['ci_high']:+.1f}, "
                f"p = {row['p_holm']:.3f} (Holm)"
            )
        say(
            f"{row['variable']}: {row['second']} less {row['first']} "
            f"{100 * row['difference']:+.1f} percentage points, {chance}; actors: "
            f"{row['n_actors_first']} and {row['n_actors_second']}"
        )


def read_answers(study: Study, model: str, *, folds: bool) -> pd.DataFrame:
    """Read what a network answers to pictures of actors that it never saw.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    folds : bool
        Whether to take the networks of folds, each picture by the one that never saw its actor.

    Returns
    -------
    pandas.DataFrame
        ``actor``, ``expression``, ``right``, and those of `VARIABLES` of which there are at
        least two groups.

    Raises
    ------
    InputError
        If there are no answers, or no variable has two groups.
    """
    name = "folds_predictions.tsv" if folds else "predictions.tsv"
    made_by = "faceoff cnn train --folds 5" if folds else "faceoff cnn evaluate"
    columns = {"image_id": str, "expression": str, "predicted": str}
    answers = read_table(
        study.cnn_dir(model) / name, what=f"The network's answers ({made_by})", columns=columns
    )
    if not folds:
        answers = answers[answers["split"] == "test"]
    manifest = read_manifest(study)
    known = [variable for variable in VARIABLES if variable in manifest]
    merged = answers.merge(manifest[["image_id", "actor", *known]], on="image_id")
    check_actors_known(merged, "A comparison of people")
    merged = merged.assign(
        right=merged["expression"] == merged["predicted"],
        **{variable: merged[variable].fillna(MISSING).astype(str) for variable in known},
    )
    varied = [variable for variable in known if len(set(merged[variable])) > 1]
    for variable in known:
        if variable not in varied:
            say(f"{variable}: left out, for there is one group: {merged[variable].iloc[0]}")
    if not varied:
        raise InputError(
            f"A comparison needs two groups of pictures, but those in {study.cnn_dir(model) / name}"
            " are alike in everything that the manifest says of people. Test more actors."
        )
    return merged[["actor", "expression", "right", *varied]]


def accuracy_by_group(answers: pd.DataFrame) -> pd.DataFrame:
    """Give the accuracy on each group of people, for all expressions and for each.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `read_answers` gives them.

    Returns
    -------
    pandas.DataFrame
        With the columns of `GROUPS`.
    """
    rows = [
        (variable, group, expression, *accuracy_of(part["right"]), part["actor"].nunique())
        for variable in _variables(answers)
        for group, own in answers.groupby(variable)
        for expression, part in _by_expression(own)
    ]
    return pd.DataFrame(rows, columns=list(GROUPS))


def group_differences(answers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Compare every two groups, with actors as the unit of chance.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `read_answers` gives them.
    seed : int
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        With the columns of `DIFFERENCES`; expressions that one of the groups does not show are
        left out.
    """
    rows = []
    pairs = [
        (variable, *two)
        for variable in _variables(answers)
        for two in combinations(sorted(answers[variable].unique()), 2)
    ]
    for variable, one, other in track(pairs, "groups of people"):
        two = answers[answers[variable].isin([one, other])]
        for expression, part in _by_expression(two):
            if part[variable].nunique() < 2:
                continue
            first, second, paired = _sides(part, variable, one, other)
            names = ("cnn", "groups", variable, one, other, expression)
            interval = bootstrap_interval(
                first, second, generator(seed, *names, "interval"), paired=paired
            )
            p = exchange_p_value(first, second, generator(seed, *names, "p"), paired=paired)
            rows.append(
                (variable, one, other, expression, rate_difference(first, second), *interval, p,
                 np.nan, paired, int((first[:, 1] > 0).sum()), int((second[:, 1] > 0).sum()))
            )  # fmt: skip
    return _with_holm(pd.DataFrame(rows, columns=list(DIFFERENCES)))


def _sides(
    answers: pd.DataFrame, variable: str, one: str, other: str
) -> tuple[Counts, Counts, bool]:
    """Count right answers and pictures of each actor in two groups.

    Where somebody is in both, both sides have a row for each actor, and are paired.
    """
    sums = answers.groupby(["actor", variable])["right"].agg(["sum", "size"])
    sides = [sums.xs(name, level=variable) for name in (one, other)]
    paired = not sides[0].index.intersection(sides[1].index).empty
    if paired:
        actors = sides[0].index.union(sides[1].index)
        sides = [side.reindex(actors, fill_value=0) for side in sides]
    first, second = (side.to_numpy(float) for side in sides)
    return first, second, paired


def _with_holm(table: pd.DataFrame) -> pd.DataFrame:
    """Correct the rows of all expressions together by Holm, and those of single ones."""
    from statsmodels.stats.multitest import multipletests

    together = table["expression"] == ALL
    for family in (together, ~together):
        tested = family & table["p"].notna()
        if tested.any():
            table.loc[tested, "p_holm"] = multipletests(table.loc[tested, "p"], method="holm")[1]
    return table


def groups_figure(table: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw the accuracy on each group, expression by expression.

    Parameters
    ----------
    table : pandas.DataFrame
        As `accuracy_by_group` gives it.
    n_expressions : int
        Number of expressions shown.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each variable; bars are 95 % Wilson intervals.
    """
    variables = list(table["variable"].unique())
    figure, [panels] = panel_figure(len(variables), row_cm=(7.0, 7.5), across=(1, 2), sharey=True)
    names = [name for name in (ALL, *EXPRESSIONS) if name in set(table["expression"])]
    for axes, variable in zip(panels, variables, strict=True):
        groups = table[table["variable"] == variable]
        by_group = list(groups.groupby("group"))
        for place, (group, rows) in enumerate(by_group):
            off = 0.6 * ((place + 0.5) / len(by_group) - 0.5)
            n_actors = rows.loc[rows["expression"] == ALL, "n_actors"].item()
            plot_accuracy(
                axes, [names.index(name) + off for name in rows["expression"]], rows,
                _COLOURS[place % len(_COLOURS)], fmt="o", label=f"{group} ({n_actors} actors)",
            )  # fmt: skip
        frame_accuracy(axes, n_expressions, title=variable)
        axes.set_xticks(range(len(names)), names, rotation=60)
        axes.axvline(0.5, color="0.8", lw=0.8)
        axes.legend()
    return figure


def _variables(answers: pd.DataFrame) -> list[str]:
    """Give what the answers are grouped by."""
    return [variable for variable in VARIABLES if variable in answers]


def _by_expression(answers: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Go through all expressions together, and each of them."""
    yield ALL, answers
    for name in EXPRESSIONS:
        part = answers[answers["expression"] == name]
        if len(part):
            yield name, part
