"""What a recording holds: one value with a table for each kind of line."""

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from gaze_analysis.eyelink.calibration import read_drift_corrections

# Columns and types of each table; every table also says from which line of the file a row comes.
_EVENT = {
    "line": "int64",
    "block": "int32",
    "eye": "str",
    "onset_ms": "float64",
    "offset_ms": "float64",
    "duration_ms": "float64",
}
_RESOLUTION = {"resolution_x_px_deg": "float64", "resolution_y_px_deg": "float64"}
COLUMNS: dict[str, dict[str, str]] = {
    "fixations": {
        **_EVENT,
        **dict.fromkeys(("x_px", "y_px", "pupil"), "float64"),
        **_RESOLUTION,
        **dict.fromkeys(("x_href", "y_href", "pupil_href"), "float64"),
    },
    "saccades": {
        **_EVENT,
        **dict.fromkeys(("x_px", "y_px", "x_end_px", "y_end_px"), "float64"),
        **dict.fromkeys(("amplitude_deg", "peak_velocity_deg_s"), "float64"),
        **_RESOLUTION,
        **dict.fromkeys(("x_href", "y_href", "x_end_href", "y_end_href"), "float64"),
        **dict.fromkeys(("amplitude_href", "peak_velocity_href"), "float64"),
    },
    "blinks": _EVENT,
    "starts": {
        "line": "int64",
        "block": "int32",
        "event": "str",
        "eye": "str",
        "onset_ms": "float64",
    },
    "messages": {
        "line": "int64",
        "block": "int32",
        "time_ms": "float64",
        "stamp_ms": "float64",
        "offset_ms": "float64",
        "text": "str",
        "n_lines": "int64",
    },
    "inputs": {"line": "int64", "block": "int32", "time_ms": "float64", "value": "float64"},
    "buttons": {
        "line": "int64",
        "block": "int32",
        "time_ms": "float64",
        "button": "float64",
        "state": "float64",
    },
    "blocks": {
        "line": "int64",
        "block": "int32",
        "start_ms": "float64",
        "end_ms": "float64",
        "eyes": "str",
        "rate_hz": "float64",
        "samples": "str",
        "events": "str",
        "pupil": "str",
        "prescaler": "float64",
        "vprescaler": "float64",
        "tracking": "str",
        "filter": "str",
        "mount": "str",
        **_RESOLUTION,
        "n_samples": "int64",
        "first_sample_ms": "float64",
        "last_sample_ms": "float64",
        "n_lines": "int64",
    },
    "skipped": {"line": "int64", "reason": "str", "text": "str"},
}


@dataclass(frozen=True, eq=False)
class Recording:
    """One EyeLink recording, every line of its file accounted for.

    Each line of the file is in exactly one of the tables (by its number in the column
    ``line``), or in `skipped`, or counted in ``info["line_counts"]`` as blank, comment or
    preamble. Times are those of the tracker's clock, in milliseconds.

    Parameters
    ----------
    samples : pandas.DataFrame
        One row for each sample: time_ms, the fields of each eye (``x_left_px``,
        ``y_left_px``, ``pupil_left``; ``_href`` or ``_raw`` instead of ``_px`` for these data
        types; velocities, resolution, input, flags and head target where the file has them),
        line and block. Missing gaze is NaN, whatever text the file has for it; a pupil of 0 is
        EyeLink's missing pupil, kept.
    fixations, saccades, blinks : pandas.DataFrame
        EyeLink's own events with all their fields; ``offset_ms`` is the stamp of the last
        sample, so that ``duration_ms`` is offset - onset + one sample, as EyeLink has it.
    starts : pandas.DataFrame
        The lines that announce the start of an event (SFIX, SSACC, SBLINK).
    messages : pandas.DataFrame
        All messages, also those outside of blocks. ``time_ms`` is ``stamp_ms`` less the offset
        with which a message may begin (``MSG 1250 750 onset`` happened at 500).
    calibrations, validations, validation_points : pandas.DataFrame
        What the messages say about them; ``line`` is the message's.
    inputs, buttons : pandas.DataFrame
        Changes of the input port and of buttons.
    blocks : pandas.DataFrame
        One row for each START; block 0 is what stands before the first one.
    skipped : pandas.DataFrame
        Lines that are none of the above: number, reason and text.
    info : dict
        The preamble, the display's coordinates, and how many lines of each kind there are.
    """

    samples: pd.DataFrame
    fixations: pd.DataFrame
    saccades: pd.DataFrame
    blinks: pd.DataFrame
    starts: pd.DataFrame
    messages: pd.DataFrame
    calibrations: pd.DataFrame
    validations: pd.DataFrame
    validation_points: pd.DataFrame
    inputs: pd.DataFrame
    buttons: pd.DataFrame
    blocks: pd.DataFrame
    skipped: pd.DataFrame
    info: dict[str, Any]

    def __repr__(self) -> str:
        """Say in a few lines what there is, and which lines of the file could not be read."""
        rates = self.blocks["rate_hz"].dropna().unique().tolist()
        lines = [
            f"Recording of {' and '.join(self.eyes) or 'no'} eye"
            + (f" at {', '.join(f'{rate:g}' for rate in rates)} Hz" if rates else "")
        ]
        tables = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "info"
        }
        lines += [f"  .{name}: {len(frame)} rows" for name, frame in tables.items() if len(frame)]
        empty = [name for name, frame in tables.items() if not len(frame)]
        if empty:
            lines.append(f"  empty: {', '.join(empty)}")
        if len(self.skipped):
            lines.append(f"  {self.skipped_summary()}")
        return "\n".join(lines)

    @property
    def eyes(self) -> tuple[str, ...]:
        """The recorded eyes, in the order left, right."""
        named = {name.split("_")[1] for name in self.samples.columns if name.startswith("pupil_")}
        named |= {eye for table in (self.fixations, self.saccades) for eye in table["eye"]}
        order = ("left", "right", "unknown")
        return tuple(eye for eye in order if eye in named)

    @property
    def drift_corrections(self) -> pd.DataFrame:
        """Drift corrections and checks, as the messages report them."""
        return read_drift_corrections(self.messages)

    def skipped_summary(self, n_shown: int = 3) -> str:
        """Say which lines could not be read.

        Parameters
        ----------
        n_shown : int, default 3
            How many of them to quote.

        Returns
        -------
        str
            One line of text; empty if none was skipped.
        """
        if self.skipped.empty:
            return ""
        shown = [
            f"line {line} ({reason}): {text[:60]!r}"
            for line, reason, text in self.skipped.head(n_shown).itertuples(index=False)
        ]
        more = len(self.skipped) - len(shown)
        return (
            f"{len(self.skipped)} lines skipped: "
            + "; ".join(shown)
            + (f"; and {more} more" if more else "")
        )


def table(kind: str, rows: list[tuple[Any, ...]] | list[dict[str, Any]]) -> pd.DataFrame:
    """Make one of a recording's tables from its rows.

    Parameters
    ----------
    kind : str
        One of `COLUMNS`.
    rows : list of tuple or dict
        Values in the columns' order, or by name; a name that is missing gives a missing value.

    Returns
    -------
    pandas.DataFrame
        With the columns and types of `COLUMNS`, also where there are no rows.
    """
    types = COLUMNS[kind]
    return pd.DataFrame(rows, columns=list(types)).astype(types)
