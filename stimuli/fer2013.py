"""FER2013: from its CSV of grey levels to pictures in folders."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from study.errors import InputError
from study.progress import bar
from study.writing import atomic_path

SIDE_PX = 48
#: What the column emotion stands for.
LABELS = ("angry", "disgusted", "afraid", "happy", "sad", "surprised", "neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
_COLUMNS = {"emotion", "pixels", "usage"}
# A row has at most four characters for each of 2304 pixels; its own limit is lower.
csv.field_size_limit(2**20)


def unpack_fer2013(file: Path, folder: Path) -> Counter[str]:
    """Write each row of FER2013's CSV as a picture into ``<Usage>/<expression>/``.

    Both forms are read: ``fer2013.csv`` and ``icml_face_data.csv``, whose header has other
    columns' order and blanks. The file is read row by row. Pictures that are there are kept.

    Parameters
    ----------
    file : Path
        The CSV.
    folder : Path
        Where the pictures go, such as a study's folder of pictures.

    Returns
    -------
    Counter
        Number of pictures by usage.

    Raises
    ------
    InputError
        If the file is missing, has other columns, or a row is not whole; the message names the
        line.

    References
    ----------
    Goodfellow, I. J. et al. (2013). Challenges in representation learning. ICONIP.
    """
    if not file.is_file():
        raise InputError(f"FER2013 must be a CSV file, but {file} is none. Correct the path.")
    counts: Counter[str] = Counter()
    with bar("unpacking", max(file.stat().st_size, 1)) as advance:
        for number, label, usage, pixels, n_bytes in _rows(file):
            # The number of the row, from 0 as in the set's other form, is the picture's name.
            path = folder / usage / LABELS[label] / f"{number:05d}.png"
            if not path.is_file():
                with atomic_path(path) as temporary:
                    Image.fromarray(pixels).save(temporary, format="PNG")
            counts[usage] += 1
            advance(n_bytes)
    return counts


def _rows(file: Path) -> Iterator[tuple[int, int, str, NDArray[np.uint8], int]]:
    """Read and check the rows: number, label, usage, picture, and the length of the line."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened)
        header = [name.strip().lower() for name in next(reader, [])]
        if not set(header) >= _COLUMNS:
            raise InputError(
                f"{file} must have the columns emotion, pixels and Usage, but it has "
                f"{', '.join(header) or 'none'}. Take fer2013.csv or icml_face_data.csv."
            )
        places = {name: header.index(name) for name in _COLUMNS}
        n_rows = -1
        for n_rows, row in enumerate(reader):
            where = f"{file}, line {reader.line_num}"
            if len(row) != len(header):
                raise InputError(
                    f"{where}: a row must have {len(header)} cells, but this one has {len(row)}. "
                    "The file may have been cut off: fetch it again."
                )
            label = _label(row[places["emotion"]], where)
            usage = _usage(row[places["usage"]], where)
            pixels = _pixels(row[places["pixels"]], where)
            yield n_rows, label, usage, pixels, sum(map(len, row)) + len(row)
        if n_rows < 0:
            raise InputError(
                f"{file} must hold pictures, but it has only a header. Fetch it again."
            )


def _label(text: str, where: str) -> int:
    """Read the number of an expression."""
    if text.strip() not in map(str, range(len(LABELS))):
        raise InputError(
            f"{where}: emotion must be 0 to {len(LABELS) - 1}, but it is {text!r}. Correct it."
        )
    return int(text)


def _usage(text: str, where: str) -> str:
    """Read what a picture is for."""
    if text.strip() not in USAGES:
        raise InputError(
            f"{where}: Usage must be {', '.join(USAGES)}, but it is {text!r}. Correct it."
        )
    return text.strip()


def _pixels(text: str, where: str) -> NDArray[np.uint8]:
    """Read the grey levels of a picture."""
    try:
        levels = np.array(text.split(), dtype=np.int64)
    except ValueError as error:
        raise InputError(f"{where}: pixels must be whole numbers, but {error}.") from error
    if len(levels) != SIDE_PX**2 or levels.min() < 0 or levels.max() > 255:
        found = f"{len(levels)} numbers" + (
            f" from {levels.min()} to {levels.max()}" if len(levels) else ""
        )
        raise InputError(
            f"{where}: pixels must be {SIDE_PX**2} numbers from 0 to 255, but there are {found}. "
            "The file may have been cut off: fetch it again."
        )
    return levels.astype(np.uint8).reshape(SIDE_PX, SIDE_PX)
