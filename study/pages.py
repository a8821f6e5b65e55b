"""Pages that can be mailed: one style, figures within the page, tables, templates."""

import base64
import html
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from study.figures import figure_bytes
from study.tables import MISSING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The SVG of a figure with pictures in it is larger than its PNG, so the page takes that.
_LARGEST_INLINE_SVG = 400_000
# Larger than on paper, so that the figures' 8 pt are read as easily as the text around them.
_SCREEN_PX_PER_INCH = 132


def page_style() -> str:
    """Give the style sheet that all pages share.

    Returns
    -------
    str
        CSS.
    """
    return resources.files("study").joinpath("page.css").read_text(encoding="utf-8")


def render_page(package: str, template: str, **values: Any) -> str:
    """Fill a page's template.

    Parameters
    ----------
    package : str
        The package that holds it.
    template : str
        Its file name.
    **values
        What it shows; text is escaped. ``style``, the style sheet, is added.

    Returns
    -------
    str
        HTML.
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = resources.files(package).joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(source).render(style=page_style(), **values)


def figure_html(figure: "Figure", *, alt: str, caption: str, dpi: int = 130) -> str:
    """Put a figure into a page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    alt : str
        What it shows, for those who do not see it.
    caption : str
        What the signs mean.
    dpi : int, default 130
        Resolution of what is drawn as pixels.

    Returns
    -------
    str
        A ``<figure>`` that holds everything it shows.
    """
    svg = figure_bytes(figure, "svg", dpi=dpi)
    image = image_html(figure, svg, lambda: figure_bytes(figure, "png", dpi=dpi), alt=alt)
    return f"<figure>{image}<figcaption>{html.escape(caption)}</figcaption></figure>"


def image_html(figure: "Figure", svg: bytes, png: Callable[[], bytes], *, alt: str) -> str:
    """Put a drawn figure's image into a page: as vectors, unless these are too large.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, which says how wide it is.
    svg : bytes
        It as SVG.
    png : callable
        Gives it as PNG, where that is needed.
    alt : str
        What it shows, for those who do not see it.

    Returns
    -------
    str
        An ``<img>`` that holds everything it shows.
    """
    small = len(svg) <= _LARGEST_INLINE_SVG
    kind, data = ("svg+xml", svg) if small else ("png", png())
    width_px = round(figure.get_figwidth() * _SCREEN_PX_PER_INCH)
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return f'<img src="{source}" width="{width_px}" alt="{html.escape(alt)}">'


def table_html(
    frame: pd.DataFrame, *, caption: str = "", decimals: int = 2, markup: tuple[str, ...] = ()
) -> str:
    """Put a table into a page.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its values; column names are shown as they are.
    caption : str, default ""
        What the rows and columns are.
    decimals : int, default 2
        Digits after the point of numbers below 100, larger ones have one; whole numbers have
        none.
    markup : tuple of str, optional
        Columns that are HTML already; the text of all others is escaped.

    Returns
    -------
    str
        A ``<table>`` with its caption.

    Examples
    --------
    >>> "<td>0.12</td>" in table_html(pd.DataFrame({"p": [0.1234]}))
    True
    """

    def cell(value: Any) -> str:
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, float):  # NumPy's, too
            digits = decimals if abs(value) < 100 else min(decimals, 1)
            return f"{value:.{digits}f}" if np.isfinite(value) else MISSING
        if pd.isna(value):
            return MISSING
        return html.escape(str(value))

    shown = pd.DataFrame(
        {
            name: column if name in markup else column.astype(object).map(cell)
            for name, column in frame.items()
        }
    )
    shown.columns = [html.escape(str(name)) for name in frame.columns]
    page = shown.to_html(index=False, border=0, escape=False)
    above = f'<p class="caption">{html.escape(caption)}</p>' if caption else ""
    return f'<div class="table">{above}{page}</div>'
