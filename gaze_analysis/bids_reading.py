"""Reads BIDS eye tracking back: samples, events and messages of each recording, its eyes joined."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.bids_columns import ESCAPED, SYSTEMS, UNITS, sample_name, split_events
from gaze_analysis.bids_files import read_tsv_gz, unescaped
from study.errors import InputError

_PHYSIO = re.compile(r"_physio\.tsv(\.gz)?$")
_RECORDING = re.compile(r"_recording-([A-Za-z0-9]+)")
_MS = {"s": 1000.0, "ms": 1.0, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}
_MS |= {"sec": 1000.0, "second": 1000.0, "seconds": 1000.0, "millisecond": 1.0, "milliseconds": 1.0}
_PIXELS = ("pixel", "pixels", "px", "pix")
_TEXTS = ("flags", "target_flags", "message", "trial_type")


@dataclass(frozen=True)
class BidsRecording:
    """One recording, as its BIDS files have it.

    Parameters
    ----------
    name : str
        The files' name without recording and suffix, such as ``sub-01_ses-01_task-faces``.
    samples : pandas.DataFrame
        One row for each sample: time_ms, ``x_left_px``, ``y_left_px``, ``pupil_left`` and so on
        for each eye, and the columns that both share. Where the files have a column ``block``, as
        faceoff's do, rows without one only fill a gap and are left out; other files do not tell
        them from samples without gaze, so that all their rows are kept.
    events : pandas.DataFrame
        Fixations, saccades and blinks: event, eye, onset_ms, offset_ms, duration_ms and the
        columns that `gaze_analysis.importing` gives events.
    messages : pandas.DataFrame
        time_ms, text and what else is known about them.
    facts : dict of str to dict
        What the JSON file of each physio file says, by the label of its recording.
    """

    name: str
    samples: pd.DataFrame
    events: pd.DataFrame
    messages: pd.DataFrame
    facts: dict[str, dict[str, Any]]


def read_bids(path: Path) -> dict[str, BidsRecording]:
    """Read BIDS eye tracking recordings.

    Parameters
    ----------
    path : Path
        A dataset or a folder in it, or one ``*_physio.tsv.gz`` file, which is read with those of
        the other eye.

    Returns
    -------
    dict of str to BidsRecording
        By their names, in order.

    Raises
    ------
    InputError
        If there is no eye tracking, or a file contradicts its JSON file.

    References
    ----------
    BIDS specification 1.11, "Physiological recordings: eye-tracking" (BEP020).
    """
    files = _physio_files(Path(path))
    groups: dict[Path, list[tuple[Path, dict[str, Any]]]] = {}
    for file in files:
        facts = sidecar(file)
        if facts.get("PhysioType") == "eyetrack":
            stem = _RECORDING.sub("", _PHYSIO.sub("", file.name))
            groups.setdefault(file.with_name(stem), []).append((file, facts))
    if not groups:
        raise InputError(
            "BIDS eye tracking must have *_physio.tsv.gz files of PhysioType eyetrack (JSON), "
            f"but {path} has none. Name a dataset, or a folder in it."
        )
    return {stem.name: _read_group(stem.name, group) for stem, group in sorted(groups.items())}


def _physio_files(path: Path) -> list[Path]:
    """List the physio files of a folder, or those of the same recording as a file."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*_physio.tsv*") if _PHYSIO.search(file.name))
    if not path.is_file() or not _PHYSIO.search(path.name):
        raise InputError(
            f"BIDS eye tracking must be a folder or a *_physio.tsv.gz file, but {path} is neither. "
            "Name another one."
        )
    stem = _RECORDING.sub("", path.name)
    beside = path.parent.glob("*_physio.tsv*")
    return sorted(file for file in beside if _RECORDING.sub("", file.name) == stem)


def sidecar(path: Path) -> dict[str, Any]:
    """Read what JSON files say about a table, by BIDS's inheritance principle.

    Parameters
    ----------
    path : Path
        The table.

    Returns
    -------
    dict
        Of all JSON files with the same suffix and no other entities than the table's, in its
        folder and those above it up to the dataset's; the nearest one wins.

    Raises
    ------
    InputError
        If one of them is damaged.
    """
    *entities, suffix = path.name.split(".")[0].split("_")
    folders = [path.parent]
    while not (folders[-1] / "dataset_description.json").exists():
        if folders[-1].parent == folders[-1]:
            folders = folders[:1]  # no dataset: only the file's own folder
            break
        folders.append(folders[-1].parent)
    facts: dict[str, Any] = {}
    for folder in reversed(folders):
        for file in sorted(folder.glob(f"*{suffix}.json"), key=lambda file: len(file.name)):
            *own, its_suffix = file.stem.split("_")
            if its_suffix == suffix and set(own) <= set(entities):
                facts |= _read_json(file)
    return facts


