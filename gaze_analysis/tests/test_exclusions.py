"""The rules of exclusion: their order, their thresholds, and counts that add up."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.exclusions import (
    EXCLUSION_COLUMNS,
    PARTICIPANT_REASONS,
    REASONS,
    TRIAL_REASONS,
    exclusions,
    exclusions_by_participant,
    judge_fixations,
    judge_trials,
)
from gaze_analysis.trial_quality import with_trial_quality
from stimuli.frames import Screen
from study.settings.gaze_recordings import ExclusionSettings

RULES = ExclusionSettings()
KEYS = ["participant_id", "session", "trial"]


SCREEN = Screen(1024, 768, 40.0, 30.0, 60.0)


def trial(**changes: object) -> dict[str, object]:
    return {
        "participant_id": "sub-01", "session": "01", "trial": 1, "phase": "main",
        "correct": True, "answer_known": True, "start_ms": 0.0, "face_onset_ms": 100.0,
        "face_offset_ms": 1100.0, "data_loss": 0.0, "accuracy_deg": 0.5,
    } | changes  # fmt: skip


def fixation(**changes: object) -> dict[str, object]:
    return {
        "participant_id": "sub-01", "session": "01", "trial": 1, "image_id": "a",
        "duration_ms": 200.0, "begun_before": False, "goes_on": False, "on_target": False,
        "screen_x_px": 5.0, "screen_y_px": 5.0, "x_px": 1.0, "y_px": 2.0, "on_picture": True,
        "near_blink": False,
    } | changes  # fmt: skip


def trial_reasons(*trials: dict[str, object], **rules: object) -> list[object]:
    judged = judge_trials(pd.DataFrame(list(trials)), ExclusionSettings(**rules))
    assert (judged["included"] == judged["reason"].isna()).all()
    return [None if pd.isna(reason) else reason for reason in judged["reason"]]


@pytest.mark.parametrize(
    ("changes", "rules", "reason"),
    [
        ({}, {}, None),
        ({"phase": "practice", "correct": False}, {}, "practice trial"),
        ({"phase": "practice"}, {"practice": False}, None),
        ({"start_ms": np.nan, "correct": False}, {}, "not in the recording"),
        ({"face_onset_ms": np.nan, "face_offset_ms": np.nan}, {}, "no epoch"),
        ({"face_offset_ms": 100.0}, {}, "no epoch"),
        ({"correct": False, "data_loss": 0.9}, {}, "wrong answer"),
        ({"correct": False}, {"wrong_answers": False}, None),
        ({"correct": None}, {}, "no answer"),
        ({"correct": None, "answer_known": False}, {}, None),
        ({"data_loss": 0.51}, {}, "data loss"),
        ({"data_loss": 0.5}, {}, None),
        ({"data_loss": np.nan}, {}, None),
    ],
)
def test_the_first_reason_of_a_trial(
    changes: dict[str, object], rules: dict[str, object], reason: str | None
) -> None:
    assert trial_reasons(trial(**changes), **rules) == [reason]


@pytest.mark.parametrize(
    ("changes", "rules", "reason"),
    [
        ({}, {}, None),
        ({"begun_before": True, "duration_ms": 1.0}, {}, "began before onset"),
        ({"on_target": True}, {}, None),
        ({"on_target": True}, {"first_on_target": True}, "still on the fixation target"),
        ({"goes_on": True}, {}, None),
        ({"goes_on": True}, {"at_edges": "drop"}, "goes on after offset"),
        ({"screen_x_px": np.nan, "x_px": np.nan}, {}, "no position"),
        ({"on_picture": False}, {}, "off picture"),
        ({"duration_ms": 49.9}, {}, "too short"),
        ({"duration_ms": 50.0}, {}, None),
        ({"duration_ms": 101.0}, {"max_duration_ms": 100.0}, "too long"),
        ({"near_blink": True}, {}, "touches a blink"),
        ({"near_blink": True, "x_px": np.nan, "on_picture": False}, {}, "touches a blink"),
        ({"x_px": np.nan, "y_px": np.nan, "on_picture": False}, {}, "picture not known"),
        ({"image_id": None}, {}, "picture not known"),
    ],
)
def test_the_first_reason_of_a_fixation(
    changes: dict[str, object], rules: dict[str, object], reason: str | None
) -> None:
    settings_ = ExclusionSettings(**rules)
    trials = judge_trials(pd.DataFrame([trial()]), settings_)
    judged = judge_fixations(pd.DataFrame([fixation(**changes)]), trials, settings_)
    found = judged["reason"].iloc[0]
    assert (None if pd.isna(found) else found) == reason
    assert judged["included"].iloc[0] == (reason is None)


def test_rules_that_are_off_leave_everything_in() -> None:
    off = ExclusionSettings(
        practice=False, wrong_answers=False, begun_before_onset=False, off_picture=False,
        near_blinks=False, min_duration_ms=0.0, max_trial_loss=1.0,
    )  # fmt: skip
    trials = judge_trials(
        pd.DataFrame([trial(phase="practice", correct=False, data_loss=1.0)]), off
    )
    row = fixation(begun_before=True, on_picture=False, near_blink=True, duration_ms=1.0)
    assert judge_fixations(pd.DataFrame([row]), trials, off)["included"].all()


def test_fixations_have_the_reason_of_their_trial() -> None:
    trials = pd.DataFrame([trial(correct=False), trial(trial=2), trial(session="02")])
    fixations = pd.DataFrame([fixation(duration_ms=1.0), fixation(trial=2, duration_ms=1.0)])
    judged = judge_fixations(fixations, judge_trials(trials, RULES), RULES)
    assert judged["reason"].tolist() == ["wrong answer", "too short"]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"max_participant_loss": 0.29}, "participant: data loss"),
        ({"max_participant_loss": 0.31}, None),
        ({"max_error_deg": 0.9}, "participant: validation error"),
        ({"max_error_deg": 1.1}, None),
        ({"min_correct": 0.6}, "participant: right answers"),
        ({"min_correct": 0.5}, None),
        ({"min_trials": 2}, "participant: number of trials"),
        ({"min_trials": 1}, None),
        ({"min_trials": 2, "min_correct": 0.9}, "participant: right answers"),
    ],
)
def test_participants_beyond_a_threshold(rules: dict[str, object], reason: str | None) -> None:
    # Loss by time: 0.1 of 3 s and 0.9 of 1 s are 0.3 of 4 s; practice does not count.
    own = [
        trial(face_offset_ms=3100.0, data_loss=0.1, accuracy_deg=0.5),
        trial(trial=2, data_loss=0.9, accuracy_deg=1.5, correct=False),
        trial(trial=3, phase="practice", data_loss=1.0, accuracy_deg=9.0, correct=False),
    ]
    others = [
        trial(participant_id="sub-02", trial=number, accuracy_deg=np.nan, data_loss=np.nan)
        for number in (1, 2)
    ]
    found = trial_reasons(*own, *others, **rules)
    assert found[:3] == ([reason] * 3 if reason else [None, "wrong answer", "practice trial"])
    assert found[3:] == [None, None]


trial_rows = st.fixed_dictionaries(
    {
        "participant_id": st.sampled_from(["sub-01", "sub-02", "sub-03"]),
        "phase": st.sampled_from(["main", "practice"]),
        "correct": st.sampled_from([True, True, False, None]),
        "start_ms": st.sampled_from([0.0, 0.0, np.nan]),
        "face_offset_ms": st.sampled_from([1100.0, 100.0]),
        "data_loss": st.sampled_from([0.0, 0.3, 0.8, np.nan]),
        "accuracy_deg": st.sampled_from([0.5, 2.0, np.nan]),
    }
)
flags = {name: st.booleans() for name in ("begun_before", "goes_on", "on_target", "on_picture")}
fixation_rows = st.fixed_dictionaries(
    {
        "of": st.integers(0, 30),
        "duration_ms": st.sampled_from([10.0, 200.0, 900.0]),
        "x_px": st.sampled_from([1.0, np.nan]),
        **flags,
    }
)


@given(
    st.lists(trial_rows, min_size=1, max_size=12),
    st.lists(fixation_rows, max_size=25),
    st.sampled_from([0.0, 0.7]),
    st.sampled_from([0, 2]),
    st.sampled_from(["clip", "drop"]),
)
@settings(max_examples=60, deadline=None)
def test_the_counts_add_up(
    rows: list[dict[str, object]],
    looked: list[dict[str, object]],
    min_correct: float,
    min_trials: int,
    at_edges: str,
) -> None:
    rules = ExclusionSettings(
        min_correct=min_correct, min_trials=min_trials, at_edges=at_edges, max_participant_loss=0.6,
        max_error_deg=1.0, max_duration_ms=800.0, first_on_target=True,
    )  # fmt: skip
    trials = pd.DataFrame([trial(**row) | {"trial": i} for i, row in enumerate(rows)])
    judged = judge_trials(trials, rules)
    fixations = pd.DataFrame(
        [
            fixation(**{k: v for k, v in row.items() if k != "of"})
            | {key: trials[key].iloc[int(str(row["of"])) % len(trials)] for key in KEYS}
            for row in looked
        ],
        columns=list(fixation()),
    )
    fixations = judge_fixations(fixations, judged, rules)
    table = exclusions(fixations, judged)
    assert table["reason"].tolist()[: 1 + len(REASONS)] == ["included", *REASONS]
    assert list(table.columns) == list(EXCLUSION_COLUMNS)
    counts = table.set_index("reason")
    assert counts["n_fixations"].sum() == len(fixations)
    of_trials = ["included", *PARTICIPANT_REASONS, *TRIAL_REASONS]
    assert counts["n_trials"][of_trials].sum() == len(trials)
    of_people = ["included", *PARTICIPANT_REASONS]
    assert counts["n_participants"][of_people].sum() == trials["participant_id"].nunique()
    assert counts["n_fixations"]["included"] == fixations["included"].sum()
    by_person = exclusions_by_participant(fixations, judged)
    for name in ("n_trials", "n_fixations"):
        totals = by_person.groupby("reason")[name].sum()
        assert totals.to_dict() == counts[name][totals.index].to_dict()


def test_reasons_of_other_tables_are_counted_too() -> None:
    fixations = pd.DataFrame([fixation(), fixation(), fixation()])
    fixations["reason"] = ["no duration", None, "no duration"]
    trials = fixations.drop_duplicates(KEYS).assign(reason=None)
    table = exclusions(fixations, trials)
    rows = [tuple(row) for row in table.to_numpy().tolist()]
    assert rows[0] == ("included", "included", 1, 1, 1)
    assert rows[-1] == ("fixation", "no duration", 1, 1, 2)


def test_loss_and_accuracy_of_each_trial() -> None:
    # 100 Hz; of the second epoch's ten samples three have no position and two are not there.
    time = np.concatenate([np.arange(0, 100, 10.0), np.arange(200, 280, 10.0)])
    x = np.where((time >= 220) & (time < 250), np.nan, 1.0)
    samples = pd.DataFrame({"time_ms": time, "part": 1, "block": 1, "x_left_px": x, "y_left_px": x})
    blocks = pd.DataFrame({"part": [1], "block": [1], "rate_hz": [100.0]})
    validations = pd.DataFrame(
        {
            "part": [1, 1, 1, 2],
            "time_ms": [-5.0, 150.0, -5.0, -1.0],
            "eye": ["left", "left", "right", "left"],
            "error_avg_deg": [0.4, 0.9, 7.0, 3.0],
            "error_max_deg": 1.0,
        }
    )
    trials = pd.DataFrame(
        {
            "part": [1, 1, 1, np.nan],
            "eye": ["left", "left", "right", None],
            "face_onset_ms": [0.0, 200.0, 0.0, np.nan],
            "face_offset_ms": [100.0, 300.0, 100.0, np.nan],
        }
    )
    found = with_trial_quality(trials, samples, blocks, validations, SCREEN)
    np.testing.assert_allclose(found["data_loss"], [0.0, 0.5, np.nan, np.nan])
    np.testing.assert_allclose(found["accuracy_deg"], [0.4, 0.9, 7.0, np.nan])


@given(st.lists(fixation_rows, min_size=1, max_size=8), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_reasons_agree_with_asking_one_rule_after_the_other(
    looked: list[dict[str, object]], on_target: bool, drop: bool
) -> None:
    rules = ExclusionSettings(
        first_on_target=on_target, at_edges="drop" if drop else "clip", max_duration_ms=800.0
    )
    rows = [fixation(**{k: v for k, v in row.items() if k != "of"}) for row in looked]
    judged = judge_fixations(
        pd.DataFrame(rows), judge_trials(pd.DataFrame([trial()]), rules), rules
    )
    for row, found in zip(rows, judged["reason"], strict=True):
        seen = row["x_px"] == row["x_px"]
        if row["begun_before"]:
            expected = "began before onset"
        elif on_target and row["on_target"]:
            expected = "still on the fixation target"
        elif drop and row["goes_on"]:
            expected = "goes on after offset"
        elif seen and not row["on_picture"]:
            expected = "off picture"
        elif row["duration_ms"] == 10.0:
            expected = "too short"
        elif row["duration_ms"] == 900.0:
            expected = "too long"
        else:
            expected = "" if seen else "picture not known"
        assert ("" if pd.isna(found) else found) == expected
