"""Lines of EyeLink's ASC format, as its converter edf2asc writes them for one eye at 1000 Hz."""

from datetime import datetime
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experiment.calibration import Validation
from experiment.gaze_trace import (
    Blink,
    Fixation,
    FloatArray,
    GazeTrace,
    IntArray,
    Saccade,
    duration_ms,
)
from stimuli.frames import Screen

EYE_LETTER, EYE_NAME = "R", "RIGHT"
OneEye = Literal["left", "right"]
RATE_HZ = 1000
CALIBRATION_TYPE = "HV9"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

# Tenths that fit into a field of seven signs, and in which every screen's gaze lies.
_LOWEST_TENTH, _HIGHEST_TENTH = -9999, 99999


def header(recorded: datetime, recorder: str) -> str:
    """Write what stands above the first message.

    Parameters
    ----------
    recorded : datetime
        When the recording began.
    recorder : str
        What recorded, for the line RECORDED BY.

    Returns
    -------
    str
        Lines, with the empty one that ends them.
    """
    lines = [
        f"** DATE: {date(recorded)}",
        "** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED",
        "** VERSION: EYELINK II 1",
        "** SOURCE: EYELINK CL",
        "** EYELINK II CL v5.50 Jun 16 2022 (EyeLink 1000 Plus)",
        "** CAMERA: simulated",
        "** SERIAL NUMBER: simulated",
        f"** RECORDED BY {recorder}",
        "**",
        "",
    ]
    return _joined(lines)


def date(recorded: datetime) -> str:
    """Write a date as EyeLink does, in English whatever the computer's language.

    Parameters
    ----------
    recorded : datetime
        The date.

    Returns
    -------
    str
        Weekday, month, day, time and year.

    Examples
    --------
    >>> date(datetime(2024, 3, 5, 14, 7, 9))
    'Tue Mar  5 14:07:09 2024'
    """
    day = f"{_DAYS[recorded.weekday()]} {_MONTHS[recorded.month - 1]} {recorded.day:2d}"
    return f"{day} {recorded:%H:%M:%S} {recorded.year}"


def message(time_ms: int, text: str) -> str:
    r"""Write a message.

    Parameters
    ----------
    time_ms : int
        Time on the tracker's clock.
    text : str
        One line.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> message(997331, "TRIALID 1")
    'MSG\t997331 TRIALID 1\n'
    """
    return f"MSG\t{time_ms} {text}\n"


def calibration(time_ms: int, points_px: FloatArray, screen: Screen) -> str:
    """Write a calibration: its targets as the tracker saw them, and that it went well.

    Parameters
    ----------
    time_ms : int
        Time on the tracker's clock.
    points_px : ndarray, shape (n, 2)
        Targets on the screen.
    screen : Screen
        For their direction from the eye.

    Returns
    -------
    str
        Lines.
    """
    # HREF units: 15000 times the tangent of the direction.
    href = np.rint(15000.0 * np.tan(np.radians(screen.to_deg(points_px)))).astype(int)
    lines = [
        message(time_ms, "!CAL "),
        f">>>>>>> CALIBRATION ({CALIBRATION_TYPE},P-CR) FOR {EYE_NAME}: <<<<<<<<<\n",
        message(time_ms, "!CAL Calibration points:  "),
    ]
    for x_href, y_href in href:
        camera = f"{-30 + x_href / 140:.1f}, {-40 + y_href / 150:.1f}"
        lines.append(message(time_ms, f"!CAL {camera}{x_href:10d},{y_href:7d}   "))
    result = f"!CAL CALIBRATION {CALIBRATION_TYPE} {EYE_LETTER} {EYE_NAME}   GOOD "
    return "".join([*lines, message(time_ms, result)])


