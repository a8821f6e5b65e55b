"""A recorded file is the gaze of a new session: each sample once, and nothing made up."""

import gzip
import math
import time
from pathlib import Path

import numpy as np
import pytest

from experiment.tests.asc_grammar import read_asc
from experiment.tests.desk import (
    assert_each_millisecond_once,
    at_desk,
    blocks_of,
    desk_study,
    run_clock,
)
from experiment.tests.test_asc_recording import write_recording
from experiment.trackers.replay_source import read_recorded_gaze
from stimuli.frames import Screen
from study.errors import InputError

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
SCREEN = Screen(1024, 768, 38.0, 30.0, 60.0)

HEAD = "MSG\t99 GAZE_COORDS 0.00 0.00 1023.00 767.00\n"
MONO = (
    "START\t100 \tLEFT\tSAMPLES\tEVENTS\n"
    "SAMPLES\tGAZE\tLEFT\tVEL\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\tINPUT\n"
)
BOTH = (
    "START\t100 \tLEFT\tRIGHT\tSAMPLES\tEVENTS\n"
    "SAMPLES\tGAZE\tLEFT\tRIGHT\tHTARGET\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\n"
)
END = "END\t104 \tSAMPLES\tEVENTS\tRES\t  44.26\t  44.28\n"


@pytest.fixture
def asc(tmp_path):
    def write(*parts):
        path = tmp_path / "recorded.asc"
        path.write_text("".join(parts), encoding="ascii")
        return path

    return write


def test_one_eye_with_velocity_input_and_missing_samples(asc):
    path = asc(
        HEAD, MONO,
        "100\t  504.1\t  -95.7\t 1138.0\t   1.0\t  2.0\t  127.0\t...\n",
        "SFIX L   100\n",
        "101\t   .\t   .\t    0.0\t   .\t  .\t  127.0\t...\n",
        "103\t  505.0\t  396.0\t 1139.0\t   1.0\t  2.0\t  127.0\t...\n",
        END,
    )  # fmt: skip
    gaze = read_recorded_gaze(path, SCREEN, "both")
    assert gaze.eye == "left"
    nowhere = [math.nan] * 3
    expected = [[504.1, -95.7, 1138.0], nowhere, nowhere, [505.0, 396.0, 1139.0]]
    assert len(gaze.blocks) == 1
    assert np.array_equal(gaze.blocks[0], expected, equal_nan=True)


@pytest.mark.parametrize(("eye", "x_px"), [("left", 1.0), ("right", 3.0), ("both", 3.0)])
def test_two_eyes_with_a_head_target(asc, eye, x_px):
    target = "..... \t 4717.0\t 2908.0\t  611.2 ............."
    path = asc(HEAD, BOTH, f"100\t1.0\t2.0\t9.0\t3.0\t4.0\t8.0\t{target}\n", END)
    gaze = read_recorded_gaze(path, SCREEN, eye)
    assert gaze.pupil == "area"
    assert gaze.eye == ("left" if eye == "left" else "right")
    assert gaze.blocks[0][0, 0] == x_px


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param((), "must be an ASC file with samples", id="empty"),
        pytest.param(("a,b\n1,2\n",), "must be an ASC file with samples", id="no asc"),
        pytest.param((HEAD, MONO, END), "must be an ASC file with samples", id="no sample"),
        pytest.param(
            (HEAD, MONO.replace("1000.00", " 500.00"), "100\t1.0\t2.0\t3.0\t...\n", END),
            "1000 samples of gaze in a second",
            id="500 Hz",
        ),
        pytest.param(
            (HEAD, MONO.replace("GAZE", "HREF"), "100\t1.0\t2.0\t3.0\t...\n", END),
            "1000 samples of gaze in a second",
            id="no gaze",
        ),
        pytest.param(
            (HEAD.replace("1023", "1279"), MONO, "100\t1.0\t2.0\t3.0\t...\n", END),
            "has the coordinates 0 0 1279 767",
            id="another screen",
        ),
        pytest.param((MONO, "100\t1.0\t2.0\t3.0\t...\n", END), "no GAZE_COORDS", id="no screen"),
        pytest.param(
            (HEAD, MONO, "100\t1.0\t2.0\t3.0\t...\n", "100\t1.0\t2.0\t3.0\t...\n", END),
            "milliseconds that grow",
            id="a doubled sample",
        ),
        pytest.param((HEAD, MONO, "100\tgone\t2.0\t3.0\t...\n", END), "gone", id="a word"),
    ],
)
def test_what_cannot_be_replayed_is_refused(asc, parts, message):
    with pytest.raises(InputError, match=message) as refused:
        read_recorded_gaze(asc(*parts), SCREEN, "left")
    assert "Choose another recording: [experiment.replay] recording." in str(refused.value)


def test_the_eye_of_the_session_must_be_there(asc):
    path = asc(HEAD, MONO, "100\t1.0\t2.0\t3.0\t...\n", END)
    with pytest.raises(InputError, match=r"in each block, right, but .* has left"):
        read_recorded_gaze(path, SCREEN, "right")


def test_a_file_that_is_not_there_or_broken_is_refused(tmp_path):
    with pytest.raises(InputError, match="must be readable"):
        read_recorded_gaze(tmp_path / "nowhere.asc", SCREEN, "left")
    broken = tmp_path / "broken.asc.gz"
    broken.write_bytes(gzip.compress(b"MSG\t1 nothing\n" * 99)[:-9])
    with pytest.raises(InputError, match="must be readable"):
        read_recorded_gaze(broken, SCREEN, "left")


