"""Calibration targets, and how far the measured gaze is off at each of them."""

from dataclasses import dataclass, replace

import numpy as np

from experiment.gaze_trace import FloatArray
from experiment.observers.observer import Eye
from stimuli.frames import Screen

#: EyeLink's nine targets, in its order: middle, top, bottom, left, right, and the corners.
#: Their distances from the middle are shares of the screen's width and height.
_REACH_X, _REACH_Y, _CORNER = 0.44, 0.415, 0.88
#: Spread of the error between targets, beyond the offset that all of them share.
TARGET_ERROR_DEG = 0.12


class CalibratedEye:
    """An eye as its tracker sees it: the offset wanders until the next calibration.

    Parameters
    ----------
    eye : Eye
        With the offset that each calibration leaves, and how far it wanders.
    generator : numpy.random.Generator
        Where the randomness comes from.
    """

    def __init__(self, eye: Eye, generator: np.random.Generator) -> None:
        self._eye = eye
        self._generator = generator
        self._wandered_deg = np.zeros(2)
        self._known_ms: float | None = None

    def calibrate(self, now_ms: float) -> None:
        """Bring the offset back to what a calibration leaves.

        Parameters
        ----------
        now_ms : float
            Time on the tracker's clock.
        """
        self._wandered_deg = np.zeros(2)
        self._known_ms = now_ms

    def at(self, now_ms: float) -> Eye:
        """Let the offset wander until now, as a random walk in time.

        Parameters
        ----------
        now_ms : float
            Time on the tracker's clock, not before that of the last call.

        Returns
        -------
        Eye
            With the offset of this moment.
        """
        since_ms = 0.0 if self._known_ms is None else now_ms - self._known_ms
        spread_deg = self._eye.calibration_drift_deg * np.sqrt(since_ms / 60_000.0)
        self._wandered_deg = self._wandered_deg + self._generator.normal(0.0, spread_deg, size=2)
        self._known_ms = now_ms
        x_deg, y_deg = self._wandered_deg.tolist()
        return replace(
            self._eye,
            offset_x_deg=self._eye.offset_x_deg + x_deg,
            offset_y_deg=self._eye.offset_y_deg + y_deg,
        )


@dataclass(frozen=True)
class Validation:
    """Errors of the measured gaze at known targets.

    Parameters
    ----------
    points_px : ndarray, shape (n, 2)
        Targets on the screen.
    offsets_px : ndarray, shape (n, 2)
        Measured gaze minus target.
    errors_deg : ndarray, shape (n,)
        Visual angle between the two.
    offset_deg : float
        Visual angle of the mean offset, at the screen's centre.
    """

    points_px: FloatArray
    offsets_px: FloatArray
    errors_deg: FloatArray
    offset_deg: float

    @property
    def average_deg(self) -> float:
        """The mean error."""
        return float(self.errors_deg.mean())

    @property
    def maximum_deg(self) -> float:
        """The largest error."""
        return float(self.errors_deg.max())

    @property
    def verdict(self) -> str:
        """GOOD, FAIR or POOR, by mean and largest error."""
        if self.average_deg < 0.5 and self.maximum_deg < 1.0:
            return "GOOD"
        return "FAIR" if self.average_deg < 1.0 and self.maximum_deg < 1.5 else "POOR"


def target_points(screen: Screen) -> FloatArray:
    """Place EyeLink's nine calibration targets (HV9).

    Parameters
    ----------
    screen : Screen
        The screen.

    Returns
    -------
    ndarray, shape (9, 2)
        x and y in whole screen pixels: middle, top, bottom, left, right, top left, top right,
        bottom left, bottom right.

    Examples
    --------
    >>> target_points(Screen(1024, 768, 40.0, 30.0, 60.0))[:3]
    array([[512., 384.],
           [512.,  65.],
           [512., 703.]])
    """
    x, y, corner_x, corner_y = _REACH_X, _REACH_Y, _REACH_X * _CORNER, _REACH_Y * _CORNER
    shares = np.array(
        [[0, 0], [0, -y], [0, y], [-x, 0], [x, 0],
         [-corner_x, -corner_y], [corner_x, -corner_y], [-corner_x, corner_y], [corner_x, corner_y]]
    )  # fmt: skip
    points_px: FloatArray = np.rint((0.5 + shares) * [screen.width_px, screen.height_px])
    return points_px


def simulate_validation(eye: Eye, screen: Screen, generator: np.random.Generator) -> Validation:
    """Validate the calibration of a simulated eye.

    Parameters
    ----------
    eye : Eye
        Its offset is what the validation finds, but for a little at each target.
    screen : Screen
        The screen.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    Validation
        Errors at the nine targets.
    """
    points_px = target_points(screen)
    errors_deg = generator.normal(
        [eye.offset_x_deg, eye.offset_y_deg], TARGET_ERROR_DEG, size=points_px.shape
    )
    seen_px = screen.to_px(screen.to_deg(points_px) + errors_deg)
    offsets_px = seen_px - points_px
    middle_px = np.array(screen.centre_px)
    return Validation(
        points_px,
        offsets_px,
        screen.distance_deg(points_px, seen_px),
        float(screen.distance_deg(middle_px, middle_px + offsets_px.mean(axis=0))),
    )


def simulate_drift_check(
    eye: Eye, generator: np.random.Generator, screen: Screen
) -> tuple[float, float]:
    """Measure a simulated eye's gaze at a target in a drift check.

    Parameters
    ----------
    eye : Eye
        Its offset is what the check finds, but for a little.
    generator : numpy.random.Generator
        Where the randomness comes from.
    screen : Screen
        The screen.

    Returns
    -------
    tuple of float
        Measured gaze minus target, in pixels.
    """
    error_deg = generator.normal([eye.offset_x_deg, eye.offset_y_deg], TARGET_ERROR_DEG)
    x_px, y_px = screen.to_px(error_deg) - screen.centre_px
    return float(x_px), float(y_px)
