"""Safe writing: a file appears whole, under its own name, or not at all."""

import errno
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from study.errors import InputError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_UNPLUGGED = (errno.EIO, errno.ENODEV, errno.ENXIO, getattr(errno, "ESTALE", errno.EIO))
_LOCKED = (PermissionError, NotADirectoryError, IsADirectoryError)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a path beside the wanted one, and rename it when the block ends well.

    Parameters
    ----------
    path : Path
        The file to be written; its folder is made where it is missing.

    Yields
    ------
    Path
        A temporary path in the same folder, with the same suffixes.

    Raises
    ------
    InputError
        If the folder or the file cannot be written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_path(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole", encoding="utf-8")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    with must_be_writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def must_be_writable(path: Path) -> Iterator[None]:
    """Say in one message that a file cannot be written, and how to mend it.

    Parameters
    ----------
    path : Path
        The file that the block writes.

    Raises
    ------
    InputError
        If the disk is full or gone, or the file is locked or read-only.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            remedy = "Make room on the disk"
        elif error.errno in _UNPLUGGED:
            remedy = "Connect the disk again, or use another one"
        elif isinstance(error, _LOCKED) or error.errno == errno.EROFS:
            remedy = "Close programs that hold it open, or choose another folder"
        else:
            raise
        raise InputError(
            f"{path} must be writable, but {error.strerror or error}. {remedy}."
        ) from error


def remove_file(path: Path) -> None:
    """Remove a file if it is there.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InputError
        If it may not be removed.
    """
    with must_be_writable(path):
        path.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Make the system write the file to the disk before it gets its name."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with Unix line ends, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        Its content.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    value : JSON value
        What ``json.dumps`` takes; keys keep their order.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
