"""Sessions as BIDS eye tracking: physio and physioevents for each eye, events and behaviour."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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
_KINDS = {"px": "gaze-on-screen", "href": "eye-in-head", "raw": "custom"}
_UNITS = {"px": "pixel", "href": "arbitrary", "raw": "arbitrary"}
# BEP020 recommends numbers for the eyes; the JSON file says which one it is.
_LABELS = {"left": "eye1", "right": "eye2", "unknown": "eye1"}
_EVENT_COLUMNS = {
    "onset": ("onset_ms", "First sample of the event, or time of the message.", "ms"),
    "duration": ("duration_s", "Last sample - first sample + one sample.", "s"),
    "trial_type": ("event", "fixation, saccade or blink, as the tracker found it.", ""),
    "message": ("text", "Message, without the offset that its onset is corrected by.", ""),
    "x_coordinate": ("x_px", "Mean (fixation) or first (saccade) position.", "pixel"),
    "y_coordinate": ("y_px", "Mean (fixation) or first (saccade) position.", "pixel"),
    "x_end": ("x_end_px", "Last position of a saccade.", "pixel"),
    "y_end": ("y_end_px", "Last position of a saccade.", "pixel"),
    "amplitude": ("amplitude_deg", "Amplitude of a saccade.", "deg"),
    "peak_velocity": ("peak_velocity_deg_s", "Peak velocity of a saccade.", "deg/s"),
    "pupil_size": ("pupil", "Mean pupil {pupil} of a fixation.", "arbitrary"),
}
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
class BidsSession:
    """One session, and what is known about it.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.
    recording, blocks, validations, trials : pandas.DataFrame
        Its rows of the overviews and of trials.tsv.
    """

    study: Study
    session: Session
    recording: pd.DataFrame
    blocks: pd.DataFrame
    validations: pd.DataFrame
    trials: pd.DataFrame

    @property
    def source(self) -> Path:
        """Its folder in sourcedata."""
        return self.study.session_dir(self.session.participant_id, self.session.session)

    @property
    def task(self) -> str:
        """Faces in faceoff's own sessions, viewing in recordings made elsewhere."""
        return task_of(self.study, self.session)

    def path(self, ending: str) -> Path:
        """Name one of its files."""
        return bids_path(self.study, self.session, ending)


def task_of(study: Study, session: Session) -> str:
    """Name a session's task: faces in faceoff's own sessions, viewing in those made elsewhere."""
    source = study.session_dir(session.participant_id, session.session)
    return "faces" if (source / "trials.tsv").is_file() else "viewing"


def bids_path(study: Study, session: Session, ending: str) -> Path:
    """Name a file of a session as BIDS does.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.
    ending : str
        What comes after the task, such as ``events.tsv``.

    Returns
    -------
    Path
        The file in ``sub-*/ses-*/beh``.
    """
    folder = study.root / session.participant_id / f"ses-{session.session}" / "beh"
    return folder / f"{session.name}_task-{task_of(study, session)}_{ending}"


def bids_sessions(study: Study, sessions: list[Session]) -> list[BidsSession]:
    """Gather what is known about imported sessions.

    Parameters
    ----------
    study : Study
        The study.
    sessions : list of Session
        Sessions that have been imported and cut into trials.

    Returns
    -------
    list of BidsSession
        In the same order.

    Raises
    ------
    InputError
        If recordings.tsv or trials.tsv is missing.
    """
    commands = {
        "recordings": "gaze import", "blocks": "gaze import", "validations": "gaze import",
        "trials": "gaze events",
    }  # fmt: skip
    tables = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what=f"The table of {name} (faceoff {command})",
            columns={"participant_id": str, "session": str},
        )
        for name, command in commands.items()
    }
    gathered = []
    for session in sessions:
        own = {
            name: table[
                (table["participant_id"] == session.participant_id)
                & (table["session"] == session.session)
            ]
            for name, table in tables.items()
        }
        gathered.append(
            BidsSession(
                study, session, own["recordings"], own["blocks"], own["validations"], own["trials"]
            )
        )
    return gathered


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
    results = parallel_map(
        write_session,
        bids_sessions(study, sessions),
        description="BIDS files",
        execution=study.settings.execution,
    )
    rows = [
        (session.participant_id, session.session, path.relative_to(study.root).as_posix())
        for session, paths in zip(sessions, results, strict=True)
        for path in paths
    ]
    write_table(files_tsv, pd.DataFrame(rows, columns=list(FILE_COLUMNS)), FILE_COLUMNS)


