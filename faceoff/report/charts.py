"""Charts that several sections draw: confusion matrices, and values with their intervals."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stimuli.expressions import EXPRESSIONS
from study.figures import Columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def panel_places(n: int, columns: Columns) -> tuple[str, ...]:
    """Name where the panels of a figure stand, for its caption.

    Parameters
    ----------
    n : int
        Number of panels, 2 or 3: side by side at two columns, stacked at one.
    columns : int
        1 or 2.

    Returns
    -------
    tuple of str
        A word for each panel.

    Examples
    --------
    >>> panel_places(2, 1)
    ('Top', 'Bottom')
    """
    first, last = ("Left", "Right") if columns == 2 else ("Top", "Bottom")
    return (first, last) if n == 2 else (first, "Middle", last)


def confusion_table(shown: pd.Series, answered: pd.Series) -> pd.DataFrame:
    """Count the answers to each expression, as shares of its row.

    Parameters
    ----------
    shown : pandas.Series of str
        The expression of each picture.
    answered : pandas.Series of str
        The answer; rows without one are left out.

    Returns
    -------
    pandas.DataFrame, shape (7, 7)
        Rows are the expressions shown, columns the answers, in the table's order; a row
        without any answer is NaN.

    Examples
    --------
    >>> table = confusion_table(pd.Series(["happy", "happy"]), pd.Series(["happy", "sad"]))
    >>> float(table.loc["happy", "sad"])
    0.5
    """
    answers = answered[answered.notna()]
    counts = pd.crosstab(shown[answers.index], answers)
    counts = counts.reindex(index=list(EXPRESSIONS), columns=list(EXPRESSIONS), fill_value=0)
    totals = counts.sum(axis=1).replace(0, np.nan)
    return counts.div(totals, axis=0)


def draw_confusion(axes: "Axes", table: pd.DataFrame, title: str) -> None:
    """Draw a confusion matrix with the share in each cell.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    table : pandas.DataFrame, shape (7, 7)
        Shares, from `confusion_table`.
    title : str
        Whose answers.
    """
    values = table.to_numpy(dtype=float)
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(values.shape):
        share = values[row, column]
        if np.isfinite(share) and share >= 0.005:
            colour = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(table.columns)), table.columns, rotation=45, ha="right")
    axes.set_yticks(range(len(table.index)), table.index)
    axes.set(title=title, xlabel="answer", ylabel="expression shown")
    axes.spines[:].set_visible(False)


def draw_shares(
    axes: "Axes", table: pd.DataFrame, *, label: str, colour: str, shift: float = 0.0
) -> None:
    """Draw a share with its interval for each expression.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where; the expressions stand along x.
    table : pandas.DataFrame
        Columns ``value``, ``ci_low`` and ``ci_high``, indexed by expression.
    label : str
        The legend's entry.
    colour : str
        Of points and bars.
    shift : float, default 0.0
        Horizontal shift, so that two series do not hide each other.
    """
    table = table.reindex(list(EXPRESSIONS))
    positions = np.arange(len(table)) + shift
    below = table["value"] - table["ci_low"]
    above = table["ci_high"] - table["value"]
    axes.errorbar(
        positions, table["value"], yerr=[below, above], fmt="o", ms=4, color=colour, label=label
    )
    axes.set_xticks(range(len(table)), table.index, rotation=30, ha="right")
