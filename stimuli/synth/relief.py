"""Relief: the height of the face's surface, from its bones to the wrinkles of the action units."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from stimuli.synth.curves import smooth, xy
from stimuli.synth.geometry import Face, Units
from stimuli.synth.identity import Identity
from stimuli.synth.raster import Window, bell, doubled, line_mask


def slopes(
    shape: Face, identity: Identity, units: Units, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find how the surface of the face slopes.

    Parameters
    ----------
    shape : Face
        The face, placed in the picture.
    identity : Identity
        The lasting features.
    units : mapping of str to float
        Action units: they raise cheeks and make folds and wrinkles.
    window : Window
        Part of the picture, an even number of pixels each way.

    Returns
    -------
    slope_x, slope_y : numpy.ndarray
        Rise of the surface towards the viewer per pixel, shape of the window.
    hollow : numpy.ndarray
        How much lower a place is than what surrounds it, in pixels.
    """
    height = _broad(shape, identity, units, window)
    hollow = uniform_filter(uniform_filter(height, 19), 19) - height
    slope_y, slope_x = np.gradient(height, 2.0)
    fine = wrinkles(shape, identity, units, window)
    fine_y, fine_x = np.gradient(fine)
    deep = np.float32(-3.4)
    return (
        doubled(slope_x) + deep * fine_x,
        doubled(slope_y) + deep * fine_y,
        np.maximum(doubled(hollow), 0) + 2.2 * fine,
    )


def _broad(shape: Face, identity: Identity, units: Units, window: Window) -> np.ndarray:
    """Height of everything but wrinkles, at every second pixel."""
    x = np.arange(window.x0, window.x1, 2, dtype=np.float32)[None, :] + 0.5
    y = np.arange(window.y0, window.y1, 2, dtype=np.float32)[:, None] + 0.5

    def hill(at: np.ndarray, sigma_x: float, sigma_y: float) -> np.ndarray:
        """Raise a Gaussian hill of height one."""
        return bell(((x - at[0]) / sigma_x) ** 2 / 2) * bell(((y - at[1]) / sigma_y) ** 2 / 2)

    def ridge(curve: np.ndarray, sigma: float) -> np.ndarray:
        """Raise a ridge of height one along a curve that runs across the face."""
        order = np.argsort(curve[:, 0])
        cx, cy = curve[order, 0], curve[order, 1]
        middle = np.interp(x[0], cx, cy).astype(np.float32)[None, :]
        outside = np.maximum(np.maximum(cx[0] - x, x - cx[-1]), 0) / sigma
        return bell((((y - middle) / sigma) ** 2 + outside**2) / 2)

    height = _head(shape, x, y) + _nose(shape, identity, x, y, hill)
    for side, (eye, brow) in enumerate(zip(shape.eyes, shape.brows, strict=True)):
        middle = 0.5 * (eye.upper[15] + eye.lower[15])
        height -= 9 * hill(middle + xy(0, -4), 27, 14) - 6.5 * hill(middle, 17, 10)
        height += (3.2 + (identity.sex == "male") + 2.2 * units["AU4"]) * ridge(brow, 8)
        cheek = shape.cheeks[side]
        raised = 1.15 * units["AU6"] + 0.75 * units["AU12"] + 0.4 * units["AU9"]
        height += (6 + 3.5 * identity.cheek_fullness + 6.5 * raised) * hill(cheek, 27, 23)
        bag = eye.lower[15] + xy(0, 12)
        height += (2.2 * identity.eye_bags + 2.5 * units["AU6"] + 1.6 * units["AU7"]) * hill(
            bag, 17, 5.5
        )
    height += _folds(shape, identity, units, window)
    mouth = shape.mouth
    height += 7 * hill(mouth.upper_inner[30] + xy(0, 4), 40, 34)
    height += 3.4 * ridge(0.5 * (mouth.upper_outer + mouth.upper_inner)[8:53], 4.5)
    height += 4.2 * ridge(0.5 * (mouth.lower_inner + mouth.lower_outer)[10:51], 5.5)
    height -= 4.0 * ridge(mouth.lower_outer[18:43] + xy(0, 8), 5)
    height += (8 + 3.5 * units["AU17"]) * hill(shape.chin + xy(0, -24), 22, 17)
    philtrum = 0.5 * (shape.nostrils[2] + mouth.upper_outer[30])
    height -= 1.6 * hill(philtrum, 4, 10)
    # Brows drawn together pile up skin between them.
    glabella = 0.5 * (shape.brows[0][0] + shape.brows[1][0])
    height += 3.4 * units["AU4"] * hill(glabella + xy(0, 6), 8, 13)
    return height


