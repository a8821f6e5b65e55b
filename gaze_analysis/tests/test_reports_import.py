"""Reports into a study: from files of any kind to trials, fixations and interest areas."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from gaze_analysis.cli import app
from gaze_analysis.importing import session_facts
from gaze_analysis.kinds import file_kind, sort_files
from gaze_analysis.reports.adopt import adopt_reports, keep_reports, prepare_reports
from gaze_analysis.reports.keep import write_rows
from gaze_analysis.reports.table import Table
from gaze_analysis.tests.asc_text import HEADER, block
from gaze_analysis.tests.report_text import FIXATIONS, biff2
from gaze_analysis.tests.test_reports_tobii import studio_text
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.settings.gaze import GazeSettings
from study.tables import read_table

SETTINGS = {
    "gaze": {
        "report": {
            "picture_place": "face_at",
            "picture_width_px": 300,
            "picture_height_px": 400,
            "columns": {"image": "face", "correct": "ACC"},
        }
    }
}
AREAS = """RECORDING_SESSION_LABEL;TRIAL_INDEX;IA_ID;IA_LABEL;IA_DWELL_TIME;IA_DWELL_TIME_%;\
IA_FIXATION_COUNT;IA_FIRST_FIXATION_TIME;mood
003;1;1;eyes;812;0,63;4;104;happy
003;1;2;mouth;.;0;0;.;happy
004;2;1;eyes;100;1,00;1;30;sad
"""


def study_with(folder: Path, settings: dict[str, Any] | None = None) -> Study:
    """Make an empty study that reads in this process."""
    created = create_study(folder, settings or {})
    return open_study(created.root)


def run(study: Study, *words: object) -> str:
    """Run a command of `faceoff gaze`, and give what it said."""
    result = CliRunner().invoke(app, [*map(str, words), "--study", str(study.root), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    return result.output


def overview(study: Study, name: str) -> pd.DataFrame:
    texts = dict.fromkeys(("participant_id", "session"), str)
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=texts)


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def everything(study: Study) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(study.root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("form", ["text", "utf-16", "xls"])
def test_a_fixation_report_to_fixations_in_pictures(tmp_path: Path, form: str) -> None:
    study = study_with(tmp_path / "study", SETTINGS)
    rows = [line.split("\t") for line in FIXATIONS.strip().split("\n")]
    data = {
        "text": FIXATIONS.encode(),
        "utf-16": FIXATIONS.replace(".50", ",50").replace(".00", ",00").encode("utf-16"),
        "xls": biff2(rows),  # type: ignore[arg-type]
    }[form]
    file = written(tmp_path, "report.xls", data)
    assert "Data Viewer fixation report: 5 rows of 1 sessions (sub-003" in run(
        study, "import", file
    )
    run(study, "events")
    trials, fixations = overview(study, "trials"), overview(study, "fixations")
    assert trials["image_id"].tolist() == ["AF01HAS", "AF02SAS"]
    assert trials["expression"].tolist() == ["happy", "sad"]
    assert trials["correct"].tolist() == [True, False]
    assert fixations["participant_id"].unique().tolist() == ["sub-003"]
    assert fixations["onset_ms"].tolist() == [4, 240, 600, 0, 420]
    assert fixations["reason"].fillna("").tolist() == ["", "", "", "wrong answer", "wrong answer"]
    # The picture's centre stood at (512, 384), and it was 300 px wide.
    np.testing.assert_allclose(fixations["x_px"][0], 512 - 362, atol=1)
    facts = session_facts(study.session_dir("sub-003", "01"))
    (entry,) = facts["reports"].values()
    assert (entry["kind"], entry["imported_from"]) == ("dv-fixations", "report.xls")
    assert (facts["mode"], facts["tracker"], facts["times"]) == ("real", "EyeLink", "the tracker's")


def test_what_is_kept_is_verbatim_and_kept_once(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study")
    odd = (
        FIXATIONS
        + '003\t2\tRIGHT\n003\t2\tRIGHT\t700\t798\t100\t1\t2\t3\tNONE\t9000\t"a\tb"\tx\t007\n'
    )
    file = written(tmp_path, "report.txt", odd)
    run(study, "import", file)
    folder = study.session_dir("sub-003", "01")
    kept = (folder / "sub-003_ses-01_dv-fixations.tsv").read_text(encoding="utf-8")
    assert [line.replace('"', "") for line in kept.splitlines()] == [
        line.replace('"', "") for line in odd.splitlines()
    ]
    skipped = overview(study, "skipped_lines")
    assert skipped[["line", "reason"]].to_numpy().tolist() == [[7, "3 cells instead of 14"]]
    assert skipped["file"][0].endswith("sub-003_ses-01_dv-fixations.tsv")
    assert overview(study, "recordings")["n_fixations"].tolist() == [6]
    before = everything(study)
    assert "up to date" in run(study, "import", file)
    assert everything(study) == before


def test_all_or_nothing(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study")
    good = written(tmp_path, "good.txt", FIXATIONS)
    asc = written(tmp_path, "a.asc", HEADER + block())
    bad = written(tmp_path, "bad.txt", FIXATIONS.replace("CURRENT_FIX_Y", "Y"))
    before = everything(study)
    result = CliRunner().invoke(
        app, ["import", str(good), str(asc), str(bad), "--study", str(study.root)]
    )
    assert isinstance(result.exception, InputError)
    assert everything(study) == before
    adopt_reports(study, [good])
    before = everything(study)
    other = written(tmp_path, "other.txt", FIXATIONS.replace("512.00", "513.00"))
    with pytest.raises(InputError, match="one report of its kind"):
        adopt_reports(study, [other])
    assert everything(study) == before


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_with(tmp_path / "study")
    two = FIXATIONS + FIXATIONS.split("\n", 1)[1].replace("003", "004")
    pieces = prepare_reports(study, [written(tmp_path, "two.txt", two)])
    before = everything(study)
    calls: list[Path] = []

    def failing(path: Path, table: Table) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError("no space left")
        write_rows(path, table)

    monkeypatch.setattr("gaze_analysis.reports.adopt.write_rows", failing)
    with pytest.raises(OSError, match="no space"):
        keep_reports(study, pieces)
    assert everything(study) == before
    assert not list(study.sourcedata.glob("sub-*"))


def test_names_that_would_be_one_participant_are_refused(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study")
    text = FIXATIONS.replace("003\t1", "P_1\t1").replace("003\t2", "P1\t2")
    with pytest.raises(InputError, match="'P_1' and 'P1'"):
        prepare_reports(study, [written(tmp_path, "r.txt", text)])
    asc = written(tmp_path, "sub-003.asc", HEADER + block())
    run(study, "import", asc)
    with pytest.raises(InputError, match="holds one recording"):
        prepare_reports(study, [written(tmp_path, "r.txt", FIXATIONS)])


def test_the_name_of_a_data_file_is_a_participant_without_its_suffix(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study", SETTINGS)
    text = FIXATIONS.replace("RECORDING_SESSION_LABEL", "DATA_FILE").replace("003", "p3.edf")
    sessions = adopt_reports(study, [written(tmp_path, "report.txt", text)])
    assert [session.name for session in sessions] == ["sub-p3_ses-01"]


def test_interest_areas_become_one_table(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study")
    run(study, "import", written(tmp_path, "areas.xls", AREAS))
    areas = overview(study, "interest_areas")
    assert areas["participant_id"].tolist() == ["sub-003", "sub-003", "sub-004"]
    assert areas["area"].tolist() == ["eyes", "mouth", "eyes"]
    assert areas["dwell_share"].tolist() == [0.63, 0, 1]
    assert areas["dwell_time_ms"].isna().tolist() == [False, True, False]
    assert areas["trial"].tolist() == [1, 1, 2]


def test_a_tobii_export_to_fixations(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study")
    run(study, "import", written(tmp_path, "export.tsv", studio_text().encode("utf-16")))
    run(study, "events")
    fixations = overview(study, "fixations")
    assert fixations["participant_id"].unique().tolist() == ["sub-P1"]
    face = fixations[fixations["image_id"] == "face"]
    assert face["onset_ms"].tolist() == [0, 32, 72]
    # Clipped to the picture: 24 of 44 ms at its onset, 48 of 100 at its end.
    assert face["duration_ms"].tolist() == [24, 40, 48]
    assert face["reason"].tolist()[0] == "began before onset"
    assert overview(study, "recordings")["sampling_rate_hz"].tolist() == [250]


def test_a_folder_and_files_of_all_kinds(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "deep").mkdir(parents=True)
    written(inbox, "a.asc", HEADER + block())
    written(inbox, "r.xls", FIXATIONS)
    written(inbox / "deep", "t.tsv", studio_text())
    written(inbox, "notes.txt", "just words\n")
    study = study_with(tmp_path / "study")
    said = run(study, "import", inbox)
    assert "1 files are no recordings and are left out: notes.txt" in said
    assert "3 recordings" in said
    with pytest.raises(InputError, match=r"Data Viewer reports.*columns a, b, c"):
        file_kind(written(tmp_path, "x.csv", "a,b,c\n1,2,3\n"), GazeSettings())
    with pytest.raises(InputError, match="it is none of them"):
        file_kind(written(tmp_path, "x.png", b"\x89PNG\r\n\x1a\n"), GazeSettings())
    with pytest.raises(InputError, match="there is no"):
        sort_files([tmp_path / "nothing"], GazeSettings())
    assert file_kind(written(tmp_path, "x.edf", b"SR_RESEARCH_"), GazeSettings()) == "edf"


GENERIC = {
    "gaze": {
        "report": {
            "time_unit": "s",
            "position": "picture",
            "picture_width_px": 562,
            "picture_height_px": 762,
            "file_name": r"(?P<participant>\w+)_(?P<image>A[FM]\d\d\w+)\.csv",
            "columns": {"time": "t", "x_left": "lx", "y_left": "ly", "pupil_left": "pl"},
        }
    }
}


def test_a_generic_table_of_samples(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study", GENERIC)
    text = "t;lx;ly;pl\n0;100,5;200;3\n0,01;101,5;201;3\n0,02;-;201;3\nx;1;2;3\n"
    files = [written(tmp_path, f"p7_{image}.csv", text) for image in ("AF01HAS", "AF02SAS")]
    run(study, "import", *files)
    samples = pd.read_parquet(study.gaze_dir / "samples" / "sub-p7_ses-01.parquet")
    assert samples["time_ms"].tolist()[:3] == [0, 10, 20]
    assert samples["x_left_px"].tolist()[:2] == [100.5, 101.5]
    assert len(samples) == 6
    assert overview(study, "skipped_lines")["reason"].tolist() == ["t is no number"] * 2
    run(study, "events")
    trials = overview(study, "trials")
    assert trials["image_id"].tolist() == ["AF01HAS", "AF02SAS"]
    assert trials["picture_width_px"].tolist() == [562, 562]


def test_a_generic_table_that_lacks_what_the_map_names(tmp_path: Path) -> None:
    study = study_with(tmp_path / "study", GENERIC)
    file = written(tmp_path, "p7_AF01HAS.csv", "t;left_x;ly;pl\n0;1;2;3\n")
    with pytest.raises(InputError, match=r"column 'lx'.*x_left in \[gaze.report.columns\]"):
        prepare_reports(study, [file])


def test_a_generic_table_of_fixations_on_the_screen(tmp_path: Path) -> None:
    columns = {"participant": "who", "trial": "n", "image": "pic", "onset": "start",
               "duration": "ms", "x": "px", "y": "py", "correct": "ok"}  # fmt: skip
    report = {"columns": columns, "picture_x_px": 100, "picture_y_px": 50, "place_is": "top_left",
              "picture_width_px": 300, "picture_height_px": 400}  # fmt: skip
    study = study_with(tmp_path / "study", {"gaze": {"report": report}})
    rows = ("0,180,110", "200,80,90")
    text = "".join(f"003,1,AF01HAS.jpg,{row},60,yes,a\n" for row in rows)
    text = "who,n,pic,start,ms,px,py,ok,mood\n" + text
    run(study, "import", written(tmp_path, "all.csv", text))
    run(study, "events")
    fixations = overview(study, "fixations")
    assert fixations["included"].tolist() == [True, False]
    assert fixations["reason"].tolist()[1] == "off picture"
    assert overview(study, "trials")["var_mood"].tolist() == ["a"]
    facts = json.loads((study.session_dir("sub-003", "01") / "session.json").read_text())
    assert facts["tracker"] == "unknown"
