"""Features: eyes, brows, nostrils and mouth drawn over the shaded skin."""

import numpy as np

from stimuli.synth.conditions import Conditions
from stimuli.synth.curves import xy
from stimuli.synth.geometry import Eye, Face, Units
from stimuli.synth.identity import Identity
from stimuli.synth.raster import (
    Window,
    bell,
    blend,
    line_mask,
    multiply,
    polygon_mask,
    window_around,
)


def linear(colour: tuple[float, float, float] | list[float]) -> np.ndarray:
    """Turn an sRGB colour into light (by a square, close to the standard's curve).

    Parameters
    ----------
    colour : tuple of float
        Red, green, blue from 0 to 1.

    Returns
    -------
    numpy.ndarray
        float32 (3, 1, 1).
    """
    return np.square(np.asarray(colour, dtype=np.float32))[:, None, None]


def draw_eye(
    canvas: np.ndarray, eye: Eye, identity: Identity, conditions: Conditions, light: float
) -> None:
    """Draw one eye: ball, iris, pupil, highlight, lids and lashes.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), light; changed in place.
    eye : Eye
        The eye, placed in the picture.
    identity : Identity
        Colours.
    conditions : Conditions
        Where the light comes from.
    light : float
        Brightness of the light on the eye.
    """
    window = window_around(np.vstack([eye.outline, eye.crease]), 8, canvas.shape)
    x, y = window.grid()
    opening = polygon_mask(eye.outline, window=window, soft_px=0.4)
    ball = _eyeball(eye, identity, x, y) * light
    top = np.interp(x[0], *_ordered(eye.upper))[None, :]
    # The upper lid and its lashes shade the ball.
    ball *= 0.45 + 0.55 * np.clip((y - top) / 6.0, 0, 1)
    glint = eye.iris + xy(3.2 * np.sign(conditions.light_x), -3.6)
    spot = bell(((x - glint[0]) ** 2 + (y - glint[1]) ** 2) / (2 * 1.35**2))
    ball += 0.85 * spot
    blend(canvas, window, opening, ball)
    lashes = 3.0 if identity.sex == "female" else 2.2
    dark = 0.75 * line_mask([(eye.upper, lashes, 1.0)], window, soft_px=0.7)
    dark += 0.3 * line_mask([(eye.lower[6:], 1.3, 1.0)], window, soft_px=0.8)
    blend(canvas, window, np.minimum(dark, 0.9), 0.3 * linear(identity.hair_rgb))
    crease = line_mask([(eye.crease[1:-1], 1.8, 1.0)], window, soft_px=1.0)
    multiply(canvas, window, 1 - 0.5 * crease)


