"""How figures look and how they are saved: one style, as vectors and as pixels."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from study.writing import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that colour-blind readers tell apart (Okabe and Ito 2008).
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8C8C8C"

# People, the network and chance have the same colour in every figure.
PEOPLE, NETWORK, CHANCE = BLUE, VERMILION, GREY

ONE_COLUMN_CM, TWO_COLUMNS_CM = 8.5, 17.5
Columns = Literal[1, 2]
WIDTH_CM: dict[Columns, float] = {1: ONE_COLUMN_CM, 2: TWO_COLUMNS_CM}
# What a page holds above a caption.
PAGE_CM = 22.0

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "svg.hashsalt": "faceoff",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
# Without the date, so that the same figure is the same file.
_NO_DATE: Any = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def new_figure(width_cm: float = TWO_COLUMNS_CM, height_cm: float = 8.0) -> "Figure":
    """Make an empty figure in faceoff's style, without pyplot's global state.

    Parameters
    ----------
    width_cm : float, default 17.5
        Width, in centimetres: two columns of a journal.
    height_cm : float, default 8.0
        Height, in centimetres.

    Returns
    -------
    matplotlib.figure.Figure
        With constrained layout.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update(STYLE)
    return Figure(figsize=(width_cm / 2.54, height_cm / 2.54), layout="constrained")


def panel_figure(
    n: int,
    columns: Columns = 2,
    *,
    row_cm: tuple[float, float],
    across: tuple[int, int] = (1, 2),
    kinds: int = 1,
    extra_cm: float = 0.0,
    width_ratios: tuple[float, ...] | None = None,
    sharey: bool = False,
) -> tuple["Figure", list[list["Axes"]]]:
    """Make a figure of panels for one or two columns of a journal.

    Parameters
    ----------
    n : int
        Number of panels, 1 or more.
    columns : int, default 2
        1 (8.5 cm) or 2 (17.5 cm).
    row_cm : tuple of two floats
        Height of a row of panels at one column and at two, in centimetres.
    across : tuple of two ints, default (1, 2)
        Panels that stand in a row at one column and at two.
    kinds : int, default 1
        Rows of panels that belong together and stay below each other, such as two maps of each
        picture.
    extra_cm : float, default 0.0
        Height beside that of the rows, such as a legend's, in centimetres.
    width_ratios : tuple of float, optional
        Widths of the panels where all of them stand in one row. Defaults to equal ones.
    sharey : bool, default False
        All panels have one vertical axis.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With constrained layout.
    axes : list of list of matplotlib.axes.Axes, shape (kinds, n)
        The panels.

    Examples
    --------
    >>> figure, [[left, right]] = panel_figure(2, 1, row_cm=(5.0, 7.0))
    >>> [round(2.54 * float(side), 2) for side in figure.get_size_inches()]
    [8.5, 10.0]
    """
    wide = min(n, across[columns - 1])
    blocks = -(-n // wide)
    height_cm = blocks * kinds * row_cm[columns - 1] + extra_cm
    figure = new_figure(WIDTH_CM[columns], height_cm)
    grid = figure.subplots(
        blocks * kinds, wide, squeeze=False, sharey=sharey,
        width_ratios=width_ratios if wide == n else None,
    )  # fmt: skip
    for axes in grid[-kinds:, wide - (blocks * wide - n) :].ravel():
        axes.remove()
    places = [divmod(place, wide) for place in range(n)]
    rows = [[grid[block * kinds + kind, side] for block, side in places] for kind in range(kinds)]
    return figure, rows


def starts_row(axes: "Axes") -> bool:
    """Tell whether a panel is the first of its row, and has the row's labels.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        A panel of a grid.

    Returns
    -------
    bool
        False for axes that are in no grid.

    Examples
    --------
    >>> _, [panels] = panel_figure(2, 2, row_cm=(5.0, 7.0))
    >>> [starts_row(axes) for axes in panels]
    [True, False]
    """
    place = axes.get_subplotspec()
    return place is not None and place.is_first_col()


def broken_name(name: str, most: int) -> str:
    """Break a long name into lines after its points and underscores.

    Parameters
    ----------
    name : str
        Such as ``lrp.sequential_preset_a_flat``.
    most : int
        Letters in a line, where the name's parts are not longer.

    Returns
    -------
    str
        The name with line breaks.

    Examples
    --------
    >>> broken_name("lrp.sequential_preset_a_flat", 15).splitlines()
    ['lrp.sequential_', 'preset_a_flat']
    """
    lines = [""]
    for part in re.findall(r"[^._]*[._]?", name):
        if lines[-1] and len(lines[-1]) + len(part) > most:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def save_figure(
    figure: "Figure", stem: Path, *, kinds: tuple[str, ...] = ("svg", "png"), dpi: int = 150
) -> tuple[Path, ...]:
    """Save a figure as vectors, as pixels, or both.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    stem : Path
        The file without its suffix.
    kinds : tuple of str, default ("svg", "png")
        ``svg``, ``png`` or ``pdf``.
    dpi : int, default 150
        Resolution of a PNG, and of the pictures within an SVG or PDF.

    Returns
    -------
    tuple of Path
        The files, in the order of the kinds. The same figure gives the same bytes.
    """
    paths = tuple(stem.with_name(f"{stem.name}.{kind}") for kind in kinds)
    for path, kind in zip(paths, kinds, strict=True):
        with atomic_path(path) as temporary:
            temporary.write_bytes(figure_bytes(figure, kind, dpi=dpi))
    return paths


def figure_bytes(figure: "Figure", kind: str, *, dpi: int = 150) -> bytes:
    """Give the bytes of a figure's file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    kind : str
        ``svg``, ``png`` or ``pdf``.
    dpi : int, default 150
        Resolution of a PNG, and of the pictures within an SVG or PDF.

    Returns
    -------
    bytes
        The same figure gives the same bytes.
    """
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context(STYLE):
        if layout := figure.get_layout_engine():
            # Once for all kinds: savefig would go through the whole figure for it each time.
            layout.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(file, format=kind, dpi=dpi, metadata=_NO_DATE.get(kind))
    return file.getvalue()
