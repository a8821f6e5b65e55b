"""Sessions that were gone on with: which attempt at a trial counts, in which part's recording."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gaze_analysis.events import make_events
from gaze_analysis.importing import import_sessions, recorded_sessions
from gaze_analysis.steps import bids_step
from gaze_analysis.steps_quality import quality_step
from gaze_analysis.tests.small_study import (
    COLUMNS,
    PICTURE,
    recording_text,
    small_study,
    trial_text,
)
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import run_step
from study.tables import read_table
from study.writing import write_text

MORE = (
    "condition", "attempt", "outcome", "part", "drift_deg", "gate_attempts", "confidence",
    "confidence_rt_ms",
)  # fmt: skip
HEAD = recording_text([])
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
# Trial, attempt, outcome, part.
Row = tuple[int, int, str, int]


def image_of(trial: int) -> str:
    return f"AF{trial:02d}AFS"


def epoch(trial: int, start_ms: int, result: int = 0) -> str:
    text = trial_text(trial, start_ms, image_of(trial))
    return text.replace("TRIAL_RESULT 0", f"TRIAL_RESULT {result}")


def table_text(rows: list[Row]) -> str:
    """Write a session's table; face times are those of the tracker only where a face was seen."""
    lines = ["\t".join((*COLUMNS, *MORE))]
    for trial, attempt, outcome, part in rows:
        done = outcome == "done"
        answer = ("afraid", "1", "true", 600, 300, 900) if done else ("n/a",) * 6
        image = image_of(trial)
        phase = ("0", "practice") if trial == 1 else ("1", "main")
        told = ("brief" if trial % 2 else "long", attempt, outcome, part, 0.4, 1)
        sure = (3, 812.5) if done else ("n/a", "n/a")
        cells = ("sub-01", "01", trial, *phase, image, image[1:4], "afraid", *answer, *PICTURE)
        lines.append("\t".join(str(cell) for cell in (*cells, *told, *sure)))
    return "\n".join(lines) + "\n"


def session(folder: Path, rows: list[Row], *recordings: str, suffix: str = ".asc") -> Study:
    """Make a study of one session with a recording for each part, and analyse it."""
    create_study(folder, {"execution": {"jobs": 1}})
    own = folder / "sourcedata" / "sub-01" / "ses-01"
    write_text(own / "trials.tsv", table_text(rows))
    for part, text in enumerate(recordings, start=1):
        name = "sub-01_ses-01" + (f"_part-{part:02d}" if part > 1 else "") + suffix
        data = text.encode()
        (own / name).write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    write_text(folder / "participants.tsv", "participant_id\nsub-01\n")
    study = open_study(folder)
    import_sessions(study)
    make_events(study)
    return study


def table(study: Study, name: str) -> pd.DataFrame:
    return read_table(study.gaze_dir / f"{name}.tsv", what=name)


def left_out(study: Study) -> list[tuple[str, int, str]]:
    rows = table(study, "unmatched")
    cells = zip(rows["side"], rows["trial"], rows["reason"], strict=True)
    return [(side, int(trial), reason) for side, trial, reason in cells]


def counted(study: Study) -> list[tuple[int, int, float]]:
    """Trial, part and onset in the part's own clock."""
    trials = table(study, "trials")
    cells = zip(trials["trial"], trials["part"], trials["face_onset_ms"], strict=True)
    return [(int(trial), int(part), float(onset)) for trial, part, onset in cells]


def cut_off(text: str, after: str) -> str:
    """Break a recording off in the midst of a sample's line, some samples after a message."""
    place = text.rindex(after)
    return text[: text.index("\t...\n", place) - 9]


