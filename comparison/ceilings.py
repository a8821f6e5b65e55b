"""Ceilings in every metric: how well some people's maps tell where the others look."""

from dataclasses import replace

import numpy as np

from comparison.common_maps import PeopleMaps
from comparison.judging import Reference, judge, prepare, tile_means
from comparison.map_metrics import CORRELATIONS, METRICS, emd
from gaze_analysis.ceiling import spearman_brown


def leave_one_out(people: PeopleMaps, reference: Reference) -> dict[str, float]:
    """Judge the others' mean map by what each participant looked at.

    Parameters
    ----------
    people : PeopleMaps
        What each participant looked at on a picture.
    reference : Reference
        The picture; its density and fixations are replaced by each participant's.

    Returns
    -------
    dict of str to float
        By metric, the mean over participants; nothing where there are fewer than two. Metrics
        of fixations leave out who has none on the picture. EMD is not computed.
    """
    n = len(people.names)
    if n < 2:
        return {}
    rows = []
    for place in range(n):
        others = people.mean(np.arange(n) != place)
        own = replace(
            reference, density=people.maps[place], fixated_cells=people.fixated_cells[place]
        )
        judged = judge(prepare(others[None], reference.tiles_per_side), own)
        rows.append({metric: float(value[0]) for metric, value in judged.items()})
    return _mean_present(rows)


def split_half(
    people: PeopleMaps,
    reference: Reference,
    rng: np.random.Generator,
    *,
    n_halves: int,
    emd_cells: int,
) -> dict[str, float]:
    """Judge the mean map of one half of the participants by what the other half looked at.

    Parameters
    ----------
    people : PeopleMaps
        What each participant looked at on a picture.
    reference : Reference
        The picture; its density and fixations are replaced by those of the second half.
    rng : numpy.random.Generator
        Draws the halves; an odd participant joins the second one.
    n_halves : int
        Number of random halves.
    emd_cells : int
        Cells in a row of the grid of the earth mover's distance.

    Returns
    -------
    dict of str to float
        By metric, the mean over halves; nothing where there are fewer than two participants.
        Correlations are stepped up to all participants (Spearman and Brown) where they are
        positive. There is no such formula for the other metrics: theirs are of halves, and so
        below what all participants would reach.
    """
    n = len(people.names)
    if n < 2:
        return {}
    rows = []
    for _ in range(n_halves):
        first = rng.permutation(n) < n // 2
        rest = np.flatnonzero(~first)
        prediction, density = people.mean(first), people.mean(~first)
        cells = np.concatenate([people.fixated_cells[place] for place in rest])
        judged = judge(
            prepare(prediction[None], reference.tiles_per_side),
            replace(reference, density=density, fixated_cells=cells),
        )
        row = {metric: float(value[0]) for metric, value in judged.items()}
        row["EMD"] = emd(
            tile_means(prediction, emd_cells), tile_means(density, emd_cells), emd_cells
        )
        rows.append(row)
    means = _mean_present(rows)
    return {
        metric: spearman_brown(value) if metric in CORRELATIONS and value > 0 else value
        for metric, value in means.items()
    }


def _mean_present(rows: list[dict[str, float]]) -> dict[str, float]:
    """Average each metric over the rows that have it."""
    means = {}
    for metric in METRICS:
        values = np.array([row[metric] for row in rows if metric in row])
        if np.isfinite(values).any():
            means[metric] = float(np.nanmean(values))
    return means
