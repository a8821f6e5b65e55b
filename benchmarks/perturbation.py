"""The perturbation engine against bare forward passes, a plain loop, innvestigate and Quantus.

    python benchmarks/perturbation.py
    python benchmarks/perturbation.py --network small --pictures 8 --tools --quantus

All networks have random weights: answers mean nothing here, times do. A bare forward pass
takes prepared pictures that are in memory already, in batches of the best size of those that are
tried; our engine makes the pictures itself. The plain loop makes one picture after the other in
NumPy and asks for each alone; its answers are compared with the engine's. innvestigate's and
Quantus' tools (`--tools`, `--quantus`) remove the tiles of one order of each picture, which turn
black, and are compared with the engine at the same. Ratios are medians of pairs that are timed one
after the other, in turns. Each network has a process of its own; Quantus has an environment of its
own too.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import peers
from hot_paths.rows import timed_in_turn

NETWORKS = ("small", "MobileNetV2", "VGG16")
SIDE_PX, TILES_PER_SIDE, N_CLASSES = 224, 4, 7
N_TILES, TILE_PX = TILES_PER_SIDE**2, SIDE_PX // TILES_PER_SIDE
BATCHES = (8, 16, 32, 64)
QUANTUS_PACKAGES = ("quantus==0.6.0", "tensorflow==2.14.1", "numpy==1.26.4")
BLACK = -1.0  # as the networks here take it


def main() -> None:
    """Measure all and print what was found."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, help="one only")
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--orders", type=int, default=12, help="removal orders of each picture")
    parser.add_argument("--repeats", type=int, default=5, help="pairs that are timed")
    parser.add_argument("--tools", action="store_true", help="innvestigate's also")
    parser.add_argument("--quantus", action="store_true", help="makes an environment of 2 GB")
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        quantus_worker(args.worker)
    elif args.result:
        args.result.write_text(json.dumps(measure(args.network, args)), encoding="utf-8")
    else:
        for name in [args.network] if args.network else NETWORKS:
            print_values(name, run([*sys.argv[1:], "--network", name]))


