"""Samples of an EDF as the columns of an ASC file."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.eyelink.layout import TARGET

# Bits of a sample's flags, which say what it has.
_LEFT, _RIGHT = 0x8000, 0x4000
_RAW, _HREF, _GAZE = 0x1000, 0x0800, 0x0400
_STATUS, _TARGET, _HALF_MS = 0x0080, 0x0010, 0x0002
_EYES = ((0, "left", _LEFT), (1, "right", _RIGHT))
_LAYOUT = _LEFT | _RIGHT | _RAW | _HREF | _GAZE | _STATUS | _TARGET
_PLACES = {"px": ("gx", "gy"), "href": ("hx", "hy"), "raw": ("px", "py")}
_MISSING = (np.float32(-32768), np.float32(1e8))
# Bits of a sample's errors: interpolated, corneal reflection lost or recovering (left, right).
_INTERPOLATED = 0x1000
_LOST = (0x0100, 0x0200)
_RECOVERING = (0x0400, 0x0800)
_TARGET_SIGNS = "MANCFTBLRTBLR"
_TARGET_BITS = (
    0x4000, 0x2000, 0x1000, 0x0800, 0x0400, 0x0080, 0x0040, 0x0020, 0x0010, 0x0008, 0x0004,
    0x0002, 0x0001,
)  # fmt: skip


def sample_table(samples: NDArray[Any], lines: NDArray[np.int64]) -> pd.DataFrame:
    """Name and scale the samples' values as edf2asc writes them and `read_asc` reads them.

    Parameters
    ----------
    samples : ndarray of SAMPLE, shape (n,)
        What the library gave.
    lines : ndarray of int, shape (n,)
        The line of each one in the ASC file.

    Returns
    -------
    pandas.DataFrame
        As `Recording.samples`, without block; columns that only some samples have are missing
        in the others.
    """
    if not len(samples):
        return pd.DataFrame({"time_ms": np.empty(0), "line": np.empty(0, np.int64)})
    keys = samples["flags"] & _LAYOUT
    target = (samples["flags"] & _TARGET != 0) & (samples["htype"] != 0)
    keys = np.where(target, keys, keys & ~np.uint16(_TARGET))
    columns: dict[str, Any] = {}
    for key in pd.unique(keys):
        rows = np.flatnonzero(keys == key)
        for name, values in _columns(samples[rows], int(key)).items():
            if name not in columns:
                columns[name] = _empty(values, len(samples))
            columns[name][rows] = values
    frame = pd.DataFrame(columns, copy=False)
    for name in ("flags", "target_flags"):
        if name in frame:
            frame[name] = frame[name].astype("str").astype("category")
    return frame.assign(line=lines)


def _empty(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Make a column of missing values of the same kind."""
    if values.dtype == object:
        return np.full(length, None, dtype=object)
    return np.full(length, np.nan)


def _columns(samples: NDArray[Any], layout: int) -> dict[str, NDArray[Any]]:
    """Make the columns of samples that have the same ones."""
    time_ms = samples["time"].astype(np.float64)
    time_ms[samples["flags"] & _HALF_MS != 0] += 0.5
    columns = {"time_ms": time_ms}
    unit = "px" if layout & _GAZE else "href" if layout & _HREF else "raw"
    named = [(index, eye) for index, eye, bit in _EYES if layout & bit]
    eyes = named or [(index, eye) for index, eye, _ in _EYES]  # no value is lost for want of a flag
    for index, eye in eyes:
        x, y = (_rounded(samples[name][:, index]) for name in _PLACES[unit])
        pupil = _rounded(samples["pa"][:, index])
        pupil[np.isnan(x) | np.isnan(y) | np.isnan(pupil)] = 0  # as edf2asc has it
        columns |= {f"x_{eye}_{unit}": x, f"y_{eye}_{unit}": y, f"pupil_{eye}": pupil}
    if layout & _STATUS:
        columns["flags"] = _flags(samples["errors"], [index for index, _ in eyes])
    if layout & _TARGET:
        columns |= dict(zip(TARGET, _target(samples["hdata"]), strict=True))
    return columns


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Round to the one decimal that the file holds and edf2asc writes; missing as nan."""
    rounded = np.rint(values.astype(np.float64) * 10) / 10
    rounded[np.isin(values, _MISSING)] = np.nan
    return rounded


def _flags(errors: NDArray[np.uint16], eyes: list[int]) -> NDArray[Any]:
    """Write a sample's errors as edf2asc does: ``...`` of one eye, ``.....`` of two."""
    words, place = np.unique(errors, return_inverse=True)
    texts = [_flag_text(int(word), eyes) for word in words]
    return np.array(texts, dtype=object)[place]


def _flag_text(errors: int, eyes: list[int]) -> str:
    """Write one combination of errors.

    Examples
    --------
    >>> _flag_text(0x0100, [0]), _flag_text(0x1800, [0, 1])
    ('.C.', 'I...R')
    """
    signs = ["I" if errors & _INTERPOLATED else "."]
    for eye in eyes:
        signs.append("C" if errors & _LOST[eye] else ".")
        signs.append("R" if errors & _RECOVERING[eye] else ".")
    return "".join(signs)


def _target(hdata: NDArray[np.int16]) -> tuple[NDArray[Any], ...]:
    """Give the head target's place in the camera picture, distance and flags.

    The distance is in tenths of a millimetre; -32768 is missing.
    """
    place = hdata[:, :3].astype(np.float64)
    place[place == _MISSING[0]] = np.nan
    words, index = np.unique(hdata[:, 3].astype(np.uint16), return_inverse=True)
    texts = [
        "".join(
            sign if word & bit else "."
            for sign, bit in zip(_TARGET_SIGNS, _TARGET_BITS, strict=True)
        )
        for word in words.tolist()
    ]
    return place[:, 0], place[:, 1], place[:, 2] / 10, np.array(texts, dtype=object)[index]
