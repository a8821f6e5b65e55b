"""Recordings in sourcedata become samples, events, messages and overviews of all sessions."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.eyelink import Recording, read_recording
from gaze_analysis.eyelink.clock import split_at_clock
from gaze_analysis.eyelink.edf import is_edf
from gaze_analysis.eyelink.files import without_twins
from gaze_analysis.overviews import OVERVIEWS, recording_row
from gaze_analysis.reports.session import read_reports, report_files
from study.errors import InputError
from study.folder import TRIAL_RUNS, Study
from study.parallel import parallel_map
from study.progress import say
from study.tables import read_table, write_table
from study.writing import atomic_path

_EVENT_KINDS = {"fixations": "fixation", "saccades": "saccade", "blinks": "blink"}
_ASC = re.compile(r"\.asc(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Session:
    """One session that has recordings.

    Parameters
    ----------
    participant_id, session : str
        Such as ``sub-001`` and ``01``.
    files : tuple of Path
        Its ASC or EDF files in the order of their names: the parts of an interrupted session;
        or the reports of one recording.
    """

    participant_id: str
    session: str
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The stem of its files, such as ``sub-001_ses-01``."""
        return f"{self.participant_id}_ses-{self.session}"


def rows_by_session(table: pd.DataFrame, sessions: list[Session]) -> list[pd.DataFrame]:
    """Split a table of a study into those of its sessions, in one pass.

    Parameters
    ----------
    table : pandas.DataFrame
        Names participant_id and session.
    sessions : list of Session
        Whose rows are wanted.

    Returns
    -------
    list of pandas.DataFrame
        The rows of each session, numbered from 0; none where the table does not name it.
    """
    places = table.groupby(["participant_id", "session"]).indices
    none = np.empty(0, dtype=np.intp)
    return [
        table.iloc[places.get((session.participant_id, session.session), none)].reset_index(
            drop=True
        )
        for session in sessions
    ]


def recorded_sessions(study: Study) -> list[Session]:
    """List the sessions that hold recordings or reports and are to be analysed.

    Parameters
    ----------
    study : Study
        The study; its setting [gaze] modes says which sessions count. Those of pilots and tests
        are in ``pilotdata`` and ``testdata``, which are not even looked at unless it says so.

    Returns
    -------
    list of Session
        In the order of their names; real sessions first.

    Raises
    ------
    InputError
        If a session is in another folder than its label says, or its session.json is damaged.
    """
    modes = study.settings.gaze.modes
    found = []
    for place in ("real", *(mode for mode in TRIAL_RUNS if mode in modes)):
        for folder in sorted(study.data_dir(place).glob("sub-*/ses-*")):
            session = Session(
                folder.parent.name,
                folder.name.removeprefix("ses-"),
                recording_files(folder) or report_files(folder),
            )
            if session.files and session_facts(folder).get("mode", place) in modes:
                _check_place(study, session, folder)
                found.append(session)
    return found


def _check_place(study: Study, session: Session, folder: Path) -> None:
    """Refuse a session where nothing else would look for it."""
    right = study.session_dir(session.participant_id, session.session)
    if right != folder:
        raise InputError(
            f"A session must be in the folder that its label says, but {session.name} is in "
            f"{folder.parent.parent.name}, and labels that begin with {' or '.join(TRIAL_RUNS)} "
            f"mean sessions of that kind. Rename it, or move it to {right}."
        )


def recording_files(folder: Path) -> tuple[Path, ...]:
    """List the recordings of a folder in the order of their names; of EDF and ASC the ASC."""
    return tuple(without_twins(_all_recording_files(folder))[0])


def _all_recording_files(folder: Path) -> list[Path]:
    """List ASC files, plain and compressed, and EDF, which may also be EEG by its name."""
    files = sorted(path for path in folder.glob("[!.]*") if path.is_file())
    return [
        path
        for path in files
        if _ASC.search(path.name) or (path.suffix.lower() == ".edf" and is_edf(path))
    ]


def session_facts(folder: Path) -> dict[str, Any]:
    """Read what a session noted about itself.

    Parameters
    ----------
    folder : Path
        The session's folder in sourcedata.

    Returns
    -------
    dict
        The content of session.json; empty where there is none.

    Raises
    ------
    InputError
        If session.json is damaged.
    """
    path = folder / "session.json"
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"session.json must be JSON, but {path} is not ({error}). Restore it."
        ) from error
    if not isinstance(facts, dict):
        raise InputError(f"session.json must hold an object, but {path} does not. Restore it.")
    return facts


def session_parts(study: Study) -> dict[str, int]:
    """Tell how many parts with a clock of their own imported sessions have.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to int
        By the names of sessions; empty where nothing is imported yet.
    """
    path = study.gaze_dir / "recordings.tsv"
    if not path.is_file():
        return {}
    columns = {"participant_id": str, "session": str, "n_parts": int}
    table = read_table(path, what="The overview of recordings", columns=columns)
    names = table["participant_id"] + "_ses-" + table["session"]
    return dict(zip(names.tolist(), table["n_parts"].tolist(), strict=True))


def samples_path(study: Study, name: str) -> Path:
    """Name the file of a session's samples."""
    return study.gaze_dir / "samples" / f"{name}.parquet"