def write_session(session: BidsSession) -> list[Path]:
    """Write the BIDS files of one session.

    Parameters
    ----------
    session : BidsSession
        The session.

    Returns
    -------
    list of Path
        The tables that were written; each has a JSON file beside it.
    """
    study, name = session.study, session.session.name
    samples = pd.read_parquet(samples_path(study, name))
    raw = pd.read_parquet(raw_events_path(study, name))
    messages = pd.read_parquet(messages_path(study, name))
    unit = str(session.recording["gaze"].iloc[0]).split()[0]
    pupil = session.recording["pupil"].fillna("area or diameter (not known)").iloc[0]
    start_ms = float(samples["time_ms"].iloc[0]) if len(samples) else float("nan")
    written = []
    for eye in [eye for eye in _LABELS if f"x_{eye}_{unit}" in samples]:
        recording = f"recording-{_LABELS[eye]}"
        physio = session.path(f"{recording}_physio.tsv.gz")
        write_tsv_gz(physio, _physio_table(samples, eye, unit, _rate(session)))
        write_json(
            _sidecar(physio), _task(session) | _physio_facts(session, eye, unit, pupil, messages)
        )
        events = session.path(f"{recording}_physioevents.tsv.gz")
        write_tsv_gz(events, _events_table(raw[raw["eye"] == eye], messages))
        write_json(_sidecar(events), _task(session) | _events_facts(pupil))
        written += [physio, events]
    written += _write_trials(session, start_ms)
    return written


def _task(session: BidsSession) -> dict[str, Any]:
    """Name the task, as every JSON file of BIDS should."""
    return {"TaskName": session.task} | _TASKS[session.task]


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".tsv") + ".json")


def _rate(session: BidsSession) -> float:
    return float(session.recording["sampling_rate_hz"].iloc[0])


def _physio_table(samples: pd.DataFrame, eye: str, unit: str, rate_hz: float) -> pd.DataFrame:
    """Take one eye's samples, with rows of n/a where the recording paused."""
    names = {
        "timestamp": "time_ms",
        "x_coordinate": f"x_{eye}_{unit}",
        "y_coordinate": f"y_{eye}_{unit}",
        "pupil_size": f"pupil_{eye}",
    }
    table = pd.DataFrame({name: samples[column] for name, column in names.items()})
    return padded(table, 1000.0 / rate_hz)


def _events_table(raw: pd.DataFrame, messages: pd.DataFrame) -> pd.DataFrame:
    """Put events and messages into one table, in the order of their onset."""
    texts = messages[["time_ms", "text"]].rename(columns={"time_ms": "onset_ms"})
    both = pd.concat([raw, texts], ignore_index=True).sort_values("onset_ms", kind="stable")
    both["duration_s"] = (both["duration_ms"] / 1000.0).round(6)
    columns = {name: both[source] for name, (source, _, _) in _EVENT_COLUMNS.items()}
    return pd.DataFrame(columns)


def _events_facts(pupil: str) -> dict[str, Any]:
    """Describe the columns of the events."""
    facts: dict[str, Any] = {
        "Columns": list(_EVENT_COLUMNS),
        "OnsetSource": "timestamp",
        "Description": "Fixations, saccades and blinks as the tracker's own parser found them, "
        "and the messages of the experiment.",
    }
    for name, (_, text, unit) in _EVENT_COLUMNS.items():
        facts[name] = {"Description": text.format(pupil=pupil)} | ({"Units": unit} if unit else {})
    return facts


