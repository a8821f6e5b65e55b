"""Calling innvestigate: a process of its own, handed a network's folder and pictures as files."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.innvestigate_methods import check_analyzer
from study.errors import InputError
from study.progress import bar


def run_innvestigate(
    network_dir: Path,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    method: str,
    arguments: Mapping[str, Any] | None = None,
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
    arguments : mapping, optional
        In place of its defaults.

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
        If there is no such method or argument, the process refuses the network, or ends early.
    """
    values = check_analyzer(method, arguments or {})
    with tempfile.TemporaryDirectory(prefix="faceoff-") as name:
        folder = Path(name)
        job = {
            "network_dir": str(Path(network_dir).resolve()), "method": method, "arguments": values,
        }  # fmt: skip
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
