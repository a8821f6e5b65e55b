import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.data import check_actors_apart
from cnn.members import draw_folds, fold_labels
from cnn.tests.tiny import tiny_study
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network


def table(study, name):
    return pd.read_csv(study.cnn_dir("small") / f"{name}.tsv", sep="\t")


def run(study, *arguments):
    return CliRunner().invoke(app, ["train", "--study", str(study.root), *arguments])


def test_no_actor_is_in_two_splits_of_a_fold_and_every_picture_is_tested_once(tmp_path):
    study = tiny_study(tmp_path / "s")
    folds = draw_folds(study, 4)
    tested = []
    for fold in range(1, 5):
        labels = fold_labels(study, folds, fold)
        check_actors_apart(labels)
        assert set(labels["split"]) == {"train", "validation", "test"}
        assert len(labels) == len(read_manifest(study))
        tested += list(labels.loc[labels["split"] == "test", "image_id"])
    assert sorted(tested) == sorted(read_manifest(study)["image_id"])
    sizes = folds.drop_duplicates("actor")["fold"].value_counts()
    assert sizes.max() - sizes.min() <= 1
    pd.testing.assert_frame_equal(folds, draw_folds(study, 4))


def test_more_folds_than_actors_are_refused(tmp_path):
    with pytest.raises(InputError, match="there are 5 actors for 6 folds"):
        draw_folds(tiny_study(tmp_path / "s"), 6)


def test_seeds_are_trained_judged_and_averaged(tmp_path):
    study = tiny_study(tmp_path / "s", epochs=2)
    done = run(study, "--seeds", "3")
    assert done.exit_code == 0, done.output
    folders = {path.name for path in study.cnn_dir("small").iterdir() if path.is_dir()}
    assert folders == {"seed-2", "seed-3"}
    answers, scores = table(study, "seeds_predictions"), table(study, "seeds_evaluation")
    names = [f"p_{name}" for name in EXPRESSIONS]
    members = answers[answers["member"] != "ensemble"]
    accuracies = members.groupby("member")["correct"].mean()
    assert set(accuracies.index) == {"1", "2", "3"}
    row = scores.set_index("metric").loc["accuracy"]
    assert row["mean"] == pytest.approx(accuracies.mean())
    assert row["sd"] == pytest.approx(accuracies.std(ddof=1))
    assert row["n_networks"] == 3
    mean = members.groupby("image_id", sort=False)[names].mean()
    together = answers[answers["member"] == "ensemble"].set_index("image_id")
    np.testing.assert_allclose(together[names], mean.loc[together.index], atol=1e-6)
    chosen = np.array(EXPRESSIONS)[mean.loc[together.index].to_numpy().argmax(axis=1)]
    assert list(together["predicted"]) == list(chosen)
    assert row["together"] == pytest.approx((chosen == together["expression"]).mean())
    first = members[members["member"] == "1"].set_index("image_id")
    second = members[members["member"] == "2"].set_index("image_id")
    assert not np.allclose(first[names], second.loc[first.index, names])


def test_folds_are_trained_and_every_picture_judged_by_a_network_that_never_saw_its_actor(tmp_path):
    study = tiny_study(tmp_path / "s", epochs=1)
    done = run(study, "--folds", "3")
    assert done.exit_code == 0, done.output
    answers, scores = table(study, "folds_predictions"), table(study, "folds_evaluation")
    folds = table(study, "folds")
    assert sorted(answers["image_id"]) == sorted(read_manifest(study)["image_id"])
    judged = answers.merge(folds, on="image_id")
    assert (judged["member"] == judged["fold"]).all()
    row = scores.set_index("metric").loc["accuracy"]
    assert row["n_pictures"] == len(answers)
    assert row["together"] == pytest.approx(answers["correct"].mean())
    assert not (study.cnn_dir("small") / "network.json").exists()


def test_seeds_and_folds_at_once_are_refused(tmp_path):
    done = run(tiny_study(tmp_path / "s"), "--seeds", "2", "--folds", "3")
    assert isinstance(done.exception, InputError)
