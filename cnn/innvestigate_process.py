"""The process in which innvestigate works: eager execution is off for all of it.

Run as ``python -m cnn.innvestigate_process FOLDER``. The folder holds ``job.json`` (network_dir,
method, arguments) and ``pictures.npz`` (pictures, targets); the process adds ``maps.npz`` (maps,
targets, logits), or ``refusal.txt`` if the network or the method is not for it. On standard output
it says after each batch how many pictures are done.
"""

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.arguments import Value
from cnn.backend import import_tensorflow
from cnn.innvestigate_methods import as_keywords
from cnn.network import Network, read_network
from study.errors import InputError

# Pictures at once, noisy copies and points of a line counted.
_BATCH = 16
_COPIES = ("steps", "augment_by_n")

_LAYERS = {
    "InputLayer",
    "Conv2D",
    "Dense",
    "MaxPooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Flatten",
    "Dropout",
    "Activation",
}
_TRANSPARENT = {"InputLayer", "Flatten", "Dropout"}


def check_layers(model: Any) -> None:
    """Refuse a network that innvestigate would explain wrongly.

    It is right on chains of plain convolution, pooling and dense layers with ReLU; on batch
    normalisation, nested models, layers in front of the first convolution and others it fails
    or, worse, gives wrong maps without a word.

    Parameters
    ----------
    model : keras.Model
        The network before its softmax.

    Raises
    ------
    InputError
        Naming the first layer that is not of these kinds.
    """
    seen_kernel = False
    for layer in model.layers:
        problem = _problem_of(layer, seen_kernel)
        if problem:
            raise InputError(
                f"innvestigate explains only chains of Conv2D, pooling and Dense layers with ReLU "
                f"rightly, but the layer {layer.name!r} {problem}. "
                "Take faceoff's own engine: lrp.epsilon_plus_flat."
            )
        seen_kernel = seen_kernel or type(layer).__name__ in ("Conv2D", "Dense")


def _problem_of(layer: Any, seen_kernel: bool) -> str:
    """Say what is wrong with a layer, or nothing."""
    kind = type(layer).__name__
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if kind not in _LAYERS:
        return f"is a {kind}"
    if activation not in ("relu", "linear"):
        return f"has the activation {activation!r}"
    if getattr(layer, "groups", 1) != 1:
        return f"convolves in {layer.groups} groups"
    if any(len(node.parent_nodes) > 1 for node in layer.inbound_nodes):
        return "joins several branches"
    if len(layer.outbound_nodes) > 1:
        return "feeds several branches"
    if not seen_kernel and kind not in (*_TRANSPARENT, "Conv2D", "Dense"):
        return f"is a {kind} in front of the first convolution"
    return ""


def check_for_method(model: Any, method: str, arguments: Mapping[str, Value]) -> None:
    """Refuse a network that one method would explain wrongly, and arguments that do not fit it.

    Parameters
    ----------
    model : keras.Model
        The network before its softmax, of layers that `check_layers` lets through.
    method : str
        A key of `cnn.innvestigate_methods.ANALYZERS`.
    arguments : mapping
        Its arguments, checked.

    Raises
    ------
    InputError
        Naming the layer, or the numbers that do not fit.
    """
    kernels = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
    if method.startswith("deep_taylor"):
        for layer in kernels[:-1]:
            if layer.activation.__name__ != "relu":
                raise InputError(
                    f"innvestigate's {method} needs the ReLU within each layer, but "
                    f"{layer.name!r} has none; it would share relevance out there as at the "
                    "pixels. Take faceoff's own engine: lrp.epsilon_plus_flat."
                )
    rules = str(arguments.get("rule", "")).split(",")
    if len(rules) not in (1, len(kernels)):
        raise InputError(
            f"The list of rules must have one for each convolution and dense layer, from the "
            f"logits back, but it has "
            f"{len(rules)} and the network {len(kernels)}: "
            f"{', '.join(layer.name for layer in kernels[::-1])}. Correct it."
        )
    last = int(arguments.get("until_layer_idx", 0))
    if last >= len(model.layers):
        names = ", ".join(f"{place} {layer.name}" for place, layer in enumerate(model.layers))
        raise InputError(
            f"until_layer_idx must be one of the network's layers, but it is {last}; they are "
            f"{names}. Choose one of them."
        )


