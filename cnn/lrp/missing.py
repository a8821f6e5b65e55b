"""What the relevance engine would need for a layer that it does not know."""

_FREEZING = "a rule that takes the spread of the layer's own input as constant"
_ATTENTION = "a rule that takes the attention weights as constant, or shares relevance with them"
_SUM = "the rule of a sum, by each input's contribution"
_MOVED = "no rule of its own, but relevance put where the layer took its values from"
_INTERPOLATED = "relevance shared out by the weights of the interpolation"
_WINNER = "the rule of a maximum, all to the winner"
_GATES = "a rule for gates, such as all to the signal"
_CONVOLUTION = "the rules of a convolution"
_ACTIVATION = "an entry among the activations, through which relevance passes unchanged"

_RULES = {
    "LayerNormalization": f"{_FREEZING} (Ali et al., 2022)",
    "GroupNormalization": f"{_FREEZING} (Ali et al., 2022)",
    "UnitNormalization": f"{_FREEZING} (Ali et al., 2022)",
    "Attention": f"{_ATTENTION} (Ali et al., 2022; Achtibat et al., 2024)",
    "AdditiveAttention": f"{_ATTENTION} (Ali et al., 2022; Achtibat et al., 2024)",
    "MultiHeadAttention": f"{_ATTENTION} (Ali et al., 2022; Achtibat et al., 2024)",
    "Softmax": f"{_ATTENTION} (Ali et al., 2022; Achtibat et al., 2024)",
    "softmax": f"{_ATTENTION} (Ali et al., 2022; Achtibat et al., 2024)",
    "LSTM": f"{_GATES} (Arras et al., 2017)",
    "GRU": f"{_GATES} (Arras et al., 2017)",
    "ConvLSTM2D": f"{_GATES} (Arras et al., 2017)",
    "Dot": f"{_GATES} (Arras et al., 2017)",
    "Average": _SUM,
    "Subtract": _SUM,
    "Maximum": _WINNER,
    "Minimum": _WINNER,
    "Permute": _MOVED,
    "Cropping2D": _MOVED,
    "RandomCrop": _MOVED,
    "CenterCrop": _MOVED,
    "RepeatVector": _MOVED,
    "Resizing": _INTERPOLATED,
    "UpSampling2D": _INTERPOLATED,
    "Conv1D": _CONVOLUTION,
    "Conv3D": _CONVOLUTION,
    "Conv2DTranspose": _CONVOLUTION,
    "LocallyConnected2D": _CONVOLUTION,
    "SeparableConv1D": _CONVOLUTION,
    "ELU": _ACTIVATION,
    "PReLU": _ACTIVATION,
    "ThresholdedReLU": _ACTIVATION,
}


def missing_rule(kind: str) -> str:
    """Say which rule a kind of layer or operation would need.

    Parameters
    ----------
    kind : str
        The layer's class, or the operation's name.

    Returns
    -------
    str
        The end of a sentence that begins with "It would need".

    References
    ----------
    Ali, A., Schnake, T., Eberle, O., Montavon, G., Müller, K.-R. and Wolf, L. (2022). XAI for
    transformers: better explanations through conservative propagation. ICML. Achtibat, R. et al.
    (2024). AttnLRP: attention-aware layer-wise relevance propagation for transformers. ICML.
    Arras, L., Montavon, G., Müller, K.-R. and Samek, W. (2017). Explaining recurrent neural
    network predictions in sentiment analysis. WASSA.

    Examples
    --------
    >>> missing_rule("Maximum")
    'the rule of a maximum, all to the winner'
    """
    if kind in _RULES:
        return _RULES[kind]
    if kind == "Lambda":
        return "the formula of its Python code, which cannot be read from the network"
    return "a converter in cnn/lrp/reading.py and, if it is no plain scale and shift, a rule"
