"""Psychometric functions: how accuracy falls as faces are degraded, from all right to guessing."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Shape = Literal["weibull", "logistic"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
# The threshold is sought up to this factor below and above the levels that were shown.
REACH = 10.0
SLOPES = (0.2, 20.0)
_ALMOST = 1e-9
# Of what accuracy is above guessing: so much must be lost at the highest level, or left at the
# lowest, before a threshold beyond them is believed.
_QUARTER = 0.25


@dataclass(frozen=True)
class Psychometric:
    """A psychometric function of degradation.

    Accuracy at level x is guess + (1 - guess - lapse) * left(x), and left(x), which falls from
    1 at level 0, is 2 ** -(x / threshold) ** slope (Weibull) or
    1 / (1 + (x / threshold) ** slope) (logistic of the level's logarithm).

    Parameters
    ----------
    threshold : float
        Level at which half is left of what accuracy is above guessing.
    slope : float
        Exponent: the greater, the steeper.
    lapse : float
        Share of wrong answers at level 0.
    guess : float
        Share of right answers where nothing is seen.
    shape : {"weibull", "logistic"}
        Which function.
    deviance : float
        Twice the log likelihood that the best possible fit has more; NaN where none was fitted.
    """

    threshold: float
    slope: float
    lapse: float
    guess: float
    shape: Shape
    deviance: float = float("nan")

    def accuracy(self, levels: npt.ArrayLike) -> Floats:
        """Give the share of right answers.

        Parameters
        ----------
        levels : array_like of float
            0 or greater.

        Returns
        -------
        numpy.ndarray
            Of the shape of `levels`.

        Examples
        --------
        >>> Psychometric(0.2, 2.0, 0.0, 0.2, "weibull").accuracy([0.0, 0.2]).round(9).tolist()
        [1.0, 0.6]
        """
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(levels, dtype=float))
        left, _ = _left(logs, float(np.log(self.threshold)), float(np.log(self.slope)), self.shape)
        return self.guess + (1 - self.guess - self.lapse) * left

    @property
    def is_bounded(self) -> bool:
        """Whether the threshold is within the search, and not at its end."""
        return 0 < self.threshold < np.inf


def fit_psychometric(
    levels: npt.ArrayLike,
    right: npt.ArrayLike,
    asked: npt.ArrayLike,
    *,
    guess: float,
    shape: Shape = "weibull",
) -> list[Psychometric]:
    """Fit psychometric functions by maximum likelihood, one for each row of counts.

    Parameters
    ----------
    levels : array_like of float, shape (n_levels,)
        Levels of degradation, 0 or greater, at least one above 0.
    right, asked : array_like of float, shape (n, n_levels)
        Right answers and answers; means of repeats may be no whole numbers.
    guess : float
        Share of right answers where nothing is seen, such as 1/7; it is not fitted.
    shape : {"weibull", "logistic"}, default "weibull"
        Which function.

    Returns
    -------
    list of Psychometric
        A threshold is infinite where less than a quarter is lost at the highest level, and 0
        where less than a quarter is left at the lowest above 0: the answers do not tell where
        it is. Slopes are between the two `SLOPES`.

    Raises
    ------
    ValueError
        If there are more right answers than answers, or the levels are as they must not be.

    References
    ----------
    Wichmann & Hill (2001), The psychometric function: I, Perception & Psychophysics
    63:1293-1313.
    """
    x = np.asarray(levels, dtype=float)
    hits, trials = np.asarray(right, dtype=float), np.asarray(asked, dtype=float)
    if not (np.isfinite(x).all() and (x >= 0).all() and (x > 0).any()):
        raise ValueError("levels must be 0 or greater, and one above 0")
    if not ((hits >= 0).all() and (hits <= trials).all()):
        raise ValueError("right answers must be between none and all")
    with np.errstate(divide="ignore"):
        logs = np.log(x)
    bounds = _bounds(logs, guess)
    starts = _best_of_grid(logs, hits, trials, bounds, guess, shape)
    return [
        _climb(logs, *row, bounds=bounds, guess=guess, shape=shape)
        for row in zip(hits, trials, starts, strict=True)
    ]


def _bounds(logs: Floats, guess: float) -> list[tuple[float, float]]:
    """Give the limits of log threshold, log slope and lapse."""
    low, high = logs[np.isfinite(logs)].min(), logs.max()
    reach = float(np.log(REACH))
    slopes = (float(np.log(SLOPES[0])), float(np.log(SLOPES[1])))
    return [(float(low) - reach, float(high) + reach), slopes, (0.0, 0.98 * (1 - guess))]


def _left(
    logs: Floats, log_threshold: Floats | float, log_slope: Floats | float, shape: Shape
) -> tuple[Floats, Floats]:
    """Give what is left at log levels, and its derivative by the log of (x / t) ** s."""
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.exp(np.exp(log_slope) * (logs - log_threshold))
        if shape == "weibull":
            left = np.exp2(-power)
            falls = -np.log(2) * power * left
        else:
            left = 1 / (1 + power)
            falls = -left * (1 - left)
    # Far above the threshold nothing is left and nothing falls: 0 times infinity.
    return left, np.nan_to_num(falls, nan=0.0, posinf=0.0, neginf=0.0)


def _log_likelihood(share: Floats, hits: Floats, trials: Floats) -> Floats:
    """Sum the binomial log likelihood over levels, without its constant."""
    safe = np.clip(share, _ALMOST, 1 - _ALMOST)
    total: Floats = hits @ np.log(safe).T + (trials - hits) @ np.log1p(-safe).T
    return total


def _best_of_grid(
    logs: Floats,
    hits: Floats,
    trials: Floats,
    bounds: list[tuple[float, float]],
    guess: float,
    shape: Shape,
) -> Floats:
    """Find where each row's likelihood is highest on a coarse grid, to climb from there."""
    sizes = (41, 13, 9)
    axes = [np.linspace(*pair, size + 2)[1:-1] for pair, size in zip(bounds, sizes, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    left, _ = _left(logs, grid[:, :1], grid[:, 1:2], shape)
    share = guess + (1 - guess - grid[:, 2:]) * left
    best: Floats = grid[_log_likelihood(share, hits, trials).argmax(axis=1)]
    return best


def _climb(
    logs: Floats,
    hits: Floats,
    trials: Floats,
    start: Floats,
    *,
    bounds: list[tuple[float, float]],
    guess: float,
    shape: Shape,
) -> Psychometric:
    """Climb to the highest likelihood of one row."""
    from scipy.optimize import minimize

    def cost(point: Floats) -> tuple[float, Floats]:
        log_t, log_s, lapse = point
        left, falls = _left(logs, log_t, log_s, shape)
        height = 1 - guess - lapse
        share = np.clip(guess + height * left, _ALMOST, 1 - _ALMOST)
        pull = (hits - trials * share) / (share * (1 - share))
        slope = np.exp(log_s)
        gaps = np.where(falls == 0, 0.0, logs - log_t)
        gradient = (-slope * height * falls, slope * gaps * height * falls, -left)
        value = hits @ np.log(share) + (trials - hits) @ np.log1p(-share)
        return -float(value), -np.array([pull @ part for part in gradient])

    found = minimize(
        cost, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-12, "gtol": 1e-7, "maxiter": 500},
    )  # fmt: skip
    log_t, log_s, lapse = found.x
    lowest, highest = logs[np.isfinite(logs)].min(), logs.max()
    (near, far), _ = _left(np.array([lowest, highest]), log_t, log_s, shape)
    low, high = bounds[0]
    threshold = float(np.exp(log_t))
    if far > 1 - _QUARTER or log_t >= high:
        threshold = np.inf
    elif near < _QUARTER or log_t <= low:
        threshold = 0.0
    return Psychometric(
        threshold, float(np.exp(log_s)), float(lapse), guess, shape,
        2 * max(0.0, _saturated(hits, trials) + float(found.fun)),
    )  # fmt: skip


def _saturated(hits: Floats, trials: Floats) -> float:
    """Give the log likelihood of a fit that meets every level."""
    from scipy.special import xlogy

    shares = np.divide(hits, trials, out=np.full_like(hits, 0.5), where=trials > 0)
    return float((xlogy(hits, shares) + xlogy(trials - hits, 1 - shares)).sum())


def resampled_fits(
    levels: npt.ArrayLike,
    right: npt.ArrayLike,
    asked: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    guess: float,
    shape: Shape = "weibull",
    resamples: int = 1000,
) -> list[Psychometric]:
    """Fit the pooled function anew to units, people or pictures, that are drawn with replacement.

    Parameters
    ----------
    levels : array_like of float, shape (n_levels,)
        As in `fit_psychometric`.
    right, asked : array_like of float, shape (n_units, n_levels)
        Counts of each unit.
    rng : numpy.random.Generator
        Where the chance comes from.
    guess : float
        Share of right answers where nothing is seen.
    shape : {"weibull", "logistic"}, default "weibull"
        Which function.
    resamples : int, default 1000
        Number of bootstrap samples.

    Returns
    -------
    list of Psychometric
        One for each sample; none with one unit, which tells nothing of others.
    """
    hits, trials = np.asarray(right, dtype=float), np.asarray(asked, dtype=float)
    n = len(hits)
    if n < 2:
        return []
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    return fit_psychometric(levels, drawn @ hits, drawn @ trials, guess=guess, shape=shape)


def fit_p_value(
    fitted: Psychometric,
    levels: npt.ArrayLike,
    asked: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
) -> float:
    """Tell how often answers that follow a function deviate from their own fit as much as it did.

    Parameters
    ----------
    fitted : Psychometric
        With its deviance.
    levels : array_like of float, shape (n_levels,)
        Levels of degradation.
    asked : array_like of float, shape (n_levels,)
        Answers at each level.
    rng : numpy.random.Generator
        Where the chance comes from.
    resamples : int, default 1000
        Number of simulated experiments.

    Returns
    -------
    float
        Share of the simulated experiments, the real one among them, whose deviance is at least
        as great: small where the function does not fit. NaN with three levels or fewer with
        answers, which any such function can meet.

    References
    ----------
    Wichmann & Hill (2001), The psychometric function: I, Perception & Psychophysics
    63:1293-1313.
    """
    trials = np.rint(np.asarray(asked, dtype=float)).astype(int)
    if (trials > 0).sum() <= 3 or not fitted.is_bounded:
        return float("nan")
    hits = rng.binomial(trials, fitted.accuracy(levels), size=(resamples, len(trials)))
    fits = fit_psychometric(
        levels, hits, np.broadcast_to(trials, hits.shape), guess=fitted.guess, shape=fitted.shape
    )
    reached = sum(fit.deviance >= fitted.deviance - 1e-9 for fit in fits)
    return (1 + reached) / (1 + resamples)
