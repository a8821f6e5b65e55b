"""Parallel work: the same code on one core, on all of them, or on a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from study.errors import InputError
from study.progress import track
from study.settings.execution import ExecutionSettings

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
        If the scheduler does not answer or Dask is not installed.

    Examples
    --------
    >>> parallel_map(abs, [-1, 2], description="abs", execution=ExecutionSettings(jobs=1))
    [1, 2]
    """
    items = list(items)
    if execution.jobs == 1 and not execution.scheduler:
        return [function(item) for item in track(items, description)]
    import joblib

    with _backend(execution):
        parallel = joblib.Parallel(n_jobs=execution.jobs or -1, return_as="generator")
        results = parallel(joblib.delayed(function)(item) for item in items)
        return list(track(results, description, total=len(items)))


@contextmanager
def _backend(execution: ExecutionSettings) -> Iterator[None]:
    """Choose joblib's own processes, or the Dask cluster of the settings."""
    if not execution.scheduler:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "A scheduler needs Dask, but it is not installed. "
            "Install it: pip install 'faceoff[scale]'."
        ) from error
    import joblib

    try:
        client = Client(execution.scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise InputError(
            f"A Dask scheduler must answer at {execution.scheduler}, but it did not ({error}). "
            "Start it with `dask scheduler`, or leave --scheduler out."
        ) from error
    with client, joblib.parallel_config(backend="dask"):
        yield
