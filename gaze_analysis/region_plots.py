"""Sheets of faces with their regions and scanpaths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.plots import MS_PER_POINT2, draw_scanpath
from stimuli.frames import Rect
from stimuli.region_outlines import Outlines, region_grid
from study.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    WIDTH_CM,
    YELLOW,
    Columns,
    panel_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLUE, SKY_BLUE, GREEN, YELLOW, VERMILION, ORANGE, PURPLE, "#44AA99", "#999933", GREY)
# Pictures in a row at one column and at two.
_ACROSS = (2, 4)


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet.

    Parameters
    ----------
    title : str
        What it shows.
    picture : ndarray of uint8, shape (h, w, 3), or None
        The picture; None where it is hidden.
    outlines : Outlines or None
        Its regions.
    fixations : pandas.DataFrame or None
        A trial's x_px, y_px, duration_ms and index.
    """

    title: str
    picture: NDArray[np.uint8] | None = None
    outlines: Outlines | None = None
    fixations: pd.DataFrame | None = None


def draw_regions(
    axes: "Axes",
    outlines: Outlines,
    frame: Rect,
    *,
    picture: NDArray[np.uint8] | None = None,
    labels: bool = True,
) -> None:
    """Draw regions over their picture, as fixations are assigned to them.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw.
    outlines : Outlines
        The picture's regions.
    frame : Rect
        The picture frame.
    picture : ndarray of uint8, shape (h, w, 3), optional
        The picture in any resolution.
    labels : bool, default True
        Write the regions' names.
    """
    extent = (-0.5, frame.width_px - 0.5, frame.height_px - 0.5, -0.5)
    if picture is not None:
        axes.imshow(picture, extent=extent, aspect="auto")
    grid = region_grid(outlines, frame.width_px, frame.height_px, 224)
    rows, columns = grid.shape
    x = (np.arange(columns) + 0.5) * frame.width_px / columns - 0.5
    y = (np.arange(rows) + 0.5) * frame.height_px / rows - 0.5
    for place, name in enumerate(outlines.regions):
        inside = (grid == name).astype(float)
        if not inside.any():
            continue
        colour = _COLOURS[place % len(_COLOURS)]
        axes.contourf(x, y, inside, levels=(0.5, 1.5), colors=[colour], alpha=0.25)
        axes.contour(x, y, inside, levels=(0.5,), colors=[colour], linewidths=1.0)
        if labels:
            _label(axes, name, np.argwhere(inside > 0), x, y)
    _frame(axes, frame)


def _label(
    axes: "Axes", name: str, cells: NDArray[np.intp], x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Write a region's name on the cell of it that is nearest to its middle."""
    nearest = cells[np.argmin(((cells - cells.mean(axis=0)) ** 2).sum(axis=1))]
    axes.annotate(
        name.replace("_", "\n"), (x[nearest[1]], y[nearest[0]]), fontsize=5, ha="center",
        va="center", linespacing=0.9,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.7, "linewidth": 0},
    )  # fmt: skip


def region_sheet(panels: Sequence[Panel], frame: Rect, *, title: str = "") -> "Figure":
    """Make a sheet on which the regions of pictures can be checked.

    Parameters
    ----------
    panels : sequence of Panel
        With their outlines.
    frame : Rect
        The picture frame.
    title : str, default ""
        Title of the sheet.

    Returns
    -------
    matplotlib Figure
        One panel for each picture.
    """
    figure, axes = _sheet(len(panels), frame, title, 2)
    for panel, one in zip(panels, axes, strict=True):
        if panel.outlines is not None:
            draw_regions(one, panel.outlines, frame, picture=panel.picture)
        one.set_title(panel.title, fontsize=7)
    return figure


def scanpath_sheet(
    panels: Sequence[Panel], frame: Rect, *, title: str = "", columns: Columns = 2
) -> "Figure":
    """Make a sheet of scanpaths: circles whose area is the duration, over the picture.

    Parameters
    ----------
    panels : sequence of Panel
        With their fixations.
    frame : Rect
        The picture frame.
    title : str, default ""
        Title of the sheet.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib Figure
        One panel for each trial, and a scale of the circles.
    """
    figure, axes = _sheet(len(panels), frame, title, columns)
    timed = False
    for panel, one in zip(panels, axes, strict=True):
        if panel.fixations is not None:
            draw_scanpath(
                one, panel.fixations, width_px=frame.width_px, height_px=frame.height_px,
                picture=panel.picture,
            )  # fmt: skip
            timed |= bool(panel.fixations["duration_ms"].notna().any())
        one.set_title(panel.title, fontsize=7)
        _frame(one, frame)
    _scale(figure, timed=timed)
    return figure


def _scale(figure: "Figure", *, timed: bool) -> None:
    """Say what the circles' areas and colours mean."""
    from matplotlib.lines import Line2D

    def circle(duration_ms: float, colour: str, label: str) -> Line2D:
        return Line2D(
            [], [], marker="o", linestyle="none", color=colour, label=label, markeredgewidth=0,
            markersize=float(np.sqrt(duration_ms / MS_PER_POINT2)),
        )  # fmt: skip

    handles = [circle(200, ORANGE, "first fixation")]
    if timed:
        handles += [circle(ms, BLUE, f"{ms} ms") for ms in (100, 200, 400)]
    else:
        handles.append(circle(200, BLUE, "durations are not known"))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False,
        columnspacing=1.0, handletextpad=0.4,
    )  # fmt: skip


def _sheet(n: int, frame: Rect, title: str, columns: Columns) -> tuple["Figure", list["Axes"]]:
    """Lay out panels of the picture's proportions."""
    one_cm, two_cm = (
        WIDTH_CM[width] / across * frame.height_px / frame.width_px + 0.6
        for width, across in zip(WIDTH_CM, _ACROSS, strict=True)
    )
    figure, [axes] = panel_figure(
        n, columns, row_cm=(one_cm, two_cm), across=_ACROSS, extra_cm=1.6 if title else 1.0
    )
    if title:
        figure.suptitle(title, fontsize=9)
    return figure, axes


def _frame(axes: "Axes", frame: Rect) -> None:
    """Show the picture frame with its border."""
    axes.set(
        xlim=(-0.5, frame.width_px - 0.5), ylim=(frame.height_px - 0.5, -0.5), xticks=[], yticks=[]
    )
    axes.set_aspect("equal")
    axes.spines[:].set_visible(True)
    axes.spines[:].set(linewidth=0.6, color=GREY)
