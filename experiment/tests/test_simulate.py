"""A simulated sample: whole, repeatable, safe from being overwritten, and true to its plan."""

import json
import shutil

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from experiment.simulate import simulate_sample
from experiment.simulate_cli import simulate
from experiment.tests.asc_grammar import read_asc
from experiment.tests.made_up_study import make_study
from participants.plans import read_plan
from participants.register import add_participant, read_participants
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import open_study
from study.tables import read_table

SERIAL = {"execution": {"jobs": 1}}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Simulate two observers once, for every test that only reads."""
    study = make_study(tmp_path_factory.mktemp("simulated") / "study", 3, **SERIAL)
    simulate_sample(study, 2)
    return study


@pytest.fixture
def copy(simulated, tmp_path):
    """Give a copy of the simulated study, for tests that change it."""
    shutil.copytree(simulated.root, tmp_path / "copy")
    return open_study(tmp_path / "copy")


def contents(study):
    """Read every file of the sessions."""
    files = sorted(path for path in study.sourcedata.rglob("*") if path.is_file())
    return {path.relative_to(study.root).as_posix(): path.read_bytes() for path in files}


def trials_of(study, participant_id="sub-001"):
    return read_table(
        study.session_dir(participant_id, "01") / "trials.tsv",
        what="Trials",
        columns={"session": str, "correct": bool},
    )


def test_every_session_has_its_files(simulated):
    assert list(read_participants(simulated)["participant_id"]) == ["sub-001", "sub-002"]
    assert simulated.sessions() == [("sub-001", "01"), ("sub-002", "01")]
    names = {path.name for path in simulated.session_dir("sub-001", "01").iterdir()}
    assert names == {
        "plan.json", "session.json", "sub-001_ses-01.asc", "trials.json", "trials.tsv",
        "truth.json", "truth_fixations.json", "truth_fixations.tsv",
    }  # fmt: skip
    folder = simulated.session_dir("sub-001", "01")
    record = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert (record["status"], record["tracker"]) == ("finished", "simulated")
    assert record["recording_files"] == ["sub-001_ses-01.asc"]
    planned = read_plan(folder / "plan.json").trials
    second_round = [trial for trial in planned if trial.practice_round == 2]
    n_rows = len(trials_of(simulated))
    assert record["n_trials"] == n_rows
    assert n_rows in (len(planned), len(planned) - len(second_round))


def test_recording_and_table_say_the_same(simulated):
    folder = simulated.session_dir("sub-001", "01")
    samples, lines = read_asc((folder / "sub-001_ses-01.asc").read_bytes())
    messages = [(int(time), text) for kind, (time, text) in _messages(lines)]
    onsets = [time for time, text in messages if text.startswith("FACE_ON ")]
    offsets = [time for time, text in messages if text == "FACE_OFF"]
    trials = trials_of(simulated)
    assert onsets == trials["face_onset_ms"].tolist()
    assert offsets == trials["face_offset_ms"].tolist()
    shown = [text.split()[1] for _, text in messages if text.startswith("FACE_ON ")]
    assert shown == trials["image_id"].tolist()
    answers = [text.split()[2] for _, text in messages if text.startswith("RESPONSE ")]
    assert answers == trials["response"].tolist()
    assert ((trials["response"] == trials["expression"]) == trials["correct"]).all()
    assert ((trials["face_offset_ms"] - trials["face_onset_ms"] - trials["rt_ms"]) < 18).all()
    for onset, offset in zip(onsets, offsets, strict=True):
        inside = (samples[:, 0] >= onset - 700) & (samples[:, 0] <= offset)
        assert inside.sum() == offset - onset + 701


def _messages(lines):
    """Keep the messages of a recording."""
    return [(kind, values) for kind, values in lines if kind == "message"]


def test_messages_stand_in_the_order_of_the_protocol(simulated):
    path = simulated.session_dir("sub-002", "01") / "sub-002_ses-01.asc"
    _, lines = read_asc(path.read_bytes())
    kept = ("TRIALID", "DRIFTCORRECT", "FIXATION_ON", "FACE_ON", "!V", "RESPONSE", "FACE_OFF",
            "TRIAL_RESULT")  # fmt: skip
    words = []
    times = []
    for kind, values in lines:
        if kind == "message":
            times.append(int(values[0]))
            if values[1].split()[0] in kept:
                words.append(" ".join(values[1].split()[: 2 if values[1][0] == "!" else 1]))
        elif kind in ("start", "end"):
            words.append(kind)
    assert times == sorted(times)
    one_trial = [
        "TRIALID", "DRIFTCORRECT", "start", "FIXATION_ON", "FACE_ON", "!V IMGLOAD", "!V IAREA",
        "RESPONSE", "FACE_OFF", *["!V TRIAL_VAR"] * 7, "end", "TRIAL_RESULT",
    ]  # fmt: skip
    assert words == one_trial * len(trials_of(simulated, "sub-002"))


def test_practice_ends_after_the_round_that_meets_the_criterion(tmp_path):
    never = {"accuracy": dict.fromkeys(EXPRESSIONS, 0.0), "between_accuracy": 0.0}
    always = {"accuracy": dict.fromkeys(EXPRESSIONS, 1.0), "between_accuracy": 0.0}
    for name, observers, rounds in (("a", never, {1, 2}), ("b", always, {1})):
        study = make_study(tmp_path / name, 3, observers=observers, **SERIAL)
        simulate_sample(study, 1)
        planned = read_plan(study.session_dir("sub-001", "01") / "plan.json").trials
        shown = set(trials_of(study)["trial"])
        assert {t.practice_round for t in planned if t.trial in shown} - {0} == rounds


def test_the_areas_that_messages_name_are_there(simulated):
    folder = simulated.session_dir("sub-001", "01")
    _, lines = read_asc((folder / "sub-001_ses-01.asc").read_bytes())
    named = {v[1].split()[3] for k, v in lines if k == "message" and "!V IAREA" in v[1]}
    assert len(named) > 0
    assert all((folder / path).is_file() for path in named)


def test_blocks_hold_samples_without_a_gap(simulated):
    path = simulated.session_dir("sub-001", "01") / "sub-001_ses-01.asc"
    samples, lines = read_asc(path.read_bytes())
    starts = [int(values[0]) for kind, values in lines if kind == "start"]
    ends = [int(values[0]) for kind, values in lines if kind == "end"]
    expected = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])
    assert np.array_equal(samples[:, 0], expected)


def test_truth_agrees_with_the_recording(simulated):
    folder = simulated.session_dir("sub-001", "01")
    truth = read_table(folder / "truth_fixations.tsv", what="Truth", columns={"session": str})
    onsets = trials_of(simulated).set_index("trial")["face_onset_ms"]
    _, lines = read_asc((folder / "sub-001_ses-01.asc").read_bytes())
    recorded = {int(values[0]): values for kind, values in lines if kind == "EFIX"}
    starts = (truth["onset_ms"] + truth["trial"].map(onsets)).astype(int)
    seen = starts.isin(recorded)  # but for those whose first samples were lost
    assert seen.mean() > 0.9
    found = np.array([recorded[start][3:5] for start in starts[seen]])
    shift_px = found - truth.loc[seen, ["x_px", "y_px"]].to_numpy()
    offset_px = 44.27 * truth.loc[seen, ["offset_x_deg", "offset_y_deg"]].to_numpy()
    assert np.abs(np.median(shift_px - offset_px, axis=0)).max() < 1
    planted = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert set(truth["region"]) <= set(planted["strategy"]["happy"])
    images = {trial.image_id for trial in read_plan(folder / "plan.json").trials}
    assert set(planted["picture_effects"]) == images


def test_same_seed_same_bytes(simulated, tmp_path):
    study = make_study(tmp_path / "again", 3, **SERIAL)
    simulate_sample(study, 2)
    assert contents(study) == contents(simulated)


def test_a_second_call_changes_nothing_and_a_larger_sample_adds(copy):
    before = contents(copy)
    assert simulate_sample(copy, 3) == ["sub-001", "sub-002", "sub-003"]
    after = contents(copy)
    assert {name: after[name] for name in before} == before
    assert len(after) == 3 * len(before) // 2


def test_an_interrupted_simulation_is_made_anew(copy, simulated):
    folder = copy.session_dir("sub-002", "01")
    record = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    (folder / "session.json").write_text(json.dumps(record | {"status": "running"}))
    (folder / "trials.tsv").unlink()
    (folder / "sub-002_ses-01.asc").write_bytes(b"** half")
    (folder / ".0a1b2c3d.sub-002_ses-01.asc").write_bytes(b"** less")
    simulate_sample(copy, 2)
    assert contents(copy) == contents(simulated)


def test_other_settings_do_not_overwrite(copy):
    before = contents(copy)
    with pytest.raises(InputError, match=r"simulation\.seed"):
        simulate_sample(copy, 2, seed=9)
    assert contents(copy) == before


def test_real_recordings_stay_alone(copy):
    folder = copy.session_dir("sub-002", "01")
    (folder / "session.json").write_text('{"tracker": "eyelink", "status": "finished"}')
    with pytest.raises(InputError, match="without real recordings"):
        simulate_sample(copy, 2, "02")


def test_a_session_in_a_window_is_passed_over(tmp_path):
    study = make_study(tmp_path / "study", 2, **SERIAL)
    add_participant(study, "sub-001")
    folder = study.session_dir("sub-001", "01")
    folder.mkdir(parents=True)
    (folder / "session.json").write_text('{"tracker": "simulated", "status": "quit"}')
    assert simulate_sample(study, 1) == ["sub-002"]
    assert [path.name for path in folder.iterdir()] == ["session.json"]


def test_a_time_limit_gives_trials_without_an_answer(tmp_path):
    limit = {"experiment": {"response_limit_ms": 1200.0}}
    study = make_study(tmp_path / "study", 2, **SERIAL, **limit)
    simulate_sample(study, 1)
    trials = trials_of(study)
    late = trials["response"].isna()
    assert 0 < late.sum() < len(trials)
    assert trials.loc[late, ["key", "correct", "rt_ms"]].isna().all(axis=None)
    assert (trials.loc[~late, "rt_ms"] < 1200).all()
    shown_ms = trials["face_offset_ms"] - trials["face_onset_ms"]
    assert shown_ms[late].between(1200, 1218).all()


def test_the_command_answers_and_says_where(tmp_path):
    study = make_study(tmp_path / "study", 2)
    app = typer.Typer()
    app.command()(simulate)
    done = CliRunner().invoke(
        app, ["--participants", "1", "--study", str(study.root), "--jobs", "1"]
    )
    assert done.exit_code == 0, done.output
    assert study.sessions() == [("sub-001", "01")]
