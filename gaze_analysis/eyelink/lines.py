"""The grammar of the lines that are no samples: messages, events, blocks, inputs, preamble."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd

from gaze_analysis.eyelink.layout import Declared, eyes_of
from gaze_analysis.eyelink.missing import is_number, missing_words
from gaze_analysis.eyelink.recording import COLUMNS, table

EYES = {"L": "left", "R": "right"}

_MESSAGE = re.compile(r"MSG\s+(\d+(?:\.\d*)?)(?:\s(.*))?$", re.DOTALL)
# Data Viewer's rule: a message that begins with a whole number happened that much earlier. A
# number followed by another one is taken for data, such as a trigger with its value.
_OFFSET = re.compile(r"([+-]?\d{1,6})\s+(?=[^\s\d.+-])(.*)", re.DOTALL)
_ABOUT_THE_BLOCK = ("RECCFG ", "ELCLCFG ", "!MODE RECORD ")
_EYES_OF_MODE = {"L": ("left",), "R": ("right",), "LR": ("left", "right")}
# Between eye, start, end and duration, and the end of the line: which fields there may be.
_EVENTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "EFIX": ("fixations", ("x_px", "y_px", "pupil"), ("x_href", "y_href", "pupil_href")),
    "ESACC": (
        "saccades",
        ("x_px", "y_px", "x_end_px", "y_end_px", "amplitude_deg", "peak_velocity_deg_s"),
        ("x_href", "y_href", "x_end_href", "y_end_href", "amplitude_href", "peak_velocity_href"),
    ),
    "EBLINK": ("blinks", (), ()),
}
_EVENT_COLUMNS = ("line", "block", "eye", "onset_ms", "offset_ms", "duration_ms")
_RESOLUTION = ("resolution_x_px_deg", "resolution_y_px_deg")


class LineReader:
    """Sorts the lines of one file that are no samples into tables, in the file's order.

    Parameters
    ----------
    missing : set of str, default {"."}
        Texts that stand for a missing value; others that are found are added.
    """

    def __init__(self, missing: set[str] | None = None) -> None:
        self.rows: dict[str, list[Any]] = {kind: [] for kind in COLUMNS}
        self.declared: list[tuple[int, Declared]] = []
        self.preamble: list[str] = []
        self.counts = {"blank": 0, "comment": 0, "preamble": 0, "lost": 0}
        self.lost: list[str] = []
        self.missing = {"."} if missing is None else missing
        self._unread: list[tuple[int, str, int, Declared]] = []
        self._block = 0
        self._open: dict[str, Any] = {}
        self._samples = Declared()
        self._events = Declared()
        self._continues = False
        self._pending: dict[str, str] = {}
        self._handlers: dict[str, Callable[[int, str, list[str]], bool]] = {
            **dict.fromkeys(_EVENTS, self._event),
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
        elif self._continues and text[0] in " \t>-":
            self.continue_message(text)
        elif text.startswith("**"):
            self.preamble.append(text[2:].strip())
            self.counts["preamble"] += 1
        elif fields[0][0] in "#/;":
            self.counts["comment"] += 1
        elif len(fields) > 2 and self.missing.issuperset(fields):
            self.counts["blank"] += 1  # what parts the blocks in a file of samples alone
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

    def finish(self) -> None:
        """Read the events whose missing values the reader had not yet known, or skip them."""
        for number, text, block, declared in self._unread:
            if not self._add_event(number, text.split(), block, declared):
                self.skip(number, f"no complete {text.split()[0]} line", text)
        if self._unread:
            for kind, *_ in _EVENTS.values():
                self.rows[kind].sort(key=lambda row: row["line"])
        self._unread.clear()

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
        self.rows["messages"].append((number, self._block, time, stamp, offset, words, 1))
        # Only EyeLink's own reports of a calibration run over several lines.
        self._continues = words.startswith("!CAL")
        if words.startswith(_ABOUT_THE_BLOCK):
            self._prepare_block(number, words)
        return True

    def _prepare_block(self, number: int, words: str) -> None:
        """Keep what a message says about the block that begins, or has just begun."""
        name, _, value = words.partition(" ")
        if name in ("RECCFG", "ELCLCFG"):
            self._pending[name] = value.strip()
        if name == "RECCFG" or (name == "!MODE" and not self._samples.eyes):
            self._expect_eyes(number, _EYES_OF_MODE.get(words.split()[-1], ()))

    def _expect_eyes(self, number: int, eyes: tuple[str, ...]) -> None:
        """Take the eyes from a message, in case the START line is not in the file."""
        if eyes and eyes != self._samples.eyes:
            self._samples = replace(self._samples, eyes=eyes)
            self.declared.append((number, self._samples))

    def continue_message(self, text: str) -> None:
        """Take a further line of the last message.

        Parameters
        ----------
        text : str
            The line without its end.
        """
        *message, words, n_lines = self.rows["messages"].pop()
        self.rows["messages"].append((*message, f"{words}\n{text.strip()}", n_lines + 1))

    def _event(self, number: int, text: str, fields: list[str]) -> bool:
        """Read the end of an event, or put it off if its missing values are not known yet."""
        if self._add_event(number, fields, self._block, self._events):
            return True
        words = fields[5:]
        if all(word in self.missing or is_number(word) for word in words):
            return False
        self.missing |= missing_words([words])
        if not self._add_event(number, fields, self._block, self._events):
            self._unread.append((number, text, self._block, self._events))
        return True

    def _add_event(self, number: int, fields: list[str], block: int, declared: Declared) -> bool:
        """Add the end of an event: eye, first and last stamp, duration, then its own fields."""
        values = self._numbers(fields[2:])
        if values is None or len(values) < 3 or fields[1] not in EYES:
            return False
        if any(math.isnan(value) for value in values[:3]):
            return False
        kind, names, href = _EVENTS[fields[0]]
        own = _own_fields(names, href, len(values) - 3, declared.kind)
        if own is None:
            return False
        self.add_block_zero(block)
        row = dict(
            zip((*_EVENT_COLUMNS, *own), (number, block, EYES[fields[1]], *values), strict=True)
        )
        self.rows[kind].append(row)
        return True

    def _start_of_event(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[2:])
        if len(fields) != 3 or fields[1] not in EYES or values is None or math.isnan(values[0]):
            return False
        self.add_block_zero(self._block)
        event = {"SFIX": "fixation", "SSACC": "saccade", "SBLINK": "blink"}[fields[0]]
        self.rows["starts"].append((number, self._block, event, EYES[fields[1]], values[0]))
        return True

    def _start(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:2])
        if not values or math.isnan(values[0]):
            return False
        self._block += 1
        eyes = eyes_of(fields)
        # A block whose SAMPLES or EVENTS line is not in the file is taken to be like the last one.
        self._samples = replace(self._samples, eyes=eyes or self._samples.eyes)
        self._events = replace(self._events, eyes=eyes or self._events.eyes)
        self.declared.append((number, self._samples))
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

    def add_block_zero(self, block: int = 0) -> None:
        """Make block 0 for what stands before the first START, if there is none yet.

        Parameters
        ----------
        block : int, default 0
            The block of a row; nothing happens if it is not 0.
        """
        blocks = self.rows["blocks"]
        if block or (blocks and not blocks[0]["block"]):
            return
        if not blocks:
            self._new_block(0, math.nan, ())
        else:
            blocks.insert(0, {"line": 0, "block": 0, "eyes": "", "n_samples": 0, "n_lines": 0})

    def _end(self, number: int, text: str, fields: list[str]) -> bool:
        values = self._numbers(fields[1:2])
        if not values or math.isnan(values[0]):
            return False
        self.add_block_zero(self._block)
        self._open["n_lines"] += 1
        self._open.setdefault("end_ms", values[0])
        if "RES" in fields:
            resolution = self._numbers(fields[fields.index("RES") + 1 :])
            if resolution is not None and len(resolution) == 2:
                self._open |= dict(zip(_RESOLUTION, resolution, strict=True))
        return True

    def _block_fact(self, number: int, text: str, fields: list[str]) -> bool:
        name = fields[0].lower()
        value: Any = fields[1].lower() if len(fields) == 2 else None
        if name != "pupil" and value is not None:
            value = next(iter(self._numbers(fields[1:]) or []), None)
        if value is None:
            return False
        self.add_block_zero(self._block)
        self._open[name] = value
        self._open["n_lines"] += 1
        return True

    def _declaration(self, number: int, text: str, fields: list[str]) -> bool:
        declared = Declared.parse(fields)
        if declared is None:
            return False
        self.add_block_zero(self._block)
        self._open["n_lines"] += 1
        self._open[fields[0].lower()] = " ".join(fields[1:])
        if not math.isnan(declared.rate_hz):
            self._open["rate_hz"] = declared.rate_hz
        if "FILTER" in fields[:-1]:
            self._open["filter"] = fields[fields.index("FILTER") + 1]
        if declared.eyes:
            self._open["eyes"] = " ".join(declared.eyes)
        if fields[0] == "SAMPLES":
            self._samples = declared
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
            return [math.nan if field in self.missing else float(field) for field in fields]
        except ValueError:
            return None


@cache
def _own_fields(
    names: tuple[str, ...], href: tuple[str, ...], n_values: int, kind: str
) -> tuple[str, ...] | None:
    """Name an event's own fields by what the block declares and how many there are."""
    first = href if kind == "href" else names
    choices = (first, first + _RESOLUTION, href + names, href + names + _RESOLUTION)
    return next((choice for choice in choices if len(choice) == n_values), None)
