"""The grammar of the lines that are no samples: messages, events, blocks, inputs, preamble."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from gaze_analysis.eyelink.layout import Declared, eyes_of
from gaze_analysis.eyelink.recording import COLUMNS, table

EYES = {"L": "left", "R": "right"}

_MESSAGE = re.compile(r"MSG\s+(\d+(?:\.\d*)?)(?:\s(.*))?$", re.DOTALL)
# Data Viewer's rule: a message that begins with a whole number happened that much earlier. A
# number followed by another one is taken for data, such as a trigger with its value.
_OFFSET = re.compile(r"([+-]?\d{1,6})\s+(?=[^\s\d.+-])(.*)", re.DOTALL)
# Between eye, start, end and duration, and the end of the line: which fields there may be.
_FIXATION_FIELDS = ("x_px", "y_px", "pupil")
_SACCADE_FIELDS = ("x_px", "y_px", "x_end_px", "y_end_px", "amplitude_deg", "peak_velocity_deg_s")
_HREF = {
    "fixations": ("x_href", "y_href", "pupil_href"),
    "saccades": (
        "x_href", "y_href", "x_end_href", "y_end_href", "amplitude_href", "peak_velocity_href",
    ),
}  # fmt: skip
_RESOLUTION = ("resolution_x_px_deg", "resolution_y_px_deg")


class LineReader:
    """Sorts the lines of one file that are no samples into tables, in the file's order.

    Parameters
    ----------
    missing : collection of str, default ("." ,)
        Texts that stand for a missing value.
    """

    def __init__(self, missing: Sequence[str] = (".",)) -> None:
        self.rows: dict[str, list[Any]] = {kind: [] for kind in COLUMNS}
        self.declared: list[tuple[int, Declared]] = []
        self.preamble: list[str] = []
        self.counts = {"blank": 0, "comment": 0, "preamble": 0, "lost": 0}
        self.lost: list[str] = []
        self._missing = frozenset(missing)
        self._block = 0
        self._open: dict[str, Any] = {}
        self._events = Declared()
        self._continues = False
        self._pending: dict[str, str] = {}
        self._handlers: dict[str, Callable[[int, str, list[str]], bool]] = {
            "EFIX": self._fixation,
            "ESACC": self._saccade,
            "EBLINK": self._blink,
            **dict.fromkeys(("SFIX", "SSACC", "SBLINK"), self._start_of_event),
            "START": self._start,
            "END": self._end,
            **dict.fromkeys(("PRESCALER", "VPRESCALER", "PUPIL"), self._block_fact),
            **dict.fromkeys(("SAMPLES", "EVENTS"), self._declaration),
            "INPUT": self._input,
            "BUTTON": self._button,
            "ERROR": self._lost,
        }

    def read(self, number: int, text: str) -> None:
        """Take the next line.

        Parameters
        ----------
        number : int
            Its number in the file, from 1.
        text : str
            The line without its end.
        """
        if text.startswith("MSG") and self._message(number, text):
            return
        fields = text.split()
        if not fields:
            self.counts["blank"] += 1
            return
        handler = self._handlers.get(fields[0])
        if handler is not None and handler(number, text, fields):
            self._continues = False
        elif self._continues and text[0] in " \t>":
            self.continue_message(text)
        elif text.startswith("**"):
            self.preamble.append(text[2:].strip())
            self.counts["preamble"] += 1
        elif text[0] in "#/;":
            self.counts["comment"] += 1
        else:
            known = handler is not None or fields[0] == "MSG"
            self.skip(number, f"no complete {fields[0]} line" if known else "not known", text)

    def skip(self, number: int, reason: str, text: str) -> None:
        """Note a line that cannot be read.

        Parameters
        ----------
        number : int
            Its number in the file, from 1.
        reason : str
            Why, in a few words.
        text : str
            The line.
        """
        self.rows["skipped"].append((number, reason, text))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give the tables of all lines that were read.

        Returns
        -------
        dict of str to pandas.DataFrame
            By the names of `COLUMNS`.
        """
        return {kind: table(kind, rows) for kind, rows in self.rows.items()}

    def _message(self, number: int, text: str) -> bool:
        match = _MESSAGE.match(text)
        if match is None:
            return False
        stamp, words = float(match[1]), (match[2] or "").strip()
        offset = math.nan
        if words and words[0] in "+-0123456789":
            parts = _OFFSET.fullmatch(words)
            if parts is not None:
                offset, words = float(parts[1]), parts[2]
        time = stamp if math.isnan(offset) else stamp - offset
        self.rows["messages"].append([number, self._block, time, stamp, offset, words, 1])
        # Only EyeLink's own reports of a calibration run over several lines.
        self._continues = words.startswith("!CAL")
        if words.startswith(("RECCFG", "ELCLCFG")):
            name, _, value = words.partition(" ")
            self._pending[name] = value.strip()
        return True

    def continue_message(self, text: str) -> None:
        """Take a further line of the last message.

        Parameters
        ----------
        text : str
            The line without its end.
        """
        message = self.rows["messages"][-1]
        message[5] += "\n" + text.strip()
        message[6] += 1

    def _fixation(self, number: int, text: str, fields: list[str]) -> bool:
        return self._event("fixations", number, fields, _FIXATION_FIELDS)

    def _saccade(self, number: int, text: str, fields: list[str]) -> bool:
        return self._event("saccades", number, fields, _SACCADE_FIELDS)

    def _blink(self, number: int, text: str, fields: list[str]) -> bool:
        return self._event("blinks", number, fields, ())

    def _event(self, kind: str, number: int, fields: list[str], names: tuple[str, ...]) -> bool:
        """Read the end of an event: eye, first and last stamp, duration, then its own fields."""
        if len(fields) < 5 or fields[1] not in EYES:
            return False
        values = self._numbers(fields[2:])
        if values is None or any(math.isnan(value) for value in values[:3]):
            return False
        own = self._own_fields(kind, names, len(values) - 3)
        if own is None:
            return False
        row: dict[str, Any] = {"line": number, "eye": EYES[fields[1]]}
        row |= zip(("onset_ms", "offset_ms", "duration_ms", *own), values, strict=True)
        self._implicit_block()
        self.rows[kind].append(row | {"block": self._block})
        return True

    def _own_fields(
        self, kind: str, names: tuple[str, ...], n_values: int
    ) -> tuple[str, ...] | None:
        """Name an event's own fields by what the block declares and how many there are."""
        href = _HREF.get(kind, ())
        if n_values == len(names) and self._events.kind == "href" and names:
            return href
        choices = [names, names + _RESOLUTION, href + names, href + names + _RESOLUTION]
        return next((choice for choice in choices if len(choice) == n_values), None)

    def _start_of_event(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[2:])
        if len(fields) != 3 or fields[1] not in EYES or values is None or math.isnan(values[0]):
            return False
        self._implicit_block()
        event = {"SFIX": "fixation", "SSACC": "saccade", "SBLINK": "blink"}[fields[0]]
        self.rows["starts"].append((number, self._block, event, EYES[fields[1]], values[0]))
        return True

    def _start(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:2])
        if not values or math.isnan(values[0]):
            return False
        self._block = self._open.get("block", self._block) + 1
        eyes = eyes_of(fields)
        self._events = Declared(eyes=eyes)
        self.declared.append((number, self._events))
        self._new_block(number, values[0], eyes)
        return True

    def _new_block(self, number: int, start_ms: float, eyes: tuple[str, ...]) -> None:
        self._open = {
            "line": number,
            "block": self._block,
            "start_ms": start_ms,
            "eyes": " ".join(eyes),
            "tracking": self._pending.get("RECCFG", ""),
            "mount": self._pending.get("ELCLCFG", ""),
            "n_samples": 0,
            "n_lines": int(number > 0),
        }
        self.rows["blocks"].append(self._open)

    def _implicit_block(self) -> None:
        """Make block 0 for what stands before the first START."""
        if not self._open:
            self._new_block(0, math.nan, ())

    def _end(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:2])
        if not values or math.isnan(values[0]):
            return False
        self._implicit_block()
        self._open["n_lines"] += 1
        self._open.setdefault("end_ms", values[0])
        if "RES" in fields:
            resolution = self._numbers(fields[fields.index("RES") + 1 :])
            if resolution is not None and len(resolution) == 2:
                self._open |= dict(zip(_RESOLUTION, resolution, strict=True))
        return True

    def _block_fact(self, number: int, text: str, fields: list[str]) -> bool:
        if len(fields) != 2:
            return False
        self._implicit_block()
        self._open["n_lines"] += 1
        if fields[0] == "PUPIL":
            self._open["pupil"] = fields[1].lower()
        return True

    def _declaration(self, number: int, text: str, fields: list[str]) -> bool:
        declared = Declared.parse(fields)
        if declared is None:
            return False
        self._implicit_block()
        self._open["n_lines"] += 1
        self._open[fields[0].lower()] = " ".join(fields[1:])
        if not math.isnan(declared.rate_hz):
            self._open["rate_hz"] = declared.rate_hz
        if "FILTER" in fields[:-1]:
            self._open["filter"] = fields[fields.index("FILTER") + 1]
        if declared.eyes:
            self._open["eyes"] = " ".join(declared.eyes)
        if fields[0] == "SAMPLES":
            self.declared.append((number, declared))
        else:
            self._events = declared
        return True

    def _input(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:])
        if values is None or len(values) != 2 or math.isnan(values[0]):
            return False
        self.rows["inputs"].append((number, self._block, *values))
        return True

    def _button(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:])
        if values is None or len(values) != 3 or math.isnan(values[0]):
            return False
        self.rows["buttons"].append((number, self._block, *values))
        return True

    def _lost(self, number: int, text: str, fields: list[str]) -> bool:
        """Count what the tracker says that it lost (ERROR MESSAGES LOST 3)."""
        if "LOST" not in fields:
            return False
        self.lost.append(text.strip())
        self.counts["lost"] += 1
        return True

    def _numbers(self, fields: list[str]) -> list[float] | None:
        """Turn fields into numbers; None if one of them is no number and not missing."""
        try:
            return [math.nan if field in self._missing else float(field) for field in fields]
        except ValueError:
            return None
