"""What stands beside each test in a row: evidence, sensitivity, assumptions, equivalence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from comparison import apa
from comparison.equivalence import equivalence_p, equivalence_sentence
from comparison.evidence import detectable_d_z, jzs_bayes_factor, normality_p, symmetry_p
from comparison.statistics import T_TEST, WILCOXON

# An assumption is called doubtful where its own test has a smaller p.
DOUBTFUL_P = 0.05
SUPPORT_COLUMNS = {
    "bf10": "JZS Bayes factor for a difference (Cauchy prior of d_z, scale 0.707); with paired t",
    "detectable_d_z": "smallest true d_z that a two-sided paired t test of so many pictures finds "
    "with 80 % power; with paired t",
    "assumption": "what the test takes for granted, and whether the differences contradict it",
    "assumption_p": "p of the check: Shapiro and Wilk's test of normality (paired t), or Miao, "
    "Gel and Gastwirth's test of symmetry (Wilcoxon, permutation)",
    "equivalence_bound": "difference that would matter, from [comparison]; with paired t",
    "equivalence_unit": "unit of the bound: that of the measure (raw), or d_z",
    "p_equivalence": "p of two one-sided tests against the bounds; small: the difference is "
    "smaller than the bound",
    "equivalence": "the equivalence test as a sentence",
}


def support(
    row: Mapping[str, Any],
    differences: npt.ArrayLike,
    bound: tuple[float, str] | None,
    confidence: float,
) -> dict[str, Any]:
    """Compute what stands beside one test.

    Parameters
    ----------
    row : mapping
        One row of `paired_tests`.
    differences : array_like, shape (n,)
        Its differences.
    bound : tuple of float and str, or None
        The difference that would matter, and its unit (raw or d_z).
    confidence : float
        Tests have the level 1 - confidence.

    Returns
    -------
    dict
        The columns of `SUPPORT_COLUMNS`; missing where they do not belong to the test.
    """
    d = np.asarray(differences, dtype=np.float64)
    values: dict[str, Any] = dict.fromkeys(SUPPORT_COLUMNS, np.nan)
    is_t = row["test"] == T_TEST
    values["assumption_p"] = normality_p(d) if is_t else symmetry_p(d)
    values["assumption"] = _assumption(row["test"], values["assumption_p"])
    values["equivalence_unit"] = values["equivalence"] = None
    if not is_t:
        return values
    if d.any():
        values["bf10"] = jzs_bayes_factor(row["statistic"], d.size)
    values["detectable_d_z"] = detectable_d_z(d.size, alpha=round(1 - confidence, 9))
    if bound is not None:
        size, unit = bound
        p = equivalence_p(d, size, unit)
        values |= {"equivalence_bound": size, "equivalence_unit": unit, "p_equivalence": p}
        values["equivalence"] = equivalence_sentence(size, unit, p, 1 - confidence)
    return values


def _assumption(test: str, p: float) -> str:
    """Say what a test assumes, and what the check found."""
    if test == T_TEST:
        assumed, name, instead = "normal differences", "Shapiro-Wilk", "see the permutation test"
    else:
        wanted = "symmetric differences"
        assumed = wanted if test == WILCOXON else f"{wanted} if there is no effect"
        name, instead = "Miao-Gel-Gastwirth", "see the bootstrap interval"
    if not np.isfinite(p):
        return f"{assumed}: not checked, too few or equal differences"
    verdict = f"doubtful, {instead}" if p < DOUBTFUL_P else "not contradicted"
    return f"{assumed}: {verdict} ({name}, {apa.p_value(p)})"
