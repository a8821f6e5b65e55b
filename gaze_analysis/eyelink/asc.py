"""Reads a whole ASC file: finds its lines, sorts them by their first byte, and reads each kind."""

import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.eyelink.calibration import read_calibrations
from gaze_analysis.eyelink.lines import LineReader
from gaze_analysis.eyelink.recording import Recording
from gaze_analysis.eyelink.samples import SampleReader, split_stamps
from study.errors import InputError

_NEWLINE = 10
_GZIP = b"\x1f\x8b"
_PIECE_BYTES = 16_000_000
# What files are that people take for ASC, by their first bytes.
_OTHER_FORMATS = {
    b"SR_RESEARCH": "an EyeLink EDF file: convert it with edf2asc",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}
_COORDS = re.compile(r"(DISPLAY_COORDS|GAZE_COORDS)\s*=?\s*" + r"(-?[\d.]+)\s+" * 3 + r"(-?[\d.]+)")
_PREAMBLE = {
    "CONVERTED FROM": "converted_from",
    "DATE": "date",
    "TYPE": "file_type",
    "VERSION": "version",
    "SOURCE": "source",
    "CAMERA": "camera",
    "SERIAL NUMBER": "serial_number",
    "CAMERA_CONFIG": "camera_config",
    "RECORDED BY": "recorded_by",
}


def read_asc(path: Path) -> Recording:
    """Read an EyeLink ASC file, plain or compressed by gzip.

    Parameters
    ----------
    path : Path
        The file, in any of the layouts that edf2asc writes.

    Returns
    -------
    Recording
        Samples, events, messages and everything else; lines that cannot be read are in
        `Recording.skipped`.

    Raises
    ------
    InputError
        If the file cannot be opened, is empty, or holds no line of an EyeLink recording.

    References
    ----------
    SR Research, EyeLink 1000 User Manual, section 4.9 "ASC file format".
    """
    data, problem = _read_bytes(Path(path))
    head = data[:100]
    lines = LineReader()
    n_lines, samples = _read_lines(data, lines)
    del data  # a large file and its samples need not be in memory twice
    if problem:
        lines.skip(n_lines, problem, "")
    recording = assemble(samples, lines, n_lines)
    n_read = sum(recording.info["line_counts"][kind] for kind in _PROOF)
    if not n_read:
        raise InputError(_not_eyelink(path, head))
    return recording


_PROOF = ("samples", "fixations", "saccades", "blinks", "starts", "messages", "blocks")


def _read_bytes(path: Path) -> tuple[bytes, str]:
    """Read a file into UTF-8 (or whatever one-byte code it is in), and say if it is cut off."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"A recording must be a readable file, but {path} is not ({error.strerror}). "
            "Name another file."
        ) from error
    problem = ""
    if data[:2] == _GZIP:
        data, problem = _unzip(path, data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", errors="replace").encode("utf-8")
    data = data.removeprefix(b"\xef\xbb\xbf")
    is_text = b"\x00" not in data[:4096] and not data.startswith(tuple(_OTHER_FORMATS))
    if not is_text or not data.strip():
        raise InputError(_not_eyelink(path, data))
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return data, problem


def _unzip(path: Path, packed: bytes) -> tuple[bytes, str]:
    """Unpack a gzip file; one that ends too early gives what it holds."""
    pieces: list[bytes] = []
    while packed[:2] == _GZIP:
        member = zlib.decompressobj(wbits=31)
        try:
            pieces.append(member.decompress(packed))
        except zlib.error as error:
            raise InputError(
                f"A .gz recording must be a whole gzip file, but {path} is damaged ({error}). "
                "Copy it anew."
            ) from error
        if not member.eof:
            return b"".join(pieces), "the compressed file ends too early"
        packed = member.unused_data
    return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), ""


def _not_eyelink(path: Path, data: bytes) -> str:
    """Say why a file is no ASC recording."""
    kind = next((text for head, text in _OTHER_FORMATS.items() if data.startswith(head)), "")
    if not data.strip():
        kind = "empty"
    evidence = f"is {kind}" if kind else f"begins with {data[:40]!r}"
    return (
        "A recording must be text that edf2asc made from an EyeLink EDF, with samples, events "
        f"or messages, but {path} {evidence}. Name another file."
    )


def _find_lines(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the first byte of each line, and the first one after it without its end."""
    codes = np.frombuffer(data, np.uint8)
    newlines = [
        np.flatnonzero(codes[i : i + _PIECE_BYTES] == _NEWLINE) + i
        for i in range(0, len(codes), _PIECE_BYTES)
    ]
    ends = np.concatenate(newlines)
    starts = np.concatenate([[0], ends + 1])
    if starts[-1] == len(data):
        starts = starts[:-1]
    else:
        ends = np.concatenate([ends, [len(data)]])
    return starts, ends


def _read_lines(data: bytes, lines: LineReader) -> tuple[int, pd.DataFrame]:
    """Read all lines; give their number, and the samples, which are those that begin with a digit.

    The others go to `lines`.
    """
    starts, ends = _find_lines(data)
    codes = np.frombuffer(data, np.uint8)
    first = codes[np.minimum(starts, len(data) - 1)]
    is_sample = (first >= ord("0")) & (first <= ord("9")) & (ends > starts)
    if not data.endswith(b"\n") and _is_cut(data, starts, ends, is_sample):
        is_sample[-1] = False
        tail = data[starts[-1] :].decode("utf-8", errors="replace")
        lines.skip(len(starts), "the file ends within the line", tail)
        stop = len(starts) - 1
    else:
        stop = len(starts)
    others = np.flatnonzero(~is_sample[:stop])
    for i, begin, end in zip(
        (others + 1).tolist(), starts[others].tolist(), ends[others].tolist(), strict=True
    ):
        lines.read(i, decode(data[begin:end]))
    chosen = np.flatnonzero(is_sample)
    del others, first, is_sample
    samples = SampleReader(
        data, starts[chosen], ends[chosen], chosen + 1, lines.declared, missing={"."}
    )
    frame = samples.read()
    for skipped in samples.skipped:
        lines.skip(*skipped)
    return len(starts), frame


