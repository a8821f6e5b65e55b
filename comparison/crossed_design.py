"""Designs of crossed models: which observation has which mean, participant, picture and so on.

Fixed effects are cell means, a column for each cell, so that every contrast is a row of weights.
Each random term gives every level of a factor (a participant, a picture, a participant with one
expression) an effect of its own; terms are independent of each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """The fixed cells and the random terms of a model.

    Parameters
    ----------
    cells : tuple of str
        Names of the fixed cells, p of them.
    fixed : ndarray of float, shape (n, p)
        Column of each observation's cell.
    terms : tuple of str
        Names of the random terms.
    random : scipy.sparse.csr_array, shape (n, q)
        Which observation has which level of which term.
    term_of : ndarray of int, shape (q,)
        The term of each column of `random`.
    """

    cells: tuple[str, ...]
    fixed: Floats
    terms: tuple[str, ...]
    random: sparse.csr_array = field(repr=False)
    term_of: NDArray[np.int64] = field(repr=False)

    @property
    def n(self) -> int:
        """Number of observations."""
        return len(self.fixed)


def crossed_design(
    frame: pd.DataFrame, fixed: str, cells: Sequence[str], terms: Mapping[str, Sequence[str]]
) -> Design:
    """Build a design from the columns of a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each observation.
    fixed : str
        The column that names the cell of each.
    cells : sequence of str
        The cells, in order; each has observations.
    terms : mapping of str to sequence of str
        For each random term, the columns whose combinations are its levels.

    Returns
    -------
    Design
        The design.

    Examples
    --------
    >>> frame = pd.DataFrame({"who": ["a", "a", "b"], "cell": ["x", "y", "x"]})
    >>> crossed_design(frame, "cell", ["x", "y"], {"person": ["who"]}).random.shape
    (3, 2)
    """
    place = pd.Categorical(frame[fixed], categories=list(cells)).codes
    blocks, term_of = [], []
    for number, columns in enumerate(terms.values()):
        level = frame.groupby(list(columns), sort=True).ngroup().to_numpy()
        shape = (len(frame), int(level.max()) + 1)
        blocks.append(
            sparse.csr_array((np.ones(len(frame)), (np.arange(len(frame)), level)), shape=shape)
        )
        term_of += [number] * shape[1]
    return Design(
        tuple(cells),
        np.eye(len(cells))[place],
        tuple(terms),
        sparse.csr_array(sparse.hstack(blocks)),
        np.array(term_of, dtype=np.int64),
    )


def pairs(cells: Sequence[str]) -> dict[str, Floats]:
    """Give the weights of all differences of two cells.

    Parameters
    ----------
    cells : sequence of str
        The cells.

    Returns
    -------
    dict of str to ndarray of float, shape (p,)
        By names such as ``"happy - sad"``.

    Examples
    --------
    >>> {name: row.tolist() for name, row in pairs(["a", "b"]).items()}
    {'a - b': [1.0, -1.0]}
    """
    unit = np.eye(len(cells))
    return {
        f"{cells[i]} - {cells[j]}": unit[i] - unit[j]
        for i in range(len(cells))
        for j in range(i + 1, len(cells))
    }


def differences(n_cells: int) -> Floats:
    """Give the rows that are all zero only where all cells are equal.

    Parameters
    ----------
    n_cells : int
        Number of cells, p.

    Returns
    -------
    ndarray of float, shape (p - 1, p)
        Orthonormal Helmert contrasts.

    Examples
    --------
    >>> differences(3).round(3).tolist()
    [[0.707, -0.707, 0.0], [0.408, 0.408, -0.816]]
    """
    rows = np.zeros((n_cells - 1, n_cells))
    for place in range(1, n_cells):
        rows[place - 1, :place] = 1.0
        rows[place - 1, place] = -place
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
