"""Behaviour tables adopted into sessions, and followed to the trials and fixations."""

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from gaze_analysis.behaviour import read_behaviour
from gaze_analysis.behaviour_files import adopt_behaviour, behaviour_file
from gaze_analysis.behaviour_sheet import read_sheets
from gaze_analysis.cli import app
from gaze_analysis.events import make_events
from gaze_analysis.importing import import_sessions
from gaze_analysis.kinds import file_kind
from gaze_analysis.steps import events_step
from gaze_analysis.tests.behaviour_text import PICTURES, opensesame, psychopy
from gaze_analysis.tests.small_study import recording_text, small_study
from study.errors import InputError
from study.folder import Study
from study.provenance import is_current, run_step
from study.settings.gaze import GazeSettings
from study.settings.gaze_behaviour import BehaviourSettings
from study.tables import read_table


def recorded_study(folder: Path, participants: tuple[str, ...] = ("sub-01", "sub-02")) -> Study:
    """Make a study of recordings of the pictures of the behaviour tables, without trials.tsv."""
    study = small_study(folder, participants)
    for participant_id in participants:
        session = study.session_dir(participant_id, "01")
        (session / "trials.tsv").unlink()
        text = recording_text(list(PICTURES))
        (session / f"{participant_id}_ses-01.asc").write_text(text, encoding="utf-8")
    return study


def adopt(study: Study, folder: Path, **files: str) -> list[str]:
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text(text, encoding="utf-8")
    adopted = adopt_behaviour(study, paths)
    return [path.relative_to(study.sourcedata).as_posix() for path in adopted]


def table(study: Study, name: str) -> pd.DataFrame:
    people: dict[str, type] = {"participant_id": str, "session": str}
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=people)


