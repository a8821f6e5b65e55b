"""Eye trackers by their names; the session knows them through one protocol."""

from typing import TYPE_CHECKING

from study.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from experiment.trackers.protocol import Tracker
    from experiment.window import Window
    from participants.plans import Plan
    from study.folder import Study

TRACKERS = ("simulated", "mouse")


def check_tracker_name(name: str) -> str:
    """Check that a tracker is chosen and known: none is ever taken in another one's place.

    Parameters
    ----------
    name : str
        One of `TRACKERS`.

    Returns
    -------
    str
        The same.

    Raises
    ------
    InputError
        If it is none of them.
    """
    if not name:
        raise InputError(
            "A session needs a tracker, but none is chosen. Say it with --tracker, or in "
            f"study.toml: [experiment] tracker. Known are {', '.join(TRACKERS)}."
        )
    if name not in TRACKERS:
        raise InputError(
            f"A tracker must be one of {', '.join(TRACKERS)}, but it is {name!r}."
            f"{did_you_mean(name, TRACKERS)}"
        )
    return name


def make_tracker(name: str, study: "Study", plan: "Plan", window: "Window") -> "Tracker":
    """Make the tracker of a session.

    Parameters
    ----------
    name : str
        One of `TRACKERS`.
    study : Study
        The study.
    plan : Plan
        The session's plan.
    window : Window
        The session's window.

    Returns
    -------
    Tracker
        Not yet connected.

    Raises
    ------
    InputError
        If the name is none of them.
    """
    if check_tracker_name(name) == "mouse":
        from experiment.trackers.mouse import MouseTracker

        return MouseTracker(study, plan, window)
    from experiment.trackers.simulated import SimulatedTracker

    return SimulatedTracker(study, plan, window)
