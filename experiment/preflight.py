"""All checks before a session: the computer, the tracker, the pictures and the plan."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiment.checks import Check, attempt, check_clock, check_disk, check_writable
from experiment.preparation import check_consent
from experiment.screen_checks import (
    check_refresh,
    check_scaling,
    check_screen_saver,
    check_window,
    measure_intervals,
    measure_sizes,
)
from experiment.session_checks import check_session, pictures_check
from experiment.station import NOBODY, station_window
from experiment.texts import read_texts
from experiment.trackers import AT_A_DESK, check_tracker_name, make_tracker
from experiment.trackers.protocol import TrackerSetup
from study.errors import InputError
from study.folder import Study, check_participant_id
from study.progress import say

if TYPE_CHECKING:
    from experiment.window import Window


def preflight(
    study: Study,
    participant_id: str,
    session: str,
    tracker_name: str,
    window: "Window",
    *,
    resume: bool = False,
) -> list[Check]:
    """Check everything that a session needs, before anybody sees a face.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        Whose session; empty checks the station alone.
    session : str
        The session's label.
    tracker_name : str
        The tracker that is to answer.
    window : Window
        The session's window, open.
    resume : bool, default False
        Whether a session that has begun is to go on.

    Returns
    -------
    list of Check
        In the order in which they are made; none raises because something is wrong.
    """
    return [
        *check_files(study, participant_id, session, resume=resume),
        *check_screen(study, tracker_name, window),
        check_tracker(study, tracker_name, window),
    ]


def check_everything(
    study: Study, participant_id: str, session: str, tracker_name: str = ""
) -> list[Check]:
    """Make all checks in a window of their own.

    Parameters
    ----------
    study : Study
        The study.
    participant_id, session : str
        Whose session; an empty id checks the station alone.
    tracker_name : str, default ""
        The tracker; empty takes the one of the settings.

    Returns
    -------
    list of Check
        Where no window opens, those that need one could not be checked.
    """
    if participant_id:
        participant_id = check_participant_id(participant_id)
    tracker_name = tracker_name or study.settings.experiment.tracker
    with ExitStack() as until_end:
        try:
            window = until_end.enter_context(station_window(study))
        except InputError as error:
            return [
                *check_files(study, participant_id, session),
                Check("window", False, str(error)),
                *(Check(name, None, "there is no window") for name in ("refresh rate", "tracker")),
            ]
        return preflight(study, participant_id, session, tracker_name, window)


def refuse(checks: Sequence[Check]) -> None:
    """Refuse to go on where a check has failed.

    Parameters
    ----------
    checks : sequence of Check
        What was found.

    Raises
    ------
    InputError
        If a check has failed; the message numbers the reasons.
    """
    failed = [check for check in checks if check.passed is False]
    if not failed:
        return
    reasons = "\n".join(f"  {n}. {check.text}" for n, check in enumerate(failed, start=1))
    raise InputError(
        f"A session must pass every check, but {len(failed)} of {len(checks)} failed:\n{reasons}"
        "\nLook again with: faceoff experiment check."
    )


def check_files(
    study: Study, participant_id: str, session: str, *, resume: bool = False
) -> list[Check]:
    """Check what needs no window: folder, disk, clock, texts, pictures and plan.

    Parameters
    ----------
    study : Study
        The study.
    participant_id, session : str
        Whose session; an empty id takes the study's folder and all of its pictures.
    resume : bool, default False
        Whether a session that has begun is to go on.

    Returns
    -------
    list of Check
        What was found.
    """
    folder = study.session_dir(participant_id, session) if participant_id else study.sourcedata
    checks = [
        check_writable(folder),
        check_disk(folder, study.settings.experiment.free_disk_mb),
        check_clock(),
        attempt("texts", lambda: _readable_texts(study)),
    ]
    if participant_id:
        return checks + check_session(study, participant_id, session, resume=resume)
    return [*checks, pictures_check(study)]


def check_screen(study: Study, tracker_name: str, window: "Window") -> list[Check]:
    """Check the window and the screen that it is on.

    Parameters
    ----------
    study : Study
        The study.
    tracker_name : str
        The tracker; one for a desk needs no synchronised screen.
    window : Window
        The session's window, open.

    Returns
    -------
    list of Check
        What was found.
    """
    screen, sizes = study.settings.screen, measure_sizes(window)
    intervals_ms = np.empty(0)
    if window.synchronised:
        say("Measuring the refresh rate ...")
        intervals_ms = measure_intervals(window)
    refresh = check_refresh(
        intervals_ms,
        screen.refresh_hz,
        synchronised=window.synchronised,
        at_a_desk=tracker_name in AT_A_DESK,
    )
    saver = check_screen_saver(window) if window.synchronised else []
    return [check_window(sizes, screen), check_scaling(sizes.scale), refresh, *saver]


def check_tracker(study: Study, tracker_name: str, window: "Window") -> Check:
    """Connect to the tracker with a recording that is thrown away.

    Parameters
    ----------
    study : Study
        The study.
    tracker_name : str
        The tracker.
    window : Window
        The session's window, open.

    Returns
    -------
    Check
        Failed with the reason where the tracker does not answer.
    """
    return attempt("tracker", lambda: _tracker_answers(study, tracker_name, window))


def _tracker_answers(study: Study, tracker_name: str, window: "Window") -> str:
    """Connect and let go."""
    check_tracker_name(tracker_name)
    say(f"Asking the tracker {tracker_name} ...")
    watchers = list(window.watchers)
    with tempfile.TemporaryDirectory(prefix="faceoff-check-") as folder:
        setup = TrackerSetup(study, NOBODY, window, Path(folder) / "check", "right")
        tracker = make_tracker(tracker_name, setup)
        try:
            tracker.connect()
            facts = tracker.facts()
        finally:
            tracker.close()
            window.watchers[:] = watchers
    details = ", ".join(f"{name.replace('_', ' ')} {fact}" for name, fact in facts.items())
    return f"{tracker_name} answers: {details}"


def _readable_texts(study: Study) -> str:
    """Read what participants read, and whether consent is asked to a form that has a version."""
    texts = read_texts(study)
    check_consent(study)
    return f"{len(texts.screens)} screens of {study.settings.experiment.texts}"
