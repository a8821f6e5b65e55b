"""Equivalence: whether a paired difference is smaller than what would matter.

Two one-sided tests (TOST): one against a difference at the lower bound or below, one against a
difference at the upper bound or above. Both must reject. A bound is in raw units, or in d_z. For
d_z the tests use the noncentral t distribution: to multiply the bound with the *observed*
standard deviation and use Student's t, as is often done, neglects that this deviation is
estimated; its true level at a nominal 5 % is 3.4 % for 10 pictures and a bound of 0.5, and 7.4 %
for 100 pictures and a bound of 1.

Differences that do not vary, and fewer than two pictures, have no equivalence test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import stats

from comparison import apa
from comparison.resampling import all_equal


@dataclass(frozen=True)
class Bounds:
    """What difference would be too small to matter.

    Parameters
    ----------
    d_z : float, default 0
        In standard deviations of the differences; 0 where there is none.
    raw : mapping of str to float, default empty
        In the units of a measure, by measure; counts before `d_z`.
    """

    d_z: float = 0.0
    raw: Mapping[str, float] = field(default_factory=dict)

    def of(self, measure: str) -> tuple[float, str] | None:
        """Give a measure's bound and its unit (raw or d_z); nothing where there is none."""
        if measure in self.raw:
            return self.raw[measure], "raw"
        return (self.d_z, "d_z") if self.d_z > 0 else None


def equivalence_p(differences: npt.ArrayLike, bound: float, unit: str) -> float:
    """Test whether the mean difference lies within symmetric bounds.

    Parameters
    ----------
    differences : array_like, shape (n,)
        One for each picture.
    bound : float
        The difference that would matter, above 0.
    unit : {"raw", "d_z"}
        Unit of the bound.

    Returns
    -------
    float
        The greater p of the two one-sided tests.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, for raw bounds;
    Wellek (2010), Testing statistical hypotheses of equivalence and noninferiority, ch. 5, for
    noncentral t with standardised bounds.

    Examples
    --------
    >>> round(equivalence_p([0.1, -0.2, 0.05, 0.0, 0.1, -0.1], 0.2, "raw"), 3)
    0.006
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size < 2 or all_equal(d):
        return np.nan
    error = d.std(ddof=1) / np.sqrt(d.size)
    t, df = d.mean() / error, d.size - 1
    if unit == "raw":
        shift = bound / error
        return float(max(stats.t.sf(t + shift, df), stats.t.cdf(t - shift, df)))
    # By symmetry both are lower tails; the greater is that of the bound which t is nearer to.
    return float(stats.nct.cdf(abs(t), df, bound * np.sqrt(d.size)))


def equivalence_sentence(bound: float, unit: str, p: float, alpha: float) -> str:
    """Write what an equivalence test found.

    Parameters
    ----------
    bound : float
        The difference that would matter.
    unit : {"raw", "d_z"}
        Its unit.
    p : float
        p of `equivalence_p`.
    alpha : float
        Level of the test.

    Returns
    -------
    str
        One sentence, which claims equivalence only where both tests reject.

    Examples
    --------
    >>> equivalence_sentence(0.5, "d_z", 0.012, 0.05)
    'The difference is smaller than d_z = 0.50 in either direction (TOST, p = .012).'
    """
    size = f"d_z = {apa.number(bound)}" if unit == "d_z" else apa.number(bound, 3)
    if not np.isfinite(p):
        return f"Whether the difference is smaller than {size} cannot be tested."
    if p < alpha:
        found = f"The difference is smaller than {size} in either direction"
    else:
        found = f"That the difference is smaller than {size} in either direction is not shown"
    return f"{found} (TOST, {apa.p_value(p)})."
