"""Our relevance engine against bare forward passes and innvestigate, on VGG16.

    python benchmarks/lrp.py
    python benchmarks/lrp.py --side 64 --repeats 3

Both explain the same network by lrp.sequential_preset_a_flat; their maps are compared before their
times. innvestigate needs eager execution off, so each runs in a process of its own, with forward
passes of its own between the explanations; ratios are medians of those pairs.
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

from cnn.backend import import_tensorflow

METHOD = "lrp.sequential_preset_a_flat"


def main() -> None:
    """Measure both and print what was found."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--side", type=int, default=224, help="side of the pictures, in pixels")
    parser.add_argument("--batch", type=int, default=8, help="pictures at once")
    parser.add_argument("--repeats", type=int, default=5, help="pairs that are timed")
    parser.add_argument("--worker", choices=("ours", "innvestigate"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        measure(args.worker, args.folder, args.side, args.batch, args.repeats)
        return
    with tempfile.TemporaryDirectory() as name:
        found = {who: run(who, Path(name)) for who in ("ours", "innvestigate")}
        maps = [np.load(Path(name) / f"{who}.npy") for who in found]
    off = np.abs(maps[0] - maps[1]).max() / np.abs(maps[1]).max()
    r = np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1]
    print(f"VGG16, {args.side} px, batch {args.batch}: {METHOD}")
    print(f"maps: greatest difference {off:.1e} of the largest value, r = {r:.7f}")
    for who, values in found.items():
        print(
            f"{who:<13} {values['ratio']:.2f} forward passes "
            f"({values['low']:.2f} to {values['high']:.2f}), first call "
            f"{values['first_s']:.1f} s, peak memory {values['peak_mb']:.0f} MB"
        )


def run(who: str, folder: Path) -> dict[str, float]:
    """Measure one engine in a process of its own."""
    arguments = [*sys.argv[1:], "--worker", who, "--folder", str(folder)]
    subprocess.run([sys.executable, __file__, *arguments], check=True)
    values: dict[str, float] = json.loads((folder / f"{who}.json").read_text(encoding="utf-8"))
    return values


def measure(who: str, folder: Path, side: int, batch: int, repeats: int) -> None:
    """Time one engine, and write its maps and times."""
    tf = import_tensorflow()
    if who == "innvestigate":
        tf.compat.v1.disable_eager_execution()
    model = network(side)
    pictures = np.random.default_rng(2).uniform(-1, 1, (batch, side, side, 3)).astype(np.float32)
    targets = np.arange(batch) % 7
    start = time.perf_counter()
    forward, explain = engines(who, model)
    maps = explain(pictures, targets)
    first_s = time.perf_counter() - start
    forward(pictures)
    ratios = []
    for _ in range(repeats):
        bare = seconds(lambda: forward(pictures))
        ratios.append(seconds(lambda: explain(pictures, targets)) / bare)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    values = {
        "ratio": float(np.median(ratios)),
        "low": float(np.quantile(ratios, 0.25)),
        "high": float(np.quantile(ratios, 0.75)),
        "first_s": first_s,
        "peak_mb": peak_mb,
    }
    np.save(folder / f"{who}.npy", maps)
    (folder / f"{who}.json").write_text(json.dumps(values), encoding="utf-8")


def network(side: int) -> Any:
    """Make a VGG16 with seven logits, and with biases."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(1)
    model = keras.applications.VGG16(
        weights=None, input_shape=(side, side, 3), classes=7, classifier_activation=None
    )
    random = np.random.default_rng(1)
    model.set_weights(
        [w if w.ndim > 1 else random.normal(0, 0.05, w.shape) for w in model.get_weights()]
    )
    return model


def engines(who: str, model: Any) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """Give a forward pass and an explanation, each in its own engine's way."""
    if who == "ours":
        from cnn.lrp.engine import Lrp

        tf = import_tensorflow()
        compiled = tf.function(lambda x: model(x, training=False), reduce_retracing=True)
        engine = Lrp(model, METHOD)
        return (
            lambda x: compiled(tf.constant(x)).numpy(),
            lambda x, targets: engine.explain(x, targets).relevance.sum(axis=3),
        )
    import innvestigate

    analyzer = innvestigate.create_analyzer(METHOD, model, neuron_selection_mode="index")
    return (
        model.predict_on_batch,
        lambda x, targets: analyzer.analyze(x, neuron_selection=list(targets)).sum(axis=3),
    )


def seconds(work: Callable[[], Any]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
