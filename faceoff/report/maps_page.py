"""The page of maps: picture, relevance, gaze and regions, of chosen pictures and the worst."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import pandas as pd

from faceoff.report.content import ReportSection
from faceoff.report.looking import draw_relevance
from gaze_analysis.plots import draw_density
from gaze_analysis.region_plots import draw_regions
from gaze_analysis.steps_density import shown_picture
from gaze_analysis.steps_regions import has_regions, picture_outlines
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import figure_picture
from stimuli.region_outlines import Outlines
from study.errors import InputError, did_you_mean
from study.figures import new_figure
from study.folder import Study
from study.maps import read_maps
from study.pages import figure_html, render_page
from study.progress import say
from study.tables import read_table
from study.writing import write_text

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_NOTE = {"expression": str, "predicted": str}


@dataclass(frozen=True)
class _Maps:
    """What is drawn of each picture."""

    gaze: "xr.Dataset"
    relevance: "xr.Dataset"
    facts: pd.DataFrame  # by image_id: expression, predicted, CC, ratio, flagged


def write_maps_page(study: Study, images: Sequence[str], n_worst: int) -> None:
    """Write a page on which the maps of single pictures can be looked at.

    Parameters
    ----------
    study : Study
        The study, with gaze density and relevance.
    images : sequence of str
        Chosen pictures; without any, the first of each expression.
    n_worst : int
        How many pictures of each kind of worst case, 1 or more.

    Raises
    ------
    InputError
        If a kind of map is missing, or a chosen picture has not both.
    """
    maps = _read(study)
    choices = list(_choices(maps.facts, images, n_worst))
    shown = {name for _, _, rows in choices for name in rows}
    outlines = picture_outlines(study, shown) if has_regions(study) else {}
    sections = [_section(study, maps, outlines, title, text, rows) for title, text, rows in choices]
    page = render_page(
        "faceoff.report",
        "maps.html.jinja",
        title=f"{study.settings.study.name}: maps",
        sections=sections,
        version=metadata.version("faceoff"),
    )
    write_text(study.maps_html, page)
    say(f"wrote {study.maps_html}")


def _read(study: Study) -> _Maps:
    """Read both kinds of map, and what is known of each picture."""
    gaze = read_maps(study.gaze_dir / "density.nc", what="The density maps (faceoff gaze density)")
    folder = study.cnn_dir(study.settings.cnn.model)
    relevance = read_maps(folder / "relevance.nc", what="The relevance (faceoff cnn explain)")
    sums = read_table(folder / "relevance.tsv", what="The explanations (faceoff cnn explain)")
    answers = read_table(
        folder / "predictions.tsv", what="The predictions (faceoff cnn evaluate)", columns=_NOTE
    )
    facts = sums.set_index("image_id").join(answers.set_index("image_id")[["predicted"]])
    facts = facts[facts.index.isin(gaze["image"].to_numpy())]
    if facts.empty:
        raise InputError(
            "A picture must have both maps, but none has gaze density and relevance. Explain the "
            "pictures that were shown: faceoff cnn explain."
        )
    return _Maps(gaze, relevance, facts.assign(cc=_agreement(study)))


def _agreement(study: Study) -> pd.Series:
    """Read how each picture's relevance correlates with gaze."""
    metrics = read_table(
        study.comparison_dir / "metrics.tsv",
        what="The agreement of the maps (faceoff compare metrics)",
        columns={"image_id": str, "metric": str, "map": str, "reference": str, "value": float},
    )
    wanted = (
        (metrics["metric"] == "CC")
        & (metrics["map"] == "relevance_smooth")
        & (metrics["reference"] == "gaze")
    )
    return metrics[wanted].set_index("image_id")["value"]


def _choices(
    facts: pd.DataFrame, images: Sequence[str], n_worst: int
) -> Iterator[tuple[str, str, list[str]]]:
    """Give each section's title, text and pictures."""
    for name in images:
        if name not in facts.index:
            raise InputError(
                f"A picture on the page must have gaze density and relevance, but {name!r} has "
                f"not both.{did_you_mean(name, list(facts.index))}"
            )
    if images:
        yield "Chosen pictures", "", list(images)
    else:
        first = facts.reset_index().drop_duplicates("expression").set_index("expression")
        rows = [str(first.loc[name, "image_id"]) for name in EXPRESSIONS if name in first.index]
        yield "One picture of each expression", "", rows
    apart = facts["cc"].dropna().sort_values(kind="stable")
    yield (
        "Gaze and relevance agree least",
        f"The lowest correlations of {len(apart)} pictures; relevance was smoothed like gaze.",
        list(apart.index[:n_worst]),
    )
    wrong = facts[facts["predicted"] != facts["expression"]].sort_values("logit", kind="stable")
    yield (
        "Named wrongly by the network",
        f"{len(wrong)} of {len(facts)} pictures; first those whose own expression has the lowest "
        "logit."
        if len(wrong)
        else f"None of {len(facts)} pictures.",
        list(wrong.index[:n_worst]),
    )
    off = (facts["ratio"] - 1).abs().sort_values(ascending=False, kind="stable")
    yield (
        "Relevance adds up least",
        "The sum of the map is furthest from the logit that it explains.",
        list(off.index[:n_worst]),
    )


def _section(
    study: Study,
    maps: _Maps,
    outlines: dict[str, Outlines],
    title: str,
    text: str,
    rows: list[str],
) -> dict[str, object]:
    """Draw one section."""
    section = ReportSection(title, (text,) if text else ())
    figures = []
    for image_id in rows:
        caption = _caption(image_id, maps.facts.loc[[image_id]].iloc[0])
        figure = _draw(study, maps, image_id, outlines.get(image_id))
        figures.append(figure_html(figure, alt=caption, caption=caption))
    return {
        "title": section.title,
        "anchor": section.anchor,
        "paragraphs": section.paragraphs,
        "figures": figures,
    }


def _caption(image_id: str, facts: pd.Series) -> str:
    """Say what a picture shows, what was answered, and how its maps do."""
    return (
        f"{image_id} shows {facts['expression']}; the network says {facts['predicted']}. Explained "
        f"is {facts['target']}: logit {facts['logit']:.2f}, sum of relevance "
        f"{facts['relevance_sum']:.2f}. Correlation of relevance and gaze {facts['cc']:.2f}."
    )


def _draw(study: Study, maps: _Maps, image_id: str, outlines: Outlines | None) -> "Figure":
    """Draw picture, relevance, gaze and regions in a row."""
    frame = shown_picture(study)
    picture = figure_picture(study, image_id, frame)
    figure = new_figure(height_cm=4.9)
    axes = figure.subplots(1, 3 if outlines is None else 4)
    for panel, title in zip(axes, ("picture", "relevance", "gaze", "regions"), strict=False):
        panel.set_title(title)
        panel.set_axis_off()
    if picture is not None:
        axes[0].imshow(picture)
    draw_relevance(axes[1], maps.relevance["relevance"].sel(image=image_id))
    density = maps.gaze["density"].sel(image=image_id).to_numpy()
    draw_density(
        axes[2], density, picture=picture, width_px=frame.width_px, height_px=frame.height_px
    )
    if outlines is not None:
        draw_regions(axes[3], outlines, frame, picture=picture, labels=False)
    return figure
