"""What EyeLink's messages say about calibrations and validations, as tables."""

import re
from typing import Any

import pandas as pd

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_HEADER = re.compile(r">+\s*CALIBRATION \(([^,)]+),?([^)]*)\) FOR (LEFT|RIGHT)")
_CALIBRATION = re.compile(r"!CAL\s+CALIBRATION\s+(\S+)\s+\S+\s+(LEFT|RIGHT)\s+(\S+)")
_VALIDATION = re.compile(
    r"!CAL\s+VALIDATION\s+(\S+)\s+\S+\s+(LEFT|RIGHT)\s+(\S+)"
    rf"(?:\s+ERROR\s+{_NUMBER} avg\.\s+{_NUMBER} max\s+OFFSET\s+{_NUMBER} deg\."
    rf"\s+{_NUMBER},\s*{_NUMBER} pix)?"
)
_POINT = re.compile(
    r"VALIDATE\s+\S+\s+\d*POINT\s+(\d+)\s+(LEFT|RIGHT)\s+at\s+"
    rf"{_NUMBER},\s*{_NUMBER}\s+OFFSET\s+{_NUMBER} deg\.\s+{_NUMBER},\s*{_NUMBER} pix"
)
_WHEN = ("line", "block", "time_ms")
_CALIBRATION_COLUMNS = (*_WHEN, "type", "model", "eye", "result")
_VALIDATION_COLUMNS = (
    *_WHEN, "type", "eye", "result", "error_avg_deg", "error_max_deg", "offset_deg",
    "offset_x_px", "offset_y_px",
)  # fmt: skip
_POINT_COLUMNS = (
    *_WHEN, "point", "eye", "target_x_px", "target_y_px", "offset_deg", "offset_x_px",
    "offset_y_px",
)  # fmt: skip


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
        One row for each eye: type (HV9), model (P-CR), eye and result (GOOD, FAIR, POOR,
        ABORTED; empty where the file has none).
    validations : pandas.DataFrame
        One row for each eye: result, average and largest error and offset in degrees.
    points : pandas.DataFrame
        One row for each eye and target of a validation.
    """
    calibrations: list[dict[str, Any]] = []
    validations: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    text = messages["text"]
    chosen = messages[text.str.contains("CAL", regex=False) | text.str.startswith("VALIDATE")]
    columns = [chosen[name].tolist() for name in (*_WHEN, "text")]
    for *times, words in zip(*columns, strict=True):
        when: dict[str, Any] = dict(zip(_WHEN, times, strict=True))
        if match := _HEADER.search(words):
            calibrations.append(
                when | {"type": match[1], "model": match[2], "eye": match[3].lower(), "result": ""}
            )
        elif match := _CALIBRATION.match(words):
            _add_result(calibrations, when, match)
        elif match := _VALIDATION.match(words):
            head = {"type": match[1], "eye": match[2].lower(), "result": match[3]}
            numbers = dict(zip(_VALIDATION_COLUMNS[6:], match.groups()[3:], strict=True))
            validations.append(when | head | numbers)
        elif match := _POINT.match(words):
            head = {"point": int(match[1]), "eye": match[2].lower()}
            points.append(
                when | head | dict(zip(_POINT_COLUMNS[5:], match.groups()[2:], strict=True))
            )
    return (
        pd.DataFrame(calibrations, columns=list(_CALIBRATION_COLUMNS)),
        _numeric(pd.DataFrame(validations, columns=list(_VALIDATION_COLUMNS)), 6),
        _numeric(pd.DataFrame(points, columns=list(_POINT_COLUMNS)), 5),
    )


def _add_result(
    calibrations: list[dict[str, Any]], when: dict[str, Any], match: re.Match[str]
) -> None:
    """Give a calibration its result, or note a result whose calibration is not in the file."""
    eye = match[2].lower()
    for calibration in reversed(calibrations):
        if calibration["eye"] == eye and not calibration["result"]:
            calibration["result"] = match[3]
            return
    calibrations.append(when | {"type": match[1], "model": "", "eye": eye, "result": match[3]})


def _numeric(frame: pd.DataFrame, first: int) -> pd.DataFrame:
    """Turn the columns from a position on into numbers."""
    names = list(frame.columns[first:])
    return frame.astype(dict.fromkeys(names, "float64"))
