"""How much noise and occlusion people stand, beside the network."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from comparison import noise_people, occlusion_people
from comparison.apa import number
from comparison.occlusion_thresholds import occlusion_points
from comparison.psychometric_figure import psychometric_figure
from comparison.psychometric_tables import ALL, NETWORK, PEOPLE, PSYCHOMETRIC_COLUMNS, RATIO
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from study.folder import Study
from study.tables import read_table

_TEXTS = ("condition", "who", "unit", "shape", "note")
_KINDS = {"noise": "with noise", "occlusion": "of which parts were removed"}
_SHOWN = (
    "condition", "who", "n_units", "threshold", "threshold_low", "threshold_high", "slope",
    "slope_low", "slope_high", "lapse", "deviance", "df", "p_fit",
)  # fmt: skip


def thresholds_section(study: Study) -> ReportSection | None:
    """Show people's psychometric functions of noise and occlusion beside the network's.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        None where people named neither noisy nor occluded faces.
    """
    found = {kind: _read_fits(study, kind) for kind in _KINDS}
    fits = {kind: table for kind, table in found.items() if table is not None}
    if not fits:
        return None
    confidence = study.settings.comparison.confidence
    paragraphs = [_method(fits, confidence)]
    for kind, table in fits.items():
        paragraphs += _sentences(table, kind, confidence)
    pooled = pd.concat([table[table["unit"] == ALL] for table in fits.values()])
    pooled = pooled[[*_SHOWN]].astype({"n_units": "Int64", "df": "Int64"})
    caption = (
        "Psychometric functions of noise and occlusion: the threshold (variance of the noise, "
        "share of the face removed) leaves half of what accuracy is above guessing; of the ratio, "
        f"people's threshold over the network's. Intervals are bootstrap intervals of "
        f"{100 * confidence:g}% over people, or over the network's pictures."
    )
    return ReportSection(
        "Noise and occlusion",
        tuple(paragraphs),
        tuple(_figures(study, fits)),
        (ReportTable("thresholds", caption, pooled.reset_index(drop=True), 3),),
    )


def _read_fits(study: Study, kind: str) -> pd.DataFrame | None:
    """Read the fits of one kind; None where there are none."""
    path = study.comparison_dir / f"{kind}_psychometric.tsv"
    if not path.is_file():
        return None
    kinds = {name: str if name in _TEXTS else float for name in PSYCHOMETRIC_COLUMNS}
    return read_table(path, what=f"The psychometric functions of {kind}", columns=kinds)


def _method(fits: dict[str, pd.DataFrame], confidence: float) -> str:
    """Say how the functions were fitted."""
    first = next(iter(fits.values())).iloc[0]
    shape = {"weibull": "Weibull functions", "logistic": "logistic functions of the level's "
             "logarithm"}[first["shape"]]  # fmt: skip
    pictures = " and faces ".join(_KINDS[kind] for kind in fits)
    return (
        f"In sessions of their own, people named faces {pictures}, each face once. Of the share of "
        f"right answers, {shape} were fitted by maximum likelihood, with the guess rate at "
        f"{number(first['guess'], 3)} and threshold, slope and lapse free [@wichmann2001]. "
        f"{100 * confidence:g}% intervals are percentiles of 1000 bootstrap samples of people, "
        "which are fitted anew; intervals of single accuracies draw people and faces at once "
        "[@owen2007]."
    )


def _sentences(table: pd.DataFrame, kind: str, confidence: float) -> Iterator[str]:
    """Say where half of the accuracy is lost, for people and for the network."""
    level = "at a variance of" if kind == "noise" else "at a removed share of"
    pooled = table[table["unit"] == ALL]
    for condition, own in pooled.groupby("condition", sort=False):
        rows = {str(row["who"]): row for _, row in own.iterrows()}
        people = rows[PEOPLE]
        order = "" if kind == "noise" else f" (order of {str(condition).replace('_', ' ')})"
        text = (
            f"{kind.capitalize()}{order}: half of what people's accuracy (n = "
            f"{people['n_units']:.0f}) was above guessing was lost "
            f"{_threshold(people, level, confidence)}"
        )
        if NETWORK in rows:
            text += f", of the network's {_threshold(rows[NETWORK], level, confidence)}"
        text += "."
        ratio = rows.get(RATIO)
        if ratio is not None and not np.isnan(ratio["threshold"]):
            text += (
                f" People stood {number(ratio['threshold'])} times the network's level"
                f"{_interval(ratio, confidence)}."
            )
        yield text


def _threshold(row: pd.Series, level: str, confidence: float) -> str:
    """Say a threshold, or that it is not within the levels."""
    if np.isnan(row["threshold"]):
        return f"{row['note']} all levels shown"
    return f"{level} {number(row['threshold'], 3)}{_interval(row, confidence, 3)}"


def _interval(row: pd.Series, confidence: float, decimals: int = 2) -> str:
    """Write the interval of a threshold, where both its ends are known."""
    low, high = row["threshold_low"], row["threshold_high"]
    if np.isnan([low, high]).any():
        return ""
    return f", {100 * confidence:g}% CI [{number(low, decimals)}, {number(high, decimals)}]"


def _figures(study: Study, fits: dict[str, pd.DataFrame]) -> Iterator[ReportFigure]:
    """Draw each kind's functions."""
    columns = study.settings.report.columns
    for kind, table in fits.items():
        noise = kind == "noise"
        names = noise_people.NOISE_COLUMNS if noise else occlusion_people.PEOPLE_COLUMNS
        accuracy = read_table(
            study.comparison_dir / f"{kind}_people.tsv",
            what=f"People's accuracy, {kind}",
            columns={name: str if name == "condition" else float for name in names},
        )
        points = noise_people.noise_points(accuracy) if noise else occlusion_points(accuracy)
        level = noise_people.LEVEL if noise else occlusion_people.LEVEL
        people = table[(table["who"] == PEOPLE) & (table["unit"] == ALL)].iloc[0]
        beside = " and of the network" if NETWORK in {*table["who"]} else ""
        caption = (
            f"Accuracy of people (n = {people['n_units']:.0f}){beside} on faces {_KINDS[kind]}, "
            "with the fitted functions; bars are intervals of 95%. At the foot the pooled "
            "thresholds with their intervals, and as ticks those of single people. Dotted: "
            "guessing."
        )
        figure = psychometric_figure(points, table, level=level, columns=columns)
        yield ReportFigure(f"{kind}_psychometric", caption, figure)
