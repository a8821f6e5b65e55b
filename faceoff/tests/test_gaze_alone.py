"""A study of gaze alone, on pictures that show no expression: everything runs, to the report."""

from pathlib import Path

import pandas as pd

from faceoff.pipeline import run_everything
from faceoff.report.behaviour import behaviour_section
from gaze_analysis.steps_tables import import_tables
from study.folder import create_study
from study.tables import write_table


def test_pictures_without_expressions_have_a_report(tmp_path: Path) -> None:
    table = {
        "picture_width_px": 100,
        "picture_height_px": 80,
        "columns": {"participant": "who", "image": "picture", "duration": "ms"},
    }
    density = {"sigma": 8.0, "sigma_unit": "percent", "splits": 10}
    study = create_study(tmp_path / "study", {"gaze": {"table": table, "density": density}})
    rows = [
        (who, picture, 20 + 7 * place + shift, 30 + 5 * place, 200)
        for shift, who in enumerate("abc")
        for picture in ("beach", "street")
        for place in range(4)
    ]
    fixations = tmp_path / "fixations.csv"
    pd.DataFrame(rows, columns=["who", "picture", "x", "y", "ms"]).to_csv(fixations, index=False)
    import_tables(study, [fixations])
    run_everything(study)
    assert "all pictures" in study.report_html.read_text("utf-8")


def test_where_nobody_was_asked_nothing_is_said_of_answers(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study", {})
    trials = pd.DataFrame(
        {
            "participant_id": "sub-1", "phase": None, "image_id": ["a", "b"],
            "expression": ["happy", "sad"], "response": [None, "sad"], "correct": [None, True],
            "rt_ms": [None, 900.0], "answer_known": [False, True],
        }
    )  # fmt: skip
    described = dict.fromkeys(trials.columns, "n/a")
    write_table(study.gaze_dir / "trials.tsv", trials, described)
    section = behaviour_section(study)
    assert section is not None and "in 1 trials; 100.0 %" in section.paragraphs[0]
    write_table(study.gaze_dir / "trials.tsv", trials[:1], described)
    assert behaviour_section(study) is None
