"""Where networks work: here with all cores, or one at a time on each of several workers."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.network import BATCH, Network, read_network
from study.folder import Study
from study.parallel import parallel_map
from study.progress import track
from study.provenance import Step, run_step
from study.settings.execution import ExecutionSettings
from study.writing import remove_file

Item = TypeVar("Item")
Result = TypeVar("Result")


def train_and_judge(steps: Iterable[tuple[Study, Step]], *, jobs: int, force: bool = False) -> None:
    """Do trainings, several at a time where that is asked for, and then what judges the networks.

    A worker has one network at a time and few threads. It reads and writes the study's folder,
    which all machines of a cluster must see under the same path.

    Parameters
    ----------
    steps : iterable of (Study, Step)
        Trainings, none of which needs what another one makes, and steps after them. The study's
        settings name the scheduler of a cluster, if there is one.
    jobs : int
        Trainings at the same time on this computer, 1 or more.
    force : bool, default False
        Do even what is up to date; no training goes on where it was broken off.

    Raises
    ------
    InputError
        If a training cannot be done, or the scheduler does not answer.
    """
    kinds: dict[bool, list[tuple[Study, Step]]] = {True: [], False: []}
    for study, step in steps:
        kinds[any(path.name == "weights.h5" for path in step.outputs)].append((study, step))
    trainings, others = kinds[True], kinds[False]
    if force:
        for _, step in trainings:
            remove_file(step.outputs[0].with_name("checkpoint.npz"))
    scheduler = trainings[0][0].settings.execution.scheduler if trainings else ""
    if jobs > 1 or scheduler:
        threads = 0 if scheduler else max(1, (os.cpu_count() or 1) // jobs)
        parallel_map(
            _Training(force, threads),
            trainings,
            description="trainings",
            execution=ExecutionSettings(jobs=jobs, scheduler=scheduler),
        )
        trainings = []
    for study, step in (*trainings, *others):
        run_step(study, step, force=force)


@dataclass(frozen=True)
class _Training:
    """Does a training in a worker, with as many threads as it may have."""

    force: bool
    threads: int  # 0: as many as the worker's environment says

    def __call__(self, work: tuple[Study, Step]) -> None:
        _bound_threads(self.threads)
        run_step(*work, force=self.force)


def map_with_network(
    function: Callable[[Any, Item], Result],
    network: Network,
    items: Sequence[Item],
    *,
    study: Study,
    description: str,
) -> list[Result]:
    """Apply a function of a network to each item, on a cluster where the study names one.

    Here it uses all cores by itself. Each worker of a cluster reads the network once.

    Parameters
    ----------
    function : callable
        Takes the network and an item; can be pickled.
    network : Network
        As `cnn.network.read_network` gives it.
    items : sequence
        What to apply it to.
    study : Study
        Its settings name the scheduler, and its seed.
    description : str
        What is being done, in a few words, for the progress bar; empty for none.

    Returns
    -------
    list
        The results, in the order of the items.

    Raises
    ------
    InputError
        As `study.parallel.parallel_map`.
    """
    execution = study.settings.execution
    if not execution.scheduler:
        shown = track(items, description) if description else items
        return [function(network, item) for item in shown]
    written_ns = (network.folder / "weights.h5").stat().st_mtime_ns
    work = _WithNetwork(function, network.folder, written_ns, study.settings.study.seed)
    return parallel_map(work, items, description=description, execution=execution)


def logits_apart(
    study: Study, network: Network, pictures: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Compute a network's answers to pictures, on a cluster where the study names one.

    Parameters
    ----------
    study : Study
        Its settings name the scheduler.
    network : Network
        As `cnn.network.read_network` gives it.
    pictures : ndarray of uint8, shape (n, input_px, input_px, 3)
        RGB pictures.

    Returns
    -------
    ndarray of float32, shape (n, n_expressions)
        The logit of each expression.

    Raises
    ------
    InputError
        As `map_with_network`, and `Network.logits`.
    """
    if not study.settings.execution.scheduler:
        return network.logits(pictures)
    # Whole batches: how pictures are put together changes the last bits of an answer.
    parts = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
    found = map_with_network(Network.logits, network, parts, study=study, description="answers")
    return np.concatenate([network.logits(pictures[:0]), *found])


@dataclass(frozen=True)
class _WithNetwork:
    """Gives a function its network in a worker."""

    function: Callable[[Any, Any], Any]
    folder: Path
    written_ns: int
    seed: int

    def __call__(self, item: Any) -> Any:
        _bound_threads(0)
        return self.function(_network_of_worker(self.folder, self.written_ns, self.seed), item)


@lru_cache(maxsize=1)
def _network_of_worker(folder: Path, written_ns: int, seed: int) -> Network:
    """Read the network that a worker is to use, and keep it until another is wanted."""
    make_deterministic(seed)
    return read_network(folder)


def _bound_threads(threads: int) -> None:
    """Give TensorFlow its threads; 0 for as many as the worker's environment says."""
    # TensorFlow reads these when it is loaded. Dask starts its workers with OMP_NUM_THREADS.
    threads = threads or int(os.environ.get("OMP_NUM_THREADS", "1"))
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
