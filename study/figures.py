"""How figures look and how they are saved: one style, as vectors and as pixels."""

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
}


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


def save_figure(figure: "Figure", stem: Path, *, dpi: int = 150) -> tuple[Path, Path]:
    """Save a figure as SVG and as PNG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    stem : Path
        The file without its suffix.
    dpi : int, default 150
        Resolution of the PNG, and of the pictures within the SVG.

    Returns
    -------
    tuple of Path
        The SVG and the PNG.
    """
    import matplotlib as mpl

    paths = stem.with_name(stem.name + ".svg"), stem.with_name(stem.name + ".png")
    with mpl.rc_context(STYLE):
        for path in paths:
            with atomic_path(path) as temporary:
                metadata = {"Date": None} if path.suffix == ".svg" else None
                figure.savefig(temporary, dpi=dpi, metadata=metadata)
    return paths
