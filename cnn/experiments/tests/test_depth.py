import numpy as np
import pytest
from typer.testing import CliRunner

from cnn.backend import import_tensorflow, make_deterministic
from cnn.cli import app
from cnn.experiments.depth import network_size
from cnn.network import Network, save_network
from cnn.preprocessing import RGB_255
from cnn.tests.tiny import tiny_study
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network


def stand_in(n_convolutions, *, frozen=False):
    """Build a network of some convolutions and two dense layers."""
    make_deterministic(1)
    keras = import_tensorflow().keras
    layers = keras.layers
    x = inputs = layers.Input((32, 32, 3))
    for number in range(n_convolutions):
        x = layers.Conv2D(4, 5, padding="same", activation="relu", name=f"conv{number}")(x)
        x = layers.MaxPool2D()(x)
    x = layers.Dense(6, activation="relu")(layers.Flatten()(x))
    model = keras.Model(inputs, layers.Dense(7, activation="softmax")(x))
    if frozen:
        model.get_layer("conv0").trainable = False
    return model


def test_layers_and_parameters_are_counted():
    for n, frozen in ((1, False), (2, True)):
        model = stand_in(n, frozen=frozen)
        side = 32 // 2**n
        convolutions = [4 * 75 + 4, 4 * 100 + 4][:n]
        dense = side * side * 4 * 6 + 6 + 6 * 7 + 7
        trainable = sum(convolutions[frozen:]) + dense
        size = network_size(Network("n", 32, EXPRESSIONS, RGB_255, model))
        assert size == (n, n + 2, trainable, sum(convolutions) + dense)
        # A model within a model, with batch normalisation, half of which is not trained.
        keras = import_tensorflow().keras
        inputs = keras.layers.Input((32, 32, 3))
        nested = keras.Model(inputs, model(keras.layers.BatchNormalization()(inputs)))
        size = network_size(Network("n", 32, EXPRESSIONS, RGB_255, nested))
        assert size == (n, n + 3, trainable + 6, sum(convolutions) + dense + 12)


def test_the_command_compares_the_networks_of_a_study(tmp_path):
    study = tiny_study(tmp_path / "study")
    with pytest.raises(InputError, match=r"has none\. Train them first"):
        CliRunner().invoke(app, ["depth", "--study", str(study.root)], catch_exceptions=False)
    for n in (1, 2):
        save_network(
            study.cnn_dir(f"conv{n}"), stand_in(n), name=f"conv{n}", expressions=EXPRESSIONS,
            preprocessing=RGB_255, seed=1,
        )  # fmt: skip
    said = CliRunner().invoke(app, ["depth", "--study", str(study.root)])
    assert said.exit_code == 0, said.output
    table = read_table(study.cnn_dir("") / "depth.tsv", what="Networks").set_index("model")
    assert list(table.index) == ["conv2", "conv1"]
    assert table["convolutions"].tolist() == [2, 1]
    assert table["n"].tolist() == [7, 7]
    assert np.isfinite(table["accuracy"]).all()
    with pytest.raises(InputError, match="conv9"):
        CliRunner().invoke(
            app, ["depth", "--study", str(study.root), "--model", "conv9"], catch_exceptions=False
        )