def validation(time_ms: int, measured: Validation, eye: OneEye = "right") -> str:
    """Write a validation: a line for the whole and a line for each target.

    Parameters
    ----------
    time_ms : int
        Time on the tracker's clock.
    measured : Validation
        Targets and errors.
    eye : {"left", "right"}, default "right"
        The eye that was recorded.

    Returns
    -------
    str
        Lines.
    """
    x_px, y_px = measured.offsets_px.mean(axis=0)
    whole = (
        f"!CAL VALIDATION {CALIBRATION_TYPE} {_letter(eye)} {eye.upper()} {measured.verdict} "
        f"ERROR {measured.average_deg:.2f} avg. {measured.maximum_deg:.2f} max  "
        f"OFFSET {measured.offset_deg:.2f} deg. {x_px:.1f},{y_px:.1f} pix."
    )
    lines = [message(time_ms, whole)]
    rows = zip(measured.points_px, measured.offsets_px, measured.errors_deg, strict=True)
    for index, ((x_target, y_target), (x_px, y_px), error_deg) in enumerate(rows):
        at = f"at {round(x_target)},{round(y_target)}"
        error = f"OFFSET {error_deg:.2f} deg.  {x_px:.1f},{y_px:.1f} pix."
        text = f"VALIDATE {_letter(eye)} 4POINT {index} {eye.upper()}  {at}  {error}"
        lines.append(message(time_ms, text))
    return "".join(lines)


def drift_check(
    time_ms: int,
    target_px: tuple[float, float],
    offset_px: tuple[float, float],
    screen: Screen,
    eye: OneEye = "right",
) -> str:
    """Write a drift check.

    Parameters
    ----------
    time_ms : int
        Time on the tracker's clock.
    target_px : tuple of float
        The target on the screen.
    offset_px : tuple of float
        Measured gaze minus target.
    screen : Screen
        For degrees.
    eye : {"left", "right"}, default "right"
        The eye that was recorded.

    Returns
    -------
    str
        The line.
    """
    (x_px, y_px), (x_off, y_off) = target_px, offset_px
    error_deg = float(screen.distance_deg(target_px, [x_px + x_off, y_px + y_off]))
    return message(
        time_ms,
        f"DRIFTCORRECT {_letter(eye)} {eye.upper()} at {round(x_px)},{round(y_px)}  "
        f"OFFSET {error_deg:.2f} deg.  {x_off:.1f},{y_off:.1f} pix.",
    )


def block_start(time_ms: int, screen: Screen) -> str:
    """Write the beginning of a recording block.

    Parameters
    ----------
    time_ms : int
        Time of its first sample.
    screen : Screen
        For the coordinates.

    Returns
    -------
    str
        Lines.
    """
    corner = f"{screen.width_px - 1:.2f} {screen.height_px - 1:.2f}"
    mode = f"CR {RATE_HZ} 2 1 {EYE_LETTER}"
    notes = [
        f"RECCFG {mode}",
        "ELCLCFG MTABLER",
        f"GAZE_COORDS 0.00 0.00 {corner}",
        f"THRESHOLDS {EYE_LETTER} 88 204",
        "ELCL_PROC CENTROID (3)",
        "ELCL_PCR_PARAM 5 3.0",
    ]
    form = f"GAZE\t{EYE_NAME}\tRATE\t{RATE_HZ:7.2f}\tTRACKING\tCR\tFILTER\t2"
    lines = [
        f"START\t{time_ms} \t{EYE_NAME}\tSAMPLES\tEVENTS",
        "PRESCALER\t1",
        "VPRESCALER\t1",
        "PUPIL\tAREA",
        f"EVENTS\t{form}",
        f"SAMPLES\t{form}",
    ]
    before = "".join(message(time_ms, text) for text in notes)
    return before + _joined(lines) + message(time_ms, f"!MODE RECORD {mode}")


def block_end(time_ms: int, screen: Screen) -> str:
    """Write the end of a recording block.

    Parameters
    ----------
    time_ms : int
        One sample after its last.
    screen : Screen
        For the resolution at its centre, in pixels for each degree.

    Returns
    -------
    str
        The line.
    """
    x_res, y_res = screen.to_px([0.5, 0.5]) - screen.to_px([-0.5, -0.5])
    return f"END\t{time_ms} \tSAMPLES\tEVENTS\tRES\t{x_res:7.2f}\t{y_res:7.2f}\n"


def event_start(event: Fixation | Saccade | Blink) -> str:
    r"""Write the line that stands before an event's first sample.

    Parameters
    ----------
    event : Fixation, Saccade or Blink
        The event.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> event_start(Blink(1073052, 1073096))
    'SBLINK R 1073052\n'
    """
    name = {Fixation: "SFIX R   ", Saccade: "SSACC R  ", Blink: "SBLINK R "}[type(event)]
    return f"{name}{event.start_ms}\n"


