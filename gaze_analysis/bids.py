"""Sessions as BIDS eye tracking: physio and physioevents for each eye, events and behaviour."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gaze_analysis.bids_columns import (
    SYSTEMS,
    describe_events,
    describe_samples,
    event_table,
    sample_columns,
)
from gaze_analysis.bids_facts import (
    calibration_facts,
    screen_facts,
    system_facts,
    tracker_facts,
    tracking_facts,
)
from gaze_analysis.bids_files import padded, write_tsv, write_tsv_gz
from gaze_analysis.importing import (
    Session,
    messages_path,
    raw_events_path,
    samples_path,
    session_facts,
)
from study.folder import Study
from study.parallel import parallel_map
from study.tables import read_table, write_table
from study.writing import write_json

FILE_COLUMNS = {
    "participant_id": "Whose file it is.",
    "session": "Label of the session.",
    "file": "The file, from the study folder.",
}
# BEP020 recommends numbers for the eyes; the JSON file says which one it is.
_LABELS = {"left": "eye1", "right": "eye2", "unknown": "eye3"}
_TASKS = {
    "faces": {
        "TaskDescription": "A face is shown until one of seven keys says its expression.",
        "Instructions": "Name the expression of each face by its key, as right and as fast as "
        "you can.",
    },
    "viewing": {
        "TaskDescription": "Pictures are looked at; the recording was made elsewhere.",
        "Instructions": "n/a",
    },
}
_BEHAVIOUR = (
    "trial", "block", "phase", "image_id", "actor", "expression", "response", "key", "correct",
    "rt_ms",
)  # fmt: skip


@dataclass(frozen=True)
class BidsRun:
    """One recording of a session, and what is known about it.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.
    part : int
        Which of the session's files it is, from 1.
    recording, blocks, trials : pandas.DataFrame
        Its rows of the overviews and of trials.tsv.
    """

    study: Study
    session: Session
    part: int
    recording: pd.DataFrame
    blocks: pd.DataFrame
    trials: pd.DataFrame

    def path(self, ending: str) -> Path:
        """Name one of its files."""
        return bids_path(self.study, self.session, self.part, ending)

    def task(self) -> dict[str, Any]:
        """Name the task, as every JSON file of BIDS should."""
        name = task_of(self.study, self.session)
        return {"TaskName": name} | _TASKS[name]

    def rate_hz(self) -> float:
        """Give the sampling rate that most samples have."""
        counts = self.blocks.groupby("rate_hz")["n_samples"].sum()
        if counts.empty:
            return float(self.recording["sampling_rate_hz"].iloc[0])
        return float(counts.index.to_numpy(float)[counts.to_numpy().argmax()])

    def read(self, path_of: Callable[[Study, str], Path]) -> pd.DataFrame:
        """Read its rows of one of the session's large tables."""
        table = pd.read_parquet(path_of(self.study, self.session.name))
        return table[table["part"] == self.part].reset_index(drop=True)


def task_of(study: Study, session: Session) -> str:
    """Name a session's task: faces in faceoff's own sessions, viewing in those made elsewhere."""
    source = study.session_dir(session.participant_id, session.session)
    return "faces" if (source / "trials.tsv").is_file() else "viewing"


def bids_path(study: Study, session: Session, part: int, ending: str) -> Path:
    """Name a file of a session as BIDS does.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session; each file of one that was interrupted is a run.
    part : int
        Which file, from 1.
    ending : str
        What comes after task and run, such as ``events.tsv``.

    Returns
    -------
    Path
        The file in ``sub-*/ses-*/beh``.
    """
    folder = study.root / session.participant_id / f"ses-{session.session}" / "beh"
    run = f"_run-{part}" if len(session.files) > 1 else ""
    return folder / f"{session.name}_task-{task_of(study, session)}{run}_{ending}"


