"""Eye trackers by their names; the session knows them through one protocol."""

from typing import TYPE_CHECKING

from study.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from experiment.trackers.protocol import Tracker, TrackerSetup

OWN = ("eyelink", "mouse", "simulated", "replay")
#: What PyGaze knows besides, by PyGaze's names.
PYGAZE = ("opengaze", "tobii", "tobii-legacy", "smi", "eyetribe", "eyelogic", "alea")
TRACKERS = (*OWN, *PYGAZE)
#: Trackers that need no eye in front of a camera: for a desk, not for data of participants.
AT_A_DESK = ("mouse", "simulated", "replay")


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


def make_tracker(name: str, setup: "TrackerSetup") -> "Tracker":
    """Make the tracker of a session.

    Parameters
    ----------
    name : str
        One of `TRACKERS`.
    setup : TrackerSetup
        What it is to record.

    Returns
    -------
    Tracker
        Not yet connected.

    Raises
    ------
    InputError
        If the name is none of them, or a setting that it needs is wrong.
    """
    check_tracker_name(name)
    if name == "mouse":
        from experiment.trackers.mouse import MouseTracker

        return MouseTracker(setup)
    if name == "simulated":
        from experiment.trackers.simulated import SimulatedTracker

        return SimulatedTracker(setup)
    if name == "replay":
        from experiment.trackers.replay import ReplayTracker

        return ReplayTracker(setup)
    if name == "eyelink":
        from experiment.trackers.eyelink import EyelinkTracker

        return EyelinkTracker(setup)
    from experiment.trackers.pygaze_tracker import PygazeTracker

    return PygazeTracker(name, setup)
