"""Noise on pictures: its size, its grain, and what is refused."""

import numpy as np
import pytest
from skimage.util import random_noise

from stimuli.noise import add_gaussian_noise
from study.errors import InputError

PICTURE = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize("variance", [0.0, 0.001, 0.05, 0.5])
def test_the_noise_is_that_of_scikit_image(variance: float) -> None:
    ours = add_gaussian_noise(PICTURE, variance, np.random.default_rng(3))
    theirs = random_noise(PICTURE, "gaussian", rng=np.random.default_rng(3), var=variance)
    assert ours.dtype == np.uint8
    np.testing.assert_allclose(ours, 255 * theirs, atol=0.5 + 1e-9)


def test_one_seed_gives_the_same_noise_at_every_variance() -> None:
    grey = np.full((32, 32, 3), 128, dtype=np.uint8)
    weak, strong = (
        add_gaussian_noise(grey, variance, np.random.default_rng(1)).astype(float) - 128
        for variance in (0.0025, 0.01)
    )
    np.testing.assert_allclose(strong, 2 * weak, atol=1.5)


def test_coarse_noise_is_that_of_a_small_picture() -> None:
    small = np.full((1, 16, 16, 3), 128, dtype=np.uint8)
    large = np.full((1, 48, 48, 3), 128, dtype=np.uint8)
    seen = add_gaussian_noise(small, 0.02, np.random.default_rng(5))
    shown = add_gaussian_noise(large, 0.02, np.random.default_rng(5), noise_px=16)
    np.testing.assert_array_equal(shown, seen.repeat(3, axis=1).repeat(3, axis=2))
    odd = add_gaussian_noise(large, 0.02, np.random.default_rng(5), noise_px=20)
    assert odd.shape == large.shape


@pytest.mark.parametrize(
    ("picture", "variance", "noise_px", "message"),
    [
        (PICTURE, -0.1, None, "must be 0 or greater, but it is -0.1"),
        (PICTURE, float("nan"), None, "must be 0 or greater"),
        (PICTURE / 255, 0.1, None, "uint8"),
        (PICTURE[:40], 0.1, None, "square"),
        (PICTURE, 0.1, 49, "between 1 and 48"),
        (PICTURE, 0.1, 0, "between 1 and 48"),
    ],
)
def test_bad_noise_is_refused(
    picture: np.ndarray, variance: float, noise_px: int | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        add_gaussian_noise(picture, variance, np.random.default_rng(1), noise_px=noise_px)
