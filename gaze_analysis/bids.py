"""Sessions as BIDS eye tracking: physio and physioevents for each eye, events and behaviour."""

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
    system_facts,
    tracker_facts,
    tracking_facts,
)
from gaze_analysis.bids_files import padded, sidecar_path, write_tsv_gz
from gaze_analysis.bids_runs import BidsRun, bids_runs
from gaze_analysis.bids_trials import write_trials
from gaze_analysis.importing import (
    Session,
    messages_path,
    raw_events_path,
    samples_path,
    session_facts,
)
from study.dataset import unsaid, write_dataset_files
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.tables import read_table, write_table
from study.writing import write_json

FILE_COLUMNS = {
    "participant_id": "Whose file it is.",
    "session": "Label of the session.",
    "file": "The file, from the study folder.",
}
# BEP020 recommends numbers for the eyes; the JSON file says which one it is.
_LABELS = {"left": "eye1", "right": "eye2", "unknown": "eye3"}


def write_bids(study: Study, sessions: list[Session], files_tsv: Path) -> None:
    """Write the BIDS files of all sessions and of the dataset, and the list of the former.

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
    write_dataset_files(study.root, study.settings.study)
    results = parallel_map(
        write_run, runs, description="BIDS files", execution=study.settings.execution
    )
    rows = [
        (run.session.participant_id, run.session.session, path.relative_to(study.root).as_posix())
        for run, paths in zip(runs, results, strict=True)
        for path in paths
    ]
    _remove_old(study, files_tsv, {row[2] for row in rows})
    if missing := unsaid(study.settings.study):
        say(f"still n/a for whoever reads the dataset: {', '.join(missing)}. Settings: [study]")
    write_table(files_tsv, pd.DataFrame(rows, columns=list(FILE_COLUMNS)), FILE_COLUMNS)


def _remove_old(study: Study, files_tsv: Path, names: set[str]) -> None:
    """Remove files that an earlier run of this command wrote, and that are called otherwise now."""
    if not files_tsv.is_file():
        return
    earlier = read_table(files_tsv, what="The list of BIDS files", columns={"file": str})["file"]
    for name in set(earlier) - names:
        path = study.root / name
        path.unlink(missing_ok=True)
        sidecar_path(path).unlink(missing_ok=True)


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
        write_json(sidecar_path(path), facts | describe_samples(facts["Columns"], unit, pupil))
        written.append(path)
        if label in _LABELS.values():  # the events of an eye stand beside its first file only
            events = event_table(raw[raw["eye"] == eye], messages)
            path = run.path(f"recording-{label}_physioevents.tsv.gz")
            write_tsv_gz(path, events)
            write_json(sidecar_path(path), _event_facts(run, events, pupil))
            written.append(path)
    return written + write_trials(run, _start_ms(samples, raw, messages))


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
        "Description": "Fixations, saccades and blinks as the recording itself has them (the "
        "tracker's own parser), and the messages of the experiment. Events that were detected "
        "later are derivatives.",
        **describe_events(columns, pupil),
    }
