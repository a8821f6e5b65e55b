"""Our relevance engine against bare forward passes, innvestigate and zennit.

    python benchmarks/lrp.py
    python benchmarks/lrp.py --side 64 --repeats 3
    python benchmarks/lrp.py --side 64 --calls 1000 --zennit
    python benchmarks/lrp.py --network small --side 64 --calls 1000

All explain the same network; their maps are compared with ours before their times. innvestigate
needs eager execution off and zennit another environment, so each runs in a process of its own,
with forward passes of its own between the explanations; ratios are medians of those pairs.
With --calls, memory is read after a tenth of so many further calls and after the last.
"""

import argparse
import json
import os
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
import psutil

METHOD = "lrp.sequential_preset_a_flat"
ZENNIT_METHOD = "lrp.epsilon_plus_flat"  # zennit counts biases as this one does
ZENNIT_PACKAGES = ("torch==2.15.0", "torchvision==0.29.2", "zennit==0.5.1", "psutil==7.2.2")
WORKERS = ("ours", "innvestigate", "zennit")
# A bare forward pass of pictures, and what explains them for targets.
Engine = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]


def main() -> None:
    """Measure all and print what was found."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--network", choices=("vgg16", "small"), default="vgg16")
    parser.add_argument("--side", type=int, default=224, help="side of the pictures, in pixels")
    parser.add_argument("--batch", type=int, default=8, help="pictures at once")
    parser.add_argument("--repeats", type=int, default=5, help="pairs that are timed")
    parser.add_argument("--calls", type=int, default=0, help="calls over which memory is watched")
    parser.add_argument(
        "--zennit", action="store_true", help="zennit also; makes an environment of 4 GB for it"
    )
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        measure(args)
        return
    if args.zennit and args.network != "vgg16":
        parser.error("--zennit explains vgg16 alone")
    print(f"{args.network}, {args.side} px, batch {args.batch}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engines = [who for who in WORKERS if who != "zennit" or args.zennit]
        found = {who: run(who, folder, sys.argv[1:]) for who in engines}
        for who in engines[1:]:
            print_agreement(who, folder)
    for who, values in found.items():
        print_values(who, values, args.calls)


def run(who: str, folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Measure one engine in a process of its own."""
    python = peers.environment_python(ZENNIT_PACKAGES) if who == "zennit" else sys.executable
    arguments = [*arguments, "--worker", who, "--folder", str(folder)]
    # What it has to say belongs to the log, not to the table.
    subprocess.run([python, __file__, *arguments], check=True, stdout=sys.stderr)
    values: dict[str, Any] = json.loads((folder / f"{who}.json").read_text(encoding="utf-8"))
    return values


def maps(who: str, folder: Path) -> tuple[Any, Any]:
    """Give our maps and another engine's, by the same rules."""
    method = method_of(who)
    return np.load(folder / f"ours.{method}.npy"), np.load(folder / f"{who}.{method}.npy")


def method_of(who: str) -> str:
    """Name the method by which an engine is compared."""
    return ZENNIT_METHOD if who == "zennit" else METHOD


def print_agreement(who: str, folder: Path) -> None:
    """Set another engine's maps against ours."""
    ours, theirs = maps(who, folder)
    off = np.abs(ours - theirs).max() / np.abs(theirs).max()
    r = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
    print(
        f"maps, {method_of(who)}: ours differ from {who}'s by {off:.1e} of the largest value "
        f"at most, r = {r:.7f}"
    )


def print_values(who: str, values: dict[str, Any], calls: int) -> None:
    """Say what an engine cost."""
    print(
        f"{who:<13} {values['ratio']:.2f} forward passes "
        f"({values['low']:.2f} to {values['high']:.2f}), first call "
        f"{values['first_s']:.1f} s, peak memory {values['peak_mb']:.0f} MB"
    )
    if calls:
        print(
            f"{'':<13} memory after {calls // 10} further calls {values['early_mb']:.1f} MB, after "
            f"{calls} calls {values['late_mb']:.1f} MB"
        )


