"""Figures of gaze: density over the picture, and scanpaths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from study.figures import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

DENSITY_COLOURS = "inferno"
MS_PER_POINT2 = 2.0


def draw_density(
    axes: "Axes",
    density: NDArray[np.float64],
    *,
    width_px: float,
    height_px: float,
    picture: NDArray[np.uint8] | None = None,
    vmax: float | None = None,
    contours: Sequence[float] = (),
) -> "AxesImage":
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
    contours : sequence of float, default none
        Shares of gaze, between 0 and 1: a line around the smallest area that holds each.

    Returns
    -------
    matplotlib AxesImage
        The map, for a colour bar.
    """
    extent = (-0.5, width_px - 0.5, height_px - 0.5, -0.5)
    top = float(density.max()) if vmax is None else vmax
    opacity: ArrayLike = 1.0
    if picture is not None:
        axes.imshow(_grey(picture), cmap="gray", vmin=0, vmax=255, extent=extent)
        opacity = np.clip(density / (0.5 * top), 0, 1) * 0.75
    image = axes.imshow(
        density,
        cmap=DENSITY_COLOURS,
        vmin=0,
        vmax=top,
        alpha=opacity,
        extent=extent,
        interpolation="bilinear",
    )
    if contours:
        _draw_contours(axes, density, contours, width_px, height_px)
    _bare(axes, width_px, height_px)
    return image


def density_levels(density: NDArray[np.float64], shares: Sequence[float]) -> NDArray[np.float64]:
    """Find the densities above which shares of gaze lie.

    Parameters
    ----------
    density : ndarray
        A map, 0 or greater.
    shares : sequence of float
        Shares of gaze, between 0 and 1.

    Returns
    -------
    ndarray, shape (n_shares,)
        The points at or above each density are the fewest that hold the share.

    Examples
    --------
    >>> density_levels(np.array([[4.0, 1.0], [3.0, 2.0]]), [0.4, 0.7])
    array([4., 3.])
    """
    falling = np.sort(density, axis=None)[::-1]
    held = np.cumsum(falling) / falling.sum()
    places = np.searchsorted(held, shares)
    levels: NDArray[np.float64] = falling[np.minimum(places, falling.size - 1)]
    return levels


def _draw_contours(
    axes: "Axes",
    density: NDArray[np.float64],
    shares: Sequence[float],
    width_px: float,
    height_px: float,
) -> None:
    """Draw a line around the smallest area that holds each share of gaze, and write it there."""
    rows, columns = density.shape
    x = (np.arange(columns) + 0.5) * width_px / columns - 0.5
    y = (np.arange(rows) + 0.5) * height_px / rows - 0.5
    level_of = {
        float(level): f"{100 * share:.0f} %"
        for share, level in zip(shares, density_levels(density, shares), strict=True)
    }
    lines = axes.contour(x, y, density, levels=sorted(level_of), colors="white", linewidths=0.8)
    axes.clabel(lines, fmt=level_of, fontsize=6)


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

    The first fixation has a colour of its own.

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
        Colour of the circles after the first.
    """
    extent = (-0.5, width_px - 0.5, height_px - 0.5, -0.5)
    if picture is not None:
        axes.imshow(picture, extent=extent, cmap="gray" if picture.ndim == 2 else None)
    path = fixations.sort_values("index")
    sizes = path["duration_ms"].fillna(200.0) / MS_PER_POINT2
    axes.plot(path["x_px"], path["y_px"], color="white", linewidth=2.4, zorder=2)
    axes.plot(path["x_px"], path["y_px"], color=colour, linewidth=1.2, zorder=3)
    colours = [ORANGE] * min(1, len(path)) + [colour] * max(0, len(path) - 1)
    axes.scatter(
        path["x_px"], path["y_px"], s=sizes, c=colours, edgecolors="white", alpha=0.8, zorder=4
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
    contours: Sequence[float] = (),
    title: str = "",
) -> "Figure":
    """Make a figure of one density map, as `draw_density` draws it, with a colour bar.

    Parameters
    ----------
    density, width_px, height_px, picture, contours
        As in `draw_density`; the density in px-2.
    title : str, default ""
        Title of the figure.

    Returns
    -------
    matplotlib Figure
        Not tied to any window.
    """
    from matplotlib.cm import ScalarMappable

    figure, axes = _figure(width_px / height_px, bar_inch=1.2)
    image = draw_density(
        axes, density, width_px=width_px, height_px=height_px, picture=picture, contours=contours
    )
    # Over a picture the map is half transparent, which the bar is not.
    colours = ScalarMappable(image.norm, image.cmap)
    bar = figure.colorbar(colours, ax=axes, shrink=0.93, aspect=30)
    bar.set_label("density of gaze (px$^{-2}$)")
    bar.ax.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
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


def _figure(aspect: float, bar_inch: float = 0.0) -> tuple["Figure", "Axes"]:
    """Make a figure of one picture, with room for a colour bar."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * aspect + bar_inch, 4.3), layout="constrained")
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
