import os
import signal
from contextlib import nullcontext

import pytest

from experiment import session
from experiment.preparation import prepare_session
from experiment.session import Sitting, run_session
from experiment.tests.small_study import make_small_study
from participants.plans import plan_path, read_plan, write_plan
from study.errors import InputError


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_small_study(tmp_path_factory.mktemp("small") / "study", n_main=3, n_practice=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"tracker": "simulatd"}, "Did you mean 'simulated'", id="tracker"),
        pytest.param({"tracker": ""}, "needs a tracker", id="no tracker chosen"),
        pytest.param({"n_main_trials": 9}, "at most the 3 main", id="trials"),
        pytest.param({"resume": True}, "faceoff experiment run sub-001", id="nothing to resume"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(small, options, message):
    with pytest.raises(InputError, match=message):
        sitting = Sitting(options.pop("tracker", "mouse"))
        run_session(small, "sub-001", "01", sitting, **options)
    assert not (small.session_dir("sub-001", "01") / "trials.tsv").exists()


def test_a_session_without_a_plan_names_the_command_that_makes_one(small):
    with pytest.raises(InputError, match="faceoff participants plan"):
        run_session(small, "sub-001", "07", Sitting("simulated"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"happy": "escape"}, "experimenter's panel", id="the panel's key"),
        pytest.param({"happy": "1"}, "a key of its own", id="a key twice"),
    ],
)
def test_a_plan_with_which_nobody_could_answer_is_refused(tmp_path, change, message):
    study = make_small_study(tmp_path / "study", n_main=1, n_practice=0)
    path = plan_path(study, "sub-001", "01")
    plan = read_plan(path)
    write_plan(path, plan.model_copy(update={"keys": plan.keys | change}))
    with pytest.raises(InputError, match=message):
        prepare_session(study, "sub-001", "01")


def test_a_short_session_keeps_practice_and_the_first_main_trials(small):
    chosen = prepare_session(small, "1".zfill(3), "01", n_main_trials=1).trials
    assert [(trial.trial, trial.phase) for trial in chosen] == [
        (1, "practice"),
        (2, "practice"),
        (3, "main"),
    ]


def test_pictures_are_loaded_at_the_size_at_which_they_are_shown(small):
    prepared = prepare_session(small, "sub-001", "01")
    assert {picture.shape for picture in prepared.pictures.values()} == {(448, 448, 3)}
    assert set(prepared.pictures) == {trial.image_id for trial in prepared.trials}


def test_shown_pictures_are_kept_out_of_repositories(small):
    prepare_session(small, "sub-001", "01")
    ignored = small.stimuli_dir / "shown" / ".gitignore"
    assert ignored.read_text(encoding="utf-8") == "*\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process that is sent a signal")
def test_a_computer_that_shuts_down_before_the_first_screen_ends_it_in_one_line(
    small, monkeypatch, capsys
):
    def shut_down(*_: object, **__: object) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), number)

    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    monkeypatch.setattr(session, "screen_for_session", lambda *_: nullcontext(True))
    monkeypatch.setattr(session, "Window", shut_down)
    assert run_session(small, "sub-001", "01", Sitting("simulated")) == "quit"
    assert "(SIGTERM). Nothing was recorded." in capsys.readouterr().err
    after = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    assert after == before
