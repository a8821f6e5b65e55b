"""The texts that a session writes into the recording, in Data Viewer's protocol."""

from collections.abc import Mapping
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from stimuli.frames import Rect
from study.errors import InputError

# pylink cuts a message after this many characters without a word.
MAX_CHARACTERS = 128
FIXATION_ON = "FIXATION_ON"
FACE_OFF = "FACE_OFF"
MASK_ON = "MASK_ON"
MASK_OFF = "MASK_OFF"


class TrialResult(IntEnum):
    """How a trial ended, as pylink numbers it."""

    OK = 0
    REPEAT = 1
    SKIP = 2
    ABORT = 3


def check_length(text: str) -> str:
    """Refuse a message that a tracker would cut.

    Parameters
    ----------
    text : str
        The message, without its time.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InputError
        If it is longer than 128 characters, or is more than one line.
    """
    if len(text) > MAX_CHARACTERS or "\n" in text or "\r" in text:
        raise InputError(
            f"A tracker's message must be one line of at most {MAX_CHARACTERS} characters, but "
            f"{text!r} has {len(text)}. Give the pictures shorter names."
        )
    return text


def display_coords(width_px: int, height_px: int) -> str:
    """Say the pixels of the screen: the first and the last of each direction.

    Parameters
    ----------
    width_px, height_px : int
        The screen's resolution.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> display_coords(1920, 1080)
    'DISPLAY_COORDS 0 0 1919 1079'
    """
    return f"DISPLAY_COORDS 0 0 {width_px - 1} {height_px - 1}"


def trial_id(trial: int) -> str:
    """Begin a trial.

    Parameters
    ----------
    trial : int
        Its number in the session's plan, from 1.

    Returns
    -------
    str
        The message.
    """
    return f"TRIALID {trial}"


def face_on(image_id: str) -> str:
    """Say that a face is on the screen since this flip.

    Parameters
    ----------
    image_id : str
        The picture's id in the manifest.

    Returns
    -------
    str
        The message.
    """
    return check_length(f"FACE_ON {image_id}")


def shown_picture(image_id: str) -> str:
    """Name the picture as it was shown, from the recording's folder.

    The crop that was on the screen is kept in ``stimuli/shown``, for Data Viewer draws whole
    files: the picture file itself is larger than what was shown.

    Parameters
    ----------
    image_id : str
        The picture's id in the manifest.

    Returns
    -------
    str
        A path with forward slashes, relative to ``sourcedata/sub-*/ses-*``.
    """
    return f"../../../stimuli/shown/{image_id}.png"


def image_load(image_id: str, picture: Rect) -> str:
    """Tell Data Viewer which picture stood where.

    Parameters
    ----------
    image_id : str
        The picture's id in the manifest.
    picture : Rect
        Where it stood, in screen pixels.

    Returns
    -------
    str
        The message; the centre is given in whole pixels, as the protocol has it.

    Examples
    --------
    >>> image_load("AF01AFS", Rect(736, 316, 448, 448))
    '!V IMGLOAD CENTER ../../../stimuli/shown/AF01AFS.png 960 540 448 448'
    """
    x_px = round(picture.x_px + picture.width_px / 2)
    y_px = round(picture.y_px + picture.height_px / 2)
    size = f"{round(picture.width_px)} {round(picture.height_px)}"
    return check_length(f"!V IMGLOAD CENTER {shown_picture(image_id)} {x_px} {y_px} {size}")


def areas_file(image_id: str, picture: Rect) -> str:
    """Name the file of a picture's interest areas, which are in screen pixels.

    Parameters
    ----------
    image_id : str
        The picture's id in the manifest.
    picture : Rect
        Where it stands on the screen.

    Returns
    -------
    str
        A name that tells place and size.

    Examples
    --------
    >>> areas_file("AF01AFS", Rect(736, 316, 448, 448))
    'AF01AFS_736_316_448.ias'
    """
    return f"{image_id}_{picture.x_px:.0f}_{picture.y_px:.0f}_{picture.width_px:.0f}.ias"


def interest_areas(image_id: str, picture: Rect) -> str:
    """Tell Data Viewer where the regions of the face are.

    The outline of a cheek would not fit into a message, so a file beside the picture has them.

    Parameters
    ----------
    image_id : str
        The picture's id in the manifest.
    picture : Rect
        Where it stood, in screen pixels.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> interest_areas("AF01AFS", Rect(736, 316, 448, 448))
    '!V IAREA FILE ../../../stimuli/shown/AF01AFS_736_316_448.ias'
    """
    return check_length(f"!V IAREA FILE ../../../stimuli/shown/{areas_file(image_id, picture)}")


def areas_text(polygons_px: Mapping[str, NDArray[np.float64]]) -> str:
    r"""Write a file of interest areas as Data Viewer reads it.

    Parameters
    ----------
    polygons_px : mapping of str to ndarray, shape (n, 2)
        Corners of each region in screen pixels.

    Returns
    -------
    str
        A line for each region, in the order of the mapping.

    Examples
    --------
    >>> areas_text({"mouth": np.array([[1.0, 2.0], [30.4, 2.0], [15.0, 9.0]])})
    'FREEHAND 1 1,2 30,2 15,9 mouth\n'
    """
    lines = []
    for number, (name, polygon) in enumerate(polygons_px.items(), start=1):
        corners = " ".join(f"{round(x_px)},{round(y_px)}" for x_px, y_px in polygon.tolist())
        lines.append(f"FREEHAND {number} {corners} {name}\n")
    return "".join(lines)


def gate_passed(offset_deg: float, attempts: int) -> str:
    """Say that the eye has rested on the fixation target.

    Parameters
    ----------
    offset_deg : float
        How far from the target it was, on average.
    attempts : int
        How often it came near.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> gate_passed(0.512, 2)
    'GATE_PASSED 0.51 deg 2'
    """
    return f"GATE_PASSED {offset_deg:.2f} deg {attempts}"


def confidence_on(levels: int) -> str:
    """Say that people are asked how sure they are.

    Parameters
    ----------
    levels : int
        The highest answer; the lowest is 1.

    Returns
    -------
    str
        The message.
    """
    return f"CONFIDENCE_ON {levels}"


def confidence(level: str) -> str:
    """Say how sure somebody is.

    Parameters
    ----------
    level : str
        The level; ``n/a`` without an answer.

    Returns
    -------
    str
        The message.
    """
    return f"CONFIDENCE {level}"


def response(key: str, expression: str) -> str:
    """Say which key was pressed, and what it stands for.

    Parameters
    ----------
    key : str
        The key's name; ``n/a`` where the time was up.
    expression : str
        The expression, or ``n/a``.

    Returns
    -------
    str
        The message.
    """
    return check_length(f"RESPONSE {key} {expression}")


def trial_variables(variables: Mapping[str, str | int]) -> list[str]:
    """Give Data Viewer what is known about the trial at its end.

    Parameters
    ----------
    variables : mapping of str to str or int
        Name and value, in the order in which they shall stand.

    Returns
    -------
    list of str
        One message for each.

    Examples
    --------
    >>> trial_variables({"image_id": "AF01AFS", "rt_ms": 812})
    ['!V TRIAL_VAR image_id AF01AFS', '!V TRIAL_VAR rt_ms 812']
    """
    return [check_length(f"!V TRIAL_VAR {name} {value}") for name, value in variables.items()]


def trial_result(code: TrialResult) -> str:
    """End a trial.

    Parameters
    ----------
    code : TrialResult
        How it ended.

    Returns
    -------
    str
        The message.
    """
    return f"TRIAL_RESULT {code.value}"
