"""Samples that a tracker loses besides blinks: reflections, lashes, a head that moves."""

import numpy as np

from experiment.gaze_trace import SAMPLE_MS
from experiment.observers.observer import Eye

#: Nothing is lost at the borders of a recording, so that it begins and ends with gaze.
BORDER_MS = 50
SHORTEST_LOSS_MS = 10


def lost_samples(n_samples: int, eye: Eye, generator: np.random.Generator) -> np.ndarray:
    """Draw which samples are lost, in stretches of exponential duration.

    Parameters
    ----------
    n_samples : int
        Number of samples at 1000 Hz.
    eye : Eye
        Its share of lost samples, and their stretches' mean duration.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        Whether each sample is lost.

    Examples
    --------
    >>> from experiment.observers.observer import draw_observer
    >>> from study.settings.observers import ObserversSettings
    >>> eye = draw_observer(ObserversSettings(loss_share=0.0), "sub-001", seed=1).eye
    >>> int(lost_samples(1000, eye, np.random.default_rng(1)).sum())
    0
    """
    lost = np.zeros(n_samples, dtype=bool)
    if eye.loss_share <= 0:
        return lost
    seen_ms = eye.loss_mean_ms * (1.0 - eye.loss_share) / eye.loss_share
    # The recording begins in the middle of things: lost already, or seen for a while.
    at_ms = 0.0 if generator.random() < eye.loss_share else generator.exponential(seen_ms)
    while at_ms < n_samples * SAMPLE_MS:
        length_ms = max(generator.exponential(eye.loss_mean_ms), SHORTEST_LOSS_MS)
        lost[round(at_ms) : round(at_ms + length_ms)] = True
        at_ms += length_ms + generator.exponential(seen_ms)
    lost[:BORDER_MS] = lost[max(n_samples - BORDER_MS, 0) :] = False
    return lost
