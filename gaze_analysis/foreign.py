"""Recordings made elsewhere: how they are found, named, checked and kept in sourcedata."""

import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from gaze_analysis.eyelink import read_recording
from gaze_analysis.eyelink.edf import is_edf
from gaze_analysis.eyelink.files import files_below, without_copies, without_twins
from gaze_analysis.eyelink.source import read_head
from gaze_analysis.importing import Session, recording_files, say_twins
from participants.register import add_participant, read_participants
from study.errors import InputError
from study.folder import TRIAL_RUNS, Study
from study.parallel import parallel_map
from study.progress import say
from study.provenance import sha256_of
from study.writing import atomic_path, write_json

_SUFFIX = re.compile(r"((\.asc|\.txt)(\.gz)?|\.edf)$", re.IGNORECASE)
_SUB_SES = re.compile(r"sub-([A-Za-z0-9]+)(?:_ses-([A-Za-z0-9]+))?")
_RUN = re.compile(r"_(?:run|part)-(\d+)", re.IGNORECASE)
_ASC_LINE = re.compile(
    rb"^(MSG\s+\d|\*\* |START\s+\d|[ES]FIX [LR] |\d+(\.\d+)?\t *[-\d.]+\t)", re.MULTILINE
)
_GZIP = b"\x1f\x8b"


def adopt_recordings(study: Study, files: Iterable[Path]) -> list[Session]:
    """Keep recordings made elsewhere in the study's sourcedata; all of them, or none.

    Parameters
    ----------
    study : Study
        The study.
    files : iterable of Path
        EDF and ASC files, plain or compressed, and folders of them.

    Returns
    -------
    list of Session
        The sessions that the recordings became.

    Raises
    ------
    InputError
        If a file is no EyeLink recording, or the session has another recording already.
    """
    paths = find_recordings(files)
    sessions = [
        Session(participant_id, session, (path,))
        for path, (participant_id, session) in zip(paths, recording_ids(paths), strict=True)
    ]
    new = [session for session in sessions if not _is_kept(study, session)]
    parallel_map(
        _check,
        [session.files[0] for session in new],
        description="checking recordings",
        execution=study.settings.execution,
    )
    registered = set(read_participants(study)["participant_id"])
    for session in new:
        if session.participant_id not in registered:
            registered.add(add_participant(study, session.participant_id))
        _keep(study, session)
        say(f"{session.files[0].name} is {session.participant_id}, session {session.session}")
    return sessions


def _check(path: Path) -> int:
    """Read a recording, which tells whether it is one."""
    return int(read_recording(path).info["n_lines"])


def _is_kept(study: Study, session: Session) -> bool:
    """Tell whether the study has this very recording; another one in its place is an error."""
    folder = study.session_dir(session.participant_id, session.session)
    kept = recording_files(folder)
    digest = sha256_of(session.files[0]) if kept else ""
    if any(sha256_of(path) == digest for path in kept):
        return True
    stem = _stem(session)
    taken = [path for path in kept if _SUFFIX.sub("", path.name) == stem]
    if taken or (kept and stem == session.name):
        raise InputError(
            f"A session holds one recording, but {session.files[0]} would be {stem}, and "
            f"{folder} holds {(taken or kept)[0].name} already. Name the file sub-ID_ses-LABEL.asc "
            "with another id or session, or sub-ID_ses-LABEL_part-N.asc if it is a further part; "
            "if it replaces that one, remove that one first."
        )
    return False


def _stem(session: Session) -> str:
    """Name the file that keeps a recording, without its ending."""
    return session.name + recording_part(session.files[0])


def _keep(study: Study, session: Session) -> None:
    """Copy a recording into sourcedata, and note where it comes from."""
    source = session.files[0]
    folder = study.session_dir(session.participant_id, session.session)
    with source.open("rb") as file:
        suffix = ".asc.gz" if file.read(2) == _GZIP else ".asc"
    if is_edf(source):
        suffix = ".edf"
    name = f"{_stem(session)}{suffix}"
    with atomic_path(folder / name) as temporary:
        shutil.copyfile(source, temporary)
    if not (folder / "session.json").exists():
        write_json(
            folder / "session.json",
            {
                "participant_id": session.participant_id,
                "session": session.session,
                "mode": "real",
                "tracker": "EyeLink",
                "recording": name,
                "imported_from": source.name,
            },
        )


