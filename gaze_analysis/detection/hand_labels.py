"""Recordings labelled by hand, in the layout of Andersson et al. (2017): pairs of .mat files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.detection.trace import EyeTrace
from stimuli.frames import Screen
from study.errors import InputError
from study.progress import say

CODERS = ("RA", "MN")
# The labels of ETdata.pos; 6 is undefined.
LABELS = {"fixation": 1, "saccade": 2, "pso": 3, "pursuit": 4, "blink": 5}
PICTURES = "pictures"
_NAME = re.compile(r"(?P<recording>.+)_labelled_(?P<coder>[A-Za-z]+)\.mat$")
_KINDS = {PICTURES: r"img|image|picture", "dots": r"dots?|trial\d*", "video": r"video|movie"}
_FIELDS = ("pos", "screenDim", "screenRes", "viewDist", "sampFreq")
_N_COLUMNS = 6
_MIN_COMMON = 0.9
# Stamps that are nearer than at 10 kHz are not in microseconds.
_MIN_INTERVAL_US = 100.0


@dataclass(frozen=True)
class LabelledRecording:
    """Gaze and what each of two coders called its samples.

    Parameters
    ----------
    name : str
        Such as ``TH34_img_Europe``.
    category : str
        pictures, dots, video, or other where the name does not tell.
    trace : EyeTrace
        The gaze.
    labels : dict of str to ndarray of int, shape (n,)
        By coder; the numbers of `LABELS`.
    """

    name: str
    category: str
    trace: EyeTrace
    labels: dict[str, NDArray[np.int64]]


def find_pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """Find the recordings that both coders labelled.

    Parameters
    ----------
    folder : Path
        Holds files such as ``TH34_img_Europe_labelled_RA.mat``, itself or in folders within it.

    Returns
    -------
    list of (str, Path, Path)
        Name, file of RA, file of MN, in the order of names; a file without its partner is
        left out with a warning.

    Raises
    ------
    InputError
        If there is no such folder, or no pair in it.
    """
    if not folder.is_dir():
        raise InputError(f"Labelled recordings must be in a folder, but {folder} is none. Name it.")
    found: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in sorted(folder.rglob("*.mat")):
        match = _NAME.match(path.name)
        if match and match["coder"].upper() in CODERS:
            found.setdefault((path.parent, match["recording"]), {})[match["coder"].upper()] = path
    pairs: list[tuple[str, Path, Path]] = []
    for (_, name), files in found.items():
        missing = [coder for coder in CODERS if coder not in files]
        if missing:
            say(
                f"warning: {name} has labels by {next(iter(files))} alone, and is left out: "
                f"{name}_labelled_{missing[0]}.mat is missing"
            )
        else:
            pairs.append((name, files[CODERS[0]], files[CODERS[1]]))
    if not pairs:
        evidence = f"no pair among its {len(found)} recordings" if found else "no such file"
        raise InputError(
            "Labelled recordings must be pairs of files, NAME_labelled_RA.mat and "
            f"NAME_labelled_MN.mat, but {folder} holds {evidence}. Name the folder of Andersson et "
            "al. (2017)'s annotated data."
        )
    return sorted(pairs)


def read_pair(name: str, first: Path, second: Path) -> LabelledRecording | None:
    """Read one recording and both coders' labels of it.

    Parameters
    ----------
    name : str
        The recording's.
    first, second : Path
        The files of RA and MN.

    Returns
    -------
    LabelledRecording or None
        The samples that both files hold, by their stamps; None, with a warning, where they
        hold different recordings.

    Raises
    ------
    InputError
        If a file has another layout.
    """
    own, other = read_mat(first), read_mat(second)
    time, time_other = own["pos"][:, 0], other["pos"][:, 0]
    if _is_clock(time) and _is_clock(time_other):
        _, here, there = np.intersect1d(time, time_other, return_indices=True)
    else:
        here = there = np.arange(min(len(time), len(time_other)))
    gaze, gaze_other = own["pos"][here, 3:5], other["pos"][there, 3:5]
    same = np.isclose(gaze, gaze_other, rtol=0, atol=0, equal_nan=True).all(axis=1)
    shorter = min(len(time), len(time_other))
    if same.sum() < _MIN_COMMON * shorter:
        say(
            f"warning: {name} is left out: the coders' files share only {same.sum()} of "
            f"{shorter} samples"
        )
        return None
    pos = own["pos"][here]
    labels = {
        coder: np.nan_to_num(values["pos"][places, 5]).astype(np.int64)
        for coder, values, places in zip(CODERS, (own, other), (here, there), strict=True)
    }
    return LabelledRecording(name, category_of(first), _trace(own, pos), labels)


def category_of(path: Path) -> str:
    """Tell from the name of a file, else of its folder, what was shown.

    Parameters
    ----------
    path : Path
        A file of the set.

    Returns
    -------
    str
        pictures, dots, video or other.

    Examples
    --------
    >>> names = ("TH34_img_Europe_x.mat", "UH21_trial17_x.mat", "dots/a.mat", "a.mat")
    >>> [category_of(Path(name)) for name in names]
    ['pictures', 'dots', 'dots', 'other']
    """
    for text in (path.name, path.parent.name):
        for category, pattern in _KINDS.items():
            if re.search(rf"(^|[_\W])({pattern})s?($|[_\W])", text, re.IGNORECASE):
                return category
    return "other"


def read_mat(path: Path) -> dict[str, Any]:
    """Read one file of the set.

    Parameters
    ----------
    path : Path
        A MATLAB file with the structure ETdata.

    Returns
    -------
    dict
        Its fields: pos (n x 6: stamp, pupil width, pupil height, x px, y px, label),
        screenDim in m, screenRes in px, viewDist in m, sampFreq in Hz.

    Raises
    ------
    InputError
        If it is no MATLAB file, or has another layout.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    rule = "A labelled recording must be a MATLAB file (version 5) with the structure ETdata"
    remedy = "Name a folder of Andersson et al. (2017)'s annotated data."
    try:
        content = loadmat(path, squeeze_me=True, struct_as_record=False)
    except (ValueError, TypeError, OSError, EOFError, NotImplementedError, MatReadError) as error:
        raise InputError(f"{rule}, but {path} is none ({error}). {remedy}") from error
    data = content.get("ETdata")
    if data is None:
        names = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
        raise InputError(f"{rule}, but {path} holds {names}. {remedy}")
    missing = [name for name in _FIELDS if not hasattr(data, name)]
    if missing:
        raise InputError(f"{rule} and its {', '.join(_FIELDS)}, but {path} lacks {missing[0]}."
                         f" {remedy}")  # fmt: skip
    values = {name: np.asarray(getattr(data, name), dtype=np.float64) for name in _FIELDS}
    shape = values["pos"].shape
    if len(shape) != 2 or shape[1] != _N_COLUMNS or not shape[0]:
        raise InputError(
            f"{rule}, whose pos has {_N_COLUMNS} columns, but in {path} it has the shape {shape}. "
            f"{remedy}"
        )
    for name, size in (("screenDim", 2), ("screenRes", 2), ("viewDist", 1), ("sampFreq", 1)):
        if values[name].size != size or not (values[name] > 0).all():
            raise InputError(
                f"{rule}, whose {name} is {size} numbers above 0, but in {path} it is "
                f"{values[name].tolist()}. {remedy}"
            )
    return values


