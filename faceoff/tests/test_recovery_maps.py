"""Maps of fixations that are drawn from a strategy come as near to it as is said."""

import numpy as np
import pytest

from experiment.tests.made_up_study import made_up_landmarks
from faceoff.recovery_maps import least_correlation, planted_shares, smoothed
from stimuli.regions import REGIONS, region_of, region_polygons

SHAPE, SIGMA = (112, 112), 11.0


@pytest.fixture(scope="module")
def shares() -> np.ndarray:
    probabilities = np.linspace(1.0, 2.0, len(REGIONS))
    return planted_shares([(probabilities / probabilities.sum(), made_up_landmarks() / 4)], SHAPE)


def test_each_region_has_its_probability(shares: np.ndarray) -> None:
    assert shares.sum() == pytest.approx(1)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    names = region_of(
        np.column_stack([x.ravel(), y.ravel()]), region_polygons(made_up_landmarks() / 4)
    )
    found = [shares.ravel()[names == region].sum() for region in REGIONS]
    assert found == pytest.approx(np.linspace(1.0, 2.0, len(REGIONS)) / 15.0, abs=0.003)


def test_maps_of_drawn_fixations_agree_as_well_as_is_said(shares: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    whole = smoothed(shares, SIGMA).ravel()
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    found = []
    for _ in range(300):
        cells = rng.choice(shares.size, size=60, p=shares.ravel())
        # The sum of kernels, fixation by fixation.
        kernels = [
            np.exp(-((x - x.ravel()[c]) ** 2 + (y - y.ravel()[c]) ** 2) / (2 * SIGMA**2))
            for c in cells[:60]
        ]
        found.append(np.corrcoef(np.sum(kernels, axis=0).ravel(), whole)[0, 1])
    least = least_correlation(shares, SIGMA, 60, 1.645)
    assert np.mean(np.array(found) < least) == pytest.approx(0.05, abs=0.045)


def test_more_fixations_come_nearer(shares: np.ndarray) -> None:
    least = [least_correlation(shares, SIGMA, n, 3.29) for n in (10, 100, 1000, 100_000)]
    assert least == sorted(least)
    assert least[-1] > 0.999
