"""APA-7 style: numbers, p values and the sentences that report a paired test."""

import math


def number(value: float, decimals: int = 2) -> str:
    """Write a number that may exceed one.

    Parameters
    ----------
    value : float
        The number; n/a where it is missing.
    decimals : int, default 2
        Digits after the point.

    Returns
    -------
    str
        With a true minus sign left to the typesetter: a hyphen. Never ``-0.00``.

    Examples
    --------
    >>> number(-0.831), number(-0.001)
    ('-0.83', '0.00')
    """
    if not math.isfinite(value):
        return "n/a"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def bounded(value: float, decimals: int = 2) -> str:
    """Write a number that cannot exceed one, such as a correlation: without its leading zero.

    Parameters
    ----------
    value : float
        The number, -1..1.
    decimals : int, default 2
        Digits after the point.

    Returns
    -------
    str
        The number.

    Examples
    --------
    >>> bounded(-0.151), bounded(1.0)
    ('-.15', '1.00')
    """
    return number(value, decimals).replace("0.", ".", 1) if abs(value) < 1 else number(value)


def p_value(p: float, name: str = "p") -> str:
    """Write a p value: exact to three digits, or below .001.

    Parameters
    ----------
    p : float
        The p value.
    name : str, default "p"
        What it is called.

    Returns
    -------
    str
        Such as ``p = .041``.

    Examples
    --------
    >>> p_value(0.0412), p_value(0.00001)
    ('p = .041', 'p < .001')
    """
    if not math.isfinite(p):
        return f"{name} n/a"
    return f"{name} < .001" if p < 0.0005 else f"{name} = {bounded(p, 3)}"


def bayes_factor(bf10: float) -> str:
    """Write a Bayes factor for a difference.

    Parameters
    ----------
    bf10 : float
        How much likelier the data are under a difference than under none.

    Returns
    -------
    str
        Such as ``BF10 = 0.24``; cut off where more digits would say no more.

    Examples
    --------
    >>> bayes_factor(0.2411), bayes_factor(2e9), bayes_factor(0.0004)
    ('BF10 = 0.24', 'BF10 > 1000', 'BF10 < 0.01')
    """
    if bf10 > 1000:
        return "BF10 > 1000"
    return "BF10 < 0.01" if bf10 < 0.005 else f"BF10 = {number(bf10)}"


def interval(low: float, high: float, confidence: float = 0.95) -> str:
    """Write a confidence interval.

    Parameters
    ----------
    low, high : float
        Its ends.
    confidence : float, default 0.95
        Its confidence.

    Returns
    -------
    str
        Such as ``95% CI [-0.49, 0.20]``.

    Examples
    --------
    >>> interval(-0.49, 0.2)
    '95% CI [-0.49, 0.20]'
    """
    return f"{100 * confidence:g}% CI [{number(low)}, {number(high)}]"


def difference_sentence(
    *,
    measure: str,
    a: str,
    b: str,
    mean_a: float,
    sd_a: float,
    mean_b: float,
    sd_b: float,
    estimate: float,
    ci: str,
    result: str,
    expression: str,
    n: int,
) -> str:
    """Write what a paired test found, without calling it significant or not.

    Parameters
    ----------
    measure : str
        What was measured.
    a, b : str
        The two conditions.
    mean_a, sd_a, mean_b, sd_b : float
        Their means and standard deviations over pictures.
    estimate : float
        Mean of a - b.
    ci : str
        Its interval.
    result : str
        Test, p value and effect size.
    expression : str
        One expression, or ``"all"``.
    n : int
        Number of pictures.

    Returns
    -------
    str
        One sentence.
    """
    pictures = f"{n} picture" + ("s" if n != 1 else "")
    where = "" if expression == "all" else f"For {expression} faces, "
    start = f"{where}{measure}" if where else measure[:1].upper() + measure[1:]
    return (
        f"{start} was M = {number(mean_a)} (SD = {number(sd_a)}) for {a} and "
        f"M = {number(mean_b)} (SD = {number(sd_b)}) for {b} over {pictures}, "
        f"a mean difference of {number(estimate)}, {ci}, {result}."
    )
