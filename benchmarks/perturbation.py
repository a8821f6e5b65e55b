"""The perturbation engine against bare forward passes, and against Quantus.

    python benchmarks/perturbation.py
    python benchmarks/perturbation.py --network small --pictures 8 --quantus

All networks have random weights: answers mean nothing here, times do. A bare forward pass
takes prepared pictures that are in memory already, in batches of the best size of those that are
tried; our engine makes the pictures itself. Its answers are compared with those to pictures that
are made one by one in NumPy. Ratios are medians of pairs that are timed one after the other, in
turns. Each network has a process of its own; Quantus has an environment of its own too, with bare
forward passes of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import peers

NETWORKS = ("small", "MobileNetV2", "VGG16")
SIDE_PX, TILES_PER_SIDE, N_CLASSES = 224, 4, 7
BATCHES = (8, 16, 32, 64)
QUANTUS_PACKAGES = ("quantus==0.6.0", "tensorflow==2.14.1", "numpy==1.26.4")


def main() -> None:
    """Measure all and print what was found."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, help="one only")
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--orders", type=int, default=12, help="removal orders of each picture")
    parser.add_argument("--repeats", type=int, default=5, help="pairs that are timed")
    parser.add_argument("--quantus", action="store_true", help="makes an environment of 2 GB")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        quantus_worker(args.worker)
    elif args.network:
        measure(args.network, args)
    else:
        for name in NETWORKS:
            subprocess.run([sys.executable, *sys.argv, "--network", name], check=True)


def measure(name: str, args: argparse.Namespace) -> None:
    """Time one network's engine and bare passes."""
    from cnn.network import Network
    from cnn.preprocessing import CENTRED_RGB
    from comparison.perturbation import Removal, order_logits, random_orders
    from comparison.tiles import tile_edges
    from stimuli.expressions import EXPRESSIONS

    model = network(name)
    ours = Network(name, SIDE_PX, EXPRESSIONS, CENTRED_RGB, model)
    pictures = np.random.default_rng(1).integers(
        0, 256, (args.pictures, SIDE_PX, SIDE_PX, 3), dtype=np.uint8
    )
    removal = Removal(tile_edges(SIDE_PX, TILES_PER_SIDE), "uniform", TILES_PER_SIDE**2, 1)
    orders = random_orders(1, "A", args.orders, removal.n_tiles)
    n_shown = args.pictures * n_distinct(orders)

    def engine() -> None:
        for picture in pictures:
            order_logits(ours, picture, "A", orders, removal)

    ratio, best, floor = against_bare(model, n_shown, engine, args.repeats)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<12} ours {ratio:.2f} times the bare forward passes ({n_shown} pictures of "
        f"{args.pictures} x {args.orders} orders, best batch {best}, {1e3 * floor / n_shown:.2f} "
        f"ms each); peak memory {peak_mb:.0f} MB\n{'':<12} largest difference to pictures made "
        f"one by one: {difference(ours, pictures[0], orders[:1], removal):.1e} of a logit",
        flush=True,
    )
    if args.quantus:
        print_quantus(name, model, pictures, args)


def against_bare(
    model: Any, n_shown: int, engine: Callable[[], None], repeats: int
) -> tuple[float, int, float]:
    """Time an engine beside bare passes of so many pictures: ratio, best batch, seconds."""
    import tensorflow as tf

    forward = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)

    def bare(batch: int) -> None:
        ready = tf.constant(np.zeros((batch, SIDE_PX, SIDE_PX, 3), np.float32))
        for start in range(0, n_shown, batch):
            forward(ready[: min(batch, n_shown - start)]).numpy()

    engine()
    times = {}
    for batch in BATCHES:
        bare(batch)
        times[batch] = np.median([seconds(lambda: bare(batch)) for _ in range(3)])  # noqa: B023
    best = min(times, key=lambda batch: times[batch])
    pairs = []
    for turn in range(repeats):
        first = seconds(engine) if turn % 2 else None
        floor = seconds(lambda: bare(best))
        pairs.append((seconds(engine) if first is None else first, floor))
    ratios, floors = [ours / floor for ours, floor in pairs], [floor for _, floor in pairs]
    return float(np.median(ratios)), best, float(np.median(floors))


def difference(ours: Any, picture: np.ndarray, orders: np.ndarray, removal: Any) -> float:
    """Set the engine's answers against those to pictures that are put together one by one."""
    from comparison.fills import cover
    from comparison.perturbation import order_logits

    answers = order_logits(ours, picture, "A", orders, removal)[0]
    filling = cover(removal.fill, picture, removal.seed, "A")
    made, shown = picture.copy(), [picture]
    for tile in orders[0]:
        made = np.where((removal.tile_of_pixel == tile)[..., None], filling, made)
        shown.append(made)
    return float(np.abs(answers - ours.logits(np.stack(shown))).max())


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


def print_quantus(name: str, model: Any, pictures: np.ndarray, args: argparse.Namespace) -> None:
    """Time Quantus' region perturbation with the same network, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "network.h5")
        np.savez(Path(folder) / "pictures.npz", pictures=pictures, repeats=args.repeats)
        python = peers.environment_python(QUANTUS_PACKAGES)
        subprocess.run([python, __file__, "--worker", folder], check=True)
        found = json.loads((Path(folder) / "quantus.json").read_text(encoding="utf-8"))
    print(
        f"{'':<12} Quantus {found['ratio']:.2f} times (RegionPerturbation, one order of "
        f"{found['shown']} pictures each, best batch {found['best']})",
        flush=True,
    )


def quantus_worker(folder: Path) -> None:
    """Time Quantus beside bare passes."""
    import quantus
    import tensorflow as tf

    model = tf.keras.models.load_model(folder / "network.h5", compile=False)
    with np.load(folder / "pictures.npz") as file:
        pictures, repeats = file["pictures"], int(file["repeats"])
    tile_px = SIDE_PX // TILES_PER_SIDE
    x = (pictures / 127.5 - 1).astype(np.float32)
    tiles = (
        np.random.default_rng(2)
        .random((len(x), 1, TILES_PER_SIDE, TILES_PER_SIDE))
        .astype(np.float32)
    )
    maps = tiles.repeat(tile_px, axis=2).repeat(tile_px, axis=3)
    metric = quantus.RegionPerturbation(
        patch_size=tile_px, regions_evaluation=TILES_PER_SIDE**2, perturb_baseline="uniform",
        normalise=False, disable_warnings=True,
    )  # fmt: skip
    shown = TILES_PER_SIDE**2 + 1  # the intact picture first

    def engine() -> None:
        metric(model=model, x_batch=x, y_batch=np.zeros(len(x), int), a_batch=maps,
               channel_first=False, softmax=False)  # fmt: skip

    ratio, best, _ = against_bare(model, len(x) * shown, engine, repeats)
    values = {"ratio": ratio, "shown": shown, "best": best}
    (folder / "quantus.json").write_text(json.dumps(values), encoding="utf-8")


def seconds(work: Callable[[], Any]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
