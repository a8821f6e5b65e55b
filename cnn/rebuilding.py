"""A Keras network from its stored description: known layers only, and no code from the file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn.backend import import_tensorflow
from study.errors import InputError

_MODELS = {"Sequential", "Functional", "Model"}
# TensorFlow's operations, and slices of tensors, where they stand in a network as layers.
_OPERATIONS = {"TFOpLambda", "SlicingOpLambda"}
# They run code, or read other files, that the network's file names.
_NOT_ALLOWED = {
    "DenseFeatures", "Hashing", "IntegerLookup", "Lambda", "StringLookup", "TextVectorization",
    "TFSMLayer",
}  # fmt: skip
# Operations that only compute; others can write files or run Python.
_PURE = re.compile(
    r"(compat\.v1\.)?((math|nn|linalg|image|__operators__)\.\w+|reshape|concat|transpose|cast"
    r"|clip_by_value|expand_dims|squeeze|pad|stack|unstack|split|identity|stop_gradient|reverse"
    r"|tile|slice|strided_slice|shape|convert_to_tensor|where|gather|zeros_like|ones_like)"
)


@dataclass
class _Found:
    """What a description holds that is no layer of Keras, by the layers' names."""

    lambdas_allowed: bool
    lambdas: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


def rebuild(description: Any, *, source: str, allow_lambda: bool = False) -> Any:
    """Build a network from its description, with fresh weights.

    The description is first brought to a plain form: only classes and functions that Keras has
    under their names are left in it, and nothing is imported that it names. Initialisers,
    regularisers and constraints that Keras does not have are left out, for they play no part
    once a network is trained; half precision becomes single precision.

    Parameters
    ----------
    description : dict
        ``class_name`` and ``config`` of a Sequential or functional model, as Keras 2 stores it.
    source : str
        The file that it comes from, for messages.
    allow_lambda : bool, default False
        Whether Lambda layers may be built. Their Python code then runs.

    Returns
    -------
    keras.Model
        The network.

    Raises
    ------
    InputError
        If it holds Lambda layers that are not allowed, layers or functions that Keras does not
        have, or cannot be built.
    """
    tf = import_tensorflow()
    from keras.src.saving.serialization_lib import SafeModeScope

    found = _Found(allow_lambda)
    plain = _plain(description, found, "")
    _refuse(found, source)
    try:
        # A second lock on the same door: Keras itself refuses to unpack code.
        with SafeModeScope(safe_mode=not allow_lambda):
            model = tf.keras.models.model_from_config(plain)
    except (AttributeError, EOFError, IndexError, KeyError, NameError, TypeError, ValueError) as e:
        reason = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
        raise InputError(
            f"{source} must describe a network that Keras {tf.keras.__version__} can build, but it "
            f"cannot ({reason[:300]}). Save the network anew with Keras 2."
        ) from e
    if not isinstance(model, tf.keras.Model):
        raise InputError(
            f"{source} must describe a whole network, but it describes a "
            f"{type(model).__name__}. Save the network with model.save."
        )
    return model


def lambda_layers(model: Any) -> list[str]:
    """Name the Lambda layers of a network, also those of networks within it.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    list of str
        Their names.
    """
    return [layer.name for layer in model.submodules if type(layer).__name__ == "Lambda"]


def _refuse(found: _Found, source: str) -> None:
    """Refuse what a description may not hold."""
    if found.foreign:
        raise InputError(
            f"A network from a file must be made of Keras' own layers, but {source} holds "
            f"{', '.join(dict.fromkeys(found.foreign))}, whose code is not in the file. Build the "
            "network with Keras' layers in its place, take the weights over, and save it again."
        )
    if found.lambdas and not found.lambdas_allowed:
        raise InputError(
            f"A network from a file must not bring code that would run here, but {source} holds "
            f"the Python code of {', '.join(dict.fromkeys(found.lambdas))}. Put Keras' layers in "
            "its place, such as Rescaling; or, if you trust whoever made the file, add "
            "--allow-lambda."
        )


