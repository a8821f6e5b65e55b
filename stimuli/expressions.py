"""The one table of expressions: faceoff's names, KDEF's codes, and other sets' names for them."""

from study.errors import InputError, did_you_mean

EXPRESSIONS = ("afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised")

KDEF_CODES = {
    "AF": "afraid",
    "AN": "angry",
    "DI": "disgusted",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprised",
}

# Nouns and spellings of KDEF, RADIATE, FER2013, JAFFE, CK+ and the thesis.
_OTHER_NAMES = {
    "fear": "afraid",
    "fearful": "afraid",
    "scared": "afraid",
    "anger": "angry",
    "disgust": "disgusted",
    "happiness": "happy",
    "joy": "happy",
    "calm": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}


def expression_name(label: str) -> str:
    """Give faceoff's name of an expression.

    Parameters
    ----------
    label : str
        A name or KDEF code, in any case, such as ``"HA"``, ``"Happiness"`` or ``"happy"``.

    Returns
    -------
    str
        One of `EXPRESSIONS`.

    Raises
    ------
    InputError
        If the label is not in the table; it is never taken for neutral.

    Examples
    --------
    >>> expression_name("HA"), expression_name("Surprise")
    ('happy', 'surprised')
    """
    text = label.strip()
    if text.upper() in KDEF_CODES:
        return KDEF_CODES[text.upper()]
    if text.lower() in EXPRESSIONS:
        return text.lower()
    if text.lower() in _OTHER_NAMES:
        return _OTHER_NAMES[text.lower()]
    known = [*EXPRESSIONS, *KDEF_CODES, *_OTHER_NAMES]
    raise InputError(
        f"An expression must be one of {', '.join(EXPRESSIONS)} or a KDEF code, "
        f"but it is {label!r}.{did_you_mean(text.lower(), known)}"
    )
