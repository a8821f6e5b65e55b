"""Eyes against nets: perturbation curves, agreement of the maps, and the statistics."""

from collections.abc import Iterator

import pandas as pd

from comparison.curve_figure import perturbation_figure
from comparison.figures import agreement_figure, area_figure, conditions_figure
from comparison.map_differences import ALPHA
from comparison.map_figures import (
    difference_figure,
    resolution_figure,
    rsa_figure,
    similarity_figure,
)
from comparison.map_metrics import METRICS
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

_AREAS = ("auc_signed", "auc_absolute", "aopc", "srg", "share_of_oracle")


def perturbation_section(study: Study) -> ReportSection:
    """Show what happens to the network's answer as tiles are removed.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two figures and a table.

    Raises
    ------
    InputError
        If no perturbation has been done.
    """
    path = study.comparison_dir / "curves.parquet"
    if not path.is_file():
        raise InputError(f"The curves must be at {path}. Run: faceoff compare perturb.")
    curves = pd.read_parquet(path)
    areas = read_table(
        study.comparison_dir / "perturbation.tsv",
        what="The perturbation (faceoff compare perturb)",
        columns={"expression": str, "condition": str} | dict.fromkeys(_AREAS, float),
    )
    clusters = _clusters(study)
    confidence, seed = study.settings.comparison.confidence, study.settings.study.seed
    n = areas["image_id"].nunique()
    fill = study.settings.comparison.fill
    curve_caption = (
        f"Probability of the true expression as tiles are removed (fill: {fill}), most relevant "
        f"first ({n} pictures), and its difference to the random orders. Bands are bootstrap "
        "intervals of the mean over pictures; thin lines are single pictures, bars the steps of "
        "significant clusters (cluster-based permutation over pictures)."
    )
    area_caption = (
        "Area between the random curve and each condition's, by expression; points are pictures, "
        "bars bootstrap intervals of the mean. Above zero the tiles taken first matter more than "
        "random ones."
    )
    all_caption = (
        "All conditions: area of the difference to random, and symmetric relevance gain (area with "
        "the least relevant tiles first less that with the most relevant first)."
    )
    columns = study.settings.report.columns
    figure = perturbation_figure(
        curves, clusters, confidence=confidence, seed=seed, columns=columns
    )
    bars = area_figure(areas, confidence=confidence, seed=seed, columns=columns)
    rows = conditions_figure(areas, confidence=confidence, seed=seed, columns=columns)
    return ReportSection(
        "Perturbation of the pictures",
        () if clusters is None else tuple(clusters["sentence"][clusters["expression"] == "all"]),
        (
            ReportFigure("perturbation", curve_caption, figure),
            ReportFigure("perturbation_areas", area_caption, bars),
            ReportFigure("perturbation_conditions", all_caption, rows),
        ),
        (_condition_table(areas), _area_table(areas)),
    )


def _clusters(study: Study) -> pd.DataFrame | None:
    """Read the cluster tests of the curves; a study that is half done may have none yet."""
    path = study.comparison_dir / "curve_clusters.tsv"
    if not path.is_file():
        return None
    columns = {"a": str, "b": str, "expression": str, "p": float, "sentence": str}
    return read_table(path, what="The cluster tests of the curves", columns=columns)


def _condition_table(areas: pd.DataFrame) -> ReportTable:
    """Average the areas by condition."""
    means = areas.groupby("condition")[[*_AREAS]].mean()
    # Chance against chance is zero by definition.
    means.loc["random", ["auc_signed", "srg", "share_of_oracle"]] = float("nan")
    frame = means.sort_values("auc_signed", ascending=False).reset_index()
    caption = (
        "Areas by condition, means over pictures: signed and absolute difference to random "
        "(trapezoids with a spacing of one step), AOPC, symmetric relevance gain, and the share "
        "of the greedy oracle's area. The absolute area counts pictures that do worse than random "
        "as gains; it is here to compare with studies that report it."
    )
    return ReportTable("perturbation_conditions", caption, frame, 3)


def _area_table(areas: pd.DataFrame) -> ReportTable:
    """Average the signed area by condition and expression."""
    whole = areas.assign(expression="all")
    table = pd.concat([areas, whole]).pivot_table(
        index="expression", columns="condition", values="auc_signed"
    )
    order = [name for name in (*EXPRESSIONS, "all") if name in table.index]
    frame = table.loc[order].drop(columns="random", errors="ignore")
    caption = "Signed area of the difference to random by expression, means over pictures."
    frame = frame.rename_axis(columns=None).reset_index()
    return ReportTable("perturbation_areas", caption, frame, 3)


