"""Adopting: a network that somebody trained elsewhere becomes one of the study's networks."""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnn.architectures import ARCHITECTURES
from cnn.heads import without_softmax
from cnn.keras_files import files_of, read_keras_file
from cnn.network import Network, save_network
from cnn.preprocessing import AS_IS, PREPROCESSINGS, Preprocessing
from cnn.rebuilding import lambda_layers
from stimuli.expressions import EXPRESSIONS, expression_name
from study.errors import InputError, did_you_mean
from study.folder import Study
from study.progress import say
from study.provenance import Step, is_current, sha256_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SCALING = ("Rescaling", "Normalization")


def adopt_step(
    study: Study,
    file: Path,
    name: str,
    expressions: str,
    preprocessing: str,
    *,
    allow_lambda: bool = False,
    force: bool = False,
) -> Step:
    """Describe the adoption of a network.

    Parameters
    ----------
    study : Study
        The study.
    file : Path
        One of Keras' files, as `cnn.keras_files.read_keras_file` takes it.
    name : str
        What the study calls the network: letters, digits, ``_`` and ``-``.
    expressions : str
        What its outputs stand for, in their order, with commas between.
    preprocessing : str
        What is done to pixels before the first layer: a name that `preprocessing_named` knows.
    allow_lambda : bool, default False
        Whether Lambda layers may be built, and their Python code run.
    force : bool, default False
        Whether another network that was adopted under the name may be replaced.

    Returns
    -------
    Step
        From the file to network.json and weights.h5.

    Raises
    ------
    InputError
        If a value is wrong, the file does not exist, or the name is taken.
    """
    check_name(name)
    names = expressions_in_order(expressions)
    chosen = preprocessing_named(preprocessing)
    folder = study.cnn_dir(name)
    step = Step(
        "cnn adopt",
        tuple(path.resolve() for path in files_of(file)),
        (folder / "network.json", folder / "weights.h5"),
        {
            "name": name,
            "expressions": list(names),
            "preprocessing": chosen.as_json(),
            "allow_lambda": allow_lambda,
        },
        partial(adopt, study, file, name, names, chosen, allow_lambda=allow_lambda),
        f"cnn evaluate --model {name}",
    )
    taken = (folder / "network.json").is_file()
    replaced = force and is_adopted(study, name)
    if taken and not replaced and not is_current(study, step):
        raise InputError(
            f"An adopted network must have a name of its own, but {folder} holds another network, "
            "or this one with other options. Choose another --name, or replace an adopted one with "
            "--force."
        )
    return step


def adopt(
    study: Study,
    file: Path,
    name: str,
    expressions: Sequence[str],
    preprocessing: Preprocessing,
    *,
    allow_lambda: bool = False,
) -> None:
    """Read a network from one of Keras' files and store it as one of the study's networks.

    Parameters
    ----------
    study : Study
        The study.
    file : Path
        One of Keras' files, as `cnn.keras_files.read_keras_file` takes it.
    name : str
        What the study calls the network.
    expressions : sequence of str
        What its outputs stand for, in their order.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    allow_lambda : bool, default False
        Whether Lambda layers may be built, and their Python code run.

    Raises
    ------
    InputError
        If the file cannot be read, or the network does not take square RGB pictures, does not
        end in a softmax or logits, or has another number of outputs than expressions.
    """
    found = read_keras_file(file, allow_lambda=allow_lambda)
    model = found.model
    check_input_and_output(model, file, expressions)
    network = Network(
        name, model.inputs[0].shape[1], tuple(expressions), preprocessing, without_softmax(model)
    )
    _check_answers(network, file)
    lambdas = lambda_layers(model)
    origin = {
        "file": file.name,
        "format": found.kind,
        "keras_version": found.keras_version,
        "sha256": {
            path.name if path == file else path.relative_to(file).as_posix(): sha256_of(path)
            for path in files_of(file)
        },
        "lambda_layers": lambdas,
    }
    save_network(
        study.cnn_dir(name), model, name=name, expressions=expressions,
        preprocessing=preprocessing, seed=0, adopted=origin,
    )  # fmt: skip
    say(
        f"network {name}: {model.count_params():,} parameters from {file.name} ({found.kind}, "
        f"Keras {found.keras_version}); sees {network.input_px} x {network.input_px} px; its "
        f"outputs stand for {', '.join(expressions)}; the softmax is cut off for explaining"
    )
    if lambdas:
        say(f"warning: Python code of the file runs in the Lambda layers {', '.join(lambdas)}")
    scaling = [layer.name for layer in model.submodules if type(layer).__name__ in _SCALING]
    if scaling and preprocessing != AS_IS:
        say(
            f"warning: the network scales its input itself ({', '.join(scaling)}), and "
            "--preprocessing comes before that; if it was trained on grey levels, take none"
        )
    say(f'  to use it everywhere, in study.toml: [cnn] model = "{name}"')