def bids_runs(study: Study, sessions: list[Session]) -> list[BidsRun]:
    """Gather what is known about the recordings of imported sessions.

    Parameters
    ----------
    study : Study
        The study.
    sessions : list of Session
        Sessions that have been imported and cut into trials.

    Returns
    -------
    list of BidsRun
        In the same order, one for each file of a session.

    Raises
    ------
    InputError
        If recordings.tsv, blocks.tsv or trials.tsv is missing.
    """
    commands = {"recordings": "gaze import", "blocks": "gaze import", "trials": "gaze events"}
    tables = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what=f"The table of {name} (faceoff {command})",
            columns={"participant_id": str, "session": str},
        )
        for name, command in commands.items()
    }
    runs = []
    for session in sessions:
        recording, blocks, trials = (
            table[
                (table["participant_id"] == session.participant_id)
                & (table["session"] == session.session)
            ]
            for table in tables.values()
        )
        for part in range(1, len(session.files) + 1):
            own = (table[table["part"] == part] for table in (blocks, trials))
            runs.append(BidsRun(study, session, part, recording, *own))
    return runs


def write_bids(study: Study, sessions: list[Session], files_tsv: Path) -> None:
    """Write the BIDS files of all sessions, and the list of them.

    Parameters
    ----------
    study : Study
        The study.
    sessions : list of Session
        Imported sessions.
    files_tsv : Path
        Where the list goes.
    """
    runs = bids_runs(study, sessions)
    results = parallel_map(
        write_run, runs, description="BIDS files", execution=study.settings.execution
    )
    rows = [
        (run.session.participant_id, run.session.session, path.relative_to(study.root).as_posix())
        for run, paths in zip(runs, results, strict=True)
        for path in paths
    ]
    _remove_old(study, files_tsv, {row[2] for row in rows})
    write_table(files_tsv, pd.DataFrame(rows, columns=list(FILE_COLUMNS)), FILE_COLUMNS)


def _remove_old(study: Study, files_tsv: Path, names: set[str]) -> None:
    """Remove files that an earlier run of this command wrote, and that are called otherwise now."""
    if not files_tsv.is_file():
        return
    earlier = read_table(files_tsv, what="The list of BIDS files", columns={"file": str})["file"]
    for name in set(earlier) - names:
        path = study.root / name
        path.unlink(missing_ok=True)
        _sidecar(path).unlink(missing_ok=True)


def write_run(run: BidsRun) -> list[Path]:
    """Write the BIDS files of one recording.

    Parameters
    ----------
    run : BidsRun
        The recording.

    Returns
    -------
    list of Path
        The tables that were written; each has a JSON file beside it.
    """
    samples = run.read(samples_path)
    raw = run.read(raw_events_path)
    messages = run.read(messages_path)
    pupil = run.recording["pupil"].fillna("area or diameter (not known)").iloc[0]
    written = []
    for eye, unit, label in _recordings(samples, raw):
        table = _physio_table(samples, eye, unit, run.rate_hz())
        facts = _physio_facts(run, eye, unit, messages, samples)
        facts["Columns"] = [str(name) for name in table]
        path = run.path(f"recording-{label}_physio.tsv.gz")
        write_tsv_gz(path, table)
        write_json(_sidecar(path), facts | describe_samples(facts["Columns"], unit, pupil))
        written.append(path)
        if label in _LABELS.values():  # the events of an eye stand beside its first file only
            events = event_table(raw[raw["eye"] == eye], messages)
            path = run.path(f"recording-{label}_physioevents.tsv.gz")
            write_tsv_gz(path, events)
            write_json(_sidecar(path), _event_facts(run, events, pupil))
            written.append(path)
    return written + _write_trials(run, _start_ms(samples, raw, messages))


def _recordings(samples: pd.DataFrame, raw: pd.DataFrame) -> list[tuple[str, str, str]]:
    """List eye, unit and label of each file that there will be.

    An eye that has events without samples gets a file without rows, which they can refer to.
    """
    found = []
    for eye, label in _LABELS.items():
        units = [unit for unit in SYSTEMS if f"x_{eye}_{unit}" in samples]
        if not units and (raw["eye"] == eye).any():
            units = ["px"]
        for number, unit in enumerate(units):
            found.append((eye, unit, label if number == 0 else f"{label}{unit}"))
    return found


def _start_ms(*tables: pd.DataFrame) -> float:
    """Give the time of the first sample; without samples of the first event or message."""
    for table in tables:
        if len(table):
            return float(table["time_ms" if "time_ms" in table else "onset_ms"].iloc[0])
    return float("nan")


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".tsv") + ".json")


