"""Fixations of trials: matched, clipped, carried into the picture frame, and judged."""

from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.events import make_events
from gaze_analysis.fixations import on_target, trial_fixations
from gaze_analysis.importing import import_sessions
from gaze_analysis.tests.small_study import PICTURE, small_study
from stimuli.frames import Screen
from study.errors import InputError
from study.folder import Study, open_study
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
    kinds = people if not name.startswith("exclusions") else {}
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=kinds)


def test_fixations_are_clipped_to_the_pictures_time(study: Study) -> None:
    fixations = table(study, "fixations")
    own = fixations[(fixations["participant_id"] == "sub-01") & (fixations["trial"] == 3)]
    assert own["index"].tolist() == [0, 1, 2, 3]
    assert own["onset_ms"].tolist() == [0, 90, 420, 500]
    assert own["duration_ms"].tolist() == [50, 300, 30, 100]
    assert own["x_px"].tolist() == [-96, 164, 264, -436]
    assert own["y_px"].tolist() == [224, 184, 284, 224]
    assert own["screen_x_px"].tolist() == [640, 900, 1000, 300]


def test_each_fixation_left_out_has_its_reason(study: Study) -> None:
    fixations = table(study, "fixations")
    reasons = {
        trial: own["reason"].fillna("").tolist()
        for trial, own in fixations[fixations["participant_id"] == "sub-02"].groupby("trial")
    }
    assert reasons[1] == ["practice trial"] * 4
    assert reasons[2] == ["wrong answer"] * 4
    assert reasons[3] == ["began before onset", "", "too short", "off picture"]
    own = fixations[fixations["participant_id"] == "sub-02"]
    of_any = {trial: rows.tolist() for trial, rows in own.groupby("trial")["included_any_answer"]}
    assert of_any[1] == [False] * 4
    assert of_any[2] == of_any[3] == [False, True, False, False]
    counts = table(study, "exclusions").set_index("reason")
    names = ["n_participants", "n_trials", "n_fixations"]
    assert counts.loc[["included"], names].to_numpy().tolist() == [[2, 2, 2]]
    assert counts["n_fixations"].sum() == len(fixations) == 24
    assert table(study, "unmatched").empty
    by_person = table(study, "exclusions_by_participant")
    wrong = by_person[by_person["reason"] == "wrong answer"]
    assert wrong[["participant_id", "n_trials", "n_fixations"]].to_numpy().tolist() == [
        ["sub-01", 1, 4],
        ["sub-02", 1, 4],
    ]


def test_trials_say_what_was_shown_and_which_eye_counts(study: Study) -> None:
    trials = table(study, "trials")
    assert trials["eye"].unique().tolist() == ["right"]
    assert trials["expression"].unique().tolist() == ["afraid"]
    assert trials["var_lamp"].unique().tolist() == ["on"]
    assert trials["onset_message"].tolist()[0] == "FACE_ON AF01AFS"


def changed_study(folder: Path, change: Callable[[str, str], str], **trials: object) -> Study:
    """Make the small study from changed recordings alone, with settings of [gaze.trials]."""
    small_study(folder)
    for file in folder.glob("sourcedata/*/*/*.asc"):
        file.write_text(change(file.name[:6], file.read_text(encoding="utf-8")), encoding="utf-8")
        (file.parent / "trials.tsv").unlink()
    settings_toml = folder / "study.toml"
    own = "\n".join(f"{name} = {value}" for name, value in trials.items())
    text = settings_toml.read_text(encoding="utf-8")
    settings_toml.write_text(
        text.replace("[gaze.trials]", f"[gaze.trials]\n{own}\n#"), encoding="utf-8"
    )
    made = open_study(folder)
    import_sessions(made)
    make_events(made)
    return made


def without_places(_: str, text: str) -> str:
    """Take away what says where the pictures stood."""
    return "".join(line for line in text.splitlines(keepends=True) if "IMGLOAD" not in line)