def _is_clock(stamps: NDArray[np.float64]) -> bool:
    """Tell whether stamps go on, each one at its own time."""
    return len(stamps) > 1 and bool((np.diff(stamps) > 0).all())


def _trace(values: dict[str, Any], pos: NDArray[np.float64]) -> EyeTrace:
    """Make the trace; gaze at (0, 0) and a pupil of 0 are lost."""
    n = len(pos)
    width_cm, height_cm = 100 * values["screenDim"]
    width_px, height_px = values["screenRes"]
    gaze = pos[:, 3:5].copy()
    gaze[(gaze == 0).all(axis=1)] = np.nan
    pupil = pos[:, 1]
    screen = Screen(
        int(width_px), int(height_px), width_cm, height_cm, 100 * float(values["viewDist"])
    )
    return EyeTrace(
        time_ms=_times_ms(pos[:, 0], float(values["sampFreq"])),
        x_px=gaze[:, 0],
        y_px=gaze[:, 1],
        pupil=np.where(pupil > 0, pupil, np.nan),
        block=np.ones(n, np.int64),
        part=np.ones(n, np.int64),
        screen=screen,
    )


def _times_ms(stamps: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Give the samples' times: of the stamps, in microseconds, else of the nominal rate.

    The rate that a file names is not always that of its stamps, which count.
    """
    interval = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
    if interval < _MIN_INTERVAL_US:
        return np.arange(len(stamps)) * (1000.0 / rate_hz)
    if not _is_clock(stamps):
        return np.arange(len(stamps)) * (interval / 1000.0)
    times: NDArray[np.float64] = (stamps - stamps[0]) / 1000.0
    return times
