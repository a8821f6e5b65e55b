"""Geometry: the curves and the 68 landmarks of a face from its identity and action units.

Face frame: origin midway between the pupils, x to the viewer's right, y down, in pixels of the
mean face (115 px between the pupils).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stimuli.synth.curves import across, smooth, xy
from stimuli.synth.identity import Identity

Units = Mapping[str, float]
Transform = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Eye:
    """One eye; curves run from the inner to the outer corner."""

    upper: np.ndarray
    lower: np.ndarray
    crease: np.ndarray
    iris: np.ndarray
    iris_radius_px: float

    @property
    def outline(self) -> np.ndarray:
        """Closed polygon of the opening between the lids."""
        return np.vstack([self.upper, self.lower[::-1]])


@dataclass(frozen=True)
class Mouth:
    """The lips, each curve from the viewer's left to the right corner, and the teeth."""

    upper_outer: np.ndarray
    upper_inner: np.ndarray
    lower_inner: np.ndarray
    lower_outer: np.ndarray
    upper_teeth: np.ndarray
    lower_teeth: np.ndarray

    @property
    def opening(self) -> np.ndarray:
        """Closed polygon between the lips."""
        return np.vstack([self.upper_inner, self.lower_inner[::-1]])

    @property
    def upper_lip(self) -> np.ndarray:
        """Closed polygon of the upper lip."""
        return np.vstack([self.upper_outer, self.upper_inner[::-1]])

    @property
    def lower_lip(self) -> np.ndarray:
        """Closed polygon of the lower lip."""
        return np.vstack([self.lower_inner, self.lower_outer[::-1]])


@dataclass(frozen=True)
class Face:
    """All curves of one face; pairs are (viewer's left, viewer's right)."""

    skull: np.ndarray
    jaw: np.ndarray
    brows: tuple[np.ndarray, np.ndarray]
    eyes: tuple[Eye, Eye]
    bridge: np.ndarray
    nostrils: np.ndarray
    alae: np.ndarray
    mouth: Mouth
    folds: tuple[np.ndarray, np.ndarray]
    cheeks: np.ndarray
    chin: np.ndarray


def face(identity: Identity, units: Units) -> Face:
    """Build the curves of one face.

    Parameters
    ----------
    identity : Identity
        The lasting features.
    units : mapping of str to float
        Intensities of the action units.

    Returns
    -------
    Face
        Curves in the face frame.

    Examples
    --------
    >>> from stimuli.synth.expression import ACTION_UNITS
    >>> from stimuli.synth.identity import draw_identity
    >>> someone = draw_identity("male", np.random.default_rng(1))
    >>> landmarks(face(someone, dict.fromkeys(ACTION_UNITS, 0.0))).shape
    (68, 2)
    """
    skull, jaw = _outline(identity, units)
    mouth = _mouth(identity, units)
    bridge, nostrils, alae = _nose(identity, units)
    brows = (_brow(identity, units, -1), _brow(identity, units, 1))
    eyes = (_eye(identity, units, -1), _eye(identity, units, 1))
    folds = (_fold(alae, mouth, units, -1), _fold(alae, mouth, units, 1))
    lift = 11 * units["AU6"] + 9 * units["AU12"] + 4 * units["AU9"]
    spread = 72 + 5 * units["AU12"]
    cheeks = np.array([[-spread, 62 - lift], [spread, 62 - lift]])
    return Face(skull, jaw, brows, eyes, bridge, nostrils, alae, mouth, folds, cheeks, chin=jaw[8])


def landmarks(shape: Face) -> np.ndarray:
    """Read the 68 landmarks off the curves.

    Parameters
    ----------
    shape : Face
        A face in any frame.

    Returns
    -------
    numpy.ndarray
        Shape (68, 2), iBUG 300-W order (1 to 68), x and y in pixels.

    References
    ----------
    Sagonas, Tzimiropoulos, Zafeiriou and Pantic (2013), 300 Faces in-the-Wild Challenge.
    """
    left, right = shape.eyes
    mouth = shape.mouth

    def at(curve: np.ndarray, *shares: float) -> np.ndarray:
        """Take points at shares of a curve's length in points."""
        return curve[[round(share * (len(curve) - 1)) for share in shares]]

    return np.vstack(
        [
            shape.jaw,
            shape.brows[0][::-1],
            shape.brows[1],
            shape.bridge,
            shape.nostrils,
            at(left.upper, 1, 2 / 3, 1 / 3, 0),
            at(left.lower, 1 / 3, 2 / 3),
            at(right.upper, 0, 1 / 3, 2 / 3, 1),
            at(right.lower, 2 / 3, 1 / 3),
            at(mouth.upper_outer, 0, 0.19, 0.38, 0.5, 0.62, 0.81, 1),
            at(mouth.lower_outer, 0.81, 0.64, 0.5, 0.36, 0.19),
            at(mouth.upper_inner, 0.1, 0.3, 0.5, 0.7, 0.9),
            at(mouth.lower_inner, 0.7, 0.5, 0.3),
        ]
    )


