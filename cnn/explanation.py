"""Explaining: which pixels speak for an expression, as maps in the picture's own frame."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.data import LabelledPictures, load_split, read_labels
from cnn.innvestigate_process import check_method
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import Rect, move_points
from study.errors import InputError
from study.folder import Study
from study.maps import write_maps
from study.progress import bar, say
from study.tables import write_table

if TYPE_CHECKING:
    import xarray as xr

RELEVANCE = {
    "image_id": "picture",
    "expression": "expression that the picture shows",
    "target": "expression whose logit is explained",
    "logit": "the network's answer for the target, before the softmax",
    "relevance_sum": "sum of the map over all pixels",
    "ratio": "relevance_sum / logit; 1 where the method conserves relevance",
}


def explain(study: Study, model: str, method: str, target: str) -> None:
    """Explain a network's answers to the test pictures, and write maps and their sums.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    method : str
        innvestigate's name of the method.
    target : {"true", "predicted"}
        Whose logit is explained: that of the expression shown, or of the one answered.

    Raises
    ------
    InputError
        If the method is unknown, the network was not trained, or is not of the kinds that
        innvestigate treats rightly.
    """
    check_method(method)
    folder = study.cnn_dir(model)
    pictures = load_split(study, read_labels(study), "test", network_input_px(folder))
    wanted = pictures.labels if target == "true" else np.full(len(pictures.table), -1)
    maps, targets, logits = run_innvestigate(folder, pictures.pictures, wanted, method)
    dataset = relevance_dataset(pictures, maps, targets, logits, study.settings.stimuli.picture_px)
    dataset.attrs |= {
        "network": model,
        "method": method,
        "target": target,
        "software": "innvestigate",
    }
    write_maps(folder / "relevance.nc", dataset)
    sums = relevance_sums(dataset, pictures.table)
    write_table(folder / "relevance.tsv", sums, RELEVANCE)
    say(
        f"explain: {method} of {len(sums)} pictures; relevance sum / logit has the median "
        f"{sums['ratio'].median():.3f} and lies within {sums['ratio'].min():.3f} and "
        f"{sums['ratio'].max():.3f}"
    )


def network_input_px(folder: Path) -> int:
    """Read the side of the pictures that a stored network takes, without loading it.

    Parameters
    ----------
    folder : Path
        The network's folder.

    Returns
    -------
    int
        In pixels.

    Raises
    ------
    InputError
        If the network was not trained yet, or its description is damaged.
    """
    file = folder / "network.json"
    if not file.is_file():
        raise InputError(
            f"The network must be at {file}, but there is no such file. "
            "Train it first: faceoff cnn train."
        )
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["input_px"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} must be a network's description that faceoff wrote, but it cannot be read "
            f"({error!r}). Train it anew: faceoff cnn train --force."
        ) from error


def run_innvestigate(
    network_dir: Path, pictures: NDArray[np.uint8], targets: NDArray[np.int64], method: str
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Let innvestigate explain a network in a process of its own.

    Parameters
    ----------
    network_dir : Path
        The network's folder.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Index of the explained expression; -1 takes the one with the greatest logit.
    method : str
        innvestigate's name of the method.

    Returns
    -------
    maps : ndarray of float32, shape (n, side, side)
        Signed relevance.
    targets : ndarray of int, shape (n,)
        Index of the explained expression.
    logits : ndarray of float32, shape (n,)
        Its logit.

    Raises
    ------
    InputError
        If the process refuses the network or the method, or ends early.
    """
    with tempfile.TemporaryDirectory(prefix="faceoff-") as name:
        folder = Path(name)
        job = {"network_dir": str(Path(network_dir).resolve()), "method": method}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        np.savez(folder / "pictures.npz", pictures=pictures, targets=targets)
        status = _watch(folder, len(pictures))
        if (folder / "refusal.txt").is_file():
            raise InputError((folder / "refusal.txt").read_text(encoding="utf-8"))
        if status != 0:
            raise InputError(_failure(folder, status))
        with np.load(folder / "maps.npz") as arrays:
            return arrays["maps"], arrays["targets"], arrays["logits"]


