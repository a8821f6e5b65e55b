"""Parallel work: the same code on one core, on all of them, or on a Dask cluster."""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from study.errors import InputError
from study.progress import track
from study.settings.execution import ExecutionSettings

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    description: str,
    execution: ExecutionSettings,
) -> list[Result]:
    """Apply a function to each item, on as many workers as the settings say.

    Parameters
    ----------
    function : callable
        A function of one item that can be pickled.
    items : iterable
        What to apply it to.
    description : str
        What is being done, in a few words, for the progress bar.
    execution : ExecutionSettings
        Number of workers, and the address of a Dask scheduler if there is one.

    Returns
    -------
    list
        The results, in the order of the items.

    Raises
    ------
    InputError
        If the scheduler does not answer or has no worker, Dask is not installed, or workers die
        at their work.

    Examples
    --------
    >>> parallel_map(abs, [-1, 2], description="abs", execution=ExecutionSettings(jobs=1))
    [1, 2]
    """
    items = list(items)
    if execution.scheduler:
        done = _on_cluster(function, items, execution.scheduler)
    elif execution.jobs == 1:
        done = ((place, function(item)) for place, item in enumerate(items))
    else:
        done = _on_cores(function, items, execution.jobs)
    results = dict(track(done, description, total=len(items)))
    return [results[place] for place in range(len(items))]


def _on_cores(
    function: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[tuple[int, Result]]:
    """Give each item's place and result, computed by processes of this computer."""
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    parallel = joblib.Parallel(n_jobs=jobs or -1, return_as="generator")
    try:
        yield from enumerate(parallel(joblib.delayed(function)(item) for item in items))
    except TerminatedWorkerError as error:
        raise InputError(
            f"The processes must come back, but one died ({_first_line(error)}). This is most "
            "often for lack of memory: take fewer at a time with --jobs."
        ) from error


def _on_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], address: str
) -> Iterator[tuple[int, Result]]:
    """Give each item's place and result as they come from a Dask cluster's workers.

    Dask is asked directly, for joblib's backend waits for ever where a worker dies at a task each
    time, hashes the function, and sends arrays ahead to one worker, with which they are lost.
    """
    with _client(address) as client:
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        with warnings.catch_warnings():
            # Pictures are sent with their work: what is sent ahead is lost with its worker.
            warnings.filterwarnings("ignore", message="Sending large graph")
            sent = {client.submit(function, item, pure=False): i for i, item in enumerate(items)}
        try:
            for future in as_completed(sent):
                yield sent.pop(future), future.result()
        except KilledWorker as error:
            raise InputError(
                "A worker must come back, but several died at the same work. This is most often "
                "for lack of memory: see the workers' output, and give them more."
            ) from error
        except (CommClosedError, FutureCancelledError) as error:
            raise InputError(
                f"The Dask scheduler at {address} must stay, but it went away. Start it again, "
                "and then the command, which leaves out what is done."
            ) from error


@contextmanager
def _client(address: str) -> Iterator["Client"]:
    """Connect to a Dask scheduler that has workers."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "A scheduler needs Dask, but it is not installed. "
            "Install it: pip install 'faceoff[scale]'."
        ) from error
    # What goes wrong with the connection is said in one message of ours, without Dask's tracebacks.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise InputError(
            f"A Dask scheduler must answer at {address}, but it did not ({error}). "
            "Start it with `dask scheduler`, or leave --scheduler out."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=10)
        except TimeoutError as error:
            raise InputError(
                f"The Dask scheduler at {address} must have workers, but none came within 10 s. "
                f"Start some: dask worker {address} --nthreads 1."
            ) from error
        yield client


def _first_line(error: Exception) -> str:
    """Give the beginning of a long message."""
    return str(error).partition(". ")[0]
