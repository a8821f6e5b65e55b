"""Reaching the Host PC: pylink, PyGaze's EyeLink class on it, and what the tracker then says."""

import time
from typing import TYPE_CHECKING, Any

from experiment.pygaze_import import configure_pygaze, quiet_console
from experiment.trackers.eyelink.commands import check_replies, readable_values
from stimuli.frames import Screen
from study.errors import InputError

if TYPE_CHECKING:
    from experiment.trackers.eyelink.display import EyelinkDisplay
    from experiment.window import Window

#: What isConnected() says of a tracker that is there; of a simulated one it says -1.
CONNECTED = 1
_NO_ANSWER = 1000  # of commandResult: not yet
_REPLY_SECONDS = 0.2


def reach_host(address: str) -> Any:
    """Open the connection to the Host PC.

    Parameters
    ----------
    address : str
        Its address.

    Returns
    -------
    pylink.EyeLink
        The connection, which answers.

    Raises
    ------
    InputError
        If nothing answers; no tracker is ever simulated in its place.
    """
    with quiet_console():
        import pylink

        try:
            link = pylink.EyeLink(address)
        except Exception as error:  # a RuntimeError, or whatever its answer led to
            problem = " ".join(str(error).split())
        else:
            if link.isConnected() == CONNECTED:
                return link
            problem = f"isConnected() says {link.isConnected()}"
            link.close()
    raise InputError(
        f"The EyeLink must answer at {address}, but it does not ({problem}). Look whether the "
        "Host PC is on and its EyeLink program runs, whether the cable is in, and whether this "
        "computer has the address 100.1.1.2 with the mask 255.255.255.0 on that cable; another "
        "address of the Host PC goes into study.toml: [experiment.eyelink] address."
    )


def configure_host(
    link: Any,
    display: "EyelinkDisplay",
    window: "Window",
    name: str,
    pupil_size: str,
) -> Any:
    """Make PyGaze's EyeLink class on an open connection; it opens the recording on the Host PC.

    PyGaze's forced drift correction is left out: on trackers from the EyeLink 1000 on it can
    lower the accuracy. The screen, the rate and the filters that PyGaze sends, or forgets, are
    sent again by `send_commands`.

    Parameters
    ----------
    link : pylink.EyeLink
        The connection.
    display : EyelinkDisplay
        Draws in place of PyGaze's own graphics.
    window : Window
        The session's window.
    name : str
        The recording's name on the Host PC, without suffix.
    pupil_size : {"area", "diameter"}
        What is recorded of the pupil.

    Returns
    -------
    pygaze._eyetracker.libeyelink.libeyelink
        The tracker as PyGaze knows it.
    """
    screen: Screen = window.screen
    configure_pygaze(screen, window.settings, window, tracker="eyelink", log_stem=name)
    with quiet_console():
        from pygaze._eyetracker import libeyelink

        own_graphics = libeyelink.EyelinkGraphics
        # PyGaze knows neither an address nor other graphics than its own: both are given to its
        # module before it looks for them.
        libeyelink._eyelink = link
        libeyelink.EyelinkGraphics = lambda *_: display
        try:
            return libeyelink.libeyelink(
                None,
                resolution=(screen.width_px, screen.height_px),
                data_file=f"{name}.edf",
                force_drift_correct=False,
                pupil_size_mode=pupil_size,
                eventdetection="native",
            )
        finally:
            libeyelink.EyelinkGraphics = own_graphics


def forget_host() -> None:
    """Take the closed connection from PyGaze and pylink, so that the next session makes its own."""
    import pylink
    from pygaze._eyetracker import libeyelink

    libeyelink._eyelink = None
    pylink.closeGraphics()


def send_commands(link: Any, commands: list[str]) -> list[str]:
    """Send commands one after the other, and collect what the tracker did not take.

    Parameters
    ----------
    link : pylink.EyeLink
        The connection, in offline mode.
    commands : list of str
        The commands.

    Returns
    -------
    list of str
        Those that were refused. Trackers also refuse what their model does not have, so that
        this alone is no fault: `read_back` tells what counts.
    """
    refused = []
    for command in commands:
        try:
            result = link.sendCommand(command)
        except RuntimeError:
            refused.append(command)
        else:
            if result not in (0, None, _NO_ANSWER):
                refused.append(command)
    return refused


def read_back(link: Any, commands: list[str]) -> dict[str, str]:
    """Ask the tracker for the values that it was given.

    Parameters
    ----------
    link : pylink.EyeLink
        The connection.
    commands : list of str
        What was sent.

    Returns
    -------
    dict of str to str
        Its answers by name; those that it does not give are left out.

    Raises
    ------
    InputError
        If it has another value than it was given.
    """
    wanted = readable_values(commands)
    replies = {name: _ask(link, name) for name in wanted}
    check_replies(wanted, replies)
    return {name: reply for name, reply in replies.items() if reply}


def _ask(link: Any, name: str) -> str:
    """Read one value of the tracker; an empty text where it does not answer in time."""
    try:
        link.readRequest(name)
        end_s = time.perf_counter() + _REPLY_SECONDS
        while time.perf_counter() < end_s:
            reply = link.readReply()
            if reply:
                return str(reply).strip()
            time.sleep(0.005)
    except RuntimeError:
        pass
    return ""