def run(arguments: list[str]) -> dict[str, Any]:
    """Measure one network in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, __file__, *arguments, "--result", str(result)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        values: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return values


def print_values(name: str, values: dict[str, Any]) -> None:
    """Say what was found of a network."""
    seconds = values["seconds"]
    print(
        f"{name:<12} ours {ratio(seconds, 'ours', 'bare'):.2f} times the bare forward passes "
        f"({values['n_shown']} pictures, best batch {values['best']}, "
        f"{1e3 * np.median(seconds['bare']) / values['n_shown']:.2f} ms each); "
        f"peak memory {values['peak_mb']:.0f} MB\n{'':<12} plain loop "
        f"{ratio(seconds, 'loop', 'ours'):.2f} times ours; largest difference "
        f"{values['differences']['loop']:.1e} of the largest logit",
        flush=True,
    )
    for tool in sorted(set(values["tools"]) - {"ours"}):
        print(
            f"{'':<12} {tool} {ratio(values['tools'], tool, 'ours'):.2f} times ours (one order "
            f"of {N_TILES + 1} pictures each); largest difference "
            f"{values['differences'][tool]:.1e} of the largest logit",
            flush=True,
        )


def ratio(seconds: dict[str, list[float]], work: str, other: str) -> float:
    """Give the median of pairs that were timed one after the other."""
    return float(np.median(np.divide(seconds[work], seconds[other])))


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Time one network's engine, bare passes, and what is asked for beside them."""
    from cnn.network import Network
    from cnn.preprocessing import CENTRED_RGB
    from comparison.perturbation import order_logits, random_orders
    from stimuli.expressions import EXPRESSIONS

    model = network(name)
    ours = Network(name, SIDE_PX, EXPRESSIONS, CENTRED_RGB, model)
    pictures = np.random.default_rng(1).integers(
        0, 256, (args.pictures, SIDE_PX, SIDE_PX, 3), dtype=np.uint8
    )
    orders = random_orders(1, "A", args.orders, N_TILES)
    n_shown = args.pictures * n_distinct(orders)

    def engine() -> Any:
        removal = removal_by("uniform")
        return np.stack([order_logits(ours, one, "A", orders, removal) for one in pictures])

    def loop() -> Any:
        return plain_loop(ours, pictures, orders)

    differences = {"loop": apart(engine(), loop())}
    best = best_batch(bare_passes(model, min(n_shown, max(BATCHES))))
    bare = bare_passes(model, n_shown)
    bare(best)  # it is traced at its first call
    works = {"ours": engine, "bare": partial(bare, best), "loop": loop}
    seconds = timed_in_turn(works, args.repeats)
    values = {"n_shown": n_shown, "best": best, "seconds": seconds, "differences": differences}
    values["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return values | {"tools": measure_tools(ours, pictures, differences, args)}


def measure_tools(
    ours: Any, pictures: np.ndarray, differences: dict[str, float], args: argparse.Namespace
) -> dict[str, list[float]]:
    """Time the tools of others beside our engine at one order of each picture."""
    from comparison.perturbation import order_logits

    tiles = np.random.default_rng(2).random((len(pictures), N_TILES))

    def engine() -> Any:
        removal = removal_by("black")
        orders = np.argsort(-tiles, axis=1)
        pairs = zip(pictures, orders, strict=True)
        return np.stack([order_logits(ours, one, "A", own[None], removal)[0] for one, own in pairs])

    works: dict[str, Callable[[], Any]] = {"ours": engine}
    logits = engine()[:, :, 0]
    if args.tools:
        works["innvestigate"] = innvestigate_tool(ours, pictures, tiles)
        found = np.array(works["innvestigate"]())
        differences["innvestigate"] = apart(logits.mean(axis=0), found)
    seconds = timed_in_turn(works, args.repeats) if args.tools or args.quantus else {}
    if args.quantus:
        found = quantus(ours.model, pictures, tiles, args.repeats)
        seconds["Quantus"] = found["seconds"]
        lost = logits[:, :1] - logits[:, 1:]
        differences["Quantus"] = apart(lost, np.array(found["lost"]))
    return seconds


def apart(own: np.ndarray, other: np.ndarray) -> float:
    """Give the largest difference as a share of the largest value, which may be tiny here."""
    return float(np.abs(own - other).max() / np.abs(other).max())


def removal_by(fill: str) -> Any:
    """Remove tile by tile, and show some fill."""
    from comparison.perturbation import Removal
    from comparison.tiles import tile_edges

    return Removal(tile_edges(SIDE_PX, TILES_PER_SIDE), fill, N_TILES, 1)


def plain_loop(ours: Any, pictures: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Put pictures together one by one, and ask the network for each alone."""
    from comparison.fills import cover

    removal = removal_by("uniform")
    tiles, answers = removal.tile_of_pixel, []
    for picture in pictures:
        filling = cover(removal.fill, picture, removal.seed, "A")
        for order in orders:
            made = picture.copy()
            answers.append(ours.model.predict_on_batch(ours.prepare(made[None])))
            for tile in order:
                made[tiles == tile] = filling[tiles == tile]
                answers.append(ours.model.predict_on_batch(ours.prepare(made[None])))
    return np.reshape(answers, (len(pictures), len(orders), N_TILES + 1, -1))


def innvestigate_tool(ours: Any, pictures: np.ndarray, tiles: np.ndarray) -> Callable[[], Any]:
    """Give innvestigate's analysis: the mean logit of the first class at each step."""
    from innvestigate.tools.perturbate import Perturbation, PerturbationAnalysis
    from innvestigate.utils.sequence import BatchSequence

    from cnn.backend import import_tensorflow

    tf = import_tensorflow()
    x, analyzer = ours.prepare(pictures), Prepared(tile_maps(tiles)[..., None].repeat(3, axis=3))
    first = np.eye(N_CLASSES, dtype=np.float32)[np.zeros(len(x), int)]
    ours.model.compile(loss=lambda chosen, logits: tf.reduce_sum(chosen * logits, axis=-1))

    def work() -> Any:
        black = Perturbation(lambda region: BLACK, region_shape=(TILE_PX, TILE_PX))
        batches = BatchSequence([x, first], batch_size=len(x))
        analysis = PerturbationAnalysis(analyzer, ours.model, batches, black, steps=N_TILES)
        return analysis.compute_perturbation_analysis()

    return work


class Prepared:
    """What innvestigate takes for an analyzer, with maps that are there already."""

    def __init__(self, maps: np.ndarray) -> None:
        self._maps = maps

    def analyze(self, x: np.ndarray) -> np.ndarray:
        """Give the maps of all pictures."""
        return self._maps


def tile_maps(tiles: np.ndarray) -> np.ndarray:
    """Draw the scores of tiles as maps."""
    square = tiles.reshape(-1, TILES_PER_SIDE, TILES_PER_SIDE).astype(np.float32)
    return square.repeat(TILE_PX, axis=1).repeat(TILE_PX, axis=2)


def best_batch(bare: Callable[[int], None]) -> int:
    """Find the size of batches that lets bare passes be fastest."""
    works = {str(batch): partial(bare, batch) for batch in BATCHES}
    timed_in_turn(works, 1)
    times = timed_in_turn(works, 2)
    return min(BATCHES, key=lambda batch: min(times[str(batch)]))


def bare_passes(model: Any, n_shown: int) -> Callable[[int], None]:
    """Give what makes so many forward passes of pictures in memory, in batches of some size."""
    import tensorflow as tf

    forward = tf.function(lambda shown: model(shown, training=False), reduce_retracing=True)

    def bare(batch: int) -> None:
        ready = tf.constant(np.zeros((batch, SIDE_PX, SIDE_PX, 3), np.float32))
        for start in range(0, n_shown, batch):
            forward(ready[: min(batch, n_shown - start)]).numpy()

    return bare


def network(name: str) -> Any:
    """Make a network with seven logits."""
    from cnn.backend import import_tensorflow
    from cnn.heads import without_softmax
    from cnn.layouts import small

    keras = import_tensorflow().keras
    keras.utils.set_random_seed(1)
    if name == "small":
        return without_softmax(small(SIDE_PX, N_CLASSES))
    return getattr(keras.applications, name)(
        weights=None, input_shape=(SIDE_PX, SIDE_PX, 3), classes=N_CLASSES,
        classifier_activation=None,
    )  # fmt: skip


def n_distinct(orders: np.ndarray) -> int:
    """Count the different pictures that removal orders show."""
    steps = range(orders.shape[1] + 1)
    return len({frozenset(order[:step].tolist()) for order in orders for step in steps})


def quantus(
    model: Any, pictures: np.ndarray, tiles: np.ndarray, repeats: int
) -> dict[str, list[Any]]:
    """Time Quantus' region perturbation with the same network, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "network.h5")
        x = (pictures / 127.5 - 1).astype(np.float32)
        np.savez(Path(folder) / "pictures.npz", x=x, maps=tile_maps(tiles), repeats=repeats)
        python = peers.environment_python(QUANTUS_PACKAGES)
        command = [python, __file__, "--worker", folder]
        subprocess.run(command, check=True, stdout=sys.stderr)
        found: dict[str, list[Any]] = json.loads(
            (Path(folder) / "quantus.json").read_text(encoding="utf-8")
        )
    return found


def quantus_worker(folder: Path) -> None:
    """Time Quantus, and write by how much the first logit falls at each step."""
    import quantus
    import tensorflow as tf

    model = tf.keras.models.load_model(folder / "network.h5", compile=False)
    with np.load(folder / "pictures.npz") as file:
        x, maps, repeats = file["x"], file["maps"], int(file["repeats"])
    metric = quantus.RegionPerturbation(
        patch_size=TILE_PX, regions_evaluation=N_TILES, perturb_baseline=BLACK,
        normalise=False, disable_warnings=True,
    )  # fmt: skip

    def work() -> Any:
        return metric(model=model, x_batch=x, y_batch=np.zeros(len(x), int),
                      a_batch=maps[:, None], channel_first=False, softmax=False)  # fmt: skip

    lost = np.array(work(), dtype=float).tolist()
    values = {"lost": lost, "seconds": timed_in_turn({"": work}, repeats)[""]}
    (folder / "quantus.json").write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main()