def _drop(units: Units) -> float:
    """How far the jaw has fallen, in pixels."""
    return 17 * units["AU26"] + 30 * units["AU27"]


def _side(identity: Identity, sign: int) -> float:
    """How much stronger one side of this face moves."""
    return 1 + 0.06 * sign * identity.asymmetry


def _outline(identity: Identity, units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Outline of the head (closed), and its 17 jaw points from ear to ear."""
    drop = _drop(units)
    chin = identity.chin_y_px + drop - 3 * units["AU17"]
    width, jaw = identity.face_width, identity.jaw_width
    full = 1 + 0.02 * (identity.cheek_fullness - 1) - 0.02 * drop / 40
    side = np.array(
        [
            [0, -205],
            [62 * width, -190],
            [106 * width, -140],
            [121 * width, -75],
            [124 * width, -10],
            [122 * width * full, 45],
            [113 * width * (0.4 + 0.6 * jaw) * full, 100 + 0.1 * drop],
            [92 * jaw * full, 146 + 0.55 * drop],
            [64 * jaw * (0.7 + 0.3 * identity.chin_width), chin - 27],
            [33 * identity.chin_width, chin - 4.5],
            [0, chin],
        ]
    )
    left = side[1:-1][::-1] * [-1, 1]
    skull = smooth(np.vstack([side, left]), 240, closed=True)
    below = skull[skull[:, 1] > -8]
    # From the viewer's left ear over the chin to the right ear, equally spaced along the way.
    order = below[np.argsort(np.arctan2(below[:, 0], below[:, 1] - 20))]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(order, axis=0).T))])
    stops = np.linspace(0, along[-1], 17)
    jaw_points = np.column_stack([np.interp(stops, along, order[:, axis]) for axis in (0, 1)])
    return skull, jaw_points


def _brow(identity: Identity, units: Units, sign: int) -> np.ndarray:
    """Five points along the middle of a brow, from the inner to the outer end."""
    level, arch, tilt = identity.brow_height_px, identity.brow_arch_px, identity.brow_tilt_px
    x = np.array([19.0, 38.0, 57.0, 76.0, 93.0])
    y = level + arch * np.array([0.15, -0.55, -0.95, -0.75, 0.35]) - tilt * (x - 57) / 40
    raised = units["AU1"] * np.array([1, 0.72, 0.3, 0.05, 0]) * 19
    raised += units["AU2"] * np.array([0.05, 0.35, 0.85, 1, 0.8]) * 18
    lowered = units["AU4"] * np.array([1, 0.92, 0.6, 0.25, 0.05]) * 15
    lowered += units["AU9"] * np.array([1, 0.7, 0.3, 0.1, 0]) * 8 + 2 * units["AU6"]
    # Raised inner ends win over the frown: the brows of sadness and fear slope outward.
    lowered = lowered * (1 - 0.4 * min(units["AU1"], 1))
    inward = units["AU4"] * np.array([8.5, 7, 4, 1.5, 0]) + units["AU9"] * np.array([3, 2, 1, 0, 0])
    strength = _side(identity, sign)
    y = y - strength * raised + lowered + 1.5 * sign * identity.asymmetry
    return np.column_stack([sign * (x - inward), y])


def _eye(identity: Identity, units: Units, sign: int) -> Eye:
    """Lids, lid crease and iris of one eye."""
    centre, width = identity.eye_distance_px / 2, identity.eye_width_px
    t = np.linspace(0, 1, 31)
    base = 2.0 - identity.eye_tilt_px * (t - 0.3) - 1.5 * units["AU1"] * units["AU4"] * (0.5 - t)
    x = centre - width / 2 + width * t
    raised = 7.0 * units["AU5"] + 1.2 * (units["AU1"] + units["AU2"])
    upper = identity.eye_upper_px + raised * _side(identity, sign)
    upper -= 2.2 * units["AU7"] + 4.6 * units["AU43"] + 1.6 * units["AU4"] + 2.2 * units["AU9"]
    upper -= 1.6 * units["AU6"]
    lower = identity.eye_lower_px - 4.2 * units["AU7"] - 4.4 * units["AU6"] - 3.0 * units["AU9"]
    lower += 1.2 * units["AU5"] - 0.6 * units["AU12"]
    upper, lower = max(upper, 3.6), max(lower, 2.2)
    top = base - upper * (1 - np.abs(2 * t**0.88 - 1) ** 2.4)
    # Sadness pulls the inner half of the upper lid up, so that the lid slopes outward.
    top += 3.0 * min(units["AU1"], units["AU43"]) * (t - 0.45) * np.sin(np.pi * t)
    bottom = base + lower * (1 - np.abs(2 * t**1.12 - 1) ** 2.2)
    hood = identity.lid_crease_px + 2.5 * units["AU43"] - 3.5 * units["AU4"] - 1.5 * units["AU5"]
    hood += 2.2 * (units["AU1"] + units["AU2"])
    crease = top - max(hood, 1.5) * np.sin(np.pi * (0.06 + 0.88 * t)) ** 0.6
    iris = np.array([sign * centre, -1.0])
    return Eye(
        upper=np.column_stack([sign * x, top]),
        lower=np.column_stack([sign * x, bottom]),
        crease=np.column_stack([sign * (x + 2 * t), crease]),
        iris=iris,
        iris_radius_px=identity.iris_radius_px,
    )


def _nose(identity: Identity, units: Units) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four points down the bridge, five along the base, and the two alae."""
    length, width = identity.nose_length, identity.nose_width
    raised = 7 * units["AU9"] + 3 * units["AU10"] + 1.5 * units["AU12"]
    bridge = np.column_stack([np.zeros(4), np.array([0, 24, 48, 70]) * length])
    bridge[3, 1] -= 0.4 * raised
    wide = width + 0.08 * units["AU9"] + 0.1 * units["AU12"] + 0.07 * units["AU20"]
    base_y = np.array([82.0, 85.5, 88.0, 85.5, 82.0]) * length
    base_y -= raised * np.array([0.9, 0.7, 0.4, 0.7, 0.9])
    nostrils = np.column_stack([np.array([-21, -11, 0, 11, 21]) * wide, base_y])
    ala_y = 74 * length - raised
    alae = np.array([[-28 * wide, ala_y], [28 * wide, ala_y]])
    return bridge, nostrils, alae


def _mouth(identity: Identity, units: Units) -> Mouth:
    """Lips and teeth: teeth stay with skull and jaw, the lips uncover them."""
    u, drop = units, _drop(units)
    middle = identity.mouth_y_px + 2 * u["AU12"]
    half = identity.mouth_half_width_px + 15 * u["AU12"] + 12 * u["AU20"] - 5 * u["AU23"]
    half += 2 * u["AU10"] + 2 * u["AU9"] - 0.28 * drop - 2 * u["AU17"]
    corner = middle + identity.corner_rest_px - 19 * u["AU12"] + 13 * u["AU15"]
    corner += 4 * u["AU20"] + 0.3 * drop - 2 * u["AU9"]
    thin = (1 - 0.5 * min(u["AU23"], 1)) * (1 - 0.22 * u["AU20"]) * (1 - 0.18 * u["AU12"])
    upper_lip = identity.upper_lip_px * thin * (1 - 0.1 * u["AU9"])
    lower_lip = identity.lower_lip_px * thin * (1 - 0.25 * u["AU17"]) * (1 - 0.15 * u["AU16"])
    raised = 9 * u["AU10"] + 4 * u["AU9"] + 3.0 * u["AU12"]
    pushed = 6 * u["AU17"]
    parted = min(u["AU25"], 1.1)
    gap = parted * (4 + 0.75 * raised + 8 * u["AU16"] + 3 * u["AU20"] + 8 * u["AU12"])
    gap += drop * min(1.0, 1.6 * parted)
    seam = middle - raised * (0.45 + 0.55 * min(parted, 1)) - pushed
    x = np.linspace(-1, 1, 61)
    knots = np.array([-1.0, -0.62, -0.24, 0, 0.24, 0.62, 1.0])

    def line(centre: float, mid: float, corner_y: float, dip: float = 0.0) -> np.ndarray:
        """Draw a lip line through corners, the middle thirds and the centre."""
        heights = np.array([corner_y, mid, centre, centre + dip, centre, mid, corner_y])
        skewed = heights + 1.2 * identity.asymmetry * knots * (u["AU12"] + u["AU15"] + 0.3)
        return np.column_stack([half * x, across(knots, skewed, x)])

    arch = np.clip(0.42 + 0.2 * u["AU10"] + 0.25 * u["AU12"] + 0.2 * u["AU20"], 0, 0.85)
    hollow = np.clip(0.7 - 0.25 * u["AU15"] - 0.3 * u["AU17"], 0.3, 0.9)

    def between(low: float, share: float) -> float:
        """Height of the middle third between the corner and the centre."""
        return corner + (low - corner) * share

    inner_up = line(seam, between(seam, 0.62 + 0.5 * (arch - 0.42)), corner, 1.0)
    inner_low = line(seam + gap, between(seam + gap, 0.78 if gap > 8 else 0.66), corner, 0.6)
    inner_low[:, 1] = np.maximum(inner_low[:, 1], inner_up[:, 1])
    top = seam - upper_lip
    outer_up = line(top, between(top, arch + 0.18), corner - 0.8, 0.28 * upper_lip)
    bottom = seam + gap + lower_lip
    outer_low = line(bottom, between(bottom, hollow + 0.12), corner + 0.8, 0.4)
    # A smile shows teeth across its width; the tooth edges follow the lower lip.
    edge = identity.mouth_y_px + 6.0
    upper_teeth = np.column_stack([half * x, edge - 5 * x**2])
    lower_edge = identity.mouth_y_px + 5.0 + 0.95 * drop
    lower_teeth = np.column_stack([half * x, lower_edge - 3 * x**2])
    return Mouth(outer_up, inner_up, inner_low, outer_low, upper_teeth, lower_teeth)


def _fold(alae: np.ndarray, mouth: Mouth, units: Units, sign: int) -> np.ndarray:
    """Nasolabial fold of one side, from the ala past the corner of the mouth."""
    ala = alae[0] if sign < 0 else alae[1]
    corner = mouth.upper_outer[0] if sign < 0 else mouth.upper_outer[-1]
    out = sign * (9 + 6 * units["AU12"] + 3 * units["AU10"])
    start = ala + xy(sign * 4, -5)
    middle = 0.5 * (ala + corner) + xy(sign * (10 + 9 * units["AU12"] + 5 * units["AU10"]), -6)
    end = corner + xy(out, 4 + 6 * units["AU15"])
    return smooth(np.array([start, middle, end]), 24)


def moved(shape: Face, transform: Transform) -> Face:
    """Apply a transform of points to every curve of a face.

    Parameters
    ----------
    shape : Face
        A face.
    transform : callable
        Takes points of shape (n, 2) and returns their new places.

    Returns
    -------
    Face
        The moved face; lengths such as the iris radius scale with the transform.
    """
    scale = float(np.diff(transform(np.array([[0.0, 0.0], [0.0, 1.0]])), axis=0)[0, 1])

    def eye(one: Eye) -> Eye:
        """Move one eye."""
        return Eye(
            upper=transform(one.upper),
            lower=transform(one.lower),
            crease=transform(one.crease),
            iris=transform(one.iris[None])[0],
            iris_radius_px=one.iris_radius_px * scale,
        )

    mouth = Mouth(**{name: transform(curve) for name, curve in vars(shape.mouth).items()})
    plain = ("skull", "jaw", "bridge", "nostrils", "alae", "cheeks")
    return replace(
        shape,
        **{name: transform(getattr(shape, name)) for name in plain},
        brows=(transform(shape.brows[0]), transform(shape.brows[1])),
        eyes=(eye(shape.eyes[0]), eye(shape.eyes[1])),
        mouth=mouth,
        folds=(transform(shape.folds[0]), transform(shape.folds[1])),
        chin=transform(shape.chin[None])[0],
    )