def test_pictures_whose_place_no_message_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = ["screen_x_px", "screen_y_px"]
    unknown = table(changed_study(tmp_path / "a", without_places), "fixations")
    assert "do not say which picture was shown where" in capsys.readouterr().err
    assert unknown["reason"].value_counts().to_dict() == {
        "began before onset": 6, "picture not known": 12, "too short": 6,
    }  # fmt: skip
    assert unknown["x_px"].isna().all()
    assert unknown["image_id"].tolist()[0] == "AF01AFS"
    names = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")
    place = dict(zip(names, PICTURE, strict=True))
    known = table(changed_study(tmp_path / "b", without_places, **place), "fixations")
    assert known[screen].equals(unknown[screen])
    own = known[(known["participant_id"] == "sub-01") & (known["trial"] == 3)]
    assert own["x_px"].tolist() == [-96, 164, 264, -436]
    assert known["reason"].value_counts().to_dict() == {
        "began before onset": 6, "off picture": 6, "too short": 6,
    }  # fmt: skip


def test_a_pattern_that_no_recording_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sub-01.* onset must .*'FACE_ON AF01AFS' \(3 times\)"):
        changed_study(tmp_path / "study", lambda _, text: text, onset="'^FACE UP$'")
    assert not (tmp_path / "study" / "derivatives" / "faceoff" / "gaze" / "trials.tsv").exists()


def test_a_pattern_that_one_recording_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_short(name: str, text: str) -> str:
        return text.replace("FACE_ON", "NOTHING") if name == "sub-01" else text

    made = changed_study(tmp_path / "study", cut_short, onset="'^FACE_ON'")
    assert table(made, "trials")["participant_id"].tolist() == ["sub-02"] * 3
    assert "warning: 1 in unmatched.tsv (sub-01)" in capsys.readouterr().err
    assert table(made, "unmatched")["reason"].str.contains("onset must match").tolist() == [True]


def test_a_trial_without_its_onset_has_no_epoch(tmp_path: Path) -> None:
    def lose_one(_: str, text: str) -> str:
        return text.replace("FACE_ON AF02AFS", "AF02AFS")

    made = changed_study(tmp_path / "study", lose_one, onset="'^FACE_ON'")
    trials = table(made, "trials")
    lost = trials[trials["trial"] == 2]
    assert lost["face_onset_ms"].isna().all()
    assert lost["reason"].tolist() == ["no epoch"] * 2
    unmatched = table(made, "unmatched")
    assert unmatched["trial"].tolist() == [2, 2]
    assert set(unmatched["reason"]) == {"no message marks the onset"}
    assert table(made, "fixations")["trial"].unique().tolist() == [1, 3]


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
    lengths = found["trial"].map(dict(enumerate(length for _, length in epochs)))
    assert (found["onset_ms"] + found["duration_ms"] <= lengths).all()
    ends = found["goes_on"]
    assert (found.loc[ends, "onset_ms"] + found.loc[ends, "duration_ms"] == lengths[ends]).all()


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


def test_the_fixation_that_still_is_on_the_target() -> None:
    screen = Screen(1920, 1080, 53.0, 30.0, 70.0)
    fixations = pd.DataFrame(
        {
            "trial": [1, 1, 1, 2],
            "index": [0, 1, 2, 1],
            "screen_x_px": [960.0, 980.0, 960.0, 960.0],
            "screen_y_px": [540.0, 540.0, 540.0, 540.0],
        }
    )
    trials = pd.DataFrame(
        {"trial": [1, 2], "fixation_x_px": [None, 400.0], "fixation_y_px": [None, 540.0]}
    )
    assert on_target(fixations, trials, screen, 1.0).tolist() == [True, True, False, False]
    assert on_target(fixations, trials, screen, 0.1).tolist() == [True, False, False, False]


def test_events_need_an_import(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gaze import"):
        make_events(small_study(tmp_path / "study"))
