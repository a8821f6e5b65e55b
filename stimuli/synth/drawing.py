"""Drawing: one picture from identity, action units and conditions."""

import numpy as np
from PIL import Image
from scipy.special import ndtri

from stimuli.synth import features, hair
from stimuli.synth.conditions import HEIGHT_PX, WIDTH_PX, Conditions, place
from stimuli.synth.curves import smooth, xy
from stimuli.synth.features import linear
from stimuli.synth.geometry import Face, Units, face, landmarks, moved
from stimuli.synth.identity import Identity
from stimuli.synth.raster import (
    Window,
    bell,
    blend,
    blotches,
    line_mask,
    multiply,
    polygon_mask,
    spot,
    window_around,
)
from stimuli.synth.relief import slopes


def draw_picture(
    identity: Identity,
    units: Units,
    conditions: Conditions,
    actor: np.random.Generator,
    camera: np.random.Generator,
) -> tuple[Image.Image, np.ndarray]:
    """Draw one picture and give its landmarks.

    Parameters
    ----------
    identity : Identity
        The lasting features of the actor.
    units : mapping of str to float
        Intensities of the action units.
    conditions : Conditions
        Pose, light and camera.
    actor : numpy.random.Generator
        Source of the actor's skin and hair texture; give it fresh for each picture.
    camera : numpy.random.Generator
        Source of the camera's noise.

    Returns
    -------
    picture : PIL.Image.Image
        RGB, 562 by 762 pixels.
    points : numpy.ndarray
        Shape (68, 2), landmarks in pixels of the picture.
    """
    front = face(identity, units)
    shape = moved(front, lambda points: place(points, conditions))
    cut = hair.hair_shape(identity)
    canvas = _background(conditions)
    hair.draw_behind(canvas, cut, identity, conditions)
    _draw_body(canvas, shape, identity, conditions)
    _draw_ears(canvas, shape, identity, conditions)
    light = _draw_skin(canvas, shape, identity, units, conditions, actor)
    for eye, brow in zip(shape.eyes, shape.brows, strict=True):
        features.draw_eye(canvas, eye, identity, conditions, light)
        features.draw_brow(canvas, brow, identity, light, actor)
    features.draw_nostrils(canvas, shape, conditions)
    features.draw_mouth(canvas, shape, identity, units, conditions)
    hair.draw_front(canvas, cut, identity, conditions, actor)
    return _photograph(canvas, conditions, camera), landmarks(shape)


def _background(conditions: Conditions) -> np.ndarray:
    """Light a plain wall, brighter on the lamp's side."""
    x = np.linspace(-1, 1, WIDTH_PX, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, HEIGHT_PX, dtype=np.float32)[:, None]
    wall = 1 + 0.07 * conditions.light_x * x - 0.06 * y - 0.07 * (x**2 + y**2)
    tone = linear([1.0, 0.985, 0.955]) * conditions.background**2
    canvas: np.ndarray = wall * (tone * np.float32(conditions.exposure))
    return canvas


def _draw_body(canvas: np.ndarray, shape: Face, identity: Identity, conditions: Conditions) -> None:
    """Draw neck and grey T-shirt, with the shadow of the head on the neck."""
    wide = identity.neck_width
    side = np.array([[wide, 110], [wide * 0.97, 190], [wide * 1.03, 240], [wide + 42, 282]])
    neck = np.vstack([side, [[60, 350], [-60, 350]], (side * [-1, 1])[::-1]])
    neck = place(neck, conditions)
    window = window_around(neck, 2, canvas.shape)
    x, y = window.grid()
    middle = place(np.array([[0.0, 240.0]]), conditions)[0]
    u = np.clip((x - middle[0]) / (wide + 8), -1, 1)
    lit = conditions.ambient + (1 - conditions.ambient) * (
        0.85 * np.sqrt(1 - 0.85 * u**2) + 0.45 * conditions.light_x * u
    )
    muscle = bell(((np.abs(u) - 0.62 + 0.0022 * (y - middle[1])) / 0.1) ** 2)
    lit = lit * (1 - 0.1 * muscle)
    jaw = np.clip(1 - (y - shape.chin[1] - 6) / 46, 0, 1)
    lit = lit * (1 - 0.5 * jaw**1.3) * 0.94 * conditions.exposure
    tone = lit * linear(identity.skin_rgb)
    blend(canvas, window, polygon_mask(neck, window=window, soft_px=0.8), tone)
    _draw_shirt(canvas, identity, conditions)


