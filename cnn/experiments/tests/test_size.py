import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.size import Design, reachable_shares, size_labels
from cnn.experiments.training_steps import size_steps
from cnn.tests.tiny import tiny_study
from stimuli.catalog import read_manifest, read_splits
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network

SHARES = (0.2, 0.4, 0.6)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tiny_study(tmp_path_factory.mktemp("size") / "study", epochs=1)


def parts(labels):
    return {name: set(group["image_id"]) for name, group in labels.groupby("split")}


def test_whole_actors_are_added_and_the_test_stays(study):
    own: dict[str, set[str]] = parts(read_splits(study))
    before: set[str] = set()
    for share, n_actors in zip(SHARES, (1, 2, 3), strict=True):
        found = size_labels(study, share, Design())
        training = found[found["split"] == "train"]
        assert training["actor"].nunique() == n_actors
        assert len(training) == 14 * n_actors
        now = parts(found)
        assert now["test"] == own["test"]
        assert now["validation"] == own["validation"]
        assert before < now["train"] <= own["train"]
        before = now["train"]


def test_women_and_men_are_added_in_turns(study):
    training = [size_labels(study, share, Design()) for share in SHARES]
    actors = [set(x.loc[x["split"] == "train", "actor"]) for x in training]
    assert len({name[0] for name in actors[1]}) == 2


def test_pictures_are_drawn_evenly_by_expression(study):
    small, large = (size_labels(study, share, Design("picture", "same")) for share in (0.25, 0.5))
    for found, each in ((small, 2), (large, 4)):
        counts = found.loc[found["split"] == "train", "expression"].value_counts()
        assert counts.to_dict() == dict.fromkeys(EXPRESSIONS, each)
    assert parts(small)["train"] < parts(large)["train"]


def test_the_growing_test_has_the_published_numbers(study, monkeypatch):
    # 700 pictures of each expression: 70 people, 5 views, 2 sessions.
    n = np.arange(4900)
    manifest = pd.DataFrame(
        {
            "image_id": [f"P{k:04}" for k in n],
            "actor": [f"{'FM'[k // 70 % 2]}{k // 140 + 1:02}" for k in n],
            "expression": [EXPRESSIONS[k % 7] for k in n],
            "view": [f"view {k // 7 % 5}" for k in n],
            "session": ["AB"[k // 35 % 2] for k in n],
        }
    ).assign(sex=lambda x: x["actor"].str[0])
    monkeypatch.setattr("cnn.experiments.size.read_manifest", lambda _: manifest)
    monkeypatch.setattr("cnn.experiments.size.read_crops", lambda _: manifest[["image_id"]])
    expected = {0.8: (3920, 490), 0.7: (3423, 987), 0.5: (2450, 1960), 0.2: (980, 3430),
                0.1: (490, 3920)}  # fmt: skip
    for share, (n_train, n_test) in expected.items():
        counts = size_labels(study, share, Design("picture", "growing"))["split"].value_counts()
        assert (counts["train"], counts["validation"], counts["test"]) == (n_train, 490, n_test)
    by_actor = size_labels(study, 0.7, Design("actor", "growing"))
    of_actor = by_actor.groupby("actor")["split"].unique()
    assert (of_actor.map(len) == 1).all()
    assert of_actor.map(lambda x: x[0]).value_counts().to_dict() == {
        "train": 49, "validation": 7, "test": 14,
    }  # fmt: skip


def test_what_the_study_has_no_pictures_for_is_said(study, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr("cnn.experiments.size.say", said.append)
    assert reachable_shares(study, Design()) == [0.2, 0.5, 0.7]
    assert said == [
        "shares of 0.1, 0.8 are left out: the study's training pictures do not hold them"
    ]
    with pytest.raises(InputError, match=r"share of 0.8 must lie within .* 3 of 5 actors"):
        list(size_steps(study, [0.2, 0.8], by="actor", test="same"))
    with pytest.raises(InputError, match="none for train"):
        list(size_steps(study, [0.1], by="actor", test="same"))
    with pytest.raises(InputError, match="between 0 and 1, but 10 is not"):
        list(size_steps(study, [10], by="actor", test="same"))


def test_nobody_can_be_added_where_nobody_is_known(study, monkeypatch):
    manifest = read_manifest(study).assign(actor=np.nan)
    monkeypatch.setattr("cnn.experiments.size.read_manifest", lambda _: manifest)
    with pytest.raises(InputError, match=r"whole actors needs to know .* of AF01AFS\."):
        size_labels(study, 0.5, Design())
    assert len(size_labels(study, 0.5, Design("picture", "growing"))) == len(manifest)


def test_the_command(study):
    run = ["size", "--study", str(study.root), "--shares", "0.4,0.2"]
    said = CliRunner().invoke(app, run)
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "size_actor_same.tsv", what="Sizes")
    assert table["n_train"].tolist() == [14, 28]
    assert table["n"].tolist() == [7, 7]
    assert table["person_in_training"].tolist() == [0, 0]
    assert (folder / "size_actor_same.svg").stat().st_size > 1000
    growing = CliRunner().invoke(
        app, ["size", "--study", str(study.root), "--shares", "0.5", "--by", "picture",
              "--test", "growing"],
    )  # fmt: skip
    assert growing.exit_code == 0, growing.output
    table = read_table(folder / "size_picture_growing.tsv", what="Sizes")
    n = len(read_manifest(study))
    assert table[["n_train", "n_validation", "n"]].to_numpy().tolist() == [[35, 7, n - 42]]
    assert table["person_in_training"].item() == n - 42
