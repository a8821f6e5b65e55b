"""Recordings cut into trials by their messages."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.trials import UnmatchedPatternError, find_trials
from study.settings.gaze_recordings import TrialSettings

BLOCKS = pd.DataFrame(
    {
        "part": [1, 1],
        "block": [1, 2],
        "start_ms": [100.0, 500.0],
        "end_ms": [400.0, 900.0],
        "first_sample_ms": [100.0, 500.0],
        "last_sample_ms": [399.0, 899.0],
    }
)


def trials_of(*messages: tuple[float, str], **patterns: str) -> pd.DataFrame:
    frame = pd.DataFrame(messages, columns=["time_ms", "text"]).assign(part=1, block=1)
    return find_trials(frame, BLOCKS, TrialSettings(**patterns))


def test_data_viewers_protocol() -> None:
    trials = trials_of(
        (90, "TRIALID 5"),
        (150, "FACE_ON AF01AFS"),
        (150, "!V IMGLOAD CENTER ../pictures/AF01AFS.png 960 540 448 448"),
        (350, "FACE_OFF"),
        (380, "TRIAL_RESULT 0"),
        (390, "!V TRIAL_VAR mood very good"),
        (480, "TRIALID 6"),
        (600, "SYNCTIME"),
    )
    first, second = trials.iloc[0], trials.iloc[1]
    times = ["start_ms", "face_onset_ms", "face_offset_ms", "end_ms", "next_ms"]
    assert trials["trial"].tolist() == [5, 6]
    assert first[times].tolist() == [90, 150, 350, 380, 480]
    assert second[times].tolist() == [480, 600, 900, 900, 900]
    place = ["picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px"]
    assert (first["image_id"], first[place].tolist()) == ("AF01AFS", [736, 316, 448, 448])
    assert first["var_mood"] == "very good"
    assert pd.isna(second["image_id"])


def test_opensesames_messages() -> None:
    trials = trials_of(
        (100, "start_trial 0"),
        (120, "phase cue"),
        (300, "var response space"),
        (320, "end_trial"),
        (500, "start_trial 1"),
    )
    assert trials["trial"].tolist() == [0, 1]
    assert trials["var_response"].tolist()[0] == "space"
    assert trials["end_ms"].tolist() == [320, 900]
    assert trials["onset_message"].tolist() == ["", ""]
    assert trials["face_onset_ms"].tolist() == [100, 500]


def test_blocks_are_trials_where_no_message_begins_one() -> None:
    trials = trials_of((150, "SYNCTIME"), (610, "something"))
    assert trials["label"].tolist() == ["1", "2"]
    assert trials["face_onset_ms"].tolist() == [150, 500]
    assert trials["face_offset_ms"].tolist() == [400, 900]


def test_own_patterns_and_their_named_groups() -> None:
    trials = trials_of(
        (100, "S_2_6_left"),
        (150, "show"),
        (350, "hide"),
        (500, "S_3_1_right"),
        start=r"^S_(?P<trial>\d+)_\d+_(?P<side>\w+)$",
        onset="^show$",
        offset="^hide$",
    )
    assert trials["trial"].tolist() == [2, 3]
    assert trials["var_side"].tolist() == ["left", "right"]
    assert trials[["face_onset_ms", "face_offset_ms"]].iloc[0].tolist() == [150, 350]


def test_labels_that_are_no_numbers_count_from_one() -> None:
    trials = trials_of((100, "TRIALID I902C"), (500, "LH6 TRIALID 7 FP: 1"))
    assert trials["trial"].tolist() == [1, 2]
    assert trials["label"].tolist() == ["I902C", "7 FP: 1"]


def test_of_two_pictures_the_one_at_the_onset_counts() -> None:
    trials = trials_of(
        (100, "TRIALID 1"),
        (110, "!V IMGLOAD TOP_LEFT cross.png 0 0 1920 1080"),
        (200, "!V IMGLOAD TOP_LEFT C:\\faces\\AF02HAS.JPG 679 159 562 762"),
        (200, "SYNCTIME"),
    )
    row = trials.iloc[0]
    assert (row["image_id"], row["picture_x_px"], row["picture_height_px"]) == ("AF02HAS", 679, 762)


@pytest.mark.parametrize("name", ["start", "end", "onset", "offset", "picture"])
def test_a_pattern_must_be_a_regular_expression(name: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        TrialSettings(**{name: "("})


def times_of(trials: pd.DataFrame) -> list[list[float]]:
    return trials[["face_onset_ms", "face_offset_ms"]].to_numpy().tolist()


def test_an_edge_without_a_message_is_where_the_recording_is() -> None:
    trials = trials_of((50, "TRIALID 1"), (420, "TRIAL_RESULT 0"), (450, "TRIALID 2"))
    assert times_of(trials) == [[100, 400], [500, 900]]
    both = trials_of((50, "TRIALID 1"), (950, "TRIAL_RESULT 0"))
    assert times_of(both) == [[100, 900]]
    inside = trials_of((110, "TRIALID 1"), (300, "TRIALID 2"))
    assert times_of(inside) == [[110, 300], [300, 900]]


def test_synctime_begins_trials_where_there_are_more_than_blocks() -> None:
    trials = trials_of((110, "SYNCTIME"), (200, "SYNCTIME"), (300, "-"), (510, "SYNCTIME"))
    assert trials["start_message"].tolist() == ["SYNCTIME"] * 3
    assert trials["trial"].tolist() == [1, 2, 3]
    assert times_of(trials) == [[110, 200], [200, 400], [510, 900]]


def test_offset_or_response_whichever_comes_first() -> None:
    messages = (
        (100, "TRIALID 1"), (150, "SHOW"), (140, "RESPONSE"), (250, "RESPONSE"), (300, "HIDE"),
        (310, "TRIALID 2"), (320, "SHOW"), (350, "HIDE"), (380, "RESPONSE"),
        (500, "TRIALID 3"), (510, "SHOW"), (700, "TRIAL_RESULT 0"),
    )  # fmt: skip
    trials = trials_of(*messages, onset="^SHOW$", offset="^(HIDE|RESPONSE)$")
    assert times_of(trials) == [[150, 250], [320, 350], [510, 700]]
    assert trials["offset_message"].tolist() == ["RESPONSE", "HIDE", ""]


def test_a_trial_without_the_named_onset_has_no_epoch() -> None:
    messages = ((100, "TRIALID 1"), (150, "SHOW"), (300, "TRIALID 2"), (310, "SYNCTIME"))
    trials = trials_of(*messages, onset="^SHOW$")
    assert trials["face_onset_ms"].isna().tolist() == [False, True]
    assert trials["face_offset_ms"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["start", "end", "onset", "offset", "picture"])
def test_a_pattern_that_matches_nothing(name: str) -> None:
    messages = [(100.0 + i, f"TRIALID {i}") for i in range(3)]
    with pytest.raises(UnmatchedPatternError, match=rf"{name} must .*'TRIALID 0' \(3 times\)"):
        trials_of(*messages, (150, "!MODE RECORD CR 1000 2 1 R"), **{name: "^nowhere$"})


def test_named_groups_of_every_pattern_become_variables() -> None:
    trials = trials_of(
        (100, "T 7 left"),
        (150, "SHOW C:\\faces\\my face.JPG"),
        (200, "KEY 3 correct"),
        (250, "DONE ok"),
        start=r"^T (?P<trial>\d+) (?P<side>\w+)",
        onset="^SHOW",
        offset=r"^KEY (?P<response>\d)",
        end=r"^DONE (?P<state>\w+)",
        picture=r"^SHOW (?P<image>.+)",
    )
    row = trials.iloc[0]
    assert (row["trial"], row["var_side"], row["var_response"], row["var_state"]) == (
        7, "left", "3", "ok",
    )  # fmt: skip
    assert row["image_id"] == "my face"


def test_variables_in_all_their_forms_and_their_union() -> None:
    trials = trials_of(
        (90, "TRIAL_VAR_LABELS side load"),
        (100, "TRIALID 1"),
        (110, "!V TRIAL_VAR_DATA left 4"),
        (120, "!V TRIAL_VAR mood very good"),
        (200, "TRIALID 2"),
        (210, "V TRIAL_VAR side right"),
        (220, "var answer NA"),
    )
    assert trials["var_side"].tolist() == ["left", "right"]
    assert trials["var_load"].tolist()[0] == "4"
    assert trials["var_mood"].isna().tolist() == [False, True]
    assert trials["var_answer"].tolist()[1] == "NA"


def test_pictures_with_blanks_in_their_names_and_pictures_that_fill_the_screen() -> None:
    trials = trials_of(
        (10, "DISPLAY_COORDS 0 0 1279 1023"),
        (100, "TRIALID 1"),
        (110, "!V IMGLOAD CENTER my faces/face 1.png 640 512 200 100"),
        (200, "TRIALID 2"),
        (210, "!V IMGLOAD FILL scene 2.png"),
    )
    place = ["picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px"]
    assert trials["image_id"].tolist() == ["face 1", "scene 2"]
    assert trials[place].to_numpy().tolist() == [[540, 462, 200, 100], [0, 0, 1280, 1024]]


def labels_of(*labels: str) -> pd.DataFrame:
    return trials_of(*((100.0 + 10 * i, f"TRIALID {label}") for i, label in enumerate(labels)))


def test_a_trial_that_was_broken_off_and_done_again() -> None:
    trials = labels_of("1", "2", "2", "3")
    assert trials["repeated"].tolist() == [False, True, False, False]
    assert trials["trial"].tolist() == [1, 2, 2, 3]


@pytest.mark.parametrize(
    "labels",
    [
        ("1", "2", "1", "2"),  # counted anew in each block
        ("1", "1", "1", "2", "2", "2"),  # numbers of blocks, not of trials
        ("face", "face", "house"),  # what is shown
        ("7", "7", "7"),
    ],
)
def test_equal_labels_that_are_no_repetition(labels: tuple[str, ...]) -> None:
    trials = labels_of(*labels)
    assert not trials["repeated"].any()
    assert trials["trial"].tolist() == list(range(1, len(labels) + 1))
    assert trials["label"].tolist() == list(labels)


def test_a_block_without_an_end_lasts_to_its_last_message() -> None:
    nan = float("nan")
    blocks = BLOCKS.assign(end_ms=[400.0, nan], last_sample_ms=[nan, nan])
    messages = pd.DataFrame({"time_ms": [300.0, 700.0], "text": "x", "part": 1, "block": [1, 2]})
    trials = find_trials(messages, blocks, TrialSettings())
    assert times_of(trials) == [[100, 400], [500, 700]]


def test_half_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="given together"):
        TrialSettings(picture_x_px=0.0, picture_width_px=10.0)


vocabulary = st.sampled_from(
    ["TRIALID 1", "TRIALID 2", "TRIALID x", "TRIALID", "SYNCTIME", "FACE_ON AF01AFS", "FACE_OFF",
     "TRIAL_RESULT 0", "!V TRIAL_VAR a 1", "TRIAL_VAR_DATA 3", "TRIAL_VAR_LABELS a b",
     "!V IMGLOAD CENTER x.png 1 2", "!V IMGLOAD FILL x.png", "var", "", "DISPLAY_COORDS 1 2"]
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 1000), vocabulary), max_size=25), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_messages_give_trials_in_order(
    found: list[tuple[int, str]], in_time_order: bool
) -> None:
    messages = [(float(time), text) for time, text in (sorted(found) if in_time_order else found)]
    trials = trials_of(*messages)
    n_ids = sum(text.startswith("TRIALID") for _, text in messages)
    n_sync = sum(text == "SYNCTIME" for _, text in messages)
    assert len(trials) == (n_ids or (n_sync if n_sync > len(BLOCKS) else len(BLOCKS)))
    assert (trials["next_ms"] >= trials["start_ms"]).all()
    assert (trials["face_offset_ms"] >= trials["face_onset_ms"]).all()
    assert trials.loc[~trials["repeated"].astype(bool), "trial"].is_unique
    if in_time_order:
        assert (trials["end_ms"] <= trials["next_ms"]).all()
        assert (trials["face_offset_ms"] <= trials["next_ms"]).all()