def _is_cut(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    is_sample: NDArray[np.bool_],
) -> bool:
    """Tell whether a last line without an end is a sample with fewer fields than the others."""
    earlier = np.flatnonzero(is_sample[:-1])
    if not is_sample[-1] or not len(earlier):
        return False
    before = data[starts[earlier[-1]] : ends[earlier[-1]]]
    last = data[starts[-1] : ends[-1]]
    return len(last.split()) < len(before.split())


def decode(line: bytes) -> str:
    """Decode a line: UTF-8 where it is valid, else Latin-1, in which every byte is a letter."""
    line = line.removesuffix(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def assemble(samples: pd.DataFrame, lines: LineReader, n_lines: int) -> Recording:
    """Put the tables together: blocks get their samples, and 2000 Hz its half-milliseconds."""
    if len(samples) and int(samples["line"].iloc[0]) < _first_line(lines):
        lines.rows["blocks"].insert(0, _block_zero(lines))
    blocks = lines.rows["blocks"]
    where = np.array([row["line"] for row in blocks], dtype=np.int64)
    label = np.array([row["block"] for row in blocks], dtype=np.int32)
    index = np.searchsorted(where, samples["line"].to_numpy(), side="right") - 1
    samples["block"] = label[index] if len(samples) else np.empty(0, np.int32)
    _describe_blocks(samples, blocks, index)
    tables = lines.tables()
    calibrations, validations, points = read_calibrations(tables["messages"])
    return Recording(
        samples=samples,
        fixations=tables["fixations"],
        saccades=tables["saccades"],
        blinks=tables["blinks"],
        starts=tables["starts"],
        messages=tables["messages"],
        calibrations=calibrations,
        validations=validations,
        validation_points=points,
        inputs=tables["inputs"],
        buttons=tables["buttons"],
        blocks=tables["blocks"],
        skipped=tables["skipped"].sort_values("line", ignore_index=True, kind="stable"),
        info=_info(lines, tables, len(samples), n_lines),
    )


def _first_line(lines: LineReader) -> float:
    """Give the line at which the first block begins."""
    blocks = lines.rows["blocks"]
    return blocks[0]["line"] if blocks else float("inf")


def _block_zero(lines: LineReader) -> dict[str, Any]:
    """Make the block of samples that stand before any START."""
    return {"line": 0, "block": 0, "eyes": "", "n_samples": 0, "n_lines": 0}


def _describe_blocks(
    samples: pd.DataFrame, blocks: list[dict[str, Any]], index: NDArray[np.int64]
) -> None:
    """Count each block's samples, find its rate where none is declared, and split its stamps."""
    if not len(samples):
        return
    time_ms = samples["time_ms"].to_numpy(copy=True)
    bounds = np.searchsorted(index, np.arange(len(blocks) + 1))
    rates = np.full(len(blocks), np.nan)
    for i, block in enumerate(blocks):
        own = time_ms[bounds[i] : bounds[i + 1]]
        block["n_samples"] = len(own)
        if len(own) and "rate_hz" not in block:
            block["rate_hz"] = _measured_rate(own)
        rates[i] = block.get("rate_hz", np.nan)
    split_stamps(time_ms, rates[index])
    samples["time_ms"] = time_ms
    for i, block in enumerate(blocks):
        if block["n_samples"]:
            block["first_sample_ms"] = float(time_ms[bounds[i]])
            block["last_sample_ms"] = float(time_ms[bounds[i + 1] - 1])


def _measured_rate(time_ms: NDArray[np.float64]) -> float:
    """Take the sampling rate from the stamps, in Hz."""
    steps = np.diff(time_ms)
    if not len(steps):
        return float("nan")
    if np.mean(steps == 0) > 0.4:  # each millisecond twice
        return 2000.0
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else float("nan")
    return 1000.0 / usual


def _info(
    lines: LineReader, tables: dict[str, pd.DataFrame], n_samples: int, n_lines: int
) -> dict[str, Any]:
    """Gather the preamble, the display and the counts of lines."""
    info: dict[str, Any] = {"preamble": lines.preamble}
    for text in lines.preamble:
        name, _, value = text.partition(":")
        if not value:
            name = next((key for key in _PREAMBLE if text.startswith(key)), "")
            value = text[len(name) :]
        if name.strip() in _PREAMBLE and value.strip():
            info[_PREAMBLE[name.strip()]] = value.strip()
        elif text.startswith("EYELINK"):
            info["tracker"] = text
    for text in tables["messages"]["text"]:
        coords = _COORDS.match(text) if "_COORDS" in text else None
        if coords is not None and coords[1].lower() not in info:
            info[coords[1].lower()] = tuple(float(value) for value in coords.groups()[1:])
    info["n_lines"] = n_lines
    info["lost"] = lines.lost
    info["line_counts"] = {"samples": n_samples, **lines.counts} | {
        kind: int(frame["n_lines"].sum()) if "n_lines" in frame else len(frame)
        for kind, frame in tables.items()
    }
    return info