def explain(
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    method: str,
    arguments: Mapping[str, Value],
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Explain one logit of a network for each picture.

    Parameters
    ----------
    network : Network
        The network, which ends in logits.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Index of the explained expression; -1 takes the one with the greatest logit.
    method : str
        A key of `cnn.innvestigate_methods.ANALYZERS`.
    arguments : mapping
        Its arguments, checked.

    Returns
    -------
    maps : ndarray of float32, shape (n, side, side)
        Signed relevance, summed over the colour channels.
    targets : ndarray of int, shape (n,)
        Index of the explained expression.
    logits : ndarray of float32, shape (n,)
        Its logit.

    Raises
    ------
    InputError
        If the network is not of the kinds treated rightly, or an argument does not fit it.
    """
    import innvestigate.layers

    # One that does not leave out its input, as a Sequential does: layers are counted from there.
    model = import_tensorflow().keras.Model(network.model.inputs, network.model.outputs)
    check_layers(model)
    check_for_method(model, method, arguments)
    logits = network.logits(pictures)
    for layer in model.layers:
        # innvestigate's own layers have Keras' default names, which must not stand here, too.
        layer._name = f"network_{layer.name}"
    targets = np.where(targets < 0, logits.argmax(axis=1), targets)
    if "seed" in arguments:
        import_tensorflow().keras.utils.set_random_seed(int(arguments["seed"]))
    if "noise_scale" in arguments:
        # innvestigate 2.1.2 takes this argument, but its noise has the deviation 1 all the same.
        innvestigate.layers.AddGaussianNoise = partial(
            innvestigate.layers.AddGaussianNoise, stddev=float(arguments["noise_scale"])
        )
    ends = network.preprocessing.apply(np.array([np.zeros(3), np.full(3, 255)], np.float32))
    smallest, greatest = np.sort(ends, axis=0)
    analyzer = innvestigate.create_analyzer(
        method, model, neuron_selection_mode="index",
        **as_keywords(method, arguments, (smallest, greatest)),
    )  # fmt: skip
    inputs = network.prepare(pictures)
    maps = np.empty(inputs.shape[:3], np.float32)
    copies = max(int(arguments.get(name, 1)) for name in _COPIES)
    batch = max(1, _BATCH // copies)
    for start in range(0, len(inputs), batch):
        rows = slice(start, start + batch)
        maps[rows] = analyzer.analyze(inputs[rows], neuron_selection=list(targets[rows])).sum(
            axis=-1
        )
        _announce(min(start + batch, len(inputs)))
    return maps, targets, np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]


def _announce(n_done: int) -> None:
    """Tell the process that waits how many pictures are done."""
    sys.stdout.write(f"{n_done}\n")
    sys.stdout.flush()


def main(folder: Path) -> int:
    """Do the job that lies in a folder.

    Parameters
    ----------
    folder : Path
        Holds job.json and pictures.npz.

    Returns
    -------
    int
        Exit status: 0, or 2 if the job was refused.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    with np.load(folder / "pictures.npz") as arrays:
        pictures, targets = arrays["pictures"], arrays["targets"]
    try:
        # For the whole process, and before the first layer is made: innvestigate needs it so.
        import_tensorflow().compat.v1.disable_eager_execution()
        network = read_network(Path(job["network_dir"]))
        maps, targets, logits = explain(network, pictures, targets, job["method"], job["arguments"])
    except InputError as error:
        (folder / "refusal.txt").write_text(str(error), encoding="utf-8")
        return 2
    np.savez(folder / "maps.npz", maps=maps, targets=targets, logits=logits)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
