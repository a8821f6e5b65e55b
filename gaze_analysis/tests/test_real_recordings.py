"""Recordings of other labs, compared with their known counts and with a slow second reader."""

from pathlib import Path

import numpy as np
import pytest

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.tests.reference_reader import Reference, read_reference

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the real recordings are not beside this checkout"
)
# File: eyes, blocks, samples, fixations, saccades, blinks.
COUNTS = {
    "mono1000.asc.gz": (("right",), 4, 3619, 10, 6, 0),
    "bino500.asc.gz": (("left", "right"), 4, 1745, 19, 11, 0),
    "mono2000.asc.gz": (("right",), 4, 8976, 13, 9, 0),
    "monoRemote250.asc.gz": (("left",), 4, 5129, 4, 0, 0),
    "binoRemote500.asc.gz": (("left", "right"), 4, 48224, 725, 719, 4),
    "1950168.asc.gz": (("left", "right"), 3, 43699, 1186, 1180, 49),
    "002_rlmw_events_short.asc.gz": (("left", "right"), 1, 0, 258, 258, 21),
    "002_rlmw_samples_short.asc.gz": (("left", "right"), 0, 20465, 0, 0, 0),
    "example_eyelink_events.txt.gz": (("right",), 84, 29578, 266, 213, 23),
    "left_eye.asc.gz": (("left",), 4, 70291, 228, 224, 13),
    "data1.asc.gz": (("right",), 20, 92740, 76, 58, 1),
    "eyelink_binocular_example.asc.gz": (("left", "right"), 1, 368, 4, 2, 2),
    "eyelink_monocular_2khz_example.asc.gz": (("left",), 1, 16, 2, 1, 0),
    "eyelink_monocular_no_dummy_example.asc.gz": (("left",), 1, 297, 2, 2, 2),
    "memory.asc.gz": (("right",), 1, 20767, 13, 13, 1),
}


@pytest.mark.parametrize("name", list(COUNTS))
def test_recording_is_read_whole(name: str) -> None:
    recording = read_asc(FOLDER / name)
    tables = (recording.samples, recording.fixations, recording.saccades, recording.blinks)
    n_blocks = int((recording.blocks["block"] > 0).sum())
    found = (recording.eyes, n_blocks, *(len(table) for table in tables))
    assert found == COUNTS[name]
    assert recording.skipped.empty
    reference = read_reference(FOLDER / name)
    counts = recording.info["line_counts"]
    assert sum(counts.values()) == recording.info["n_lines"] == reference.n_lines
    _compare_samples(recording, reference)
    _compare_events(recording, reference)
    assert recording.messages["stamp_ms"].tolist() == [time for time, _ in reference.messages]


def _compare_samples(recording: Recording, reference: Reference) -> None:
    """Compare every number of every sample, missing ones included."""
    samples = recording.samples
    if samples.empty:
        assert not reference.samples
        return
    skip = ("line", "block", "flags", "target_flags")
    numbers = samples[[name for name in samples.columns if name not in skip]].to_numpy(float)
    expected = np.array(reference.samples)
    numbers[:, 0] = np.where(numbers[:, 0] == expected[:, 0] + 0.5, expected[:, 0], numbers[:, 0])
    np.testing.assert_array_equal(numbers, np.where(expected == -32768, np.nan, expected))
    if "flags" in samples:
        assert samples["flags"].astype("str").tolist() == reference.flags


def _compare_events(recording: Recording, reference: Reference) -> None:
    """Compare every field of every event."""
    times = ["onset_ms", "offset_ms", "duration_ms"]
    own = {
        "EFIX": (recording.fixations, ["x_px", "y_px", "pupil"]),
        "ESACC": (
            recording.saccades,
            ["x_px", "y_px", "x_end_px", "y_end_px", "amplitude_deg", "peak_velocity_deg_s"],
        ),
        "EBLINK": (recording.blinks, []),
    }
    for word, (table, names) in own.items():
        expected = reference.events.get(word, [])
        assert table["eye"].tolist() == [eye for eye, _ in expected]
        if expected:
            values = table[[*times, *names]].to_numpy(float)
            np.testing.assert_array_equal(values, np.array([fields for _, fields in expected]))


def test_doubled_stamps_are_told_apart() -> None:
    samples = read_asc(FOLDER / "mono2000.asc.gz").samples
    steps = samples.groupby("block")["time_ms"].diff().dropna()
    assert (steps == 0.5).all()


def test_offsets_put_displays_on_whole_frames() -> None:
    # The screen ran at 60 Hz: displays lie whole frames apart only if the offset is subtracted.
    messages = read_asc(FOLDER / "mono2000.asc.gz").messages
    shown = messages[messages["text"].isin(["Initial_display", "Target_display"])]
    gaps = shown.groupby("block")["time_ms"].apply(lambda times: times.iloc[1] - times.iloc[0])
    frames = gaps / 16.645
    assert np.abs(frames - frames.round()).max() < 0.06


def test_a_start_long_before_the_first_sample() -> None:
    recording = read_asc(FOLDER / "memory.asc.gz")
    assert recording.fixations["onset_ms"].iloc[0] < recording.samples["time_ms"].iloc[0]
    assert recording.blocks["pupil"].tolist() == ["diameter"]