def raw_events_path(study: Study, name: str) -> Path:
    """Name the file of a session's events as the tracker found them."""
    return study.gaze_dir / "raw_events" / f"{name}.parquet"


def messages_path(study: Study, name: str) -> Path:
    """Name the file of a session's messages."""
    return study.gaze_dir / "messages" / f"{name}.parquet"


def import_sessions(study: Study) -> None:
    """Read all sessions' recordings, and write samples, events, messages and overviews.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If there is no recording, or one of them is no EyeLink recording.
    """
    sessions = recorded_sessions(study)
    if not sessions:
        raise InputError(
            f"A study needs recordings (.asc, .asc.gz, .edf), but {study.sourcedata} holds none of "
            f"a session in the modes {', '.join(study.settings.gaze.modes)}. Run or simulate a "
            "session (faceoff experiment), or name files: faceoff gaze import FILES."
        )
    for session in sessions:
        folder = study.session_dir(session.participant_id, session.session)
        say_twins(without_twins(_all_recording_files(folder))[1])
    results = parallel_map(
        _ImportSession(study),
        sessions,
        description="reading recordings",
        execution=study.settings.execution,
    )
    for name, columns in OVERVIEWS.items():
        frames = [result[name] for result in results]
        write_table(study.gaze_dir / f"{name}.tsv", pd.concat(frames, ignore_index=True), columns)
    _say_import(study, results)


def say_twins(twins: list[Path]) -> None:
    """Say which EDF files are not read, because their ASC files are."""
    for path in twins:
        say(f"{path.name} is not read: the ASC file of the same name is the same recording")


@dataclass(frozen=True)
class _ImportSession:
    """Reads one session in a worker, and leaves its large tables in files."""

    study: Study

    def __call__(self, session: Session) -> dict[str, pd.DataFrame]:
        study = self.study
        names = [path.relative_to(study.root).as_posix() for path in session.files]
        if session.files[0].suffix == ".tsv":
            facts = session_facts(session.files[0].parent)
            parts, names = [read_reports(study, session.files, facts)], [" ".join(names)]
        else:
            found = [split_at_clock(read_recording(path)) for path in session.files]
            parts = [part for pieces in found for part in pieces]
            names = [name for name, own in zip(names, found, strict=True) for _ in own]
        _write_parquet(samples_path(study, session.name), _join(parts, lambda r: r.samples))
        _write_parquet(raw_events_path(study, session.name), _join(parts, _all_events))
        _write_parquet(messages_path(study, session.name), _join(parts, lambda r: r.messages))
        who = {"participant_id": session.participant_id, "session": session.session}
        skipped = [
            part.skipped if "file" in part.skipped else part.skipped.assign(file=name)
            for part, name in zip(parts, names, strict=True)
        ]
        tables = {
            "recordings": pd.DataFrame([recording_row(parts, names)]),
            "blocks": _join(parts, lambda recording: recording.blocks).assign(
                file=lambda blocks: blocks["part"].map(dict(enumerate(names, start=1)))
            ),
            "calibrations": _join(parts, lambda recording: recording.calibrations),
            "validations": _join(parts, lambda recording: recording.validations),
            "validation_points": _join(parts, lambda recording: recording.validation_points),
            "skipped_lines": pd.concat(skipped, ignore_index=True),
        }
        return {name: frame.assign(**who)[list(OVERVIEWS[name])] for name, frame in tables.items()}


def _join(parts: list[Recording], table_of: Any) -> pd.DataFrame:
    """Put the tables of a session's files together, each row with the number of its file."""
    frames = [table_of(part).assign(part=number) for number, part in enumerate(parts, start=1)]
    joined = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    return joined.astype({"part": "int32"})


def _all_events(recording: Recording) -> pd.DataFrame:
    """Put a recording's events into one table, in the order of their onset."""
    frames = [getattr(recording, table).assign(event=kind) for table, kind in _EVENT_KINDS.items()]
    events = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    for name in ("x_px", "y_px", "pupil", *_SACCADE_ONLY):
        if name not in events:
            events[name] = float("nan")
    return events.sort_values(["onset_ms", "line"], ignore_index=True, kind="stable")


_SACCADE_ONLY = ("x_end_px", "y_end_px", "amplitude_deg", "peak_velocity_deg_s")


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a large table as Parquet, whole or not at all."""
    with atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd")


def _say_import(study: Study, results: list[dict[str, pd.DataFrame]]) -> None:
    """Say what was read, and which lines were not."""
    recordings = pd.concat([result["recordings"] for result in results])
    totals = recordings[["n_samples", "n_fixations", "n_saccades", "n_blinks"]].sum()
    say(
        f"{len(recordings)} recordings: {totals['n_samples']} samples, "
        f"{totals['n_fixations']} fixations, {totals['n_saccades']} saccades, "
        f"{totals['n_blinks']} blinks"
    )
    for result in results:
        skipped = result["skipped_lines"]
        if len(skipped):
            row = skipped.iloc[0]
            say(
                f"warning: {row['file']}: {len(skipped)} lines skipped, first line {row['line']} "
                f"({row['reason']}): {str(row['text'])[:60]!r}; all are in "
                f"{(study.gaze_dir / 'skipped_lines.tsv').relative_to(study.root)}"
            )
