"""Tables of one session, for the tests of quality: empty unless a test says otherwise."""

from typing import Any

import pandas as pd

from gaze_analysis.quality_tables import SessionTables

_COLUMNS: dict[str, dict[str, Any]] = {
    "blocks": {"part": 1, "block": 1, "start_ms": 0.0, "end_ms": None, "first_sample_ms": None,
               "last_sample_ms": None, "n_samples": 1, "eyes": "", "rate_hz": None,
               "filter": None, "tracking": None, "mount": None, "resolution_x_px_deg": None},
    "calibrations": {"part": 1, "time_ms": 0.0, "eye": "left", "type": "HV9", "result": "GOOD"},
    "validations": {"part": 1, "time_ms": 0.0, "eye": "left", "type": "HV9", "result": "GOOD",
                    "error_avg_deg": 0.3, "error_max_deg": 0.6, "offset_deg": 0.0,
                    "offset_x_px": 0.0, "offset_y_px": 0.0},
    "validation_points": {"part": 1, "time_ms": 0.0, "eye": "left", "point": 0,
                          "target_x_px": 0.0, "target_y_px": 0.0, "offset_deg": 0.0,
                          "offset_x_px": 0.0, "offset_y_px": 0.0},
    "events": {"part": 1, "event": "fixation", "eye": "left", "onset_ms": 0.0, "offset_ms": 0.0,
               "duration_ms": 0.0, "amplitude_deg": None, "peak_velocity_deg_s": None,
               "detector": "eyelink"},
    "trials": {"part": 1.0, "trial": 1, "image_id": None, "start_ms": 0.0, "eye": "left",
               "face_onset_ms": None, "face_offset_ms": None, "picture_x_px": None,
               "picture_y_px": None, "picture_width_px": None, "picture_height_px": None,
               "reason": None},
}  # fmt: skip
_NUMBERS = ("_ms", "_hz", "_deg", "_px", "_deg_s")


def rows(table: str, *given: dict[str, Any]) -> pd.DataFrame:
    """Make rows of a table, with the usual value where none is given."""
    usual = _COLUMNS[table]
    frame = pd.DataFrame([usual | row for row in given], columns=list(usual))
    numbers = [name for name in usual if name.endswith(_NUMBERS)]
    return frame.astype(dict.fromkeys(numbers, float))


def session_tables(**tables: pd.DataFrame | dict[str, Any]) -> SessionTables:
    """Make the tables of a session; `recording` may change facts of its recording."""
    recording = {
        "participant_id": "sub-1", "session": "01", "sampling_rate_hz": 500.0, "gaze": "px",
        "display_width_px": 1000.0, "display_height_px": 800.0, "file": "a.asc", "date": None,
        "tracker": "EYELINK II CL v5.50", "eye": "left", "n_samples": 0, "pupil": "area",
    } | dict(tables.pop("recording", {}))  # fmt: skip
    made = {name: tables.get(name, rows(name)) for name in _COLUMNS}
    return SessionTables(pd.Series(recording), **made)  # type: ignore[arg-type]
