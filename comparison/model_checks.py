"""Whether a sample allows a mixed model, and how a fitted one's assumptions came out, in words."""

import numpy as np
import pandas as pd
from scipy import stats

from comparison.estimates import Estimates
from study.errors import InputError


def check_sample(trials: pd.DataFrame, expressions: tuple[str, ...]) -> list[str]:
    """Check that participants, pictures and expressions are enough for a crossed model.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, image_id and expression of each.
    expressions : tuple of str
        All expressions, in order.

    Returns
    -------
    list of str
        Those that are shown, in order.

    Raises
    ------
    InputError
        With fewer than two participants, two expressions, or an expression more pictures than
        expressions; or if a picture has two expressions.
    """
    n_people = trials["participant_id"].nunique()
    if n_people < 2:
        raise InputError(
            f"A model with random participants needs at least two of them, but there "
            f"{'is one' if n_people else 'is none'} with such trials. Record more people."
        )
    return check_pictures(trials, expressions)


def check_pictures(rows: pd.DataFrame, expressions: tuple[str, ...]) -> list[str]:
    """Check that there are more pictures than expressions, at least two.

    Parameters
    ----------
    rows : pandas.DataFrame
        image_id and expression of each.
    expressions : tuple of str
        All expressions, in order.

    Returns
    -------
    list of str
        Those that are shown, in order.

    Raises
    ------
    InputError
        If there are not, or if a picture has two expressions or one that is not known.
    """
    pictures = rows[["image_id", "expression"]].drop_duplicates()
    odd = sorted(set(map(str, pictures["expression"])) - set(expressions))
    twice = pictures["image_id"].value_counts()
    if odd or (twice > 1).any():
        what = f"the unknown {', '.join(odd)}" if odd else f"{twice.index[0]} has two"
        raise InputError(
            f"Each picture must have one known expression, but there is {what}. Correct the "
            "table of trials."
        )
    shown = set(map(str, pictures["expression"]))
    if len(shown) < 2:
        raise InputError(
            f"A comparison of expressions needs at least two, but {', '.join(shown) or 'none'} "
            "is shown. Show more."
        )
    if len(pictures) == len(shown):
        raise InputError(
            f"A model with random pictures needs more pictures than expressions, but there are "
            f"{len(pictures)} of each: what a picture does cannot be told from what its "
            "expression does. Show more pictures."
        )
    return [name for name in expressions if name in shown]


def conditions_text(trials: pd.DataFrame, cells: list[str]) -> str:
    """Say which expressions have one picture, and how many participants lack an expression.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, image_id and expression of each.
    cells : list of str
        The expressions.

    Returns
    -------
    str
        Empty where there is nothing to say.
    """
    pictures = trials.groupby("expression")["image_id"].nunique()
    single = [name for name in cells if pictures[name] == 1]
    parts = []
    if single:
        parts.append(
            f"one picture for {', '.join(single)}: how much pictures differ is taken from the "
            "other expressions"
        )
    if "participant_id" in trials:
        seen = trials.groupby("participant_id")["expression"].nunique()
        lacking = int((seen < len(cells)).sum())
        if lacking:
            parts.append(f"participants who lack an expression, and are kept: {lacking}")
    return "; ".join(parts)


def fit_text(found: Estimates) -> str:
    """Say how large the random terms are, which are zero, and whether the fit converged.

    Parameters
    ----------
    found : Estimates
        The fitted model.

    Returns
    -------
    str
        Standard deviations on the scale of the model.
    """
    sizes = ", ".join(f"{name} {value:.3g}" for name, value in found.sd.items())
    text = f"random effects are normal and independent, SD: {sizes}"
    if found.singular:
        text += f" (singular: {', '.join(found.singular)} as if left out)"
    if not found.converged:
        text += "; the fit did not converge: read these numbers with care"
    return text


def residual_text(
    found: Estimates, groups: pd.Series, *, doubtful: str = "one width for all is doubtful"
) -> str:
    """Say how far residuals are from a normal distribution of one width.

    Parameters
    ----------
    found : Estimates
        The fitted model.
    groups : Series of str
        The condition of each observation.
    doubtful : str, default "one width for all is doubtful"
        What to say where one is more than twice as wide as another.

    Returns
    -------
    str
        Skewness, excess kurtosis, and the ratio of the conditions' widest to narrowest SD.
    """
    residuals = pd.Series(found.residuals)
    skewness, kurtosis = float(stats.skew(residuals)), float(stats.kurtosis(residuals))
    widths = residuals.groupby(groups.to_numpy()).std().dropna()
    text = f"residuals: skewness {skewness:.2f}, excess kurtosis {kurtosis:.2f}"
    if len(widths) < 2 or not np.isfinite(widths).all() or widths.min() <= 0:
        return text
    name = f"{widths.idxmax()} {widths.max():.3g}, {widths.idxmin()} {widths.min():.3g}"
    ratio = widths.max() / widths.min()
    text += f", SD by condition between {name}, ratio {ratio:.2f}"
    return text if ratio <= 2 else f"{text} (above 2: {doubtful})"