def _plain(value: Any, found: _Found, within: str) -> Any:
    """Bring a description to its plain form, and note what may not be in it."""
    if isinstance(value, (list, tuple)):
        return [_plain(item, found, within) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: _plain(item, found, within) for key, item in value.items()}
    kind = str(value["class_name"])
    if kind in ("__tuple__", "TensorShape"):
        return tuple(_plain(value["items"], found, within))
    if kind in ("__tensor__", "__numpy__"):
        return np.asarray(value["config"]["value"], value["config"]["dtype"]).tolist()
    if kind in ("Policy", "DTypePolicy"):
        return "float32"
    config = value.get("config", {})
    name = str(config.get("name", within)) if isinstance(config, Mapping) else within
    rest = {
        key: _plain(value[key], found, name) for key in ("name", "inbound_nodes") if key in value
    }
    if kind == "Lambda":
        found.lambdas.append(f"the Lambda layer {name!r}")
        return {"class_name": kind, "config": _unpacked(dict(config)), **rest}
    if not _is_keras_own(value, kind):
        found.foreign.append(f"{name!r} (of the kind {kind})" if name else f"the kind {kind}")
        return None
    if kind in _OPERATIONS and not _PURE.fullmatch(str(config.get("function"))):
        found.foreign.append(f"{name!r} (the operation {config.get('function')})")
        return None
    return {"class_name": kind, "config": _plain_config(config, found, name), **rest}


def _plain_config(config: Any, found: _Found, name: str) -> Any:
    """Bring the arguments of one layer or model to their plain form."""
    if not isinstance(config, Mapping):  # Keras before 2.2.3: a list of layers
        return _plain(config, found, name)
    plain = {}
    for key, value in config.items():
        if key.endswith(("_initializer", "_regularizer", "_constraint")):
            if _is_helper(value):
                plain[key] = _plain_helper(value)
        elif key.endswith("activation") and value is not None:
            plain[key] = _activation(value, found, name)
        elif key == "dtype" and isinstance(value, str):
            plain[key] = "float32" if "float" in value else value
        elif key in ("batch_input_shape", "build_input_shape") and value:
            plain[key] = (None, *_plain(value, found, name)[1:])
        else:
            plain[key] = _plain(value, found, name)
    return plain


def _activation(value: Any, found: _Found, name: str) -> Any:
    """Bring an activation to its name, or note that Keras has none of that name."""
    keras = import_tensorflow().keras
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        value = value.get("config")
    if isinstance(value, Mapping) and "class_name" in value:
        return _plain(value, found, name)
    if isinstance(value, str) and callable(getattr(keras.activations, value, None)):
        return value
    # Keras writes a lambda as its packed code, or as <lambda>.
    said = value if isinstance(value, str) else "<lambda>"
    found.foreign.append(f"{name!r} (with the activation {said})")
    return None


def _is_keras_own(value: Mapping[str, Any], kind: str) -> bool:
    """Tell whether a class is one of Keras' networks or layers that may be built."""
    layers = import_tensorflow().keras.layers
    module, registered = value.get("module"), value.get("registered_name")
    foreign = module and not re.match(r"(tensorflow\.|tf_)?keras(\.|$)", str(module))
    if foreign or registered not in (None, kind):
        return False
    if kind in _MODELS or kind in _OPERATIONS or re.fullmatch("BatchNormalizationV[12]", kind):
        return True
    known = getattr(layers, kind, None)
    return isinstance(known, type) and issubclass(known, layers.Layer) and kind not in _NOT_ALLOWED


def _is_helper(value: Any) -> bool:
    """Tell whether Keras has an initialiser, regulariser or constraint."""
    keras = import_tensorflow().keras
    groups = (keras.initializers, keras.regularizers, keras.constraints)
    if isinstance(value, Mapping):
        kind = str(value.get("class_name"))
        return any(isinstance(getattr(group, kind, None), type) for group in groups)
    return value is None or any(hasattr(group, str(value)) for group in groups)


def _plain_helper(value: Any) -> Any:
    """Bring an initialiser, regulariser or constraint to its plain form; its values are numbers."""
    if not isinstance(value, Mapping):
        return value
    return {"class_name": value["class_name"], "config": dict(value.get("config") or {})}


def _unpacked(value: Any) -> Any:
    """Take Keras' marks of tuples out of a Lambda layer's arguments."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__tuple__":
            return tuple(map(_unpacked, value["items"]))
        return {key: _unpacked(item) for key, item in value.items()}
    return list(map(_unpacked, value)) if isinstance(value, list) else value
