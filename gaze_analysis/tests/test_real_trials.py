"""Trials of recordings made by others, as an analyst would cut them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gaze_analysis.eyelink import read_asc
from gaze_analysis.trials import find_trials
from study.settings.gaze_recordings import TrialSettings

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not on this disk")

# Number of trials, first label, start and onset message of the first, number of variables.
EXPECTED: dict[str, tuple[Any, ...]] = {
    "mono1000.asc.gz": (4, "0", "TRIALID 0", "", 5),
    "bino500.asc.gz": (4, "0", "TRIALID 0", "", 5),
    "mono2000.asc.gz": (4, "0", "TRIALID 0", "", 5),
    "monoRemote250.asc.gz": (4, "0", "TRIALID 0", "SYNCTIME", 1),
    "binoRemote500.asc.gz": (4, "0", "TRIALID 0", "SYNCTIME", 2),
    "1950168.asc.gz": (3, "0", "TRIALID 0", "", 2),
    "example_eyelink_events.txt.gz": (
        84, "1 FP: 1 S1: 8 S2: 7 S3: 3 SOA: 3",
        "LH6_soac TRIALID 1 FP: 1 S1: 8 S2: 7 S3: 3 SOA: 3", "DISPLAY ON", 0,
    ),
    "left_eye.asc.gz": (4, "0", "TRIALID 0", "", 3),
    "data1.asc.gz": (20, "0", "start_trial 0", "", 151),
    "eyelink_binocular_example.asc.gz": (1, "I902C_low", "TRIALID I902C_low", "", 1),
    "eyelink_monocular_no_dummy_example.asc.gz": (1, "TEXT", "TRIALID TEXT", "SYNCTIME", 1),
    "memory.asc.gz": (5, "22", "TRIALID 22", "", 0),
    "002_rlmw_events_short.asc.gz": (1, "1", "", "", 0),
    "002_rlmw_samples_short.asc.gz": (1, "0", "", "", 0),
}  # fmt: skip


def trials_of(name: str, **patterns: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    recording = read_asc(FOLDER / name)
    messages, blocks = recording.messages.assign(part=1), recording.blocks.assign(part=1)
    return find_trials(messages, blocks, TrialSettings(**patterns)), blocks


@pytest.mark.parametrize("name", list(EXPECTED))
def test_trials_are_those_that_the_messages_say(name: str) -> None:
    trials, blocks = trials_of(name)
    first = trials.iloc[0]
    variables = [column for column in trials if str(column).startswith("var_")]
    found = (len(trials), first["label"], first["start_message"], first["onset_message"])
    assert (*found, len(variables)) == EXPECTED[name]
    assert (trials["face_offset_ms"] > trials["face_onset_ms"]).all()
    assert (trials["start_ms"] <= trials["face_onset_ms"]).all()
    # Nothing was recorded outside the blocks, so no epoch is there.
    starts = blocks["start_ms"].fillna(blocks["first_sample_ms"])
    assert (trials["face_onset_ms"] >= starts.min()).all()


def test_variables_of_experiment_builder() -> None:
    trials, _ = trials_of("mono1000.asc.gz")
    assert trials["var_trial"].tolist() == ["1", "2", "5", "6"]
    assert trials["var_direction"].tolist() == ["Left", "Left", "Right", "Right"]
    assert trials["face_onset_ms"].iloc[0] == 7709679
    assert trials["face_offset_ms"].iloc[0] == 7710567


def test_an_epoch_between_two_messages_of_experiment_builder() -> None:
    pattern = {"onset": "^Target_display$", "offset": "^Saccade_target$"}
    trials, _ = trials_of("mono1000.asc.gz", **pattern)
    lengths = trials["face_offset_ms"] - trials["face_onset_ms"]
    # Both messages have offsets, which put them on the screen's frames.
    assert lengths.between(50, 500).all()
    assert set(trials["offset_message"]) == {"Saccade_target"}


def test_from_probe_to_response() -> None:
    pattern = {"onset": r"^PROBE_START_", "offset": r"^(RESPONSE|PROBE_STOP)_"}
    trials, _ = trials_of("memory.asc.gz", **pattern)
    first = trials.iloc[0]
    assert (first["face_onset_ms"], first["face_offset_ms"]) == (11336474, 11337158)
    assert trials["trial"].tolist() == [22, 23, 24, 25, 26]


def test_own_messages_of_a_recording_without_samples() -> None:
    trials, _ = trials_of(
        "002_rlmw_events_short.asc.gz",
        start=r"^F_(?P<trial>\d+)$",
        onset=r"^S_(?P<item>[\d_]+)$",
        offset=r"^R_\d+_(?P<response>\d+)$",
    )
    assert trials["trial"].tolist() == list(range(1, 11))
    first = trials.iloc[0]
    assert (first["face_onset_ms"], first["face_offset_ms"]) == (7270256, 7271589)
    assert first["var_item"] == "1_1_5"


def test_a_picture_that_fills_the_screen() -> None:
    trials, _ = trials_of("eyelink_monocular_no_dummy_example.asc.gz")
    place = ["picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px"]
    assert trials["image_id"].tolist() == ["text"]
    assert trials[place].iloc[0].tolist() == [0, 0, 1920, 1080]