def _read_json(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"A BIDS JSON file must be readable, but {path} is not ({error}). Correct it."
        ) from error
    if not isinstance(facts, dict):
        raise InputError(f"A BIDS JSON file must hold an object, but {path} does not. Correct it.")
    return facts


def _read_group(name: str, group: list[tuple[Path, dict[str, Any]]]) -> BidsRecording:
    """Read the files of one recording, and join its eyes."""
    samples, events, messages, told = [], [], [], {}
    for path, facts in group:
        label = _RECORDING.search(path.name)
        told[label[1] if label else ""] = facts
        eye = facts.get("RecordedEye", "")
        eye = eye if eye in ("left", "right") else "unknown"
        table = _read_table(path, facts)
        to_ms = _milliseconds(table["timestamp"], facts, path)
        stamps = table["timestamp"].to_numpy(float) * to_ms
        samples.append(_own_samples(table, stamps, eye, facts))
        events_path = path.with_name(_PHYSIO.sub(r"_physioevents.tsv\1", path.name))
        if events_path.is_file():
            found, said = _read_events(events_path, stamps, to_ms)
            found.insert(0, "eye", eye)
            events.append(found)
            messages.append(said)
    return BidsRecording(name, _join(samples), _stacked(events), _messages(messages), told)


def _read_table(path: Path, facts: dict[str, Any]) -> pd.DataFrame:
    """Read a table by the columns that its JSON file names."""
    columns = facts.get("Columns")
    is_list = isinstance(columns, list) and all(isinstance(name, str) for name in columns)
    if not is_list or not columns or len(set(columns)) < len(columns):
        raise InputError(
            f"The JSON file of a BIDS recording must name its Columns, each once, but that of "
            f"{path} says {columns!r}. Correct it."
        )
    wanted = (
        ("timestamp", "x_coordinate", "y_coordinate") if _PHYSIO.search(path.name) else ("onset",)
    )
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise InputError(
            f"BIDS eye tracking must have the columns {', '.join(wanted)}, but the JSON file of "
            f"{path} lacks {', '.join(missing)}. Correct it."
        )
    table = read_tsv_gz(path, columns, [name for name in _TEXTS if name in columns])
    for name in wanted:
        if not pd.api.types.is_numeric_dtype(table[name]) and table[name].notna().any():
            word = pd.to_numeric(table[name], errors="coerce").isna() & table[name].notna()
            raise InputError(
                f"The column {name} of a BIDS recording must be numbers, but {path} has "
                f"{table[name][word].iloc[0]!r} (line {int(np.argmax(word)) + 1}; there is no "
                "header line in BIDS). Correct it."
            )
    return table


def _milliseconds(stamps: pd.Series, facts: dict[str, Any], path: Path) -> float:
    """Find how many milliseconds one unit of the time stamps has."""
    unit = str(_of_column(facts, "timestamp").get("Units", "")).strip()
    if unit in _MS:
        return _MS[unit]
    rate_hz = facts.get("SamplingFrequency")
    steps = np.diff(stamps.to_numpy(float))
    if not unit and isinstance(rate_hz, int | float) and rate_hz > 0 and len(steps):
        step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
        for known in (1000.0, 1.0, 1e-3):
            if step > 0 and 0.8 < step * known * rate_hz / 1000 < 1.25:
                return known
    raise InputError(
        f"The time stamps of a BIDS recording must have Units (s, ms, us), but the JSON file of "
        f"{path} says {unit or 'nothing'!r}"
        f"{'' if unit else ', and they do not fit its SamplingFrequency either'}. Add them."
    )


def _of_column(facts: dict[str, Any], name: str) -> dict[str, Any]:
    described = facts.get(name, {})
    return described if isinstance(described, dict) else {}


