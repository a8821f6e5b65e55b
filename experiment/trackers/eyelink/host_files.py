"""The recording on the Host PC: its name there, and its way to the session's folder."""

import base64
import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from study.progress import say

MAX_CHARACTERS = 8


def host_name(participant_id: str, session: str, part: int = 1) -> str:
    """Name a recording on the Host PC, which knows at most eight letters, digits and underscores.

    Parameters
    ----------
    participant_id : str
        Such as ``sub-001``.
    session : str
        The session's label, such as ``01``.
    part : int, default 1
        Number of the part.

    Returns
    -------
    str
        The three with underscores between them where that is short enough; else eight signs
        that follow from them. It has no suffix.

    Examples
    --------
    >>> host_name("sub-001", "01"), host_name("sub-001", "01", 2), host_name("sub-001", "pilot01")
    ('001_01_1', '001_01_2', '001p01_1')
    >>> host_name("sub-longname", "01")
    'x34ydi4e'
    """
    label = participant_id.removeprefix("sub-")
    readable = f"{label}_{session}_{part}"
    trial_run = re.fullmatch(r"(p)ilot(\d+)|(t)est(\d+)", session)
    if trial_run and label.isdigit():
        readable = f"{label}{''.join(filter(None, trial_run.groups()))}_{part}"
    # The Host PC does not tell capitals from small letters.
    if re.fullmatch(r"[a-z0-9_]+", readable) and len(readable) <= MAX_CHARACTERS:
        return readable
    digest = hashlib.sha256(f"{label}/{session}/{part}".encode()).digest()
    return "x" + base64.b32encode(digest).decode().lower()[: MAX_CHARACTERS - 1]


def receive_recording(link: Any, name: str, target: Path) -> list[Path]:
    """Bring a closed recording from the Host PC; never raise, for the session must end well.

    Parameters
    ----------
    link : pylink.EyeLink
        The connection.
    name : str
        The recording's name on the Host PC, without suffix.
    target : Path
        The file to be made.

    Returns
    -------
    list of Path
        The file; nothing where it did not arrive whole. What arrived is then kept under a name
        of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix=".transfer-", dir=target.parent))
    # The library takes another name where its target exists, so it gets an empty folder.
    arriving = folder / f"{name}.edf"
    try:
        n_bytes = link.receiveDataFile(f"{name}.edf", str(arriving))
        problem = _problem(arriving, n_bytes, target)
    except Exception as error:  # the library raises what it likes
        problem = str(error) or type(error).__name__
    kept = _keep(arriving, target if not problem else _unused(target.with_suffix(".edf.partial")))
    shutil.rmtree(folder, ignore_errors=True)
    if not problem:
        return [kept] if kept else []
    arrived = f" What arrived is {kept}." if kept else ""
    say(f"The recording did not arrive ({problem}).{arrived} {how_to_fetch(name, target)}")
    return []


def _problem(arriving: Path, n_bytes: Any, target: Path) -> str:
    """Say what is wrong with a file that was received; nothing where all is well."""
    size = arriving.stat().st_size if arriving.exists() else 0
    if not size:
        return "the file is empty"
    if isinstance(n_bytes, int) and n_bytes > 0 and n_bytes != size:
        return f"{size} of {n_bytes} bytes came"
    return f"{target.name} is there already" if target.exists() else ""


def _keep(arriving: Path, place: Path) -> Path | None:
    """Move what arrived to its place, if anything did."""
    if not arriving.exists() or not arriving.stat().st_size:
        return None
    try:
        return arriving.replace(place)
    except OSError as error:
        say(f"{arriving.name} could not be moved to {place}: {error}.")
        return None


def _unused(path: Path) -> Path:
    """Give a name that no file has yet."""
    names = (path.with_name(f"{path.name}{number or ''}") for number in range(1000))
    return next(name for name in names if not name.exists())


def how_to_fetch(name: str, target: Path) -> str:
    """Tell the experimenter where the recording still is.

    Parameters
    ----------
    name : str
        Its name on the Host PC, without suffix.
    target : Path
        Where it belongs.

    Returns
    -------
    str
        Sentences.
    """
    return (
        f"The Host PC still has it as {name}.edf, in the folder of its recordings: copy it from "
        f"there (File Manager of the Host PC, or a USB stick) to {target}, before another session "
        "of this participant."
    )
