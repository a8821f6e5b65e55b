"""The gaze of a recorded ASC file: the samples of its blocks, at 1000 Hz, of one eye."""

import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiment.asc_lines import RATE_HZ, OneEye, PupilSize
from experiment.gaze_trace import FloatArray
from experiment.trackers.protocol import Eye
from stimuli.frames import Screen
from study.errors import InputError

# What EyeLink's programs write for missing gaze besides a point.
_MISSING = (-32768.0, 1e8)
_COORDS = re.compile(rb"MSG\s.* (?:GAZE|DISPLAY)_COORDS[ =]+" + rb"\s+".join([rb"([\d.]+)"] * 4))
_REMEDY = "Choose another recording: [experiment.replay] recording."


@dataclass(frozen=True)
class RecordedGaze:
    """The gaze of a recording.

    Parameters
    ----------
    eye : {"left", "right"}
        Whose gaze it is.
    pupil : {"area", "diameter"}
        What pupil sizes are.
    blocks : tuple of ndarray, shape (n, 3)
        For each block of the file x and y in screen pixels and the pupil size, a row for each
        millisecond from the block's first sample on; NaN where the eye is not seen.
    """

    eye: OneEye
    pupil: PupilSize
    blocks: tuple[FloatArray, ...]


@dataclass
class _Block:
    """The lines of a block: which eyes, which rate, which area, and its samples."""

    eyes: list[str]
    declared: list[str]
    samples: list[bytes]


def read_recorded_gaze(path: Path, screen: Screen, eye: Eye) -> RecordedGaze:
    """Read the samples of an ASC file that edf2asc, or faceoff, wrote.

    Parameters
    ----------
    path : Path
        The file, plain or compressed by gzip.
    screen : Screen
        The screen that the recording must have been made on, in pixels.
    eye : {"left", "right", "both"}
        Which eye; of both the right one, where the file has it.

    Returns
    -------
    RecordedGaze
        Block by block.

    Raises
    ------
    InputError
        If there is no such file, it is not an ASC file with 1000 samples of gaze in a second,
        has another eye only, or belongs to another screen.
    """
    lines = _read_lines(path)
    blocks = _find_blocks(lines)
    if not any(block.samples for block in blocks):
        raise InputError(
            f"A recording to be replayed must be an ASC file with samples, but {path} has none. "
            f"{_REMEDY}"
        )
    _check_screen(path, lines, screen)
    chosen = _choose_eye(path, blocks, eye)
    pupil: PupilSize = "diameter" if b"PUPIL\tDIAMETER" in lines else "area"
    gaze = tuple(_read_block(path, block, chosen) for block in blocks)
    return RecordedGaze(chosen, pupil, gaze)


def _read_lines(path: Path) -> list[bytes]:
    """Read a plain or compressed file."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"A recording to be replayed must be readable, but {path} is not: {reason}. {_REMEDY}"
        ) from error
    return content.splitlines()


def _find_blocks(lines: Sequence[bytes]) -> list[_Block]:
    """Take the blocks apart; samples outside of them belong to none."""
    blocks: list[_Block] = []
    is_open = False
    for line in lines:
        if is_open and line[:1].isdigit():
            blocks[-1].samples.append(line)
        elif line.startswith(b"START"):
            words = line.decode("latin-1").split()
            blocks.append(_Block([word for word in words if word in ("LEFT", "RIGHT")], [], []))
            is_open = True
        elif line.startswith(b"END"):
            is_open = False
        elif is_open and line.startswith(b"SAMPLES"):
            blocks[-1].declared = line.decode("latin-1").split()
    return blocks


def _check_screen(path: Path, lines: Sequence[bytes], screen: Screen) -> None:
    """Refuse gaze in the pixels of another screen."""
    found = (_COORDS.match(line) for line in lines if line.startswith(b"MSG"))
    said = {tuple(float(word) for word in match.groups()) for match in found if match}
    # Some programs name the last pixel, some the number of pixels.
    ours = {(0.0, 0.0, float(screen.width_px - n), float(screen.height_px - n)) for n in (0, 1)}
    if not said or said - ours:
        areas = " and ".join(" ".join(f"{value:g}" for value in area) for area in sorted(said))
        raise InputError(
            f"A recording to be replayed must have the {screen.width_px} x {screen.height_px} "
            f"pixels of [screen] in study.toml, but {path} has "
            f"{f'the coordinates {areas}' if areas else 'no GAZE_COORDS'}. {_REMEDY}"
        )


def _choose_eye(path: Path, blocks: Sequence[_Block], eye: Eye) -> OneEye:
    """Choose an eye that every block has."""
    eyes: tuple[OneEye, ...] = ("right", "left") if eye == "both" else (eye,)
    for one in eyes:
        if all(one.upper() in block.eyes for block in blocks):
            return one
    there = " and ".join(sorted({name.lower() for block in blocks for name in block.eyes}))
    raise InputError(
        f"A recording to be replayed must have the eye of the session in each block, {eye}, but "
        f"{path} has {there or 'none'}. Choose another eye, or another recording."
    )


def _read_block(path: Path, block: _Block, eye: OneEye) -> FloatArray:
    """Read a block's samples of one eye, and put them on their milliseconds."""
    if not block.samples:
        return np.empty((0, 3))
    rate = dict(zip(block.declared, block.declared[1:], strict=False)).get("RATE", "")
    if "GAZE" not in block.declared or not rate or float(rate) != RATE_HZ:
        raise InputError(
            f"A recording to be replayed must have {RATE_HZ} samples of gaze in a second, but "
            f"{path} says {' '.join(block.declared) or 'nothing of its samples'!r}. {_REMEDY}"
        )
    first = 1 if len(block.eyes) == 1 or eye == "left" else 4
    try:
        table = pd.read_csv(
            io.BytesIO(b"\n".join(block.samples)),
            sep="\t",
            header=None,
            usecols=[0, first, first + 1, first + 2],
            skipinitialspace=True,
            na_values=["."],
            dtype=float,
        ).to_numpy()
        times = table[:, 0].astype(np.int64)
        if (table[:, 0] != times).any() or (np.diff(times) < 1).any():
            raise ValueError("times of samples must be milliseconds that grow")
    except ValueError as error:
        raise InputError(
            f"A recording to be replayed must have samples as edf2asc writes them, but in {path} "
            f"one cannot be read: {error}. {_REMEDY}"
        ) from error
    gaze = np.full((times[-1] - times[0] + 1, 3), np.nan)
    gaze[times - times[0]] = table[:, 1:]
    gaze[:, 2] = np.nan_to_num(gaze[:, 2])
    gaze[(np.isnan(gaze) | np.isin(gaze, _MISSING))[:, :2].any(axis=1)] = np.nan
    return gaze