def _unit(facts: dict[str, Any]) -> str:
    """Name the ending of our columns for a file's coordinate system and unit."""
    system = facts.get("SampleCoordinateSystem")
    unit = str(_of_column(facts, "x_coordinate").get("Units", "")).strip()
    if unit in _PIXELS:
        return "px"
    for ours, known in SYSTEMS.items():
        if (system, unit) == (known, UNITS[ours]):
            return ours
    return re.sub(r"\W", "", unit) or "px"


def _own_samples(
    table: pd.DataFrame, stamps: np.ndarray[Any, Any], eye: str, facts: dict[str, Any]
) -> pd.DataFrame:
    """Give one file's samples our columns, without the rows that only fill gaps."""
    unit = _unit(facts)
    named = {column: sample_name(column, eye, unit) for column in table.columns}
    samples = table.rename(columns=named).assign(time_ms=np.round(stamps, 6))
    if "block" in samples:
        samples = samples[samples["block"].notna()].reset_index(drop=True)
        samples["block"] = samples["block"].astype("int32")
    for name in samples.columns.difference(["block", "flags", "target_flags"]):
        if pd.api.types.is_numeric_dtype(samples[name]):
            samples[name] = samples[name].astype(float)
    return samples


def _join(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the eyes side by side, by their time stamps."""
    joined = parts[0]
    for part in parts[1:]:
        keys = [name for name in ("time_ms", "block") if name in joined and name in part]
        if part.empty or joined.empty:
            joined = part if joined.empty else joined
            continue
        if joined[keys].equals(part[keys]):
            new = part[[name for name in part.columns if name not in joined]]
            joined = pd.concat([joined, new], axis="columns")
            continue
        shared = [name for name in part.columns if name in joined and name not in keys]
        merged = joined.merge(part, on=keys, how="outer", suffixes=("", "_2"))
        for name in shared:
            merged[name] = merged[name].where(merged[name].notna(), merged.pop(f"{name}_2"))
        joined = merged.sort_values("time_ms", kind="stable", ignore_index=True)
    return joined


def _read_events(
    path: Path, stamps: np.ndarray[Any, Any], to_ms: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the events of one file, in milliseconds of its samples' clock."""
    facts = sidecar(path)
    table = _read_table(path, facts)
    onset = table["onset"].to_numpy(float)
    if facts.get("OnsetSource") == "n/a":  # then it is the number of the row
        rows = np.clip(np.nan_to_num(onset).astype(np.int64), 0, max(len(stamps) - 1, 0))
        table["onset"] = np.where(np.isnan(onset), np.nan, stamps[rows] if len(stamps) else np.nan)
    else:
        table["onset"] = np.round(onset * to_ms, 6)
    for name in table.columns.difference([*_TEXTS, "block"]):
        unit = str(_of_column(facts, name).get("Units", ""))
        factor = _MS.get(unit, 1.0)
        if name == "duration":  # in seconds, as everywhere in BIDS, unless the file says otherwise
            table[name] = table[name].astype(float) * (factor / 1000 if unit in _MS else 1.0)
        elif name != "onset" and unit in _MS:
            table[name] = table[name].astype(float) * factor
        elif pd.api.types.is_numeric_dtype(table[name]) or table[name].isna().all():
            table[name] = table[name].astype(float)
    if ESCAPED.items() <= _of_column(facts, "message").items():
        table["message"] = unescaped(table["message"])
    return split_events(table)


def _stacked(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the events of all eyes into one table, in the order of their onset."""
    parts = list(parts)
    whole = [part for part in parts if len(part)] or parts[:1]
    if not whole:
        return pd.DataFrame(columns=["eye", "onset_ms", "duration_ms", "event"])
    events = pd.concat(whole, ignore_index=True)
    return events.sort_values("onset_ms", kind="stable", ignore_index=True)


def _messages(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Take the messages once, where the files of both eyes have them."""
    if not parts:
        return pd.DataFrame(columns=["time_ms", "text"])
    longest = max(parts, key=len)
    own = ["time_ms", "text"]
    known = set(map(tuple, longest[own].to_numpy()))
    more = [part[[row not in known for row in map(tuple, part[own].to_numpy())]] for part in parts]
    more = [part for part in more if len(part)]
    if not more:
        return longest
    joined = pd.concat([longest, *more]).drop_duplicates(own)
    return joined.sort_values("time_ms", kind="stable", ignore_index=True)