def _draw_shirt(canvas: np.ndarray, identity: Identity, conditions: Conditions) -> None:
    """Draw the T-shirt with its collar."""
    wide = identity.neck_width
    collar = smooth(
        np.array(
            [[-wide - 24, 268], [-wide + 14, 312], [0, 342], [wide - 14, 312], [wide + 24, 268]]
        ),
        60,
    )
    shoulder = np.array([[wide + 24, 268], [180, 304], [252, 332], [330, 400], [330, 430]])
    outline = np.vstack([collar, smooth(shoulder, 30), (smooth(shoulder, 30) * [-1, 1])[::-1]])
    outline, collar = place(outline, conditions), place(collar, conditions)
    window = window_around(outline, 2, canvas.shape)
    x, y = window.grid()
    middle = place(np.array([[0.0, 300.0]]), conditions)[0]
    u = (x - middle[0]) / 290
    lit = 0.95 - 0.25 * np.abs(u) ** 2 + 0.22 * conditions.light_x * u - 0.001 * (y - middle[1])
    tone = (lit * conditions.exposure) * linear([0.47, 0.475, 0.49])
    blend(canvas, window, polygon_mask(outline, window=window, soft_px=0.8), tone)
    lines = [(collar + xy(0, 15), 2.0, 0.8), (collar + xy(0, 1), 3.0, 0.5)]
    multiply(canvas, window, 1 - 0.28 * line_mask(lines, window, soft_px=1.2))


def _draw_ears(canvas: np.ndarray, shape: Face, identity: Identity, conditions: Conditions) -> None:
    """Draw both ears behind the outline of the head."""
    wide, size = 123 * identity.face_width, identity.ear_size
    for sign in (-1, 1):
        rim = np.array(
            [[-6, 58], [-10, 0], [6, -22], [18, -20], [23, 0], [17, 28], [9, 52], [2, 62]]
        ) * [sign * size, size]
        ear = place(smooth(rim, 60, closed=True) + xy(sign * wide, 4), conditions)
        window = window_around(ear, 4, canvas.shape)
        lit = conditions.ambient + (1 - conditions.ambient) * (
            0.62 + 0.3 * conditions.light_x * sign
        )
        tone = linear(identity.skin_rgb) * linear([1.02, 0.95, 0.94]) * lit * conditions.exposure
        blend(canvas, window, polygon_mask(ear, window=window, soft_px=0.7), tone)
        hollow = place(
            np.array([[4, -8], [13, -10], [16, 4], [9, 24], [5, 36]]) * [sign * size, size]
            + xy(sign * wide, 4),
            conditions,
        )
        multiply(canvas, window, 1 - 0.4 * line_mask([(hollow, 5, 1.0)], window, soft_px=2.0))