@pytest.mark.parametrize(
    ("name", "width_px", "height_px", "eye", "n_blocks", "n_samples"),
    [
        ("mono1000", 1024, 768, "right", 4, 3619),
        ("data1", 1024, 768, "right", 20, 92740),
        ("memory", 1920, 1080, "right", 1, 20767),
        ("eyelink_binocular_example", 1920, 1080, "left", 1, 368),
    ],
)
def test_real_recordings_are_read_sample_by_sample(
    name, width_px, height_px, eye, n_blocks, n_samples
):
    path = REAL / f"{name}.asc.gz"
    if not path.exists():
        pytest.skip(f"the real recording {path.name} is not beside the checkout")
    gaze = read_recorded_gaze(path, Screen(width_px, height_px, 53.0, 29.8, 70.0), eye)
    assert len(gaze.blocks) == n_blocks
    assert gaze.pupil == ("diameter" if name == "memory" else "area")
    rows = [row for block in gaze.blocks for row in block.tolist()]
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.split("\t") for line in file if line[:1].isdigit()]
    assert len(lines) == n_samples
    expected = [
        [math.nan if field.strip() == "." else float(field) for field in line[1:4]]
        for line in lines
    ]
    # Milliseconds without a line are missing gaze.
    seen = [row for row in rows if not math.isnan(row[0])]
    assert seen == [row for row in expected if not math.isnan(row[0])]
    assert len(rows) >= n_samples


def replay_study(folder, lengths_ms):
    study = desk_study(folder, experiment={"replay": {"recording": "replayed.asc"}})
    return study, write_recording(study, lengths_ms)


def play(tracker, trial, seconds):
    tracker.message(f"TRIALID {trial}")
    tracker.start()
    time.sleep(seconds)
    tracker.stop()


def test_trial_n_plays_block_n_once_in_order_and_then_nothing(tmp_path, monkeypatch):
    study, blocks = replay_study(tmp_path, [700, 1500, 400])
    run_clock(monkeypatch, 10.0)
    trials = [1, 2, 3, 4, 2]
    with at_desk("replay", study) as desk:
        for trial in trials:
            play(desk.tracker, trial, 0.12)
        facts = desk.tracker.facts()
        assert desk.tracker.save() == [desk.path]
    assert_each_millisecond_once(desk.path, len(trials))
    samples, lines = read_asc(desk.path.read_bytes())
    assert not [kind for kind, _ in lines if kind.startswith("EFIX")]
    starts = [start_ms for start_ms, *_ in blocks_of(desk.path)]
    parts = np.split(samples, np.searchsorted(samples[:, 0], starts[1:]))
    outlasted = 0
    for trial, part in zip(trials, parts, strict=True):
        recorded = blocks[(trial - 1) % 3].T
        n_played = min(len(part), len(recorded))
        played = np.where(np.isnan(recorded[:, :1]), [math.nan, math.nan, 0.0], recorded)
        assert np.array_equal(part[:n_played, 1:4], played[:n_played], equal_nan=True)
        assert np.isnan(part[n_played:, 1:3]).all()
        outlasted += len(part) > len(recorded)
    assert outlasted >= 3
    assert (facts["n_replayed_blocks"], facts["n_times_begun_anew"]) == (3, 1)
    assert facts["replayed_recording"] == "replayed.asc"


def test_the_newest_sample_is_that_of_the_file(tmp_path):
    study, (block,) = replay_study(tmp_path, [300])
    with at_desk("replay", study) as desk:
        tracker = desk.tracker
        assert tracker.newest_sample() is None
        tracker.message("TRIALID 1")
        tracker.start()
        start_ms = tracker._recording.start_ms
        for _ in range(6):
            time.sleep(0.09)
            sample = tracker.newest_sample()
            place = int(sample.time_ms) - start_ms
            expected = block[:, place] if place < 300 else np.full(3, math.nan)
            found = [sample.x_px, sample.y_px]
            assert np.array_equal(found, expected[:2], equal_nan=True)
        assert math.isnan(sample.x_px)
        tracker.stop()
        assert math.isnan(tracker.drift_check(1.0, 2.0, desk.window))
        assert tracker.calibrate(desk.window) is None


def test_without_a_trial_no_eye_is_seen(tmp_path):
    study, _ = replay_study(tmp_path, [300])
    with at_desk("replay", study) as desk:
        desk.tracker.start()
        time.sleep(0.1)
        desk.tracker.stop()
    samples, _ = read_asc(desk.path.read_bytes())
    assert len(samples) > 50
    assert np.isnan(samples[:, 1:3]).all()


def test_a_diameter_stays_one(tmp_path):
    study, _ = replay_study(tmp_path, [300])
    path = study.root / "replayed.asc"
    path.write_bytes(path.read_bytes().replace(b"PUPIL\tAREA", b"PUPIL\tDIAMETER"))
    with at_desk("replay", study) as desk:
        play(desk.tracker, 1, 0.05)
    assert b"\nPUPIL\tDIAMETER\n" in desk.path.read_bytes()


def test_a_replay_without_a_recording_is_refused(tmp_path):
    with (
        pytest.raises(InputError, match=r"A replay needs a recording.*experiment\.replay"),
        at_desk("replay", desk_study(tmp_path)),
    ):
        pass
