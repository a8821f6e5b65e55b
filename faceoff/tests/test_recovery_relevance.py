"""Relevance where the expression shows, against copies of these regions elsewhere on the face."""

import numpy as np
import pytest

from faceoff.recovery_relevance import FEATURES, inside_and_elsewhere

SIDE = 20
Masks = dict[str, np.ndarray]


@pytest.fixture
def masks() -> Masks:
    """A face of a square, with features of a few cells."""
    corners = {
        "left_brow": (4, 5), "right_brow": (4, 12), "left_eye": (6, 5), "right_eye": (6, 12),
        "nose": (9, 9), "mouth": (13, 8),
    }  # fmt: skip
    found = {name: np.zeros((SIDE, SIDE), dtype=bool) for name in (*FEATURES, "left_cheek")}
    for name, (y, x) in corners.items():
        found[name][y : y + 1 + (name == "mouth"), x : x + 3] = True
    face = np.zeros((SIDE, SIDE), dtype=bool)
    face[2:18, 3:17] = True
    found["left_cheek"] = face & ~np.any(list(found.values()), axis=0)
    return found


def slow(relevance: np.ndarray, masks: Masks, name: str) -> tuple[float, float]:
    """Move one region cell by cell over the whole map."""
    cells = np.argwhere(masks[name])
    features = np.any([masks[other] for other in FEATURES], axis=0)
    face = np.any(list(masks.values()), axis=0)
    positive = np.maximum(relevance, 0)
    copies = []
    for dy in range(-SIDE, SIDE):
        for dx in range(-SIDE, SIDE):
            y, x = (cells + np.array([dy, dx])).T
            if min(y.min(), x.min()) < 0 or max(y.max(), x.max()) >= SIDE:
                continue
            if not features[y, x].any() and (~face[y, x]).mean() <= 0.2 + 0.5 / len(cells):
                copies.append(positive[y, x].mean())
    mean = float(positive.mean())
    return float(positive[masks[name]].mean()) / mean, float(np.mean(copies)) / mean


@pytest.mark.parametrize("name", ["left_eye", "mouth", "nose"])
def test_copies_are_those_of_moving_the_region_cell_by_cell(masks: Masks, name: str) -> None:
    relevance = np.random.default_rng(1).normal(size=(SIDE, SIDE))
    found = inside_and_elsewhere(relevance, masks, (name,))
    np.testing.assert_allclose(found, slow(relevance, masks, name))


def test_regions_weigh_by_their_size(masks: Masks) -> None:
    relevance = np.random.default_rng(2).normal(size=(SIDE, SIDE))
    both = inside_and_elsewhere(relevance, masks, ("left_eye", "mouth"))
    eye, mouth = (slow(relevance, masks, name) for name in ("left_eye", "mouth"))
    np.testing.assert_allclose(both, (3 * np.array(eye) + 6 * np.array(mouth)) / 9)


def test_relevance_on_the_mouth_is_found_there_and_not_elsewhere(masks: Masks) -> None:
    inside, elsewhere = inside_and_elsewhere(masks["mouth"].astype(float), masks, ("mouth",))
    assert inside == SIDE**2 / 6
    assert elsewhere == pytest.approx(0, abs=1e-12)


def test_an_even_map_prefers_nothing(masks: Masks) -> None:
    found = inside_and_elsewhere(np.ones((SIDE, SIDE)), masks, FEATURES)
    assert found == pytest.approx((1, 1))


def test_a_map_without_positive_relevance_says_nothing(masks: Masks) -> None:
    assert np.isnan(inside_and_elsewhere(-np.ones((SIDE, SIDE)), masks, ("mouth",))).all()
