"""Where a network ends: in a softmax, which is cut off, or in logits."""

from typing import Any

from cnn.backend import import_tensorflow
from study.errors import InputError


def without_softmax(model: Any) -> Any:
    """Cut the softmax off a network, so that its output is the logits.

    Parameters
    ----------
    model : keras.Model
        A network that ends in a softmax, as a layer of its own, as an operation or as the
        activation of a layer, also within a model that is its last layer; or one that ends in
        logits already.

    Returns
    -------
    keras.Model
        With the same weights; its output is linear. The model itself is left as it is.

    Raises
    ------
    InputError
        If it ends in neither.

    Notes
    -----
    Relevance is explained before the softmax: after it, what speaks against the other classes
    would count as speaking for this one (Montavon, Samek and Müller, 2018, section 5).
    """
    keras = import_tensorflow().keras
    last, before = _last_call(model)
    if isinstance(last, keras.Model):
        inner = without_softmax(last)
        return model if inner is last else _ending_in(model, inner(before))
    if _is_softmax(last):
        return _ending_in(model, before)
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation == "softmax":
        linear = type(last).from_config(last.get_config() | {"activation": "linear"})
        outputs = linear(before)
        linear.set_weights(last.get_weights())
        return _ending_in(model, outputs)
    if _ends_in_logits(model):
        return model
    raise InputError(
        "A network that names expressions must end in a softmax or in linear logits, "
        f"but its last layer is {last.name!r} ({type(last).__name__} {activation}). "
        "Give it such a head."
    )


def before_logits(model: Any) -> Any:
    """Find what the layer of the logits takes, the last features of a network.

    Parameters
    ----------
    model : keras.Model
        A network that ends in logits, as `without_softmax` gives it.

    Returns
    -------
    keras tensor
        Of the same network; the input of its last layer with weights.

    Raises
    ------
    InputError
        If the network has no such layer of its own.
    """
    last, before = _last_call(model)
    while not last.weights and not isinstance(before, list):
        layer, node, _ = before._keras_history
        if not layer._inbound_nodes[node].parent_nodes:
            break
        taken = layer._inbound_nodes[node].keras_inputs
        last, before = layer, (taken[0] if len(taken) == 1 else taken)
    inner = isinstance(last, import_tensorflow().keras.Model)
    if inner or isinstance(before, list) or not last.weights:
        raise InputError(
            "The last features of a network must go into one layer that makes its logits, but "
            f"in {model.name!r} that is {last.name!r} ({type(last).__name__}). Take a network "
            "that ends in a dense layer."
        )
    return before


def _last_call(model: Any) -> tuple[Any, Any]:
    """Find the layer that makes a network's output, and what it was called with."""
    layer, node, _ = model.outputs[0]._keras_history
    taken = layer._inbound_nodes[node].keras_inputs
    return layer, (taken[0] if len(taken) == 1 else taken)


def _ending_in(model: Any, outputs: Any) -> Any:
    """Make a network of the same layers with another output."""
    return import_tensorflow().keras.Model(model.inputs, outputs, name=model.name)


def _is_softmax(layer: Any) -> bool:
    """Tell whether a layer is a softmax over the outputs, and nothing else."""
    keras = import_tensorflow().keras
    if isinstance(layer, keras.layers.Softmax):
        return layer.axis in (-1, 1)
    if type(layer).__name__ == "TFOpLambda":
        return str(layer.symbol).rsplit(".", maxsplit=1)[-1] == "softmax"
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return isinstance(layer, keras.layers.Activation) and name == "softmax"


def _ends_in_logits(model: Any) -> bool:
    """Tell whether a network's output is a weighted sum, or a mean of such sums."""
    tensor = model.outputs[0]
    while True:
        layer, node, _ = tensor._keras_history
        name = getattr(getattr(layer, "activation", None), "__name__", "linear")
        kind = type(layer).__name__
        if kind in ("Dense", "Conv2D") and name == "linear":
            return True
        passed_on = ("Flatten", "Reshape", "Dropout", "Activation", "GlobalAveragePooling2D")
        if kind not in passed_on or name != "linear":
            return False
        tensor = layer._inbound_nodes[node].keras_inputs[0]