@pytest.mark.parametrize("suffix", [".asc", ".asc.gz"])
def test_a_trial_that_was_cut_off_counts_as_it_was_done_in_the_next_part(
    tmp_path: Path, suffix: str
) -> None:
    first = cut_off(HEAD + epoch(1, 3000) + epoch(2, 5000) + epoch(3, 7000), "TRIALID 3")
    # The second part's clock begins anew, so that its times are those of other trials of part 1.
    second = HEAD + epoch(3, 3000) + epoch(4, 5000)
    rows = [(1, 1, "done", 1), (2, 1, "done", 1), (3, 2, "done", 2), (4, 1, "done", 2)]
    study = session(tmp_path / "s", rows, first, second, suffix=suffix)
    assert counted(study) == [(1, 1, 3300), (2, 1, 5300), (3, 2, 3300), (4, 2, 5300)]
    assert left_out(study) == [("recording", 3, "broken off and done again")]
    fixations = table(study, "fixations")
    assert fixations.groupby("trial").size().to_dict() == {1: 4, 2: 4, 3: 4, 4: 4}
    practice = fixations[fixations["trial"] == 1]
    assert set(practice["reason"]) == {"practice trial"}
    assert fixations.loc[fixations["included"].astype(bool), "trial"].tolist() == [2, 3, 4]
    trials = table(study, "trials")
    assert trials["condition"].tolist() == ["brief", "long", "brief", "long"]
    assert trials["attempt"].tolist() == [1, 1, 2, 1]
    assert trials["confidence"].tolist() == [3] * 4
    assert trials["confidence_rt_ms"].tolist() == [812.5] * 4


def test_a_gzip_file_without_its_end_still_gives_its_part(tmp_path: Path) -> None:
    rows = [(1, 1, "done", 1), (2, 1, "done", 1)]
    study = session(tmp_path / "s", rows, HEAD + epoch(1, 3000) + epoch(2, 5000), suffix=".asc.gz")
    path = recorded_sessions(study)[0].files[0]
    path.write_bytes(path.read_bytes()[:-20])
    import_sessions(study)
    make_events(study)
    assert counted(study)[0] == (1, 1, 3300)


def test_trials_that_were_skipped_or_broken_off_do_not_count(tmp_path: Path) -> None:
    recording = HEAD + (
        epoch(2, 3000, result=2)  # skipped, and never done
        + epoch(3, 5000, result=3)  # broken off, done later on
        + epoch(4, 7000)
        + epoch(3, 9000)
    )
    rows = [(2, 1, "skipped", 1), (3, 1, "interrupted", 1), (4, 1, "done", 1), (3, 2, "done", 1)]
    study = session(tmp_path / "s", rows, recording)
    assert counted(study) == [(4, 1, 7300), (3, 1, 9300)]
    assert left_out(study) == [
        ("behaviour", 2, "skipped by the experimenter"),
        ("behaviour", 3, "interrupted"),
    ]
    assert table(study, "unmatched")["row"].tolist() == [2, 3]
    events = table(study, "events")
    used = events["onset_ms"] >= 7000
    assert events.loc[~used, "trial"].isna().all()
    assert events.loc[used, "trial"].tolist() == [4] * 4 + [3] * 4


def test_an_epoch_that_says_that_it_was_not_done_is_never_taken(tmp_path: Path) -> None:
    """The recording lacks the attempt that counts, and has the one that does not."""
    rows = [(2, 1, "done", 1), (3, 1, "skipped", 1), (3, 2, "done", 1)]
    study = session(tmp_path / "s", rows, HEAD + epoch(2, 3000) + epoch(3, 5000, result=2))
    trials = table(study, "trials")
    assert trials["start_ms"].isna().tolist() == [False, True]
    assert trials["reason"].tolist()[1] == "not in the recording"
    assert left_out(study) == [
        ("behaviour", 3, "skipped by the experimenter"),
        ("behaviour", 3, "not in the recording"),
    ]


def test_an_attempt_in_another_part_is_never_taken(tmp_path: Path) -> None:
    """Part 1 breaks off in trial 3; of part 2 nothing was saved."""
    rows = [(2, 1, "done", 1), (3, 2, "done", 2)]
    first = cut_off(HEAD + epoch(2, 3000) + epoch(3, 5000), "TRIALID 3")
    study = session(tmp_path / "s", rows, first)
    assert table(study, "trials")["reason"].fillna("").tolist() == ["", "not in the recording"]
    assert left_out(study) == [
        ("recording", 3, "broken off and done again"),
        ("behaviour", 3, "not in the recording"),
    ]


