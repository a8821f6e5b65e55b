"""The maps of one picture: each participant's, their mean, and their products with each other.

Every map of a picture is made of the same kernels under other weights. The mean map is therefore
one matrix product, and what ceilings need, the products of the participants' maps, follows from
the products of the kernels, without any of these maps being formed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.density import Edges, Grid, Map, kernel_factors
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

Weighting = Literal["duration", "count"]
Participants = Literal["equal", "pooled"]

# Rows of the products of kernels that are in memory at once.
_BLOCK = 512


@dataclass(frozen=True)
class MapRule:
    """What a density map is made with.

    Parameters
    ----------
    grid : Grid
        Where maps are evaluated.
    sigma_px : float
        Standard deviation of the kernel, in picture pixels.
    weighting : {"duration", "count"}
        What a fixation counts.
    participants : {"equal", "pooled"}
        What a participant counts in an average.
    edges : {"renormalised", "dropped", "reflected"}
        What becomes of mass outside the picture.
    n_splits : int
        Random halves for the ceilings.
    seed : int
        The halves follow from it.
    """

    grid: Grid
    sigma_px: float
    weighting: Weighting = "duration"
    participants: Participants = "equal"
    edges: Edges = "renormalised"
    n_splits: int = 1000
    seed: int = 1


@dataclass(frozen=True)
class PictureMaps:
    """The maps of all participants on one picture, before they are formed.

    Parameters
    ----------
    names : list of str
        The participants, sorted.
    who : ndarray, shape (n_fixations,)
        Index of each fixation's participant.
    shares : ndarray, shape (n_fixations,)
        Weight of a fixation's kernel in its participant's map.
    weights : ndarray, shape (n_participants,)
        What each participant's map counts in an average.
    across, down : ndarray, shape (columns or rows, n_fixations)
        The kernels' factors.
    mass_inside : float
        Share of the kernels' mass that lies on the picture.
    """

    names: list[str]
    who: NDArray[np.int64]
    shares: Map
    weights: Map
    across: Map
    down: Map
    mass_inside: float

    @property
    def counted(self) -> Map:
        """What each fixation's kernel counts in sums over participants or pictures."""
        return self.shares * self.weights[self.who]

    def mean(self) -> Map:
        """Give the average of the participants' maps, by their weights."""
        mean: Map = (self.down * (self.counted / self.weights.sum())) @ self.across.T
        return mean

    def each(self) -> Map:
        """Give the map of each participant: (n_participants, rows, columns)."""
        maps = np.empty((len(self.names), len(self.down), len(self.across)))
        for place in range(len(self.names)):
            own = self.who == place
            np.matmul(self.down[:, own] * self.shares[own], self.across[:, own].T, out=maps[place])
        return maps

    def gram(self) -> Map:
        """Multiply the participants' maps, centred and weighted, with one another.

        A kernel is a(x) b(y), and each factor its mean and a rest that sums to zero: a = m + p,
        b = n + q. What remains without the kernel's own mean is p n + m q + p q, three parts
        at right angles on the grid, whose products are those of the factors.
        """
        rows, columns = len(self.down), len(self.across)
        mean_x, mean_y = self.across.mean(axis=0), self.down.mean(axis=0)
        rest_x, rest_y = self.across - mean_x, self.down - mean_y
        counted = np.where(np.arange(len(self.names))[:, None] == self.who, self.counted, 0.0)
        gram = np.zeros((len(self.names), len(self.names)))
        for start in range(0, len(self.who), _BLOCK):
            block = slice(start, start + _BLOCK)
            along_x, along_y = rest_x[:, block].T @ rest_x, rest_y[:, block].T @ rest_y
            products = along_x * (along_y + rows * np.outer(mean_y[block], mean_y))
            products += along_y * (columns * np.outer(mean_x[block], mean_x))
            gram += counted[:, block] @ (products @ counted.T)
        return gram


def picture_maps(fixations: pd.DataFrame, rule: MapRule) -> PictureMaps:
    """Prepare the maps of one picture.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Fixations on one picture: participant_id, x_px, y_px, duration_ms.
    rule : MapRule
        How to.

    Returns
    -------
    PictureMaps
        Each participant's map integrates to one, or to the mass on the picture where edges
        are dropped.

    Raises
    ------
    InputError
        If a participant's fixations have no weight on the picture.
    """
    names, who = np.unique(fixations["participant_id"].to_numpy(dtype=str), return_inverse=True)
    x, y = (fixations[name].to_numpy(dtype=np.float64) for name in ("x_px", "y_px"))
    w = fixation_weights(fixations, rule)
    reflected = rule.edges == "reflected"
    across, down = kernel_factors(x, y, rule.grid, sigma_px=rule.sigma_px, reflected=reflected)
    inside = w * across.sum(axis=0) * down.sum(axis=0) * rule.grid.cell_area_px2
    whole, left = np.bincount(who, w), np.bincount(who, inside)
    norm = np.asarray(left if rule.edges == "renormalised" else whole, dtype=np.float64)
    if not (left > 0).all():
        raise InputError(
            "Each participant's fixations on a picture must have weight on it, but those of "
            f"{names[int(np.argmin(left > 0))]} have none. Check their coordinates and durations."
        )
    pooled = rule.participants == "pooled"
    return PictureMaps(
        names=names.tolist(),
        who=who,
        shares=w / norm[who],
        weights=norm if pooled else np.ones(len(names)),
        across=across,
        down=down,
        mass_inside=float(np.average(left / whole, weights=whole if pooled else None)),
    )


def fixation_weights(fixations: pd.DataFrame, rule: MapRule) -> Map:
    """Give what each fixation counts.

    Parameters
    ----------
    fixations : pandas.DataFrame
        With duration_ms.
    rule : MapRule
        Its ``weighting``.

    Returns
    -------
    ndarray, shape (n_fixations,)
        Its duration in ms, or one.
    """
    if rule.weighting == "count":
        return np.ones(len(fixations))
    return fixations["duration_ms"].to_numpy(dtype=np.float64)


def check_fixations(fixations: pd.DataFrame, rule: MapRule) -> None:
    """Refuse fixations that no map can be made of.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Those of a study, as for `gaze_analysis.maps.study_maps`.
    rule : MapRule
        Says whether durations are needed.

    Raises
    ------
    InputError
        If there is none, durations are wanted and missing, or an expression is unknown or not
        the only one of its picture.
    """
    if fixations.empty:
        raise InputError(
            "Density maps must have at least one included fixation, but there is none. "
            "See exclusions.tsv for the reasons, and loosen the filters in [gaze]."
        )
    if rule.weighting == "duration" and fixations["duration_ms"].isna().any():
        missing = int(fixations["duration_ms"].isna().sum())
        raise InputError(
            f"Fixations weighted by duration must have one, but {missing} of {len(fixations)} "
            'have none. Set weighting = "count" in [gaze.density].'
        )
    unknown = set(fixations["expression"].dropna()) - set(EXPRESSIONS)
    if unknown:
        raise InputError(
            f"Expressions must be {', '.join(EXPRESSIONS)}, but the fixations name "
            f"{', '.join(sorted(map(str, unknown)))}. Correct the table of fixations."
        )
    labels = fixations.groupby("image_id")["expression"].nunique(dropna=False)
    if (labels > 1).any():
        raise InputError(
            f"A picture must show one expression, but {labels.idxmax()} has {labels.max()}. "
            "Correct the table of fixations."
        )