def _watch(folder: Path, n_pictures: int) -> int:
    """Run the process, show how far it is, and give its exit status."""
    code = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (code, os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, "-P", "-m", "cnn.innvestigate_process", str(folder)]
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        bar("explain", n_pictures) as advance,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"},
        ) as process,
    ):
        try:
            n_done = 0
            for line in process.stdout or ():
                if line.strip().isdigit():
                    advance(int(line) - n_done)
                    n_done = int(line)
            return process.wait()
        except BaseException:
            process.kill()
            raise


def _failure(folder: Path, status: int) -> str:
    """Say why the process ended early, by the last line of its log."""
    lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    reason = said[-1] if said else "it said nothing"
    return (
        f"innvestigate must explain the network, but its process ended with status {status}: "
        f"{reason}. Reinstall it (pip install 'faceoff[cnn]'), or choose another method."
    )


def relevance_dataset(
    pictures: LabelledPictures,
    maps: NDArray[np.float32],
    targets: NDArray[np.int64],
    logits: NDArray[np.float32],
    picture_px: int,
) -> "xr.Dataset":
    """Put maps into a data set whose coordinates are pixels of the picture frame.

    Parameters
    ----------
    pictures : LabelledPictures
        What was explained.
    maps : ndarray, shape (n, side, side)
        Signed relevance.
    targets : ndarray of int, shape (n,)
        Index of the explained expression.
    logits : ndarray, shape (n,)
        Its logit.
    picture_px : int
        Side of the picture as it was shown.

    Returns
    -------
    xarray.Dataset
        ``relevance(image, y, x)`` with the target, logit and sum of each picture.
    """
    import xarray as xr

    side = maps.shape[1]
    grid = np.repeat(np.arange(side, dtype=float)[:, None], 2, axis=1)
    shown, seen = Rect(0, 0, picture_px, picture_px), Rect(0, 0, side, side)
    centres_px = move_points(grid, seen, shown)[:, 0]
    expressions = pictures.table["expression"].astype(object).to_numpy()
    names = np.array([EXPRESSIONS[index] for index in targets], dtype=object)
    sums = maps.sum(axis=(1, 2), dtype=np.float64)
    pixels = {"units": "px", "long_name": "pixel of the picture as it was shown"}
    return xr.Dataset(
        {
            "relevance": (
                ("image", "y", "x"),
                maps,
                {"long_name": "signed relevance for the target's logit, summed over colours"},
            ),
            "target": ("image", names, {"long_name": "expression whose logit is explained"}),
            "logit": ("image", logits, {"long_name": "answer before the softmax"}),
            "relevance_sum": ("image", sums, {"long_name": "sum of the map"}),
        },
        coords={
            "image": pictures.table["image_id"].astype(object).to_numpy(),
            "y": ("y", centres_px, pixels),
            "x": ("x", centres_px, pixels),
            "expression_of_image": ("image", expressions),
        },
        attrs={"picture_width_px": picture_px, "picture_height_px": picture_px},
    )


def relevance_sums(dataset: "xr.Dataset", table: pd.DataFrame) -> pd.DataFrame:
    """Set each picture's sum of relevance against the logit that it explains.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `relevance_dataset` gives it.
    table : pandas.DataFrame
        The pictures, with ``image_id`` and ``expression``.

    Returns
    -------
    pandas.DataFrame
        One row for each picture, with the columns of `RELEVANCE`.
    """
    sums = table[["image_id", "expression"]].copy()
    sums["target"] = dataset["target"].to_numpy()
    # Six digits: more would differ from one processor to another.
    sums["logit"] = dataset["logit"].to_numpy().astype(float).round(6)
    sums["relevance_sum"] = dataset["relevance_sum"].to_numpy().round(6)
    sums["ratio"] = (sums["relevance_sum"] / sums["logit"]).round(6)
    return sums
