"""The process in which innvestigate works: eager execution is off for all of it.

Run as ``python -m cnn.innvestigate_process FOLDER``. The folder holds ``job.json`` (network_dir,
method) and ``pictures.npz`` (pictures, targets); the process adds ``maps.npz`` (maps, targets,
logits), or ``refusal.txt`` if the network or the method is not for it. On standard output it
says after each batch how many pictures are done.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.network import Network, read_network
from study.errors import InputError, did_you_mean

_BATCH = 16

# Methods that need no argument of their own and give one number for each pixel and channel.
METHODS = (
    "gradient",
    "input_t_gradient",
    "deconvnet",
    "guided_backprop",
    "integrated_gradients",
    "smoothgrad",
    "lrp.z",
    "lrp.epsilon",
    "lrp.w_square",
    "lrp.flat",
    "lrp.alpha_2_beta_1",
    "lrp.alpha_2_beta_1_IB",
    "lrp.alpha_1_beta_0",
    "lrp.alpha_1_beta_0_IB",
    "lrp.z_plus",
    "lrp.z_plus_fast",
    "lrp.sequential_preset_a",
    "lrp.sequential_preset_b",
    "lrp.sequential_preset_a_flat",
    "lrp.sequential_preset_b_flat",
    "deep_taylor",
)
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


def check_method(method: str) -> None:
    """Refuse a method that innvestigate does not have, or that needs arguments.

    Parameters
    ----------
    method : str
        innvestigate's name of the analyzer.

    Raises
    ------
    InputError
        If it is not in `METHODS`.
    """
    if method not in METHODS:
        raise InputError(
            f"An explanation must be one of innvestigate's, but it is {method!r}."
            f"{did_you_mean(method, METHODS)}"
        )


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


def explain(
    network: Network, pictures: NDArray[np.uint8], targets: NDArray[np.int64], method: str
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
        One of `METHODS`.

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
        If the method is unknown or the network is not of the kinds treated rightly.
    """
    import innvestigate

    check_method(method)
    check_layers(network.model)
    logits = network.logits(pictures)
    targets = np.where(targets < 0, logits.argmax(axis=1), targets)
    analyzer = innvestigate.create_analyzer(method, network.model, neuron_selection_mode="index")
    inputs = network.prepare(pictures)
    maps = np.empty(inputs.shape[:3], np.float32)
    for start in range(0, len(inputs), _BATCH):
        rows = slice(start, start + _BATCH)
        maps[rows] = analyzer.analyze(inputs[rows], list(targets[rows])).sum(axis=-1)
        _announce(min(start + _BATCH, len(inputs)))
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
        maps, targets, logits = explain(network, pictures, targets, job["method"])
    except InputError as error:
        (folder / "refusal.txt").write_text(str(error), encoding="utf-8")
        return 2
    np.savez(folder / "maps.npz", maps=maps, targets=targets, logits=logits)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
