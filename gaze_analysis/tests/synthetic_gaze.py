"""Gaze of fixations and saccades whose times are known, for the tests of event detection."""

import numpy as np
import pandas as pd

from gaze_analysis.detection import EyeTrace, eye_trace
from stimuli.frames import Screen

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)


def synthetic_samples(
    rate_hz: float = 500.0,
    seconds: float = 8.0,
    *,
    seed: int = 1,
    noise_deg: float = 0.01,
    blinks_s: tuple[float, ...] = (2.0, 5.0),
    pso_deg: float = 0.0,
) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
    """Draw samples of the right eye, and say where its saccades are (first, one after the last)."""
    rng = np.random.default_rng(seed)
    n = int(rate_hz * seconds)
    degrees, saccades = np.zeros((n, 2)), []
    here, now = np.zeros(2), 0
    while now < n:
        stay = int(rng.uniform(0.15, 0.4) * rate_hz)
        degrees[now : now + stay] = here
        now += stay
        there = rng.uniform(-8, 8, 2)
        length = float(np.hypot(*(there - here)))
        # The main sequence of Carpenter (1988): 2.2 ms for each degree, and 21 ms.
        steps = max(2, round((0.021 + 0.0022 * length) * rate_hz))
        phase = (np.arange(steps) + 0.5) / steps
        share = phase - np.sin(2 * np.pi * phase) / (2 * np.pi)
        path = here + share[:, np.newaxis] * (there - here)
        if now < n:
            degrees[now : now + steps] = path[: n - now]
            if now + steps <= n:
                saccades.append((now, now + steps))
        now += steps
        swing = max(1, round(0.02 * rate_hz))
        if pso_deg and now + swing < n:
            wave = -pso_deg * np.sin(2 * np.pi * np.arange(swing) / swing)
            degrees[now : now + swing] = there + wave[:, np.newaxis] * (there - here) / length
            now += swing
        here = there
    points = SCREEN.to_px(degrees + rng.normal(0, noise_deg, (n, 2)))
    pupil = 1000 + 20 * np.sin(np.arange(n) / rate_hz)
    for begin in blinks_s:
        closed = slice(int(begin * rate_hz), int((begin + 0.15) * rate_hz))
        points[closed], pupil[closed] = np.nan, 0.0
    frame = pd.DataFrame(
        {
            "time_ms": np.arange(n) * 1000.0 / rate_hz,
            "x_right_px": points[:, 0],
            "y_right_px": points[:, 1],
            "pupil_right": pupil,
            "block": 1,
            "part": 1,
        }
    )
    return frame, saccades


def as_trace(samples: pd.DataFrame) -> EyeTrace:
    """Take the right eye."""
    return eye_trace(samples, "right", SCREEN)
