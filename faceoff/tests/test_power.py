"""Power: what is planted is planted exactly, and counts agree with theory where there is one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from comparison.resampling import Draws
from experiment.observers import draw_observer
from faceoff.power.design import Design, make_design
from faceoff.power.estimate import answers, needed_participants, power_table, try_studies, wilson
from faceoff.power.inference import (
    OVER_BOTH,
    OVER_PARTICIPANTS,
    OVER_PICTURES,
    between_expressions,
    p_values,
)
from faceoff.power.planting import plant
from study.errors import InputError
from study.settings.observers import ObserversSettings

QUESTION: dict[str, Any] = {
    "between": "happy,sad", "expression": "happy", "region": "mouth", "effect": 0.05,
    "participants": "8,16", "pictures": "4,8", "n_studies": 500, "wanted_power": 0.8,
    "alpha": 0.05, "network_spread": 0.05, "seed": 1,
}  # fmt: skip


def question(**changes: Any) -> Design:
    return make_design(**(QUESTION | changes))


def made_up_studies(
    design: Design, *, people: float, pictures: float, noise: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw normal values: a participant's own difference, pictures' effects, and noise."""
    rng = np.random.default_rng(7)
    shape = design.participants[-1], design.pictures[-1]
    studies = []
    for _ in range(design.n_studies):
        own = rng.normal(0.0, people, size=(shape[0], 1))
        first, second = (
            rng.normal(0.0, pictures, size=shape[1]) + rng.normal(0.0, noise, size=shape)
            for _ in range(2)
        )
        studies.append((design.effect + own + first, second))
    return studies


def row(table: pd.DataFrame, test: str, n_participants: int, n_pictures: int) -> pd.Series:
    own = table[
        (table["test"] == test)
        & (table["n_participants"] == n_participants)
        & (table["n_pictures"] == n_pictures)
    ]
    return own.iloc[0]


def test_the_planted_difference_is_that_of_drawn_observers_in_front_of_drawn_pictures() -> None:
    settings = ObserversSettings(between_strategy=0.5, between_picture_strategy=0.4)
    design = question(effect=0.12)
    planted = plant(settings, design)
    differences = []
    for number in range(4000):
        observer = draw_observer(planted, f"sub-{number}", seed=5)
        shares = [
            observer.facing(f"{name}{number}", name).strategy[name]["mouth"]
            for name in design.expressions
        ]
        differences.append(shares[0] - shares[1])
    error = np.std(differences) / np.sqrt(len(differences))
    assert abs(np.mean(differences) - 0.12) < 4 * error


def test_without_an_effect_both_expressions_are_looked_at_alike() -> None:
    planted = plant(ObserversSettings(), question(effect=0.0))
    assert planted.strategy.happy == pytest.approx(planted.strategy.sad)
    assert planted.strategy.angry == ObserversSettings().strategy.angry


