"""The window of a station that is tried out, without a session."""

from collections.abc import Iterator
from contextlib import contextmanager

from experiment.headless import screen_for_session
from experiment.window import Window
from participants.plans import Plan
from stimuli.frames import screen_from
from study.folder import Study

#: Who sits in front of a tracker that is only tried out.
NOBODY = Plan(participant_id="sub-check", session="test", mode="test", seed=0, keys={}, trials=())


@contextmanager
def station_window(study: Study) -> Iterator[Window]:
    """Open a session's window, and close it when the block ends.

    Parameters
    ----------
    study : Study
        The study, whose settings describe the screen.

    Yields
    ------
    Window
        Open.

    Raises
    ------
    InputError
        If there is no screen, or the window does not get its size.
    """
    settings = study.settings
    screen = settings.screen
    with screen_for_session(screen.width_px, screen.height_px) as virtual:
        window = Window(
            screen_from(screen), screen.refresh_hz, settings.experiment, virtual=virtual
        )
        try:
            yield window
        finally:
            window.close()
