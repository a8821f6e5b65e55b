import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnn.backend import import_tensorflow, make_deterministic
from cnn.data import load_split, read_labels
from cnn.network import load_network, softmax
from cnn.tests.tiny import tiny_study
from cnn.training import check_every_expression, start, train
from stimuli.expressions import EXPRESSIONS
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
        check_every_expression(labels, EXPRESSIONS)


def test_a_training_that_was_killed_goes_on_with_the_same_result(tmp_path, monkeypatch):
    whole = files(trained(tmp_path / "whole", epochs=5))
    study = tiny_study(tmp_path / "broken", epochs=5)
    # In a process of its own, as a user's would be, that is killed after its second epoch.
    killer = (
        "import os, signal, sys, cnn.training as t\n"
        "from pathlib import Path\n"
        "from study.folder import open_study\n"
        "write = t.write_checkpoint\n"
        "def kill(file, state, identity):\n"
        "    write(file, state, identity)\n"
        "    if len(state.history) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "t.write_checkpoint = kill\n"
        "t.train(open_study(Path(sys.argv[1])), 'small')\n"
    )
    done = subprocess.run([sys.executable, "-c", killer, str(study.root)], check=False)
    assert done.returncode == -9
    left = {file.name for file in study.cnn_dir("small").iterdir()}
    assert left == {"checkpoint.npz", "history.json", "history.tsv"}
    said: list[str] = []
    monkeypatch.setattr("cnn.training.say", said.append)
    train(study, "small")
    assert any("goes on behind epoch 2" in line for line in said)
    assert files(study) == whole


def test_a_checkpoint_of_other_settings_is_not_taken(tmp_path, monkeypatch):
    study = tiny_study(tmp_path / "s", epochs=2)
    monkeypatch.setattr("cnn.training.remove_file", lambda path: None)
    train(study, "small")
    assert (study.cnn_dir("small") / "checkpoint.npz").is_file()
    said: list[str] = []
    monkeypatch.setattr("cnn.training.say", said.append)
    section = study.settings.cnn.model_copy(update={"learning_rate": 0.001})
    train(Study(study.root, study.settings.model_copy(update={"cnn": section})), "small")
    assert not any("goes on" in line for line in said)


def test_a_damaged_checkpoint_is_named(tmp_path):
    study = tiny_study(tmp_path / "s", epochs=2)
    file = study.cnn_dir("small") / "checkpoint.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PK damaged")
    with pytest.raises(InputError, match=r"checkpoint\.npz must be a checkpoint"):
        train(study, "small")


def test_frozen_layers_keep_their_weights_and_are_stored(tmp_path):
    study = tiny_study(tmp_path / "s", epochs=2, freeze=["conv[12]", "dense"])
    tf = import_tensorflow()
    make_deterministic(1)
    before = {layer.name: layer.get_weights() for layer in start(study, "small").layers}
    train(study, "small")
    stored = json.loads((study.cnn_dir("small") / "network.json").read_text())
    assert stored["frozen_layers"] == ["conv1", "conv2", "dense"]
    after = {layer.name: layer.get_weights() for layer in load_network(study, "small").model.layers}
    for name in ("conv1", "conv2", "dense"):
        assert all(np.array_equal(*pair) for pair in zip(before[name], after[name], strict=True))
    assert not np.array_equal(before["conv3"][0], after["conv3"][0])
    assert tf.executing_eagerly()


def test_patterns_that_freeze_nothing_or_all_are_refused(tmp_path):
    study = tiny_study(tmp_path / "s", freeze=["block*"])
    with pytest.raises(InputError, match=r"'block\*' fits none\. Layers with weights are: conv1"):
        train(study, "small")
    with pytest.raises(InputError, match="names all those of small"):
        train(tiny_study(tmp_path / "all", freeze=["*"]), "small")


def test_the_thesis_preprocessing_is_stored(tmp_path):
    study = trained(tmp_path / "s", epochs=1, preprocessing="rgb_255", schedule="constant")
    network = load_network(study, "small")
    pixels = np.array([[[0.0, 51.0, 255.0]]])
    np.testing.assert_allclose(network.preprocessing.apply(pixels), [[[0, 0.2, 1]]], rtol=1e-6)


def test_a_constant_step_size_trains_on_and_a_cosine_ends_at_nothing(tmp_path):
    def last_step(schedule: str) -> float:
        study = trained(tmp_path / schedule, epochs=3, patience=9, schedule=schedule)
        losses = pd.read_csv(study.cnn_dir("small") / "history.tsv", sep="\t")["val_loss"]
        return abs(losses.iloc[-1] - losses.iloc[-2])

    assert last_step("constant") > 2 * last_step("cosine")
