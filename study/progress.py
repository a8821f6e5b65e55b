"""What a command says while it works: lines of text, and bars with the time left."""

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")

# In a log, where no bar can move, a line tells how far the work is.
_LOG_EVERY_S = 10.0

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell the user a line, on standard error.

    Parameters
    ----------
    text : str
        The line; square brackets are shown as they are.
    """
    console.print(text, markup=False)


@contextmanager
def bar(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left while the block runs.

    Parameters
    ----------
    description : str
        What is being done, in a few words.
    total : int or None
        How many units there are; None where that is not known.

    Yields
    ------
    callable
        Moves the bar on by a number of units.
    """
    if not console.is_terminal:
        yield _log_progress(description, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        task = progress.add_task(description, total=total)
        yield lambda units: progress.update(task, advance=units)


def _log_progress(description: str, total: int | None) -> Callable[[int], None]:
    """Tell in lines of text, every few seconds, how far the work is."""
    started = said = time.monotonic()
    done = 0

    def advance(units: int) -> None:
        nonlocal done, said
        done += units
        now = time.monotonic()
        if now - said < _LOG_EVERY_S:
            return
        said = now
        left = f", {(now - started) / done * (total - done):.0f} s left" if total and done else ""
        say(f"  {description}: {done} of {total or '?'}{left}")

    return advance


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Go through items and show how far the work is.

    Parameters
    ----------
    items : iterable
        What to go through.
    description : str
        What is being done, in a few words.
    total : int, optional
        How many items there are; by default their length, where they have one.

    Yields
    ------
    object
        The items, in order.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with bar(description, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing while the block runs: the steps in it are parts of something larger."""
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before
