"""Ekman masks, against those that Gaya-Morey et al. (2024) published."""

import csv
from pathlib import Path

import numpy as np
import pytest

from stimuli.ekman import ekman_mask
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
