"""Libraries kept from what is not theirs: the log, the user's screen, the shared randomness."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar

import numpy as np

from gaze_analysis.detection.trace import EyeTrace, Interval

Parameters = TypeVar("Parameters")
Detector = Callable[[EyeTrace, Parameters], list[Interval]]


def with_quiet_log(method: Detector[Parameters]) -> Detector[Parameters]:
    """Leave logging as it was: two of the libraries set it up when they are imported."""

    @wraps(method)
    def quiet(trace: EyeTrace, settings: Parameters) -> list[Interval]:
        root, own = logging.getLogger(), logging.getLogger("remodnav")
        before = root.level, own.level, list(root.handlers)
        own.setLevel(logging.ERROR)
        try:
            return method(trace, settings)
        finally:
            root.setLevel(before[0])
            own.setLevel(before[1])
            root.handlers[:] = before[2]

    return quiet


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep a library's warnings about windows without gaze from the user."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def own_randomness() -> Iterator[None]:
    """Give a library that draws from NumPy's shared generator the same numbers every time."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
