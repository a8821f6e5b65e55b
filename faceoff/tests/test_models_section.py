import numpy as np
import pandas as pd
import pytest

from comparison.model_rows import MODEL_COLUMNS, model_table, no_model_row
from comparison.trial_models import reaction_time_by_expression
from faceoff.report.models import models_section
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import create_study
from study.tables import write_table


def test_the_section_tells_omnibus_tests_and_what_has_no_model(tmp_path):
    study = create_study(tmp_path / "study", {})
    with pytest.raises(InputError, match="faceoff compare models"):
        models_section(study)
    random = np.random.default_rng(1)
    person, picture = (grid.ravel() for grid in np.mgrid[:4, :6])
    trials = pd.DataFrame(
        {
            "participant_id": person.astype(str),
            "image_id": picture.astype(str),
            "expression": np.where(picture % 2, "happy", "sad"),
            "rt_ms": np.exp(random.normal(7, 0.2, 24)),
        }
    )
    rows = reaction_time_by_expression(trials, EXPRESSIONS)
    rows.append(no_model_row("accuracy by expression", "binomial mixed model", "All are right."))
    table = model_table(rows, 0.95)
    write_table(study.comparison_dir / "models.tsv", table, MODEL_COLUMNS)
    section = models_section(study)
    assert section.paragraphs[0].startswith("Reaction time, effect of expression (linear mixed")
    assert section.paragraphs[1] == (
        "There is no binomial mixed model of accuracy by expression: All are right."
    )
    tests, means = section.tables
    assert tests.frame["term"].tolist() == ["expression"]
    assert means.frame["term"].tolist() == ["happy", "sad"]
