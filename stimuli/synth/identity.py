"""Identity: what a face is, whatever it expresses."""

from dataclasses import dataclass

import numpy as np

HAIR_STYLES = {
    "female": ("long", "bob", "tied", "fringe", "wavy"),
    "male": ("short", "side", "crew", "receding", "curly"),
}
_HAIR_COLOURS = np.array(
    [
        [0.11, 0.09, 0.08],
        [0.22, 0.15, 0.11],
        [0.36, 0.24, 0.15],
        [0.55, 0.40, 0.24],
        [0.76, 0.62, 0.40],
        [0.48, 0.24, 0.13],
        [0.50, 0.47, 0.44],
    ]
)
_EYE_COLOURS = np.array(
    [
        [0.27, 0.16, 0.09],
        [0.38, 0.25, 0.13],
        [0.42, 0.42, 0.24],
        [0.36, 0.50, 0.60],
        [0.46, 0.55, 0.60],
        [0.33, 0.46, 0.38],
    ]
)
_SKIN_TONES = np.array(
    [
        [0.93, 0.78, 0.70],
        [0.90, 0.73, 0.63],
        [0.85, 0.67, 0.55],
        [0.74, 0.55, 0.43],
        [0.56, 0.39, 0.29],
        [0.42, 0.28, 0.21],
    ]
)


# Mean, standard deviation, and what is added for men.
_TRAITS = {
    "face_width": (0.985, 0.032, 0.03),
    "jaw_width": (0.93, 0.045, 0.11),
    "chin_width": (1.0, 0.1, 0.22),
    "chin_y_px": (205.0, 5.0, 9.0),
    "hairline_y_px": (-128.0, 8.0, 2.0),
    "cheek_fullness": (1.0, 0.22, 0.0),
    "eye_distance_px": (115.0, 3.5, 0.0),
    "eye_width_px": (61.0, 2.2, -2.5),
    "eye_upper_px": (13.0, 1.5, -1.6),
    "eye_lower_px": (9.0, 0.8, -0.4),
    "eye_tilt_px": (2.2, 1.8, 0.0),
    "lid_crease_px": (6.5, 1.6, -1.2),
    "iris_radius_px": (12.2, 0.35, -0.3),
    "brow_height_px": (-46.0, 4.0, 5.0),
    "brow_arch_px": (9.0, 2.5, -2.5),
    "brow_tilt_px": (1.0, 3.2, 0.0),
    "brow_thickness_px": (7.8, 1.1, 3.2),
    "brow_density": (0.72, 0.12, 0.08),
    "nose_length": (1.0, 0.045, 0.025),
    "nose_width": (0.9, 0.06, 0.11),
    "bridge_width": (1.0, 0.12, 0.08),
    "nose_depth": (0.95, 0.13, 0.1),
    "mouth_y_px": (131.0, 4.5, 3.0),
    "mouth_half_width_px": (44.0, 3.4, 2.0),
    "upper_lip_px": (11.5, 2.2, -2.6),
    "lower_lip_px": (16.0, 2.6, -3.0),
    "corner_rest_px": (0.8, 2.4, 0.0),
    "lip_redness": (0.78, 0.15, -0.36),
    "ear_size": (1.0, 0.09, 0.06),
    "neck_width": (82.0, 4.0, 17.0),
    "hair_volume_px": (21.0, 5.0, -6.0),
    "asymmetry": (0.0, 1.0, 0.0),
}


@dataclass(frozen=True)
class Identity:
    """The lasting features of one actor.

    Lengths are in pixels at the mean size of the set (115 px between the pupils); factors are
    relative to the mean face; colours are sRGB, 0 to 1.
    """

    sex: str
    face_width: float
    jaw_width: float
    chin_width: float
    chin_y_px: float
    hairline_y_px: float
    cheek_fullness: float
    eye_distance_px: float
    eye_width_px: float
    eye_upper_px: float
    eye_lower_px: float
    eye_tilt_px: float
    lid_crease_px: float
    iris_radius_px: float
    brow_height_px: float
    brow_arch_px: float
    brow_tilt_px: float
    brow_thickness_px: float
    brow_density: float
    nose_length: float
    nose_width: float
    bridge_width: float
    nose_depth: float
    mouth_y_px: float
    mouth_half_width_px: float
    upper_lip_px: float
    lower_lip_px: float
    corner_rest_px: float
    lip_redness: float
    age_lines: float
    eye_bags: float
    beard: float
    freckles: float
    ear_size: float
    neck_width: float
    hair_style: str
    hair_volume_px: float
    part_x_px: float
    asymmetry: float
    skin_rgb: tuple[float, float, float]
    hair_rgb: tuple[float, float, float]
    eye_rgb: tuple[float, float, float]


def draw_identity(sex: str, rng: np.random.Generator) -> Identity:
    """Draw the lasting features of one actor.

    Parameters
    ----------
    sex : str
        ``"female"`` or ``"male"``.
    rng : numpy.random.Generator
        Source of the numbers.

    Returns
    -------
    Identity
        The actor's features.

    Examples
    --------
    >>> draw_identity("female", np.random.default_rng(1)).sex
    'female'
    """
    male = sex == "male"
    traits = {
        name: _near(mean + male * shift, spread, rng)
        for name, (mean, spread, shift) in _TRAITS.items()
    }
    # Dark skin goes with dark hair and eyes; fair skin with any.
    dark = float(rng.beta(1.1, 2.4))
    hair = rng.uniform() * float(np.interp(dark, [0.25, 0.6], [1.0, 0.2]))
    eye = rng.uniform() * float(np.interp(dark, [0.3, 0.6], [1.0, 0.25]))
    return Identity(
        sex=sex,
        **traits,
        age_lines=round(float(rng.beta(1.4, 3.0)), 3),
        eye_bags=round(float(rng.beta(1.5, 3.0)), 3),
        beard=round(float(rng.beta(1.6, 1.8)) if male else 0.0, 3),
        freckles=round(float(rng.beta(0.7, 2.5)), 3),
        hair_style=str(rng.choice(HAIR_STYLES[sex])),
        part_x_px=round(float(rng.choice([-1, 1]) * rng.uniform(8, 55)), 3),
        skin_rgb=_colour(_SKIN_TONES, dark, 0.012, rng),
        hair_rgb=_colour(_HAIR_COLOURS, hair, 0.015, rng),
        eye_rgb=_colour(_EYE_COLOURS, eye, 0.02, rng),
    )


def _near(mean: float, spread: float, rng: np.random.Generator) -> float:
    """Draw around a mean, within two and a half standard deviations."""
    return round(mean + spread * float(np.clip(rng.normal(), -2.5, 2.5)), 3)


def _colour(
    table: np.ndarray, place: float, spread: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Draw a colour near a place along a table of colours."""
    index = np.arange(len(table))
    colour = [np.interp(place * (len(table) - 1), index, table[:, c]) for c in range(3)]
    noisy = np.clip(np.array(colour) + rng.normal(0, spread, 3), 0.03, 0.97)
    red, green, blue = (round(float(value), 3) for value in noisy)
    return red, green, blue
