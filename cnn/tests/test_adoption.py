import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from cnn.adoption import adopt_step, expressions_in_order, is_adopted, preprocessing_named
from cnn.backend import import_tensorflow
from cnn.cli import app
from cnn.keras_files import read_keras_file
from cnn.methods import explain_pictures
from cnn.network import load_network
from cnn.steps import steps, train_step
from cnn.tests.foreign_networks import (
    ORDER,
    chain,
    forged,
    functional,
    grey_levels,
    saved,
)
from cnn.tests.tiny import tiny_study
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.maps import read_maps
from study.provenance import run_step, sha256_of
from study.tables import read_table

pytestmark = pytest.mark.network

FORMATS = ("network.h5", "network.hdf5", "network.keras", "network")


@pytest.fixture
def study(tmp_path):
    return tiny_study(tmp_path / "study")


def adopted(study, file, name="theirs", **options):
    chosen: dict[str, Any] = {"expressions": ORDER, "preprocessing": "none", **options}
    run_step(study, adopt_step(study, file, name, **chosen))
    return load_network(study, name)


@pytest.mark.parametrize("file", FORMATS)
def test_an_adopted_network_answers_as_it_did_before(study, tmp_path, file):
    model = chain()
    file = saved(model, tmp_path / file)
    network = adopted(study, file)
    pictures = grey_levels()
    want = model.predict_on_batch(pictures.astype(np.float32))
    np.testing.assert_allclose(network.probabilities(pictures), want, atol=1e-6)
    assert network.logits(pictures).min() < 0
    assert network.expressions[0] == "surprised"
    stored = json.loads((study.cnn_dir("theirs") / "network.json").read_text(encoding="utf-8"))
    hashes = stored["adopted"]["sha256"]
    if file.is_file():
        assert hashes == {file.name: sha256_of(file)}
    else:
        assert "saved_model.pb" in hashes


@pytest.mark.parametrize("file", FORMATS[1:])
def test_networks_within_networks_and_operations_come_back(tmp_path, file):
    model = functional()
    pictures = grey_levels().astype(np.float32)
    found = read_keras_file(saved(model, tmp_path / file)).model
    np.testing.assert_allclose(
        found.predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-6
    )
    assert not next(part for part in found.submodules if part.name == "first").trainable


def test_files_of_older_keras_are_read(tmp_path):
    model = chain()
    file = saved(model, tmp_path / "old.h5")
    with h5py.File(file, "r+") as stored:
        config = json.loads(stored.attrs["model_config"])
        # Keras 2.2 wrote a plain list of layers, and the input's shape with the first of them.
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [8, 32, 32, 3]
        old = {"class_name": "Sequential", "config": layers}
        stored.attrs["model_config"] = json.dumps(old).encode()
        stored.attrs["keras_version"] = b"2.2.2"
    found = read_keras_file(file)
    assert found.keras_version == "2.2.2"
    pictures = grey_levels().astype(np.float32)
    np.testing.assert_allclose(found.model(pictures), model(pictures), atol=1e-6)


def test_what_only_training_needs_may_be_unknown(tmp_path):
    description = json.loads(chain().to_json())
    dense = description["config"]["layers"][-1]["config"]
    dense["kernel_initializer"] = {"class_name": "TheirInit", "config": {}, "module": "theirs"}
    dense["kernel_regularizer"] = "theirs"
    dense["dtype"] = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    file = tmp_path / "theirs.h5"
    saved(chain(), file)
    with h5py.File(file, "r+") as stored:
        stored.attrs["model_config"] = json.dumps(description)
    head = read_keras_file(file).model.layers[-1]
    assert (head.compute_dtype, head.kernel_regularizer) == ("float32", None)


def writes(mark: Path):  # type: ignore[no-untyped-def]
    """Make a Lambda layer that leaves a mark when its code runs."""
    place = str(mark)
    return import_tensorflow().keras.layers.Lambda(
        lambda x, where=place: (__import__("pathlib").Path(where).touch(), x)[1],
        name="marker",
    )


