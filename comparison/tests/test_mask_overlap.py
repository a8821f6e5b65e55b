"""Otsu's threshold and overlap, against slow versions from the formulas and scikit-image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import threshold_otsu

from comparison.mask_overlap import METRICS, foreground, otsu_threshold, overlap


def _slow_foreground(values: np.ndarray) -> np.ndarray:
    """Try every threshold, and keep the first with the greatest variance between the parts."""
    best, chosen = -1.0, values > values.max()
    for level in sorted(set(values.ravel().tolist()))[:-1]:
        above = values > level
        share = above.sum() / values.size
        between = share * (1 - share) * (values[above].mean() - values[~above].mean()) ** 2
        if between > best * (1 + 1e-12):
            best, chosen = between, above
    return chosen


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=2, max_size=80).filter(lambda v: len(set(v)) > 1))
def test_grey_levels_part_as_by_trying_every_threshold(levels: list[int]) -> None:
    values = np.array(levels, dtype=np.uint8)
    ours, slow = foreground(values), _slow_foreground(values.astype(np.float64))
    if not (ours == slow).all():
        # Two thresholds may be equally good; then rounding chooses.
        parts = [values[m].mean() - values[~m].mean() for m in (ours, slow)]
        shares = [m.mean() * (1 - m.mean()) for m in (ours, slow)]
        assert shares[0] * parts[0] ** 2 == pytest.approx(shares[1] * parts[1] ** 2, rel=1e-9)
    assert 0 < ours.sum() < len(levels)


def test_grey_levels_and_floats_are_those_of_scikit_image() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        grey = rng.gamma(2.0, 30.0, size=(30, 20)).clip(0, 255).astype(np.uint8)
        assert otsu_threshold(grey) == threshold_otsu(grey)
        floats = rng.gamma(2.0, 30.0, size=(30, 20))
        assert otsu_threshold(floats) == pytest.approx(threshold_otsu(floats))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.uint16, np.int64])
@pytest.mark.parametrize("scale", [1.0, 1 / 255, 2e-12])
def test_the_foreground_does_not_depend_on_type_or_unit(kind: type, scale: float) -> None:
    if scale != 1 and (np.issubdtype(kind, np.integer) or (kind is np.float16 and scale < 1e-6)):
        scale = 1.0
    rng = np.random.default_rng(2)
    for shape in (0.5, 2.0, 8.0):
        grey = (255 * rng.beta(shape, 2.0, size=(40, 30))).astype(np.uint8)
        other: np.ndarray = (grey * scale).astype(kind)
        np.testing.assert_array_equal(foreground(other), foreground(grey))


def test_many_values_far_from_zero_part_as_near_zero() -> None:
    values = np.random.default_rng(3).normal(size=(40, 40)) ** 2
    np.testing.assert_array_equal(foreground(values + 1e6), foreground(values))


@pytest.mark.parametrize("values", [[3, 3], [0.0, np.nan], [1.0, np.inf]])
def test_maps_that_cannot_be_parted_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="a map must"):
        otsu_threshold(values)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_overlap_counts_pixels(pairs: list[tuple[bool, bool]]) -> None:
    marked, mask = (list(column) for column in zip(*pairs, strict=True))
    if not any(mask):
        with pytest.raises(ValueError, match="must mark something"):
            overlap(marked, mask)
        return
    hits = sum(a and b for a, b in pairs)
    missed = sum(b and not a for a, b in pairs)
    wrong = sum(a and not b for a, b in pairs)
    found = overlap(marked, mask)
    assert set(found) == set(METRICS)
    assert found["iou"] == pytest.approx(hits / (hits + missed + wrong))
    assert found["recall"] == pytest.approx(hits / (hits + missed))
    assert found["f1"] == pytest.approx(2 * found["iou"] / (1 + found["iou"]))
    if any(marked):
        assert found["precision"] == pytest.approx(hits / (hits + wrong))
    else:
        assert np.isnan(found["precision"])


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="have the shape"):
        overlap(np.ones((2, 3)), np.ones((3, 2)))
