import tempfile
from contextlib import nullcontext
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from experiment import preflight as preflight_module
from experiment.checks import Check
from experiment.preflight import check_everything, preflight, refuse
from experiment.tests.fake_window import fake_window
from experiment.tests.small_study import make_small_study
from experiment.trackers.mouse import MouseTracker
from participants.plans import plan_path, read_plan, write_plan
from study.errors import InputError
from study.folder import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_small_study(tmp_path / "study", n_main=3, n_practice=1)


def window(rate_hz: float = 60.0, *, synchronised: bool = True) -> Any:
    return fake_window(repeat(1000 / rate_hz), synchronised=synchronised)


def run(study: Study, tracker: str = "mouse", **options: Any) -> dict[str, Check]:
    shown = options.pop("window", None) or window()
    return {
        check.name: check for check in preflight(study, "sub-001", "01", tracker, shown, **options)
    }


def files(study: Study) -> set[Path]:
    return set(study.root.rglob("*"))


@pytest.fixture(autouse=True)
def _no_screen_saver(monkeypatch):
    monkeypatch.setattr(preflight_module, "check_screen_saver", lambda window: [])


def test_a_station_with_all_in_place_passes_and_is_left_as_it_was(study):
    before = files(study)
    found = run(study)
    assert list(found) == [
        "session folder", "disk", "clock", "texts", "new session", "plan", "answer keys",
        "messages", "pictures", "window", "scaling", "refresh rate", "tracker",
    ]  # fmt: skip
    assert {name for name, check in found.items() if check.passed is not True} == set()
    refuse(list(found.values()))
    assert files(study) == before


def test_without_a_participant_all_registered_pictures_are_looked_at(study):
    found = {c.name: c for c in preflight(study, "", "01", "mouse", window())}
    assert "plan" not in found
    assert found["pictures"].passed is False
    assert "and 14 more" in found["pictures"].text


def test_pictures_that_were_changed_or_removed_are_named(study):
    first, second, *_ = read_plan(plan_path(study, "sub-001", "01")).trials
    changed = study.pictures_dir / first.image_id[:4] / f"{first.image_id}.JPG"
    changed.write_bytes(changed.read_bytes() + b"\0")
    (study.pictures_dir / second.image_id[:4] / f"{second.image_id}.JPG").unlink()
    found = run(study)["pictures"]
    assert found.passed is False
    assert f"{first.image_id}.JPG has other content" in found.text
    assert f"{second.image_id}.JPG is missing" in found.text


def test_a_picture_that_is_not_registered_is_named(study):
    change_plan(study, trials={"image_id": "AF99HAS"})
    assert "AF99HAS is not" in run(study)["pictures"].text


def change_plan(study: Study, *, trials: dict | None = None, **changes: Any) -> None:
    path = plan_path(study, "sub-001", "01")
    plan = read_plan(path)
    if trials:
        first, *others = plan.trials
        changes["trials"] = (first.model_copy(update=trials), *others)
    write_plan(path, plan.model_copy(update=changes))


@pytest.mark.parametrize(
    ("change", "name", "evidence"),
    [
        pytest.param({"trials": {"picture_x_px": 1500}}, "plan", "to 1947", id="off the screen"),
        pytest.param({"trials": {"fixation_x_px": -3.0}}, "plan", "from -3", id="target off it"),
        pytest.param({"trials": {"condition": "gone"}}, "plan", "'gone'", id="no such condition"),
        pytest.param({"keys": {"happy": "1"}}, "answer keys", "a key of its own", id="keys"),
        pytest.param({"trials": {"image_id": "A" * 90}}, "messages", "128", id="long names"),
    ],
)
def test_a_plan_that_cannot_be_run_fails_in_its_own_check(study, change, name, evidence):
    change_plan(study, **change)
    found = run(study)[name]
    assert found.passed is False
    assert evidence in found.text


@pytest.mark.parametrize("content", ["", '{"session": "01"}', None])
def test_without_a_plan_nothing_about_the_session_is_claimed(study, content):
    path = plan_path(study, "sub-001", "01")
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    found = run(study)
    assert found["plan"].passed is False
    assert "faceoff participants plan" in found["plan"].text
    assert "pictures" not in found


