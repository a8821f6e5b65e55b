"""Sample lines of EyeLink's ASC format, as edf2asc writes them for one eye, by looking them up."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from experiment.gaze_trace import FloatArray, GazeTrace, IntArray

# Tenths that fit into a field of seven signs.
_LOWEST_TENTH, _HIGHEST_TENTH = -99_999, 999_999


def prepare() -> None:
    """Make the table from which samples are written, so that no recording waits for it."""
    _written_tenths()


def sample_lines(trace: GazeTrace) -> tuple[bytes, IntArray]:
    """Write all samples of a trace.

    Parameters
    ----------
    trace : GazeTrace
        Samples; gaze from -9999.9 to 99999.9 pixels.

    Returns
    -------
    lines : bytes
        One line for each sample.
    starts : ndarray of int, shape (n + 1,)
        Where each line begins in `lines`, and where the last one ends.

    Raises
    ------
    ValueError
        If a number does not fit into its field.
    """
    missing = np.isnan(trace.x_px)
    tab = np.full((len(missing), 1), ord("\t"), dtype=np.uint8)
    flags = np.tile(np.frombuffer(b"\t...\n", dtype=np.uint8), (len(missing), 1))
    table = np.hstack(
        [
            _digits(trace.time_ms), tab, _field(trace.x_px, missing), tab,
            _field(trace.y_px, missing), tab, _tenths(np.where(missing, 0.0, trace.pupil)), flags,
        ]
    )  # fmt: skip
    # A byte of 0 fills up what is shorter than its field.
    written = table[table != 0]
    starts = np.concatenate([[0], np.flatnonzero(written == ord("\n")) + 1])
    return written.tobytes(), starts


def _field(values: FloatArray, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Write a coordinate of each sample, or the point that stands for a missing one."""
    field = _tenths(np.where(missing, 0.0, values))
    field[missing] = np.frombuffer(b"   .\0\0\0", dtype=np.uint8)
    return field


def _tenths(values: FloatArray) -> NDArray[np.uint8]:
    """Write numbers with one decimal in seven signs each, by looking them up."""
    tenths = np.rint(values * 10.0).astype(np.int64)
    if tenths.size and not (_LOWEST_TENTH <= tenths.min() <= tenths.max() <= _HIGHEST_TENTH):
        raise ValueError(
            f"a sample must lie within {_LOWEST_TENTH / 10} and {_HIGHEST_TENTH / 10} but "
            f"reaches {values.min()} to {values.max()}"
        )
    written: NDArray[np.uint8] = _written_tenths()[tenths - _LOWEST_TENTH]
    return written


@cache
def _written_tenths() -> NDArray[np.uint8]:
    """Write every number that a field can hold, once."""
    tenths = np.arange(_LOWEST_TENTH, _HIGHEST_TENTH + 1, dtype=np.int32)
    whole = np.abs(tenths)[:, None] // 10
    powers = 10 ** np.arange(4, -1, -1, dtype=np.int32)
    written = np.full((len(tenths), 7), ord("."), dtype=np.uint8)
    written[:, :5] = whole // powers % 10 + ord("0")
    written[:, :4][whole < powers[:4]] = ord(" ")
    written[:, 6] = np.abs(tenths) % 10 + ord("0")
    negative = np.flatnonzero(tenths < 0)
    n_digits = np.maximum((whole[negative] >= powers).sum(axis=1), 1)
    written[negative, 4 - n_digits] = ord("-")
    return written


def _digits(numbers: IntArray) -> NDArray[np.uint8]:
    """Write whole numbers above zero, with bytes of 0 before the shorter ones."""
    powers = 10 ** np.arange(len(str(int(numbers.max()))) - 1, -1, -1)
    digits = (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    digits[numbers[:, None] < powers] = 0
    return digits
