"""Writes the elements of an EDF as the lines that edf2asc makes of them, and reads these."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.eyelink import edf_elements
from gaze_analysis.eyelink.asc import decode
from gaze_analysis.eyelink.lines import LineReader

_STARTS = {3: "SBLINK", 5: "SSACC", 7: "SFIX"}
_ENDBLINK, _ENDSACC, _ENDFIX, _FIXUPDATE = 4, 6, 8, 9
_STARTSAMPLES, _STARTEVENTS = 15, 17
_BUTTON, _INPUT, _LOST = 25, 28, 0x3F
_EYES = {1: "LEFT", 2: "RIGHT", 3: "LEFT\tRIGHT"}
_MISSING = (-32768.0, 1e8)
_HEAD_TARGET = 0x0010


@dataclass
class ElementReader:
    """Reads elements by the grammar of ASC files, so that both give the same tables.

    Parameters
    ----------
    samples : ndarray of SAMPLE
        All samples, which count as lines between the others.
    """

    samples: NDArray[Any]
    lines: LineReader = field(default_factory=LineReader)
    n_lines: int = 0
    _before: list[int] = field(default_factory=list)  # samples before each line
    _recording: dict[str, Any] = field(default_factory=dict)
    _block_start: int = 0
    _event_kind: str = "GAZE"

    def preamble(self, name: str, head: dict[str, str]) -> None:
        """Write the lines at the file's beginning."""
        self._read(0, f"** CONVERTED FROM {name} using edfapi {head['version']}")
        for line in head["preamble"].split("\n"):
            if line.strip():
                self._read(0, decode(line.encode("latin-1")))
        self._read(0, "**")
        self._read(0, "")

    def element(self, element: dict[str, Any]) -> None:
        """Write one element's lines."""
        n_samples = element["n_samples"]
        if element["type"] == edf_elements.MESSAGE:
            self._message(n_samples, element)
            return
        if element["type"] == _FIXUPDATE:
            text = f"FIXUPDATE {_eye(element)} {element['sttime']} {element['entime']}"
            self._skip(n_samples, "fixation updates are not read", text)
            return
        for line in self._lines(element):
            self._read(n_samples, line)

    def close(self, complaints: list[str]) -> None:
        """Note a block without end, and what the library said against the file."""
        n_samples = len(self.samples)
        if self._recording.get("state"):
            self._skip(n_samples, "the block has no end: what may follow it is lost", "")
        for complaint in complaints:
            self._skip(n_samples, "SR Research's library says", complaint)

    def sample_lines(self) -> NDArray[np.int64]:
        """Count the samples and the lines between them.

        Returns
        -------
        ndarray of int, shape (n,)
            Each sample's line in the ASC file, from 1.
        """
        index = np.arange(len(self.samples))
        others = np.searchsorted(np.array(self._before, np.int64), index, side="right")
        numbers: NDArray[np.int64] = index + others + 1
        return numbers

    def _number(self, n_samples: int) -> int:
        self._before.append(n_samples)
        self.n_lines += 1
        return self.n_lines + n_samples

    def _read(self, n_samples: int, line: str) -> None:
        self.lines.read(self._number(n_samples), line)

    def _skip(self, n_samples: int, reason: str, text: str) -> None:
        self.lines.skip(self._number(n_samples), reason, text)

    def _message(self, n_samples: int, element: dict[str, Any]) -> None:
        text = decode(element["text"].encode("latin-1")).replace("\r\n", "\n").replace("\r", "\n")
        first, *rest = text.rstrip("\n").split("\n")
        self._read(n_samples, f"MSG\t{element['sttime']} {first}")
        for line in rest:
            if line.strip():
                self._number(n_samples)
                self.lines.continue_message(line)
            else:
                self._read(n_samples, "")

    def _lines(self, element: dict[str, Any]) -> Iterator[str]:
        """Write an element that is no message as edf2asc does."""
        kind, time = element["type"], element.get("sttime")
        if kind == edf_elements.RECORDING_INFO:
            yield from self._start(element) if element["state"] else self._end(element)
        elif kind == _STARTSAMPLES:
            yield self._declaration("SAMPLES", _sample_kind(element["flags"]), element["flags"])
        elif kind == _STARTEVENTS:
            self._event_kind = _event_kind(element["flags"])
            yield self._declaration("EVENTS", self._event_kind, 0)
        elif kind in _STARTS:
            yield f"{_STARTS[kind]} {_eye(element)}   {time}"
        elif kind in (_ENDFIX, _ENDSACC, _ENDBLINK):
            yield self._event(element)
        elif kind == _INPUT:
            yield f"INPUT\t{time}\t{element['input']}"
        elif kind == _BUTTON:
            yield from _buttons(element)
        elif kind == _LOST:
            yield f"ERROR DATA LOST {time}"

    def _start(self, recording: dict[str, Any]) -> Iterator[str]:
        """Write what stands at the beginning of a block."""
        self._recording = recording
        self._block_start = recording["n_samples"]
        eyes = _EYES.get(recording["eye"], "")
        yield "\t".join([f"START\t{recording['time']} ", *filter(None, [eyes]), *_held(recording)])
        yield "PRESCALER\t1"
        yield "VPRESCALER\t1"
        yield f"PUPIL\t{'DIAMETER' if recording['pupil_type'] else 'AREA'}"

    def _declaration(self, word: str, kind: str, sample_flags: int) -> str:
        """Write what a block says about its samples or events."""
        recording = self._recording
        eyes = _EYES.get(recording.get("eye", 0), "")
        target = ["HTARGET"] if self._has_target(sample_flags) else []
        facts = [f"RATE\t{recording.get('sample_rate', math.nan):7.2f}"]
        facts += ["TRACKING", "CR" if recording.get("recording_mode") else "P"]
        facts += ["FILTER", str(recording.get("filter_type", ""))]
        return "\t".join([word, kind, *filter(None, [eyes]), *target, *facts])

    def _has_target(self, sample_flags: int) -> bool:
        """Tell whether the next sample has a head target."""
        following = self.samples[self._block_start : self._block_start + 1]
        return bool(sample_flags & _HEAD_TARGET and len(following) and following["htype"][0])

    def _end(self, recording: dict[str, Any]) -> Iterator[str]:
        """Write the end of a block, with the mean resolution of its samples."""
        own = self.samples[self._block_start : recording["n_samples"]]
        resolution = [_mean(own["rx"]), _mean(own["ry"])]
        words = [f"{value:7.2f}" if not math.isnan(value) else "." for value in resolution]
        self._recording = recording
        yield "\t".join([f"END\t{recording['time']} ", *_held(recording), "RES", *words])

    def _event(self, event: dict[str, Any]) -> str:
        """Write the end of a fixation, saccade or blink."""
        kind, last = event["type"], event["entime"]
        rate_hz = self._recording.get("sample_rate", 0.0)
        lasted = last - event["sttime"] + (1000.0 / rate_hz if rate_hz > 0 else 0.0)
        name = {_ENDFIX: "EFIX", _ENDSACC: "ESACC", _ENDBLINK: "EBLINK"}[kind]
        head = f"{name} {_eye(event)} {event['sttime']}\t{last}\t{int(lasted)}"
        if kind == _ENDBLINK:
            return head
        frame = "h" if self._event_kind == "HREF" else "g"  # camera data stand in gaze's place
        if kind == _ENDFIX:
            place = [_decimal(event[f"{frame}av{axis}"]) for axis in "xy"]
            return "\t".join([head, *place, f"{event['ava']:.0f}"])
        ends = [event[f"{frame}{when}{axis}"] for when in ("st", "en") for axis in "xy"]
        amplitude = _amplitude(event, ends)
        places = [_decimal(value) for value in ends]
        return "\t".join([head, *places, amplitude, f"{event['pvel']:.0f}"])