def test_an_effect_that_no_share_can_have_is_refused() -> None:
    with pytest.raises(InputError, match="Both shares must be between 0 and 1"):
        plant(ObserversSettings(), question(effect=0.9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"between": "happy"}, "two expressions"),
        ({"between": "happy,glad"}, "known expression"),
        ({"region": "moth"}, "Did you mean 'mouth'"),
        ({"participants": "8,x"}, "whole numbers"),
        ({"participants": "2,8"}, "3 or more"),
        ({"effect": 5.0}, "between -1 and 1"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        question(**changes)


def test_where_pictures_do_not_differ_power_is_that_of_the_paired_t_test() -> None:
    design = question(n_studies=1000)
    studies = made_up_studies(design, people=0.06, pictures=0.0, noise=0.1)
    table = power_table(try_studies(studies, design), design)
    for n_participants in design.participants:
        for n_pictures in design.pictures:
            sd = np.sqrt(0.06**2 + 2 * 0.1**2 / n_pictures)
            expected = TTestPower().power(0.05 / sd, n_participants, 0.05)
            found = row(table, OVER_PARTICIPANTS, n_participants, n_pictures)
            error = np.sqrt(expected * (1 - expected) / design.n_studies)
            assert abs(found["power"] - expected) < 3.5 * error
            assert abs(found["type_1_error"] - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / 1000)
            assert found["estimate"] == pytest.approx(0.05, abs=4 * sd / np.sqrt(n_participants))


def test_where_pictures_differ_only_the_test_over_both_keeps_its_level() -> None:
    design = question(n_studies=600, effect=0.0)
    studies = made_up_studies(design, people=0.05, pictures=0.06, noise=0.1)
    table = power_table(try_studies(studies, design), design)
    limit = 3.5 * np.sqrt(0.05 * 0.95 / 600)
    assert row(table, OVER_PARTICIPANTS, 16, 4)["type_1_error"] > 0.15
    errors = table.loc[table["test"] == OVER_BOTH, "type_1_error"]
    assert (errors < 0.05 + limit).all()
    assert errors.iloc[-1] == pytest.approx(0.05, abs=limit)
    assert (table["power"] - table["type_1_error"]).abs().max() < 0.02  # nothing was planted


def test_gaze_and_network_differ_by_what_was_planted() -> None:
    design = question(between="gaze,network", participants="8", pictures="8,16", effect=0.04)
    rng = np.random.default_rng(3)
    gaze = [(0.3 + rng.normal(0.0, 0.05, size=(8, 16)),) for _ in range(design.n_studies)]
    results = try_studies(gaze, design)
    table = power_table(results, design)
    assert set(table["test"]) == {OVER_PICTURES, OVER_BOTH}
    sd = np.sqrt(0.05**2 / 8 + 0.05**2)
    expected = TTestPower().power(0.04 / sd, 16, 0.05)
    found = row(table, OVER_PICTURES, 8, 16)
    assert found["estimate"] == pytest.approx(0.04, abs=0.003)
    assert found["power"] == pytest.approx(expected, abs=0.06)


def test_a_smaller_study_is_the_beginning_of_a_larger_one() -> None:
    large = question(n_studies=3)
    studies = made_up_studies(large, people=0.05, pictures=0.05, noise=0.1)
    small = replace(large, participants=(8,), pictures=(4,))
    own = try_studies([(a[:8, :4], b[:8, :4]) for a, b in studies], small)
    both = try_studies(studies, large)
    assert np.array_equal(own.p[:, :, 0, 0], both.p[:, :, 0, 0])


def test_what_is_left_out_is_passed_over() -> None:
    first, second = np.full((4, 3), 0.5), np.full((4, 3), 0.2)
    first[0, 0] = second[1, :] = np.nan
    differences = between_expressions(first, second)
    assert differences.participants == pytest.approx([0.3, 0.3, 0.3])
    assert [len(values) for values in differences.pictures] == [3, 3]


def test_the_quasi_f_is_that_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    people, pictures = rng.normal(0, 0.2, size=(2, 12, 1)), rng.normal(0, 0.3, size=(2, 1, 9))
    first, second = 0.2 + people + pictures + rng.normal(0, 0.1, size=(2, 12, 9))
    # The same by mean squares (Clark 1973): A condition, P participants, I pictures within A.
    table = np.stack([first, second])
    n, m = first.shape
    own = table.mean(axis=2)
    difference = own[0] - own[1]
    ms_ap = m * ((difference - difference.mean()) ** 2).sum() / 2 / (n - 1)
    of_pictures = table.mean(axis=1)
    ms_i = n * ((of_pictures - of_pictures.mean(axis=1, keepdims=True)) ** 2).sum() / (2 * (m - 1))
    rest = (
        table - own[:, :, None] - of_pictures[:, None, :] + table.mean(axis=(1, 2))[:, None, None]
    )
    ms_pi = (rest**2).sum() / (2 * (n - 1) * (m - 1))
    ms_a = n * m * difference.mean() ** 2 / 2
    error = ms_ap + ms_i - ms_pi
    df = error**2 / (
        ms_ap**2 / (n - 1) + ms_i**2 / (2 * (m - 1)) + ms_pi**2 / (2 * (n - 1) * (m - 1))
    )
    assert error > max(ms_ap, ms_i)
    expected = stats.f.sf(ms_a / error, 1, df)
    p = p_values(between_expressions(first, second), Draws(resamples=99))
    assert p[OVER_BOTH] == pytest.approx(expected)


@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.floats(0.05, 0.95),
    st.floats(0.01, 0.5),
)
def test_more_power_never_needs_more_participants(
    power: list[float], wanted: float, more: float
) -> None:
    tried = np.array([6.0, 12.0, 18.0, 24.0])
    needed = needed_participants(tried, np.array(power), wanted)
    better = needed_participants(tried, np.minimum(np.array(power) + more, 1.0), wanted)
    assert better <= needed + 1e-9
    assert needed == float("inf") or 6.0 <= needed <= 24.0


def test_the_answer_is_near_the_number_that_theory_gives() -> None:
    design = question(participants="6,10,14,18,22,26", pictures="8", n_studies=800)
    studies = made_up_studies(design, people=0.06, pictures=0.0, noise=0.1)
    answer = answers(try_studies(studies, design), design)[0]
    sd = np.sqrt(0.06**2 + 2 * 0.1**2 / 8)
    expected = TTestPower().solve_power(0.05 / sd, None, 0.05, 0.8)
    assert answer.low - 0.5 <= expected <= answer.high + 0.5
    assert answer.low <= answer.n_participants <= answer.high


def test_wilson_by_its_formula() -> None:
    share, n, z = 12 / 40, 40, 1.959963984540054
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert wilson(12, 40) == pytest.approx((middle - half, middle + half))
