"""The perturbation engine against a slow one, and what all conditions share."""

import numpy as np
import pytest

from comparison import perturbation
from comparison.perturbation import (
    n_pictures_needed,
    occlude,
    perturbation_logits,
    picture_noise,
    random_orders,
)
from study.errors import InputError


class LinearNetwork:
    """A network whose logits are weighted sums of pixels."""

    def __init__(self, side_px: int) -> None:
        rng = np.random.default_rng(5)
        self.weights = rng.normal(size=(side_px * side_px * 3, 7)) / 1000
        self.calls: list[int] = []

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        assert pictures.dtype == np.uint8
        self.calls.append(len(pictures))
        return pictures.reshape(len(pictures), -1).astype(np.float64) @ self.weights


def _slow_picture(picture, noise, order, step, per_side):
    """Replace, pixel by pixel, what lies in the first tiles of the order."""
    side = picture.shape[0]
    gone = set(order[:step])
    result = picture.copy()
    for y in range(side):
        for x in range(side):
            tile = (y * per_side // side) * per_side + x * per_side // side
            if tile in gone:
                result[y, x] = noise[y, x]
    return result


def _case(
    n_pictures: int = 3, side: int = 8, per_side: int = 4, n_orders: int = 4
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (n_pictures, side, side, 3), dtype=np.uint8)
    noises = [picture_noise(1, f"P{i}", side) for i in range(n_pictures)]
    orders = np.stack([random_orders(1, f"P{i}", n_orders, per_side**2) for i in range(n_pictures)])
    return pictures, noises, orders


def _occluded(picture: np.ndarray, noise: np.ndarray, orders: np.ndarray) -> np.ndarray:
    out = np.empty((n_pictures_needed(orders), *picture.shape), dtype=np.uint8)
    occlude(picture, noise, orders, 4, out)
    return out


def test_steps_equal_those_of_a_slow_engine() -> None:
    pictures, noises, orders = _case()
    network = LinearNetwork(8)
    found = perturbation_logits(network, pictures, noises, orders, tiles_per_side=4)
    assert found.shape == (3, 4, 17, 7)
    for i in range(3):
        for j in range(4):
            for step in range(17):
                made = _slow_picture(pictures[i], noises[i], orders[i, j], step, 4)
                np.testing.assert_allclose(found[i, j, step], network.logits(made[None])[0])


def test_all_conditions_begin_and_end_alike() -> None:
    pictures, noises, orders = _case()
    found = perturbation_logits(LinearNetwork(8), pictures, noises, orders, tiles_per_side=4)
    np.testing.assert_array_equal(found[:, :, 0], found[:, :1, 0].repeat(4, axis=1))
    np.testing.assert_array_equal(found[:, :, 16], found[:, :1, 16].repeat(4, axis=1))
    made = _occluded(pictures[0], noises[0], orders[0])
    np.testing.assert_array_equal(made[0], pictures[0])
    np.testing.assert_array_equal(made[1], noises[0])


def test_nothing_is_shown_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, noises, orders = _case()
    network = LinearNetwork(8)
    perturbation_logits(network, pictures, noises, orders, tiles_per_side=4)
    assert sum(network.calls) == 3 * (2 + 4 * 15)
    assert max(network.calls) <= perturbation.PICTURES_PER_CALL


@pytest.mark.parametrize("per_call", [1, 7, 500])
def test_batches_change_nothing(per_call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case()
    whole = perturbation_logits(LinearNetwork(8), *case, tiles_per_side=4)
    monkeypatch.setattr(perturbation, "PICTURES_PER_CALL", per_call)
    done: list[int] = []
    parts = perturbation_logits(LinearNetwork(8), *case, tiles_per_side=4, advance=done.append)
    np.testing.assert_allclose(parts, whole, atol=1e-12)
    assert sum(done) == 3


def test_tiles_of_a_side_that_does_not_divide() -> None:
    picture = np.zeros((10, 10, 3), dtype=np.uint8)
    noise = np.full((10, 10, 3), 255, dtype=np.uint8)
    made = _occluded(picture, noise, np.arange(16)[None])
    shares = (made[2:] == 255).mean(axis=(1, 2, 3))
    assert (np.diff(shares) > 0).all()
    assert made.shape[0] == 17


def test_noise_fills_the_whole_range_and_is_the_pictures_own() -> None:
    noise = picture_noise(1, "AF01AFS", 224)
    assert noise.min() == 0
    assert noise.max() == 255
    # Mean and deviation of the uniform distribution over 0..255, within five standard errors.
    assert abs(noise.mean() - 127.5) < 5 * 73.9 / np.sqrt(noise.size)
    assert abs(noise.std() - np.sqrt((256**2 - 1) / 12)) < 0.5
    np.testing.assert_array_equal(noise, picture_noise(1, "AF01AFS", 224))
    assert (noise != picture_noise(1, "AF01ANS", 224)).mean() > 0.9
    assert (noise != picture_noise(2, "AF01AFS", 224)).mean() > 0.9


def test_random_orders_are_permutations_and_keep_their_beginning() -> None:
    few, many = random_orders(1, "A", 3, 16), random_orders(1, "A", 10, 16)
    np.testing.assert_array_equal(few, many[:3])
    assert (np.sort(many, axis=1) == np.arange(16)).all()
    assert len({tuple(order) for order in many}) == 10
    assert (random_orders(1, "B", 3, 16) != few).any()


def test_a_network_that_answers_nothing_is_refused() -> None:
    network = LinearNetwork(8)
    network.weights[:] = np.nan
    with pytest.raises(InputError, match="finite"):
        perturbation_logits(network, *_case(), tiles_per_side=4)
