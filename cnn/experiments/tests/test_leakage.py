import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.leakage import (
    ANSWERS,
    count_known,
    leakage_differences,
    leakage_labels,
    leakage_table,
)
from cnn.tests.tiny import tiny_study, write_tables
from stimuli.catalog import read_manifest
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tiny_study(tmp_path_factory.mktemp("leakage") / "study", epochs=1)


def slow_count(labels):
    rows = labels.to_dict("records")
    training = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    person = sum(any(a["actor"] == b["actor"] for b in training) for a in test)
    same = ("actor", "expression", "view")
    twin = sum(
        any(all(a[key] == b[key] for key in same) and a["session"] != b["session"]
            for b in training)
        for a in test
    )  # fmt: skip
    return person, twin


@pytest.mark.parametrize("fold", [1, 5])
def test_the_arms_differ_in_nothing_but_whom_the_training_shows(study, fold):
    person, picture = (leakage_labels(study, fold, arm) for arm in ("person", "picture"))
    for name in ("test", "validation"):
        own, others = (set(x.loc[x["split"] == name, "image_id"]) for x in (person, picture))
        assert own == others
        assert len(own) == {"test": 7, "validation": 14}[name]
    shown = [x.loc[x["split"] == "train", "expression"].value_counts() for x in (person, picture)]
    pd.testing.assert_series_equal(shown[0].sort_index(), shown[1].sort_index())
    assert shown[0].sum() == 42
    assert count_known(person) == slow_count(person) == (0, 0)
    assert count_known(picture) == slow_count(picture) == (7, 7)
    assert leakage_labels(study, fold, "picture").equals(picture)


def test_people_and_twins_are_counted_as_by_hand():
    random = np.random.default_rng(0)
    labels = pd.DataFrame(
        {
            "actor": random.choice(["F01", "F02", "M01"], 80),
            "expression": random.choice(["happy", "sad"], 80),
            "view": random.choice(["straight", "half left"], 80),
            "session": random.choice(["A", "B"], 80),
            "split": random.choice(["train", "test", "unused"], 80),
        }
    )
    labels = labels[(labels["actor"] != "M01") | (labels["split"] == "test")]
    assert count_known(labels) == slow_count(labels)
    assert 0 < count_known(labels)[1] < count_known(labels)[0]
    without = labels.assign(session=np.nan)
    assert count_known(without) == (slow_count(labels)[0], 0)


def test_too_few_pictures_are_refused(tmp_path):
    made = tiny_study(tmp_path / "study")
    manifest = read_manifest(made)
    few = (manifest["expression"] == "happy") & (manifest["actor"] != "F01")
    columns = ["image_id", "file", "actor", "session", "expression"]
    write_tables(made, manifest.loc[~few, columns])
    said = []
    for fold in range(1, 6):
        try:
            leakage_labels(made, fold, "picture")
        except InputError as error:
            said.append(str(error))
    assert said == [
        "A split by picture needs as many training pictures as one by person, but there are 0 of "
        "happy to put 1 others in their place. Register a face set with more actors."
    ]


def test_the_difference_is_paired():
    rows = [
        (1, "A", "F01", "sad", "sad", "sad"), (1, "B", "F01", "sad", "happy", "sad"),
        (1, "C", "M01", "sad", "happy", "sad"), (2, "D", "F02", "sad", "happy", "happy"),
        (2, "E", "F02", "sad", "sad", "happy"), (2, "F", "M02", "sad", "sad", "sad"),
    ]  # fmt: skip
    answers = pd.DataFrame(rows, columns=list(ANSWERS))
    known = pd.DataFrame(
        [(1, "person", 10, 0, 0), (1, "picture", 10, 3, 2), (2, "person", 12, 0, 0),
         (2, "picture", 12, 3, 3)],
        columns=["round", "arm", "n_train", "person_in_training", "twin_in_training"],
    )  # fmt: skip
    table = leakage_table(answers, known)
    assert table["accuracy"].tolist() == pytest.approx([1 / 3, 1, 2 / 3, 1 / 3, 0.5, 2 / 3])
    assert table["twin_in_training"].tolist() == [0, 2, 0, 3, 0, 5]
    found = leakage_differences(answers, seed=1)
    assert found["leakage"].tolist() == pytest.approx([2 / 3, -1 / 3, 1 / 6])
    assert found["n_actors"].tolist() == [2, 2, 4]
    # Each actor of the first round gains, so that no draw of them loses.
    assert found["ci_low"].iloc[0] > 0


def test_the_command_trains_both_and_compares(study):
    run = ["leakage", "--study", str(study.root)]
    said = CliRunner().invoke(app, run)
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "leakage.tsv", what="Leakage", columns={"round": str})
    assert table["round"].tolist() == ["1", "1", "all", "all"]
    assert table["n_train"].tolist() == [42] * 4
    assert (folder / "leakage.svg").stat().st_size > 1000
    before = (folder / "leakage" / "person-1" / "weights.h5").stat().st_mtime_ns
    CliRunner().invoke(app, run)
    assert (folder / "leakage" / "person-1" / "weights.h5").stat().st_mtime_ns == before
