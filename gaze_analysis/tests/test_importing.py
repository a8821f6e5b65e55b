"""Recordings in and into sourcedata become tables; what is no recording changes nothing."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from gaze_analysis.events import make_events
from gaze_analysis.eyelink import read_asc
from gaze_analysis.foreign import (
    adopt_recordings,
    find_recordings,
    recording_id,
    recording_ids,
)
from gaze_analysis.importing import (
    import_sessions,
    messages_path,
    recorded_sessions,
    samples_path,
    session_parts,
)
from gaze_analysis.kinds import sort_files
from gaze_analysis.steps import bids_step, events_step, import_step, steps
from gaze_analysis.tests.asc_text import HEADER, block
from gaze_analysis.tests.small_study import recording_text, small_study
from gaze_analysis.tests.test_edf import bundled
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import run_step
from study.tables import read_table


def empty_study(folder: Path) -> Study:
    create_study(folder, {"execution": {"jobs": 1}})
    return open_study(folder)


def overview(study: Study, name: str) -> pd.DataFrame:
    kinds: dict[str, type] = {"participant_id": str, "session": str}
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=kinds)


def test_samples_are_kept_as_they_were_read(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    import_sessions(study)
    session = recorded_sessions(study)[0]
    kept = pd.read_parquet(samples_path(study, session.name))
    read = read_asc(session.files[0]).samples
    pd.testing.assert_frame_equal(kept.drop(columns="part"), read)
    row = overview(study, "recordings").iloc[0]
    assert (row["n_samples"], row["n_fixations"], row["sampling_rate_hz"]) == (300, 12, 100)
    assert (row["eye"], row["gaze"], row["display_width_px"]) == ("right", "px", 1920)
    assert overview(study, "validations")["error_avg_deg"].tolist() == [0.38, 0.38]


def test_skipped_lines_are_listed_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = small_study(tmp_path / "study", ("sub-01",))
    path = recorded_sessions(study)[0].files[0]
    path.write_text(path.read_text(encoding="utf-8") + "EFIX R 1 2\n", encoding="utf-8")
    import_sessions(study)
    row = overview(study, "skipped_lines").iloc[0]
    assert (row["text"], row["reason"]) == ("EFIX R 1 2", "no complete EFIX line")
    assert "1 lines skipped" in capsys.readouterr().err


def test_pilot_sessions_are_left_out(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    folder = study.session_dir("sub-02", "01")
    (folder / "session.json").write_text(json.dumps({"mode": "pilot"}), encoding="utf-8")
    assert [session.participant_id for session in recorded_sessions(study)] == ["sub-01"]
    (folder / "session.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="must be JSON"):
        recorded_sessions(study)


def test_parts_of_an_interrupted_session_are_joined(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study", ("sub-01",))
    folder = study.session_dir("sub-01", "01")
    text = recording_text(["AF01AFS", "AF02AFS", "AF03AFS"])
    cut = text.index("MSG\t7000")
    (folder / "sub-01_ses-01.asc").write_text(text[:cut], encoding="utf-8")
    (folder / "sub-01_ses-01_part-2.asc").write_text(text[cut:], encoding="utf-8")
    import_sessions(study)
    make_events(study)
    assert len(overview(study, "fixations")) == 12
    assert overview(study, "trials")["part"].tolist() == [1, 1, 2]


def test_a_study_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs recordings"):
        import_sessions(empty_study(tmp_path / "study"))


def test_recordings_made_elsewhere_need_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = empty_study(tmp_path / "study")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "sub-7_ses-2_x.asc").write_text(HEADER + block("bino"), encoding="utf-8")
    (folder / "Anna 3.ASC.gz").write_bytes(gzip.compress(block("mono").encode()))
    (folder / "old.txt").write_text(recording_text(["AF01HAS"]), encoding="utf-8")
    (folder / "notes.txt").write_text("nothing to see\n", encoding="utf-8")
    adopt_recordings(study, [folder])
    run_step(study, import_step(study))
    run_step(study, events_step(study))
    assert [session.name for session in recorded_sessions(study)] == [
        "sub-7_ses-2", "sub-Anna3_ses-01", "sub-old_ses-01",
    ]  # fmt: skip
    fixations = overview(study, "fixations")
    assert fixations["expression"].dropna().unique().tolist() == ["happy"]
    assert fixations["included"].sum() == 1
    assert fixations.loc[fixations["included"].astype(bool), "expression"].tolist() == ["happy"]
    people = study.participants_tsv.read_text(encoding="utf-8")
    assert all(name in people for name in ("sub-7", "sub-Anna3", "sub-old"))
    assert not adopted_again(study, folder)


def adopted_again(study: Study, folder: Path) -> bool:
    """Import the same files a second time; tell whether the steps did anything."""
    adopt_recordings(study, [folder])
    return run_step(study, import_step(study)) or run_step(study, events_step(study))


def test_without_pictures_the_events_stay_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = empty_study(tmp_path / "study")
    file = tmp_path / "a.asc"
    file.write_text(HEADER + block(), encoding="utf-8")
    adopt_recordings(study, [file])
    import_sessions(study)
    make_events(study)
    assert "1 trials are recording blocks" in capsys.readouterr().err
    fixation = overview(study, "fixations").iloc[0]
    assert (fixation["screen_x_px"], fixation["screen_y_px"]) == (505.0, 398.0)
    assert pd.isna(fixation["x_px"])
    assert fixation["reason"] == "too short"
    events = overview(study, "events")
    assert events["event"].tolist() == ["fixation", "blink", "saccade"]
    assert events["x_px"].iloc[0] == 505.0


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0\x00\x10JFIF", b""])
def test_one_bad_file_and_nothing_is_taken(tmp_path: Path, content: bytes) -> None:
    study = empty_study(tmp_path / "study")
    good, bad = tmp_path / "good.asc", tmp_path / "face.asc"
    good.write_text(block(), encoding="utf-8")
    bad.write_bytes(content)
    with pytest.raises(InputError, match=r"face\.asc"):
        adopt_recordings(study, [good, bad])
    assert not study.sourcedata.exists()


def test_another_recording_of_the_same_name_is_refused(tmp_path: Path) -> None:
    study = empty_study(tmp_path / "study")
    file = tmp_path / "a.asc"
    file.write_text(block(), encoding="utf-8")
    adopt_recordings(study, [file])
    file.write_text(block(n_samples=5), encoding="utf-8")
    with pytest.raises(InputError, match="holds one recording"):
        adopt_recordings(study, [file])
    with pytest.raises(InputError, match="there is no"):
        adopt_recordings(study, [tmp_path / "none.asc"])
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="none"):
        adopt_recordings(study, [tmp_path / "bare"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub-007_ses-02_task-faces.asc.gz", ("sub-007", "02")),
        ("sub-7.asc", ("sub-7", "01")),
        ("P_12 final.ASC", ("sub-P12final", "01")),
        ("Jürgen.asc", ("sub-Jurgen", "01")),
        ("example_eyelink.txt.gz", ("sub-exampleeyelink", "01")),
    ],
)
def test_names_say_whose_recording_it_is(name: str, expected: tuple[str, str]) -> None:
    assert recording_id(Path(name)) == expected


@pytest.mark.parametrize("events_only", [False, True])
def test_two_recordings_in_one_file_are_parts_of_a_session(
    tmp_path: Path, events_only: bool
) -> None:
    study = empty_study(tmp_path / "study")
    first = HEADER + block(start_ms=9000) + "MSG\t9500 TRIAL_RESULT 0\n"
    lines = (first + HEADER + block()).splitlines(keepends=True)
    if events_only:
        lines = [line for line in lines if not line[0].isdigit()]
    file = tmp_path / "sub-1.asc"
    file.write_text("".join(lines), encoding="utf-8")
    adopt_recordings(study, [file])
    import_sessions(study)
    table = read_table(study.gaze_dir / "recordings.tsv", what="recordings").iloc[0]
    assert (table["n_parts"], table["n_lines"], table["n_blocks"]) == (2, len(lines), 2)
    blocks = read_table(study.gaze_dir / "blocks.tsv", what="blocks")
    assert blocks.loc[blocks["n_samples"] >= 0, ["part", "start_ms"]].to_numpy().tolist() == [
        [1, 9000.0], [2, 2000.0],
    ]  # fmt: skip
    whole = read_asc(file)
    for path_of, table_name in ((samples_path, "samples"), (messages_path, "messages")):
        parts = pd.read_parquet(path_of(study, "sub-1_ses-01"))
        assert parts["line"].tolist() == getattr(whole, table_name)["line"].tolist()
    messages = pd.read_parquet(messages_path(study, "sub-1_ses-01"))
    assert set(messages.loc[messages["stamp_ms"] >= 9000, "part"]) == {1}
    assert session_parts(study) == {"sub-1_ses-01": 2}
    run_step(study, events_step(study))
    run_step(study, bids_step(study))
    assert len(list(study.root.glob("sub-1/ses-01/beh/*_run-2_events.tsv"))) == 1


def test_names_that_say_nothing_or_the_same() -> None:
    with pytest.raises(InputError, match="letters or digits"):
        recording_id(Path("__.asc"))
    with pytest.raises(InputError, match="another session"):
        recording_ids([Path("P1/a_b.asc"), Path("P1/ab.asc")])


def test_the_steps_follow_each_other(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    commands = [step.command for step in steps(study)]
    assert commands == [
        "gaze import", "gaze events", "gaze quality", "gaze bids", "gaze density",
    ]  # fmt: skip
    made = {path for step in steps(study) for path in step.outputs}
    needed = {path for step in list(steps(study))[1:] for path in step.inputs}
    assert all(path in made or path.exists() for path in needed)


def test_of_an_edf_and_its_asc_one_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = empty_study(tmp_path / "study")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "sub-1.edf").write_bytes(b"SR_RESEARCH_1000FILE")  # not read, so never found bad
    (folder / "sub-1.asc").write_text(HEADER + block(), encoding="utf-8")
    (folder / "eeg.edf").write_bytes(b"0       X X X X Startdate 02-MAR-2002")
    adopt_recordings(study, [folder])
    assert [session.files[0].name for session in recorded_sessions(study)] == ["sub-1_ses-01.asc"]
    assert "sub-1.edf is not read" in capsys.readouterr().err
    kept = study.session_dir("sub-1", "01")
    (kept / "sub-1_ses-01.edf").write_bytes(b"SR_RESEARCH_1000FILE")
    import_sessions(study)
    assert "sub-1_ses-01.edf is not read" in capsys.readouterr().err


def test_an_edf_is_found_to_be_the_asc_of_another_folder(tmp_path: Path) -> None:
    for name, second in (("a", "00:00:00"), ("b", "00:00:01")):
        text, edf = tmp_path / "asc" / f"{name}.asc.gz", tmp_path / "edf" / f"{name}.edf"
        text.parent.mkdir(exist_ok=True)
        edf.parent.mkdir(exist_ok=True)
        edf.write_bytes(f"SR_RESEARCH_1000FILE\nDATE: Mon Jan  1 {second} 2024\n".encode())
        text.write_bytes(gzip.compress((HEADER + block() + f"MSG\t9000 {name}\n").encode()))
    found = find_recordings([tmp_path / "asc", tmp_path / "edf"])
    assert [path.name for path in found] == ["a.asc.gz", "b.asc.gz", "b.edf"]


def test_hidden_files_and_copies_are_no_recordings_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = empty_study(tmp_path / "study")
    folder = tmp_path / "files"
    for name in ("backup/P7.asc", "P7.asc", "P8.asc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEADER + block() + f"MSG\t9000 {name[-6:]}\n", encoding="utf-8")
    for name in ("._P7.asc", "__MACOSX/P8.asc", ".git/x.asc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x00\x05\x16\x07Mac OS X")
    (folder / "lost.asc").symlink_to(tmp_path / "nowhere.asc")
    files = sort_files([folder], study.settings.gaze)["asc"]
    assert "1 files are no recordings and are left out: lost.asc" in capsys.readouterr().err
    adopt_recordings(study, files)
    said = f"{folder / 'backup' / 'P7.asc'} is not read: it is a copy of {folder / 'P7.asc'}"
    assert said in capsys.readouterr().err
    kept = study.session_dir("sub-P7", "01")
    (kept / "._sub-P7_ses-01.asc").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    assert [(one.name, len(one.files)) for one in recorded_sessions(study)] == [
        ("sub-P7_ses-01", 1), ("sub-P8_ses-01", 1),
    ]  # fmt: skip


def test_runs_of_one_session_are_its_parts(tmp_path: Path) -> None:
    study = empty_study(tmp_path / "study")
    files = [tmp_path / f"sub-5_task-x_run-{run}.asc" for run in (1, 10, 2)]
    for file in files:
        file.write_text(block() + f"MSG\t9000 {file.name}\n", encoding="utf-8")
    adopt_recordings(study, files[:2])
    adopt_recordings(study, files)
    (session,) = recorded_sessions(study)
    assert [path.name for path in session.files] == [
        f"sub-5_ses-01_part-{part}.asc" for part in ("01", "02", "10")
    ]
    files[0].write_text(block(n_samples=5), encoding="utf-8")
    whole = tmp_path / "sub-5.asc"
    whole.write_text(block(n_samples=6), encoding="utf-8")
    for file in (files[0], whole):
        with pytest.raises(InputError, match="holds one recording"):
            adopt_recordings(study, [file])


@pytest.mark.parametrize("label", ["test", "pilot2"])
def test_labels_that_mean_a_pilot_or_a_test_are_refused(tmp_path: Path, label: str) -> None:
    study = empty_study(tmp_path / "study")
    file = tmp_path / f"sub-5_ses-{label}.asc"
    file.write_text(block(), encoding="utf-8")
    with pytest.raises(InputError, match=f"no data of the study, but it is '{label}'"):
        adopt_recordings(study, [file])
    assert not (study.root / "participants.tsv").exists()


def test_an_edf_is_adopted_and_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("eyelinkio", reason="the extra edf (eyelinkio) is absent")
    if not bundled():
        pytest.skip("eyelinkio brings no recording here")
    study = empty_study(tmp_path / "study")
    adopt_recordings(study, [next(path for path in bundled() if path.name == "test_raw.edf")])
    import_sessions(study)
    row = overview(study, "recordings").iloc[0]
    assert row["file"] == "sourcedata/sub-testraw/ses-01/sub-testraw_ses-01.edf"
    assert (row["n_samples"], row["n_fixations"], row["eye"]) == (66827, 21, "left")
    facts = json.loads((study.session_dir("sub-testraw", "01") / "session.json").read_text())
    assert facts["imported_from"] == "test_raw.edf"
