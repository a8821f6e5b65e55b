"""Provenance: a step is done when something changed, and only then."""

import json
from pathlib import Path

import pytest

from study.folder import Study
from study.provenance import Step, is_current, run_step


def make_step(study: Study, sigma_deg: float = 1.0) -> Step:
    source, result = study.root / "in.txt", study.gaze_dir / "out.txt"

    def run() -> None:
        result.parent.mkdir(parents=True, exist_ok=True)
        result.write_text(source.read_text("utf-8") + str(sigma_deg), encoding="utf-8")

    return Step("gaze test", (source,), (result,), {"sigma_deg": sigma_deg}, run)


@pytest.fixture
def done(study: Study) -> Study:
    (study.root / "in.txt").write_text("a", encoding="utf-8")
    assert run_step(study, make_step(study))
    return study


def test_nothing_changed_is_skipped_and_said(
    done: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run_step(done, make_step(done))
    assert "up to date" in capsys.readouterr().err
    assert run_step(done, make_step(done), force=True)


def test_a_changed_input_setting_or_output_makes_it_stale(done: Study) -> None:
    assert is_current(done, make_step(done))
    assert not is_current(done, make_step(done, sigma_deg=2.0))
    (done.gaze_dir / "out.txt").write_text("changed by hand", encoding="utf-8")
    assert not is_current(done, make_step(done))
    run_step(done, make_step(done))
    (done.root / "in.txt").write_text("b", encoding="utf-8")
    assert not is_current(done, make_step(done))


def test_a_command_with_an_option_names_its_record_in_words(study: Study) -> None:
    step = Step("gaze regions --figures", (), (study.root / "out.svg",), {}, lambda: None)
    assert step.record.name == "gaze_regions_figures.provenance.json"


def test_a_step_that_fails_is_not_current(done: Study) -> None:
    def fail() -> None:
        raise RuntimeError

    step = make_step(done, sigma_deg=2.0)
    broken = Step(step.command, step.inputs, step.outputs, step.settings, fail)
    with pytest.raises(RuntimeError):
        run_step(done, broken)
    assert not is_current(done, make_step(done))


def test_a_damaged_record_is_no_record(done: Study) -> None:
    record: Path = make_step(done).record
    record.write_text('{"half', encoding="utf-8")
    assert not is_current(done, make_step(done))


def test_the_record_says_where_the_result_comes_from(done: Study) -> None:
    record = json.loads(make_step(done).record.read_text("utf-8"))
    assert record["command"] == "faceoff gaze test"
    assert record["settings"] == {"sigma_deg": 1.0}
    assert set(record["inputs"]) == {"in.txt"}
    assert set(record["outputs"]) == {"derivatives/faceoff/gaze/out.txt"}
    assert record["versions"]["python"].startswith("3.11")
