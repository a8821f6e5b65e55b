"""Ekman masks, against those that Gaya-Morey et al. (2024) published."""

import csv
from pathlib import Path

import numpy as np
import pytest

from stimuli.ekman import canonical_mask, ekman_mask, fill_polygon
from stimuli.tests.faces import face_points

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "data" / "masks" / "ekman"
NAMES = {
    "anger": "angry", "disgust": "disgusted", "fear": "afraid", "happiness": "happy",
    "sadness": "sad", "surprise": "surprised",
}  # fmt: skip


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published masks are not beside this")
def test_masks_of_the_canonical_face_are_the_published_ones() -> None:
    with (PUBLISHED / "landmarks_224x275.csv").open(encoding="utf-8") as file:
        landmarks = np.array([[float(row["x"]), float(row["y"])] for row in csv.DictReader(file)])
    stored = np.load(PUBLISHED / "masks.npz")
    for name, published in zip(stored["expressions"], stored["masks"], strict=True):
        ours = ekman_mask(landmarks, NAMES[str(name).lower()], 224, 275)
        overlap = (ours & (published > 0)).sum() / (ours | (published > 0)).sum()
        assert overlap > 0.95, name


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published masks are not beside this")
def test_canonical_masks_are_the_published_ones_pixel_for_pixel() -> None:
    stored = np.load(PUBLISHED / "masks.npz")
    for name, published in zip(stored["expressions"], stored["masks"], strict=True):
        np.testing.assert_array_equal(canonical_mask(NAMES[str(name).lower()]), published > 0)


def test_canonical_masks_have_the_published_areas() -> None:
    # Table of white pixels; the masks themselves are compared where they are at hand.
    areas = {
        "angry": 15376, "disgusted": 14444, "afraid": 18478, "happy": 13205, "sad": 19038,
        "surprised": 14614,
    }  # fmt: skip
    assert {name: canonical_mask(name).sum() for name in areas} == areas
    with pytest.raises(ValueError, match="but is 'neutral'"):
        canonical_mask("neutral")


def test_polygons_are_filled_as_opencv_does() -> None:
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    for _ in range(200):
        corners = rng.integers(0, 60, size=(rng.integers(3, 9), 2))
        theirs = np.zeros((60, 60), dtype=np.uint8)
        cv2.fillPoly(theirs, [corners.astype(np.int32)], 1)
        np.testing.assert_array_equal(fill_polygon(corners, (60, 60)), theirs > 0)


def test_masks_move_and_grow_with_the_face() -> None:
    points = face_points(x=100, y=110, unit=50)
    small = ekman_mask(points, "happy", 200, 200)
    moved = ekman_mask(points + np.array([7, 5]), "happy", 200, 200)
    np.testing.assert_array_equal(moved[5:, 7:], small[:-5, :-7])
    large = ekman_mask(points * 2, "happy", 400, 400)
    assert large.sum() == pytest.approx(4 * small.sum(), rel=0.05)


def test_neutral_has_the_areas_of_all() -> None:
    points = face_points(x=100, y=110, unit=50)
    parts = [ekman_mask(points, name, 200, 200) for name in NAMES.values()]
    np.testing.assert_array_equal(ekman_mask(points, "neutral", 200, 200), np.any(parts, axis=0))


def test_missing_points_are_refused() -> None:
    with pytest.raises(ValueError, match="68 finite points"):
        ekman_mask(np.full((68, 2), np.nan), "sad", 10, 10)
