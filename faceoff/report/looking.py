"""Where people look and what the network uses: scanpaths, and maps over the faces."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from faceoff.report.charts import panel_places
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from gaze_analysis.plots import draw_density
from gaze_analysis.region_figures import dwell_figure, transition_figure
from gaze_analysis.region_plots import Panel, scanpath_sheet
from gaze_analysis.steps_density import shown_picture as shown_frame
from gaze_analysis.steps_region_figures import example_trials
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import figure_picture
from study.errors import InputError
from study.figures import Columns, panel_figure, starts_row
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Rows of single pictures that a page has room for.
_EXAMPLE_ROWS = 8
_FIXATIONS = {
    "participant_id": str,
    "session": str,
    "trial": int,
    "index": int,
    "image_id": str,
    "expression": str,
    "x_px": float,
    "y_px": float,
    "duration_ms": float,
    "included": bool,
}


def looking_section(study: Study) -> ReportSection:
    """Show scanpaths, the mean density of each expression, its ceilings and controls.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two figures and two tables, and two more figures where there are regions.
    """
    fixations = read_table(
        study.gaze_dir / "fixations.tsv",
        what="The fixations (faceoff gaze events)",
        columns=_FIXATIONS,
    )
    used = fixations[fixations["included"].fillna(False)]
    maps = read_maps(study.gaze_dir / "density.nc", what="The density maps (faceoff gaze density)")
    text = (
        f"{len(used)} of {len(fixations)} fixations on the faces enter the maps "
        f"(mean duration {used['duration_ms'].mean():.0f} ms, "
        f"{len(used) / max(1, used.groupby(['participant_id', 'image_id']).ngroups):.1f} for each "
        "participant and picture)."
    )
    ceiling = read_table(study.gaze_dir / "ceiling.tsv", what="The ceilings (faceoff gaze density)")
    by_expression = ceiling[ceiling["level"] != "image"].drop(columns=["level", "image_id"])
    by_expression = by_expression.fillna({"expression": "all pictures"})
    ceilings = ReportTable(
        "ceiling",
        "How well the maps of some participants tell those of the others: correlation of random "
        "halves, the same stepped up to all participants, and of one participant with the rest.",
        by_expression,
        3,
    )
    return ReportSection(
        "Where people look",
        (text,),
        (_scanpath_figure(study, used), *_region_figures(study), _density_figure(study, maps)),
        (ceilings, _controls_table(study)),
    )


def _controls_table(study: Study) -> ReportTable:
    """Show how well maps that do not know a picture tell gaze on it, by expression."""
    names = ["class_mean_r", "mean_face_r", "shuffled_r", "centre_bias_r"]
    controls = read_table(
        study.gaze_dir / "controls.tsv",
        what="The controls (faceoff gaze density)",
        columns={"expression": str} | dict.fromkeys(names, float),
    )
    return ReportTable(
        "controls",
        "How well maps that do not know a picture tell gaze on it: correlation of its map with the "
        "mean of the other pictures of its expression, with the mean of all other pictures, with a "
        "picture of another expression, and with a Gaussian in the middle; mean over pictures.",
        controls.fillna({"expression": "not named"})
        .groupby("expression")[names]
        .mean()
        .reset_index(),
        3,
    )


def _scanpath_figure(study: Study, used: pd.DataFrame) -> ReportFigure:
    """Draw a scanpath over a picture of each expression."""
    frame = shown_frame(study)
    panels = []
    for (person, _, _), path in example_trials(used, 1):
        image_id = str(path["image_id"].iloc[0])
        title = f"{path['expression'].iloc[0]}\n{image_id}, {person}"
        panels.append(Panel(title, figure_picture(study, image_id, frame), fixations=path))
    figure = scanpath_sheet(panels, frame, columns=study.settings.report.columns)
    caption = (
        "A scanpath of typical length on a picture of each expression. Circles are fixations in "
        "their order; their area grows with the duration."
    )
    return ReportFigure("scanpaths", caption, figure)


def _region_figures(study: Study) -> Iterator[ReportFigure]:
    """Draw what is looked at and in which order, where the study's pictures have regions."""
    tables = [study.gaze_dir / f"{name}.tsv" for name in ("regions_by_expression", "transitions")]
    if not all(path.is_file() for path in tables):
        return
    columns = study.settings.report.columns
    shares, moves = (read_table(path, what="Regions (faceoff gaze regions)") for path in tables)
    yield ReportFigure(
        "region_dwell",
        "Where people look, by region: means over participants, who weigh the same, with 95 % "
        "confidence intervals. Lines show what the region's area alone would give.",
        dwell_figure(shares, columns=columns),
    )
    yield ReportFigure(
        "region_transitions",
        "From which region to which: the share of the next fixations, mean over participants. "
        f"{panel_places(2, columns)[1]}: only of those that leave the region.",
        transition_figure(moves, columns=columns),
    )


def _density_figure(study: Study, maps: "xr.Dataset") -> ReportFigure:
    """Draw the mean density of each expression, and of all."""
    frame = shown_frame(study)
    shown = {values["expression"].item(): values for values in maps["density_by_expression"]}
    shown["all pictures"] = maps["mean_density"]
    largest = max(float(values.max()) for values in shown.values())
    columns = study.settings.report.columns
    figure, [axes] = panel_figure(len(shown), columns, row_cm=(3.3, 5.0), across=(3, 4))
    for panel, (name, values) in zip(axes, shown.items(), strict=True):
        panel.set_axis_off()
        panel.set_title(name)
        draw_density(
            panel, values.to_numpy(), vmax=largest,
            width_px=frame.width_px, height_px=frame.height_px,
        )  # fmt: skip
    caption = (
        "Mean gaze density of each expression, in the picture's frame; one scale for all panels "
        f"(Gaussian, standard deviation {float(maps.attrs['sigma_px']):.1f} px of the picture)."
    )
    return ReportFigure("density_by_expression", caption, figure)