@pytest.mark.parametrize(
    "content", [psychopy().encode(), opensesame().encode("utf-16")], ids=["psychopy", "opensesame"]
)
def test_files_are_told_by_their_header(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert file_kind(path, GazeSettings()) == "behaviour"


@pytest.mark.parametrize("content", [b"x,y,duration\n1,2,3\n", b"\xff\xd8\xff\xe0\0\x10JFIF", b""])
def test_other_files_are_no_behaviour(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file\.csv must be one of"):
        file_kind(path, GazeSettings())


@pytest.mark.parametrize("participant", ["1", "01", "001", "sub-01", "S1"])
def test_a_table_goes_to_its_session(tmp_path: Path, participant: str) -> None:
    study = recorded_study(tmp_path / "study")
    text = psychopy(participant)
    assert adopt(study, tmp_path, data=text) == ["sub-01/ses-01/sub-01_ses-01_behaviour.csv"]
    kept = behaviour_file(study.session_dir("sub-01", "01"))
    assert kept is not None
    assert kept.read_text(encoding="utf-8") == text


def test_a_workbook_and_a_zip_are_split_and_kept_as_text(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study")
    rows = [list(csv.reader(io.StringIO(psychopy(who).removeprefix("\ufeff")))) for who in "12"]
    both = pd.DataFrame(rows[0][1:] + rows[1][1:], columns=rows[0][0])
    workbook = tmp_path / "both.xlsx"
    both.drop(columns="", errors="ignore").to_excel(workbook, index=False)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for who in "12":
            archive.writestr(f"{who}.csv", psychopy(who))
    answers = []
    for path in (workbook, tmp_path / "both.zip"):
        assert file_kind(path, GazeSettings()) == "behaviour"
        kept = adopt_behaviour(study, [path])
        assert adopt_behaviour(study, [path]) == kept  # twice is once
        assert [file.parent.parent.name for file in kept] == ["sub-01", "sub-02"]
        make = [read_behaviour(next(read_sheets(file)), BehaviourSettings()) for file in kept]
        answers.append([frame[["image_id", "correct", "rt_ms"]].astype(str) for frame in make])
        assert kept[0].read_text(encoding="utf-8").startswith("image,")
        for file in kept:
            file.unlink()
    assert all(map(pd.DataFrame.equals, *answers))


def test_answers_reach_trials_and_fixations(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study")
    adopt(study, tmp_path, a=psychopy("1"), b=opensesame("2"))
    import_sessions(study)
    make_events(study)
    trials = table(study, "trials")
    own = trials[trials["participant_id"] == "sub-01"]
    # TRIALID counts from 1 and thisN from 0: the pictures tell which row is which.
    assert own["behaviour_row"].tolist() == [3, 4, 5]
    assert own["correct"].tolist() == [True, False, False]
    assert own["rt_ms"].tolist()[:2] == [500, 600]
    assert own["expression"].tolist() == ["afraid", "happy", "sad"]
    assert own["reason"].fillna("").tolist() == ["", "wrong answer", "wrong answer"]
    other = trials[trials["participant_id"] == "sub-02"]
    assert other["response"].fillna("").tolist() == ["afraid", "neutral", ""]
    assert table(study, "unmatched").empty
    fixations = table(study, "fixations")
    assert fixations.loc[fixations["included"].astype(bool), "trial"].tolist() == [1, 1]


def test_what_stays_alone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = recorded_study(tmp_path / "study", ("sub-01",))
    adopt(study, tmp_path, a=psychopy("1", pictures=PICTURES[:2]))
    import_sessions(study)
    make_events(study)
    alone = table(study, "unmatched")
    assert alone[["participant_id", "side", "trial", "label"]].to_numpy().tolist() == [
        ["sub-01", "recording", 3, 3]
    ]
    assert "joined by picture" in alone["reason"].iloc[0]
    assert "warning: 1 in unmatched.tsv (sub-01)" in capsys.readouterr().err
    assert table(study, "trials")["reason"].tolist()[2] == "no answer"


def test_answers_that_name_expressions_are_judged(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study", ("sub-01",))
    text = "image,trials.thisN,response,participant\n" + "".join(
        f"{name}.jpg,{i},{answer},1\n"
        for i, (name, answer) in enumerate(zip(PICTURES, ("Fear", "sad", ""), strict=True))
    )
    adopt(study, tmp_path, a=text)
    import_sessions(study)
    make_events(study)
    trials = table(study, "trials")
    assert trials["response"].tolist()[:2] == ["afraid", "sad"]
    assert trials["correct"].fillna("n/a").tolist() == [True, False, "n/a"]


def test_an_expression_that_the_picture_contradicts(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study", ("sub-01",))
    adopt(study, tmp_path, a=psychopy("1").replace("fear", "joy"))
    import_sessions(study)
    with pytest.raises(InputError, match=r"AF01AFS \(afraid\) and is called 'happy'"):
        make_events(study)


def test_a_table_of_several_people_is_split(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study")
    header, *rows = opensesame("1").splitlines()
    more = opensesame("2").splitlines()[1:]
    text = "\n".join([header, *rows, *more]) + "\n"
    assert len(adopt(study, tmp_path, everybody=text)) == 2
    for participant_id, nr in (("sub-01", "1"), ("sub-02", "2")):
        kept = behaviour_file(study.session_dir(participant_id, "01"))
        assert kept is not None
        lines = pd.read_csv(kept, dtype=str)
        assert lines["subject_nr"].tolist() == [nr] * 4
        assert lines["title"].tolist()[0] == 'A "test"'
    # The same once more changes nothing.
    assert len(adopt(study, tmp_path, everybody=text)) == 2


def test_the_name_of_the_file_comes_first(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study")
    path = tmp_path / "sub-02_ses-01_faces.csv"
    path.write_text(psychopy("1"), encoding="utf-8")
    adopted = adopt_behaviour(study, [path])
    assert adopted[0].parent.parent.name == "sub-02"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": psychopy("9")}, r"'9', session '001'\) is none of them \(sub-01_ses-01, sub-02"),
        ({"a": psychopy("1", session="2")}, r"session '2'\) is none of them"),
        ({"a": psychopy("1"), "b": opensesame("1")}, "a.csv and b.csv both are of sub-01_ses-01"),
        ({"a": psychopy("1"), "b": psychopy("2").replace("fear", "dread")}, "dread"),
        ({"a": psychopy("1"), "b": "x,y\n1,2\n"}, "PsychoPy's or OpenSesame's"),
    ],
)
def test_one_bad_table_and_none_is_taken(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    study = recorded_study(tmp_path / "study")
    with pytest.raises(InputError, match=message):
        adopt(study, tmp_path, **files)
    assert not list(study.sourcedata.rglob("*.csv"))


def test_a_participant_who_could_be_two(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study", ("sub-A3", "sub-B3"))
    with pytest.raises(InputError, match="could be sub-A3_ses-01, sub-B3_ses-01"):
        adopt(study, tmp_path, a=psychopy("3"))
    assert adopt(study, tmp_path, a=psychopy("b03")) == [
        "sub-B3/ses-01/sub-B3_ses-01_behaviour.csv"
    ]


def test_what_a_session_has_is_not_replaced(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study", ("sub-01",))
    adopt(study, tmp_path, a=psychopy("1"))
    with pytest.raises(InputError, match="holds another sub-01_ses-01_behaviour"):
        adopt(study, tmp_path, a=opensesame("1"))
    own = small_study(tmp_path / "own", ("sub-01",))
    with pytest.raises(InputError, match=r"trials\.tsv of the session itself"):
        adopt(own, tmp_path, a=psychopy("1"))


def test_the_command_takes_recordings_and_behaviour_together(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study", ())
    asc, csv = tmp_path / "sub-7_ses-01.asc", tmp_path / "7_faces_2026.csv"
    asc.write_text(recording_text(list(PICTURES)), encoding="utf-8")
    csv.write_text(psychopy("7"), encoding="utf-8")
    result = CliRunner().invoke(app, ["import", "--study", str(study.root), str(csv), str(asc)])
    assert result.exit_code == 0, result.output
    assert run_step(study, events_step(study))
    assert table(study, "trials")["correct"].tolist() == [True, False, False]
    # Another table makes the events stale.
    kept = behaviour_file(study.session_dir("sub-7", "01"))
    assert kept is not None
    kept.write_text(psychopy("7").replace(",1,0.5000", ",0,0.5000"), encoding="utf-8")
    assert not is_current(study, events_step(study))