def _head(shape: Face, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height of the bare head: rounded towards its outline."""
    skull = shape.skull
    top, bottom = skull[:, 1].argmin(), skull[:, 1].argmax()
    first, second = sorted((top, bottom))
    one, other = skull[first : second + 1], np.vstack([skull[second:], skull[: first + 1]])
    sides = []
    for half in (one, other):
        order = np.argsort(half[:, 1])
        sides.append(np.interp(y[:, 0], half[order, 1], half[order, 0]))
    left = np.minimum(*sides).astype(np.float32)[:, None]
    right = np.maximum(*sides).astype(np.float32)[:, None]
    u = (x - (left + right) / 2) / np.maximum((right - left) / 2, 64)
    v = (y - (skull[top, 1] + skull[bottom, 1]) / 2) / (skull[bottom, 1] - skull[top, 1]) * 2
    # A polynomial that falls on beyond the outline, where a ball's root would end.
    rounded = np.minimum(0.93 * np.abs(u) ** 2.4 + 0.62 * np.abs(v) ** 4, 1.9)
    height = 70 * (1 - 0.5 * rounded - 0.22 * rounded**2)
    return gaussian_filter(height, 2, truncate=2)


Hill = Callable[[np.ndarray, float, float], np.ndarray]


def _nose(shape: Face, identity: Identity, x: np.ndarray, y: np.ndarray, hill: Hill) -> np.ndarray:
    """Height of the nose above the face."""
    root, tip = shape.bridge[0], shape.bridge[3]
    base_y = shape.nostrils[2, 1]
    depth = identity.nose_depth
    down = np.clip((y - root[1] + 8) / (tip[1] - root[1] + 8), 0, 1)
    bridge = shape.bridge.astype(np.float32)
    middle = np.interp(y[:, 0], bridge[:, 1], bridge[:, 0]).astype(np.float32)[:, None]
    sigma = identity.bridge_width * (8.5 + 3.5 * down)
    ending = 1 / (1 + np.exp(np.clip((y - base_y + 2) / 3.0, -20, 20)))
    height = (5 + 15 * down**1.2) * ending * down**0.5 * bell(((x - middle) / sigma) ** 2 / 2)
    height += 8 * hill(tip + xy(0, 1), 11, 9)
    for ala in shape.alae:
        height += 7.5 * hill(ala + xy(0.2 * (tip[0] - ala[0]), 2), 7.5, 8)
    return depth * height


def _folds(shape: Face, identity: Identity, units: Units, window: Window) -> np.ndarray:
    """Nasolabial folds: the cheek swells outside of them, the skin dips along them."""
    deep = 0.22 + 0.5 * identity.age_lines + 0.75 * units["AU12"] + 0.7 * units["AU9"]
    deep += 0.75 * units["AU10"] + 0.25 * units["AU6"] + 0.25 * units["AU20"]
    half = Window(0, 0, window.shape[1] // 2, window.shape[0] // 2)

    def lines(shift_px: float, width_px: float, soft_px: float) -> np.ndarray:
        """Draw both folds, shifted outward, on the coarse grid."""
        drawn = []
        for sign, fold in zip((-1, 1), shape.folds, strict=True):
            points = fold + xy(sign * shift_px, -0.4 * shift_px) - [window.x0, window.y0]
            drawn.append((points / 2, width_px, 1.0))
        return line_mask(drawn, half, soft_px=soft_px)

    return deep * (6.0 * lines(9, 3, 3.2) - 3.6 * lines(0, 1.5, 1.6))


def wrinkles(shape: Face, identity: Identity, units: Units, window: Window) -> np.ndarray:
    """Draw the fine lines that age and action units leave.

    Parameters
    ----------
    shape : Face
        The face, placed in the picture.
    identity : Identity
        Age lines make every wrinkle deeper.
    units : mapping of str to float
        Action units.
    window : Window
        Part of the picture.

    Returns
    -------
    numpy.ndarray
        float32, shape of the window, 0 to about 0.5.
    """
    lines = [*_forehead(shape, identity, units), *_frown(shape, units)]
    for side in (0, 1):
        lines += _beside_the_eye(shape, identity, units, side)
        lines += _beside_the_mouth(shape, identity, units, side)
    chin = shape.chin + xy(0, -34)
    bend = np.column_stack([np.linspace(-26, 26, 15), 5 * np.cos(np.linspace(-1.6, 1.6, 15))])
    lines.append((chin + bend * [1, -1], 2.4, 0.55 * units["AU17"]))
    kept = [line for line in lines if line[2] > 0.04]
    return line_mask(kept, window, soft_px=1.3)


Line = tuple[np.ndarray, float, float]


def _forehead(shape: Face, identity: Identity, units: Units) -> list[Line]:
    """Horizontal lines of raised brows, whole (AU1 with AU2) or in the middle only (AU1)."""
    inner, outer = units["AU1"], units["AU2"]
    lines = []
    left, right = shape.brows
    middle = 0.5 * (left[0] + right[0])
    for row, share in enumerate((0.75, 1.0, 0.8)):
        up = -26 - 15 * row - 6 * identity.age_lines
        reach = 34 + 34 * min(outer, 1) - 5 * row
        x = np.linspace(-reach, reach, 25)
        # Raised outer brows bow the lines over each eye; the inner alone arch them in the middle.
        bow = 5 * outer * np.cos(x / reach * np.pi) - 7 * max(inner - outer, 0) * np.cos(x / 40)
        points = np.column_stack([middle[0] + x, middle[1] + up + bow])
        strength = share * (0.55 * max(inner, outer) + 0.2 * inner * outer)
        lines.append((points, 2.0, strength * (0.6 + 0.5 * identity.age_lines)))
        lines.append((points, 1.6, 0.25 * identity.age_lines * share))
    return lines


def _frown(shape: Face, units: Units) -> list[Line]:
    """Vertical lines between lowered brows (AU4), cross lines on the nose's root (AU9)."""
    lines = []
    left, right = shape.brows[0][0], shape.brows[1][0]
    middle = 0.5 * (left + right)
    for sign, inner in ((-1, left), (1, right)):
        foot = inner + xy(-sign * 5, 15)
        top = inner + xy(-sign * 6, -18)
        curve = smooth(np.array([top, 0.5 * (top + foot) + xy(-sign * 2, 0), foot]), 12)
        lines.append((curve, 2.6, 0.85 * units["AU4"] * (1 - 0.35 * min(units["AU1"], 1))))
    root = shape.bridge[0]
    for row in range(3):
        x = np.linspace(-13 - 2 * row, 13 + 2 * row, 13)
        y = root[1] - 2 + 8.5 * row - 3 * np.cos(x / 9)
        lines.append((np.column_stack([middle[0] + x, y]), 2.0, 0.75 * units["AU9"]))
    for sign in (-1, 1):
        for row in range(3):
            start = shape.bridge[1] + xy(sign * (11 + 2 * row), -6 + 8 * row)
            stop = start + xy(sign * 12, -9 + 2 * row)
            lines.append((np.array([start, stop]), 2.0, 0.6 * units["AU9"]))
    return lines


def _beside_the_eye(shape: Face, identity: Identity, units: Units, side: int) -> list[Line]:
    """Crow's feet and the furrow below the lower lid (AU6, AU7, age)."""
    sign = -1 if side == 0 else 1
    eye = shape.eyes[side]
    corner = eye.upper[-1]
    feet = 0.62 * units["AU6"] + 0.3 * identity.age_lines
    lines = []
    for rise in (-9, 1, 11):
        start = corner + xy(sign * 7, 0.5 * rise)
        stop = corner + xy(sign * 25, 1.4 * rise)
        curve = smooth(np.array([start, 0.5 * (start + stop) + xy(0, 1.5), stop]), 10)
        lines.append((curve, 1.6, feet))
    furrow = eye.lower[2:28] + np.column_stack(
        [np.zeros(26), 7 + 5 * np.sin(np.linspace(0, np.pi, 26))]
    )
    lines.append((furrow, 1.8, 0.3 * units["AU6"] + 0.4 * units["AU7"] + 0.35 * identity.eye_bags))
    return lines


def _beside_the_mouth(shape: Face, identity: Identity, units: Units, side: int) -> list[Line]:
    """Dimple of the corner (AU12, AU20), line below it (AU15), and the fold's sharp part."""
    sign = -1 if side == 0 else 1
    corner = shape.mouth.upper_outer[0 if side == 0 else -1]
    dimple = corner + np.array([[sign * 2, -6], [sign * 5, 0], [sign * 3, 7]])
    below = corner + np.array([[sign * 3, 3], [sign * 8, 13], [sign * 7, 26]])
    fold = shape.folds[side]
    sharp = 0.12 + 0.35 * identity.age_lines + 0.5 * units["AU12"] + 0.5 * units["AU9"]
    sharp += 0.5 * units["AU10"]
    return [
        (smooth(dimple, 10), 2.4, 0.6 * units["AU12"] + 0.5 * units["AU20"]),
        (smooth(below, 12), 2.2, 0.7 * units["AU15"] + 0.2 * identity.age_lines),
        (fold[2:20], 2.0, 0.7 * sharp),
    ]