def agreement_section(study: Study) -> ReportSection:
    """Show how well relevance tells where people look, beside controls and ceiling.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two figures, at one column three, and two tables.
    """
    texts = {"metric": str, "map": str}
    metrics = read_table(
        study.comparison_dir / "metrics.tsv",
        what="The map metrics (faceoff compare metrics)",
        columns=texts | {"reference": str, "value": float},
    )
    agreement = read_table(
        study.comparison_dir / "agreement.tsv",
        what="The agreement on a scale (faceoff compare metrics)",
        columns=texts | {"expression": str, "control": str, "ceiling": str, "note": str}
        | dict.fromkeys(("value", "control_value", "ceiling_value", "normalised"), float),
    )  # fmt: skip
    resolution = read_table(
        study.comparison_dir / "resolution.tsv",
        what="The sweeps of smoothing and grid (faceoff compare metrics)",
        columns=texts | {"sweep": str, "cells_per_side": int, "mean": float},
    )
    columns = study.settings.report.columns
    caption = (
        "How well each map predicts the gaze on each picture: the network's relevance, controls "
        "(uniform, centre, gaze and relevance of other pictures, means) and the ceiling of people "
        "predicting people. Strokes are pictures; bars bootstrap intervals of the mean."
    )
    sweeps = (
        "Map metrics against smoothing and grid: relevance smoothed alone; gaze made anew and "
        "relevance smoothed with the same sigma; all maps on other grids. Means over pictures "
        "with bootstrap intervals."
    )
    return ReportSection(
        "Agreement of the maps",
        (
            "Relevance enters SIM, KL, EMD and IG by its positive part. A map that agrees with "
            "gaze no better than the controls says nothing about this picture.",
        ),
        (
            *_agreement_figures(study, metrics, caption),
            ReportFigure("resolution", sweeps, resolution_figure(resolution, columns=columns)),
        ),
        (_means_table(metrics), _scale_table(agreement)),
    )


def _agreement_figures(study: Study, metrics: pd.DataFrame, caption: str) -> Iterator[ReportFigure]:
    """Draw all metrics in one figure at two columns, on two pages at one."""
    columns = study.settings.report.columns
    confidence, seed = study.settings.comparison.confidence, study.settings.study.seed
    known = metrics[(metrics["reference"] == "gaze") & metrics["value"].notna()]
    shown = [metric for metric in METRICS if metric in set(known["metric"])]
    n_each = max(1, len(shown) if columns == 2 else -(-len(shown) // 2))
    for page, start in enumerate(range(0, len(shown), n_each), 1):
        own = metrics[metrics["metric"].isin(shown[start : start + n_each])]
        figure = agreement_figure(own, confidence=confidence, seed=seed, columns=columns)
        if page == 1:
            yield ReportFigure("agreement", caption, figure)
        else:
            yield ReportFigure(f"agreement-{page}", f"{caption} Continued.", figure)


def _means_table(metrics: pd.DataFrame) -> ReportTable:
    """Average each metric of each map over pictures."""
    mine = metrics[metrics["reference"] == "gaze"]
    table = mine.pivot_table(index="map", columns="metric", values="value", sort=False)
    return ReportTable(
        "agreement",
        "Means over pictures; for KL and EMD less is better.",
        table.rename_axis(columns=None).reset_index(),
    )


def _scale_table(agreement: pd.DataFrame) -> ReportTable:
    """Show where relevance lies between a control and people: a weak one and a strong one."""
    chosen = agreement[
        (agreement["expression"] == "all")
        & agreement["control"].isin(["uniform", "mean_gaze"])
        & agreement["map"].isin(["relevance", "relevance_smooth"])
    ]
    columns = [
        "metric", "map", "value", "ci_low", "ci_high", "control", "control_value", "ceiling_value",
        "normalised", "normalised_low", "normalised_high",
    ]  # fmt: skip
    return ReportTable(
        "agreement_normalised",
        "Relevance between a control (0: the uniform map, or the mean gaze on all other "
        "pictures) and people (1): (value - control) / (ceiling - control) of the means, with "
        "bootstrap intervals over pictures. "
        "There is no such value where people do not exceed the control. The other controls, and "
        "each expression, are in agreement.tsv.",
        chosen[columns],
        3,
    )


def map_differences_section(study: Study) -> ReportSection:
    """Show how alike expressions' maps are, and where gaze and relevance differ.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two or three figures and three tables.
    """
    what = "The comparison of maps (faceoff compare maps)"
    columns = study.settings.report.columns
    folder = study.comparison_dir
    similar, rsa, tests, clusters = (
        read_table(folder / f"{name}.tsv", what=what)
        for name in ("similarity", "rsa", "map_tests", "map_clusters")
    )
    differences = read_maps(folder / "map_differences.nc", what=what)
    figures = [
        ReportFigure(
            "similarity",
            "Correlations of the expressions' mean maps, of people and of every explanation "
            "(relevance smoothed like gaze), in the order of a dendrogram.",
            similarity_figure(similar, columns=columns),
        ),
        ReportFigure(
            "map_differences",
            "Gaze density minus smoothed relevance (both of sum 1) over pictures and over "
            "participants. Lines surround clusters with p < .05 (sign flips of whole units, "
            "family-wise over the picture): blue where gaze is denser, green where relevance is. "
            "A cluster says that the maps differ, not exactly where.",
            difference_figure(differences, columns=columns),
        ),
    ]
    if len(rsa):
        caption = (
            "Distances between expressions (1 - r of mean maps), and how their pattern agrees "
            "with participants' own (mean tau-a). p is of the agreement with the group's pattern, "
            "by all relabellings of the expressions."
        )
        drawn = rsa_figure(similar, rsa, columns=columns)
        figures.insert(1, ReportFigure("rsa", caption, drawn))
    significant = clusters[(clusters["p"] < ALPHA) & (clusters["expression"] == "all")]
    return ReportSection(
        "Maps of expressions, and where gaze and relevance differ",
        (
            "Over pictures, results hold for other pictures seen by these people; over "
            "participants, for other people who see these pictures.",
        ),
        tuple(figures),
        (
            ReportTable("rsa", "Representational similarity of the expressions' maps.", rsa, 3),
            ReportTable("map_tests", "Tests of gaze minus relevance.", tests, 3),
            ReportTable(
                "map_clusters",
                "Clusters with p < .05 over all expressions; those of each are in "
                "map_clusters.tsv.",
                significant.drop(columns="expression"),
                3,
            ),
        ),
    )