@pytest.mark.parametrize("file", FORMATS[1:])
def test_lambda_layers_do_not_run_unless_asked_for(study, tmp_path, file):
    mark = tmp_path / "it_ran"
    model = chain(writes(mark))
    file = saved(model, tmp_path / file)
    mark.unlink()
    with pytest.raises(InputError, match=r"the Lambda layer 'marker'.*--allow-lambda"):
        adopted(study, file)
    assert not mark.exists()
    assert not study.cnn_dir("theirs").exists()
    network = adopted(study, file, allow_lambda=True)
    assert mark.exists()
    pictures = grey_levels()
    want = model.predict_on_batch(pictures.astype(np.float32))
    np.testing.assert_allclose(network.probabilities(pictures), want, atol=1e-6)
    with pytest.raises(InputError, match=r"'marker' is a Lambda\. It would need the formula"):
        explain_pictures(network, pictures, np.zeros(3, int), "lrp.epsilon_plus_flat")


def test_a_lambda_that_slips_into_network_json_does_not_run(study, tmp_path):
    mark = tmp_path / "it_ran"
    adopted(study, saved(chain(), tmp_path / "network.h5"))
    path = study.cnn_dir("theirs") / "network.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["layers"] = json.loads(chain(writes(mark)).to_json())
    mark.unlink()
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(InputError, match="the Lambda layer 'marker'"):
        load_network(study, "theirs")
    assert not mark.exists()


def description_with(**layer):
    """The description of a network with one more layer, made by hand."""
    described = json.loads(chain().to_json())
    described["config"]["layers"].insert(2, {"config": {"name": "odd_one"}, **layer})
    return described


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"class_name": "ChannelAttention"}, "'odd_one' \\(of the kind ChannelAttention\\)"),
        (
            {"class_name": "Attention", "module": "theirs", "registered_name": "Custom>Attention"},
            "'odd_one' \\(of the kind Attention\\)",
        ),
        ({"class_name": "Popen", "module": "subprocess"}, "'odd_one' \\(of the kind Popen\\)"),
        ({"class_name": "TFSMLayer"}, "'odd_one' \\(of the kind TFSMLayer\\)"),
        (
            {"class_name": "TFOpLambda", "config": {"name": "op", "function": "io.write_file"}},
            "'op' \\(the operation io.write_file\\)",
        ),
        (
            {
                "class_name": "Activation",
                "config": {
                    "name": "act",
                    "activation": {
                        "class_name": "function",
                        "module": "theirs",
                        "config": "run",
                    },
                },
            },
            "'act' \\(with the activation run\\)",
        ),
    ],
    ids=["custom", "same name", "any class", "SavedModel layer", "operation", "activation"],
)
def test_what_is_not_of_keras_is_named_and_not_imported(tmp_path, monkeypatch, layer, said):
    (tmp_path / "theirs.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    file = forged(tmp_path / "theirs.keras", description_with(**layer))
    with pytest.raises(InputError, match=f"Keras' own layers, but .* holds {said}"):
        read_keras_file(file)
    assert "theirs" not in sys.modules


def test_an_activation_of_their_own_code_is_named(tmp_path):
    layers = import_tensorflow().keras.layers
    model = chain(layers.Conv2D(4, 3, activation=lambda x: x * 2, name="own"))
    for file in FORMATS[1:]:
        with pytest.raises(InputError, match="'own' \\(with the activation <lambda>\\)"):
            read_keras_file(saved(model, tmp_path / file))


def test_a_model_of_their_own_class_is_named(tmp_path):
    keras = import_tensorflow().keras

    class TheirNetwork(keras.Model):  # type: ignore[name-defined]
        def __init__(self):
            super().__init__()
            self.head = keras.layers.Dense(7)

        def call(self, inputs):
            return self.head(keras.backend.batch_flatten(inputs))

    model = TheirNetwork()
    model(grey_levels().astype(np.float32))
    file = saved(model, tmp_path / "network")
    with pytest.raises(InputError, match="the class 'TheirNetwork'"):
        read_keras_file(file)


@pytest.mark.parametrize(
    ("version", "said"), [("3.5.0", "package tf_keras"), ("1.2.2", "Keras 2.2 and save it again")]
)
def test_other_generations_of_keras_are_named(tmp_path, version, said):
    file = forged(tmp_path / "network.keras", {"class_name": "Sequential"}, version)
    with pytest.raises(InputError, match=f"written by Keras {version}.*{said}"):
        read_keras_file(file)


def test_files_that_hold_no_network_are_refused(tmp_path):
    tf = import_tensorflow()
    chain().save_weights(tmp_path / "weights_only.h5")
    (tmp_path / "text.h5").write_text("hello")
    (tmp_path / "saved_model.pb").write_bytes(b"")
    tf.saved_model.save(tf.Module(), str(tmp_path / "functions"))
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("weights_only.h5", "holds weights alone"),
        ("text.h5", "is none of them"),
        ("saved_model.pb", "Name its folder"),
        ("functions", "TensorFlow functions alone"),
        ("empty", "is no SavedModel"),
        ("nothing.h5", "there is no "),
    ):
        with pytest.raises(InputError, match=said):
            read_keras_file(tmp_path / name)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    file = saved(chain(), tmp_path / "network.h5")
    with h5py.File(file, "r+") as stored:
        described = json.loads(stored.attrs["model_config"])
        described["config"]["layers"][2]["config"]["filters"] = 5
        stored.attrs["model_config"] = json.dumps(described)
    with pytest.raises(InputError, match="must fit the layers in it"):
        read_keras_file(file)