def event_end(event: Fixation | Saccade | Blink) -> str:
    r"""Write the line that stands after an event's last sample.

    Parameters
    ----------
    event : Fixation, Saccade or Blink
        The event.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> event_end(Fixation(1033469, 1033706, 837.5, 373.3, 970.4))
    'EFIX R   1033469\t1033706\t238\t  837.5\t  373.3\t    970\n'
    """
    times = f"{event.start_ms}\t{event.end_ms}\t{duration_ms(event)}"
    if isinstance(event, Fixation):
        return f"EFIX R   {times}\t{event.x_px:7.1f}\t{event.y_px:7.1f}\t{event.pupil:7.0f}\n"
    if isinstance(event, Blink):
        return f"EBLINK R {times}\n"
    from_px = f"{event.x_start_px:7.1f}\t{event.y_start_px:7.1f}"
    to_px = f"{event.x_end_px:7.1f}\t{event.y_end_px:7.1f}"
    size = f"{event.amplitude_deg:7.2f}\t{event.peak_velocity_deg_s:7.0f}"
    return f"ESACC R  {times}\t{from_px}\t{to_px}\t{size}\n"


def sample_lines(trace: GazeTrace) -> tuple[bytes, IntArray]:
    """Write all samples of a trace.

    Parameters
    ----------
    trace : GazeTrace
        Samples; gaze from -999.9 to 9999.9 pixels.

    Returns
    -------
    lines : bytes
        One line for each sample.
    starts : ndarray of int, shape (n + 1,)
        Where each line begins in `lines`, and where the last one ends.

    Raises
    ------
    ValueError
        If a number does not fit into its field.
    """
    missing = np.isnan(trace.x_px)
    tab = np.full((len(missing), 1), ord("\t"), dtype=np.uint8)
    flags = np.tile(np.frombuffer(b"\t...\n", dtype=np.uint8), (len(missing), 1))
    table = np.hstack(
        [
            _digits(trace.time_ms), tab, _field(trace.x_px, missing), tab,
            _field(trace.y_px, missing), tab, _tenths(np.where(missing, 0.0, trace.pupil)), flags,
        ]
    )  # fmt: skip
    # A byte of 0 fills up what is shorter than its field.
    written = table[table != 0]
    starts = np.concatenate([[0], np.flatnonzero(written == ord("\n")) + 1])
    return written.tobytes(), starts


def _field(values: FloatArray, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Write a coordinate of each sample, or the point that stands for a missing one."""
    field = _tenths(np.where(missing, 0.0, values))
    field[missing] = np.frombuffer(b"   .\0\0\0", dtype=np.uint8)
    return field


def _tenths(values: FloatArray) -> NDArray[np.uint8]:
    """Write numbers with one decimal in seven signs each, by looking them up."""
    tenths = np.rint(values * 10.0).astype(np.int64)
    if tenths.size and not (_LOWEST_TENTH <= tenths.min() <= tenths.max() <= _HIGHEST_TENTH):
        raise ValueError(
            f"a sample must lie within {_LOWEST_TENTH / 10} and {_HIGHEST_TENTH / 10} but "
            f"reaches {values.min()} to {values.max()}"
        )
    written: NDArray[np.uint8] = _written_tenths()[tenths - _LOWEST_TENTH]
    return written


@cache
def _written_tenths() -> NDArray[np.uint8]:
    """Write every number that a field can hold, once."""
    text = "".join(f"{tenth / 10:7.1f}" for tenth in range(_LOWEST_TENTH, _HIGHEST_TENTH + 1))
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(-1, 7)


def _digits(numbers: IntArray) -> NDArray[np.uint8]:
    """Write whole numbers above zero, with bytes of 0 before the shorter ones."""
    powers = 10 ** np.arange(len(str(int(numbers.max()))) - 1, -1, -1)
    digits = (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    digits[numbers[:, None] < powers] = 0
    return digits


def _letter(eye: OneEye) -> str:
    """Give the letter that stands for an eye."""
    return eye[0].upper()


def _joined(lines: list[str]) -> str:
    """Join lines, each with its end."""
    return "".join(f"{line}\n" for line in lines)
