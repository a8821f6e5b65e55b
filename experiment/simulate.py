"""A whole sample of simulated observers: registered, planned, and recorded without a window."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from experiment.face_regions import keep_areas
from experiment.gaze_trace import FloatArray
from experiment.observers import draw_observer
from experiment.recording import TRIAL_COLUMNS, recording_name, settings_used, versions
from experiment.session_record import read_session_record
from experiment.truth import write_truth
from experiment.virtual_session import SessionResult, run_virtual_session
from experiment.virtual_trial import VirtualSession
from participants.plans import Plan, check_session, make_plan, plan_path, read_plan, write_plan
from participants.register import add_participants, read_participants
from stimuli.catalog import picture_frame, picture_landmarks, read_manifest
from stimuli.degraded import Degradation, degraded_tsv, read_degradations
from stimuli.frames import move_points, screen_from
from stimuli.regions import region_polygons
from study.errors import InputError
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.seeds import generator
from study.tables import write_table
from study.writing import atomic_path, write_json

#: Simulated sessions are said to have been in the half year from this day on.
FIRST_DAY = datetime(2026, 1, 5, 9, 0)
N_DAYS, MINUTES_A_DAY = 180, 480


@dataclass(frozen=True)
class Sample:
    """What the sessions of a simulated sample have in common.

    Parameters
    ----------
    study : Study
        The study.
    session : str
        The sessions' label.
    seed : int
        The observers' seed.
    landmarks : dict of str to ndarray, shape (68, 2)
        Landmarks of each picture in the picture frame.
    actors : dict of str to str
        Who is on each picture.
    degradations : dict of str to Degradation
        What was done to the pictures, where they are degraded faces.
    """

    study: Study
    session: str
    seed: int
    landmarks: dict[str, FloatArray]
    actors: dict[str, str]
    degradations: dict[str, Degradation] = field(default_factory=dict)


def simulate_sample(
    study: Study, n_participants: int, session: str = "01", seed: int | None = None
) -> list[str]:
    """Simulate a session for each of a number of observers.

    Sessions that were simulated before with the same settings are left as they are.

    Parameters
    ----------
    study : Study
        A study with registered pictures.
    n_participants : int
        Number of observers, 1 or more. Registered participants come first; the missing ones
        are registered.
    session : str, default "01"
        The sessions' label.
    seed : int, optional
        The observers' seed; by default the study's.

    Returns
    -------
    list of str
        The participants' ids.

    Raises
    ------
    InputError
        If the label is wrong, the study holds recordings of real people, a session of this
        label was simulated with other settings, or pictures are missing.
    """
    check_session(session)
    refuse_real_data(study)
    manifest = read_manifest(study)
    sample = Sample(
        study=study,
        session=session,
        seed=study.settings.study.seed if seed is None else seed,
        landmarks=picture_landmarks(study),
        actors=dict(zip(manifest["image_id"], manifest["actor"], strict=True)),
        degradations=read_degradations(study),
    )
    participant_ids = choose_participants(sample, n_participants)
    facts = {name: _session_facts(sample, name) for name in participant_ids}
    missing = [name for name in participant_ids if not _is_there(sample, facts[name])]
    if n_there := len(participant_ids) - len(missing):
        say(f"{n_there} of {n_participants} sessions are there already, from the same settings.")
    started = perf_counter()
    recorded_s = parallel_map(
        partial(simulate_session, sample),
        [facts[name] for name in missing],
        description="Simulated sessions",
        execution=study.settings.execution,
    )
    if missing:
        spent_s = perf_counter() - started
        hours, speed = sum(recorded_s) / 3600, sum(recorded_s) / spent_s
        say(f"{hours:.2f} h of gaze in {spent_s:.0f} s: {speed:.0f} times faster than real time.")
    return participant_ids


def refuse_real_data(study: Study) -> None:
    """Refuse to put simulated people among real ones.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If a session was recorded with a tracker that is not the simulated one.
    """
    for participant_id, session in study.sessions():
        record = read_session_record(study.session_dir(participant_id, session))
        if record.get("tracker") != "simulated":
            raise InputError(
                "Simulated observers need a study without real recordings, but session "
                f"{session} of {participant_id} was recorded with the tracker "
                f"{record.get('tracker', 'n/a')!r}. Make a study for them: faceoff init DIR."
            )


def choose_participants(sample: Sample, n_participants: int) -> list[str]:
    """Choose who takes part, and register whom the study lacks.

    Participants whose session of this label ran in a window keep it, and are passed over.

    Parameters
    ----------
    sample : Sample
        The sample.
    n_participants : int
        How many there shall be.

    Returns
    -------
    list of str
        Their ids.
    """
    study, session = sample.study, sample.session
    chosen: list[str] = []
    for participant_id in read_participants(study)["participant_id"]:
        record = read_session_record(study.session_dir(participant_id, session))
        if record and "simulation" not in record:
            say(f"{participant_id} has a session {session} of its own, which stays as it is.")
        elif len(chosen) < n_participants:
            chosen.append(participant_id)
    missing = [_person(sample.seed, number) for number in range(len(chosen), n_participants)]
    return chosen + (add_participants(study, missing) if missing else [])


def _person(seed: int, number: int) -> dict[str, Any]:
    """Draw what the register says of a simulated participant."""
    draws = generator(seed, "demographics", number)
    return {
        "age": float(draws.integers(19, 36)),
        "sex": str(draws.choice(["female", "male"])),
        "handedness": str(draws.choice(["right", "left"], p=[0.9, 0.1])),
        "vision": str(draws.choice(["normal", "glasses", "lenses"], p=[0.6, 0.2, 0.2])),
        "dominant_eye": str(draws.choice(["right", "left"], p=[0.65, 0.35])),
    }


def _session_facts(sample: Sample, participant_id: str) -> dict[str, Any]:
    """Collect what determines a simulated session, and is kept in its session.json."""
    study = sample.study
    tables = (study.crops_tsv, study.landmarks_tsv, degraded_tsv(study))
    return {
        "participant_id": participant_id,
        "session": sample.session,
        "tracker": "simulated",
        "simulation": {
            "seed": sample.seed,
            "inputs": {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in tables
                if path.is_file()
            },
        },
        "settings": settings_used(study),
    }


def _is_there(sample: Sample, facts: dict[str, Any]) -> bool:
    """Tell whether a session is there, whole and from the same settings."""
    participant_id, session = facts["participant_id"], facts["session"]
    folder = sample.study.session_dir(participant_id, session)
    record = read_session_record(folder)
    if record.get("status") != "finished":
        return False  # none, or a simulation that was interrupted: it is made anew
    differing = _differences(facts, record)
    if differing:
        raise InputError(
            f"Simulated sessions are never overwritten, but session {session} of "
            f"{participant_id} was simulated with another {', '.join(differing)}. "
            f"Choose another --session, or move {folder} away."
        )
    return True


def _differences(facts: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """Name what a session would be simulated with now, but was not."""
    names = []
    for name, value in facts.items():
        known = record.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            names += [f"{name}.{inner}" for inner in _differences(value, known)]
        elif value != known:
            names.append(name)
    return names


def simulate_session(sample: Sample, facts: dict[str, Any]) -> float:
    """Simulate one session and write all its files.

    Parameters
    ----------
    sample : Sample
        The sample.
    facts : dict
        What session.json says, with the participant's id.

    Returns
    -------
    float
        Seconds of gaze that were recorded.
    """
    study, participant_id = sample.study, facts["participant_id"]
    folder = study.session_dir(participant_id, sample.session)
    recording = folder / f"{recording_name(participant_id, sample.session)}.asc"
    plan = _session_plan(study, participant_id, sample.session)
    # The mark of a simulation precedes its data: what an interrupted one leaves is known by it.
    write_json(folder / "session.json", {**facts, "status": "running"})
    for left_over in (recording, folder / "trials.tsv", *folder.glob(f".*.{recording.name}")):
        left_over.unlink(missing_ok=True)
    virtual = _virtual_session(sample, plan)
    keep_areas(study, plan.trials, virtual.polygons_px)
    recorded = _session_date(sample.seed, participant_id, sample.session)
    with atomic_path(recording) as temporary:
        result = run_virtual_session(virtual, temporary, recorded)
    images = [trial.image_id for trial in plan.trials]
    write_truth(
        folder, sample.session, virtual.observer, result.fixations, images, sample.degradations
    )
    _write_trials(folder / "trials.tsv", result)
    write_json(
        folder / "session.json",
        {
            **facts,
            "mode": plan.mode,
            "task": plan.task,
            "status": "finished",
            "started": recorded.isoformat(timespec="seconds"),
            "finished": _later(recorded, result.duration_ms),
            "n_trials": len(result.rows),
            "recording_files": [recording.name],
            "versions": versions("faceoff", "numpy"),
        },
    )
    return result.recorded_ms / 1000.0


def _session_plan(study: Study, participant_id: str, session: str) -> Plan:
    """Read the session's plan, or make it."""
    path = plan_path(study, participant_id, session)
    if path.exists():
        return read_plan(path)
    plan = make_plan(study, participant_id, session)
    write_plan(path, plan)
    return plan


