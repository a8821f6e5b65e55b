"""Conditions: what changes between pictures of one actor - pose, light, camera."""

from dataclasses import dataclass

import numpy as np

WIDTH_PX, HEIGHT_PX = 562, 762
EYES_X_PX, EYES_Y_PX = 281.0, 368.0


@dataclass(frozen=True)
class Conditions:
    """Pose, light and camera of one picture.

    Angles are in radians, colours and light intensities from 0 to 1. The light comes from
    `light_x` (positive: from the viewer's right) and `light_y` (positive: from above).
    """

    shift_x_px: float
    shift_y_px: float
    scale: float
    roll_rad: float
    yaw_rad: float
    pitch_rad: float
    light_x: float
    light_y: float
    ambient: float
    exposure: float
    warmth: float
    background: float
    noise_sigma: float


def draw_conditions(session: np.random.Generator, picture: np.random.Generator) -> Conditions:
    """Draw the conditions of one picture.

    Parameters
    ----------
    session : numpy.random.Generator
        Source of what a session's pictures share (light, camera); give it fresh each time.
    picture : numpy.random.Generator
        Source of the picture's own variation.

    Returns
    -------
    Conditions
        Pose, light and camera.
    """
    light_x = session.uniform(-0.9, 0.9) + picture.normal(0, 0.3)
    light_y = session.uniform(0.3, 0.8) + picture.normal(0, 0.12)
    ambient = session.uniform(0.36, 0.56)
    exposure = session.uniform(0.86, 1.14) + picture.normal(0, 0.06)
    warmth = session.normal(0, 0.025) + picture.normal(0, 0.006)
    background = session.uniform(0.62, 0.86)

    def own(spread: float) -> float:
        """Draw around nought, within two and a half standard deviations."""
        return spread * float(np.clip(picture.normal(), -2.5, 2.5))

    return Conditions(
        shift_x_px=own(4.5),
        shift_y_px=own(4.5),
        scale=1 + own(0.02),
        roll_rad=own(0.032),
        yaw_rad=own(0.065),
        pitch_rad=own(0.055),
        light_x=float(light_x),
        light_y=float(light_y),
        ambient=float(ambient),
        exposure=float(exposure),
        warmth=float(warmth),
        background=float(background),
        noise_sigma=float(session.uniform(0.005, 0.011)),
    )


def place(points: np.ndarray, conditions: Conditions) -> np.ndarray:
    """Move points of the face frame into the picture.

    The head turns by a few degrees at most: its outline stays, and what stands out towards the
    viewer is shifted by its depth.

    Parameters
    ----------
    points : numpy.ndarray
        Shape (n, 2), face frame.
    conditions : Conditions
        The pose.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), pixels of the picture file.

    Examples
    --------
    >>> still = Conditions(0, 0, 1, 0, 0, 0, 0, 1, 0.5, 1, 0, 0.7, 0)
    >>> place(np.array([[0.0, 0.0]]), still).tolist()
    [[281.0, 368.0]]
    """
    points = np.asarray(points, dtype=float)
    depth = _depth(points)
    turned = points + depth[:, None] * [np.sin(conditions.yaw_rad), np.sin(conditions.pitch_rad)]
    cosine, sine = np.cos(conditions.roll_rad), np.sin(conditions.roll_rad)
    rotation = conditions.scale * np.array([[cosine, sine], [-sine, cosine]])
    origin = [EYES_X_PX + conditions.shift_x_px, EYES_Y_PX + conditions.shift_y_px]
    placed: np.ndarray = turned @ rotation + origin
    return placed


def _depth(points: np.ndarray) -> np.ndarray:
    """Distance of the face's surface in front of its outline, in pixels."""
    x, y = points[:, 0], points[:, 1]
    head = 70 * np.sqrt(np.clip(1 - (x / 128) ** 2 - ((y - 5) / 215) ** 2, 0, 1))
    nose = 30 * np.exp(-((x / 20) ** 2) - ((y - 66) / 26) ** 2)
    depth: np.ndarray = head + nose
    return depth
