"""Detectors against two human coders: the table of faceoff gaze validate, and its verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.detection.agreement import (
    cohen_kappa,
    event_f1,
    labelled_events,
    match_events,
)
from gaze_analysis.detection.detect import DEFAULT_METHOD, detect_intervals
from gaze_analysis.detection.hand_labels import (
    CODERS,
    LABELS,
    PICTURES,
    LabelledRecording,
    find_pairs,
    read_pair,
)
from study.errors import InputError
from study.parallel import parallel_map
from study.settings.execution import ExecutionSettings
from study.settings.gaze_events import EventSettings

# What the default detector must reach on pictures, against both coders.
REQUIRED = {"fixation": 0.80, "saccade": 0.76}
KINDS = ("fixation", "saccade", "pso")
ALL = "all"
AGREEMENT_COLUMNS = {
    "category": "What was shown: pictures, dots, video, or other.",
    "recording": "The recording; all: the samples of all recordings together.",
    "labels": "Who labelled: a detector, or a coder (the human ceiling).",
    "against": "The coder that it is set against.",
    "n_samples": "Number of samples.",
    **{f"kappa_{kind}": f"Cohen's kappa of samples, {kind} against the rest." for kind in KINDS},
    **{
        f"f1_{kind}": f"F1 of {kind} events, matched by overlap."
        for kind in ("fixation", "saccade")
    },
    **{f"n_{kind}": f"Number of {kind} events." for kind in ("fixation", "saccade")},
    **{f"{kind}_ms": f"Mean duration of {kind} events, in ms." for kind in ("fixation", "saccade")},
}


@dataclass(frozen=True)
class Labelling:
    """What coders and detectors called the samples of one recording.

    Parameters
    ----------
    name, category : str
        The recording, and what it shows.
    interval_ms : float
        Time between samples.
    labels : dict of str to ndarray of int, shape (n,)
        By coder or detector.
    """

    name: str
    category: str
    interval_ms: float
    labels: dict[str, NDArray[np.int64]]


def validate(folder: Path, methods: Iterable[str], jobs: int = 0) -> pd.DataFrame:
    """Set detectors against the coders of a folder of labelled recordings.

    Parameters
    ----------
    folder : Path
        Pairs of .mat files in the layout of Andersson et al. (2017).
    methods : iterable of str
        Detectors.
    jobs : int, default 0
        Workers; 0 uses every core.

    Returns
    -------
    pandas.DataFrame
        The columns of `AGREEMENT_COLUMNS`: for each category all recordings together, then
        each one; detectors against both coders, and coder MN against coder RA.

    Raises
    ------
    InputError
        If the folder holds no pair, or a file has another layout.
    """
    pairs = find_pairs(folder)
    labelled = parallel_map(
        _LabelRecording(tuple(methods)),
        pairs,
        description="recordings",
        execution=ExecutionSettings(jobs=jobs),
    )
    recordings = [labelling for labelling in labelled if labelling is not None]
    if not recordings:
        raise InputError(
            f"Labelled recordings must be the same in both coders' files, but none of the "
            f"{len(pairs)} in {folder} is. Take both files from one release of the set."
        )
    rows = []
    for category in dict.fromkeys(recording.category for recording in recordings):
        own = [recording for recording in recordings if recording.category == category]
        rows += agreement_rows(own, category, ALL)
        for recording in own:
            rows += agreement_rows([recording], category, recording.name)
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


@dataclass(frozen=True)
class _LabelRecording:
    """Labels one recording in a worker."""

    methods: tuple[str, ...]

    def __call__(self, pair: tuple[str, Path, Path]) -> Labelling | None:
        recording = read_pair(*pair)
        return None if recording is None else label(recording, self.methods, EventSettings())


def label(
    recording: LabelledRecording, methods: Iterable[str], settings: EventSettings
) -> Labelling:
    """Let detectors label a recording.

    Parameters
    ----------
    recording : LabelledRecording
        Gaze and the coders' labels.
    methods : iterable of str
        Detectors.
    settings : EventSettings
        Their parameters.

    Returns
    -------
    Labelling
        The coders' labels and those of the detectors.
    """
    labels = dict(recording.labels)
    for method in methods:
        own = np.zeros(len(recording.trace.time_ms), np.int64)
        _, intervals = detect_intervals(recording.trace, settings, method=method)
        for kind, first, end in intervals:
            own[first:end] = LABELS[kind]
        labels[method] = own
    interval_ms = recording.trace.stretches[0].interval_ms
    return Labelling(recording.name, recording.category, interval_ms, labels)


def agreement_rows(
    recordings: list[Labelling], category: str, name: str
) -> list[dict[str, float | str | int]]:
    """Measure the agreement of all who labelled some recordings with the coders.

    Parameters
    ----------
    recordings : list of Labelling
        Their samples and events are pooled.
    category, name : str
        For the columns of these names.

    Returns
    -------
    list of dict
        Rows of the table: the coders with each other, then each detector with each coder.
    """
    who = {"category": category, "recording": name}
    methods = [name for name in recordings[0].labels if name not in CODERS]
    pairs = [(CODERS[1], CODERS[0]), (CODERS[0], CODERS[1])]
    pairs += [(method, coder) for method in methods for coder in CODERS]
    return [
        who
        | {"labels": first if first in methods else f"coder {first}", "against": second}
        | _agreement(recordings, first, second)
        for first, second in pairs
    ]


def _agreement(recordings: list[Labelling], first: str, second: str) -> dict[str, float | int]:
    """Measure the agreement of one who labelled with another."""
    mine = np.concatenate([recording.labels[first] for recording in recordings])
    others = np.concatenate([recording.labels[second] for recording in recordings])
    row: dict[str, float | int] = {"n_samples": len(mine)}
    for kind in KINDS:
        found = mine == LABELS[kind]
        # Who never uses a label cannot be said to disagree about it.
        known = found.any()
        row[f"kappa_{kind}"] = cohen_kappa(found, others == LABELS[kind]) if known else np.nan
    for kind in ("fixation", "saccade"):
        n_matched = n_mine = n_others = 0
        total_ms = 0.0
        for recording in recordings:
            own = labelled_events(recording.labels[first], LABELS[kind])
            other = labelled_events(recording.labels[second], LABELS[kind])
            n_matched += len(match_events(own, other))
            n_mine, n_others = n_mine + len(own), n_others + len(other)
            total_ms += float(np.diff(own, axis=1).sum()) * recording.interval_ms
        row[f"f1_{kind}"] = event_f1(n_matched, n_mine, n_others) if n_mine else np.nan
        row[f"n_{kind}"] = n_mine
        row[f"{kind}_ms"] = total_ms / n_mine if n_mine else np.nan
    return row


def verdict(table: pd.DataFrame) -> tuple[bool, str]:
    """Judge the default detector on the pictures.

    Parameters
    ----------
    table : pandas.DataFrame
        What `validate` returns.

    Returns
    -------
    passed : bool
        Whether its kappas reach `REQUIRED` against both coders.
    text : str
        The figures, and which of them are too low.
    """
    rows = table[
        (table["category"] == PICTURES)
        & (table["recording"] == ALL)
        & (table["labels"] == DEFAULT_METHOD)
    ]
    if rows.empty:
        return False, (
            f"{DEFAULT_METHOD} cannot be judged: no recording is of still pictures by its name"
        )
    shown, passed = [], True
    for kind, required in REQUIRED.items():
        values = rows[f"kappa_{kind}"].to_numpy(float)
        reached = bool((values >= required).all())
        passed &= reached
        figures = " and ".join(
            f"{value:.3f} ({coder})" for value, coder in zip(values, rows["against"], strict=True)
        )
        needed = f"at least {required:.2f}"
        shown.append(f"{kind}s {figures}, {needed}: {'reached' if reached else 'NOT reached'}")
    return passed, f"{DEFAULT_METHOD} on pictures, kappa: " + "; ".join(shown)


def shown_table(table: pd.DataFrame) -> str:
    """Lay the table out as text.

    Parameters
    ----------
    table : pandas.DataFrame
        What `validate` returns.

    Returns
    -------
    str
        One table for all recordings of each category, and one of the default detector's and
        the coders' kappas for each recording.
    """
    pieces = []
    for category, own in table.groupby("category", sort=False):
        pooled = own[own["recording"] == ALL]
        single = own[
            (own["recording"] != ALL)
            & (own["labels"].str.startswith("coder MN") | (own["labels"] == DEFAULT_METHOD))
        ]
        n = own["recording"].nunique() - 1
        title = f"{category}: {n} recording{'s' if n != 1 else ''} together"
        pieces.append(title + "\n" + _text(pooled.drop(columns=["category", "recording"])))
        kappas = ["recording", "labels", "against", "n_samples", *(f"kappa_{k}" for k in KINDS)]
        pieces.append(f"{category}: each recording\n" + _text(single[kappas]))
    return "\n\n".join(pieces)


def _text(rows: pd.DataFrame) -> str:
    """Write rows as aligned text, kappas and F1 with three digits."""
    digits = {name: 1 if name.endswith("_ms") else 3 for name in rows.columns}
    shown = {
        name: rows[name].map(lambda value, n=digits[name]: f"{value:.{n}f}", na_action="ignore")
        for name in rows.columns
        if rows[name].dtype == np.float64
    }
    return rows.assign(**shown).fillna("-").to_string(index=False)
