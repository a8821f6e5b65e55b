import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.groups import (
    DIFFERENCES,
    GROUPS,
    accuracy_by_group,
    group_differences,
    groups_figure,
    read_answers,
)
from cnn.tests.tiny import tiny_study
from stimuli.catalog import MANIFEST_COLUMNS, read_manifest
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.tables import read_table, write_table


def answers(n_actors=24, women=0.9, men=0.5, seed=0):
    """Draw answers of which those to women are right more often, and sessions do not matter."""
    random, rows = np.random.default_rng(seed), []
    for actor in range(n_actors):
        sex = ("female", "male")[actor % 2]
        ethnicity = ("Asian", "Black", "White")[actor % 3]
        for session in "AB":
            for expression in EXPRESSIONS:
                right = random.random() < {"female": women, "male": men}[sex]
                rows.append((f"P{actor:02}", expression, right, sex, session, ethnicity))
    names = ["actor", "expression", "right", "sex", "session", "ethnicity"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="module")
def differences():
    return group_differences(answers(), seed=1)


def test_accuracy_and_intervals_by_group_and_expression():
    drawn = answers()
    table = accuracy_by_group(drawn)
    assert list(table.columns) == list(GROUPS)
    assert len(table) == (2 + 2 + 3) * 8
    for row in table.sample(12, random_state=1).to_dict("records"):
        part = drawn[drawn[row["variable"]] == row["group"]]
        if row["expression"] != "all":
            part = part[part["expression"] == row["expression"]]
        low, high = proportion_confint(part["right"].sum(), len(part), method="wilson")
        found = [row[name] for name in ("accuracy", "ci_low", "ci_high", "n", "n_actors")]
        expected = [part["right"].mean(), low, high, len(part), part["actor"].nunique()]
        assert found == pytest.approx(expected)
    assert len(groups_figure(table, 7).axes) == 3


def test_a_planted_difference_is_found_and_no_other(differences):
    assert list(differences.columns) == list(DIFFERENCES)
    together = differences[differences["expression"] == "all"].set_index("variable")
    assert together.loc["sex", "difference"] == pytest.approx(-0.4, abs=0.1)
    assert together.loc["sex", "ci_high"] < 0
    assert together.loc["sex", "p_holm"] < 0.01
    assert not together.loc["sex", "paired"]
    assert together.loc["session", "paired"]
    assert (together.drop("sex")["p_holm"] > 0.05).all()
    assert len(together) == 1 + 1 + 3


def test_holm_is_over_all_rows_of_a_kind(differences):
    for chosen in (differences["expression"] == "all", differences["expression"] != "all"):
        p = differences.loc[chosen, "p"].to_numpy()
        order, corrected = np.argsort(p, kind="stable"), np.empty(len(p))
        running = 0.0
        for place, row in enumerate(order):
            running = max(running, min(1.0, (len(p) - place) * p[row]))
            corrected[row] = running
        np.testing.assert_allclose(differences.loc[chosen, "p_holm"], corrected)


def test_same_seed_same_numbers(differences):
    pd.testing.assert_frame_equal(differences, group_differences(answers(), seed=1))


def test_an_actor_alone_has_no_interval():
    drawn = answers(n_actors=3)
    found = group_differences(drawn[["actor", "expression", "right", "ethnicity"]], seed=1)
    assert found[["ci_low", "ci_high", "p", "p_holm"]].isna().to_numpy().all()


@pytest.fixture
def judged(tmp_path):
    """Make a study whose network was judged, with the ethnicity of some actors."""
    study = tiny_study(tmp_path / "study")
    manifest = read_manifest(study)
    known = manifest["actor"].map({"F01": "Black", "F02": "White", "F03": "White"})
    columns = MANIFEST_COLUMNS | {"ethnicity": "of the actor"}
    write_table(study.manifest_tsv, manifest.assign(ethnicity=known), columns)
    random = np.random.default_rng(0)
    table = manifest[["image_id", "expression"]].assign(
        split="test", predicted=random.choice(EXPRESSIONS, len(manifest))
    )
    columns = dict.fromkeys(table.columns, "text")
    write_table(study.cnn_dir("small") / "predictions.tsv", table, columns)
    return study


def test_the_command(judged):
    said = CliRunner().invoke(app, ["groups", "--study", str(judged.root)])
    assert said.exit_code == 0, said.output
    folder = judged.cnn_dir("small") / "experiments"
    kinds = {"group": str, "accuracy": float}
    table = pd.read_csv(folder / "groups.tsv", sep="\t", keep_default_na=False)
    assert set(table["group"]) == {"female", "male", "A", "B", "Black", "White", "n/a"}
    differences = read_table(folder / "groups_differences.tsv", what="Differences")
    assert (differences["variable"] == "ethnicity").sum() == 3 * 8
    legend = json.loads((folder / "groups.json").read_text(encoding="utf-8"))
    assert set(legend) == set(table.columns)
    assert set(kinds) <= set(legend)


def test_without_answers_or_groups_the_message_says_so(judged):
    with pytest.raises(InputError, match="faceoff cnn train --folds 5"):
        read_answers(judged, "small", folds=True)
    manifest = read_manifest(judged)
    columns = MANIFEST_COLUMNS | {"ethnicity": "of the actor"}
    unknown = manifest.assign(actor=manifest["actor"].mask(manifest["actor"] == "F02"))
    write_table(judged.manifest_tsv, unknown, columns)
    with pytest.raises(InputError, match=r"comparison of people needs .* of AF02AFS\."):
        read_answers(judged, "small", folds=False)
    write_table(judged.manifest_tsv, manifest, columns)
    answers = read_table(judged.cnn_dir("small") / "predictions.tsv", what="Answers")
    one = answers[answers["image_id"].str.startswith("AF03")]
    columns = dict.fromkeys(one.columns, "text")
    write_table(judged.cnn_dir("small") / "predictions.tsv", one, columns)
    with pytest.raises(InputError, match="alike in everything"):
        read_answers(judged, "small", folds=False)
