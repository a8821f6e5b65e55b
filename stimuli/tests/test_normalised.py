"""The normalised face space: affine maps come out exact, and scikit-image agrees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import PiecewiseAffineTransform

from stimuli.frames import Rect
from stimuli.normalised import (
    CANONICAL_LANDMARKS,
    HEIGHT_PX,
    NORMALISED,
    WIDTH_PX,
    mesh_points,
    normalised_places,
)

_x, _y = np.meshgrid(np.arange(WIDTH_PX), np.arange(HEIGHT_PX))
PIXELS = np.stack([_x, _y], axis=-1).astype(float)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.floats(-500, 500))
def test_an_affine_map_of_all_points_is_that_map_at_every_pixel(
    matrix: list[float], shift: float
) -> None:
    turn = np.array(matrix).reshape(2, 2)
    points = mesh_points(CANONICAL_LANDMARKS, NORMALISED) @ turn.T + [shift, -shift]
    np.testing.assert_allclose(
        normalised_places(points), PIXELS @ turn.T + [shift, -shift], atol=1e-9
    )


def test_a_face_that_fills_another_frame_is_stretched() -> None:
    frame = Rect(10, -20, 2 * WIDTH_PX, 3 * HEIGHT_PX)
    landmarks = (CANONICAL_LANDMARKS + 0.5) * [2, 3] + [9.5, -20.5]
    places = normalised_places(mesh_points(landmarks, frame))
    np.testing.assert_allclose(places, (PIXELS + 0.5) * [2, 3] + [9.5, -20.5], atol=1e-9)


def test_landmarks_lie_at_the_picture_s_own_landmarks() -> None:
    rng = np.random.default_rng(1)
    landmarks = CANONICAL_LANDMARKS * 2 + rng.normal(0, 3, size=(68, 2))
    places = normalised_places(mesh_points(landmarks, Rect(0, 0, 448, 550)))
    x, y = CANONICAL_LANDMARKS.T
    np.testing.assert_allclose(places[y, x], landmarks, atol=1e-9)


def test_places_are_those_of_scikit_image() -> None:
    rng = np.random.default_rng(2)
    landmarks = CANONICAL_LANDMARKS * 2 + rng.normal(0, 2, size=(68, 2))
    points = mesh_points(landmarks, Rect(0, 0, 448, 550))
    transform = PiecewiseAffineTransform.from_estimate(
        mesh_points(CANONICAL_LANDMARKS, NORMALISED), points
    )
    theirs = transform(PIXELS.reshape(-1, 2)).reshape(PIXELS.shape)
    np.testing.assert_allclose(normalised_places(points), theirs, atol=1e-6)


def test_missing_points_are_refused() -> None:
    with pytest.raises(ValueError, match="68 finite points"):
        mesh_points(np.full((68, 2), np.nan), NORMALISED)
