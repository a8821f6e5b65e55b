"""What the Host PC is told before a session, and whether it took it.

The commands and their arguments are those of SR Research's EyeLink Programmer's Guide and of the
initialisation files on the Host PC.
"""

import math
import re
from collections.abc import Mapping

from experiment.trackers.protocol import Eye
from stimuli.frames import Rect, Screen
from study.errors import InputError
from study.settings.experiment_trackers import EyelinkSettings

_FILE_EVENTS = "LEFT,RIGHT,FIXATION,SACCADE,BLINK,MESSAGE,BUTTON,INPUT"
_LINK_EVENTS = "LEFT,RIGHT,FIXATION,FIXUPDATE,SACCADE,BLINK,BUTTON,INPUT"
_FILE_SAMPLES = "LEFT,RIGHT,GAZE,HREF,RAW,AREA,GAZERES,BUTTON,STATUS,INPUT"
_LINK_SAMPLES = "LEFT,RIGHT,GAZE,GAZERES,AREA,BUTTON,STATUS,INPUT"
#: Filter of the link, then of the file: 0 off, 1 standard, 2 extra.
_FILTER_LEVELS = {"off": "0 0", "standard": "1 1", "extra": "1 2"}
#: What the Host PC lets be read, as far as is known; it says nothing to other names.
_READABLE = (
    "screen_pixel_coords",
    "screen_phys_coords",
    "sample_rate",
    "calibration_type",
    "file_event_filter",
    "file_sample_data",
)
_STATUS_CHARACTERS = 80


def session_commands(
    settings: EyelinkSettings, calibration_type: str, screen: Screen, eye: Eye
) -> list[str]:
    """List the commands that prepare the Host PC for a session, in their order.

    Parameters
    ----------
    settings : EyelinkSettings
        The section [experiment.eyelink].
    calibration_type : str
        Such as ``HV9``.
    screen : Screen
        The participant's screen.
    eye : {"left", "right", "both"}
        What is to be recorded.

    Returns
    -------
    list of str
        The study's own commands come last, so that they can overrule the others.
    """
    head = ",HTARGET" if settings.head_target else ""
    return [
        *_screen_commands(screen),
        f"sample_rate = {settings.sample_rate_hz}",
        f"calibration_type = {calibration_type}",
        *_eye_commands(eye),
        "recording_parse_type = GAZE",
        "select_parser_configuration 0",
        f"pupil_size_diameter = {'YES' if settings.pupil_size == 'diameter' else 'NO'}",
        f"file_event_filter = {_FILE_EVENTS}",
        f"file_sample_data = {_FILE_SAMPLES}{head}",
        f"link_event_filter = {_LINK_EVENTS}",
        f"link_sample_data = {_LINK_SAMPLES}{head}",
        "button_function 5 'accept_target_fixation'",
        filter_command(settings.filter),
        *([ttl_command(settings.ttl_port, 0)] if settings.ttl_port else []),
        *settings.commands,
    ]


def _screen_commands(screen: Screen) -> list[str]:
    """Say the screen's pixels, its size, and how far its edges are: all lengths in millimetres."""
    half_width_mm, half_height_mm = 5 * screen.width_cm, 5 * screen.height_cm
    corners_mm = (-half_width_mm, half_height_mm, half_width_mm, -half_height_mm)
    edge_mm = round(math.hypot(10 * screen.distance_cm, half_height_mm))
    return [
        f"screen_pixel_coords = 0 0 {screen.width_px - 1} {screen.height_px - 1}",
        "screen_phys_coords = " + " ".join(f"{mm:.1f}" for mm in corners_mm),
        f"screen_distance = {edge_mm} {edge_mm}",
    ]


def _eye_commands(eye: Eye) -> list[str]:
    """Choose one eye or both."""
    if eye == "both":
        return ["binocular_enabled = YES"]
    return ["binocular_enabled = NO", f"active_eye = {eye.upper()}"]