def _ordered(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort a curve's points by x, for interpolation."""
    order = np.argsort(curve[:, 0])
    return curve[order, 0], curve[order, 1]


def _eyeball(eye: Eye, identity: Identity, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colour the ball, the corner of the eye, the iris with its dark rim, and the pupil."""
    radius = eye.iris_radius_px
    away = np.hypot(x - eye.iris[0], y - eye.iris[1])
    inner, outer = eye.upper[0, 0], eye.upper[-1, 0]
    along = np.clip((x - inner) / (outer - inner), 0, 1)
    white = linear([0.82, 0.79, 0.78])
    rounded = 1 - 0.42 * np.abs(2 * along - 1) ** 2.5
    ball = white * rounded * np.ones_like(y)
    pink = np.clip(1 - along / 0.13, 0, 1)
    ball += 0.8 * pink * (linear([0.75, 0.48, 0.44]) - ball)
    angle = np.arctan2(y - eye.iris[1], x - eye.iris[0])
    fibres = 1 + 0.16 * np.sin(23 * angle + 3 * identity.asymmetry)
    ring = np.clip((away / radius - 0.72) / 0.28, 0, 1)
    lighter = 1.15 + 0.35 * np.clip((y - eye.iris[1]) / radius, -1, 1)
    iris = linear(identity.eye_rgb) * (fibres * lighter * (1 - 0.75 * ring**2))
    iris *= 1 - 0.97 * np.clip(0.45 * radius + 0.5 - away, 0, 1)
    edge = np.clip((radius + 0.8 - away) / 1.6, 0, 1)
    return ball + edge * (iris - ball)


def draw_brow(
    canvas: np.ndarray,
    brow: np.ndarray,
    identity: Identity,
    light: float,
    rng: np.random.Generator,
) -> None:
    """Draw one brow, hair by hair.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    brow : numpy.ndarray
        Five points from the inner to the outer end.
    identity : Identity
        Thickness, density and colour.
    light : float
        Brightness of the light on the brow.
    rng : numpy.random.Generator
        Source of the single hairs.
    """
    t = np.linspace(0, 1, 64)
    place = np.linspace(0, 1, 5)
    middle = np.column_stack([np.interp(t, place, brow[:, axis]) for axis in (0, 1)])
    half = (
        0.5 * identity.brow_thickness_px * np.interp(t, [0, 0.15, 0.55, 1], [0.75, 1.05, 0.95, 0.2])
    )
    shape = np.vstack(
        [middle - np.column_stack([0 * t, half]), (middle + np.column_stack([0 * t, half]))[::-1]]
    )
    window = window_around(shape, 9, canvas.shape)
    cover = 0.7 * polygon_mask(shape, window=window, soft_px=1.3)
    sign = np.sign(brow[4, 0] - brow[0, 0])
    share, across, length = rng.uniform([0, -1, 5], [1, 1, 11], (70, 3)).T
    index = (share * 63).astype(int)
    feet = middle[index] + np.column_stack([0 * share, across * half[index]])
    rise = length * (0.75 - 0.85 * share) * (0.3 + 0.35 * (across + 1))
    tips = feet + np.column_stack([sign * length * (0.35 + 0.6 * share), -rise])
    hairs = [(hair, 1.0, 0.9) for hair in np.stack([feet, tips], axis=1)]
    cover += 0.6 * line_mask(hairs, window, soft_px=0.45)
    blend(
        canvas,
        window,
        np.minimum(cover * identity.brow_density * 1.1, 0.95),
        0.55 * light * linear(identity.hair_rgb),
    )


def draw_nostrils(canvas: np.ndarray, shape: Face, conditions: Conditions) -> None:
    """Draw the nostrils, the creases of the alae and the shade under the nose.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    shape : Face
        The face, placed in the picture.
    conditions : Conditions
        Where the light comes from.
    """
    window = window_around(np.vstack([shape.alae, shape.nostrils]), 34, canvas.shape)
    x, y = window.grid()
    base = shape.nostrils
    shade_x = base[2, 0] - 9 * conditions.light_x
    soft = bell(((x - shade_x) / 22) ** 2 + ((y - base[2, 1] - 9) / 9) ** 2)
    multiply(canvas, window, 1 - 0.3 * (0.4 + conditions.light_y) * soft)
    holes = np.zeros(window.shape, dtype=np.float32)
    lines = []
    for sign, near, end, ala in ((-1, 1, 0, 0), (1, 3, 4, 1)):
        centre = 0.55 * base[near] + 0.45 * base[end] + xy(0, -3.0)
        tilted = (y - centre[1]) + sign * 0.28 * (x - centre[0])
        holes += bell((((x - centre[0]) / 6.6) ** 2 + (tilted / 3.2) ** 2) ** 1.5)
        wing = shape.alae[ala]
        lines.append(
            (
                np.array(
                    [wing + xy(sign * 0.5, -10), wing + xy(sign * 2.5, 0), base[end] + xy(sign, 1)]
                ),
                2.0,
                0.8,
            )
        )
        lines.append((np.array([base[end] + xy(sign, 1), base[near] + xy(0, 1.5)]), 1.6, 0.6))
    multiply(canvas, window, 1 - 0.42 * line_mask(lines, window, soft_px=1.3))
    blend(canvas, window, np.minimum(holes, 1) * 0.8, linear([0.22, 0.10, 0.08]))


def draw_mouth(
    canvas: np.ndarray, shape: Face, identity: Identity, units: Units, conditions: Conditions
) -> None:
    """Draw the lips, the line between them, and teeth and tongue where the mouth is open.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), shaded skin; changed in place.
    shape : Face
        The face, placed in the picture.
    identity : Identity
        Colour of the lips.
    units : mapping of str to float
        Action units.
    conditions : Conditions
        Where the light comes from.
    """
    mouth = shape.mouth
    window = window_around(np.vstack([mouth.upper_outer, mouth.lower_outer]), 14, canvas.shape)
    skin = linear(identity.skin_rgb)
    red = linear([0.74, 0.36, 0.35]) * (0.35 + 0.65 * skin.mean() / 0.5)
    for outline, tone in ((mouth.upper_lip, 0.82), (mouth.lower_lip, 1.06)):
        cover = (0.25 + 0.5 * identity.lip_redness) * polygon_mask(
            outline, window=window, soft_px=1.1
        )
        part = canvas[window.slices]
        lit = part.mean(axis=0) / skin.mean()
        blend(canvas, window, np.clip(cover, 0, 0.85), tone * red * lit)
    _lip_gloss(canvas, shape, conditions, window)
    gap = mouth.lower_inner[30, 1] - mouth.upper_inner[30, 1]
    if gap > 1.2:
        cover = polygon_mask(mouth.opening, window=window, soft_px=0.55)
        blend(canvas, window, cover, _inside(shape, window, units))
    seam = [(mouth.upper_inner, 1.9, 0.85)]
    if gap > 1.2:
        seam.append((mouth.lower_inner[4:-4], 1.3, 0.45))
    corners = [(mouth.upper_inner[:6], 3.2, 0.6), (mouth.upper_inner[-6:], 3.2, 0.6)]
    dark = np.maximum(line_mask(seam, window, soft_px=0.8), line_mask(corners, window, soft_px=1.8))
    blend(canvas, window, 0.8 * dark, linear([0.26, 0.10, 0.10]))


def _lip_gloss(canvas: np.ndarray, shape: Face, conditions: Conditions, window: Window) -> None:
    """Lay a soft light on the lower lip."""
    middle = 0.5 * (shape.mouth.lower_inner[30] + shape.mouth.lower_outer[30])
    x, y = window.grid()
    gloss = bell(
        ((x - middle[0] - 7 * conditions.light_x) / 13) ** 2 + ((y - middle[1] + 1.5) / 2.6) ** 2
    )
    canvas[window.slices] += 0.09 * gloss


def _inside(shape: Face, window: Window, units: Units) -> np.ndarray:
    """Colour what shows between the lips: dark, tongue, and both rows of teeth."""
    mouth = shape.mouth
    x, y = window.grid()
    left, right = mouth.upper_inner[0], mouth.upper_inner[-1]
    along = np.clip((x - left[0]) / (right[0] - left[0]), 0, 1) * 2 - 1
    top, bottom, upper, lower = (
        np.interp(x[0], curve[:, 0], curve[:, 1])[None, :]
        for curve in (mouth.upper_inner, mouth.lower_inner, mouth.upper_teeth, mouth.lower_teeth)
    )
    inside = np.broadcast_to(linear([0.20, 0.07, 0.07]), (3, *window.shape)).copy()
    tongue = bell((along / 0.55) ** 2 + ((y - bottom - 1) / 11.0) ** 2)
    drop = min(1.0, units["AU26"] + units["AU27"])
    inside += (0.75 * drop * tongue) * (linear([0.62, 0.30, 0.30]) - inside)
    # Teeth get narrower and darker to the sides, with a thin gap between them.
    place = np.arcsin(np.clip(along * 0.93, -1, 1)) * 5.2
    gaps = bell((((place + 0.5) % 1 - 0.5) / 0.07) ** 2)
    tone = linear([0.90, 0.86, 0.79]) * (
        (1 - 0.62 * np.abs(along) ** 2.2) * (1 - 0.3 * gaps) * np.ones_like(y)
    )
    scallop = 1.2 * np.abs(np.cos(np.pi * place))
    above = np.clip(upper - scallop - y + 0.5, 0, 1) * np.clip((y - top) / 2.5 + 0.35, 0.35, 1)
    below = np.clip(y - lower + 0.5, 0, 1) * 0.8 * (np.abs(along) < 0.86)
    for cover, brightness in ((below, 0.72), (above, 1.0)):
        inside += cover * (brightness * tone - inside)
    shaded: np.ndarray = inside * (0.7 + 0.3 * np.clip((y - top) / 5, 0, 1))
    return shaded
