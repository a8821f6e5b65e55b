"""The perturbation engine against a slow one, and what all conditions share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparison.fills import FILLS, IMPUTING, cover, imputer
from comparison.perturbation import Removal, greedy_order, order_logits, random_orders
from comparison.tiles import tile_edges
from study.errors import InputError

SIDE = 8


class LinearNetwork:
    """A network whose logits are weighted sums of pixels."""

    def __init__(self, side_px: int = SIDE) -> None:
        rng = np.random.default_rng(5)
        self.weights = rng.normal(size=(side_px * side_px * 3, 7)) / 1000
        self.calls: list[int] = []

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        assert pictures.dtype == np.uint8
        self.calls.append(len(pictures))
        return pictures.reshape(len(pictures), -1).astype(np.float64) @ self.weights

    def covered_logits(
        self, picture: np.ndarray, cover: np.ndarray, covered: np.ndarray, tile_of_pixel: np.ndarray
    ) -> np.ndarray:
        return self.logits(np.where(covered[:, tile_of_pixel, None], cover, picture))


def removal(
    fill: str = "uniform", steps: int = 16, side: int = SIDE, *, shifted: bool = False
) -> Removal:
    return Removal(tile_edges(side, 4, shifted=shifted), fill, steps, 1)


def some_picture(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)


def slow_picture(
    picture: np.ndarray, noise: np.ndarray, order: np.ndarray, n_gone: int, edges: np.ndarray
) -> np.ndarray:
    """Replace, pixel by pixel, what lies in the first tiles of the order."""
    per_side = len(edges) - 1
    gone = set(order[:n_gone].tolist())
    result = picture.copy()
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            row = max(i for i in range(per_side) if edges[i] <= y)
            column = max(i for i in range(per_side) if edges[i] <= x)
            if row * per_side + column in gone:
                result[y, x] = noise[y, x]
    return result


@pytest.mark.parametrize("fill", sorted(set(FILLS) - set(IMPUTING)))
@pytest.mark.parametrize(("side", "steps", "shifted"), [(8, 16, False), (10, 5, True)])
def test_steps_equal_those_of_a_slow_engine(
    fill: str, side: int, steps: int, shifted: bool
) -> None:
    picture, network = some_picture(side), LinearNetwork(side)
    how = removal(fill, steps, side, shifted=shifted)
    orders = random_orders(1, "A", 3, how.n_tiles)
    found = order_logits(network, picture, "A", orders, how)
    assert found.shape == (3, steps + 1, 7)
    noise = cover(fill, picture, 1, "A")
    for order, answers in zip(orders, found, strict=True):
        for step in range(steps + 1):
            n_gone = round(step * how.n_tiles / steps)
            made = slow_picture(picture, noise, order, n_gone, how.edges)
            np.testing.assert_allclose(answers[step], network.logits(made[None])[0])


def test_nothing_is_shown_twice() -> None:
    network = LinearNetwork()
    order = random_orders(1, "A", 1, 16)
    order_logits(network, some_picture(), "A", np.concatenate([order, order]), removal())
    assert sum(network.calls) == 17


@pytest.mark.parametrize("fill", IMPUTING)
def test_imputed_pictures_are_those_of_the_imputer(fill: str) -> None:
    picture, network, how = some_picture(), LinearNetwork(), removal(fill)
    order = random_orders(1, "A", 1, 16)
    found = order_logits(network, picture, "A", order, how)[0]
    fill_in = imputer(fill, picture, 1, "A")
    for step in range(17):
        made = fill_in(np.isin(how.tile_of_pixel, order[0, :step]))
        np.testing.assert_allclose(found[step], network.logits(made[None])[0])
    assert max(network.calls) <= 17


def test_the_oracle_is_greedy_in_both_directions() -> None:
    picture, network, how = some_picture(), LinearNetwork(), removal()
    noise = cover("uniform", picture, 1, "A")
    for least_first, choose in ((False, min), (True, max)):
        order = greedy_order(network, picture, "A", 2, how, least_first=least_first)
        assert sorted(order) == list(range(16))
        for step in range(16):
            sure = {}
            for tile in sorted(set(range(16)) - set(order[:step])):
                tried = np.array([*order[:step], tile])
                made = slow_picture(picture, noise, tried, step + 1, how.edges)
                logits = network.logits(made[None])[0]
                sure[tile] = logits[2] - np.log(np.exp(logits).sum())
            assert sure[order[step]] == pytest.approx(choose(sure.values()), abs=1e-12)


@given(
    fill=st.sampled_from(sorted(FILLS)),
    values=st.integers(0, 2**32 - 1),
    missing=st.lists(st.booleans(), min_size=36, max_size=36),
)
def test_kept_pixels_stay_as_they_are(fill: str, values: int, missing: list[bool]) -> None:
    picture = np.random.default_rng(values).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    gone = np.array(missing).reshape(6, 6)
    if fill in IMPUTING:
        shown = imputer(fill, picture, 1, "A")(gone)
    else:
        shown = np.where(gone[..., None], cover(fill, picture, 1, "A"), picture)
    np.testing.assert_array_equal(shown[~gone], picture[~gone])


def test_linear_imputation_solves_the_equations_of_its_paper() -> None:
    from comparison.fills import _linear

    values = np.random.default_rng(4).normal(size=(7, 9, 3))
    gone = np.random.default_rng(5).random((7, 9)) < 0.5
    found = _linear(values, gone)
    np.testing.assert_array_equal(found[~gone], values[~gone])
    for y, x in np.argwhere(gone):
        total = weights = 0.0
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                inside = 0 <= y + dy < 7 and 0 <= x + dx < 9
                if (dy or dx) and inside:
                    weight = 1 / 12 if dy and dx else 1 / 6
                    total = total + weight * found[y + dy, x + dx]
                    weights += weight
        np.testing.assert_allclose(found[y, x], total / weights, atol=1e-10)


def test_a_ramp_is_imputed_as_a_ramp_at_every_size() -> None:
    for side in (60, 240):
        line = np.linspace(20, 230, side)
        picture = np.repeat(np.tile(line, (side, 1))[..., None], 3, axis=2).round().astype(np.uint8)
        gone = np.zeros((side, side), dtype=bool)
        gone[side // 3 : side // 2, side // 3 : side // 2] = True
        for fill, tolerance in (("linear", 12), ("inpaint", 4)):
            shown = imputer(fill, picture, 1, "A")(gone)
            off = np.abs(shown.astype(int) - picture)[gone]
            assert off.max() <= tolerance


def test_noise_fills_the_whole_range_and_is_the_pictures_own() -> None:
    blank = np.zeros((224, 224, 3), dtype=np.uint8)
    noise = cover("uniform", blank, 1, "AF01AFS")
    assert noise.min() == 0
    assert noise.max() == 255
    # Mean and deviation of the uniform distribution over 0..255, within five standard errors.
    assert abs(noise.mean() - 127.5) < 5 * 73.9 / np.sqrt(noise.size)
    assert abs(noise.std() - np.sqrt((256**2 - 1) / 12)) < 0.5
    np.testing.assert_array_equal(noise, cover("uniform", blank, 1, "AF01AFS"))
    assert (noise != cover("uniform", blank, 1, "AF01ANS")).mean() > 0.9
    assert (noise != cover("uniform", blank, 2, "AF01AFS")).mean() > 0.9


def test_random_orders_are_permutations_and_keep_their_beginning() -> None:
    few, many = random_orders(1, "A", 3, 16), random_orders(1, "A", 10, 16)
    np.testing.assert_array_equal(few, many[:3])
    assert (np.sort(many, axis=1) == np.arange(16)).all()
    assert len({tuple(order) for order in many}) == 10
    assert (random_orders(1, "B", 3, 16) != few).any()


def test_a_network_that_answers_nothing_is_refused() -> None:
    network = LinearNetwork()
    network.weights[:] = np.nan
    with pytest.raises(InputError, match="finite"):
        order_logits(network, some_picture(), "A", np.arange(16)[None], removal())
