"""Where gaze and relevance differ: cell-wise differences with cluster-based permutation.

In the manner of iMap4 (Lao, Miellet, Pernet, Sokhn and Caldara 2017): maps are smoothed, compared
cell by cell, and clusters of cells judged as a whole, so that the family-wise error is kept over
the picture. The statistics are MNE's (`mne.stats.permutation_cluster_1samp_test`).

Maps are densities (sum 1; of relevance its positive part, smoothed like gaze). Under the null
people look in proportion to relevance, and then the difference has the mean 0 however few
fixations make a map. Standardised maps would not do: a map of few fixations has sharper peaks and
so smaller z-scores elsewhere, and would differ from relevance by its number of fixations alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from comparison.common_maps import ComparedMaps, PeopleMaps
from comparison.map_metrics import Floats, as_density
from stimuli.expressions import EXPRESSIONS
from study.parallel import parallel_map
from study.seeds import generator
from study.settings.execution import ExecutionSettings

# A cell joins a cluster where its own two-sided p is below this; the clusters' p keeps 5 %.
CLUSTER_FORMING_P = 0.01
ALPHA = 0.05
# Five units have 16 pairs of sign flips, and no p below .05.
FEWEST_UNITS = 6
UNITS = ("pictures", "participants")


@dataclass(frozen=True)
class ClusterTest:
    """Clusters of cells in which maps differ from zero.

    Parameters
    ----------
    t : numpy.ndarray, shape (rows, columns)
        Student's t of each cell; 0 where all units are 0.
    labels : numpy.ndarray of int, shape (rows, columns)
        Number of each cell's cluster, from 1; 0 in none.
    p, mass : numpy.ndarray, shape (n_clusters,)
        Of each cluster.
    threshold_t : float
        Cells with a larger absolute t form clusters.
    n_permutations : int
        Sign flips.
    """

    t: Floats
    labels: npt.NDArray[np.int64]
    p: Floats
    mass: Floats
    threshold_t: float
    n_permutations: int

    @property
    def significant(self) -> npt.NDArray[np.bool_]:
        """Cells in clusters with p below .05."""
        return np.isin(self.labels, np.flatnonzero(self.p < ALPHA) + 1)


def student_t(differences: npt.NDArray) -> Floats:
    """Compute Student's t against zero, cell by cell; 0 where all units are 0.

    Parameters
    ----------
    differences : numpy.ndarray, shape (n_units, ...)
        One map for each unit.

    Returns
    -------
    numpy.ndarray, shape (...)
        t with n_units - 1 degrees of freedom.
    """
    n = len(differences)
    mean = differences.mean(axis=0)
    error = np.sqrt(np.maximum(np.mean(differences**2, axis=0) - mean**2, 0.0) / (n - 1))
    # The error of a cell in which nothing varies is rounding.
    flat = error <= 1e-12 * np.abs(mean)
    certain = np.where(mean == 0, 0.0, np.sign(mean) * 1e12)
    return np.asarray(np.where(flat, certain, mean / np.where(flat, 1.0, error)))


def cluster_test(differences: npt.ArrayLike, *, n_permutations: int, seed: int) -> ClusterTest:
    """Find clusters of cells in which maps of units differ from zero.

    Parameters
    ----------
    differences : array_like, shape (n_units, rows, columns)
        One map of differences for each unit, six or more.
    n_permutations : int
        Sign flips of whole units, that of the data included; all of them where they are fewer.
    seed : int
        The flips follow from it.

    Returns
    -------
    ClusterTest
        Clusters of neighbours (by edges) of one sign, the most certain first. The mass of the
        largest cluster of either sign under the flips is what each is judged by.

    References
    ----------
    Maris and Oostenveld (2007), Journal of Neuroscience Methods 164:177-190.
    """
    from mne.stats import permutation_cluster_1samp_test
    from scipy.stats import t as student

    values = np.asarray(differences, dtype=np.float64)
    threshold = float(student.isf(CLUSTER_FORMING_P / 2, len(values) - 1))
    t, clusters, p, drawn = permutation_cluster_1samp_test(
        values,
        threshold=threshold,
        n_permutations=n_permutations,
        stat_fun=student_t,
        out_type="mask",
        seed=seed,
        buffer_size=None,
        verbose="ERROR",
    )
    masses = np.array([float(t[mask].sum()) for mask in clusters])
    labels = np.zeros(t.shape, dtype=np.int64)
    order = np.lexsort((-np.abs(masses), p)) if len(p) else np.empty(0, dtype=np.int64)
    for number, place in enumerate(order, start=1):
        labels[clusters[place]] = number
    return ClusterTest(t, labels, np.asarray(p)[order], masses[order], threshold, len(drawn))


def picture_differences(maps: ComparedMaps) -> Floats:
    """Subtract relevance from gaze on each picture.

    Parameters
    ----------
    maps : ComparedMaps
        Gaze and relevance.

    Returns
    -------
    numpy.ndarray, shape (n_pictures, n_cells)
        Share of the gaze density minus share of the smoothed relevance.
    """
    return as_density(maps.gaze) - as_density(maps.relevance_smooth)


def participant_differences(
    maps: ComparedMaps, people: Sequence[PeopleMaps], chosen: npt.NDArray[np.bool_]
) -> Floats:
    """Subtract relevance from each participant's gaze, and average over pictures.

    Parameters
    ----------
    maps : ComparedMaps
        Relevance.
    people : sequence of PeopleMaps
        What each participant looked at on each picture.
    chosen : numpy.ndarray of bool, shape (n_pictures,)
        Which pictures count.

    Returns
    -------
    numpy.ndarray, shape (n_participants, n_cells)
        For those who saw any of the pictures, by their names: the mean over these, so that gaze
        and relevance are of the same pictures.
    """
    relevance = as_density(maps.relevance_smooth)
    sums: dict[str, Floats] = {}
    counts: dict[str, int] = {}
    for place in np.flatnonzero(chosen):
        for name, own in zip(people[place].names, people[place].maps, strict=True):
            sums[name] = sums.get(name, 0.0) + own - relevance[place]
            counts[name] = counts.get(name, 0) + 1
    return np.stack([sums[name] / counts[name] for name in sorted(sums)])


@dataclass(frozen=True)
class Difference:
    """The difference between gaze and relevance over one kind of unit and some pictures.

    Parameters
    ----------
    unit, expression : str
        Pictures or participants; one expression, or all.
    mean : numpy.ndarray, shape (rows, columns)
        Mean difference of the shares of mass.
    n : int
        Number of units.
    test : ClusterTest or None
        None where there are too few units.
    """

    unit: str
    expression: str
    mean: Floats
    n: int
    test: ClusterTest | None


def map_differences(
    maps: ComparedMaps,
    people: Sequence[PeopleMaps],
    *,
    n_permutations: int,
    seed: int,
    execution: ExecutionSettings,
) -> list[Difference]:
    """Test where gaze and relevance differ: over pictures and over participants.

    Parameters
    ----------
    maps : ComparedMaps
        Gaze and relevance.
    people : sequence of PeopleMaps
        What each participant looked at on each picture.
    n_permutations : int
        Sign flips of each test.
    seed : int
        They follow from it.
    execution : ExecutionSettings
        Number of workers.

    Returns
    -------
    list of Difference
        For each unit, over all pictures and by expression.
    """
    labels = np.array(maps.expressions, dtype=object)
    groups = ["all", *(name for name in EXPRESSIONS if name in set(labels))]
    of_pictures, side = picture_differences(maps), maps.cells_per_side
    asked: list[tuple[str, str, Floats]] = []
    for unit in UNITS:
        for group in groups:
            chosen = np.full(len(labels), True) if group == "all" else labels == group
            values = (
                of_pictures[chosen]
                if unit == "pictures"
                else participant_differences(maps, people, chosen)
            )
            asked.append((unit, group, values.reshape(-1, side, side)))
    return parallel_map(
        partial(_difference, n_permutations=n_permutations, seed=seed),
        asked,
        description="clusters",
        execution=execution,
    )


def _difference(asked: tuple[str, str, Floats], n_permutations: int, seed: int) -> Difference:
    """Average the units of one group, and test them where there are enough."""
    unit, group, units = asked
    test = None
    if len(units) >= FEWEST_UNITS:
        draw = int(generator(seed, "map differences", unit, group).integers(2**31))
        test = cluster_test(units, n_permutations=n_permutations, seed=draw)
    return Difference(unit, group, units.mean(axis=0), len(units), test)