def _physio_table(samples: pd.DataFrame, eye: str, unit: str, rate_hz: float) -> pd.DataFrame:
    """Take one eye's samples, with rows of n/a where the recording paused."""
    columns = sample_columns(samples.columns, eye, unit)
    if columns["x_coordinate"] not in samples:
        return pd.DataFrame(columns=list(columns), dtype=float)
    table = pd.DataFrame({name: samples[column] for name, column in columns.items()})
    return padded(table, 1000.0 / rate_hz)


def _physio_facts(
    run: BidsRun, eye: str, unit: str, messages: pd.DataFrame, samples: pd.DataFrame
) -> dict[str, Any]:
    """Describe one eye's recording, as BIDS 1.11 asks."""
    row = run.recording.iloc[0]
    source = run.study.session_dir(run.session.participant_id, run.session.session)
    texts = {
        name: row[name] if pd.notna(row[name]) else "" for name in ("tracker", "serial_number")
    }
    return {
        **run.task(),
        "SamplingFrequency": run.rate_hz(),
        "StartTime": 0,
        "PhysioType": "eyetrack",
        "RecordedEye": eye if eye in ("left", "right") else "cyclopean",
        **system_facts(unit),
        **tracker_facts(
            str(texts["tracker"]),
            str(texts["serial_number"]),
            session_facts(source).get("tracker") == "simulated",
        ),
        **calibration_facts(messages, run.blocks, eye),
        **tracking_facts(messages, run.blocks, samples),
    }


def _event_facts(run: BidsRun, events: pd.DataFrame, pupil: str) -> dict[str, Any]:
    """Describe the table of events."""
    columns = [str(name) for name in events]
    return {
        **run.task(),
        "Columns": columns,
        "OnsetSource": "timestamp",
        "Description": "Fixations, saccades and blinks as the tracker's own parser found them, "
        "and the messages of the experiment.",
        **describe_events(columns, pupil),
    }


def _write_trials(run: BidsRun, start_ms: float) -> list[Path]:
    """Write when pictures were shown, and what was answered."""
    trials = run.trials
    shown = trials.dropna(subset=["face_onset_ms", "face_offset_ms"])
    events = pd.DataFrame(
        {
            "onset": ((shown["face_onset_ms"] - start_ms) / 1000.0).round(6),
            "duration": ((shown["face_offset_ms"] - shown["face_onset_ms"]) / 1000.0).round(6),
            "trial_type": shown["expression"],
            "stimulus": shown["image_id"],
            "response_time": (shown["rt_ms"] / 1000.0).round(6),
        }
    ).sort_values("onset", kind="stable")
    row = run.recording.iloc[0]
    screen = screen_facts(
        run.study.settings.screen, row["display_width_px"], row["display_height_px"]
    )
    paths = [run.path("events.tsv"), run.path("beh.tsv")]
    write_tsv(paths[0], events)
    write_json(_sidecar(paths[0]), run.task() | _STIMULUS_FACTS | {"StimulusPresentation": screen})
    behaviour = trials[list(_BEHAVIOUR)].rename(columns={"rt_ms": "response_time"})
    behaviour = behaviour.assign(response_time=(behaviour["response_time"] / 1000.0).round(6))
    write_tsv(paths[1], behaviour)
    write_json(_sidecar(paths[1]), run.task() | _BEHAVIOUR_FACTS)
    return paths


_STIMULUS_FACTS = {
    "onset": {"Description": "The picture appears, after the first sample.", "Units": "s"},
    "duration": {"Description": "How long the picture was shown.", "Units": "s"},
    "trial_type": {"Description": "The expression that the picture shows."},
    "stimulus": {"Description": "Name of the picture."},
    "response_time": {"Description": "From the picture's onset to the answer.", "Units": "s"},
}
_BEHAVIOUR_FACTS = {
    "trial": {"Description": "Number of the trial in the session."},
    "block": {"Description": "Number of the block."},
    "phase": {"Description": "practice or main."},
    "image_id": {"Description": "The picture."},
    "actor": {"Description": "Who is on the picture."},
    "expression": {"Description": "What the picture shows."},
    "response": {"Description": "The expression that was answered."},
    "key": {"Description": "The key that was pressed."},
    "correct": {"Description": "Whether the answer was the picture's expression."},
    "response_time": {"Description": "From the picture's onset to the answer.", "Units": "s"},
}