def is_adopted(study: Study, model: str) -> bool:
    """Tell whether a network of the study was adopted, and not trained here.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Returns
    -------
    bool
        False also where there is no such network.
    """
    try:
        text = (study.cnn_dir(model) / "network.json").read_text(encoding="utf-8")
        return "adopted" in json.loads(text)
    except (OSError, ValueError):
        return False


def check_name(name: str) -> None:
    """Refuse a name that is no name of a folder, or that a network of the registry has.

    Parameters
    ----------
    name : str
        The name.

    Raises
    ------
    InputError
        If it cannot be taken.

    Examples
    --------
    >>> check_name("my_vgg-2")
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "The name of an adopted network must be of letters, digits, _ and -, "
            f"but it is {name!r}. Choose such a --name."
        )
    if name in ARCHITECTURES:
        raise InputError(
            f"An adopted network must have a name of its own, but {name!r} is a network that "
            "faceoff cnn train makes. Choose another --name."
        )


def expressions_in_order(text: str) -> tuple[str, ...]:
    """Read what a network's outputs stand for.

    Parameters
    ----------
    text : str
        Names of expressions with commas between, in any of the spellings that
        `stimuli.expressions.expression_name` knows.

    Returns
    -------
    tuple of str
        faceoff's names, in the same order.

    Raises
    ------
    InputError
        If a name is unknown, or there twice.

    Examples
    --------
    >>> expressions_in_order("Anger, fear")
    ('angry', 'afraid')
    """
    names = tuple(expression_name(part) for part in text.split(","))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"Each output must stand for an expression of its own, but {', '.join(twice)} is in "
            f"{text!r} more than once. Correct --expressions."
        )
    return names


def preprocessing_named(name: str) -> Preprocessing:
    """Look up what is done to pixels before the first layer.

    Parameters
    ----------
    name : str
        A key of `cnn.preprocessing.PREPROCESSINGS`; ``none`` for a network that takes grey
        levels as they are.

    Returns
    -------
    Preprocessing
        Its numbers.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    known = {"none": AS_IS, **PREPROCESSINGS}
    if name not in known:
        raise InputError(
            f"The preprocessing must be that with which the network was trained, one of "
            f"{', '.join(known)}, but it is {name!r}.{did_you_mean(name, known)}"
        )
    return known[name]


def check_input_and_output(model: Any, file: Path, expressions: Sequence[str]) -> None:
    """Refuse a network that does not go from a square RGB picture to one number per expression.

    Parameters
    ----------
    model : keras.Model
        The network.
    file : Path
        Where it comes from, for messages.
    expressions : sequence of str
        What its outputs stand for.

    Raises
    ------
    InputError
        If it has several inputs or outputs, or they are of another shape.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"A network to adopt must have one input and one output, but that in {file} has "
            f"{len(model.inputs)} and {len(model.outputs)}. Cut it to one of each and save it."
        )
    shape, outputs = tuple(model.inputs[0].shape[1:]), tuple(model.outputs[0].shape[1:])
    if len(shape) != 3 or shape[0] is None or shape[0] != shape[1] or shape[2] != 3:
        raise InputError(
            "A network to adopt must take square RGB pictures of one size, (side, side, 3), but "
            f"that in {file} takes {shape}. Save it with such an input."
        )
    if len(outputs) != 1:
        raise InputError(
            f"A network to adopt must give one number for each expression, but that in {file} "
            f"gives an array of shape {outputs}. Add a Flatten layer and save it."
        )
    if outputs[0] != len(expressions):
        raise InputError(
            f"--expressions must name all {outputs[0]} outputs of the network in {file}, but it "
            f"names {len(expressions)}: {', '.join(expressions)}. faceoff knows "
            f"{', '.join(EXPRESSIONS)}."
        )


def _check_answers(network: Network, file: Path) -> None:
    """Refuse a network that does not answer with numbers."""
    side = network.input_px
    pictures = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    if not np.isfinite(network.logits(pictures)).all():
        raise InputError(
            f"A network to adopt must answer with numbers, but that in {file} answers a picture "
            "with NaN or infinity. Look at its weights."
        )
