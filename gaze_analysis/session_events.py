"""The events of one session: the recording's own, or found in its samples by a detector."""

from typing import Any

import pandas as pd

from gaze_analysis.importing import Session, raw_events_path, samples_path, session_facts
from stimuli.frames import screen_from
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.settings.gaze_events import EventSettings

TRACKER = "eyelink"
AUTO = "auto"
# Who found events that were recorded: EyeLink, Tobii, or whoever made an imported table.
OWN_DETECTORS = (TRACKER, "tobii", "export")


def session_events(study: Study, session: Session) -> pd.DataFrame:
    """Give the events of a session, as [gaze.events] of the study wants them.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.

    Returns
    -------
    pandas.DataFrame
        event, eye, onset_ms, offset_ms, duration_ms, positions, amplitude, speed, pupil, block
        and part; and ``detector``, which found it: one of `OWN_DETECTORS`, or a method.

    Raises
    ------
    InputError
        If the session is not imported, or lacks what the method needs.
    """
    path = raw_events_path(study, session.name)
    if not path.is_file():
        raise InputError(
            f"Events need imported recordings, but {session.name} is not imported. "
            "Import it: faceoff gaze import."
        )
    raw = pd.read_parquet(path)
    method = detector_of(study, session)
    if method != TRACKER:
        return _detect(study, session, raw, method)
    if raw.empty and study.settings.gaze.events.method == TRACKER and _has_gaze(study, session):
        raise InputError(
            f"[gaze.events] method {TRACKER!r} needs a recording with events of its own, but "
            f"{session.name} has samples alone. Choose method 'auto' or a detector such as "
            "'adaptive' in study.toml."
        )
    _warn_of_parts_without_events(study, session, raw)
    return raw.assign(detector=_own_detector(study, session))


def _own_detector(study: Study, session: Session) -> str:
    """Name who found the events that a recording or its reports hold."""
    facts = session_facts(study.session_dir(session.participant_id, session.session))
    if "reports" not in facts:
        return TRACKER
    made = str(facts.get("tracker", "unknown")).lower()
    return made if made in OWN_DETECTORS else "export"


def detector_of(study: Study, session: Session) -> str:
    """Say which detector finds the events of an imported session.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.

    Returns
    -------
    str
        ``eyelink`` for the recording's own events; else a method of `detection.METHODS`. The
        setting ``auto`` means the recording's own where it has any, else the default.
    """
    method = study.settings.gaze.events.method
    if method != AUTO:
        return method
    from gaze_analysis.detection import DEFAULT_METHOD

    if _n_rows(study, session) > 0 or not _has_gaze(study, session):
        return TRACKER
    return DEFAULT_METHOD


def detection_settings(study: Study, sessions: list[Session]) -> dict[str, Any]:
    """Collect the settings that decide the events of some sessions.

    Parameters
    ----------
    study : Study
        The study.
    sessions : list of Session
        Those whose events are made.

    Returns
    -------
    dict
        The method; and blinks, the parameters of the detectors in use and the screen.
    """
    chosen = study.settings.gaze.events
    known = [one for one in sessions if raw_events_path(study, one.name).is_file()]
    detectors = sorted({detector_of(study, one) for one in known} - {TRACKER})
    settings: dict[str, Any] = {"method": chosen.method}
    if detectors:
        settings["blinks"] = chosen.blinks.model_dump(mode="json")
        settings["screen"] = study.settings.screen.model_dump(mode="json")
        settings |= {
            method: parameters(chosen, method).model_dump(mode="json") for method in detectors
        }
    return settings


def parameters(settings: EventSettings, method: str) -> Any:
    """Take a method's own section out of [gaze.events].

    Parameters
    ----------
    settings : EventSettings
        The section.
    method : str
        Such as ``engbert-kliegl``.

    Returns
    -------
    Section
        Its parameters.
    """
    return getattr(settings, method.replace("-", "_"))


def say_detectors(events: pd.DataFrame, settings: EventSettings) -> None:
    """Tell in which sessions events were detected, and by what.

    Parameters
    ----------
    events : pandas.DataFrame
        The events of all sessions: participant_id, session and detector.
    settings : EventSettings
        The section [gaze.events].
    """
    own = events.drop_duplicates(["participant_id", "session"])
    for method, sessions in own[~own["detector"].isin(OWN_DETECTORS)].groupby(
        "detector", sort=True
    ):
        pairs = zip(sessions["participant_id"], sessions["session"], strict=True)
        names = [f"{participant_id}_ses-{label}" for participant_id, label in pairs]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        why = ", for they have no events of their own" if settings.method == AUTO else ""
        say(f"events detected by {method}{why}: {shown}")


def _warn_of_parts_without_events(study: Study, session: Session, raw: pd.DataFrame) -> None:
    """Tell of files of a session that have samples alone, beside others that have events."""
    if raw.empty or len(session.files) < 2 or not _has_gaze(study, session):
        return
    parts = pd.read_parquet(samples_path(study, session.name), columns=["part"])["part"].unique()
    for part in sorted(set(parts) - set(raw["part"])):
        say(
            f"warning: {session.files[part - 1].name} has no events of its own, unlike the rest of "
            f"{session.name}: to have them, choose a detector in [gaze.events]"
        )


def _n_rows(study: Study, session: Session) -> int:
    """Count the recording's own events."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(raw_events_path(study, session.name)).num_rows)


def _gaze_columns(study: Study, session: Session) -> list[str]:
    """List the columns of samples that a detector reads; none without gaze in screen pixels."""
    import pyarrow.parquet as pq

    path = samples_path(study, session.name)
    if not path.is_file():
        return []
    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    if not file.metadata.num_rows or not any(
        name.startswith("x_") and name.endswith("_px") for name in names
    ):
        return []
    gaze = [f"{axis}_{eye}_px" for eye in ("left", "right", "unknown") for axis in ("x", "y")]
    wanted = ["time_ms", "part", "block", *gaze, "pupil_left", "pupil_right", "pupil_unknown"]
    return [name for name in wanted if name in names]


def _has_gaze(study: Study, session: Session) -> bool:
    """Tell whether the session has samples in screen pixels."""
    return bool(_gaze_columns(study, session))


def _detect(study: Study, session: Session, raw: pd.DataFrame, method: str) -> pd.DataFrame:
    """Find the events of all recorded eyes in the samples."""
    from gaze_analysis.detection import detect, eye_trace, eyes_of

    columns = _gaze_columns(study, session)
    if not columns:
        raise InputError(
            f"[gaze.events] method {method!r} needs samples in screen pixels, but {session.name} "
            "has none. Choose method 'auto' or 'eyelink' in study.toml."
        )
    samples = pd.read_parquet(samples_path(study, session.name), columns=columns)
    settings = study.settings.gaze.events
    own_blinks = settings.blinks.source == "file" and len(raw) > 0
    screen = screen_from(study.settings.screen)
    found = []
    for eye in eyes_of(samples):
        of_eye = raw[(raw["event"] == "blink") & (raw["eye"] == eye)]
        trace = eye_trace(samples, eye, screen)
        blinks = of_eye if own_blinks else None
        found.append(detect(trace, settings, method=method, blinks=blinks))
    events = pd.concat(found, ignore_index=True).assign(detector=method)
    return events.sort_values(["part", "onset_ms"], ignore_index=True, kind="stable")