def measure(args: argparse.Namespace) -> None:
    """Time one engine, and write its maps and times."""
    who, folder, side = args.worker, args.folder, args.side
    pictures = np.random.default_rng(2).uniform(-1, 1, (args.batch, side, side, 3))
    pictures, targets = pictures.astype(np.float32), np.arange(args.batch) % 7
    if who == "innvestigate":
        tensorflow().compat.v1.disable_eager_execution()
    model = torch_network(folder) if who == "zennit" else network(args.network, side)
    make = {"ours": our_engine, "innvestigate": innvestigate_engine, "zennit": zennit_engine}[who]
    start = time.perf_counter()
    forward, explain = make(model)
    found = explain(pictures, targets)
    values: dict[str, Any] = {"first_s": time.perf_counter() - start}
    forward(pictures)
    values |= {"forward_s": [], "explain_s": []}
    for _ in range(args.repeats):
        values["forward_s"].append(seconds(lambda: forward(pictures)))
        values["explain_s"].append(seconds(lambda: explain(pictures, targets)))
    ratios = np.divide(values["explain_s"], values["forward_s"])
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75)).tolist()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    values |= {"ratio": middle, "low": low, "high": high, "peak_mb": peak_mb}
    for call in range(1, args.calls + 1):
        explain(pictures, targets)
        if call == max(1, args.calls // 10):
            values["early_mb"] = memory_mb()
    values["late_mb"] = memory_mb()
    np.save(folder / f"{who}.{method_of(who)}.npy", found)
    (folder / f"{who}.json").write_text(json.dumps(values), encoding="utf-8")
    if who == "ours" and args.zennit:
        np.savez(folder / "weights.npz", *model.get_weights())
        found = our_engine(model, ZENNIT_METHOD)[1](pictures, targets)
        np.save(folder / f"ours.{ZENNIT_METHOD}.npy", found)


def tensorflow() -> Any:
    """Import TensorFlow, which zennit's environment has not."""
    from cnn.backend import import_tensorflow

    return import_tensorflow()


def network(name: str, side: int) -> Any:
    """Make a network with seven logits, and with biases."""
    from cnn.heads import without_softmax
    from cnn.layouts import small

    keras = tensorflow().keras
    keras.utils.set_random_seed(1)
    model = (
        without_softmax(small(side, 7))
        if name == "small"
        else keras.applications.VGG16(
            weights=None, input_shape=(side, side, 3), classes=7, classifier_activation=None
        )
    )
    random = np.random.default_rng(1)
    model.set_weights(
        [w if w.ndim > 1 else random.normal(0, 0.05, w.shape) for w in model.get_weights()]
    )
    return model


def torch_network(folder: Path) -> Any:
    """Make the same VGG16 in PyTorch, whose channels come first."""
    import torch

    with np.load(folder / "weights.npz") as file:
        weights = [torch.from_numpy(file[name]) for name in file.files]
    stack: list[Any] = []
    for index, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        if kernel.ndim == 4:
            layer = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            layer.weight.data = kernel.permute(3, 2, 0, 1).contiguous()
        else:
            if index == 13:  # the first behind the convolutions: rows by place, then channel
                stack.append(torch.nn.Flatten())
                places = kernel.reshape(-1, 512, kernel.shape[1])
                kernel = places.permute(1, 0, 2).reshape(kernel.shape)
            layer = torch.nn.Linear(*kernel.shape)
            layer.weight.data = kernel.T.contiguous()
        layer.bias.data = bias
        stack.append(layer)
        if index < 15:
            stack.append(torch.nn.ReLU())
        if index in (1, 3, 6, 9, 12):
            stack.append(torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*stack)


def our_engine(model: Any, method: str = METHOD) -> Engine:
    """Give our engine's forward pass and explanation."""
    from cnn.lrp.engine import Lrp

    tf = tensorflow()
    compiled = tf.function(lambda x: model(x, training=False), reduce_retracing=True)
    engine = Lrp(model, method)
    return (
        lambda x: compiled(tf.constant(x)).numpy(),
        lambda x, targets: engine.explain(x, targets).relevance.sum(axis=3),
    )


def innvestigate_engine(model: Any) -> Engine:
    """Give innvestigate's forward pass and explanation."""
    import innvestigate

    analyzer = innvestigate.create_analyzer(METHOD, model, neuron_selection_mode="index")
    return (
        model.predict_on_batch,
        lambda x, targets: analyzer.analyze(x, neuron_selection=list(targets)).sum(axis=3),
    )


def zennit_engine(model: Any) -> Engine:
    """Give zennit's forward pass and explanation."""
    import torch
    from zennit.attribution import Gradient
    from zennit.composites import EpsilonPlusFlat

    torch.set_num_threads(os.cpu_count() or 1)

    def tensor(x: Any) -> Any:
        return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()

    def forward(x: Any) -> Any:
        with torch.no_grad():
            return model(tensor(x)).numpy()

    def explain(x: Any, targets: Any) -> Any:
        rows = np.arange(len(x))

        def start(logits: Any) -> Any:
            chosen = torch.zeros_like(logits)
            chosen[rows, targets] = logits.detach()[rows, targets]
            return chosen

        with Gradient(model, EpsilonPlusFlat()) as attributor:
            return attributor(tensor(x), start)[1].sum(axis=1).numpy()

    return forward, explain


def memory_mb() -> float:
    """Give the memory that this process has now."""
    return float(psutil.Process().memory_info().rss / 2**20)


def seconds(work: Callable[[], Any]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
