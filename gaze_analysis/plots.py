"""Figures of gaze: density over the picture, and scanpaths."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from study.figures import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DENSITY_COLOURS = "inferno"
_MS_PER_POINT2 = 2.0


def draw_density(
    axes: "Axes",
    density: NDArray[np.float64],
    *,
    width_px: float,
    height_px: float,
    picture: NDArray[np.uint8] | None = None,
    vmax: float | None = None,
) -> None:
    """Draw a density map, over the picture where there is one.

    Over a picture the map grows opaque with density, so that the face stays visible where
    nobody looks.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw.
    density : ndarray, shape (rows, columns)
        The map, 0 or greater, over the whole picture.
    width_px, height_px : float
        Size of the picture frame.
    picture : ndarray of uint8, shape (h, w) or (h, w, 3), optional
        The picture in any resolution.
    vmax : float, optional
        Density of the strongest colour. Defaults to the map's maximum.
    """
    extent = (-0.5, width_px - 0.5, height_px - 0.5, -0.5)
    top = float(density.max()) if vmax is None else vmax
    opacity: ArrayLike = 1.0
    if picture is not None:
        axes.imshow(_grey(picture), cmap="gray", vmin=0, vmax=255, extent=extent)
        opacity = np.clip(density / (0.5 * top), 0, 1) * 0.75
    axes.imshow(
        density,
        cmap=DENSITY_COLOURS,
        vmin=0,
        vmax=top,
        alpha=opacity,
        extent=extent,
        interpolation="bilinear",
    )
    _bare(axes, width_px, height_px)


def draw_scanpath(
    axes: "Axes",
    fixations: pd.DataFrame,
    *,
    width_px: float,
    height_px: float,
    picture: NDArray[np.uint8] | None = None,
    colour: str = BLUE,
) -> None:
    """Draw a scanpath: circles whose area is the duration, numbered and joined in their order.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw.
    fixations : pandas.DataFrame
        One trial's: x_px, y_px (picture frame), duration_ms, index.
    width_px, height_px : float
        Size of the picture frame.
    picture : ndarray of uint8, shape (h, w) or (h, w, 3), optional
        The picture in any resolution.
    colour : str, default blue
        Colour of the circles.
    """
    extent = (-0.5, width_px - 0.5, height_px - 0.5, -0.5)
    if picture is not None:
        axes.imshow(picture, extent=extent, cmap="gray" if picture.ndim == 2 else None)
    path = fixations.sort_values("index")
    sizes = path["duration_ms"].fillna(200.0) / _MS_PER_POINT2
    axes.plot(path["x_px"], path["y_px"], color="white", linewidth=2.4, zorder=2)
    axes.plot(path["x_px"], path["y_px"], color=colour, linewidth=1.2, zorder=3)
    axes.scatter(
        path["x_px"], path["y_px"], s=sizes, color=colour, edgecolors="white", alpha=0.8, zorder=4
    )
    for row in path[["x_px", "y_px", "index"]].itertuples(index=False):
        axes.annotate(
            f"{row.index:.0f}", (row.x_px, row.y_px), color="white", fontsize=7, zorder=5,
            ha="center", va="center",
        )  # fmt: skip
    _bare(axes, width_px, height_px)


def density_figure(
    density: NDArray[np.float64],
    *,
    width_px: float,
    height_px: float,
    picture: NDArray[np.uint8] | None = None,
    title: str = "",
) -> "Figure":
    """Make a figure of one density map, as `draw_density` draws it.

    Parameters
    ----------
    density, width_px, height_px, picture
        As in `draw_density`.
    title : str, default ""
        Title of the figure.

    Returns
    -------
    matplotlib Figure
        Not tied to any window.
    """
    figure, axes = _figure(width_px / height_px)
    draw_density(axes, density, width_px=width_px, height_px=height_px, picture=picture)
    axes.set_title(title)
    return figure


def scanpath_figure(
    fixations: pd.DataFrame,
    *,
    width_px: float,
    height_px: float,
    picture: NDArray[np.uint8] | None = None,
    title: str = "",
) -> "Figure":
    """Make a figure of one scanpath, as `draw_scanpath` draws it.

    Parameters
    ----------
    fixations, width_px, height_px, picture
        As in `draw_scanpath`.
    title : str, default ""
        Title of the figure.

    Returns
    -------
    matplotlib Figure
        Not tied to any window.
    """
    figure, axes = _figure(width_px / height_px)
    draw_scanpath(axes, fixations, width_px=width_px, height_px=height_px, picture=picture)
    axes.set_title(title)
    return figure


def _figure(aspect: float) -> tuple["Figure", "Axes"]:
    """Make a figure of one picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * aspect, 4.3), layout="constrained")
    return figure, figure.add_subplot()


def _bare(axes: "Axes", width_px: float, height_px: float) -> None:
    """Show the picture frame and nothing around it."""
    axes.set(xlim=(-0.5, width_px - 0.5), ylim=(height_px - 0.5, -0.5), xticks=[], yticks=[])
    axes.set_aspect("equal")


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Take the brightness of a picture."""
    if picture.ndim == 2:
        return picture.astype(np.float64)
    grey: NDArray[np.float64] = picture[..., :3] @ np.array([0.299, 0.587, 0.114])
    return grey
