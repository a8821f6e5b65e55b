"""What a check before a session finds, and the checks of the computer: folder, disk, clock."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.errors import InputError

_CLOCK_STEP_MS = 0.1
_N_READINGS = 2000


@dataclass(frozen=True)
class Check:
    """What a check found.

    Parameters
    ----------
    name : str
        What was checked, in a word or three.
    passed : bool or None
        None where it could not be checked, or where it matters only with a real tracker.
    text : str
        What was found; where the check failed, with what to do.
    """

    name: str
    passed: bool | None
    text: str


def attempt(name: str, find: Callable[[], str]) -> Check:
    """Try something, and tell what it found or why it failed.

    Parameters
    ----------
    name : str
        What is checked.
    find : callable
        Says what it found, or raises what is wrong.

    Returns
    -------
    Check
        Failed where it raised.
    """
    try:
        return Check(name, True, find())
    except InputError as error:
        return Check(name, False, str(error))
    except Exception as error:  # a vendor's library may raise anything
        return Check(
            name,
            False,
            f"The {name} must work, but {type(error).__name__}: {error}. "
            "Look for this message in the documentation of what raised it.",
        )


def check_writable(folder: Path) -> Check:
    """Write a file into a folder, force it to the disk, and remove it.

    Parameters
    ----------
    folder : Path
        The folder; where there is none yet, the nearest one above it is tried.

    Returns
    -------
    Check
        Failed with the system's reason.
    """
    there = _nearest(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".faceoff-check-") as file:
            file.write(b"faceoff\n" * 512)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Check(
            "session folder",
            False,
            f"{there} must be writable, but {error.strerror or error}. Give this user the right "
            "to write there, make room on the disk, or choose another folder for the study.",
        )
    return Check("session folder", True, f"{there} is writable")


def _nearest(folder: Path) -> Path:
    """Give a folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def check_disk(folder: Path, free_disk_mb: int) -> Check:
    """Check that there is room for a session.

    Parameters
    ----------
    folder : Path
        On the disk.
    free_disk_mb : int
        What the settings ask for, in megabytes.

    Returns
    -------
    Check
        Failed where there is less.
    """
    there = _nearest(folder)
    found_mb = shutil.disk_usage(there).free / 1e6
    if found_mb >= free_disk_mb:
        return Check("disk", True, f"{found_mb:,.0f} MB free")
    return Check(
        "disk",
        False,
        f"The disk of {there} must have {free_disk_mb:,} MB free ([experiment] free_disk_mb), but "
        f"it has {found_mb:,.0f} MB. Make room.",
    )


def check_clock() -> Check:
    """Check that the clock that stamps frames and keys never goes back and is fine enough.

    Returns
    -------
    Check
        Failed where steps are over 0.1 ms, or the clock can be set.
    """
    clock = time.get_clock_info("perf_counter")
    step_ms = 1000 * _smallest_step_s()
    if clock.monotonic and step_ms <= _CLOCK_STEP_MS:
        return Check("clock", True, f"monotonic, in steps of {1000 * step_ms:.2g} microseconds")
    return Check(
        "clock",
        False,
        f"The clock must go on in steps of at most {_CLOCK_STEP_MS:g} ms, but "
        f"{clock.implementation} has steps of {step_ms:.3g} ms"
        f"{'' if clock.monotonic else ' and can go back'}. "
        "Use another computer or system.",
    )


def _smallest_step_s() -> float:
    """Read the clock until it has moved often, and give the smallest step."""
    times_s = np.array([time.perf_counter() for _ in range(_N_READINGS)])
    steps_s = np.diff(times_s)
    return float(steps_s[steps_s > 0].min(initial=np.inf))
