"""What a study's recordings are described by: the tables of overviews, and the row of a session."""

from typing import Any

import pandas as pd

from gaze_analysis.eyelink import Recording

_WHO = {
    "participant_id": "Whose recording it is.",
    "session": "Label of the session.",
}
RECORDING_COLUMNS = {
    **_WHO,
    "file": "Recording, from the study folder; several are the parts of one session.",
    "n_parts": "Parts with a clock of their own: files, or recordings one after the other in one.",
    "date": "When it was made, as the recording says.",
    "tracker": "Which tracker made it, as the recording says.",
    "serial_number": "Serial number of its camera.",
    "eye": "Recorded eye: left, right, both or unknown.",
    "sampling_rate_hz": "Samples in a second; of most samples where blocks differ.",
    "gaze": "px (screen pixels), href (head-referenced) or raw (camera); none without samples.",
    "pupil": "area or diameter, in the tracker's own units.",
    "display_width_px": "Width of the screen that the recording was made for.",
    "display_height_px": "Height of the screen that the recording was made for.",
    "n_blocks": "Number of recording blocks (START).",
    "n_samples": "Number of samples.",
    "n_fixations": "Number of fixations that EyeLink found, of all eyes.",
    "n_saccades": "Number of saccades that EyeLink found, of all eyes.",
    "n_blinks": "Number of blinks that EyeLink found, of all eyes.",
    "n_messages": "Number of messages.",
    "n_calibrations": "Number of calibrations, of all eyes.",
    "n_validations": "Number of validations, of all eyes.",
    "n_lines": "Number of lines of the file.",
    "n_skipped": "Number of lines that could not be read; they are in skipped_lines.tsv.",
}
_PART = {"part": "Which part of the session, from 1; each has a clock of its own."}
CALIBRATION_COLUMNS = {
    **_WHO,
    **_PART,
    "time_ms": "When, in milliseconds of the tracker's clock.",
    "eye": "left or right.",
    "type": "Targets, such as HV9.",
    "model": "How gaze follows from the camera's picture, such as P-CR.",
    "result": "EyeLink's verdict: GOOD, FAIR, POOR or ABORTED; n/a where the file has none.",
}
VALIDATION_COLUMNS = {
    **_WHO,
    **_PART,
    "time_ms": "When, in milliseconds of the tracker's clock.",
    "eye": "left or right.",
    "type": "Targets, such as HV9.",
    "result": "EyeLink's verdict: GOOD, FAIR, POOR or ABORTED.",
    "error_avg_deg": "Average distance between gaze and target, in degrees.",
    "error_max_deg": "Largest distance, in degrees.",
    "offset_deg": "Distance of the mean gaze from the mean target, in degrees.",
    "offset_x_px": "The same horizontally, in screen pixels.",
    "offset_y_px": "The same vertically, in screen pixels.",
}
POINT_COLUMNS = {
    **_WHO,
    **_PART,
    "time_ms": "When, in milliseconds of the tracker's clock.",
    "eye": "left or right.",
    "point": "Number of the target in its validation, from 0.",
    "target_x_px": "Where the target stood, in screen pixels from the left.",
    "target_y_px": "The same from the top.",
    "offset_deg": "Distance between gaze and target, in degrees.",
    "offset_x_px": "Gaze less target, horizontally, in screen pixels.",
    "offset_y_px": "The same vertically.",
}
BLOCK_COLUMNS = {
    **_WHO,
    "part": "Which part of the session, from 1; each has a clock of its own.",
    "file": "Recording that holds it, from the study folder.",
    "block": "Number of the block in the file; 0 is what stands before the first START.",
    "start_ms": "START, in milliseconds of the tracker's clock.",
    "end_ms": "END, in milliseconds of the tracker's clock.",
    "first_sample_ms": "Stamp of the first sample.",
    "last_sample_ms": "Stamp of the last sample.",
    "n_samples": "Number of samples.",
    "eyes": "Recorded eyes.",
    "rate_hz": "Sampling rate.",
    "filter": "Level of EyeLink's heuristic filter.",
    "tracking": "How the tracker was set (RECCFG).",
    "mount": "Mount and camera (ELCLCFG).",
    "resolution_x_px_deg": "Pixels in a degree horizontally, as END says.",
    "resolution_y_px_deg": "Pixels in a degree vertically, as END says.",
}
SKIPPED_COLUMNS = {
    **_WHO,
    "file": "Recording, from the study folder.",
    "line": "Number of the line.",
    "reason": "Why it could not be read.",
    "text": "The line.",
}
OVERVIEWS = {
    "recordings": RECORDING_COLUMNS,
    "blocks": BLOCK_COLUMNS,
    "calibrations": CALIBRATION_COLUMNS,
    "validations": VALIDATION_COLUMNS,
    "validation_points": POINT_COLUMNS,
    "skipped_lines": SKIPPED_COLUMNS,
}


def recording_row(parts: list[Recording], names: list[str]) -> dict[str, Any]:
    """Describe a session's recordings in one row.

    Parameters
    ----------
    parts : list of Recording
        What they hold, each with a clock of its own.
    names : list of str
        The file of each, from the study folder.

    Returns
    -------
    dict
        The columns of `RECORDING_COLUMNS` but whose recording it is.
    """
    first = parts[0].info
    blocks = pd.concat([part.blocks for part in parts], ignore_index=True)
    eyes = {eye for part in parts for eye in part.eyes}
    columns = {name for part in parts for name in part.samples.columns}
    kinds = [unit for unit in ("px", "href", "raw") if any(c.endswith(f"_{unit}") for c in columns)]
    rates = blocks.groupby("rate_hz")["n_samples"].sum()
    left, top, right, bottom = _display(parts)
    sides = {"display_width_px": right - left + 1, "display_height_px": bottom - top + 1}
    counted = ("samples", "fixations", "saccades", "blinks", "messages", "calibrations")
    return {
        "file": " ".join(dict.fromkeys(names)),
        "n_parts": len(parts),
        "date": first.get("date"),
        "tracker": first.get("tracker") or first.get("version"),
        "serial_number": first.get("serial_number"),
        "eye": "both" if {"left", "right"} <= eyes else next(iter(sorted(eyes)), "unknown"),
        "sampling_rate_hz": rates.idxmax() if len(rates) else float("nan"),
        "gaze": " ".join(kinds) or "none",
        "pupil": next((value for value in blocks["pupil"].dropna() if value), None),
        **sides,
        "n_blocks": int((blocks["block"] > 0).sum()),
        **{f"n_{kind}": sum(len(getattr(part, kind)) for part in parts) for kind in counted},
        "n_validations": sum(len(part.validations) for part in parts),
        "n_lines": sum(part.info["n_lines"] for part in parts),
        "n_skipped": sum(len(part.skipped) for part in parts),
    }


def _display(parts: list[Recording]) -> tuple[float, ...]:
    """Give the first and last pixel of the display, as the messages say."""
    for name in ("display_coords", "gaze_coords", "screen_pixel_coords"):
        for part in parts:
            if name in part.info:
                return tuple(part.info[name])
    return (float("nan"),) * 4
