"""A study of networks alone, on a face set that does not say who is shown."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from faceoff import pipeline
from faceoff.report.methods_session import stimuli_section
from stimuli.steps import steps as stimuli_steps
from study.folder import Study, create_study
from study.provenance import run_step


def study_of(folder: Path, **stimuli: Any) -> Study:
    given = {"face_set": "folders", "crop": "whole", "darkest_luminance": 0, **stimuli}
    study = create_study(folder, {"stimuli": given})
    for split in ("train", "test"):
        for name in ("happy", "sad"):
            for number in range(4):
                path = study.pictures_dir / split / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (48, 48), 40 * number + 30).save(path)
    for step in stimuli_steps(study):
        run_step(study, step)
    return study


@pytest.mark.parametrize(
    ("stimuli", "said"),
    [
        (
            {"split_by": "picture"},
            ("people whom the set does not name", "taken whole", "were in the training, too"),
        ),
        (
            {"split_by": "set", "illumination": "equalised"},
            ("histogram of grey levels made flat", "The split is that of the set itself"),
        ),
    ],
)
def test_the_report_does_not_claim_more_than_the_set_says(
    tmp_path: Path, stimuli: dict[str, Any], said: tuple[str, ...]
) -> None:
    text = " ".join(stimuli_section(study_of(tmp_path / "s", **stimuli)).paragraphs)
    for part in said:
        assert part in text
    assert "People saw" not in text
    assert "No actor" not in text


def test_gaze_and_comparison_are_left_out_and_this_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of(tmp_path / "s", split_by="set")
    done: list[str] = []
    stages = tuple((name, faces, lambda _: iter(())) for name, faces, _ in pipeline.STAGES)
    monkeypatch.setattr(pipeline, "STAGES", stages)
    monkeypatch.setattr(pipeline, "run_step", lambda _, step, **more: done.append(step.command))
    pipeline.run_everything(study)
    said = capsys.readouterr().err
    assert "== gaze: left out, for there is no gaze" in said
    assert "== comparison: left out, for there is no gaze" in said
    assert "== network\n" in said
    assert done == ["report"]
