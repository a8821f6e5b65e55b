"""Repeated-measures ANOVA over participants, with sphericity: the classical alternative."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from study.errors import InputError


@dataclass(frozen=True)
class Anova:
    """A one-way repeated-measures ANOVA.

    Parameters
    ----------
    statistic : float
        F.
    df1, df2 : float
        Degrees of freedom after Greenhouse and Geisser's correction.
    p : float
        With these.
    epsilon : float
        Greenhouse and Geisser's, 1 where sphericity holds.
    eta_squared : float
        Partial eta squared.
    sphericity_w, sphericity_p : float
        Mauchly's W and its p; missing with two conditions, or fewer participants than conditions.
    participants : tuple of str
        Those who have every condition.
    n_left_out : int
        Number of those who lack one.
    """

    statistic: float
    df1: float
    df2: float
    p: float
    epsilon: float
    eta_squared: float
    sphericity_w: float
    sphericity_p: float
    participants: tuple[str, ...]
    n_left_out: int


def repeated_measures_anova(
    frame: pd.DataFrame, value: str, condition: str, participant: str = "participant_id"
) -> Anova:
    """Compare conditions over the means of participants.

    Pictures are treated as fixed: the result holds for other people and these pictures only. The
    degrees of freedom are always corrected for sphericity.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each trial.
    value, condition, participant : str
        Its columns.

    Returns
    -------
    Anova
        The result.

    Raises
    ------
    InputError
        If fewer than two participants have every condition, or their means differ by nothing
        but the conditions.

    References
    ----------
    Greenhouse and Geisser (1959), Psychometrika, 24; Mauchly (1940), Annals of Mathematical
    Statistics, 11.
    """
    import pingouin

    wide = frame.pivot_table(index=participant, columns=condition, values=value, observed=True)
    whole = wide.dropna()
    n, k = whole.shape
    if n < 2 or k < 2:
        raise InputError(
            f"A repeated-measures ANOVA needs two participants who have all of two or more "
            f"conditions, but {n} of {len(wide)} participants have all {k}."
        )
    numbers = whole.to_numpy(float)
    residual = numbers - numbers.mean(0) - numbers.mean(1, keepdims=True) + numbers.mean()
    if np.abs(residual).max() <= 1e-9 * max(1.0, float(np.abs(numbers).max())):
        raise InputError(
            f"A repeated-measures ANOVA needs participants who differ in how conditions affect "
            f"them, but the means of all {n} differ alike. There is no error to test against."
        )
    long = whole.melt(ignore_index=False, value_name="value", var_name="cell").reset_index()
    with warnings.catch_warnings():
        # Covariances of fewer participants than conditions have no determinant: see below.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = pingouin.rm_anova(
            long, dv="value", within="cell", subject=participant, correction=False, effsize="np2"
        ).iloc[0]
        epsilon = float(pingouin.epsilon(whole)) if k > 2 else 1.0
        mauchly = pingouin.sphericity(whole) if 2 < k <= n else None
    df1, df2 = epsilon * (k - 1), epsilon * (k - 1) * (n - 1)
    statistic = float(found["F"])
    return Anova(
        statistic=statistic,
        df1=df1,
        df2=df2,
        p=float(stats.f.sf(statistic, df1, df2)),
        epsilon=epsilon,
        eta_squared=float(found["np2"]),
        sphericity_w=float(mauchly.W) if mauchly else np.nan,
        sphericity_p=float(mauchly.pval) if mauchly else np.nan,
        participants=tuple(map(str, whole.index)),
        n_left_out=len(wide) - n,
    )
