"""innvestigate's analyzers by their own names, with their own arguments and defaults."""

from collections.abc import Mapping
from typing import Any

from cnn.arguments import Argument, Value, resolve_arguments
from study.errors import InputError, did_you_mean

# innvestigate's names of its rules (relevance_analyzer.LRP_RULES); those of alpha and beta cannot
# be given these there.
RULES = (
    "Z", "Epsilon", "WSquare", "Flat", "Alpha2Beta1", "Alpha2Beta1IgnoreBias", "Alpha1Beta0",
    "Alpha1Beta0IgnoreBias", "ZPlus", "ZPlusFast", "Bounded",
)  # fmt: skip
PIXELS = "pixels"

_POSTPROCESS = {
    "postprocess": Argument(
        "text", "what is done to each colour's number", "none", words=("none", "abs", "square")
    )
}
_SEED = {"seed": Argument("whole", "of the noise", 1, low=0)}
_INPUT_RULE = {
    "input_layer_rule": Argument(
        "text",
        "rule of the first layer: 'none' for that of the others, an innvestigate rule such as "
        "'Flat', 'LOW,HIGH' for the bounded rule in the network's input, or 'pixels' for the "
        "bounded rule between black and white",
        "none",
    )
}
_EPSILON = Argument("number", "added to what is divided by", 1e-7, low=0, above=True)
_PRESET = {
    "epsilon": Argument("number", "added to what is divided by, in dense layers", 0.1, low=0)
}
_BIAS = {"bias": Argument("yes_no", "whether biases take part", True)}
_ALPHA = {
    "alpha": Argument("number", "weight of what is positive; beta + 1", low=1),
    "beta": Argument("number", "weight of what is negative; alpha - 1", low=0),
}
_BOUND = "value of the network's input; by itself, by colour, that of black or white"
_IDX = Argument(
    "whole", "the last of the network's layers, counted from 0, that takes that rule", low=0
)

ANALYZERS: dict[str, tuple[str, dict[str, Argument]]] = {
    "input": ("the input itself, for comparison", {}),
    "random": (
        "the input with Gaussian noise, for comparison",
        {"stddev": Argument("number", "of the noise, in the network's input", 1.0, low=0)} | _SEED,
    ),
    "gradient": ("gradient of the logit", _POSTPROCESS),
    "gradient.baseline": ("gradient of the logit, by TensorFlow alone", _POSTPROCESS),
    "input_t_gradient": ("input times gradient", _POSTPROCESS),
    "deconvnet": ("deconvnet, starting from the logit", {}),
    "guided_backprop": ("guided backpropagation, starting from the logit", {}),
    "integrated_gradients": (
        "integrated gradients",
        {
            "steps": Argument("whole", "points on the line", 64, low=1),
            "reference_inputs": Argument("number", "where it starts, in the network's input", 0.0),
        }
        | _POSTPROCESS,
    ),
    "smoothgrad": (
        "mean gradient of noisy copies",
        {
            "augment_by_n": Argument("whole", "copies", 64, low=1),
            "noise_scale": Argument(
                "number", "standard deviation in the network's input", 1.0, low=0
            ),
        }
        | _POSTPROCESS
        | _SEED,
    ),
    "lrp": (
        "relevance by any of innvestigate's rules",
        {
            "rule": Argument(
                "text",
                "one rule for all layers, or one for each convolution and dense layer from the "
                f"logits back, with commas between; {', '.join(RULES)}",
                required=True,
            ),
            "until_layer_idx": _IDX,
            "until_layer_rule": Argument(
                "text", "rule of the layers up to until_layer_idx", words=RULES
            ),
        }
        | _INPUT_RULE,
    ),
    "lrp.z": ("rule 0 everywhere", _INPUT_RULE),
    "lrp.epsilon": ("epsilon everywhere", {"epsilon": _EPSILON} | _BIAS | _INPUT_RULE),
    "lrp.w_square": ("squared weights everywhere", _INPUT_RULE),
    "lrp.flat": ("evenly everywhere", _INPUT_RULE),
    "lrp.alpha_beta": ("alpha-beta everywhere; give one of them", _ALPHA | _BIAS | _INPUT_RULE),
    "lrp.alpha_2_beta_1": ("alpha 2, beta 1 everywhere", _INPUT_RULE),
    "lrp.alpha_2_beta_1_IB": ("alpha 2, beta 1 without biases", _INPUT_RULE),
    "lrp.alpha_1_beta_0": ("alpha 1, beta 0 everywhere", _INPUT_RULE),
    "lrp.alpha_1_beta_0_IB": ("alpha 1, beta 0 without biases", _INPUT_RULE),
    "lrp.z_plus": ("z+ everywhere", _INPUT_RULE),
    "lrp.z_plus_fast": ("z+ everywhere, for inputs of 0 or greater", _INPUT_RULE),
    "lrp.sequential_preset_a": (
        "epsilon in dense layers, alpha 1 beta 0 in convolutions", _PRESET | _INPUT_RULE,
    ),
    "lrp.sequential_preset_b": (
        "epsilon in dense layers, alpha 2 beta 1 in convolutions", _PRESET | _INPUT_RULE,
    ),
    "lrp.sequential_preset_a_flat": ("preset a, flat at the pixels", _PRESET),
    "lrp.sequential_preset_b_flat": ("preset b, flat at the pixels", _PRESET),
    "lrp.sequential_preset_b_flat_until_idx": (
        "preset b, flat up to a layer",
        _PRESET | {
            "until_layer_idx": Argument(_IDX.kind, _IDX.meaning, low=0, required=True),
        },
    ),
    "deep_taylor": ("deep Taylor decomposition; 0 where the logit is negative", {}),
    "deep_taylor.bounded": (
        "deep Taylor decomposition with bounded input; 0 where the logit is negative",
        {
            "low": Argument("number", f"smallest {_BOUND}"),
            "high": Argument("number", f"greatest {_BOUND}"),
        },
    ),
}  # fmt: skip