def test_parts_are_those_of_the_files_also_where_a_file_holds_two_clocks(tmp_path: Path) -> None:
    first = HEAD + epoch(1, 9000) + epoch(2, 11000) + HEAD + epoch(3, 3000)
    second = HEAD + epoch(4, 3000)
    rows = [(1, 1, "done", 1), (2, 1, "done", 1), (3, 1, "done", 1), (4, 1, "done", 2)]
    study = session(tmp_path / "s", rows, first, second)
    assert counted(study) == [(1, 1, 9300), (2, 1, 11300), (3, 2, 3300), (4, 3, 3300)]
    assert left_out(study) == []
    blocks = table(study, "blocks")
    assert blocks.groupby("part")["file"].unique().str.len().tolist() == [1, 1, 1]


def test_a_part_whose_first_file_is_lost_keeps_its_number(tmp_path: Path) -> None:
    rows = [(2, 1, "done", 1), (3, 1, "done", 2)]
    study = session(tmp_path / "s", rows, HEAD + epoch(2, 3000), HEAD + epoch(3, 3000))
    (tmp_path / "s" / "sourcedata" / "sub-01" / "ses-01" / "sub-01_ses-01.asc").unlink()
    import_sessions(study)
    make_events(study)
    trials = table(study, "trials")
    assert trials["reason"].fillna("").tolist() == ["not in the recording", ""]
    assert trials["part"].tolist()[1] == 1


@pytest.mark.parametrize("rows", [[], [(1, 1, "skipped", 1), (1, 2, "interrupted", 1)]])
def test_a_session_without_any_trial_that_is_done(tmp_path: Path, rows: list[Row]) -> None:
    study = session(tmp_path / "s", rows, cut_off(HEAD + epoch(1, 3000), "TRIALID 1"))
    assert table(study, "trials").empty
    assert len(left_out(study)) == max(len(rows), 1)