def filter_command(level: str) -> str:
    """Set the heuristic filter.

    Parameters
    ----------
    level : {"off", "standard", "extra"}
        Of the file's samples; those of the link are filtered once at most, for each pass costs
        a sample's time.

    Returns
    -------
    str
        The command.
    """
    return f"heuristic_filter = {_FILTER_LEVELS[level]}"


def ttl_command(port: str, value: int) -> str:
    """Write to a port of the Host PC.

    Parameters
    ----------
    port : str
        Its address, such as ``0x8``.
    value : int
        0 to 255.

    Returns
    -------
    str
        The command; the asterisk makes the Host PC note it in the recording.
    """
    return f"*write_ioport {port} {value}"


def backdrop_commands(title: str, picture: Rect, target_px: tuple[float, float]) -> list[str]:
    """Show the operator what the participant is about to see.

    Parameters
    ----------
    title : str
        Stands at the lower edge of the Host PC's screen during the recording.
    picture : Rect
        Where the face will be, in screen pixels.
    target_px : tuple of float
        Where the fixation target will be.

    Returns
    -------
    list of str
        Commands for the time before a recording.

    Examples
    --------
    >>> backdrop_commands("Trial 1", Rect(736, 316, 448, 448), (640.0, 539.5))[1:3]
    ['draw_box 736 316 1183 763 15', 'draw_cross 640 540 15']
    """
    right_px = picture.x_px + picture.width_px - 1
    bottom_px = picture.y_px + picture.height_px - 1
    box = " ".join(str(round(px)) for px in (picture.x_px, picture.y_px, right_px, bottom_px))
    quiet_title = title.replace("'", "")[:_STATUS_CHARACTERS]
    return [
        "clear_screen 0",
        f"draw_box {box} 15",
        f"draw_cross {round(target_px[0])} {round(target_px[1])} 15",
        f"record_status_message '{quiet_title}'",
    ]


def readable_values(commands: list[str]) -> dict[str, str]:
    """Pick the values that were set and can be read back.

    Parameters
    ----------
    commands : list of str
        What was sent, in its order.

    Returns
    -------
    dict of str to str
        The last value of each name.

    Examples
    --------
    >>> readable_values(["sample_rate = 500", "clear_screen 0", "sample_rate=1000"])
    {'sample_rate': '1000'}
    """
    pairs = [command.split("=", 1) for command in commands if "=" in command]
    return {name.strip(): value.strip() for name, value in pairs if name.strip() in _READABLE}


def check_replies(wanted: Mapping[str, str], replies: Mapping[str, str]) -> None:
    """Refuse a tracker that has other values than it was told.

    Parameters
    ----------
    wanted, replies : mapping of str to str
        What was set and what the tracker says, by name. An answer that is empty or cannot be
        understood proves nothing: not every tracker lets everything be read.

    Raises
    ------
    InputError
        If a value differs.
    """
    for name, value in wanted.items():
        reply = replies.get(name, "")
        if _differs(value, reply):
            raise InputError(
                f"The EyeLink must have {name} = {value}, but it says {reply.strip()!r} after it "
                "was told. Look whether its model, mount and licence allow this value, and correct "
                "[screen], [experiment.calibration] or [experiment.eyelink] in study.toml."
            )


def _differs(wanted: str, reply: str) -> bool:
    """Tell whether a reply is of the wanted kind and yet another value."""
    numbers, said = _numbers(wanted), _numbers(reply)
    if numbers:
        return len(said) == len(numbers) and any(
            abs(one - other) > 0.5 for one, other in zip(numbers, said, strict=True)
        )
    words, said_words = set(wanted.split(",")), set(re.split(r"[,\s]+", reply.strip().upper()))
    if len(words) == 1:
        known = bool(re.fullmatch(r"H3|HV3|HV5|HV9|HV13", reply.strip().upper()))
        return known and said_words != words
    # A list: to be understood, the reply must be one of the same names.
    return len(said_words & words) > 1 and not words <= said_words


def _numbers(text: str) -> list[float]:
    """Give the numbers of a text that consists of numbers alone."""
    parts = re.split(r"[,\s]+", text.strip())
    try:
        return [float(part) for part in parts]
    except ValueError:
        return []
