"""How wide the kernel of density maps should be: by likelihood, or by Scott's rule."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gaze_analysis.likelihood import mean_gain, shared_pictures
from gaze_analysis.trial_maps import MapRule, fixation_weights
from study.errors import InputError
from study.progress import bar

BANDWIDTH_COLUMNS = {
    "rule": "What the width comes from: given, likelihood or scott",
    "image_id": "The picture; n/a for the width of the whole study",
    "n_fixations": "Number of fixations",
    "sigma_px": "Standard deviation of the Gaussian kernel, px of the picture",
    "sigma_deg": "The same, degrees of visual angle",
    "sigma_percent": "The same, per cent of the picture's width",
    "gain_bits": "How well people foretell each other under this width: mean log2 of the others' "
    "density at a fixation over that of a uniform map, bits",
    "chosen": "Whether the maps are made with it",
}

# Widths that are tried, as shares of the picture's width, before the best is refined to 1 %.
_CANDIDATES = np.geomspace(0.005, 0.5, 16)
_PRECISION = 0.01


@dataclass(frozen=True)
class Bandwidth:
    """A kernel's width, and what it was chosen from.

    Parameters
    ----------
    sigma_px : float
        The chosen standard deviation, in picture pixels.
    candidates : pandas.DataFrame
        The columns of `BANDWIDTH_COLUMNS` but for degrees and per cent.
    """

    sigma_px: float
    candidates: pd.DataFrame


def given_bandwidth(fixations: pd.DataFrame, rule: MapRule) -> Bandwidth:
    """Take the width of the rule itself.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations.
    rule : MapRule
        With its ``sigma_px``.

    Returns
    -------
    Bandwidth
        One candidate, which is chosen.
    """
    row = _row("given", rule.sigma_px, len(fixations), chosen=True)
    return Bandwidth(rule.sigma_px, pd.DataFrame([row]))


def likelihood_bandwidth(fixations: pd.DataFrame, rule: MapRule) -> Bandwidth:
    """Find the width under which people's maps best foretell one another's fixations.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: participant_id, image_id, x_px, y_px, duration_ms.
    rule : MapRule
        How maps are made; its own ``sigma_px`` is not used.

    Returns
    -------
    Bandwidth
        With one candidate for each width that was tried.

    Raises
    ------
    InputError
        If no picture was looked at by two people, or the best width is none between 0.5 and
        50 % of the picture's width.

    See Also
    --------
    gaze_analysis.likelihood.leave_one_out_gain : What is made as large as possible.
    """
    from scipy.optimize import minimize_scalar

    gains: dict[float, float] = {}
    pictures = shared_pictures(fixations, rule)
    with bar("kernel widths", None) as advance:

        def loss(log_sigma: float) -> float:
            sigma_px = float(np.exp(log_sigma))
            gains[sigma_px] = mean_gain(pictures, replace(rule, sigma_px=sigma_px))
            advance(1)
            return -gains[sigma_px]

        steps = np.log(_CANDIDATES * rule.grid.width_px)
        best = int(np.argmin([loss(step) for step in steps]))
        if best in (0, len(steps) - 1):
            raise InputError(
                "The kernel's width by likelihood must lie between 0.5 and 50 % of the picture's "
                f"width, but the likelihood is largest at {np.exp(steps[best]):.3g} px, the end "
                'of that range. Look at the fixations, or give sigma and bandwidth = "given" in '
                "[gaze.density]."
            )
        between = (steps[best - 1], steps[best + 1])
        minimize_scalar(loss, bounds=between, method="bounded", options={"xatol": _PRECISION})
    chosen = max(gains, key=lambda sigma_px: gains[sigma_px])
    rows = [
        _row("likelihood", sigma_px, len(fixations), gain=gain, chosen=sigma_px == chosen)
        for sigma_px, gain in sorted(gains.items())
    ]
    return Bandwidth(chosen, pd.DataFrame(rows))


def scott_bandwidth(fixations: pd.DataFrame, rule: MapRule) -> Bandwidth:
    """Take the median over pictures of Scott's width for the fixations on each.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: image_id, x_px, y_px, duration_ms.
    rule : MapRule
        Says whether fixations weigh by duration; its own ``sigma_px`` is not used.

    Returns
    -------
    Bandwidth
        With one candidate for each picture, and the study's.

    Raises
    ------
    InputError
        If no picture has fixations at two places.
    """
    widths, rows = [], []
    for image, on_picture in fixations.groupby("image_id"):
        weights = fixation_weights(on_picture, rule)
        widths.append(scott_sigma_px(on_picture["x_px"], on_picture["y_px"], weights))
        rows.append(_row("scott", widths[-1], len(on_picture), image=str(image)))
    if np.isnan(widths).all():
        raise InputError(
            "Scott's rule needs a picture with fixations at two places, but there is none. "
            'Set bandwidth = "given" in [gaze.density].'
        )
    chosen = float(np.nanmedian(widths))
    rows.append(_row("scott", chosen, len(fixations), chosen=True))
    return Bandwidth(chosen, pd.DataFrame(rows))


def scott_sigma_px(x_px: ArrayLike, y_px: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the width that Scott's rule gives to a round kernel in two dimensions.

    The factor n^(-1/6) is that of `scipy.stats.gaussian_kde` and of seaborn since 0.11, which
    multiply the covariance of the data by its square. Here the kernel is round, as the eye's
    error is: the factor multiplies the root of the mean of the two variances.

    Parameters
    ----------
    x_px, y_px : array_like, shape (n_fixations,)
        Positions, in picture pixels.
    weights : array_like, shape (n_fixations,), optional
        What each counts; n is then Kish's effective number. Defaults to one each.

    Returns
    -------
    float
        Standard deviation of the kernel, px; NaN where all fixations are at one place.

    References
    ----------
    Scott (1992), Multivariate Density Estimation, eq. 6.42.

    Examples
    --------
    >>> round(scott_sigma_px([0, 10, 0, 10], [0, 0, 10, 10]), 3)
    4.582
    """
    x, y = np.asarray(x_px, dtype=np.float64), np.asarray(y_px, dtype=np.float64)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(x) == 0 or np.ptp(x) == np.ptp(y) == 0:
        return float("nan")
    n = w.sum() ** 2 / (w**2).sum()
    covariance = np.cov(np.stack([x, y]), aweights=w)
    return float(n ** (-1 / 6) * np.sqrt(np.trace(covariance) / 2))


def _row(
    rule: str,
    sigma_px: float,
    n_fixations: int,
    *,
    image: str | None = None,
    gain: float = np.nan,
    chosen: bool = False,
) -> dict[str, object]:
    """Put one candidate into the form of the table."""
    return {
        "rule": rule,
        "image_id": image,
        "n_fixations": n_fixations,
        "sigma_px": sigma_px,
        "gain_bits": gain,
        "chosen": chosen,
    }
