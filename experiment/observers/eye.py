"""How the eye moves between its stations: saccades, drift, tremor, lids, pupil, noise."""

import numpy as np

from experiment.gaze_trace import SAMPLE_MS, FloatArray

#: Saccade duration over amplitude: intercept and slope of the main sequence.
SACCADE_BASE_MS, SACCADE_MS_PER_DEG = 21.0, 2.2
#: Frequencies of physiological tremor.
TREMOR_HZ = (70.0, 100.0)
#: Spread and half width of the Gaussian that smoothes the tracker's noise. In recordings of an
#: EyeLink 1000, gaze moves 1.8 times as far in two samples as in one, and 2.7 times in four.
FILTER_SPREAD_SAMPLES, FILTER_REACH = 1.7, 6
#: The falling lid moves the pupil's seen centre, and so the measured gaze, by up to this much.
LID_SHIFT_DEG = (0.8, 2.5)


def saccade_duration_ms(amplitude_deg: float) -> float:
    """Give the duration of a saccade from the main sequence.

    Parameters
    ----------
    amplitude_deg : float
        Its amplitude, 0 or greater.

    Returns
    -------
    float
        2.2 ms for each degree, and 21 ms.

    References
    ----------
    Carpenter (1988), *Movements of the Eyes*, 2nd edition.

    Examples
    --------
    >>> saccade_duration_ms(10.0)
    43.0
    """
    return SACCADE_BASE_MS + SACCADE_MS_PER_DEG * amplitude_deg


def minimum_jerk(progress: FloatArray) -> FloatArray:
    """Give the covered share of a movement with the smoothest acceleration.

    The highest velocity is 1.875 times the mean one, in the middle.

    Parameters
    ----------
    progress : ndarray
        Share of the movement's duration, 0 to 1.

    Returns
    -------
    ndarray
        Share of its amplitude, 0 to 1.

    References
    ----------
    Flash and Hogan (1985), Journal of Neuroscience 5, equation 3.

    Examples
    --------
    >>> minimum_jerk(np.array([0.0, 0.5, 1.0]))
    array([0. , 0.5, 1. ])
    """
    share: FloatArray = progress**3 * (10.0 - 15.0 * progress + 6.0 * progress**2)
    return share


def saccade_path(from_deg: FloatArray, to_deg: FloatArray, n_samples: int) -> FloatArray:
    """Move the eye between two fixations.

    Parameters
    ----------
    from_deg, to_deg : ndarray, shape (2,)
        Last sample of the one fixation and first sample of the next.
    n_samples : int
        Samples in between.

    Returns
    -------
    ndarray, shape (n_samples, 2)
        Positions on the straight line.
    """
    progress = np.arange(1, n_samples + 1) / (n_samples + 1)
    return from_deg + minimum_jerk(progress)[:, None] * (to_deg - from_deg)


def lid_path(
    from_deg: FloatArray,
    to_deg: FloatArray,
    parts_ms: tuple[int, int, int],
    shift_deg: float,
) -> FloatArray:
    """Give the gaze that is measured around a blink: it dips with the lid, and comes back.

    Parameters
    ----------
    from_deg, to_deg : ndarray, shape (2,)
        Last sample of the fixation before and first sample of the one after.
    parts_ms : tuple of int
        Samples while the lid closes, while the eye is not seen, while the lid opens.
    shift_deg : float
        How far the measured gaze dips.

    Returns
    -------
    ndarray, shape (sum of parts, 2)
        Positions; NaN while the eye is not seen.
    """
    closing, closed, opening = parts_ms
    path = np.full((closing + closed + opening, 2), np.nan)
    path[:closing] = from_deg
    path[:closing, 1] += shift_deg * (np.arange(1, closing + 1) / closing) ** 2
    path[closing + closed :] = to_deg
    path[closing + closed :, 1] += shift_deg * (np.arange(opening, 0, -1) / opening) ** 2
    return path


def fixational_movement(
    n_samples: int,
    drift_deg_per_sqrt_s: float,
    tremor_deg: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Draw drift and tremor, as if one fixation lasted the whole time.

    Parameters
    ----------
    n_samples : int
        Number of samples at 1000 Hz.
    drift_deg_per_sqrt_s : float
        Spread of the random walk after one second, per axis.
    tremor_deg : float
        Amplitude of the oscillation, per axis.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n_samples, 2)
        Displacement in degrees.
    """
    step_deg = drift_deg_per_sqrt_s * np.sqrt(SAMPLE_MS / 1000.0)
    walk = np.cumsum(generator.normal(0.0, step_deg, size=(n_samples, 2)), axis=0)
    frequency_hz = generator.uniform(*TREMOR_HZ, size=2)
    phase = generator.uniform(0.0, 2.0 * np.pi, size=2)
    seconds = np.arange(n_samples)[:, None] * SAMPLE_MS / 1000.0
    displacement: FloatArray = walk + tremor_deg * np.sin(
        2.0 * np.pi * frequency_hz * seconds + phase
    )
    return displacement


def measurement_noise(
    n_samples: int, rms_s2s_deg: float, generator: np.random.Generator
) -> FloatArray:
    """Draw the tracker's noise, as smooth as its filter leaves it.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    rms_s2s_deg : float
        Root mean square of the distance between successive samples.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n_samples, 2)
        Error in degrees.
    """
    reach = np.arange(-FILTER_REACH, FILTER_REACH + 1)
    kernel = np.exp(-0.5 * (reach / FILTER_SPREAD_SAMPLES) ** 2)
    # White noise through this kernel has successive differences of this variance on one axis.
    variance = float(np.sum(np.diff(kernel, prepend=0.0, append=0.0) ** 2))
    kernel *= rms_s2s_deg / np.sqrt(2.0 * variance)
    white = generator.normal(size=(2, n_samples + 2 * FILTER_REACH))
    return np.stack([np.convolve(axis, kernel, mode="valid") for axis in white], axis=1)


def pupil_course(
    time_ms: FloatArray, mean_area: float, generator: np.random.Generator
) -> FloatArray:
    """Draw the pupil's size: it narrows when the face appears and widens with the effort.

    Parameters
    ----------
    time_ms : ndarray, shape (n,)
        Time from face onset.
    mean_area : float
        The observer's mean size, in the tracker's units.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n,)
        Size in the tracker's units.

    References
    ----------
    Hoeks and Levelt (1993), Behavior Research Methods 25: a gamma-shaped impulse response with
    exponent 10.1 and its maximum after 930 ms; a light response is about twice as quick.
    """
    since_s = np.clip(time_ms, 0.0, None) / 1000.0
    narrowing = _impulse_response(since_s, peak_s=0.55)
    widening = _impulse_response(since_s, peak_s=1.5)
    depth, effort, level = generator.normal([0.10, 0.06, 1.0], [0.02, 0.02, 0.03])
    wander = np.cumsum(generator.normal(0.0, 0.0004, size=len(time_ms)))
    area: FloatArray = mean_area * (level + wander - depth * narrowing + effort * widening)
    return area + generator.normal(0.0, 1.0, size=len(time_ms))


def _impulse_response(since_s: FloatArray, peak_s: float) -> FloatArray:
    """Give the pupil's response to one event, 1 at its peak."""
    exponent = 10.1
    relative = since_s / peak_s
    response: FloatArray = relative**exponent * np.exp(exponent * (1.0 - relative))
    return response