def check_analyzer(method: str, given: Mapping[str, Any]) -> dict[str, Value]:
    """Refuse a method that innvestigate does not have, and arguments that it would not take.

    Parameters
    ----------
    method : str
        innvestigate's name of the analyzer.
    given : mapping
        Its arguments, in place of the defaults.

    Returns
    -------
    dict
        All its arguments that have a value.

    Raises
    ------
    InputError
        Naming the method or argument and what it must be.
    """
    if method not in ANALYZERS:
        raise InputError(
            f"An explanation must be one of innvestigate's, but it is {method!r}."
            f"{did_you_mean(method, ANALYZERS)}"
        )
    values = resolve_arguments(f"innvestigate.{method}", ANALYZERS[method][1], given)
    _check_together(method, values)
    return values


def _check_together(method: str, values: Mapping[str, Value]) -> None:
    """Refuse arguments that are right one by one, but not together."""
    if method == "lrp.alpha_beta":
        alpha, beta = values.get("alpha"), values.get("beta")
        if alpha is None and beta is None:
            raise InputError(
                "lrp.alpha_beta must be given alpha or beta, but got neither. "
                "Add --argument alpha=2, for example."
            )
        if alpha is not None and beta is not None and float(alpha) - float(beta) != 1:
            raise InputError(
                f"alpha of lrp.alpha_beta must be beta + 1, but alpha is {alpha:g} and beta "
                f"{beta:g}. Give one of them alone."
            )
    if method == "deep_taylor.bounded":
        low, high = (float(values.get(name, limit)) for name, limit in _LIMITS.items())
        if low >= high:
            raise InputError(
                f"low of deep_taylor.bounded must be under high, but they are {low:g} and "
                f"{high:g}. Correct them."
            )
    if method == "lrp":
        _check_rules(values)
    input_rule(str(values.get("input_layer_rule", "none")))


_LIMITS = {"low": float("-inf"), "high": float("inf")}


def _check_rules(values: Mapping[str, Value]) -> None:
    """Refuse rules that innvestigate does not have, or would mix up."""
    rules = str(values["rule"]).split(",")
    for rule in rules:
        _known_rule(rule)
    until = {"until_layer_idx", "until_layer_rule"} & set(values)
    if len(until) == 1:
        raise InputError(
            f"until_layer_idx and until_layer_rule of lrp belong together, but only {until.pop()} "
            "was given. Give both or neither."
        )
    if len(rules) > 1 and (until or values["input_layer_rule"] != "none"):
        raise InputError(
            "A list of rules of lrp names that of every layer, but input_layer_rule or "
            "until_layer_idx was given, too. Write their rules into the list."
        )


def _known_rule(rule: str) -> str:
    """Give a rule's name back, if innvestigate has it."""
    if rule not in RULES:
        raise InputError(
            f"A rule must be one of innvestigate's, but it is {rule!r}.{did_you_mean(rule, RULES)}"
        )
    return rule


def input_rule(text: str) -> str | tuple[float, float] | None:
    """Read the rule of the first layer.

    Parameters
    ----------
    text : str
        ``none``, ``pixels``, the name of a rule, or two numbers with a comma between.

    Returns
    -------
    str, pair of float, or None
        A rule's name or `PIXELS`; the bounds; or None for no rule of its own.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> input_rule("-1,1")
    (-1.0, 1.0)
    """
    if text == "none":
        return None
    if text == PIXELS:
        return PIXELS
    low, comma, high = text.partition(",")
    if not comma:
        return _known_rule(text)
    try:
        bounds = float(low), float(high)
    except ValueError:
        bounds = (0.0, 0.0)
    if not bounds[0] < bounds[1]:
        raise InputError(
            f"Bounds of input_layer_rule must be two numbers, the smaller one first, but they are "
            f"{text!r}. Write, for example, input_layer_rule=-1,1."
        )
    return bounds


def as_keywords(
    method: str, values: Mapping[str, Value], pixels: tuple[Any, Any]
) -> dict[str, Any]:
    """Turn arguments into what innvestigate's class takes.

    Parameters
    ----------
    method : str
        A key of `ANALYZERS`.
    values : mapping
        Its arguments, checked.
    pixels : pair of ndarray of float32, shape (3,)
        The smallest and the greatest value of the network's input, by colour.

    Returns
    -------
    dict
        Keyword arguments; a seed is not among them.
    """
    keywords: dict[str, Any] = dict(values)
    keywords.pop("seed", None)
    if keywords.get("postprocess") == "none":
        keywords.pop("postprocess")
    if "input_layer_rule" in keywords:
        rule = input_rule(keywords.pop("input_layer_rule"))
        if rule is not None:
            keywords["input_layer_rule"] = pixels if rule == PIXELS else rule
    if method == "deep_taylor.bounded":
        keywords = dict(zip(("low", "high"), pixels, strict=True)) | keywords
    if method == "lrp" and "," in keywords["rule"]:
        keywords["rule"] = keywords["rule"].split(",")
    return keywords
