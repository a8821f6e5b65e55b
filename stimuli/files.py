"""The files of a face set: which pictures a folder holds, and what is measured on each."""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from stimuli.names import KdefName, parse_name
from study.errors import InputError
from study.progress import track

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png"}
_OTHER_PICTURE_SUFFIXES = {".bmp", ".gif", ".tif", ".tiff", ".webp"}
SYNTHETIC_LANDMARKS = "synthetic_landmarks.tsv"


@dataclass(frozen=True)
class PictureFile:
    """A file whose name says what it shows.

    Parameters
    ----------
    file : str
        Path from the face set's folder, with forward slashes.
    name : KdefName
        What its name says.
    """

    file: str
    name: KdefName


@dataclass(frozen=True)
class Measures:
    """What was measured on a picture file.

    Parameters
    ----------
    sha256 : str
        Hash of its bytes.
    width_px, height_px : int
        Size; 0 if it is no picture.
    luminance : float
        Mean grey level, 0 to 255; NaN if it cannot be decoded.
    error : str
        Why it cannot be decoded; empty if it can.
    """

    sha256: str
    width_px: int
    height_px: int
    luminance: float
    error: str


def find_pictures(folder: Path) -> tuple[list[PictureFile], list[str]]:
    """Find the pictures of a KDEF folder, at any depth.

    Parameters
    ----------
    folder : Path
        The folder of the face set, or one above it.

    Returns
    -------
    pictures : list of PictureFile
        In the order of image id and file.
    strangers : list of str
        Picture files whose name is not of KDEF's form.

    Raises
    ------
    InputError
        If there is no such folder, no picture in it, or a picture with an unknown expression
        code.
    """
    if not folder.is_dir():
        found = "that is a file" if folder.exists() else "there is no such folder"
        raise InputError(
            f"A face set must be a folder, but {folder}: {found}. "
            "Name KDEF's folder (faceoff stimuli register DIR), or draw faces "
            "(faceoff stimuli synth)."
        )
    pictures, strangers = [], []
    known = PICTURE_SUFFIXES | _OTHER_PICTURE_SUFFIXES
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in known or path.name.startswith("."):
            continue
        file = path.relative_to(folder).as_posix()
        name = parse_name(path.name) if path.suffix.lower() in PICTURE_SUFFIXES else None
        if name is None:
            strangers.append(file)
        else:
            pictures.append(PictureFile(file, name))
    if not pictures:
        found = f"only with other names, such as {strangers[0]}" if strangers else "none"
        raise InputError(
            "A face set must hold pictures with KDEF's names, such as AF01AFS.JPG, but "
            f"{folder} holds {found}. Name the folder that holds them."
        )
    return sorted(pictures, key=lambda picture: (picture.name, picture.file)), strangers


def measure_pictures(folder: Path, files: list[str], jobs: int = 0) -> dict[str, Measures]:
    """Hash every file and measure its size and brightness.

    Parameters
    ----------
    folder : Path
        The folder of the face set.
    files : list of str
        Paths from that folder.
    jobs : int, default 0
        Number of threads; 0 uses every core.

    Returns
    -------
    dict of str to Measures
        By file.
    """
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        results = pool.map(measure_picture, [folder / file for file in files])
        measures = list(track(results, "Measuring pictures", total=len(files)))
    return dict(zip(files, measures, strict=True))


def measure_picture(path: Path) -> Measures:
    """Hash a file and measure its size and brightness.

    Parameters
    ----------
    path : Path
        The picture file.

    Returns
    -------
    Measures
        Of a file that cannot be decoded, the reason.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    width_px, height_px = 0, 0
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width_px, height_px = picture.size
            # An eighth of the size gives the same mean, reads every byte, and is fast.
            picture.draft("L", (max(width_px // 8, 1), max(height_px // 8, 1)))
            luminance = float(np.asarray(picture.convert("L"), dtype=float).mean())
    except (OSError, SyntaxError, UnidentifiedImageError) as error:
        reason = "it is no picture" if isinstance(error, UnidentifiedImageError) else str(error)
        return Measures(digest, width_px, height_px, float("nan"), reason)
    return Measures(digest, width_px, height_px, luminance, "")
