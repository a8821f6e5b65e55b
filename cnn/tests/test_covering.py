"""Occlusion against a loop over pixels, and LIME against a ridge regression in closed form."""

import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.methods import explain_pictures
from cnn.network import Network
from cnn.preprocessing import CENTRED_RGB, Preprocessing
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network
SIDE = 12
TARGETS = np.array([1, 5])


@pytest.fixture(scope="module")
def network():
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((SIDE, SIDE, 3)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(7, name="logits"),
    ])  # fmt: skip
    bgr = Preprocessing("bgr", (90.0, 110.0, 130.0), (0.01, 0.02, 0.015))
    return Network("plain", SIDE, EXPRESSIONS, bgr, model)


@pytest.fixture(scope="module")
def pictures():
    """Even quarters with some noise, of which SLIC makes superpixels."""
    random = np.random.default_rng(8)
    quarters = random.integers(20, 230, (2, 2, 2, 3)).repeat(SIDE // 2, 1).repeat(SIDE // 2, 2)
    return (quarters + random.integers(-20, 20, quarters.shape)).astype(np.uint8)


def covered_logit(network, picture, rows, columns, colour, target):
    pixels = picture.astype(float)
    pixels[rows, columns] = colour
    inputs = network.preprocessing.apply(pixels[None]).astype(np.float32)
    return float(network.model(inputs).numpy()[0, target])


@pytest.mark.parametrize(
    ("patch", "stride", "fill"), [(4, 2, 127.5), (5, 3, "mean"), (3, 3, 0), (12, 12, 255)]
)
def test_occlusion_is_that_of_a_loop(network, pictures, patch, stride, fill):
    arguments = {"patch": patch, "stride": stride, "fill": fill}
    found = explain_pictures(network, pictures, TARGETS, "occlusion", arguments)
    starts = sorted({*range(0, SIDE - patch + 1, stride), SIDE - patch})
    for n, picture in enumerate(pictures):
        whole = float(network.logits(pictures)[n, TARGETS[n]])
        colour = picture.mean(axis=(0, 1)) if fill == "mean" else fill
        drops = {}
        for top in starts:
            for left in starts:
                rows, columns = slice(top, top + patch), slice(left, left + patch)
                seen = covered_logit(network, picture, rows, columns, colour, TARGETS[n])
                drops[top, left] = (whole - seen) / patch**2
        want = np.empty((SIDE, SIDE))
        for row, column in np.ndindex(SIDE, SIDE):
            over = [
                drop for (top, left), drop in drops.items()
                if top <= row < top + patch and left <= column < left + patch
            ]  # fmt: skip
            want[row, column] = np.mean(over)
        np.testing.assert_allclose(found.maps[n], want, atol=1e-4 * np.abs(want).max())


def test_patches_side_by_side_sum_to_the_drops(network, pictures):
    arguments = {"patch": SIDE, "stride": SIDE, "fill": 0}
    found = explain_pictures(network, pictures, TARGETS, "occlusion", arguments)
    black = network.logits(np.zeros_like(pictures))[[0, 1], TARGETS]
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.logits - black, rtol=1e-4)


def test_patches_that_do_not_fit_are_refused(network, pictures):
    for arguments in ({"patch": SIDE + 1}, {"patch": 2, "stride": 3}):
        with pytest.raises(InputError, match="A patch must be no larger than the picture"):
            explain_pictures(network, pictures, TARGETS, "occlusion", arguments)


def lime_by_hand(network, picture, target, samples, fill, width, probability, seed):
    """Ridge regression (alpha = 1, its constant free) by its normal equations, in float64."""
    from skimage.segmentation import slic

    places = slic(picture, n_segments=30, compactness=20.0, start_label=0)
    n_segments = places.max() + 1
    seen = np.random.RandomState(seed).randint(0, 2, samples * n_segments)
    seen = seen.reshape(samples, n_segments)
    seen[0] = 1
    answers = []
    for row in seen:
        shown = picture.copy()
        for segment in np.flatnonzero(row == 0):
            where = places == segment
            shown[where] = picture[where].mean(axis=0) if fill == "mean" else fill
        logits = network.logits(shown[None])[0].astype(float)
        powers = np.exp(logits - logits.max())
        answers.append(powers[target] / powers.sum() if probability else logits[target])
    # The angle to the whole picture, 1 less its cosine.
    lengths = np.sqrt(seen.sum(axis=1) * n_segments)
    distance = 1 - np.divide(seen.sum(axis=1), lengths, out=np.zeros(samples), where=lengths > 0)
    weights = np.sqrt(np.exp(-(distance**2) / width**2))
    design = np.column_stack([np.ones(samples), seen])
    penalty = np.diag([0.0] + [1.0] * n_segments)
    left = design.T @ (weights[:, None] * design) + penalty
    solved = np.linalg.solve(left, design.T @ (weights * np.array(answers)))
    return solved[1:][places]


@pytest.mark.parametrize(
    ("fill", "probability", "width"), [(0, False, 0.25), ("mean", False, 0.5), (90, True, 0.25)]
)
def test_lime_is_a_weighted_ridge_regression(network, pictures, fill, probability, width):
    arguments = {
        "samples": 100, "fill": fill, "probability": probability, "kernel_width": width, "seed": 5,
    }  # fmt: skip
    found = explain_pictures(network, pictures, TARGETS, "lime", arguments)
    for n, picture in enumerate(pictures):
        want = lime_by_hand(network, picture, TARGETS[n], 100, fill, width, probability, 5)
        np.testing.assert_allclose(found.maps[n], want, atol=1e-4 * np.abs(want).max())
    assert len(np.unique(found.maps[0])) > 4
    np.testing.assert_allclose(found.logits, network.logits(pictures)[[0, 1], TARGETS])


def test_lime_repeats_itself_picture_by_picture(network, pictures):
    both = explain_pictures(network, pictures, TARGETS, "lime", {"samples": 60}).maps
    second = explain_pictures(network, pictures[1:], TARGETS[1:], "lime", {"samples": 60}).maps
    np.testing.assert_array_equal(both[1:], second)
    other = explain_pictures(network, pictures, TARGETS, "lime", {"samples": 60, "seed": 2}).maps
    assert np.abs(other - both).max() > 0
    arguments = {"samples": 60, "positive": 1}
    positive = explain_pictures(network, pictures, TARGETS, "lime", arguments).maps
    np.testing.assert_array_equal(positive, np.maximum(both, 0))


def test_an_even_picture_has_an_even_map():
    keras = import_tensorflow().keras
    layers = keras.layers
    model = keras.Sequential([layers.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(7)])
    network = Network("even", SIDE, EXPRESSIONS, CENTRED_RGB, model)
    grey = np.full((1, SIDE, SIDE, 3), 128, np.uint8)
    maps = explain_pictures(network, grey, np.array([0]), "lime", {"samples": 20}).maps
    assert np.isfinite(maps).all()
