"""What stands for a missing value: "." or what edf2asc -miss was told to write, by evidence."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.eyelink.layout import FLAGS, TARGET_FLAGS

# What EyeLink's own programs write for missing data, whatever the file says elsewhere: the link's
# and the EDF library's number.
ALWAYS_MISSING = (-32768.0, 1e8)
# So many pairs of x and y in events that are one and the same number are no coincidence.
_ENOUGH_PAIRS = 3
_ENOUGH_TRIPLES = 2
_UNITS = ("px", "href", "raw")
_EVENT_PAIRS = {
    "fixations": (("x_{}", "y_{}"),),
    "saccades": (("x_{}", "y_{}"), ("x_end_{}", "y_end_{}")),
}


def is_number(word: str) -> bool:
    """Tell whether a word is a number, in the sense of both Python and pyarrow.

    Parameters
    ----------
    word : str
        The word.

    Returns
    -------
    bool
        True for digits with sign, point or exponent, ``nan`` and ``inf``.

    Examples
    --------
    >>> is_number("-3.5e+06"), is_number("1_0"), is_number(".")
    (True, False, False)
    """
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word


def missing_words(lines: Iterable[Sequence[str]]) -> set[str]:
    """Find words that stand twice in a row where numbers are expected: x and y of missing gaze.

    Parameters
    ----------
    lines : iterable of sequence of str
        The fields of samples or events, without those before the first coordinate.

    Returns
    -------
    set of str
        The words.

    Examples
    --------
    >>> missing_words([["504.1", "395.7", "1138.0", "..."], ["NA", "NA", "0.0", "..."]])
    {'NA'}
    """
    return {
        word
        for fields in lines
        for word, after in itertools.pairwise(fields)
        if word == after and not is_number(word) and not _is_flags(word.encode())
    }


def _is_flags(word: bytes) -> bool:
    return FLAGS.fullmatch(word) is not None or TARGET_FLAGS.fullmatch(word) is not None


def blank_missing_numbers(samples: pd.DataFrame, events: Mapping[str, pd.DataFrame]) -> float:
    """Replace a number that stands for missing gaze by NaN, in place.

    edf2asc writes the missing text for x and y of an eye together, while the pupil is 0. A number
    is taken for it only if all samples of all eyes without a pupil have it for both x and y;
    then it is replaced in samples without a pupil alone, so that gaze which happens to lie there
    is kept. A file of events without samples shows it by events whose x and y are the same
    number, several times.

    Parameters
    ----------
    samples : pandas.DataFrame
        A recording's samples.
    events : mapping of str to pandas.DataFrame
        Its fixations and saccades.

    Returns
    -------
    float
        The number; NaN if there is none beside `ALWAYS_MISSING`.
    """
    _blank_constants(samples, events)
    eyes = [_Eye(samples, *names) for names in _eye_columns(samples)]
    if len(samples):
        found = {value for eye in eyes for value in eye.constants()}
    else:
        found = _event_constants(events)
    value = found.pop() if len(found) == 1 else math.nan
    if math.isnan(value):
        return value
    blind = [eye.blank(value) for eye in eyes]
    for prefix in ("target", "resolution") if blind else ():
        rows = np.logical_and.reduce(blind)
        _blank(samples, _names(samples, prefix), rows, value)
    _blank_events(events, value)
    return value


class _Eye:
    """One eye's columns of samples of one kind."""

    def __init__(self, samples: pd.DataFrame, eye: str, unit: str) -> None:
        self._samples = samples
        self._names = [f"x_{eye}_{unit}", f"y_{eye}_{unit}", f"pupil_{eye}"]
        self._velocity = [f"velocity_{axis}_{eye}_deg_s" for axis in "xy"]
        x, y, pupil = (samples[name].to_numpy() for name in self._names)
        none = (pupil <= 0) & ~(np.isnan(x) & np.isnan(y) & _not_recorded(samples, unit))
        alike = (x == y) & (y == pupil)
        self._blind = none | (alike if alike.sum() >= _ENOUGH_TRIPLES else False)
        self._pair = x, y

    def constants(self) -> set[float]:
        """List the number that all samples without a pupil have for x and y; NaN if they differ."""
        x, y = (values[self._blind] for values in self._pair)
        if not len(x):
            return set()
        return {float(x[0])} if np.all(x == x[0]) and np.all(y == x[0]) else {math.nan}

    def blank(self, value: float) -> NDArray[np.bool_]:
        """Replace the number where there is no pupil; tell where."""
        x, y = self._pair
        rows: NDArray[np.bool_] = self._blind & (x == value) & (y == value)
        _blank(self._samples, [*self._names, *self._velocity], rows, value)
        return rows


