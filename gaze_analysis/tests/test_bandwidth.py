"""The kernel's width: likelihood one fixation at a time, and Scott's rule as SciPy has it."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gaussian_kde

from gaze_analysis import likelihood
from gaze_analysis.bandwidth import likelihood_bandwidth, scott_bandwidth, scott_sigma_px
from gaze_analysis.density import Grid, density_map
from gaze_analysis.likelihood import leave_one_out_gain
from gaze_analysis.trial_maps import MapRule
from study.errors import InputError

WIDTH, HEIGHT = 50, 40
RULE = MapRule(Grid(WIDTH, HEIGHT, 2), 6.0)


def looking(n_people=4, n_images=3, seed=2):
    """Draw fixations around two places of each picture; not everyone sees each picture."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"sub-{person}", f"P{image}", *rng.normal(place, 4.0), rng.uniform(100, 600))
        for person, image in itertools.product(range(n_people), range(n_images))
        if person != image
        for place in ((15 + 3 * image, 12), (34, 26))
        for _ in range(rng.integers(1, 4))
    ]
    table = pd.DataFrame(
        rows, columns=["participant_id", "image_id", "x_px", "y_px", "duration_ms"]
    )
    table[["x_px", "y_px"]] = table[["x_px", "y_px"]].clip(0, [WIDTH - 1, HEIGHT - 1], axis=1)
    return table