def heads(kind):
    keras = import_tensorflow().keras
    layers = keras.layers
    sides = {"oblong": (32, 48, 3), "grey": (32, 32, 1), "any size": (None, None, 3)}
    inputs = keras.Input(sides.get(kind, (32, 32, 3)))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    out = layers.Dense(7, activation="sigmoid" if kind == "sigmoid" else "softmax")(pooled)
    if kind == "map":
        out = layers.Conv2D(7, 3, activation="softmax")(inputs)
    return keras.Model(inputs, [out, pooled] if kind == "two outputs" else out)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("oblong", r"takes \(32, 48, 3\)"),
        ("grey", r"takes \(32, 32, 1\)"),
        ("any size", r"takes \(None, None, 3\)"),
        ("two outputs", "has 1 and 2"),
        ("map", r"array of shape \(30, 30, 7\)"),
        ("sigmoid", "Dense sigmoid"),
    ],
)
def test_networks_of_another_form_are_refused(study, tmp_path, kind, said):
    file = saved(heads(kind), tmp_path / "network.h5")
    with pytest.raises(InputError, match=said):
        adopted(study, file)
    assert not study.cnn_dir("theirs").exists()


def test_a_network_that_answers_with_nan_is_refused(study, tmp_path):
    model = chain()
    model.set_weights([np.full_like(values, np.nan) for values in model.get_weights()])
    with pytest.raises(InputError, match="NaN or infinity"):
        adopted(study, saved(model, tmp_path / "network.h5"))


def test_wrong_options_are_refused(study, tmp_path):
    file = saved(chain(), tmp_path / "network.h5")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"expressions": "happy,sad"}, "all 7 outputs.*names 2: happy, sad"),
        ({"expressions": ORDER.replace("sad", "happy")}, "happy is in .* more than once"),
        ({"expressions": ORDER.replace("sad", "contempt")}, "but it is 'contempt'"),
        ({"preprocessing": "rgb255"}, "Did you mean 'rgb_255'"),
        ({"name": "a/b"}, "letters, digits, _ and -"),
        ({"name": "small"}, "faceoff cnn train makes"),
    )
    for options, said in wrong:
        with pytest.raises(InputError, match=said):
            adopted(study, file, **options)