def recording_ids(paths: list[Path]) -> list[tuple[str, str]]:
    """Name participant and session of recordings; the same names in different folders differ.

    Parameters
    ----------
    paths : list of Path
        The files.

    Returns
    -------
    list of tuple of str
        As `recording_id` gives them; where two would be the same, the folder's name is put
        before the file's.

    Raises
    ------
    InputError
        If two are the same even then.

    Examples
    --------
    >>> recording_ids([Path("P1/data.asc"), Path("P2/data.asc")])
    [('sub-P1data', '01'), ('sub-P2data', '01')]
    """
    names = [(*recording_id(path), recording_part(path)) for path in paths]
    often = {name for name, count in Counter(names).items() if count > 1}
    for i, path in enumerate(paths):
        if names[i] in often:
            long = path.with_name(f"{path.absolute().parent.name}{path.name}")
            names[i] = (*recording_id(long), names[i][2])
    for name, count in Counter(names).items():
        if count > 1:
            twice = [str(path) for path, other in zip(paths, names, strict=True) if other == name]
            raise InputError(
                f"Each recording must be of another session, but {' and '.join(twice)} would all "
                f"be {name[0]}_ses-{name[1]}{name[2]}. Name them sub-ID_ses-LABEL.asc, or "
                "sub-ID_ses-LABEL_part-N.asc if they are parts of one session."
            )
    return [(participant_id, session) for participant_id, session, _ in names]


def recording_id(path: Path) -> tuple[str, str]:
    """Take participant and session from a recording's file name.

    A name that holds ``sub-X`` and perhaps ``_ses-Y`` is taken at its word; any other gives
    the participant ``sub-`` and its letters (without accents) and digits, and the session 01.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of str
        Participant id and session label.

    Raises
    ------
    InputError
        If the name holds no letters or digits, or the label is that of a pilot or a test.

    Examples
    --------
    >>> recording_id(Path("sub-07_ses-2_task-faces.asc.gz"))
    ('sub-07', '2')
    >>> recording_id(Path("P_12 Jürgen.asc"))
    ('sub-P12Jurgen', '01')
    """
    stem = _SUFFIX.sub("", path.name)
    match = _SUB_SES.search(stem)
    if match:
        return f"sub-{match[1]}", real_label(match[2] or "01")
    label = re.sub(r"[^A-Za-z0-9]", "", unicodedata.normalize("NFKD", stem))
    if not label:
        raise InputError(
            f"A recording's name must hold letters or digits, but {path.name} has none. Rename it."
        )
    return f"sub-{label}", "01"


def real_label(session: str) -> str:
    """Refuse the label of a session that would be taken for a pilot or a test, and left out.

    Parameters
    ----------
    session : str
        Label of a session that was recorded elsewhere.

    Returns
    -------
    str
        The same.

    Raises
    ------
    InputError
        If it begins with ``pilot`` or ``test``.
    """
    if session.startswith(TRIAL_RUNS):
        raise InputError(
            f"A session's label must not begin with {' or '.join(TRIAL_RUNS)}, which means that it "
            f"is no data of the study, but it is {session!r}. Name it otherwise, such as "
            "ses-01 in the file's name."
        )
    return session


def recording_part(path: Path) -> str:
    """Take from a recording's file name which part of its session it is.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        What its name in sourcedata ends with; empty unless the name says ``sub-X`` and also
        ``_run-N`` or ``_part-N``.

    Examples
    --------
    >>> recording_part(Path("sub-07_task-faces_run-2.asc")), recording_part(Path("run-2.asc"))
    ('_part-02', '')
    """
    stem = _SUFFIX.sub("", path.name)
    match = _RUN.search(stem) if _SUB_SES.search(stem) else None
    return f"_part-{int(match[1]):02}" if match else ""


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """List recordings among files and in folders.

    Parameters
    ----------
    paths : iterable of Path
        Files are taken as they are; folders are searched for .asc, .asc.gz and EyeLink's .edf,
        and for text files that look like ASC. What is there twice, as .edf and .asc or as
        copies, is taken once.

    Returns
    -------
    list of Path
        Sorted within each folder.

    Raises
    ------
    InputError
        If a path does not exist or a folder holds no recording.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in files_below(path) if _is_recording(file)]
            if not inside:
                raise InputError(
                    f"A folder of recordings must hold .asc, .asc.gz or .edf files, but {path} has "
                    "none. Name another one."
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(
                f"A recording must be a file or a folder, but there is no {path}. Correct it."
            )
    found, twins = without_twins(found)
    say_twins(twins)
    found, copies = without_copies(found)
    for path, original in copies.items():
        say(f"{path} is not read: it is a copy of {original}")
    return found


def _is_recording(path: Path) -> bool:
    """Tell recordings from other files in a folder by their names, text files by their head."""
    if not path.is_file() or not _SUFFIX.search(path.name):
        return False
    if path.suffix.lower() == ".edf":  # which is also the name of EEG recordings
        return is_edf(path)
    return ".asc" in path.name.lower() or looks_like_asc(path)


def looks_like_asc(path: Path) -> bool:
    """Tell by its first lines whether a file, plain or compressed, is an ASC recording.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        Whether a message, event, block, sample or preamble is among its first lines.
    """
    return _ASC_LINE.search(read_head(path)) is not None
