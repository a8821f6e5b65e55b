"""Eyes against nets: perturbation curves, agreement of the maps, and the statistics."""

import pandas as pd

from comparison.figures import agreement_figure, area_figure, perturbation_figure
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.tables import read_table


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
        columns={"expression": str, "condition": str, "auc_signed": float, "auc_absolute": float},
    )
    confidence, seed = study.settings.comparison.confidence, study.settings.study.seed
    n = areas["image_id"].nunique()
    curve_caption = (
        f"Probability of the true expression as tiles are replaced by noise, most relevant first "
        f"({n} pictures), and its difference to the random orders. Bands are bootstrap intervals "
        "of the mean over pictures; thin lines are single pictures."
    )
    area_caption = (
        "Area between the random curve and each condition's, by expression; points are pictures, "
        "bars bootstrap intervals of the mean. Above zero the tiles taken first matter more than "
        "random ones."
    )
    figure = perturbation_figure(curves, confidence=confidence, seed=seed)
    bars = area_figure(areas, confidence=confidence, seed=seed)
    return ReportSection(
        "Perturbation",
        (),
        (
            ReportFigure("perturbation", curve_caption, figure),
            ReportFigure("perturbation_areas", area_caption, bars),
        ),
        (_area_table(areas),),
    )


def _area_table(areas: pd.DataFrame) -> ReportTable:
    """Average the areas by condition and expression."""
    measures = ["auc_signed", "auc_absolute", "aopc"]
    measures = ["auc_signed", "auc_absolute", "aopc"]
    whole = areas.assign(expression="all")
    table = pd.concat([areas, whole]).pivot_table(
        index="expression", columns="condition", values=measures
    )
    table.columns = [": ".join(reversed(name)) for name in table.columns.to_list()]
    # Chance against chance is zero by definition.
    table = table.drop(columns="random: auc_signed", errors="ignore")
    order = [name for name in (*EXPRESSIONS, "all") if name in table.index]
    frame = table.loc[order, sorted(table.columns)].reset_index()
    caption = (
        "Areas by condition: signed and absolute difference to random (trapezoids over 16 steps), "
        "and AOPC. Means over pictures. The absolute area counts pictures that do worse than "
        "random as gains; it is here to compare with studies that report it."
    )
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
        A figure and a table.
    """
    metrics = read_table(
        study.comparison_dir / "metrics.tsv",
        what="The map metrics (faceoff compare metrics)",
        columns={"metric": str, "map": str, "reference": str, "value": float},
    )
    figure = agreement_figure(
        metrics, confidence=study.settings.comparison.confidence, seed=study.settings.study.seed
    )
    mine = metrics[metrics["reference"] == "gaze"]
    table = mine.pivot_table(index="map", columns="metric", values="value", sort=False)
    caption = (
        "How well each map predicts the gaze on each picture: the network's relevance, controls "
        "(uniform, centre, gaze and relevance of other pictures, means) and the ceiling of people "
        "predicting people. Points are pictures; bars bootstrap intervals of the mean."
    )
    return ReportSection(
        "Agreement of the maps",
        (
            "Relevance enters SIM and KL by its positive part. A map that agrees with gaze no "
            "better than the controls says nothing about this picture.",
        ),
        (ReportFigure("agreement", caption, figure),),
        (
            ReportTable(
                "agreement",
                "Means over pictures; for KL less is better.",
                table.rename_axis(columns=None).reset_index(),
            ),
        ),
    )


def statistics_section(study: Study) -> ReportSection:
    """Show the tests over pictures as the sentences to print, and in a table.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A paragraph of sentences and a table.
    """
    statistics = read_table(
        study.comparison_dir / "statistics.tsv",
        what="The statistics (faceoff compare stats)",
        columns={
            "topic": str,
            "measure": str,
            "question": str,
            "expression": str,
            "test": str,
            "sentence": str,
            "p": float,
        },
    )
    permutation = statistics["test"].str.contains("permutation", case=False)
    told = (statistics["measure"] == "auc_signed") | (statistics["topic"] == "accuracy")
    main = statistics[permutation & told & (statistics["expression"] == "all")]
    shown = statistics[permutation & (told | (statistics["expression"] == "all"))][
        ["question", "expression", "n", "estimate", "ci_low", "ci_high", "p", "p_holm",
         "effect_size", "effect_size_name"]
    ]  # fmt: skip
    caption = (
        "Paired sign-flip permutation tests over pictures with BCa bootstrap intervals; Holm's "
        "correction within each family. The other measures by expression, and paired t and "
        "Wilcoxon tests, are in statistics.tsv."
    )
    return ReportSection(
        "Statistics",
        tuple(main["sentence"]),
        tables=(ReportTable("statistics", caption, shown, 3),),
    )