def _draw_skin(
    canvas: np.ndarray,
    shape: Face,
    identity: Identity,
    units: Units,
    conditions: Conditions,
    actor: np.random.Generator,
) -> float:
    """Draw the shaded skin of the head, and give the mean brightness of its light."""
    around = window_around(shape.skull, 4, canvas.shape)
    window = Window(
        around.x0,
        around.y0,
        around.x1 - (around.x1 - around.x0) % 2,
        around.y1 - (around.y1 - around.y0) % 2,
    )
    slope_x, slope_y, hollow = slopes(shape, identity, units, window)
    lit, gloss = _light(slope_x, slope_y, hollow, conditions)
    albedo = _albedo(shape, identity, window, actor)
    tone = albedo * lit + gloss
    blend(canvas, window, polygon_mask(shape.skull, window=window, soft_px=0.7), tone)
    middle = lit[lit.shape[0] // 3 : lit.shape[0] // 2]
    return float(middle[:, middle.shape[1] // 4 : -middle.shape[1] // 4].mean())


def _light(
    slope_x: np.ndarray, slope_y: np.ndarray, hollow: np.ndarray, conditions: Conditions
) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of matt skin, and its gloss, from the slopes of the surface."""
    towards = np.array([conditions.light_x, conditions.light_y, 1.15])
    towards = (towards / np.linalg.norm(towards)).astype(np.float32)
    length = np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    facing = (-slope_x * towards[0] + slope_y * towards[1] + towards[2]) / length
    key = np.clip(0.86 * facing + 0.14, 0, None)
    occluded = 1 - np.clip(0.035 * hollow, 0, 0.5)
    share = conditions.ambient
    lit = conditions.exposure * occluded * (share * (0.72 + 0.28 / length) + (1 - share) * key)
    shine = np.clip(facing, 0, 1) ** 2
    shine *= shine
    shine *= shine
    return lit, 0.07 * conditions.exposure * shine * shine


def _albedo(
    shape: Face, identity: Identity, window: Window, actor: np.random.Generator
) -> np.ndarray:
    """Colour of the skin: flushed cheeks, shadows of beard and eye bags, freckles, pores."""
    tip = shape.bridge[3]
    blood = 0.10 * blotches(actor, window.shape, 34) + 0.4 * spot(window, tip, 17, 17)
    for cheek in shape.cheeks:
        blood += 0.5 * spot(window, cheek, 36, 30)
    shade = 1 + 0.035 * blotches(actor, window.shape, 60)
    for eye in shape.eyes:
        dark = 0.06 + 0.16 * identity.eye_bags
        shade -= dark * spot(window, eye.lower[15] + xy(0, 9), 24, 12)
    pores = 0.6 * blotches(actor, window.shape, 1.7)
    shade *= 1 + 0.05 * pores
    freckles = np.maximum(blotches(actor, window.shape, 5.0) - 1.25, 0)
    shade -= 0.28 * identity.freckles * freckles * spot(window, tip - xy(0, 25), 95, 55)
    skin = linear(identity.skin_rgb)
    flush = skin * linear([0.98, 0.86, 0.85]) - skin
    albedo = shade * (skin + np.clip(blood, -0.3, 0.9) * flush)
    if identity.beard > 0.05:
        cover = np.clip(_beard(shape, identity, window) * (0.8 + 0.5 * pores), 0, 0.8)
        albedo += cover * (linear([0.32, 0.29, 0.28]) - albedo)
    return albedo


def _beard(shape: Face, identity: Identity, window: Window) -> np.ndarray:
    """Cover of a shaved beard: jaw, chin and upper lip."""
    x, y = window.grid()
    mouth = shape.mouth
    middle = 0.5 * (mouth.upper_outer[0] + mouth.upper_outer[-1])

    def rising(distance: np.ndarray) -> np.ndarray:
        """Go smoothly from 0 to 1 around a border."""
        return 1 / (1 + np.exp(-np.clip(distance, -30, 30)))

    jaw = rising((y - middle[1] + 10) / 10)
    side = rising((np.abs(x - middle[0]) - 92) / 8) * rising((y - shape.bridge[2, 1]) / 14)
    lip = spot(window, xy(middle[0], mouth.upper_outer[30, 1] - 7), 44, 9, power=3)
    cover: np.ndarray = 0.42 * identity.beard * np.maximum(np.maximum(jaw, side), lip)
    return cover.astype(np.float32)


def _photograph(
    canvas: np.ndarray, conditions: Conditions, camera: np.random.Generator
) -> Image.Image:
    """Take the picture: white balance, the curve of sRGB, noise."""
    # 256 quantiles of a normal distribution, picked by random bytes.
    levels = 255 * conditions.noise_sigma * ndtri((np.arange(256) + 0.5) / 256)
    room = int(np.rint(levels.max()))
    # Unsigned bytes wrap around, so that adding 255 takes one away.
    grain = np.rint(levels).astype(np.int16).astype(np.uint8)
    channels = []
    for plane, balance in zip(canvas, (conditions.warmth, 0, -conditions.warmth), strict=True):
        plane *= np.float32(1 + balance)
        np.clip(plane, 0, 1, out=plane)
        np.sqrt(plane, out=plane)
        plane *= 255 - 2 * room
        plane += room
        picked = camera.integers(0, 256, plane.shape, dtype=np.uint8)
        channels.append(Image.fromarray(plane.astype(np.uint8) + grain[picked]))
    return Image.merge("RGB", channels)
