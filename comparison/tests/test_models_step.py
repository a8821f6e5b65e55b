"""The command `faceoff compare models`: its table, and studies that lack something."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from comparison.cli import app
from comparison.models_step import models_step, read_answers, read_dwell
from comparison.tests.fake_study import make_study
from study.errors import InputError
from study.provenance import run_step
from study.tables import read_table


@pytest.fixture
def study(tmp_path):
    """A study whose people answered, with times and dwell."""
    made = make_study(tmp_path / "study", per_expression=2)
    rng = np.random.default_rng(5)
    path = made.gaze_dir / "trials.tsv"
    trials = pd.read_csv(path, sep="\t", dtype=str)
    trials["rt_ms"] = np.exp(rng.normal(7, 0.2, len(trials)))
    # A trial of practice, one without an answer in time, and one that nobody was asked in.
    trials.loc[0, "phase"] = "practice"
    trials.loc[1, ["correct", "rt_ms"]] = np.nan
    trials.loc[2, "answer_known"] = "false"
    trials.to_csv(path, sep="\t", index=False, na_rep="n/a")
    shares = rng.dirichlet([3, 2, 2], len(trials))
    rows = [
        (who, "01", number, image, kind, region, share)
        for number, (who, image, kind, row) in enumerate(
            zip(trials["participant_id"], trials["image_id"], trials["expression"], shares,
                strict=True)
        )
        for region, share in zip(("left_eye", "mouth", "other"), row, strict=True)
    ]  # fmt: skip
    names = ["participant_id", "session", "trial", "image_id", "expression", "region"]
    pd.DataFrame(rows, columns=[*names, "dwell_share"]).to_csv(
        made.gaze_dir / "regions.tsv", sep="\t", index=False
    )
    return made


def test_the_command_writes_every_question_with_its_sentence(study):
    done = CliRunner().invoke(app, ["models", "--study", str(study.root)])
    assert done.exit_code == 0, done.output
    table = read_table(study.comparison_dir / "models.tsv", what="The table")
    assert set(table["question"]) == {
        "accuracy by expression", "reaction time by expression",
        "dwell share by region and expression",
    }  # fmt: skip
    assert "nan" not in (study.comparison_dir / "models.tsv").read_text().lower()
    assert table["sentence"].str.endswith(".").all()
    assert (table["kind"] == "omnibus").sum() == 2 + 2 + 3
    first = (study.comparison_dir / "models.tsv").read_bytes()
    CliRunner().invoke(app, ["models", "--study", str(study.root), "--force"])
    assert (study.comparison_dir / "models.tsv").read_bytes() == first


def test_practice_and_trials_without_a_question_do_not_count(study):
    answers = read_answers(study)
    assert len(answers) == 14 * 3 - 2
    assert not answers["right"].iloc[0]  # no answer in time is wrong
    assert np.isnan(answers["rt_ms"].iloc[0])


def test_the_rest_of_the_picture_is_no_region(study):
    dwell = read_dwell(study)
    assert list(dwell.columns)[3:] == ["left_eye", "mouth"]
    assert len(dwell) == 14 * 3


def test_what_has_no_model_is_a_row_that_says_why(study, capsys):
    path = study.gaze_dir / "trials.tsv"
    trials = pd.read_csv(path, sep="\t", keep_default_na=False)
    trials.assign(correct="true").to_csv(path, sep="\t", index=False)
    assert run_step(study, models_step(study))
    table = read_table(study.comparison_dir / "models.tsv", what="The table")
    row = table[table["kind"] == "none"].iloc[0]
    assert row["model"] == "binomial mixed model"
    assert "all 40 answers are right" in row["sentence"]
    assert row[["estimate", "p", "effect_size"]].isna().all()
    said = " ".join(capsys.readouterr().err.split())
    assert "There is no binomial mixed model of accuracy by expression" in said
    assert "no perturbation areas: faceoff compare perturb makes them" in said


def test_a_missing_or_wrong_table_is_an_error(study):
    (study.gaze_dir / "regions.tsv").write_text("participant_id\timage_id\nsub-001\tP\n")
    with pytest.raises(InputError, match="must have the column 'expression'"):
        run_step(study, models_step(study))
    (study.gaze_dir / "trials.tsv").unlink()
    with pytest.raises(InputError, match="faceoff gaze import"):
        run_step(study, models_step(study))
    assert not (study.comparison_dir / "models.tsv").exists()
