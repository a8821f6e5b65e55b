"""What the experiment's trackers write is what gaze analysis reads, also after a sudden end."""

import time
from pathlib import Path

import numpy as np
import pytest

from experiment.tests.desk import at_desk, desk_study
from experiment.tests.test_asc_recording import write_recording
from experiment.trackers.protocol import Eye
from gaze_analysis.eyelink import read_asc
from study.folder import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    replayed = {"replay": {"recording": "replayed.asc"}}
    made = desk_study(tmp_path_factory.mktemp("recordings"), experiment=replayed)
    write_recording(made, [300])
    return made


def record(study: Study, name: str, eye: Eye = "right") -> Path:
    with at_desk(name, study, eye) as desk:
        desk.tracker.message("DISPLAY_COORDS 0 0 1919 1079")
        desk.tracker.calibrate(desk.window)
        for trial in (1, 2):
            desk.tracker.message(f"TRIALID {trial}")
            desk.tracker.drift_check(640.0, 540.0, desk.window)
            desk.tracker.start()
            time.sleep(0.05)
            desk.tracker.message("FACE_ON AF01HAS")
            time.sleep(0.5)
            desk.tracker.message("FACE_OFF")
            desk.tracker.stop()
        path: Path = desk.path
    return path


@pytest.mark.parametrize("name", ["simulated", "replay", "mouse"])
def test_every_line_of_a_recording_is_read(study: Study, name: str) -> None:
    recording = read_asc(record(study, name))
    assert recording.skipped.empty
    assert recording.blocks["eyes"].tolist() == ["right", "right"]
    assert recording.blocks["rate_hz"].tolist() == [1000.0, 1000.0]
    for block in recording.blocks.itertuples():
        times = recording.samples.loc[recording.samples["block"] == block.block, "time_ms"]
        assert np.array_equal(times, np.arange(block.start_ms, block.end_ms))
    has_events = not recording.fixations.empty
    assert has_events == (name == "simulated")


def test_a_recording_that_was_cut_off_anywhere_is_read_up_to_there(
    study: Study, tmp_path: Path
) -> None:
    path = record(study, "simulated", "left")
    content, whole = path.read_bytes(), read_asc(path)
    assert whole.blocks["eyes"].tolist() == ["left", "left"]
    first = content.index(b"START")
    cuts = np.random.default_rng(1).integers(first + 800, len(content), size=40)
    for cut in [*cuts.tolist(), *range(len(content) - 60, len(content))]:
        (tmp_path / "cut.asc").write_bytes(content[:cut])
        found = read_asc(tmp_path / "cut.asc")
        n_samples = len(found.samples)
        assert len(found.skipped) <= 1
        assert found.samples.drop(columns="line").equals(
            whole.samples.drop(columns="line").iloc[:n_samples]
        )
        # A line that was cut is no sample.
        n_lines = sum(line[:1].isdigit() for line in content[:cut].splitlines())
        assert n_lines - 1 <= n_samples <= n_lines