def maps_section(study: Study) -> ReportSection:
    """Show picture, gaze density and relevance side by side, for each expression.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A figure for the means, and one or more for single pictures.

    Raises
    ------
    InputError
        If one of the two kinds of map is missing.
    """
    gaze = read_maps(study.gaze_dir / "density.nc", what="The density maps (faceoff gaze density)")
    folder = study.cnn_dir(study.settings.cnn.model)
    relevance = read_maps(folder / "relevance.nc", what="The relevance (faceoff cnn explain)")
    both = [name for name in gaze["image"].to_numpy() if name in set(relevance["image"].to_numpy())]
    if not both:
        raise InputError(
            "A picture must have both maps, but none has gaze density and relevance. Explain the "
            "pictures that were shown: faceoff cnn explain."
        )
    shown = gaze["expression_of_image"].sel(image=both).to_series()
    n_each = study.settings.report.example_images
    rows = [image_id for name in EXPRESSIONS for image_id in shown[shown == name].index[:n_each]]
    return ReportSection(
        "Gaze and relevance side by side",
        (
            f"{len(both)} pictures have both maps. Relevance is signed: red speaks for the "
            "expression that is explained, blue against it.",
        ),
        (
            _mean_maps_figure(study, gaze, relevance, shown),
            *_example_figures(study, gaze, relevance, rows),
        ),
    )


def _mean_maps_figure(
    study: Study, gaze: "xr.Dataset", relevance: "xr.Dataset", shown: pd.Series
) -> ReportFigure:
    """Draw the mean gaze density and the mean relevance of each expression."""
    frame = shown_frame(study)
    columns = study.settings.report.columns
    figure, (above, below) = panel_figure(
        len(EXPRESSIONS), columns, row_cm=(2.4, 2.8), across=(4, len(EXPRESSIONS)), kinds=2
    )
    for upper, lower, name in zip(above, below, EXPRESSIONS, strict=True):
        images = list(shown[shown == name].index)
        upper.set_title(name)
        if images:
            density = gaze["density"].sel(image=images).mean("image").to_numpy()
            draw_density(upper, density, width_px=frame.width_px, height_px=frame.height_px)
            draw_relevance(lower, relevance["relevance"].sel(image=images).mean("image"))
    for panels, label in ((above, "gaze density"), (below, "relevance")):
        for panel in panels:
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
            if starts_row(panel):
                panel.set_ylabel(label)
    caption = (
        "Mean gaze density (above) and mean relevance (below it) of the pictures of each "
        "expression; each panel on its own scale, relevance symmetric around zero."
    )
    return ReportFigure("mean_maps", caption, figure)


def _example_figures(
    study: Study, gaze: "xr.Dataset", relevance: "xr.Dataset", images: list[str]
) -> Iterator[ReportFigure]:
    """Draw picture, gaze and relevance of single pictures, on as many pages as they need."""
    columns = study.settings.report.columns
    n_each = _EXAMPLE_ROWS * columns
    caption = "Single pictures, their gaze density over the face, and the network's relevance."
    for page, start in enumerate(range(0, len(images), n_each), 1):
        figure = _example_figure(study, gaze, relevance, images[start : start + n_each], columns)
        name = "examples" if page == 1 else f"examples-{page}"
        yield ReportFigure(name, caption if page == 1 else f"{caption} Continued.", figure)


def _example_figure(
    study: Study,
    gaze: "xr.Dataset",
    relevance: "xr.Dataset",
    images: list[str],
    columns: Columns,
) -> "Figure":
    """Draw a page of single pictures, one in a row at one column and two at two columns."""
    frame = shown_frame(study)
    figure, [axes] = panel_figure(
        3 * len(images), columns, row_cm=(2.7, 2.75), across=(3, 6), extra_cm=0.3
    )
    for index, image_id in enumerate(images):
        panels = axes[3 * index : 3 * index + 3]
        picture = figure_picture(study, image_id, frame)
        if picture is not None:
            panels[0].imshow(picture)
        density = gaze["density"].sel(image=image_id).to_numpy()
        draw_density(
            panels[1], density, picture=picture, width_px=frame.width_px, height_px=frame.height_px
        )
        draw_relevance(panels[2], relevance["relevance"].sel(image=image_id))
        titles = (image_id, "gaze", "relevance") if index < columns else (image_id, "", "")
        for panel, title in zip(panels, titles, strict=True):
            panel.set_axis_off()
            panel.set_title(title, fontsize=7)
    return figure


def _extent(values: "xr.DataArray") -> tuple[float, float, float, float]:
    """Give the edges of a map's grid, in the picture's pixels."""
    y, x = values["y"].to_numpy(), values["x"].to_numpy()
    half = (x[1] - x[0]) / 2
    return (x[0] - half, x[-1] + half, y[-1] + half, y[0] - half)


def draw_relevance(axes: "Axes", values: "xr.DataArray") -> None:
    """Draw a relevance map, symmetric around zero.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    values : xarray.DataArray, dims (y, x)
        The signed relevance, with coordinates in the picture's pixels.
    """
    # A few pixels hold most of the relevance: colours end at the 99.5th percentile.
    largest = float(np.percentile(np.abs(values), 99.5)) or 1.0
    axes.imshow(values, extent=_extent(values), cmap="seismic", vmin=-largest, vmax=largest)