def test_tables_without_marks_read_as_before(tmp_path: Path) -> None:
    study = small_study(tmp_path / "s", ("sub-01",))
    path = recorded_sessions(study)[0].files[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text + epoch(3, 9000), encoding="utf-8")  # done again, which counts
    import_sessions(study)
    make_events(study)
    assert counted(study) == [(1, 1, 3300), (2, 1, 5300), (3, 1, 9300)]
    assert left_out(study) == [("recording", 3, "broken off and done again")]
    trials = table(study, "trials")
    assert trials[["condition", "attempt", "confidence", "confidence_rt_ms"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("\tdone\t", "\tdnoe\t", 1), "line 2 has 'dnoe'"),
        (
            lambda text: text.rsplit("\tdone", 1)[0] + "\n",
            "cells in each line, but the last one has 20",
        ),
        (
            lambda text: text + text.splitlines()[-1] + "\n",
            "trial 3 it says so in the lines 3 and 4",
        ),
    ],
)
def test_a_damaged_table_is_refused(
    tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    rows = [(2, 1, "done", 1), (3, 1, "done", 1)]
    study = session(tmp_path / "s", rows, HEAD + epoch(2, 3000) + epoch(3, 5000))
    path = study.session_dir("sub-01", "01") / "trials.tsv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        make_events(study)


def test_pilots_and_tests_are_analysed_only_where_the_settings_say_so(tmp_path: Path) -> None:
    small_study(tmp_path / "s", ("sub-01",))
    root = tmp_path / "s"
    for mode in ("pilot", "test"):
        folder = root / f"{mode}data" / "sub-01" / f"ses-{mode}01"
        shutil.copytree(root / "sourcedata" / "sub-01" / "ses-01", folder)
        (folder / "sub-01_ses-01.asc").rename(folder / f"sub-01_ses-{mode}01.asc")
        write_text(folder / "session.json", json.dumps({"mode": mode}))
    assert [one.name for one in recorded_sessions(open_study(root))] == ["sub-01_ses-01"]
    settings_toml = root / "study.toml"
    text = settings_toml.read_text(encoding="utf-8")
    for modes, names in (
        ('["pilot"]', ["sub-01_ses-pilot01"]),
        ('["real", "test"]', ["sub-01_ses-01", "sub-01_ses-test01"]),
    ):
        write_text(settings_toml, text.replace('# modes = ["real"]', f"modes = {modes}"))
        study = open_study(root)
        assert [one.name for one in recorded_sessions(study)] == names
        import_sessions(study)
        make_events(study)
        assert len(table(study, "trials")) == 3 * len(names)


def test_a_session_in_the_wrong_folder_is_refused(tmp_path: Path) -> None:
    study = small_study(tmp_path / "s", ("sub-01",))
    folder = study.sourcedata / "sub-01"
    (folder / "ses-01").rename(folder / "ses-test")
    with pytest.raises(InputError, match="sub-01_ses-test is in sourcedata"):
        recorded_sessions(study)


def test_the_bids_files_of_two_parts_are_valid(tmp_path: Path) -> None:
    rows = [(1, 1, "done", 1), (2, 1, "skipped", 1), (3, 2, "done", 2), (4, 1, "done", 2)]
    first = cut_off(HEAD + epoch(1, 3000) + epoch(2, 5000, 2) + epoch(3, 7000), "TRIALID 3")
    study = session(tmp_path / "s", rows, first, HEAD + epoch(3, 3000) + epoch(4, 5000))
    (study.root / "pilotdata" / "sub-01" / "ses-pilot01").mkdir(parents=True)
    write_text(study.root / "pilotdata" / "sub-01" / "ses-pilot01" / "trials.tsv", "trial\n")
    assert run_step(study, bids_step(study))
    folder = study.root / "sub-01" / "ses-01" / "beh"
    shown = {
        run: pd.read_csv(folder / f"sub-01_ses-01_task-faces_run-{run}_events.tsv", sep="\t")
        for run in (1, 2)
    }
    assert shown[1]["stimulus"].tolist() == [image_of(1)]
    assert shown[2]["stimulus"].tolist() == [image_of(3), image_of(4)]
    assert shown[2]["onset"].tolist() == [0.3, 2.3]
    answers = pd.read_csv(folder / "sub-01_ses-01_task-faces_run-2_beh.tsv", sep="\t")
    assert answers[["trial", "condition", "confidence"]].to_numpy().tolist() == [
        [3, "brief", 3],
        [4, "long", 3],
    ]
    if not VALIDATOR.exists():
        pytest.skip("bids-validator-deno is not installed")
    done = subprocess.run(
        [str(VALIDATOR), "--format", "json", str(study.root)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert not any("condition" in str(issue) for issue in issues)
    about = {issue["location"] for issue in issues if "pilot" in issue.get("location", "")}
    assert about == set()


PREAMBLE = "** DATE: Thu Nov 26 08:37:10 2026\n** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED\n**\n\n"


@pytest.mark.parametrize(
    "ended_early", [PREAMBLE, PREAMBLE + "MSG\t600000 DISPLAY_COORDS 0 0 1 1\n"]
)
def test_a_part_that_ended_before_its_first_trial_stops_no_analysis(
    tmp_path: Path, ended_early: str
) -> None:
    rows = [(1, 1, "done", 2), (2, 1, "done", 2)]
    study = session(tmp_path / "s", rows, ended_early, HEAD + epoch(1, 3000) + epoch(2, 5000))
    assert [(trial, part) for trial, part, _ in counted(study)] == [(1, 2), (2, 2)]
    assert left_out(study) == []
    nothing = session(tmp_path / "nothing", [], ended_early)
    assert table(nothing, "trials").empty


def test_a_session_that_ended_before_its_first_trial_has_its_page_of_quality(
    tmp_path: Path,
) -> None:
    study = session(tmp_path / "s", [(1, 1, "done", 1)], HEAD + epoch(1, 3000))
    other = study.sourcedata / "sub-02" / "ses-01"
    write_text(other / "sub-02_ses-01.asc", PREAMBLE)
    import_sessions(study)
    make_events(study)
    run_step(study, quality_step(study))
    assert (study.gaze_dir / "quality" / "sub-02_ses-01.html").is_file()
    assert set(table(study, "quality")["participant_id"]) == {"sub-01"}
    (other.parents[1] / "sub-01" / "ses-01" / "sub-01_ses-01.asc").write_text(PREAMBLE)
    import_sessions(study)
    make_events(study)
    with pytest.raises(InputError, match="ended before its first trial"):
        run_step(study, quality_step(study))