def test_a_session_that_has_begun_fails_unless_it_is_to_go_on(study):
    folder = study.session_dir("sub-001", "01")
    (folder / "trials.tsv").write_text("trial\n1\n", encoding="utf-8")
    assert run(study)["new session"].passed is False
    resumed = run(study, resume=True)
    assert "new session" not in resumed
    refuse(list(resumed.values()))


def test_texts_that_cannot_be_read_fail(tmp_path):
    study = make_small_study(tmp_path / "study", experiment={"texts": "ours.txt"})
    (study.root / "ours.txt").write_bytes(b"\xff\xfe\x00")
    found = run(study)["texts"]
    assert found.passed is False
    assert "UTF-8" in found.text


def test_consent_to_a_form_without_a_version_fails_before_anybody_comes(tmp_path):
    study = make_small_study(tmp_path / "study", n_main=1, experiment={"consent": True})
    assert "consent_version is empty" in run(study)["texts"].text


@pytest.mark.parametrize("tracker", ["", "eyelnk"])
def test_no_tracker_or_an_unknown_one_fails(study, tracker):
    found = run(study, tracker)["tracker"]
    assert found.passed is False
    assert "eyelink" in found.text


@pytest.mark.parametrize("error", [InputError("It must answer, but it is off."), OSError("off")])
def test_a_tracker_that_does_not_answer_is_let_go_and_leaves_nothing(study, monkeypatch, error):
    closed: list[MouseTracker] = []
    scratch: list[Path] = []

    def connect(self: MouseTracker) -> None:
        scratch.append(self._recording.path.parent)
        self._window.watchers.append(lambda: None)
        self._recording.open()
        raise error

    close_for_good = MouseTracker.close

    def close(self: MouseTracker) -> None:
        closed.append(self)
        close_for_good(self)

    monkeypatch.setattr(MouseTracker, "connect", connect)
    monkeypatch.setattr(MouseTracker, "close", close)
    shown = window()
    found = run(study, window=shown)["tracker"]
    assert found.passed is False
    assert "off" in found.text
    assert len(closed) == 1
    assert shown.watchers == []
    assert not scratch[0].exists()
    assert scratch[0].parent == Path(tempfile.gettempdir())


def test_the_simulated_observer_answers_without_a_plan(study):
    found = {c.name: c for c in preflight(study, "", "01", "simulated", window())}
    assert found["tracker"].passed
    assert "1000" in found["tracker"].text


def test_a_window_that_does_not_wait_is_no_fault_at_a_desk(study):
    found = run(study, window=window(synchronised=False))
    assert found["refresh rate"].passed is None
    refuse(list(found.values()))


def test_every_reason_is_numbered(study, monkeypatch):
    monkeypatch.setattr(preflight_module, "AT_A_DESK", ())
    change_plan(study, keys={"happy": "1"})
    with pytest.raises(InputError) as refusal:
        refuse(list(run(study, "", window=window(75)).values()))
    lines = str(refusal.value).splitlines()
    assert "3 of 13 failed" in lines[0]
    assert [line[:5] for line in lines[1:-1]] == ["  1. ", "  2. ", "  3. "]
    assert "75.00 Hz" in lines[2]


def test_where_no_window_opens_the_rest_is_checked(study, monkeypatch):
    def refuse_window(study: Study) -> None:
        raise InputError("The window must have a screen, but there is none.")

    monkeypatch.setattr(preflight_module, "station_window", refuse_window)
    found = {check.name: check for check in check_everything(study, "001", "01", "mouse")}
    assert found["pictures"].passed
    assert found["window"].passed is False
    assert found["tracker"].passed is None


def test_the_tracker_of_the_settings_is_asked(tmp_path, monkeypatch):
    study = make_small_study(tmp_path / "study", experiment={"tracker": "mouse"})
    asked = []
    monkeypatch.setattr(preflight_module, "station_window", lambda study: nullcontext(window()))

    def ask(study: Study, name: str, window: Any) -> Check:
        asked.append(name)
        return Check("tracker", True, "")

    monkeypatch.setattr(preflight_module, "check_tracker", ask)
    check_everything(study, "", "01")
    assert asked == ["mouse"]
