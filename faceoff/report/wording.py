"""Small words of the text: numbers with their nouns, lists, means with their ranges."""

from collections.abc import Sequence

import pandas as pd


def counted(n: int, noun: str) -> str:
    """Put a number before a noun.

    Parameters
    ----------
    n : int
        How many.
    noun : str
        In the singular; its plural ends in s.

    Returns
    -------
    str
        Such as ``1 block`` or ``4 blocks``.

    Examples
    --------
    >>> counted(1, "block"), counted(980, "picture")
    ('1 block', '980 pictures')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """List words with an "and" before the last.

    Parameters
    ----------
    words : sequence of str
        At least one.

    Returns
    -------
    str
        The list.

    Examples
    --------
    >>> listed(["eyes"]), listed(["eyes", "nose", "mouth"])
    ('eyes', 'eyes, nose and mouth')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def mean_and_range(values: pd.Series, unit: str, decimals: int) -> str:
    """Say mean, standard deviation and range.

    Parameters
    ----------
    values : pandas.Series
        Numbers, at least one.
    unit : str
        Their unit.
    decimals : int
        Digits after the point of mean and standard deviation.

    Returns
    -------
    str
        The deviation is left out of a single value.

    Examples
    --------
    >>> mean_and_range(pd.Series([20, 30]), "years", 1)
    'M = 25.0 years (SD = 7.1, range 20 to 30)'
    >>> mean_and_range(pd.Series([20]), "years", 1)
    'M = 20.0 years'
    """
    mean = f"M = {values.mean():.{decimals}f} {unit}"
    if len(values) < 2:
        return mean
    return (
        f"{mean} (SD = {values.std(ddof=1):.{decimals}f}, range {values.min():g} to "
        f"{values.max():g})"
    )
