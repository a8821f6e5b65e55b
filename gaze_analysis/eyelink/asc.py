"""Reads a whole ASC file: finds its lines, sorts them by their first byte, and reads each kind."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.eyelink.calibration import read_calibrations
from gaze_analysis.eyelink.lines import LineReader
from gaze_analysis.eyelink.missing import blank_missing_numbers
from gaze_analysis.eyelink.recording import Recording
from gaze_analysis.eyelink.samples import Lines, SampleReader, split_stamps
from gaze_analysis.eyelink.source import not_eyelink, read_pieces
from study.errors import InputError

_NEWLINE = 10
_COORDS = re.compile(
    r"\b(DISPLAY_COORDS|GAZE_COORDS|SCREEN_PIXEL_COORDS)\b[\s=:([]*"
    + r"(-?\d+(?:\.\d*)?)[\s,]+" * 3
    + r"(-?\d+(?:\.\d*)?)",
    re.IGNORECASE,
)
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


def read_asc(path: Path | str) -> Recording:
    r"""Read an EyeLink ASC file, plain or compressed by gzip.

    Parameters
    ----------
    path : Path or str
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

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.asc"
    ...     _ = path.write_text("MSG\t90 TRIALID 1\n100\t 5.0\t 6.0\t 700.0\n")
    ...     recording = read_asc(path)
    >>> recording.messages["text"].tolist(), recording.samples["pupil_unknown"].tolist()
    (['TRIALID 1'], [700.0])
    """
    path = Path(path)
    missing = {"."}
    lines, samples = LineReader(missing), SampleReader(missing)
    problems: list[str] = []
    n_lines, head = 0, b""
    for piece in read_pieces(path, problems):
        head = head or piece[:100]
        n_lines += _read_piece(piece, n_lines, lines, samples)
    for problem in problems:
        n_lines += 1
        lines.skip(n_lines, problem, "")
    for skipped in samples.skipped:
        lines.skip(*skipped)
    recording = assemble(samples.frame(), lines, n_lines)
    n_read = sum(recording.info["line_counts"][kind] for kind in _PROOF)
    # A session that ended at once leaves the converter's preamble alone.
    if not n_read and not head.startswith(b"** "):
        raise InputError(not_eyelink(path, head))
    return recording


_PROOF = ("samples", "fixations", "saccades", "blinks", "starts", "messages", "blocks")


def _read_piece(piece: bytes, n_before: int, lines: LineReader, samples: SampleReader) -> int:
    """Read a piece of whole lines, samples being those that begin with a digit; count them."""
    codes = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    is_whole = len(ends) > 0 and ends[-1] == len(piece) - 1
    if not is_whole:
        ends = np.append(ends, len(piece))
    n_lines = len(ends)
    starts = np.concatenate([[0], ends[:-1] + 1])
    is_sample = codes[starts] - np.uint8(ord("0")) < 10  # what is below "0" wraps around
    if not is_whole and _is_cut(piece, starts, ends):
        (text,) = _decode_all(piece, [int(starts[-1])], [len(piece)])
        lines.skip(n_before + n_lines, "the file ends within the line", text)
        starts, ends, is_sample = starts[:-1], ends[:-1], is_sample[:-1]
    others = np.flatnonzero(~is_sample)
    before = lines.declared[-1:]
    n_declared = len(lines.declared)
    texts = _decode_all(piece, starts[others].tolist(), ends[others].tolist())
    for number, text in zip((others + n_before + 1).tolist(), texts, strict=True):
        lines.read(number, text)
    chosen = np.flatnonzero(is_sample)
    own = Lines(piece, starts[chosen], ends[chosen], chosen + n_before + 1)
    samples.read(own, [*before, *lines.declared[n_declared:]])
    return n_lines


def _is_cut(piece: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> bool:
    """Tell whether a last line without an end has less than the last one of its kind.

    Less is: fewer fields, or a last field of fewer signs, which edf2asc pads to the same width.
    """
    last = piece[starts[-1] :]
    kind = _kind(last)
    if not kind:
        return False
    for begin, end in zip(starts[-2::-1].tolist(), ends[-2::-1].tolist(), strict=True):
        before = piece[begin:end]
        if _kind(before) == kind:
            break
    else:
        return False
    n_fields, n_before = len(last.split()), len(before.split())
    if n_fields != n_before:
        return n_fields < n_before
    return len(last.split(b"\t")[-1]) < len(before.split(b"\t")[-1])


def _kind(line: bytes) -> bytes:
    """Name the kind of a line whose fields are all of fixed width; empty for others."""
    if line[:1].isdigit():
        return b"sample"
    return line[:5].strip() if line.startswith((b"EFIX", b"ESACC")) else b""


def _decode_all(piece: bytes, starts: list[int], ends: list[int]) -> list[str]:
    """Decode lines: UTF-8 where it is valid, else Latin-1, in which every byte is a letter."""
    lines = [piece[i:j] for i, j in zip(starts, ends, strict=True)]
    if b"\r" in piece:
        lines = [line.rstrip(b"\r") for line in lines]
    try:
        return b"\n".join(lines).decode().split("\n") if lines else []
    except UnicodeDecodeError:
        return [decode(line) for line in lines]


def decode(line: bytes) -> str:
    r"""Decode a line: UTF-8 where it is valid, else Latin-1, in which every byte is a letter.

    Parameters
    ----------
    line : bytes
        The line without its end. Each is decoded by itself, since a file may hold both codes.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> decode(b"caf\xe9"), decode(b"caf\xc3\xa9")
    ('café', 'café')
    """
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def assemble(samples: pd.DataFrame, lines: LineReader, n_lines: int) -> Recording:
    """Put the tables together: blocks get their samples, and 2000 Hz its half-milliseconds.

    Parameters
    ----------
    samples : pandas.DataFrame
        All samples, without block; changed.
    lines : LineReader
        Has read all other lines.
    n_lines : int
        The number of all lines.

    Returns
    -------
    Recording
        The whole recording.
    """
    lines.finish()
    blocks = lines.rows["blocks"]
    if len(samples) and not (blocks and blocks[0]["line"] < samples["line"].iloc[0]):
        lines.add_block_zero()
    _describe_blocks(samples, blocks)
    tables = lines.tables()
    blank_missing_numbers(samples, tables)
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


def _describe_blocks(samples: pd.DataFrame, blocks: list[dict[str, Any]]) -> None:
    """Give samples their block; count them, find rates not declared, and split stamps."""
    time_ms = samples["time_ms"].to_numpy(copy=True)
    begins = np.searchsorted(samples["line"].to_numpy(), [block["line"] for block in blocks])
    bounds = [*begins.tolist(), len(samples)]
    for i, block in enumerate(blocks):
        own = time_ms[bounds[i] : bounds[i + 1]]
        block["n_samples"] = len(own)
        if not len(own):
            continue
        if "rate_hz" not in block:
            block["rate_hz"] = _measured_rate(own)
        split_stamps(own, np.broadcast_to(block["rate_hz"], own.shape))
        block["first_sample_ms"], block["last_sample_ms"] = float(own[0]), float(own[-1])
    samples["time_ms"] = time_ms
    labels = np.array([block["block"] for block in blocks], dtype=np.int32)
    samples["block"] = np.repeat(labels, np.diff(bounds))


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
        name, colon, value = text.partition(":")
        if not colon:
            name = next((key for key in _PREAMBLE if text.startswith(key)), "")
            value = text[len(name) :]
        if name.strip() in _PREAMBLE and value.strip():
            info[_PREAMBLE[name.strip()]] = value.strip()
        elif text.startswith("EYELINK"):
            info["tracker"] = text
    info |= _coords(tables["messages"]["text"])
    info["n_lines"] = n_lines
    info["lost"] = lines.lost
    info["line_counts"] = {"samples": n_samples, **lines.counts} | {
        kind: int(frame["n_lines"].sum()) if "n_lines" in frame else len(frame)
        for kind, frame in tables.items()
    }
    return info


def _coords(texts: pd.Series) -> dict[str, tuple[float, ...]]:
    """Find the display's first and last pixels: DISPLAY_COORDS, GAZE_COORDS and their like."""
    found: dict[str, tuple[float, ...]] = {}
    for text in texts[texts.str.contains("_COORDS", case=False, regex=False)]:
        match = _COORDS.search(text)
        if match is not None:
            found.setdefault(match[1].lower(), tuple(map(float, match.groups()[1:])))
    return found
