"""The map metrics beside pysaliency's, on the same maps.

    python benchmarks/map_metrics.py

prints both for maps made from a formula (`comparison/tests/formula_maps.py`), their largest
difference, and the numbers that `comparison/tests/test_pysaliency.py` holds. pysaliency runs in an
environment that is made once in the system's temporary folder. Its package imports torch for models
that are not needed here, so that only its metrics, ROC curves and models of maps are imported.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("pysaliency==0.2.22", "numpy==1.26.4", "setuptools==80.9.0")


def pysaliency_values(maps: dict[str, Any], fixations: list[Any]) -> dict[str, list[float]]:
    """Compute each metric with pysaliency; one value for each map and picture."""
    import_without_torch()
    from pysaliency.datasets import Fixations, Stimuli
    from pysaliency.metrics import CC, SIM, MIT_KLDiv
    from pysaliency.models import Model
    from pysaliency.saliency_map_models import SaliencyMapModel

    class OfMaps(SaliencyMapModel):
        def _saliency_map(self, stimulus: Any) -> Any:
            return self.stack[int(stimulus[0, 0, 0])]

    class OfDensities(Model):
        def _log_density(self, stimulus: Any) -> Any:
            return np.log(self.stack[int(stimulus[0, 0, 0])])

    side, n = maps["gaze"].shape[-1], len(maps["gaze"])
    stimuli = Stimuli([np.full((side, side, 3), i, dtype=np.uint8) for i in range(n)])
    looked = Fixations.create_without_history(
        x=np.concatenate([x for x, _ in fixations]),
        y=np.concatenate([y for _, y in fixations]),
        n=np.concatenate([np.full(len(x), i) for i, (x, _) in enumerate(fixations)]),
    )

    def mixed(stack: Any) -> Any:
        density = stack / stack.sum(axis=(1, 2), keepdims=True)
        return 0.99 * density + 0.01 / side**2

    def gains(stack: Any) -> list[float]:
        model, baseline = OfDensities(), OfDensities()
        model.stack, baseline.stack = mixed(stack), mixed(np.roll(maps["gaze"], -1, axis=0))
        every = model.information_gains(stimuli, looked, baseline)
        return [float(every[looked.n == i].mean()) for i in range(n)]

    def areas(model: Any, nonfixations: str) -> list[float]:
        return model.AUC_per_image(stimuli, looked, nonfixations=nonfixations)

    values: dict[str, list[float]] = {}
    for name in ("smooth", "steps", "sparse"):
        stack, model = maps[name], OfMaps(caching=False)
        model.stack = stack
        nss = model.NSSs(stimuli, looked)
        pairs = list(zip(stack, maps["gaze"], strict=True))
        of_this = {
            "CC": [CC(a, b) for a, b in pairs],
            "SIM": [SIM(a, b) for a, b in pairs],
            "KL": [MIT_KLDiv(a, b) for a, b in pairs],
            "NSS": [nss[looked.n == i].mean() for i in range(n)],
            "AUC": areas(model, "unfixated"),
            "sAUC": areas(model, "shuffled"),
            "IG": gains(stack),
        }
        for metric, column in of_this.items():
            values.setdefault(metric, []).extend(float(value) for value in column)
    return values


def import_without_torch() -> None:
    """Put an empty package in the place of pysaliency's own, which imports torch."""
    if "pysaliency" not in sys.modules:
        spec = importlib.util.find_spec("pysaliency")
        package = types.ModuleType("pysaliency")
        package.__path__ = list(spec.submodule_search_locations)  # type: ignore[union-attr]
        sys.modules["pysaliency"] = package


def our_values(maps: dict[str, Any], fixations: list[Any]) -> dict[str, list[float]]:
    """Compute the same with faceoff."""
    from comparison.fixation_metrics import auc_judd, auc_shuffled, information_gain, nss
    from comparison.map_metrics import cc, kl, sim

    side, n = maps["gaze"].shape[-1], len(maps["gaze"])
    flat = {name: stack.reshape(n, -1) for name, stack in maps.items()}
    cells = [y * side + x for x, y in fixations]
    values: dict[str, list[float]] = {}
    for name in ("smooth", "steps", "sparse"):
        for i, (a, b, own) in enumerate(zip(flat[name], flat["gaze"], cells, strict=True)):
            elsewhere = np.concatenate([c for j, c in enumerate(cells) if j != i])
            for metric, value in (
                ("CC", cc(a, b)), ("SIM", sim(a, b)), ("KL", kl(a, b)), ("NSS", nss(a, own)),
                ("AUC", auc_judd(a, own)), ("sAUC", auc_shuffled(a, own, elsewhere)),
                ("IG", information_gain(a, flat["gaze"][(i + 1) % n], own)),
            ):  # fmt: skip
                values.setdefault(metric, []).append(float(value))
    return values


def ask_peer(
    maps: dict[str, Any], fixations: list[Any], repeats: int
) -> tuple[dict[str, list[float]], list[float]]:
    """Let pysaliency's environment compute the metrics, and time so many further times."""
    from peers import environment_python

    with tempfile.TemporaryDirectory() as folder:
        maps_file, result = Path(folder) / "maps.npz", Path(folder) / "values.json"
        saved = {f"fixations{i}": np.stack(pair) for i, pair in enumerate(fixations)}
        np.savez(maps_file, **maps, **saved)
        python = environment_python(PACKAGES)
        command = [python, "-I", "-W", "ignore", __file__, maps_file, result, str(repeats)]
        subprocess.run(command, check=True)
        values, seconds = json.loads(result.read_text(encoding="utf-8"))
    return values, seconds


def work_as_peer(maps_file: Path, result: Path, repeats: int) -> None:
    """Write pysaliency's values, and the seconds of each further time."""
    with np.load(maps_file) as file:
        maps = {name: file[name] for name in file.files if not name.startswith("fixations")}
        fixations = [file[f"fixations{i}"] for i in range(len(maps["gaze"]))]
    values, seconds = pysaliency_values(maps, fixations), []
    for _ in range(repeats):
        started = time.perf_counter()
        pysaliency_values(maps, fixations)
        seconds.append(time.perf_counter() - started)
    result.write_text(json.dumps([values, seconds]), encoding="utf-8")


def main() -> None:
    """Print both, or, as the peer, write pysaliency's values."""
    if len(sys.argv) > 1:
        work_as_peer(*map(Path, sys.argv[1:3]), repeats=int(sys.argv[3]))
        return
    from comparison.tests.formula_maps import formula_fixations, formula_maps

    maps, fixations = formula_maps(), formula_fixations()
    theirs, _ = ask_peer(maps, fixations, 0)
    ours = our_values(maps, fixations)
    for metric, column in theirs.items():
        apart = max(abs(a - b) for a, b in zip(column, ours[metric], strict=True))
        sys.stdout.write(f"{metric:5} largest difference {apart:.1e}\n")
        sys.stdout.write(f"      pysaliency {', '.join(f'{v:.12g}' for v in column)}\n")
        sys.stdout.write(f"      faceoff    {', '.join(f'{v:.12g}' for v in ours[metric])}\n")


if __name__ == "__main__":
    main()
