"""What a session leaves behind: the names of its files and the columns of its tables."""

import json
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from study.errors import InputError
from study.folder import Study

TRIAL_COLUMNS = {
    "participant_id": "Who took part.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session's plan, from 1.",
    "block": "Number of the block.",
    "phase": "practice or main.",
    "image_id": "The picture, as in stimuli/manifest.tsv.",
    "actor": "Who is on the picture.",
    "expression": "What the picture shows.",
    "response": "The expression that was answered; n/a where there was no answer.",
    "key": "The key that was pressed; n/a where there was no answer.",
    "correct": "Whether the answer was the picture's expression; n/a without an answer.",
    "rt_ms": "From the face's onset to the key press, in milliseconds; n/a without an answer.",
    "face_onset_ms": "When the face appeared, in milliseconds of the tracker's clock.",
    "face_offset_ms": "When the face went, in milliseconds of the tracker's clock.",
    "n_frames": "Screen frames for which the face was on; n/a where it never came.",
    "n_dropped": "Frames that lasted over one and a half refresh periods.",
    "max_frame_interval_ms": "The longest frame while the face was on, in milliseconds.",
    "fixation_x_px": "Where the fixation target stood, in screen pixels from the left.",
    "fixation_y_px": "Where the fixation target stood, in screen pixels from the top.",
    "picture_x_px": "Left pixel of the picture on the screen.",
    "picture_y_px": "Top pixel of the picture on the screen.",
    "picture_width_px": "Width of the picture on the screen, in pixels.",
    "picture_height_px": "Height of the picture on the screen, in pixels.",
    "condition": "The condition of the block; n/a where the study has none.",
    "attempt": "How often the trial was begun, this time included.",
    "outcome": "done; skipped by the experimenter; or interrupted, to be done again.",
    "part": "Number of the recording: a session that was resumed has several.",
    "drift_deg": "How far gaze was from the fixation target before the face, in degrees.",
    "gate_attempts": "How often gaze came near the target before the gate opened; 0 without one.",
    "confidence": "How sure the answer was, from 1 on; n/a where nobody was asked.",
    "confidence_rt_ms": "From that question to its answer, in milliseconds.",
}
LOG_COLUMNS = {
    "time": "Time of day, ISO 8601 with zone.",
    "part": "Number of the recording.",
    "event": "What happened.",
    "trial": "Number of the trial; n/a between trials.",
    "detail": "What else is known.",
}


def recording_name(participant_id: str, session: str, part: int = 1) -> str:
    """Name a session's gaze recording, without its suffix.

    Parameters
    ----------
    participant_id : str
        Such as ``sub-001``.
    session : str
        The session's label, such as ``01``.
    part : int, default 1
        Number of the part: a session that was resumed has several.

    Returns
    -------
    str
        The stem; names in order are parts in order.

    Examples
    --------
    >>> recording_name("sub-001", "01"), recording_name("sub-001", "01", 2)
    ('sub-001_ses-01', 'sub-001_ses-01_part-02')
    """
    suffix = "" if part == 1 else f"_part-{part:02d}"
    return f"{participant_id}_ses-{session}{suffix}"


def part_of(recording: Path) -> int:
    """Read the number of a session's part from its recording's name.

    Parameters
    ----------
    recording : Path
        The recording, with or without its suffix.

    Returns
    -------
    int
        1 where the name has no number.

    Examples
    --------
    >>> part_of(Path("sub-001_ses-01.asc")), part_of(Path("sub-001_ses-01_part-02"))
    (1, 2)
    """
    found = re.search(r"_part-(\d+)", recording.name)
    return int(found[1]) if found else 1


def recordings_in(session_dir: Path) -> list[Path]:
    """List the recordings of a session, also those that did not arrive whole.

    Parameters
    ----------
    session_dir : Path
        The session's folder.

    Returns
    -------
    list of Path
        In the order of their names, which is that of the parts.
    """
    stem = re.compile(r"sub-[A-Za-z0-9]+_ses-[A-Za-z0-9]+(_part-\d+)?\.(asc|edf)")
    return sorted(path for path in session_dir.glob("sub-*") if stem.match(path.name))


def refuse_second_start(session_dir: Path) -> None:
    """Refuse to begin a session that has begun before.

    Parameters
    ----------
    session_dir : Path
        The session's folder.

    Raises
    ------
    InputError
        If the folder holds trials or a recording.
    """
    trials_tsv = session_dir / "trials.tsv"
    found = [path.name for path in (trials_tsv, *recordings_in(session_dir)) if path.exists()]
    if not found:
        return
    n_rows = max(trials_tsv.read_bytes().count(b"\n") - 1, 0) if trials_tsv.exists() else 0
    raise InputError(
        f"A session is begun once, but {session_dir} holds {', '.join(found)}, with {n_rows} "
        "trials. They are never overwritten: go on with it if it was broken off (faceoff "
        "experiment resume), or plan another session (faceoff participants plan --session ...)."
    )


def versions(*packages: str) -> dict[str, str]:
    """List the versions of what ran the session.

    Parameters
    ----------
    *packages : str
        Names of distributions.

    Returns
    -------
    dict of str to str
        Version by name, with Python's and the system's.
    """
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def settings_used(study: Study) -> dict[str, Any]:
    """Copy the settings that shape a session.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        The sections screen, stimuli and experiment, and the seed.
    """
    settings = json.loads(study.settings.model_dump_json())
    return {
        "seed": settings["study"]["seed"],
        **{name: settings[name] for name in ("screen", "stimuli", "experiment", "observers")},
    }
