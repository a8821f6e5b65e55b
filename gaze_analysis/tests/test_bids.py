"""Sessions as BIDS eye tracking: what the specification asks, and what was recorded."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.bids_files import padded, write_tsv_gz
from gaze_analysis.events import make_events
from gaze_analysis.foreign import adopt_recordings
from gaze_analysis.importing import import_sessions, samples_path
from gaze_analysis.reports.adopt import keep_reports, prepare_reports
from gaze_analysis.steps import bids_step
from gaze_analysis.tests.small_study import recording_text, small_study
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import run_step

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = small_study(tmp_path_factory.mktemp("bids") / "study")
    import_sessions(made)
    make_events(made)
    assert run_step(made, bids_step(made))
    assert not run_step(made, bids_step(made))
    return made


def beh(study: Study, ending: str) -> Path:
    return study.root / "sub-01" / "ses-01" / "beh" / f"sub-01_ses-01_task-faces_{ending}"


def facts(study: Study, ending: str) -> dict:
    return json.loads(beh(study, ending).read_text(encoding="utf-8"))


def rows(path: Path, columns: list[str]) -> pd.DataFrame:
    return pd.read_csv(
        path, sep="\t", names=columns, na_values=["n/a"], keep_default_na=False, low_memory=False
    )


def test_samples_read_back_are_those_of_the_recording(study: Study) -> None:
    physio = facts(study, "recording-eye2_physio.json")
    table = rows(beh(study, "recording-eye2_physio.tsv.gz"), physio["Columns"])
    assert (np.diff(table["timestamp"]) == 10).all()
    samples = pd.read_parquet(samples_path(study, "sub-01_ses-01"))
    kept = table.dropna(subset=["x_coordinate"]).reset_index(drop=True)
    names = ["time_ms", "x_right_px", "y_right_px", "pupil_right"]
    written = kept[["timestamp", "x_coordinate", "y_coordinate", "pupil_size"]]
    np.testing.assert_array_equal(written.to_numpy(float), samples[names].to_numpy(float))


def test_events_read_back_are_those_of_the_recording(study: Study) -> None:
    described = facts(study, "recording-eye2_physioevents.json")
    table = rows(beh(study, "recording-eye2_physioevents.tsv.gz"), described["Columns"])
    fixations = table[table["trial_type"] == "fixation"]
    assert fixations["onset"].tolist()[:4] == [3000, 3390, 3720, 3800]
    assert fixations["duration"].tolist()[:4] == [0.35, 0.3, 0.03, 0.2]
    assert "FACE_ON AF01AFS" in table["message"].tolist()
    assert described["Columns"][0] == "onset"
    assert described["OnsetSource"] == "timestamp"


def test_the_sidecar_holds_what_the_specification_requires(study: Study) -> None:
    physio = facts(study, "recording-eye2_physio.json")
    assert physio["PhysioType"] == "eyetrack"
    assert physio["RecordedEye"] == "right"
    assert physio["SampleCoordinateSystem"] == "gaze-on-screen"
    assert physio["Columns"][:3] == ["timestamp", "x_coordinate", "y_coordinate"]
    assert (physio["SamplingFrequency"], physio["StartTime"]) == (100, 0)
    assert physio["x_coordinate"]["Units"] == physio["y_coordinate"]["Units"] == "pixel"
    assert "area" in physio["pupil_size"]["Description"]
    assert (physio["AverageCalibrationError"], physio["CalibrationType"]) == (0.38, "HV9")
    assert physio["PupilFitMethod"] == "centre-of-mass"  # the specification's word
    assert physio["RawDataFilters"] == "EyeLink heuristic filter, level 2"
    assert set(physio["Columns"]) <= set(physio)


def test_the_screen_is_described_in_metres(study: Study) -> None:
    screen = facts(study, "events.json")["StimulusPresentation"]
    assert screen == {
        "ScreenDistance": 0.7,
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": [1920, 1080],
        "ScreenSize": [0.53, 0.298],
    }


def test_pictures_and_answers(study: Study) -> None:
    events = pd.read_csv(beh(study, "events.tsv"), sep="\t")
    assert events["onset"].tolist() == [0.3, 2.3, 4.3]
    assert events["duration"].tolist() == [0.6] * 3
    behaviour = pd.read_csv(beh(study, "beh.tsv"), sep="\t", keep_default_na=False)
    assert behaviour["correct"].tolist() == [True, False, True]
    assert behaviour["response_time"].tolist() == [0.6] * 3


def test_gzip_header_has_neither_name_nor_time(study: Study) -> None:
    head = beh(study, "recording-eye2_physio.tsv.gz").read_bytes()[:10]
    assert head[3] == 0  # no file name
    assert head[4:8] == bytes(4)  # no time


def test_texts_stay_in_their_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    write_tsv_gz(path, pd.DataFrame({"t": [1.0, 2.5], "m": ['say "a"\tb\nc', None]}))
    text = gzip.decompress(path.read_bytes()).decode()
    assert text == '1\tsay \\"a\\"\\tb\\nc\n2.5\tn/a\n'
    write_tsv_gz(path, pd.DataFrame({"t": [1, 2], "m": pd.Series([None, None], dtype="str")}))
    assert gzip.decompress(path.read_bytes()) == b"1\tn/a\n2\tn/a\n"  # no event of its own


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.sampled_from([1.0, 2.0, 0.5]))
@settings(max_examples=50, deadline=None)
def test_padding_keeps_every_sample_and_leaves_no_gap(steps: list[int], step_ms: float) -> None:
    times = 100.0 + step_ms * np.concatenate([[0], np.cumsum(steps)])
    table = pd.DataFrame({"timestamp": times, "x": np.arange(len(times), dtype=float)})
    filled = padded(table, step_ms)
    np.testing.assert_array_equal(filled.dropna().to_numpy(), table.to_numpy())
    np.testing.assert_allclose(np.diff(filled["timestamp"]), step_ms)


def test_the_parts_of_a_session_are_runs(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study", ("sub-01",))
    folder = study.session_dir("sub-01", "01")
    text = recording_text(["AF01AFS", "AF02AFS", "AF03AFS"])
    cut = text.index("MSG\t7000")
    whole = folder / "sub-01_ses-01.asc"
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    assert beh(study, "events.tsv").is_file()
    whole.write_text(text[:cut], encoding="utf-8")
    (folder / "sub-01_ses-01_part-2.asc").write_text(text[cut:], encoding="utf-8")
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    assert not list(folder.glob("../../../sub-01/ses-01/beh/*task-faces_events*"))  # the old ones
    onsets = [
        pd.read_csv(beh(study, f"run-{run}_events.tsv"), sep="\t")["onset"].tolist()
        for run in (1, 2)
    ]
    assert onsets == [[0.3, 2.3], [0.3]]
    assert validator_issues(study.root) == []


def test_a_column_of_texts_may_be_empty(tmp_path: Path) -> None:
    # An eye without events has messages alone, and no trial_type.
    table = pd.DataFrame({"onset": [1.0, 2.0], "trial_type": pd.Series([None, None], dtype="str")})
    write_tsv_gz(tmp_path / "x.tsv.gz", table)
    assert gzip.decompress((tmp_path / "x.tsv.gz").read_bytes()) == b"1\tn/a\n2\tn/a\n"


def test_what_the_lab_says_is_in_each_file(tmp_path: Path) -> None:
    made = small_study(tmp_path / "study")
    settings_toml = made.settings_toml
    text = settings_toml.read_text("utf-8").replace(
        "[study]", '[study]\ninstitution = "Our university"\nauthors = ["A", "B"]', 1
    )
    settings_toml.write_text(text, encoding="utf-8")
    made = open_study(made.root)
    import_sessions(made)
    make_events(made)
    run_step(made, bids_step(made))
    for path in made.root.glob("sub-*/ses-*/beh/*.json"):
        said = json.loads(path.read_text("utf-8"))
        assert said["InstitutionName"] == "Our university"
        assert said["CogAtlasID"] == "n/a"
    description = json.loads((made.root / "dataset_description.json").read_text("utf-8"))
    assert description["Authors"] == ["A", "B"]
    assert validator_issues(made.root) == []


def test_overviews_of_an_earlier_version_are_refused(tmp_path: Path) -> None:
    made = small_study(tmp_path / "study")
    import_sessions(made)
    make_events(made)
    recordings = made.gaze_dir / "recordings.tsv"
    table = pd.read_csv(recordings, sep="\t", dtype=str, keep_default_na=False)
    table.drop(columns="serial_number").to_csv(recordings, sep="\t", index=False)
    with pytest.raises(InputError, match="must have the column 'serial_number'"):
        run_step(made, bids_step(made))


TOBII = SHARED.parents[1] / "faces" / "uniss_fgd" / "042.csv.gz"
REPORT = SHARED.parent / "reports" / "gazer_fixation_report_v1.xls"


@pytest.mark.parametrize(("path", "maker"), [(TOBII, "Tobii"), (REPORT, "SR Research")])
def test_the_official_validator_accepts_reports(tmp_path: Path, path: Path, maker: str) -> None:
    if not path.is_file():
        pytest.skip("the real recordings are not beside this checkout")
    study = create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    keep_reports(study, prepare_reports(study, [path]))
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    assert validator_issues(study.root) == []
    assert validator_issues(study.derivatives) == []
    for sidecar in sorted(study.root.glob("sub-*/ses-*/beh/*_physio.json")):
        check_sidecar(sidecar)
        assert json.loads(sidecar.read_text("utf-8"))["Manufacturer"] == maker


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings are not beside this checkout")
def test_the_official_validator_accepts_recordings_of_other_labs(tmp_path: Path) -> None:
    create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    study = open_study(tmp_path / "study")
    adopt_recordings(study, [SHARED])
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    assert validator_issues(study.root) == []
    for path in sorted(study.root.glob("sub-*/ses-*/beh/*_physio.json")):
        check_sidecar(path)


def check_sidecar(path: Path) -> None:
    """Check what the validator does not, of one recording."""
    physio = json.loads(path.read_text(encoding="utf-8"))
    assert "_recording-eye" in path.name
    assert physio["PhysioType"] == "eyetrack"
    assert physio["x_coordinate"]["Units"] == physio["y_coordinate"]["Units"] != ""
    assert physio["timestamp"]["Units"] == "ms"
    assert physio["SampleCoordinateSystem"] in ("gaze-on-screen", "eye-in-head", "custom")
    table_path = path.with_suffix(".tsv.gz")
    packed = table_path.read_bytes()
    assert packed[3:8] == bytes(5)  # neither name nor time
    assert not gzip.decompress(packed).startswith((b"\xef\xbb\xbf", b"timestamp"))
    table = rows(table_path, physio["Columns"])
    steps = np.diff(table["timestamp"].to_numpy(float))
    assert (steps > 0).all()
    if len(steps):  # no gap is left
        assert steps.max() < 1.51 * 1000 / physio["SamplingFrequency"]
    events = json.loads(
        path.with_name(path.name.replace("_physio", "_physioevents")).read_text(encoding="utf-8")
    )
    assert events["OnsetSource"] in physio["Columns"]
    assert events["Columns"][0] == "onset"
    run = path.name.split("_recording")[0]
    screen = json.loads(path.with_name(f"{run}_events.json").read_text(encoding="utf-8"))
    screen = screen["StimulusPresentation"]
    assert 0.1 < screen["ScreenDistance"] < 5
    assert all(0.1 < side < 5 for side in screen["ScreenSize"])
    assert all(isinstance(side, int) and side > 300 for side in screen["ScreenResolution"])
    if "CalibrationPosition" in physio:
        assert physio["CalibrationUnit"] == "pixel"
        width_px, height_px = screen["ScreenResolution"]
        assert all(
            0 <= x < width_px and 0 <= y < height_px for x, y in physio["CalibrationPosition"]
        )


def test_the_official_validator_finds_no_error(study: Study) -> None:
    assert validator_issues(study.root) == []
    for path in sorted(study.root.glob("sub-*/ses-*/beh/*_physio.json")):
        check_sidecar(path)


def validator_issues(folder: Path) -> list[tuple[str, str, str]]:
    """Run the official validator; give its errors and warnings."""
    if not VALIDATOR.exists() and shutil.which("bids-validator-deno") is None:
        pytest.skip("bids-validator-deno is not installed")
    command = str(VALIDATOR) if VALIDATOR.exists() else "bids-validator-deno"
    done = subprocess.run(
        [command, "--format", "json", "--max-rows", "-1", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not done.stdout.startswith("{"):
        pytest.skip(f"the validator does not run here: {done.stderr[:200]}")
    return [
        (issue["severity"], issue["code"], str(issue.get("subCode")))
        for issue in json.loads(done.stdout)["issues"]["issues"]
    ]
