"""Checkpoints: what a training needs in order to go on after it was broken off."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.errors import InputError
from study.writing import atomic_path

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A training at the end of an epoch.

    Parameters
    ----------
    history : pandas.DataFrame
        One row for each epoch so far, as in history.tsv.
    weights : list of ndarray
        The network's weights.
    best_weights : list of ndarray
        Those with the lowest validation loss so far.
    optimiser : list of ndarray
        The optimiser's variables.
    """

    history: pd.DataFrame
    weights: Arrays
    best_weights: Arrays
    optimiser: Arrays


def write_checkpoint(file: Path, checkpoint: Checkpoint, identity: dict[str, Any]) -> None:
    """Write a checkpoint in place of the one before.

    Parameters
    ----------
    file : Path
        Where; written beside and renamed, so that a kill leaves the one before.
    checkpoint : Checkpoint
        What to write.
    identity : dict
        Everything that the training's result hangs on, of which JSON can be made.
    """
    about = {"identity": identity, "history": checkpoint.history.to_dict("list")}
    arrays = {"about": np.array(json.dumps(about))}
    for name in ("weights", "best_weights", "optimiser"):
        arrays |= _numbered(name, getattr(checkpoint, name))
    with atomic_path(file) as temporary, temporary.open("wb") as opened:
        np.savez(opened, **arrays)


def read_checkpoint(file: Path, identity: dict[str, Any]) -> Checkpoint | None:
    """Read the checkpoint of a training that was broken off.

    Parameters
    ----------
    file : Path
        Where it would be.
    identity : dict
        As in `write_checkpoint`.

    Returns
    -------
    Checkpoint or None
        None if there is none, or it is of other settings, pictures or weights to start from.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if not file.is_file():
        return None
    try:
        with np.load(file) as stored:
            about = json.loads(str(stored["about"]))
            if about["identity"] != json.loads(json.dumps(identity)):
                return None
            parts = {
                name: [stored[f"{name}_{place}"] for place in range(_count(stored.files, name))]
                for name in ("weights", "best_weights", "optimiser")
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{file} must be a checkpoint of a training, but it cannot be read ({error}). "
            "Remove it; the training then starts anew."
        ) from error
    return Checkpoint(pd.DataFrame(about["history"]), **parts)


def _numbered(name: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Name arrays by their place."""
    return {f"{name}_{place}": array for place, array in enumerate(arrays)}


def _count(names: Sequence[str], name: str) -> int:
    """Count the arrays of a name."""
    return sum(key.rpartition("_")[0] == name for key in names)