def test_names_of_expressions_and_preprocessing():
    assert expressions_in_order("Fear, joy,NE") == ("afraid", "happy", "neutral")
    grey = np.array([[0.0, 51.0, 255.0]])
    by_hand: dict[str, Any] = {
        "none": grey,
        "rgb_255": [[0, 0.2, 1]],
        "centred_rgb": [[-1, -0.6, 1]],
        "vgg_face": [[255 - 93.5940, 51 - 104.7624, -129.1863]],
        "caffe": [[255 - 103.939, 51 - 116.779, -123.68]],
        "torch": [[-0.485 / 0.229, (0.2 - 0.456) / 0.224, (1 - 0.406) / 0.225]],
    }
    for name, want in by_hand.items():
        np.testing.assert_allclose(preprocessing_named(name).apply(grey), want, atol=1e-4)


def test_another_network_of_the_name_is_kept_unless_forced(study, tmp_path):
    first = saved(chain(), tmp_path / "first.h5")
    second = saved(chain(seed=9), tmp_path / "second.h5")
    adopted(study, first)
    before = sha256_of(study.cnn_dir("theirs") / "weights.h5")
    assert not run_step(study, adopt_step(study, first, "theirs", ORDER, "none"))
    with pytest.raises(InputError, match="holds another network"):
        adopted(study, second)
    assert sha256_of(study.cnn_dir("theirs") / "weights.h5") == before
    adopted(study, second, force=True)
    assert sha256_of(study.cnn_dir("theirs") / "weights.h5") != before


def test_an_adopted_network_is_never_trained(tmp_path, capsys):
    study = tiny_study(tmp_path / "study", model="theirs")
    adopted(study, saved(chain(), tmp_path / "network.h5"))
    assert is_adopted(study, "theirs")
    assert not is_adopted(study, "small")
    with pytest.raises(InputError, match="'theirs' was adopted"):
        train_step(study)
    assert [step.command for step in steps(study)] == ["cnn evaluate", "cnn explain"]
    assert "cnn train: left out" in capsys.readouterr().err


def test_one_command_explains_a_file(study, tmp_path):
    model = chain()
    file = saved(model, tmp_path / "their_own.h5")
    common = ["--study", str(study.root), "--preprocessing", "none"]
    said = CliRunner().invoke(
        app, ["explain", "--network", str(file), "--expressions", ORDER, *common]
    )
    assert said.exit_code == 0, said.output
    relevance = read_maps(study.cnn_dir("their_own") / "relevance.nc")
    assert relevance.attrs["network"] == "their_own"
    images = list(relevance["image"].to_numpy())
    pictures = load_pictures(study, images, 32).astype(np.float32)
    before = import_tensorflow().keras.Model(model.inputs, model.layers[-2].output)(pictures)
    kernel, bias = model.layers[-1].get_weights()
    logits = before.numpy().astype(float) @ kernel + bias
    outputs = [ORDER.split(",").index(name) for name in relevance["target"].to_numpy()]
    want = logits[np.arange(len(images)), outputs]
    np.testing.assert_allclose(relevance["logit"], want, atol=1e-4)
    assert float(np.abs(relevance["relevance"]).max()) > 0
    said = CliRunner().invoke(app, ["explain", "--network", str(file), *common])
    assert isinstance(said.exception, InputError)
    assert "Nothing of this is guessed" in str(said.exception)


def test_a_network_of_fewer_expressions_is_judged(study, tmp_path):
    keras = import_tensorflow().keras
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    file = saved(model, tmp_path / "two.h5")
    adopted(study, file, "two", expressions="sad,happy")
    run = ["evaluate", "--study", str(study.root), "--model", "two"]
    said = CliRunner().invoke(app, run)
    assert said.exit_code == 0, said.output
    columns = {"p_happy": float, "p_afraid": float}
    answers = read_table(study.cnn_dir("two") / "predictions.tsv", what="Answers", columns=columns)
    assert answers["p_afraid"].isna().all()
    assert answers["p_happy"].between(0, 1).all()
    assert set(answers["predicted"]) <= {"sad", "happy"}