def _not_recorded(samples: pd.DataFrame, unit: str) -> NDArray[np.bool_] | bool:
    """Tell which samples are of another kind, in a file that changes between gaze and others."""
    other = [name for name in samples if str(name).split("_")[-1] in _UNITS]
    other = [name for name in other if not str(name).endswith(f"_{unit}")]
    return samples[other].notna().any(axis=1).to_numpy() if other else False


def _eye_columns(samples: pd.DataFrame) -> list[tuple[str, str]]:
    """List the eyes and units of a recording's samples."""
    names = [str(name).split("_") for name in samples if str(name).startswith("x_")]
    return [(eye, unit) for _, eye, unit in names]


def _blank_constants(samples: pd.DataFrame, events: Mapping[str, pd.DataFrame]) -> None:
    """Replace the numbers that EyeLink's programs themselves use."""
    columns = [(samples, name) for name in samples if name != "time_ms"]
    for kind in _EVENT_PAIRS:
        columns += [(events[kind], name) for name in events[kind] if not str(name).endswith("_ms")]
    for frame, name in columns:
        if frame[name].dtype == np.float64:
            values = frame[name].to_numpy()
            rows = (values == ALWAYS_MISSING[0]) | (values == ALWAYS_MISSING[1])
            if rows.any():
                frame[name] = frame[name].mask(rows)


def _event_pairs(
    events: Mapping[str, pd.DataFrame],
) -> Iterable[tuple[pd.DataFrame, str, str]]:
    """List the tables of events with their columns of x and y."""
    for kind, pairs in _EVENT_PAIRS.items():
        for (x, y), unit in itertools.product(pairs, _UNITS):
            if x.format(unit) in events[kind]:
                yield events[kind], x.format(unit), y.format(unit)


def _event_constants(events: Mapping[str, pd.DataFrame]) -> set[float]:
    """List the numbers that are x and y of several events, and never x or y alone."""
    pairs = [frame[[x, y]].to_numpy() for frame, x, y in _event_pairs(events)]
    x, y = np.concatenate(pairs).T
    values, counts = np.unique(x[x == y], return_counts=True)
    enough = values[counts >= _ENOUGH_PAIRS].tolist()
    return {value for value in enough if np.array_equal(x == value, y == value)}


def _blank_events(events: Mapping[str, pd.DataFrame], value: float) -> None:
    """Replace the number in events where x and y both have it."""
    for frame, x, y in _event_pairs(events):
        rows = ((frame[x] == value) & (frame[y] == value)).to_numpy()
        _blank(frame, [x, y, *_names(frame, "amplitude")], rows, value)


def _names(frame: pd.DataFrame, prefix: str) -> list[str]:
    """List the columns whose names begin with a word."""
    return [str(name) for name in frame if str(name).startswith(prefix)]


def _blank(
    frame: pd.DataFrame, names: Sequence[str], rows: NDArray[np.bool_], value: float
) -> None:
    """Replace a number by NaN in some rows of some columns, if it is not the usual pupil of 0."""
    for name in names:
        if name not in frame or frame[name].dtype != np.float64:
            continue
        if name.startswith("pupil") and value == 0:
            continue
        chosen = rows & (frame[name].to_numpy() == value)
        if chosen.any():
            frame[name] = frame[name].mask(chosen)
