"""Recordings cut into trials by their messages."""

import pandas as pd
import pytest

from gaze_analysis.trials import find_trials
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


@pytest.mark.parametrize("name", ["start", "end", "onset", "offset"])
def test_a_pattern_must_be_a_regular_expression(name: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        TrialSettings(**{name: "("})
