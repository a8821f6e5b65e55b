"""Tables and maps of the differences by cell: tests, clusters, and where they are."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.map_differences import ALPHA, FEWEST_UNITS, ClusterTest, Difference

if TYPE_CHECKING:
    import xarray as xr

TEST_COLUMNS = {
    "unit": "what is random: pictures (each picture's mean gaze minus its relevance) or "
    "participants (each one's gaze minus relevance, mean over the pictures that they saw)",
    "expression": "pictures of one expression, or all",
    "n": "number of units",
    "threshold_t": "cells whose absolute t is larger form clusters (two-sided p < .01)",
    "n_permutations": "sign flips of whole units; all there are, where they are fewer than asked",
    "n_clusters": "number of clusters",
    "n_significant": "clusters with p < .05, family-wise over the picture",
    "smallest_p": "smallest p of a cluster",
    "gaze_more_percent": "share of the picture in significant clusters where gaze is denser",
    "relevance_more_percent": "share of the picture in significant clusters where relevance is",
    "note": "why there is no test",
}
CLUSTER_COLUMNS = {
    "unit": "pictures or participants, as in map_tests.tsv",
    "expression": "pictures of one expression, or all",
    "cluster": "number of the cluster in its test, by p and mass; numbers are those in "
    "map_differences.nc",
    "direction": "gaze or relevance: which is denser there",
    "p": "share of sign flips whose largest cluster has as much mass or more (two-sided, "
    "family-wise over the picture). A significant cluster says that the maps differ, not exactly "
    "where (Sassenhagen and Draschkow 2019)",
    "mass": "sum of t over its cells",
    "area_percent": "share of the picture",
    "difference_percent": "gaze's share of mass within it minus relevance's, per cent, mean over "
    "units",
    "peak_t": "t where it is largest in size",
    "peak_x_px": "where that is, px of the picture",
    "peak_y_px": "where that is, px of the picture",
}


def outcome_table(found: Sequence[Difference]) -> pd.DataFrame:
    """Put the tests in rows.

    Parameters
    ----------
    found : sequence of Difference
        Those of `map_differences`.

    Returns
    -------
    pandas.DataFrame
        The columns of `TEST_COLUMNS`.
    """
    rows = []
    for own in found:
        row: dict[str, object] = {"unit": own.unit, "expression": own.expression, "n": own.n}
        if own.test is None:
            row["note"] = f"a test takes {FEWEST_UNITS} {own.unit} or more"
        else:
            test, significant = own.test, own.test.significant
            row |= {
                "threshold_t": test.threshold_t,
                "n_permutations": test.n_permutations,
                "n_clusters": len(test.p),
                "n_significant": int((test.p < ALPHA).sum()),
                "smallest_p": float(test.p.min()) if len(test.p) else np.nan,
                "gaze_more_percent": 100 * float((significant & (test.t > 0)).mean()),
                "relevance_more_percent": 100 * float((significant & (test.t < 0)).mean()),
            }
        rows.append(row)
    whole = dict.fromkeys(("n_permutations", "n_clusters", "n_significant"), "Int64")
    return pd.DataFrame(rows).reindex(columns=list(TEST_COLUMNS)).astype(whole)


def clusters_table(found: Sequence[Difference], picture_px: float) -> pd.DataFrame:
    """Put the clusters in rows.

    Parameters
    ----------
    found : sequence of Difference
        Those of `map_differences`.
    picture_px : float
        Side of the picture, px.

    Returns
    -------
    pandas.DataFrame
        The columns of `CLUSTER_COLUMNS`.
    """
    rows = [row for own in found if own.test for row in _cluster_rows(own, own.test, picture_px)]
    return pd.DataFrame(rows, columns=list(CLUSTER_COLUMNS))


def _cluster_rows(
    own: Difference, test: ClusterTest, picture_px: float
) -> Iterator[dict[str, object]]:
    """Describe each cluster of a test."""
    cell_px = picture_px / len(test.t)
    for number, (p, mass) in enumerate(zip(test.p, test.mass, strict=True), start=1):
        mask = test.labels == number
        row, column = np.unravel_index(np.argmax(np.where(mask, np.abs(test.t), -1)), mask.shape)
        yield {
            "unit": own.unit,
            "expression": own.expression,
            "cluster": number,
            "direction": "gaze" if mass > 0 else "relevance",
            "p": float(p),
            "mass": float(mass),
            "area_percent": 100 * float(mask.mean()),
            "difference_percent": 100 * float(own.mean[mask].sum()),
            "peak_t": float(test.t[row, column]),
            "peak_x_px": float((column + 0.5) * cell_px - 0.5),
            "peak_y_px": float((row + 0.5) * cell_px - 0.5),
        }


def differences_dataset(found: Sequence[Difference], picture_px: float) -> "xr.Dataset":
    """Put the maps of differences, their t and their clusters in one dataset.

    Parameters
    ----------
    found : sequence of Difference
        Those of `map_differences`.
    picture_px : float
        Side of the picture, px.

    Returns
    -------
    xarray.Dataset
        ``difference``, ``t`` (missing without a test), ``cluster`` and ``significant``, each
        (unit, expression, y, x).
    """
    import xarray as xr

    units = list(dict.fromkeys(own.unit for own in found))
    groups = list(dict.fromkeys(own.expression for own in found))
    side = len(found[0].mean)
    shape = (len(units), len(groups), side, side)
    mean, t = np.full(shape, np.nan), np.full(shape, np.nan)
    cluster, significant = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int8)
    for own in found:
        place = units.index(own.unit), groups.index(own.expression)
        mean[place] = own.mean
        if own.test:
            t[place], cluster[place] = own.test.t, own.test.labels
            significant[place] = own.test.significant
    dims = ("unit", "expression", "y", "x")
    centres = (np.arange(side) + 0.5) * (picture_px / side) - 0.5
    axis = {"units": "px of the picture"}
    return xr.Dataset(
        {
            "difference": (dims, mean, {"long_name": "gaze minus relevance, share of mass"}),
            "t": (dims, t, {"long_name": "Student's t over units"}),
            "cluster": (dims, cluster, {"long_name": "number of the cluster, 0 for none"}),
            "significant": (dims, significant, {"long_name": "1 in clusters with p < .05"}),
        },
        coords={
            "unit": np.array(units, dtype=object),
            "expression": np.array(groups, dtype=object),
            "y": ("y", centres, axis),
            "x": ("x", centres, axis),
        },
    )
