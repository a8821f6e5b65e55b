from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnn.data import load_split, read_labels
from cnn.network import load_network, softmax
from cnn.tests.tiny import tiny_study
from cnn.training import check_every_expression, train
from study.errors import InputError
from study.folder import Study

pytestmark = pytest.mark.network


def trained(folder: Path, seed: int = 1, **settings: object) -> Study:
    made = tiny_study(folder, **settings)
    section = made.settings.study.model_copy(update={"seed": seed})
    study = Study(made.root, made.settings.model_copy(update={"study": section}))
    train(study, "small")
    return study


def files(study: Study) -> dict[str, bytes]:
    folder = study.cnn_dir("small")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_same_seed_same_bytes(tmp_path):
    first, second = trained(tmp_path / "a"), trained(tmp_path / "b")
    assert set(files(first)) == {"history.json", "history.tsv", "network.json", "weights.h5"}
    assert files(first) == files(second)
    other = files(trained(tmp_path / "c", seed=2))
    assert other["weights.h5"] != files(first)["weights.h5"]
    assert other["history.tsv"] != files(first)["history.tsv"]


def test_validation_is_unchanged_and_the_best_weights_are_kept(tmp_path):
    study = trained(
        tmp_path / "s", epochs=4, learning_rate=0.003, shift=0.3, zoom=0.3, brightness=0.5
    )
    history = pd.read_csv(study.cnn_dir("small") / "history.tsv", sep="\t")
    network = load_network(study, "small")
    validation = load_split(study, read_labels(study), "validation", 32)
    probabilities = softmax(network.logits(validation.pictures))
    loss = -np.log(probabilities[np.arange(len(validation.labels)), validation.labels]).mean()
    assert history["val_loss"].min() == pytest.approx(loss, rel=1e-4)
    assert history["best"].iloc[history["val_loss"].argmin()]
    right = (probabilities.argmax(axis=1) == validation.labels).mean()
    assert history["val_accuracy"].iloc[history["val_loss"].argmin()] == pytest.approx(right)


def test_training_stops_when_the_validation_loss_falls_no_more(tmp_path):
    study = trained(tmp_path / "s", epochs=9, patience=2, learning_rate=1e-30)
    history = pd.read_csv(study.cnn_dir("small") / "history.tsv", sep="\t")
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history["best"].tolist() == [True, False, False]


def test_an_expression_without_pictures_is_refused():
    labels = pd.DataFrame({"expression": ["happy", "sad"], "split": ["train", "test"]})
    with pytest.raises(InputError, match="none of afraid, angry, disgusted, neutral, sad, "):
        check_every_expression(labels)
