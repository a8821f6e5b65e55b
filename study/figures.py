"""How figures look and how they are saved: one style, as vectors and as pixels."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.writing import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that colour-blind readers tell apart (Okabe and Ito 2008).
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8C8C8C"

# People, the network and chance have the same colour in every figure.
PEOPLE, NETWORK, CHANCE = BLUE, VERMILION, GREY

ONE_COLUMN_CM, TWO_COLUMNS_CM = 8.5, 17.5

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
        figure.savefig(file, format=kind, dpi=dpi, metadata=_NO_DATE.get(kind))
    return file.getvalue()
