"""The maps of single participants: averages, some rows of the grid at a time, and by picture.

Maps of all participants together are as large as the study. In a band of rows they are as large
as one likes, and what is made of them, averages and ceilings, is a sum over the points.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.density import Map, axis_kernel, kernel_factors
from gaze_analysis.map_labels import (
    map_attributes,
    map_unit,
    name_coordinate,
    picture_coordinates,
)
from gaze_analysis.trial_maps import MapRule, check_fixations, picture_maps
from study.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

# Kernels that are in memory at once.
_FIXATIONS = 4096


@dataclass(frozen=True)
class ParticipantMaps:
    """What the average maps of participants over some pictures are made of.

    Parameters
    ----------
    rule : MapRule
        Grid, kernel and edges.
    x_px, y_px : ndarray, shape (n_fixations,)
        Positions in picture pixels.
    counted : ndarray, shape (n_fixations,)
        What each fixation's kernel counts in the sum of its participant's maps.
    who : ndarray of int, shape (n_fixations,)
        Index of each fixation's participant.
    counts : ndarray, shape (n_participants,)
        What each participant's sum is divided by: pictures, or mass where participants are
        pooled; 0 for who saw none of the pictures.
    """

    rule: MapRule
    x_px: Map
    y_px: Map
    counted: Map
    who: NDArray[np.int64]
    counts: Map

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether each participant saw any of the pictures."""
        return self.counts > 0

    @property
    def weights(self) -> Map:
        """What each participant who saw a picture counts in an average."""
        counts = self.counts[self.seen]
        return counts if self.rule.participants == "pooled" else np.ones_like(counts)

    @property
    def means(self) -> Map:
        """Mean over all points of each participant's map; NaN for who saw nothing."""
        kernel_means = [
            across.mean(axis=0) * down.mean(axis=0) for _, across, down in self._kernels()
        ]
        counted = self.counted * np.concatenate(kernel_means)
        sums = np.bincount(self.who, counted, minlength=len(self.counts))
        return sums / np.where(self.seen, self.counts, np.nan)

    @property
    def mean(self) -> Map:
        """Average of the participants' maps, by their weights."""
        shares = np.zeros(len(self.counts))
        shares[self.seen] = self.weights / self.weights.sum() / self.counts[self.seen]
        counted, total = self.counted * shares[self.who], np.zeros(self.rule.grid.shape)
        for some, across, down in self._kernels():
            total += (down * counted[some]) @ across.T
        return total

    def _kernels(self) -> Iterator[tuple[slice, Map, Map]]:
        """Give the factors of some kernels at a time."""
        for start in range(0, len(self.who), _FIXATIONS):
            some = slice(start, start + _FIXATIONS)
            across, down = kernel_factors(
                self.x_px[some], self.y_px[some], self.rule.grid, sigma_px=self.rule.sigma_px,
                reflected=self.rule.edges == "reflected",
            )  # fmt: skip
            yield some, across, down

    def bands(self, block_mb: float) -> Iterator[tuple[slice, Iterator[tuple[slice, Map]]]]:
        """Go through the grid in bands of rows, and in each through participants.

        Parameters
        ----------
        block_mb : float
            Largest size of a block of maps, in 10^6 bytes; it has one row at least.

        Yields
        ------
        rows : slice
            Of the grid.
        blocks : iterator of (slice, ndarray of shape (n_people, n_rows, n_columns))
            Participants, as many as there are halves for the ceilings, or all; and the average
            map of each there, per square pixel, NaN for who saw nothing.
        """
        n_rows, n_columns = self.rule.grid.shape
        # A band is as high for many participants as for so many: each band makes kernels anew.
        at_once = min(len(self.counts), self.rule.n_splits)
        step = min(n_rows, max(1, int(block_mb * 1e6 / (8 * at_once * n_columns))))
        order = np.argsort(self.who, kind="stable")
        ends = np.searchsorted(self.who[order], np.arange(len(self.counts) + 1))
        places = [order[start:end] for start, end in pairwise(ends)]
        for start in range(0, n_rows, step):
            rows = slice(start, min(start + step, n_rows))
            yield rows, self._blocks(rows, places, at_once)

    def _blocks(
        self, rows: slice, places: list[NDArray[np.intp]], at_once: int
    ) -> Iterator[tuple[slice, Map]]:
        """Make the maps of some participants at a time in one band."""
        for start in range(0, len(places), at_once):
            people = slice(start, min(start + at_once, len(places)))
            yield people, self._block(rows, people, places)

    def _block(self, rows: slice, people: slice, places: list[NDArray[np.intp]]) -> Map:
        """Make the maps of some participants in one band."""
        grid, sigma_px = self.rule.grid, self.rule.sigma_px
        reflected = self.rule.edges == "reflected"
        width_px, height_px = (grid.width_px, grid.height_px) if reflected else (None, None)
        y_px = grid.y_px[rows]
        maps = np.full((people.stop - people.start, len(y_px), grid.shape[1]), np.nan)
        for number in np.flatnonzero(self.seen[people]):
            own, made = places[people.start + number], maps[number]
            across = axis_kernel(grid.x_px, self.x_px[own], sigma_px, reflect_px=width_px)
            down = axis_kernel(y_px, self.y_px[own], sigma_px, reflect_px=height_px)
            np.matmul(down * self.counted[own], across.T, out=made)
            made /= self.counts[people.start + number]
        return maps


def maps_by_participant(
    fixations: pd.DataFrame, rule: MapRule, *, images: Collection[str] | None = None
) -> "xr.DataArray":
    """Make the map of each participant on each picture.

    These are many: 28 participants on 112 pictures at 224 x 224 points take 1.3 GB, so that a study
    keeps their averages, and these are made when they are wanted.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As for `gaze_analysis.maps.study_maps`.
    rule : MapRule
        How to.
    images : collection of str, optional
        Which pictures. Defaults to all.

    Returns
    -------
    xarray.DataArray, dims (participant, image, y, x)
        NaN where a participant has no fixation on a picture; ``expression_of_image`` is among
        the coordinates.

    Raises
    ------
    InputError
        As `gaze_analysis.maps.study_maps`, or if nobody looked at a picture that is asked for.
    """
    import xarray as xr

    check_fixations(fixations, rule)
    seen = sorted(fixations["image_id"].unique())
    chosen = seen if images is None else [image for image in seen if image in set(images)]
    if unseen := sorted(set(images or ()) - set(seen)):
        raise InputError(
            f"A picture with maps must have included fixations, but {', '.join(unseen)} has none. "
            "Choose among those of fixations.tsv."
        )
    by_image = dict(list(fixations.groupby("image_id")))
    people = sorted(fixations["participant_id"].astype(str).unique())
    maps = np.full((len(people), len(chosen), *rule.grid.shape), np.nan)
    for place, image in enumerate(chosen):
        made = picture_maps(by_image[image], rule)
        maps[np.searchsorted(people, made.names), place] = made.each()
    coordinates = picture_coordinates(fixations, chosen, rule) | {
        "participant": name_coordinate(people)
    }
    return xr.DataArray(
        maps, coordinates, ("participant", "image", "y", "x"), name="density",
        attrs=map_unit(rule) | map_attributes(rule),
    )  # fmt: skip