def _virtual_session(sample: Sample, plan: Plan) -> VirtualSession:
    """Draw the observer, and put the regions of the plan's pictures on the screen."""
    settings = sample.study.settings
    frame = picture_frame(sample.study)
    polygons_px = {}
    for trial in plan.trials:
        if trial.image_id not in sample.landmarks:
            raise InputError(
                f"A plan's pictures must be registered, but {trial.image_id} of the plan of "
                f"{plan.participant_id} has no landmarks. Remove the plan to have it made anew."
            )
        regions = region_polygons(sample.landmarks[trial.image_id])
        polygons_px[trial.image_id] = {
            name: move_points(polygon, frame, trial.picture_rect)
            for name, polygon in regions.items()
        }
    return VirtualSession(
        plan=plan,
        observer=draw_observer(settings.observers, plan.participant_id, sample.seed),
        seed=sample.seed,
        screen=screen_from(settings.screen),
        refresh_hz=settings.screen.refresh_hz,
        settings=settings.experiment,
        polygons_px=polygons_px,
        actors=sample.actors,
        practice_criterion=settings.participants.practice_criterion,
        degradations=sample.degradations,
    )


def _session_date(seed: int, participant_id: str, session: str) -> datetime:
    """Draw when a simulated session is said to have been."""
    draws = generator(seed, "recorded", participant_id, session)
    day, minute = draws.integers([N_DAYS, MINUTES_A_DAY])
    return FIRST_DAY + timedelta(days=int(day), minutes=int(minute))


def _later(moment: datetime, duration_ms: int) -> str:
    """Write the moment that is some time later."""
    return (moment + timedelta(milliseconds=duration_ms)).isoformat(timespec="seconds")


def _write_trials(path: Path, result: SessionResult) -> None:
    """Write the table of trials."""
    table = pd.DataFrame(result.rows, columns=list(TRIAL_COLUMNS))
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].round(3)
    write_table(path, table, TRIAL_COLUMNS)
