"""The step that makes quality tables."""

from pathlib import Path

import pandas as pd

from gaze_analysis.session_quality import (
    QUALITY_COLUMNS,
    TRIAL_QUALITY_COLUMNS,
    read_samples,
    session_quality,
)
from stimuli.frames import Screen, screen_from
from study.errors import InputError
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.provenance import Step
from study.tables import read_table, write_table

_QUALITY_INPUTS: dict[str, tuple[str, dict[str, type]]] = {
    "recordings": ("import", {"sampling_rate_hz": float}),
    "validations": (
        "import",
        {"time_ms": float, "eye": str, "error_avg_deg": float, "error_max_deg": float},
    ),
    "events": ("events", {"event": str, "eye": str, "onset_ms": float, "offset_ms": float}),
    "trials": (
        "import",
        {"trial": int, "image_id": str, "face_onset_ms": float, "face_offset_ms": float},
    ),
}


def quality_step(study: Study) -> Step:
    """Measure the quality of each recording and of each of its trials.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Reads the samples, events, validations and trials of the gaze folder; writes
        ``quality.tsv`` and ``quality_trials.tsv``.
    """
    folder = study.gaze_dir
    tables = tuple(folder / f"{name}.tsv" for name in _QUALITY_INPUTS)
    samples = tuple(sorted((folder / "samples").glob("*.parquet")))
    quality_tsv, trials_tsv = folder / "quality.tsv", folder / "quality_trials.tsv"

    def run() -> None:
        by_session, by_trial = study_quality(study)
        write_table(quality_tsv, by_session, QUALITY_COLUMNS)
        write_table(trials_tsv, by_trial, TRIAL_QUALITY_COLUMNS)
        _say_quality(by_session)

    return Step(
        command="gaze quality",
        inputs=(*tables, *samples),
        outputs=(quality_tsv, trials_tsv),
        settings={"screen": study.settings.screen.model_dump(mode="json")},
        run=run,
        follows="gaze density",
    )


def study_quality(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the quality of all sessions that have been imported.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    by_session : pandas.DataFrame
        One row for each session and eye.
    by_trial : pandas.DataFrame
        One row for each trial and eye.

    Raises
    ------
    InputError
        If nothing has been imported.
    """
    if study.settings.gaze.table.in_use and not (study.gaze_dir / "recordings.tsv").is_file():
        raise InputError(
            "Quality needs recordings with samples, but this study's fixations come from tables. "
            "Go on with faceoff gaze density."
        )
    tables = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what=f"The table of {name} (faceoff gaze {command})",
            columns={"participant_id": str, "session": str} | columns,
        )
        for name, (command, columns) in _QUALITY_INPUTS.items()
    }
    sessions = tables["recordings"][["participant_id", "session"]].drop_duplicates()
    jobs = [
        (
            study.gaze_dir / "samples" / f"{person}_ses-{session}.parquet",
            {
                name: table[(table["participant_id"] == person) & (table["session"] == session)]
                for name, table in tables.items()
            },
            screen_from(study.settings.screen),
        )
        for person, session in sessions.itertuples(index=False)
    ]
    measured = parallel_map(
        _measure, jobs, description="quality", execution=study.settings.execution
    )
    return pd.concat([one for one, _ in measured]), pd.concat([two for _, two in measured])


def _measure(job: tuple[Path, dict[str, pd.DataFrame], Screen]) -> tuple[pd.DataFrame, ...]:
    """Measure the quality of one session."""
    path, tables, screen = job
    samples = read_samples(path) if path.is_file() else pd.DataFrame()
    recording = tables["recordings"].iloc[0]
    by_eye, by_trial = session_quality(
        samples,
        tables["events"],
        tables["validations"],
        tables["trials"],
        screen,
        recording["sampling_rate_hz"],
    )
    person, session = recording["participant_id"], recording["session"]
    return by_eye.assign(participant_id=person, session=session), by_trial


def _say_quality(quality: pd.DataFrame) -> None:
    """Say the quality of the study in one line for each measure."""
    for name, title, unit in (
        ("accuracy_deg", "accuracy", "deg"),
        ("rms_s2s_deg", "precision RMS-S2S", "deg"),
        ("sd_deg", "precision SD", "deg"),
        ("data_loss", "data loss", ""),
        ("effective_rate_hz", "effective rate", "Hz"),
    ):
        low, middle, high = quality[name].quantile([0, 0.5, 1])
        say(f"  {title:<18} median {middle:.3g} {unit} ({low:.3g} to {high:.3g})")
