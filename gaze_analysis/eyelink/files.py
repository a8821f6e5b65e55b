"""Files of EyeLink recordings: which there are, and the reader that each one needs."""

import re
from collections.abc import Iterable
from pathlib import Path

from gaze_analysis.eyelink.asc import read_asc
from gaze_analysis.eyelink.edf import is_edf, read_edf
from gaze_analysis.eyelink.recording import Recording

_ASC = re.compile(r"\.(asc|txt)(\.gz)?$", re.IGNORECASE)


def read_recording(path: Path) -> Recording:
    """Read an EyeLink recording, EDF or ASC, by what the file holds.

    Parameters
    ----------
    path : Path
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


def without_twins(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Leave out each EDF that has its own ASC file beside it.

    Parameters
    ----------
    paths : iterable of Path
        Recordings.

    Returns
    -------
    recordings : list of Path
        The others, in the same order.
    twins : list of Path
        The EDF files that an ASC file of the same folder and name stands for.

    Examples
    --------
    >>> recordings, twins = without_twins([Path("a.edf"), Path("a.asc.gz"), Path("b.edf")])
    >>> [path.name for path in recordings], [path.name for path in twins]
    (['a.asc.gz', 'b.edf'], ['a.edf'])
    """
    paths = list(paths)
    converted = {(path.parent, _ASC.sub("", path.name)) for path in paths if _ASC.search(path.name)}
    twins = [
        path
        for path in paths
        if path.suffix.lower() == ".edf" and (path.parent, path.stem) in converted
    ]
    return [path for path in paths if path not in twins], twins
