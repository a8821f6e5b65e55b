"""Many questions asked of one innvestigate process, which takes most of its time to start.

Run as ``python -m cnn.tests.many_explanations FOLDER``. The folder holds the network,
``jobs.json`` (pairs of method and arguments) and ``pictures.npz`` (pictures, targets); the process
adds ``many.npz`` and ``analyzers.json`` (the names of innvestigate's analyzers).
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn import innvestigate_process
from cnn.backend import import_tensorflow
from cnn.innvestigate_methods import check_analyzer
from cnn.network import read_network

# A method and its arguments.
Job = tuple[str, Mapping[str, Any]]
# Maps, targets and logits, as `run_innvestigate` gives them.
Explanation = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]


def explain_by_many(
    folder: Path,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    jobs: Sequence[Job],
) -> list[Explanation]:
    """Let one process explain the network in a folder by several methods."""
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    np.savez(folder / "pictures.npz", pictures=pictures, targets=targets)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__, str(folder)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(folder / "many.npz") as arrays:
        return [
            (arrays[f"maps_{n}"], arrays[f"targets_{n}"], arrays[f"logits_{n}"])
            for n in range(len(jobs))
        ]


def main(folder: Path) -> None:
    """Do the jobs that lie in a folder."""
    tf = import_tensorflow()
    tf.compat.v1.disable_eager_execution()
    with np.load(folder / "pictures.npz") as arrays:
        pictures, targets = arrays["pictures"], arrays["targets"]
    found: dict[str, NDArray[Any]] = {}
    for n, (method, arguments) in enumerate(json.loads((folder / "jobs.json").read_text("utf-8"))):
        tf.keras.backend.clear_session()
        values = check_analyzer(method, arguments)
        network = read_network(folder)
        explanation = innvestigate_process.explain(network, pictures, targets, method, values)
        found[f"maps_{n}"], found[f"targets_{n}"], found[f"logits_{n}"] = explanation
    np.savez(folder / "many.npz", **found)
    from innvestigate.analyzer import analyzers

    (folder / "analyzers.json").write_text(json.dumps(sorted(analyzers)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
