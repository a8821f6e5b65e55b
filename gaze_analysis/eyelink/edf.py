"""Reads an EDF through SR Research's library: the recording that edf2asc and `read_asc` give."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.eyelink import edf_elements
from gaze_analysis.eyelink.asc import assemble
from gaze_analysis.eyelink.edf_lines import ElementReader
from gaze_analysis.eyelink.edf_samples import sample_table
from gaze_analysis.eyelink.recording import Recording
from study.errors import InputError

EDF_MAGIC = b"SR_RESEARCH"
_OTHERWISE = (
    "Convert it with SR Research's edf2asc (EyeLink Developers Kit): edf2asc -p OUT {name}, and "
    "read the .asc file"
)
# What the closed library prints about a file that it reads well.
_USUAL_WORDS = re.compile(r"loadEvents = \d+|Enabling time offset fixup")


def read_edf(path: Path | str) -> Recording:
    """Read an EyeLink EDF file.

    Gives what `read_asc` gives of the file that edf2asc makes of it with its usual options:
    positions and pupils to one decimal, a pupil of 0 where gaze is missing, and line numbers
    of that file. Texts of several lines stay one message.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    Recording
        Samples, events, messages and everything else. What the library says against the file,
        and blocks that do not end, are in `Recording.skipped`.

    Raises
    ------
    InputError
        If the file cannot be opened or is no whole EDF, or eyelinkio, which brings SR
        Research's library, is not installed or has none for this computer.

    References
    ----------
    SR Research, EyeLink 1000 User Manual, section 4 "EyeLink data files".
    """
    path = Path(path)
    _check_magic(path)
    with tempfile.TemporaryDirectory() as folder:
        complaints = _unpack(path, Path(folder))
        samples = np.fromfile(Path(folder) / edf_elements.SAMPLES_FILE, edf_elements.SAMPLE)
        with (Path(folder) / edf_elements.ELEMENTS_FILE).open(encoding="utf-8") as file:
            head, *elements = (json.loads(line) for line in file)
    return recording_of(path.name, samples, head, elements, complaints)


def recording_of(
    name: str,
    samples: NDArray[Any],
    head: dict[str, str],
    elements: list[dict[str, Any]],
    complaints: list[str],
) -> Recording:
    """Put together what the library unpacked.

    Parameters
    ----------
    name : str
        The file's name.
    samples : ndarray of SAMPLE, shape (n,)
        All samples.
    head : dict of str
        The file's ``preamble`` and the library's ``version``.
    elements : list of dict
        The other elements, each with how many samples stand before it.
    complaints : list of str
        What the library said against the file.

    Returns
    -------
    Recording
        As `read_asc` gives it.
    """
    reader = ElementReader(samples)
    reader.preamble(name, head)
    for element in elements:
        reader.element(element)
    reader.close(complaints)
    table = sample_table(samples, reader.sample_lines())
    return assemble(table, reader.lines, reader.n_lines + len(samples))


def is_edf(path: Path) -> bool:
    """Tell by its first bytes whether a file is an EyeLink EDF.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        False also where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(EDF_MAGIC)) == EDF_MAGIC
    except OSError:
        return False


def _check_magic(path: Path) -> None:
    """Refuse what is no EDF before the library sees it."""
    try:
        with path.open("rb") as file:
            head = file.read(40)
    except OSError as error:
        raise InputError(
            f"A recording must be a readable file, but {path} is not ({error.strerror}). "
            "Name another file."
        ) from error
    if not head.startswith(EDF_MAGIC):
        raise InputError(
            f"An EyeLink EDF must begin with SR_RESEARCH, but {path} "
            f"{f'begins with {head!r}' if head else 'is empty'}. Name another file."
        )


def _unpack(path: Path, folder: Path) -> list[str]:
    """Let the library unpack a file in a process of its own; give what it says against it."""
    script = Path(edf_elements.__file__)
    command = [sys.executable, "-P", str(script), str(path.absolute()), str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=folder)
    if done.returncode == edf_elements.NO_LIBRARY:
        reason = done.stderr.decode("utf-8", errors="replace").strip().splitlines()[-1:]
        raise InputError(
            f"An EDF is read by SR Research's library, which eyelinkio brings, but it is not there "
            f"({''.join(reason)}). Install it (pip install 'faceoff[edf]'), or: "
            f"{_OTHERWISE.format(name=path.name)}."
        )
    said = done.stdout.decode("utf-8", errors="replace").splitlines()
    words = [line.strip() for line in said if not _USUAL_WORDS.fullmatch(line.strip())]
    words = [line for line in words if line]
    if done.returncode != 0:
        said_last = words[-1] if words else f"it ends with status {done.returncode}"
        raise InputError(
            f"An EDF must be whole, but SR Research's library cannot read {path} ({said_last}): it "
            "is cut off or damaged. Copy it anew from the Host PC."
        )
    return words