def _physio_facts(
    session: BidsSession, eye: str, unit: str, pupil: str, messages: pd.DataFrame
) -> dict[str, Any]:
    """Describe one eye's recording, as BIDS 1.11 asks."""
    recording = session.recording.iloc[0]
    tracker = str(recording["tracker"])
    simulated = session_facts(session.source).get("tracker") == "simulated"
    validations = session.validations[session.validations["eye"] == eye]
    facts: dict[str, Any] = {
        "SamplingFrequency": _rate(session),
        "StartTime": 0,
        "Columns": ["timestamp", "x_coordinate", "y_coordinate", "pupil_size"],
        "PhysioType": "eyetrack",
        "RecordedEye": eye if eye in ("left", "right") else "cyclopean",
        "SampleCoordinateSystem": _KINDS[unit],
        "Manufacturer": "none" if simulated else "SR Research",
        "ManufacturersModelName": f"simulated {tracker}" if simulated else tracker,
        "CalibrationCount": int(recording["n_calibrations"]),
        "timestamp": {"Description": "Time of the tracker's clock.", "Units": "ms"},
        "x_coordinate": {
            "Description": "Horizontal gaze position, from the left.",
            "Units": _UNITS[unit],
        },
        "y_coordinate": {
            "Description": "Vertical gaze position, from the top.",
            "Units": _UNITS[unit],
        },
        "pupil_size": {
            "Description": f"Pupil {pupil} in the tracker's own units; 0 where none was found.",
            "Units": "arbitrary",
        },
    }
    measured = validations["error_avg_deg"].dropna()
    if len(measured):
        facts["AverageCalibrationError"] = round(float(measured.mean()), 4)
        facts["MaximalCalibrationError"] = float(validations["error_max_deg"].max())
        facts["CalibrationType"] = str(validations["type"].iloc[0])
    return facts | _tracking_facts(session, messages)


def _tracking_facts(session: BidsSession, messages: pd.DataFrame) -> dict[str, Any]:
    """Say how the tracker found the eye, where the recording says it."""
    facts: dict[str, Any] = {}
    tracking = session.blocks["tracking"].dropna().astype("str")
    if len(tracking) and tracking.iloc[-1]:
        corneal = tracking.iloc[-1].startswith("CR")
        facts["EyeTrackingMethod"] = "P-CR" if corneal else "pupil only"
    fits = messages["text"].str.extract(r"^ELCL_PROC\s+(\w+)", expand=False).dropna()
    if len(fits):
        facts["PupilFitMethod"] = str(fits.iloc[-1]).lower()
    level = session.blocks["filter"].dropna()
    if len(level):
        facts["RawDataFilters"] = f"EyeLink heuristic filter, level {level.iloc[-1]}"
    return facts


def _write_trials(session: BidsSession, start_ms: float) -> list[Path]:
    """Write when pictures were shown, and what was answered."""
    trials = session.trials
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
    paths = [session.path("events.tsv"), session.path("beh.tsv")]
    write_tsv(paths[0], events)
    write_json(_sidecar(paths[0]), _task(session) | _stimulus_facts(session))
    behaviour = trials[list(_BEHAVIOUR)].rename(columns={"rt_ms": "response_time"})
    behaviour = behaviour.assign(response_time=(behaviour["response_time"] / 1000.0).round(6))
    write_tsv(paths[1], behaviour)
    write_json(_sidecar(paths[1]), _task(session) | _BEHAVIOUR_FACTS)
    return paths


def _stimulus_facts(session: BidsSession) -> dict[str, Any]:
    """Describe the events and the screen; BIDS takes lengths in metres."""
    screen = session.study.settings.screen
    recording = session.recording.iloc[0]
    sides = [recording["display_width_px"], recording["display_height_px"]]
    known = not np.isnan(np.array(sides, dtype=float)).any()
    return {
        "onset": {"Description": "The picture appears, after the first sample.", "Units": "s"},
        "duration": {"Description": "How long the picture was shown.", "Units": "s"},
        "trial_type": {"Description": "The expression that the picture shows."},
        "stimulus": {"Description": "Name of the picture."},
        "response_time": {"Description": "From the picture's onset to the answer.", "Units": "s"},
        "StimulusPresentation": {
            "ScreenDistance": round(screen.distance_cm / 100.0, 6),
            "ScreenOrigin": ["top", "left"],
            "ScreenResolution": (
                [int(side) for side in sides] if known else [screen.width_px, screen.height_px]
            ),
            "ScreenSize": [round(screen.width_cm / 100, 6), round(screen.height_cm / 100, 6)],
        },
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
