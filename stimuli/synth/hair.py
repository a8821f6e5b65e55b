"""Hair: the shapes of the styles, and strands that fall from the parting."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from stimuli.synth.conditions import Conditions, place
from stimuli.synth.curves import smooth
from stimuli.synth.features import linear
from stimuli.synth.identity import Identity
from stimuli.synth.raster import (
    Window,
    bell,
    blend,
    blotches,
    multiply,
    polygon_mask,
    softened,
    window_around,
)

_LENGTH_Y_PX = {"long": 330.0, "fringe": 300.0, "wavy": 320.0, "bob": 165.0}


@dataclass(frozen=True)
class Hair:
    """Closed polygons in the face frame: behind the neck, and in front of the skull."""

    behind: np.ndarray | None
    front: tuple[np.ndarray, ...]
    parting: tuple[float, float]


def hair_shape(identity: Identity) -> Hair:
    """Cut the hair of an actor.

    Parameters
    ----------
    identity : Identity
        Style, volume, hairline and parting.

    Returns
    -------
    Hair
        Its polygons in the face frame.
    """
    if identity.hair_style in _LENGTH_Y_PX:
        return _long(identity)
    return _short(identity)


def _long(identity: Identity) -> Hair:
    """Hair that falls over the ears: two curtains from a parting, perhaps with a fringe."""
    length = _LENGTH_Y_PX[identity.hair_style]
    top = -205 - identity.hair_volume_px
    wide = 124 * identity.face_width + identity.hair_volume_px
    part, hairline = identity.part_x_px, identity.hairline_y_px
    end = wide + (12 if identity.hair_style == "bob" else 18)
    curtains = []
    for sign in (-1, 1):
        inner = np.array(
            [
                [part, hairline - 8],
                [part + 0.55 * (sign * 70 - part), hairline + 4],
                [sign * 96, hairline + 50],
                [sign * 112 * identity.face_width, -30],
                [sign * 114 * identity.face_width, 60],
                [sign * 108 * identity.face_width, min(length, 150)],
                [sign * 102, length - 8],
            ]
        )
        outer = np.array(
            [
                [sign * 128, length],
                [sign * end, length * 0.7],
                [sign * (wide + 10), 60],
                [sign * (wide + 3), -50],
                [sign * 0.86 * wide, -140],
                [sign * 0.48 * wide, top + 16],
                [part * 0.5, top],
            ]
        )
        curtain = np.vstack([smooth(inner, 60), smooth(outer, 70)])
        if identity.hair_style == "wavy":
            down = np.clip((curtain[:, 1] + 60) / 200, 0, 1)
            curtain[:, 0] += 7 * down * np.sin(curtain[:, 1] / 17 + sign)
        curtains.append(curtain)
    if identity.hair_style == "fringe":
        x = np.linspace(-104, 104, 40)
        low = -76 + 9 * np.sin(x / 37 + part) - 0.0012 * x**2
        high = np.column_stack([x[::-1], -188 + 0.008 * x[::-1] ** 2])
        curtains.append(np.vstack([np.column_stack([x, low]), high]))
    back = np.array(
        [
            [-end, 0],
            [-end, length * 0.75],
            [-112, length],
            [112, length],
            [end, length * 0.75],
            [end, 0],
            [0, top + 30],
        ],
        dtype=float,
    )
    return Hair(back, tuple(curtains), (part, hairline - 8))


def _short(identity: Identity) -> Hair:
    """Hair that leaves the ears free: a cap between the outline and the hairline."""
    style, volume = identity.hair_style, identity.hair_volume_px
    volume *= {"crew": 0.45, "tied": 0.6, "receding": 0.6}.get(style, 1.0)
    wide, hairline, part = 124 * identity.face_width, identity.hairline_y_px, identity.part_x_px
    temple = -22.0 if style == "receding" else 0.0
    rise = 14.0 if style == "receding" else 0.0
    ear, tip = (8.0, 7.0) if identity.sex == "male" else (-14.0, 1.0)
    left_rise, right_rise = (8.0, 0.0) if part < 0 else (0.0, 8.0)
    lean = 1.0 if style == "side" else 0.0
    outer = np.array(
        [
            [-wide - 2, ear],
            [-wide - 0.35 * volume - 1, -50],
            [-0.9 * wide - 0.7 * volume, -128],
            [-0.52 * wide - 0.4 * volume, -186 - 0.85 * volume - lean * (part > 0) * 9],
            [0.25 * part, -207 - volume],
            [0.52 * wide + 0.4 * volume, -186 - 0.85 * volume - lean * (part < 0) * 9],
            [0.9 * wide + 0.7 * volume, -128],
            [wide + 0.35 * volume + 1, -50],
            [wide + 2, ear],
        ]
    )
    inner = np.array(
        [
            [wide - tip, ear],
            [wide - 13, -48],
            [0.80 * wide, -88 + temple],
            [0.60 * wide, hairline + 6 + temple - right_rise],
            [0.30 * wide, hairline - rise - right_rise],
            [0.1 * part, hairline - 4],
            [-0.30 * wide, hairline - rise - left_rise],
            [-0.60 * wide, hairline + 6 + temple - left_rise],
            [-0.80 * wide, -88 + temple],
            [-wide + 13, -48],
            [-wide + tip, ear],
        ]
    )
    cap = np.vstack([smooth(outer, 90), smooth(inner, 90)])
    if style == "curly":
        cap[:, 0] += 3.0 * np.sin(np.arange(len(cap)) * 1.9)
        cap[:90, 1] += 3.0 * np.cos(np.arange(90) * 1.3)
    start = (part, hairline - 10) if style in ("side", "short") else (0.0, -170.0)
    return Hair(_bun(identity) if style == "tied" else None, (cap,), start)


def _bun(identity: Identity) -> np.ndarray:
    """Hair knotted behind the crown."""
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    radius = 34 + identity.hair_volume_px
    return np.column_stack([1.15 * radius * np.cos(angle), radius * np.sin(angle) - 212])


def draw_behind(canvas: np.ndarray, hair: Hair, identity: Identity, at: Conditions) -> None:
    """Draw the hair behind neck and shoulders.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    hair : Hair
        Its shape.
    identity : Identity
        Its colour.
    at : Conditions
        Pose and light.
    """
    if hair.behind is None:
        return
    points = place(smooth(hair.behind, 120, closed=True), at)
    window = window_around(points, 4, canvas.shape)
    mask = polygon_mask(points, window=window, soft_px=1.0)
    share = 0.5 if identity.hair_style == "tied" else 0.22
    blend(canvas, window, mask, share * linear(identity.hair_rgb))


def draw_front(
    canvas: np.ndarray, hair: Hair, identity: Identity, at: Conditions, rng: np.random.Generator
) -> None:
    """Draw the hair in front of the skull, with its shadow on the skin.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    hair : Hair
        Its shape.
    identity : Identity
        Style and colour.
    at : Conditions
        Pose and light.
    rng : numpy.random.Generator
        Source of the strands.
    """
    polygons = [place(points, at) for points in hair.front]
    window = window_around(np.vstack(polygons), 10, canvas.shape)
    soft = 2.6 if identity.hair_style in ("crew", "receding", "curly") else 1.1
    mask = polygon_mask(*polygons, window=window)
    shadow = uniform_filter(uniform_filter(np.roll(mask[::2, ::2], 2, axis=0), 5), 5)
    shade = np.repeat(np.repeat(shadow, 2, axis=0), 2, axis=1)
    multiply(canvas, window, 1 - 0.38 * shade[: window.shape[0], : window.shape[1]])
    mask = softened(mask, soft)
    strands = _strands(hair, identity, at, window, rng)
    edge = np.clip(mask * (1 + 0.55 * (strands - 1)) * 2.0 - 0.4, 0, 1)
    if identity.hair_style in _LENGTH_Y_PX:
        # The ends of long hair are uneven.
        end = np.vstack(polygons)[:, 1].max()
        edge *= np.clip((end - window.grid()[1]) / 45 + 1.5 * (strands - 1), 0, 1)
    tone = strands * _roundness(identity, at, window)
    blend(canvas, window, edge, linear(identity.hair_rgb) * tone)


def _strands(
    hair: Hair, identity: Identity, at: Conditions, window: Window, rng: np.random.Generator
) -> np.ndarray:
    """Brightness of the strands, about one: constant along lines that fall from the parting."""
    x, y = window.grid()
    if identity.hair_style == "curly":
        curls = np.sin(3.2 * blotches(rng, window.shape, 9.0) + x / 3.5)
        curls += np.sin(3.2 * blotches(rng, window.shape, 9.0) + y / 3.5)
        return np.clip(1 + 0.2 * curls, 0.4, 1.9)
    start = place(np.array([hair.parting]), at)[0].astype(np.float32)
    fall = 150.0 if identity.hair_style in _LENGTH_Y_PX else 60.0
    below = 10 * np.log1p(np.exp((y - start[1] + 42) / 10)) + 2
    line = (x - start[0]) / np.sqrt(1 - np.exp(-below / fall))
    line += 2.2 * blotches(rng, window.shape, 30.0)
    if identity.hair_style == "wavy":
        line += 6 * np.sin(y / 17) * np.clip((y - start[1] - 60) / 150, 0, 1)
    coarse = gaussian_filter(rng.standard_normal(2800), 4.5) * 0.68
    fine = gaussian_filter(rng.standard_normal(2800), 1.3) * 0.3
    table = (1 + coarse + fine).astype(np.float32)
    tone = table[np.clip(2 * line + 1400, 0, 2799).astype(np.intp)]
    uneven = softened(tone, 0.7) + 0.05 * blotches(rng, window.shape, 9.0)
    return np.clip(uneven, 0.4, 1.9)


def _roundness(identity: Identity, at: Conditions, window: Window) -> np.ndarray:
    """Light on the hair as on a ball, with a sheen above the forehead."""
    x, y = window.grid()
    centre = place(np.array([[0.0, -40.0]]), at)[0]
    u = (x - centre[0]) / (160 * at.scale)
    v = np.minimum((y - centre[1]) / (205 * at.scale), 0.25)
    facing = np.sqrt(np.clip(1 - u**2 - v**2, 0.04, 1))
    light = at.ambient + (1 - at.ambient) * (
        0.75 * facing + 0.5 * at.light_x * u - 0.55 * at.light_y * v
    )
    sheen = bell(((v + 0.55 + 0.25 * u**2) / 0.13) ** 2 + ((u - 0.4 * at.light_x) / 0.5) ** 2)
    return np.clip(0.95 * light + 0.4 * sheen, 0.15, None) * at.exposure
