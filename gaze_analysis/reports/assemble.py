"""The reports of one session put together into one recording, on one axis of time."""

from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.eyelink.calibration import read_calibrations
from gaze_analysis.eyelink.recording import COLUMNS, Recording, table
from gaze_analysis.reports.part import Part
from gaze_analysis.trial_content import stem
from study.errors import InputError

# Between trials whose place in the recording nobody knows.
GAP_MS = 1000.0
TRACKER_TIMES, LAID_OUT = "the tracker's", "laid out"
_EVENTS = ("fixations", "saccades", "blinks")
_RECT = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")
_ONSET = r"^(?:FACE_ON|SYNCTIME)\b"


def assemble(parts: list[Part], tracker: str) -> Recording:
    """Put the reports of one session together.

    Parameters
    ----------
    parts : list of Part
        At least one; trials of the same number are the same.
    tracker : str
        What made the recording, as far as is known.

    Returns
    -------
    Recording
        Times are the tracker's where a report says when trials began; else trials stand one
        after another from 0, `GAP_MS` apart, and ``info["times"]`` is ``laid out``. Messages in
        Data Viewer's protocol say trials, variables, pictures and onsets. Each trial is a block.

    Raises
    ------
    InputError
        If two reports hold the same events of a trial, or their trials cannot be matched.
    """
    trials, place = _match_trials(parts)
    frames = {kind: _gather(parts, place, kind) for kind in (*_EVENTS, "samples", "messages")}
    frames = _once(parts, place, frames)
    trials, laid_out = _with_times(trials, frames, _sample_ms(parts))
    order = np.argsort(trials["zero_ms"].to_numpy(), kind="stable")
    trials["block"] = np.empty(len(trials), np.int32)
    trials.loc[order, "block"] = np.arange(1, len(trials) + 1, dtype=np.int32)
    frames = {kind: _on_axis(frame, trials, kind) for kind, frame in frames.items()}
    return _recording(parts, trials, frames, tracker, laid_out=laid_out)


def _match_trials(parts: list[Part]) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Give one table of trials, and for each part the rows of it that are its trials."""
    tables = []
    for i, part in enumerate(parts):
        others = {other.source.kind for other in parts} - {part.source.kind}
        own = part.trials.assign(key=pd.Series(_keys(part, i, others=bool(others))))
        own["is_trial"] = own.get("is_trial", True)
        tables.append(pd.concat([own, part.variables.add_prefix("var:")], axis=1))
    every = pd.concat(tables, ignore_index=True)
    merged = every.groupby("key", sort=False, dropna=False).first().reset_index()
    rows = pd.Series(np.arange(len(merged)), index=merged["key"])
    place = [rows.loc[own["key"]].to_numpy() for own in tables]
    # Without numbers of their own they are counted.
    if merged["number"].isna().any() or merged["number"].duplicated().any():
        order = merged["zero_ms"].argsort(kind="stable") if _all_timed(merged) else merged.index
        merged.loc[order, "number"] = merged.loc[order, "is_trial"].cumsum().astype(float)
    return merged, place


def _keys(part: Part, place: int, *, others: bool) -> list[object]:
    """Name a report's trials so that the same ones have the same name in all of a session's."""
    trials = part.trials
    if trials["number"].notna().all():
        return trials["number"].tolist()
    if _all_timed(trials):
        return [f"at {zero}" for zero in trials["zero_ms"]]
    if not others:
        # Reports of one kind, such as one for each trial, follow one another.
        return [f"{place} {row}" for row in range(len(trials))]
    raise InputError(
        "Several reports of one session must number their trials (TRIAL_INDEX), but "
        f"{part.source.file} does not. Name the column: trial in [gaze.report.columns]."
    )


def _all_timed(trials: pd.DataFrame) -> bool:
    """Tell whether all trials know when they began."""
    return bool(trials["zero_ms"].notna().all())


def _gather(parts: list[Part], place: list[np.ndarray], kind: str) -> pd.DataFrame:
    """Stack one kind of rows, with the trials' common places and the part that they are of."""
    stacked = [
        part.tables[kind].assign(trial=rows[part.tables[kind]["trial"].to_numpy(int)], part=i)
        for i, (part, rows) in enumerate(zip(parts, place, strict=True))
        if kind in part.tables and len(part.tables[kind])
    ]
    if stacked:
        return pd.concat(stacked, ignore_index=True)
    needed = ["line", "trial", "part", "time_ms", "onset_ms", "offset_ms", "text"]
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in needed})


