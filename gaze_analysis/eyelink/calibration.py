"""What EyeLink's messages say about calibrations, validations and drift corrections, as tables."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

_NUMBER = r"(-?\d+(?:\.\d*)?)"
_HEADER = re.compile(r">+\s*CALIBRATION \(([^,)]+)(?:,\s*([^)]*))?\) FOR ([A-Z ,/&]+)")
_RESULT = re.compile(r"!CAL\s+(CALIBRATION|VALIDATION)\s+(.*)", re.DOTALL)
_ERROR = re.compile(rf"ERROR\s+{_NUMBER}\s+avg\.\s+{_NUMBER}\s+max")
_OFFSET = re.compile(rf"OFFSET\s+{_NUMBER}\s+deg\.\s+{_NUMBER},\s*{_NUMBER}\s+pix")
_POINT = re.compile(r"VALIDATE\s+\S+\s+\d*POINT\s+(\d+)\s+(LEFT|RIGHT)\s+at\s")
_DRIFT = re.compile(r"DRIFT_?CORRECT\s+(.*)", re.DOTALL)
_TARGET = re.compile(rf"\sat\s+{_NUMBER},\s*{_NUMBER}")
# In the order in which the eyes of a message are looked for: its words, else its letters.
_EYES = {
    "LEFT": ("left",), "RIGHT": ("right",), "BOTH": ("left", "right"),
    "L": ("left",), "R": ("right",), "LR": ("left", "right"),
}  # fmt: skip
_WHEN = ("line", "block", "time_ms")
_ERRORS = ("error_avg_deg", "error_max_deg")
_OFFSETS = ("offset_deg", "offset_x_px", "offset_y_px")
_TARGETS = ("target_x_px", "target_y_px")
_CALIBRATION_COLUMNS = (*_WHEN, "type", "model", "eye", "result")
_VALIDATION_COLUMNS = (*_WHEN, "type", "eye", "result", *_ERRORS, *_OFFSETS)
_POINT_COLUMNS = (*_WHEN, "point", "eye", *_TARGETS, *_OFFSETS)
_DRIFT_COLUMNS = (*_WHEN, "eye", "result", *_TARGETS, *_OFFSETS)


def read_calibrations(
    messages: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Find calibrations and validations in a recording's messages.

    Parameters
    ----------
    messages : pandas.DataFrame
        A recording's messages.

    Returns
    -------
    calibrations : pandas.DataFrame
        One row for each eye: type (HV9), model (P-CR), eye and result (GOOD, FAIR, POOR, FAILED,
        ABORTED; empty where the file has none).
    validations : pandas.DataFrame
        One row for each eye: result, average and largest error and offset in degrees.
    points : pandas.DataFrame
        One row for each eye and target of a validation.
    """
    calibrations: list[dict[str, Any]] = []
    validations: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    for when, words in _messages(messages, "CAL", "VALIDATE"):
        if match := _HEADER.search(words):
            head = {"type": match[1], "model": match[2] or "", "result": ""}
            calibrations += [when | head | {"eye": eye} for eye in _eyes(match[3].split())]
        elif match := _RESULT.match(words):
            for row in _results(match[2]):
                if match[1] == "CALIBRATION":
                    _add_result(calibrations, when | row)
                else:
                    validations.append(when | row | _error(words) | _offset(words))
        elif match := _POINT.match(words):
            head = {"point": int(match[1]), "eye": match[2].lower()}
            points.append(when | head | _target(words) | _offset(words))
    return (
        pd.DataFrame(calibrations, columns=list(_CALIBRATION_COLUMNS)),
        _numeric(pd.DataFrame(validations, columns=list(_VALIDATION_COLUMNS))),
        _numeric(pd.DataFrame(points, columns=list(_POINT_COLUMNS))),
    )


def read_drift_corrections(messages: pd.DataFrame) -> pd.DataFrame:
    """Find drift corrections and drift checks in a recording's messages.

    Parameters
    ----------
    messages : pandas.DataFrame
        A recording's messages.

    Returns
    -------
    pandas.DataFrame
        One row for each eye: result (ABORTED, or empty), target in pixels, offset of gaze from it.
    """
    rows = []
    for when, words in _messages(messages, "DRIFT"):
        if match := _DRIFT.match(words):
            before = match[1].split(" at ")[0]
            rows += [
                when
                | {"eye": row["eye"], "result": row["result"]}
                | _target(words)
                | _offset(words)
                for row in _results(before)
            ]
    return _numeric(pd.DataFrame(rows, columns=list(_DRIFT_COLUMNS)))


def _messages(messages: pd.DataFrame, *words: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Give the messages that hold one of some words, and when they were sent."""
    chosen = messages[messages["text"].str.contains("|".join(words))]
    columns = [chosen[name].tolist() for name in (*_WHEN, "text")]
    for *times, text in zip(*columns, strict=True):
        yield dict(zip(_WHEN, times, strict=True)), text


def _results(words: str) -> list[dict[str, Any]]:
    """Read ``HV9 LR LEFT GOOD``, or ``LR ABORTED``: a row for each eye."""
    fields = words.split(" ERROR ")[0].split()
    others = [word for word in fields if word not in _EYES]
    kind = others.pop(0) if others and any(sign.isdigit() for sign in others[0]) else ""
    result = others[0] if others else ""
    return [{"type": kind, "eye": eye, "result": result} for eye in _eyes(fields)]


def _eyes(words: list[str]) -> tuple[str, ...]:
    """Find the eyes that words name: LEFT and RIGHT, or L, R and LR."""
    found = [eye for name, eyes in _EYES.items() if name in words for eye in eyes]
    named = [eye for eye in found if eye.upper() in words]
    return tuple(dict.fromkeys(named or found)) or ("unknown",)


def _add_result(calibrations: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Give a calibration its result, or note a result whose calibration is not in the file."""
    for calibration in reversed(calibrations):
        if calibration["eye"] == row["eye"] and not calibration["result"]:
            calibration["result"] = row["result"]
            return
    calibrations.append(row | {"model": ""})


def _error(words: str) -> dict[str, str]:
    return _values(_ERROR, words, _ERRORS)


def _offset(words: str) -> dict[str, str]:
    return _values(_OFFSET, words, _OFFSETS)


def _target(words: str) -> dict[str, str]:
    return _values(_TARGET, words, _TARGETS)


def _values(pattern: re.Pattern[str], words: str, names: tuple[str, ...]) -> dict[str, str]:
    """Read the numbers of a part of a message; nothing if it is not there."""
    match = pattern.search(words)
    return dict(zip(names, match.groups(), strict=True)) if match else {}


def _numeric(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn the columns of numbers into numbers."""
    names = [name for name in frame if name in {*_ERRORS, *_OFFSETS, *_TARGETS}]
    return frame.astype(dict.fromkeys(names, "float64"))