def _held(recording: dict[str, Any]) -> list[str]:
    """Name what a block holds."""
    kinds = ((1, "SAMPLES"), (2, "EVENTS"))
    return [word for bit, word in kinds if recording["record_type"] & bit]


def _eye(event: dict[str, Any]) -> str:
    return "R" if event["eye"] == 1 else "L"


def _sample_kind(flags: int) -> str:
    """Name what edf2asc writes of samples: gaze where there is any, else HREF, else the camera."""
    return "GAZE" if flags & 0x0400 else "HREF" if flags & 0x0800 else "PUPIL"


def _event_kind(flags: int) -> str:
    """Name what edf2asc writes of events."""
    return "GAZE" if flags & 0x0400 else "HREF" if flags & 0x0200 else "PUPIL"


def _buttons(event: dict[str, Any]) -> Iterator[str]:
    """Write a line for each button that changed: high byte the changes, low byte the states."""
    states, changes = event["buttons"] & 0xFF, event["buttons"] >> 8
    for number in range(8):
        if changes >> number & 1:
            yield f"BUTTON\t{event['sttime']}\t{number + 1}\t{states >> number & 1}"


def _decimal(value: float) -> str:
    return "." if value in _MISSING or math.isnan(value) else f"{value:.1f}"


def _mean(values: NDArray[np.float32]) -> float:
    """Average a block's resolution, without missing values; nan if there is none."""
    known = values[
        ~np.isin(values, np.array(_MISSING, np.float32)) & ~np.isnan(values) & (values > 0)
    ]
    return float(known.mean(dtype=np.float64)) if len(known) else math.nan


def _amplitude(event: dict[str, Any], ends: list[float]) -> str:
    """Take a saccade's amplitude from its ends and the resolution there, as edf2asc does."""
    x_start, y_start, x_end, y_end = ends
    resolution_x = (event["supd_x"] + event["eupd_x"]) / 2
    resolution_y = (event["supd_y"] + event["eupd_y"]) / 2
    if not (resolution_x > 0 and resolution_y > 0):
        return "."
    degrees = math.hypot((x_end - x_start) / resolution_x, (y_end - y_start) / resolution_y)
    return f"{degrees:.2f}" if degrees < 1e4 else f"{degrees:.2g}"