def _once(
    parts: list[Part], place: list[np.ndarray], frames: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Take each kind of event from the report that is about it; refuse a trial told twice."""
    best = {"fixations": "dv-fixations", "saccades": "dv-saccades", "messages": "dv-messages",
            "blinks": "dv-saccades"}  # fmt: skip
    kinds = [part.source.kind for part in parts]
    chosen = dict(frames)
    for table_name, kind in best.items():
        frame = frames[table_name]
        first = {i for i, own in enumerate(kinds) if own == kind}
        if first & set(frame["part"].unique().tolist()):
            chosen[table_name] = frame[frame["part"].isin(first)].reset_index(drop=True)
    seen: dict[tuple[str, int], int] = {}
    for i, (part, rows) in enumerate(zip(parts, place, strict=True)):
        for row in rows.tolist():
            if (part.source.kind, row) in seen:
                other = parts[seen[part.source.kind, row]].source.file
                raise InputError(
                    f"A trial must stand in one report of its kind, but {other} and "
                    f"{part.source.file} both have trial {part.trials['label'].iloc[0]!r} of "
                    "the session. Leave one of them out, or give them sessions of their own."
                )
            seen[part.source.kind, row] = i
    return chosen


def _sample_ms(parts: list[Part]) -> float:
    """Give the time of one sample; reports of samples know it best."""
    order = sorted(parts, key=lambda part: "samples" not in part.tables)
    return next((part.sample_ms for part in order if not np.isnan(part.sample_ms)), float("nan"))


def _with_times(
    trials: pd.DataFrame, frames: dict[str, pd.DataFrame], sample_ms: float
) -> tuple[pd.DataFrame, bool]:
    """Find when each trial begins and ends, and lay trials out where nobody knows."""
    usual = 1.0 if np.isnan(sample_ms) else sample_ms
    first = np.full(len(trials), np.inf)
    last = np.full(len(trials), -np.inf)
    sampled = set(frames["samples"]["trial"].tolist())
    for kind, frame in frames.items():
        if kind in _EVENTS:  # events may reach over the edges of what was recorded
            frame = frame[~frame["trial"].isin(sampled)]
        names = ("onset_ms", "offset_ms") if kind in _EVENTS else ("time_ms", "time_ms")
        begins, ends = (frame[name].to_numpy(float) for name in names)
        rows = frame["trial"].to_numpy(int)
        np.minimum.at(first, rows, begins)
        np.maximum.at(last, rows, ends)
    first = np.where(np.isfinite(first), np.minimum(first, 0.0), 0.0)
    last = np.where(np.isfinite(last), last, 0.0) + usual
    onset = trials["onset_ms"].fillna(0.0).to_numpy(float)
    end = trials["end_ms"].to_numpy(float)
    reach = np.maximum(last, 0.0)
    last = np.where(np.isnan(end), last, np.maximum(end, onset))
    zero = trials["zero_ms"].to_numpy(float)
    laid_out = bool(np.isnan(zero).any())
    if laid_out:
        length = np.maximum(reach, last) - first + GAP_MS
        zero = np.append(0.0, np.cumsum(length)[:-1]) - first
    return trials.assign(
        zero_ms=zero, start_ms=zero + first, onset_ms=zero + onset, end_ms=zero + last
    ), laid_out


def _on_axis(frame: pd.DataFrame, trials: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Move rows from their trials' times to the session's, in the order of time."""
    rows = frame["trial"].to_numpy(int)
    zero = trials["zero_ms"].to_numpy(float)[rows]
    names = ("onset_ms", "offset_ms") if kind in _EVENTS else ("time_ms",)
    frame = frame.copy()
    for name in names:
        frame[name] = frame[name].to_numpy(float) + zero
    frame["block"] = trials["block"].to_numpy(np.int32)[rows]
    return frame.sort_values(["block", names[0]], kind="stable", ignore_index=True)


def _recording(
    parts: list[Part],
    trials: pd.DataFrame,
    frames: dict[str, pd.DataFrame],
    tracker: str,
    *,
    laid_out: bool,
) -> Recording:
    """Make the value that every reader gives."""
    samples = frames["samples"].drop(columns=["trial", "part", "onset_ms", "offset_ms", "text"],
                                     errors="ignore")  # fmt: skip
    samples = samples.astype({"time_ms": "float64", "line": "int64", "block": "int32"})
    messages = _messages(trials, frames["messages"])
    calibrations, validations, points = read_calibrations(messages)
    tables: dict[str, Any] = {
        kind: frames[kind].reindex(columns=list(COLUMNS[kind])).astype(COLUMNS[kind])
        for kind in _EVENTS
    }
    odd = [part.skipped.assign(file=part.source.table.name) for part in parts if len(part.skipped)]
    skipped = pd.concat(odd, ignore_index=True) if odd else table("skipped", [])
    n_rows = sum(len(part.source.table.cells) + len(part.source.table.skipped) for part in parts)
    info: dict[str, Any] = {
        "preamble": [],
        "tracker": tracker,
        "times": LAID_OUT if laid_out else TRACKER_TIMES,
        "lost": [],
        "n_lines": n_rows + len(parts),
    }
    display = next((part.display for part in parts if part.display is not None), None)
    if display is not None:
        info["display_coords"] = display
    return Recording(
        samples=samples,
        **tables,
        starts=table("starts", []),
        messages=messages,
        calibrations=calibrations,
        validations=validations,
        validation_points=points,
        inputs=table("inputs", []),
        buttons=table("buttons", []),
        blocks=_blocks(trials, frames, _sample_ms(parts)),
        skipped=skipped,
        info=info,
    )


def _blocks(
    trials: pd.DataFrame, frames: dict[str, pd.DataFrame], sample_ms: float
) -> pd.DataFrame:
    """Make a block of each trial: reports hold nothing of what lies between."""
    samples = frames["samples"]
    stamps = samples.groupby("block")["time_ms"].agg(["size", "first", "last"])
    eyes = {eye for kind in _EVENTS for eye in frames[kind].get("eye", pd.Series(dtype=str))}
    if not eyes:
        eyes = {name.split("_")[1] for name in samples.columns if name.startswith("pupil_")}
    order = trials.sort_values("block", kind="stable")
    n_samples = order["block"].map(stamps["size"]).fillna(0).astype("int64")
    rows = pd.DataFrame(
        {
            "line": 0,
            "block": order["block"],
            "start_ms": order["start_ms"],
            "end_ms": order["end_ms"],
            "eyes": " ".join(eye for eye in ("left", "right", "unknown") if eye in eyes),
            "rate_hz": 1000.0 / sample_ms,
            "n_samples": n_samples,
            "first_sample_ms": order["block"].map(stamps["first"]),
            "last_sample_ms": order["block"].map(stamps["last"]),
            "n_lines": 0,
        }
    )
    return rows.reindex(columns=list(COLUMNS["blocks"])).astype(COLUMNS["blocks"])


def _messages(trials: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Add to the messages of the reports those of Data Viewer's protocol that they lack."""
    real = told.reindex(columns=["line", "block", "time_ms", "text"]).assign(n_lines=1, rank=2)
    real["text"] = real["text"].astype("str")
    made = pd.DataFrame(_protocol(trials, real), columns=["block", "rank", "time_ms", "text"])
    both = pd.concat([made.assign(line=0, n_lines=0), real], ignore_index=True)
    both = both.sort_values(["block", "rank", "time_ms"], kind="stable", ignore_index=True)
    both = both.assign(stamp_ms=both["time_ms"], offset_ms=np.nan)
    return both[list(COLUMNS["messages"])].astype(COLUMNS["messages"])


def _protocol(trials: pd.DataFrame, real: pd.DataFrame) -> list[tuple[int, int, float, str]]:
    """Write the messages that say where trials begin, what they are and what was shown."""

    def saying(pattern: str) -> set[int]:
        return set(real.loc[real["text"].str.contains(pattern, regex=True), "block"].tolist())

    has = {name: saying(pattern) for name, pattern in (
        ("start", r"(?:^|\s)TRIALID"), ("onset", _ONSET), ("picture", r"^!V\s+IMGLOAD"),
        ("end", r"^TRIAL_RESULT"),
    )}  # fmt: skip
    named = real["text"].str.extract(r"^FACE_ON\s+(\S+)")[0].groupby(real["block"]).first().dropna()
    variables = [name for name in trials.columns if name.startswith("var:")]
    rows: list[tuple[int, int, float, str]] = []
    for trial in trials[trials["is_trial"].astype(bool)].to_dict("records"):
        block, start, onset = int(trial["block"]), float(trial["start_ms"]), trial["onset_ms"]
        if block not in has["start"]:
            rows.append((block, 0, start, f"TRIALID {_plain(trial['number'])}"))
        for name in variables:
            if isinstance(trial[name], str):
                words = " ".join(trial[name].split())
                rows.append((block, 1, start, f"!V TRIAL_VAR {name.removeprefix('var:')} {words}"))
        if not isinstance(trial["image_id"], str):
            trial["image_id"] = stem(named[block]) if block in named else None
        if isinstance(trial["image_id"], str) and block not in has["picture"]:
            words = _image_words(trial)
            rows.append((block, 1 if words.startswith("!V T") else 2, onset, words))
        if block not in has["onset"]:
            rows.append((block, 2, onset, "SYNCTIME"))
        if block not in has["end"]:
            rows.append((block, 3, float(trial["end_ms"]), "TRIAL_RESULT 0"))
    return rows


def _image_words(trial: dict[Any, Any]) -> str:
    """Say which picture was shown, and where it stood as far as that is known."""
    rect = [trial[name] for name in _RECT]
    if any(np.isnan(value) for value in rect):
        return f"!V TRIAL_VAR image_id {trial['image_id']}"
    at = "CENTER" if trial["place_is"] == "center" else "TOP_LEFT"
    return f"!V IMGLOAD {at} {trial['image_id']} " + " ".join(_plain(value) for value in rect)


def _plain(value: float) -> str:
    """Write a number without a needless decimal point."""
    return str(int(value)) if float(value).is_integer() else str(round(float(value), 3))
