"""Files of EyeLink recordings: which there are, and the reader that each one needs."""

import re
from collections.abc import Iterable
from pathlib import Path

from gaze_analysis.eyelink.asc import read_asc
from gaze_analysis.eyelink.edf import is_edf, read_edf
from gaze_analysis.eyelink.recording import Recording
from gaze_analysis.eyelink.source import read_head
from study.provenance import sha256_of

_DATE = re.compile(rb"^(?:\*\* )?DATE:[ \t]*([^\r\n]*\S)", re.MULTILINE)
_ASC = re.compile(r"\.(asc|txt)(\.gz)?$", re.IGNORECASE)


def read_recording(path: Path | str) -> Recording:
    """Read an EyeLink recording, EDF or ASC, by what the file holds.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    Recording
        The same for an EDF and for the ASC file that edf2asc makes of it.

    Raises
    ------
    InputError
        If the file is no EyeLink recording, or EDF cannot be read on this computer.
    """
    path = Path(path)
    if is_edf(path) or path.suffix.lower() == ".edf":
        return read_edf(path)
    return read_asc(path)


def files_below(folder: Path) -> list[Path]:
    """List the files in a folder and its folders, but for hidden ones.

    Hidden are names that begin with a point, and ``__MACOSX``: the shadows that macOS leaves of
    files on other disks and in archives (``._a.asc``), and what version control keeps.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    list of Path
        In the order of their names; links that lead nowhere included.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        if not path.is_dir() and not any(n.startswith(".") or n == "__MACOSX" for n in names):
            found.append(path)
    return found


def without_copies(paths: Iterable[Path]) -> tuple[list[Path], dict[Path, Path]]:
    """Leave out files that are copies of others, as in a folder of backups.

    Parameters
    ----------
    paths : iterable of Path
        Files.

    Returns
    -------
    files : list of Path
        The others, in the same order; of several copies the one that lies least deep.
    copies : dict of Path to Path
        What each file left out is a copy of.
    """
    paths = list(paths)
    by_size: dict[int, list[Path]] = {}
    for path in sorted(paths, key=lambda path: len(path.parts)):
        by_size.setdefault(path.stat().st_size, []).append(path)
    copies: dict[Path, Path] = {}
    for alike in by_size.values():
        first: dict[str, Path] = {}
        for path in alike if len(alike) > 1 else ():
            original = first.setdefault(sha256_of(path), path)
            if original != path:
                copies[path] = original
    return [path for path in paths if path not in copies], copies


def without_twins(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Leave out each EDF of which the ASC file is there too.

    Parameters
    ----------
    paths : iterable of Path
        Recordings.

    Returns
    -------
    recordings : list of Path
        The others, in the same order.
    twins : list of Path
        The EDF files that an ASC file of the same name stands for: one in the same folder, or
        one elsewhere that was made at the same second.

    Examples
    --------
    >>> recordings, twins = without_twins([Path("a.edf"), Path("a.asc.gz"), Path("b.edf")])
    >>> [path.name for path in recordings], [path.name for path in twins]
    (['a.asc.gz', 'b.edf'], ['a.edf'])
    """
    paths = list(paths)
    converted: dict[str, list[Path]] = {}
    for path in paths:
        if _ASC.search(path.name):
            converted.setdefault(_ASC.sub("", path.name), []).append(path)
    twins = [
        path
        for path in paths
        if path.suffix.lower() == ".edf"
        and any(_is_twin(path, text) for text in converted.get(path.stem, ()))
    ]
    return [path for path in paths if path not in twins], twins


def _is_twin(edf: Path, text: Path) -> bool:
    """Tell whether two files of one name are the same recording."""
    if edf.parent == text.parent:
        return True
    dates = [_DATE.search(read_head(path)) for path in (edf, text)]
    return all(dates) and len({date[1] for date in dates if date}) == 1
