"""Fixations of trials: matched, clipped, carried into the picture frame, and judged."""

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.events import make_events
from gaze_analysis.fixations import REASONS, exclusions, judge, trial_fixations
from gaze_analysis.importing import import_sessions
from gaze_analysis.tests.small_study import small_study
from study.errors import InputError
from study.folder import Study
from study.settings.gaze_recordings import ExclusionSettings
from study.tables import read_table

RULES = ExclusionSettings()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = small_study(tmp_path_factory.mktemp("events") / "study")
    import_sessions(made)
    make_events(made)
    return made


def table(study: Study, name: str) -> pd.DataFrame:
    people: dict[str, type] = {"participant_id": str, "session": str}
    kinds = people if name != "exclusions" else {}
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=kinds)


def test_fixations_are_clipped_to_the_pictures_time(study: Study) -> None:
    fixations = table(study, "fixations")
    own = fixations[(fixations["participant_id"] == "sub-01") & (fixations["trial"] == 3)]
    assert own["index"].tolist() == [0, 1, 2, 3]
    assert own["onset_ms"].tolist() == [0, 90, 420, 500]
    assert own["duration_ms"].tolist() == [50, 300, 30, 100]
    assert own["x_px"].tolist() == [-96, 164, 264, -436]
    assert own["y_px"].tolist() == [224, 184, 284, 224]


def test_each_fixation_left_out_has_its_reason(study: Study) -> None:
    fixations = table(study, "fixations")
    reasons = {
        trial: own["reason"].fillna("").tolist()
        for trial, own in fixations[fixations["participant_id"] == "sub-02"].groupby("trial")
    }
    assert reasons[1] == ["practice trial"] * 4
    assert reasons[2] == ["wrong answer"] * 4
    assert reasons[3] == ["began before onset", "", "too short", "off picture"]
    counts = table(study, "exclusions").set_index("reason")["n_fixations"]
    assert counts["included"] == 2
    assert counts.sum() == len(fixations) == 24


def test_trials_say_what_was_shown_and_which_eye_counts(study: Study) -> None:
    trials = table(study, "trials")
    assert trials["eye"].unique().tolist() == ["right"]
    assert trials["expression"].unique().tolist() == ["afraid"]
    assert trials["var_lamp"].unique().tolist() == ["on"]
    assert trials["onset_message"].tolist()[0] == "FACE_ON AF01AFS"


def test_events_keep_the_screen_and_eyelinks_duration(study: Study) -> None:
    events = table(study, "events")
    first = events.iloc[0]
    assert (first["onset_ms"], first["offset_ms"], first["duration_ms"]) == (3000, 3340, 350)
    assert (first["x_px"], first["trial"]) == (640, 1)
    assert len(events) == 24


def test_the_same_recordings_give_the_same_bytes(study: Study, tmp_path: Path) -> None:
    again = small_study(tmp_path / "study")
    import_sessions(again)
    make_events(again)
    for path in sorted(study.gaze_dir.rglob("*.*")):
        other = again.gaze_dir / path.relative_to(study.gaze_dir)
        assert path.read_bytes() == other.read_bytes(), path.name


times = st.integers(0, 400)


@given(
    st.lists(st.tuples(times, st.integers(1, 60)), min_size=1, max_size=12),
    st.lists(st.tuples(times, st.integers(0, 120)), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_matching_agrees_with_looking_at_each_pair(
    fixations: list[tuple[int, int]], epochs: list[tuple[int, int]]
) -> None:
    raw = pd.DataFrame(sorted(fixations), columns=["onset_ms", "duration_ms"], dtype=float)
    raw = raw.assign(part=1, eye="right", event="fixation", x_px=1.0, y_px=2.0)
    trials = pd.DataFrame(
        [(i, on, on + length) for i, (on, length) in enumerate(epochs)],
        columns=["trial", "face_onset_ms", "face_offset_ms"],
    ).assign(part=1, eye="right", image_id="a", picture_width_px=9.0, picture_height_px=9.0)
    found = trial_fixations(raw, trials, RULES)
    expected = []
    for trial, (on, length) in enumerate(epochs):
        for onset, duration in raw[["onset_ms", "duration_ms"]].to_numpy(float):
            first, last = max(onset, on), min(onset + duration, on + length)
            if onset + duration > on and onset < on + length:
                expected.append((trial, first - on, last - first, onset < on))
    names = ["trial", "onset_ms", "duration_ms", "begun_before"]
    assert list(found[names].itertuples(index=False, name=None)) == expected
    assert ((found["index"] == 0) == found["begun_before"]).all()


def fixation(**changes: object) -> pd.DataFrame:
    row = {
        "participant_id": "sub-01", "session": "01", "trial": 1, "phase": "main",
        "correct": True, "answer_known": True, "duration_ms": 200.0, "begun_before": False,
        "x_px": 1.0, "y_px": 2.0, "on_picture": True, "near_blink": False,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"phase": "practice", "correct": False}, "practice trial"),
        ({"correct": False}, "wrong answer"),
        ({"correct": None}, "no answer"),
        ({"correct": None, "answer_known": False}, None),
        ({"begun_before": True, "duration_ms": 1.0}, "began before onset"),
        ({"x_px": np.nan}, "no position"),
        ({"on_picture": False}, "off picture"),
        ({"duration_ms": 49.9}, "too short"),
        ({"duration_ms": 50.0}, None),
        ({"near_blink": True}, "touches a blink"),
    ],
)
def test_the_first_reason_that_holds_is_given(
    changes: dict[str, object], reason: str | None
) -> None:
    judged = judge(fixation(**changes), RULES)
    found = judged["reason"].iloc[0]
    assert (None if pd.isna(found) else found) == reason
    assert judged["included"].iloc[0] == (reason is None)


def test_rules_that_are_off_leave_everything_in() -> None:
    off = ExclusionSettings(
        practice=False, wrong_answers=False, begun_before_onset=False, off_picture=False,
        near_blinks=False, min_duration_ms=0.0,
    )  # fmt: skip
    changes = {"phase": "practice", "correct": False, "begun_before": True, "on_picture": False}
    assert judge(fixation(**changes, near_blink=True, duration_ms=1.0), off)["included"].all()
    longest = ExclusionSettings(max_duration_ms=100.0)
    assert judge(fixation(), longest)["reason"].tolist() == ["too long"]


def test_a_fixation_beside_a_blink_touches_it() -> None:
    raw = pd.DataFrame(
        {
            "onset_ms": [0.0, 100.0, 300.0],
            "duration_ms": [100.0, 50.0, 100.0],
            "event": ["fixation", "blink", "fixation"],
            "x_px": 1.0,
            "y_px": 1.0,
        }
    ).assign(part=1, eye="right")
    trial = {"trial": 1, "face_onset_ms": 0.0, "face_offset_ms": 500.0, "image_id": "a"}
    trials = pd.DataFrame([trial]).assign(
        part=1, eye="right", picture_width_px=1.0, picture_height_px=1.0
    )
    assert trial_fixations(raw, trials, RULES)["near_blink"].tolist() == [True, False]
    wide = ExclusionSettings(blink_margin_ms=150.0)
    assert trial_fixations(raw, trials, wide)["near_blink"].tolist() == [True, True]


def test_every_reason_is_counted_even_where_it_never_holds() -> None:
    counted = exclusions(judge(fixation(), RULES))
    assert counted["reason"].tolist() == ["included", *REASONS]
    assert counted["n_fixations"].tolist() == [1] + [0] * len(REASONS)


def test_events_need_an_import(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gaze import"):
        make_events(small_study(tmp_path / "study"))
