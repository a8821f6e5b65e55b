"""faceoff gaze validate: labelled recordings that the tests write, and those of other labs."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from gaze_analysis.cli import app
from gaze_analysis.detection import METHODS, detect
from gaze_analysis.detection.hand_labels import LABELS, _times_ms, find_pairs, read_pair
from gaze_analysis.detection.validate import REQUIRED, validate, verdict
from gaze_analysis.tests.synthetic_gaze import SCREEN, synthetic_samples
from study.cli import run_app
from study.errors import InputError
from study.settings.gaze_events import EventSettings
from study.tables import read_table

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "events" / "andersson2017"
needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the labelled recordings are not beside this checkout"
)


def write_recording(
    folder: Path,
    name: str,
    *,
    seed: int = 1,
    shift: int = 0,
    coders: tuple[str, ...] = ("RA", "MN"),
) -> None:
    """Write a recording whose coders call the known saccades so; shift makes them wrong."""
    samples, saccades = synthetic_samples(500, 6, seed=seed)
    n = len(samples)
    label = np.full(n, LABELS["fixation"])
    lost = samples["x_right_px"].isna().to_numpy()
    label[lost] = LABELS["blink"]
    for first, end in saccades:
        label[first + shift : end + shift] = LABELS["saccade"]
    gaze = samples[["x_right_px", "y_right_px"]].fillna(0.0).to_numpy()
    pupil = samples["pupil_right"].to_numpy()
    pos = np.column_stack([samples["time_ms"] * 1000 + 1e9, pupil, pupil, gaze, label])
    for k, coder in enumerate(coders):
        data = {
            "pos": pos[: n - 2 * k],  # one file is shorter by two samples
            "screenDim": [SCREEN.width_cm / 100, SCREEN.height_cm / 100],
            "screenRes": [SCREEN.width_px, SCREEN.height_px],
            "viewDist": SCREEN.distance_cm / 100,
            "sampFreq": 500,
        }
        folder.mkdir(parents=True, exist_ok=True)
        savemat(folder / f"{name}_labelled_{coder}.mat", {"ETdata": data})


def run(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["faceoff gaze", "validate", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_app(app)
    code = ended.value.code
    shown = capsys.readouterr()
    return (code if isinstance(code, int) else 0), shown.out, shown.err


def test_good_labels_are_reached_and_wrong_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path / "good", "P1_img_a")
    write_recording(tmp_path / "good", "P2_img_b", seed=2)
    status, out, _ = run([str(tmp_path / "good"), "--jobs", "1"], monkeypatch, capsys)
    assert status == 0
    assert "pictures: 2 recordings together" in out
    assert "reached" in out and "NOT reached" not in out
    write_recording(tmp_path / "bad", "P1_img_a", shift=25)
    status, out, _ = run([str(tmp_path / "bad"), "--jobs", "1"], monkeypatch, capsys)
    assert status == 1
    assert "NOT reached" in out


def test_only_pictures_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path, "P1_img_a")
    write_recording(tmp_path, "P1_trial17", seed=2, shift=25)
    write_recording(tmp_path, "P1_video_b", seed=3, shift=25)
    status, out, _ = run([str(tmp_path), "--jobs", "1"], monkeypatch, capsys)
    assert status == 0
    for category in ("pictures", "dots", "video"):
        assert f"{category}: 1 recording together" in out
    for path in tmp_path.glob("*img*"):
        path.unlink()
    status, out, _ = run([str(tmp_path), "--jobs", "1"], monkeypatch, capsys)
    assert status == 1
    assert "cannot be judged" in out


def test_the_whole_table_is_written_where_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path / "in", "P1_img_a")
    out_tsv = tmp_path / "out" / "table.tsv"
    arguments = [str(tmp_path / "in"), "--jobs", "1", "--method", "idt", "--out", str(out_tsv)]
    before = sorted(tmp_path.rglob("*"))
    status, out, _ = run(arguments[:-2], monkeypatch, capsys)
    assert sorted(tmp_path.rglob("*")) == before
    status, out, _ = run(arguments, monkeypatch, capsys)
    assert status == 0
    table = read_table(out_tsv, what="agreement", columns={"labels": str, "against": str})
    assert set(table["labels"]) == {"coder RA", "coder MN", "adaptive", "idt"}
    assert set(table["recording"]) == {"all", "P1_img_a"}
    assert table.loc[table["labels"] == "idt", "kappa_saccade"].isna().all()
    assert " idt " in out


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("", None, "holds no such file"),
        ("a.mat", {"x": 1}, "holds no such file"),
        ("a_img_labelled_RA.mat", {"x": 1}, "no pair among its 1 recordings"),
    ],
    ids=["empty", "another name", "no partner"],
)
def test_a_folder_without_pairs_is_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: dict | None,
    expected: str,
) -> None:
    if content is not None:
        savemat(tmp_path / name, content)
    status, _, err = run([str(tmp_path)], monkeypatch, capsys)
    assert status == 2
    assert "Error: Labelled recordings must be pairs of files" in err
    assert expected in err
    status, _, err = run([str(tmp_path / "none")], monkeypatch, capsys)
    assert status == 2 and "must be in a folder" in err


LAYOUTS = {
    "another structure": ({"data": 1}, "holds data"),
    "nothing in it": ({}, "holds nothing"),
    "no screen": ({"ETdata": {"pos": np.zeros((5, 6))}}, "lacks screenDim"),
    "five columns": (
        {"ETdata": {"pos": np.zeros((5, 5)), "screenDim": [1, 1], "screenRes": [9, 9],
                    "viewDist": 1, "sampFreq": 500}},
        "has the shape (5, 5)",
    ),
    "no distance": (
        {"ETdata": {"pos": np.zeros((5, 6)), "screenDim": [1, 1], "screenRes": [9, 9],
                    "viewDist": 0, "sampFreq": 500}},
        "viewDist is 1 numbers above 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_another_layout_is_explained(tmp_path: Path, name: str) -> None:
    content, expected = LAYOUTS[name]
    for coder in ("RA", "MN"):
        savemat(tmp_path / f"a_img_labelled_{coder}.mat", content)
    with pytest.raises(InputError, match="must be a MATLAB file") as error:
        validate(tmp_path, ["adaptive"], jobs=1)
    assert expected in str(error.value)


def test_a_file_that_is_no_matlab_file_is_explained(tmp_path: Path) -> None:
    for coder in ("RA", "MN"):
        (tmp_path / f"a_img_labelled_{coder}.mat").write_bytes(b"\xff\xd8\xff\xe0 JPEG")
    with pytest.raises(InputError, match="must be a MATLAB file"):
        validate(tmp_path, ["adaptive"], jobs=1)


def test_partners_are_told_of_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path, "P1_img_a")
    write_recording(tmp_path, "P2_img_b", coders=("MN",))
    assert [pair[0] for pair in find_pairs(tmp_path)] == ["P1_img_a"]
    assert "P2_img_b_labelled_RA.mat is missing" in capsys.readouterr().err


def test_files_of_different_recordings_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recording(tmp_path, "P1_img_a", coders=("RA",))
    write_recording(tmp_path / "other", "P1_img_a", seed=9)
    (tmp_path / "other" / "P1_img_a_labelled_MN.mat").rename(tmp_path / "P1_img_a_labelled_MN.mat")
    with pytest.raises(InputError, match="none of the 1"):
        validate(tmp_path, ["adaptive"], jobs=1)
    assert "share only" in capsys.readouterr().err


def test_times_are_those_of_the_stamps_where_they_are_a_clock() -> None:
    stamps = 1e9 + np.arange(50) * 5000.0
    assert _times_ms(stamps, 500.0).tolist() == (np.arange(50) * 5.0).tolist()
    stumbling = stamps.copy()
    stumbling[20] = stumbling[19]
    assert _times_ms(stumbling, 500.0).tolist() == (np.arange(50) * 5.0).tolist()
    assert _times_ms(np.zeros(50), 500.0).tolist() == (np.arange(50) * 2.0).tolist()


def test_an_unknown_method_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run([str(tmp_path), "--method", "remodnaw"], monkeypatch, capsys)
    assert status == 2
    assert "Did you mean 'remodnav'" in err


@needs_recordings
def test_the_default_detector_agrees_with_both_coders() -> None:
    table = validate(FOLDER, ["adaptive"], jobs=1)
    passed, text = verdict(table)
    assert passed, text
    pooled = table[(table["recording"] == "all") & (table["labels"] == "adaptive")]
    assert (pooled["kappa_fixation"] >= REQUIRED["fixation"]).all()
    assert (pooled["kappa_saccade"] >= REQUIRED["saccade"]).all()
    coders = table[(table["recording"] == "all") & (table["labels"] == "coder MN")].iloc[0]
    # The coders' agreement on these seven, by scikit-learn: 0.862, 0.912 and 0.773.
    found = coders[["kappa_fixation", "kappa_saccade", "kappa_pso"]].to_numpy(float)
    assert found == pytest.approx([0.862, 0.912, 0.773], abs=6e-4)


@needs_recordings
@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_on_every_recording(method: str) -> None:
    for name, first, second in find_pairs(FOLDER):
        recording = read_pair(name, first, second)
        assert recording is not None
        events = detect(recording.trace, EventSettings(), method=method)
        assert (events["event"] == "fixation").any()


@needs_recordings
def test_the_rate_of_the_stamps_counts() -> None:
    rates = {}
    for pair in find_pairs(FOLDER):
        recording = read_pair(*pair)
        assert recording is not None
        rates[recording.name] = recording.trace.stretches[0].rate_hz
    # One recording says 500 Hz, and has stamps of 200 Hz.
    assert rates.pop("UH47_img_Europe") == pytest.approx(200, rel=0.01)
    assert list(rates.values()) == pytest.approx([500] * 6, rel=0.01)