def normal(x, mean, sigma):
    return math.exp(-((x - mean) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


def below(x, mean, sigma):
    return 0.5 * (1 + math.erf((x - mean) / (sigma * math.sqrt(2))))


def kernel(at, centre, length, rule):
    """One kernel along one axis; reflected: the sum over its images in many mirrors."""
    if rule.edges != "reflected":
        return normal(at, centre, rule.sigma_px)
    images = [2 * length * m + c for m in range(-8, 9) for c in (centre, -1.0 - centre)]
    return sum(normal(at, image, rule.sigma_px) for image in images)


def mass(centre, length, rule):
    if rule.edges != "renormalised":
        return 1.0
    return below(length - 0.5, centre, rule.sigma_px) - below(-0.5, centre, rule.sigma_px)


def slow_gain(table, rule):
    """Judge each fixation by the others' map, in plain loops."""
    table = table.assign(w=table["duration_ms"] if rule.weighting == "duration" else 1.0)
    trials = {}
    for key, own in table.groupby(["image_id", "participant_id"]):
        others = table[(table["image_id"] == key[0]) & (table["participant_id"] != key[1])]
        bits = []
        for at in own.itertuples():
            maps, weights = [], []
            for _, other in others.groupby("participant_id"):
                total = sum(
                    f.w * mass(f.x_px, WIDTH, rule) * mass(f.y_px, HEIGHT, rule)
                    for f in other.itertuples()
                )
                value = sum(
                    f.w
                    * kernel(at.x_px, f.x_px, WIDTH, rule)
                    * kernel(at.y_px, f.y_px, HEIGHT, rule)
                    for f in other.itertuples()
                )
                maps.append(value / total)
                weights.append(total if rule.participants == "pooled" else 1.0)
            density = np.average(maps, weights=weights)
            bits.append(math.log2(0.99 * density * WIDTH * HEIGHT + 0.01))
        trials[key] = (np.average(bits, weights=own["w"]), own["w"].sum())
    frame = pd.DataFrame(trials, index=["gain", "w"]).T
    if rule.participants == "pooled":
        return np.average(frame["gain"], weights=frame["w"])
    return frame["gain"].groupby(level=1).mean().mean()


@pytest.mark.parametrize("edges", ["renormalised", "dropped", "reflected"])
@pytest.mark.parametrize("participants", ["equal", "pooled"])
@pytest.mark.parametrize("weighting", ["duration", "count"])
def test_the_gain_is_that_of_each_fixation_under_the_others_map(
    edges, participants, weighting, monkeypatch
):
    monkeypatch.setattr(likelihood, "_BLOCK", 5)
    rule = replace(RULE, edges=edges, participants=participants, weighting=weighting)
    table = looking()
    for sigma in (1.5, 6.0, 40.0):
        at = replace(rule, sigma_px=sigma)
        assert leave_one_out_gain(table, at) == pytest.approx(slow_gain(table, at), rel=1e-9)


def test_the_likeliest_width_is_the_best_of_many():
    table = looking(n_people=8, n_images=4)
    found = likelihood_bandwidth(table, RULE)
    widths = np.geomspace(0.3, 24, 120)
    gains = [leave_one_out_gain(table, replace(RULE, sigma_px=sigma)) for sigma in widths]
    assert found.sigma_px == pytest.approx(widths[np.argmax(gains)], rel=0.05)
    assert found.candidates["gain_bits"].max() >= max(gains) - 1e-4
    chosen = found.candidates[found.candidates["chosen"]]
    assert chosen["sigma_px"].tolist() == [found.sigma_px]
    assert found.candidates["sigma_px"].is_monotonic_increasing
    pd.testing.assert_frame_equal(
        found.candidates,
        likelihood_bandwidth(table.sample(frac=1, random_state=1), RULE).candidates,
        rtol=1e-9,
    )


def test_the_likeliest_width_grows_with_the_spread_of_gaze():
    narrow, wide = (
        pd.concat(
            [
                looking(8, 4, seed).assign(
                    x_px=lambda t, s=spread: 25 + (t["x_px"] - 25) * s,
                    y_px=lambda t, s=spread: 20 + (t["y_px"] - 20) * s,
                )
                for seed in (1,)
            ]
        )
        for spread in (0.5, 1.0)
    )
    ratio = likelihood_bandwidth(wide, RULE).sigma_px / likelihood_bandwidth(narrow, RULE).sigma_px
    assert 1.5 < ratio < 2.5


def test_a_likelihood_without_a_best_width_is_refused():
    table = looking()
    alone = table[table["participant_id"] == "sub-3"]
    with pytest.raises(InputError, match="two people looked at"):
        likelihood_bandwidth(alone, RULE)
    with pytest.raises(InputError, match=r"largest at 0\.25 px, the end"):
        likelihood_bandwidth(table.assign(x_px=10.0, y_px=10.0), RULE)


@pytest.mark.parametrize("weighted", [False, True])
def test_scotts_rule_is_scipys_for_round_data(weighted):
    rng = np.random.default_rng(4)
    points, w = rng.normal(size=(2, 60)), rng.uniform(0.5, 2, 60)
    w = w if weighted else np.ones(60)
    points = np.linalg.solve(np.linalg.cholesky(np.cov(points, aweights=w)), points)
    points = 7.0 * points + 30
    peer = gaussian_kde(points, weights=w)
    x, y = points
    sigma = scott_sigma_px(x, y, w)
    assert sigma == pytest.approx(7.0 * peer.factor, rel=1e-12)
    np.testing.assert_allclose(peer.covariance, sigma**2 * np.eye(2), rtol=1e-9, atol=1e-9)
    grid = Grid(60, 60, 2)
    where = np.stack(np.meshgrid(grid.x_px, grid.y_px)).reshape(2, -1)
    own = density_map(x, y, grid, sigma_px=sigma, weights=w, edges="dropped")
    np.testing.assert_allclose(own.ravel(), peer(where), rtol=1e-9)


def test_scotts_rule_keeps_the_mean_of_both_variances():
    rng = np.random.default_rng(5)
    x, y = rng.normal(0, 3, 40), rng.normal(0, 9, 40)
    peer = gaussian_kde(np.stack([x, y])).covariance
    assert scott_sigma_px(x, y) ** 2 == pytest.approx(np.trace(peer) / 2, rel=1e-12)


def test_seaborn_draws_the_same_map_for_round_data():
    statistics = pytest.importorskip("seaborn._statistics")
    rng = np.random.default_rng(6)
    points = rng.normal(size=(2, 50))
    points = np.linalg.solve(np.linalg.cholesky(np.cov(points)), points)
    seaborn, (x, y) = statistics.KDE(gridsize=20, cut=3)(*points)
    sigma = scott_sigma_px(*points)
    z = (x[:, None] - points[0]) / sigma, (y[:, None] - points[1]) / sigma
    own = np.exp(-(z[1] ** 2) / 2) @ np.exp(-(z[0] ** 2) / 2).T / (2 * np.pi * sigma**2 * 50)
    np.testing.assert_allclose(own, seaborn, rtol=1e-8)


def test_the_study_takes_the_median_picture():
    table = looking(6, 5)
    found = scott_bandwidth(table, RULE)
    widths = [
        scott_sigma_px(own["x_px"], own["y_px"], own["duration_ms"])
        for _, own in table.groupby("image_id")
    ]
    assert found.sigma_px == np.median(widths)
    assert found.candidates["sigma_px"].tolist() == [*widths, found.sigma_px]
    assert found.candidates["chosen"].tolist() == [False] * 5 + [True]
    with pytest.raises(InputError, match="at two places"):
        scott_bandwidth(table.assign(x_px=3.0, y_px=4.0), RULE)
    with pytest.raises(InputError, match="at two places"):
        scott_bandwidth(table.iloc[:1], RULE)
