"""Several networks in one study, each with settings of its own."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.backend import import_tensorflow
from cnn.cli import app
from cnn.data import load_split, read_labels
from cnn.learning import plateau_rate
from cnn.network import load_network, softmax
from cnn.networks_table import networks_step
from cnn.tests.tiny import tiny_study
from cnn.training import train
from study.errors import InputError
from study.settings import parse_settings
from study.settings.cnn import CnnSettings, TrainingSettings

SIX = ["happy", "afraid", "angry", "disgusted", "sad", "surprised"]
NETWORKS = {
    "first": {"architecture": "small", "epochs": 1, "optimiser": "rmsprop"},
    "second": {"architecture": "small", "epochs": 3, "keep": "last", "input_px": 40},
}


def run(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert not done.exception, done.exception
    return done.output


def test_the_table_of_a_network_replaces_only_what_it_names():
    settings = CnnSettings(
        epochs=7, networks={"VGG16": TrainingSettings(learning_rate=1e-5)}, architecture="small"
    )
    own, other = settings.for_network("VGG16/fold-2"), settings.for_network("mine")
    assert (own.learning_rate, own.epochs, own.model) == (1e-5, 7, "VGG16/fold-2")
    assert (other.learning_rate, other.epochs, other.architecture) == (0.0015, 7, "small")
    assert own.for_network("VGG16").learning_rate == 1e-5
    assert CnnSettings().for_network("ResNet50/seed-3").architecture == "ResNet50"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"networks": {"a": {"epoch": 2}}}, "'cnn.networks.a.epoch'. Did you mean 'epochs'"),
        ({"networks": {"a": {"epochs": 0}}}, "cnn.networks.a.epochs is out of its range"),
        ({"fold_validation": "test"}, 'needs keep = "last", but keep is "best" for small'),
        ({"networks": {"a": {"fold_validation": "test"}}}, 'keep is "best" for a'),
        ({"expressions": ["happy", "happy"]}, "expressions must differ"),
        ({"expressions": ["happy"]}, "at least 2"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(values, said):
    with pytest.raises(InputError, match=said):
        parse_settings({"cnn": values}, source="study.toml")


def test_a_plateau_is_that_of_keras():
    tf = import_tensorflow()
    random = np.random.default_rng(1)
    for patience, factor, smallest in ((1, 0.5, 0.0), (3, 0.9, 0.02), (2, 0.1, 1e-4)):
        settings = TrainingSettings(
            learning_rate=0.1, plateau_patience=patience, plateau_factor=factor,
            smallest_rate=smallest,
        )  # fmt: skip
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(1,))])
        model.compile(tf.keras.optimizers.SGD(0.1), "mse")
        callback = tf.keras.callbacks.ReduceLROnPlateau(
            "val_loss", patience=patience, factor=factor, min_lr=smallest
        )
        callback.set_model(model)
        callback.on_train_begin()
        losses = np.minimum.accumulate(random.normal(1, 0.3, 40)) + random.choice([0, 9e-5], 40)
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"val_loss": loss})
            rate = plateau_rate(losses[: epoch + 1].tolist(), settings)
            assert rate == pytest.approx(float(model.optimizer.learning_rate), rel=1e-6)


def test_the_last_weights_are_kept_where_that_is_asked(tmp_path):
    study = tiny_study(
        tmp_path / "s", keep="last", epochs=5, learning_rate=0.01, batch_size=2,
        schedule="constant", shift=0.0, zoom=0.0, brightness=0.0,
    )  # fmt: skip
    train(study, "small")
    history = pd.read_csv(study.cnn_dir("small") / "history.tsv", sep="\t")
    assert not history["best"].iloc[-1], "the test needs a training whose last epoch is not best"
    validation = load_split(study, read_labels(study), "validation", 32)
    probabilities = softmax(load_network(study, "small").logits(validation.pictures))
    loss = -np.log(probabilities[np.arange(len(validation.labels)), validation.labels]).mean()
    assert history["val_loss"].iloc[-1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "rmsprop", "adamax"])
def test_each_optimiser_is_the_one_of_its_name(tmp_path, optimiser):
    study = tiny_study(tmp_path / "s", epochs=1, optimiser=optimiser, schedule="plateau")
    train(study, "small")
    changed = tiny_study(tmp_path / "t", epochs=1, optimiser="adam", schedule="plateau")
    train(changed, "small")
    same = load_network(study, "small").model.get_weights()
    adam = load_network(changed, "small").model.get_weights()
    assert np.allclose(same[0], adam[0], atol=1e-7) == (optimiser == "adam")


def test_all_networks_are_trained_judged_and_explained_with_six_outputs(tmp_path):
    study = tiny_study(tmp_path / "s", expressions=SIX, networks=NETWORKS, model="first")
    place = ("--study", study.root)
    run("train", "--all", *place)
    run("evaluate", "--all", *place)
    run("explain", "--all", "--method", "gradient", *place)
    for name, own in NETWORKS.items():
        folder = study.cnn_dir(name)
        stored = json.loads((folder / "network.json").read_text())
        assert stored["expressions"] == SIX
        assert stored["input_px"] == own.get("input_px", 32)
        assert len(pd.read_csv(folder / "history.tsv", sep="\t")) == own["epochs"]
        answers = pd.read_csv(folder / "predictions.tsv", sep="\t")
        assert "neutral" not in set(answers["expression"]) | set(answers["predicted"])
        assert answers["p_neutral"].isna().all()
        assert np.allclose(answers[[f"p_{e}" for e in SIX]].sum(axis=1), 1, atol=1e-5)
        assert (folder / "relevance_gradient.nc").is_file()
    table = pd.read_csv(study.cnn_dir("networks.tsv"), sep="\t").set_index("network")
    assert list(table.index) == list(NETWORKS)
    for name in NETWORKS:
        test = pd.read_csv(study.cnn_dir(name) / "predictions.tsv", sep="\t")
        test = test[test["split"] == "test"]
        recalls = [
            (group["predicted"] == expression).mean()
            for expression, group in test.groupby("expression")
        ]
        assert table.loc[name, "macro_recall"] == pytest.approx(np.mean(recalls), abs=1e-6)
        assert table.loc[name, "accuracy"] == pytest.approx(test["correct"].mean(), abs=1e-6)
        assert table.loc[name, "n_pictures"] == 6
    assert "network first" not in run("train", "--all", *place)
    # The scores of an earlier version lacked some.
    path = study.cnn_dir("second") / "evaluation.tsv"
    path.write_text(path.read_text().replace("macro_recall", "something"))
    with pytest.raises(InputError, match=r"lacks macro_recall: .* cnn evaluate --all --force"):
        networks_step(study, by_fold=False).run()


def test_folds_of_all_networks_are_in_one_table(tmp_path):
    study = tiny_study(tmp_path / "s", networks=NETWORKS, model="first")
    run("train", "--all", "--folds", "3", "--study", study.root)
    table = pd.read_csv(study.cnn_dir("networks.tsv"), sep="\t").set_index("network")
    for name in NETWORKS:
        answers = pd.read_csv(study.cnn_dir(name) / "folds_predictions.tsv", sep="\t")
        by_fold = answers.groupby("member")["correct"].mean()
        assert table.loc[name, "accuracy"] == pytest.approx(by_fold.mean(), abs=1e-6)
        assert table.loc[name, "accuracy_sd"] == pytest.approx(by_fold.std(), abs=1e-6)
        assert table.loc[name, "n_networks"] == 3


def test_a_network_of_grey_pictures_does_not_see_colours(tmp_path):
    study = tiny_study(tmp_path / "s", grey=True, preprocessing="torch", epochs=1)
    train(study, "small")
    network = load_network(study, "small")
    assert network.preprocessing.channels == "grey"
    pictures = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    exact = pictures.astype(float) @ [0.299, 0.587, 0.114]
    means, spreads = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = (exact[..., None] / 255 - means) / spreads
    np.testing.assert_allclose(network.prepare(pictures), expected, atol=1e-4)


def test_folds_may_be_validated_on_their_test_pictures(tmp_path):
    study = tiny_study(
        tmp_path / "s", expressions=SIX, fold_validation="test", keep="last", epochs=1
    )
    run("train", "--folds", "5", "--study", study.root)
    folder = study.cnn_dir("small")
    answers = pd.read_csv(folder / "folds_predictions.tsv", sep="\t")
    assert len(answers) == 5 * 2 * 6
    history = pd.read_csv(folder / "fold-1" / "history.tsv", sep="\t")
    first = answers[answers["member"] == 1]
    assert history["val_accuracy"].iloc[-1] == pytest.approx(first["correct"].mean())


def test_all_without_networks_and_beside_a_model_is_refused(tmp_path):
    study = tiny_study(tmp_path / "s")
    for words, said in (
        (["train", "--all"], "--all needs networks in study.toml"),
        (["evaluate", "--all", "--model", "small"], "--all or --model, but both"),
        (["evaluate", "--model", "small/fold-2"], "must be such as the network never saw"),
    ):
        done = CliRunner().invoke(app, [*words, "--study", str(study.root)])
        assert isinstance(done.exception, InputError)
        assert said in str(done.exception)
