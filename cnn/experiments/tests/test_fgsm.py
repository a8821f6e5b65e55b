import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.data import LabelledPictures
from cnn.experiments.attack import attack, in_grey_levels, loss_gradient
from cnn.experiments.fgsm import (
    EXAMPLES,
    FGSM,
    accuracy_under_attack,
    attack_examples,
    choose_examples,
)
from cnn.experiments.steps import fgsm_step
from cnn.experiments.tests.small import random_pictures, tiny_network
from cnn.network import softmax
from cnn.preprocessing import CAFFE, TORCH
from cnn.tests.tiny import tiny_study
from cnn.training import train
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def network():
    return tiny_network()


@pytest.fixture(scope="module")
def pictures(network):
    drawn = random_pictures(40)
    # Every second picture is named rightly.
    labels = (network.logits(drawn).argmax(axis=1) + np.arange(40) % 2) % 7
    table = pd.DataFrame(
        {"image_id": [f"P{n:02}" for n in range(40)],
         "expression": [EXPRESSIONS[label] for label in labels]}
    )  # fmt: skip
    return LabelledPictures(table, drawn)


def test_the_gradient_is_that_of_finite_differences(network):
    exact = tiny_network(dtype="float64").model
    exact.set_weights(network.model.get_weights())
    inputs = TORCH.apply(random_pictures(2).astype(np.float64))
    labels = np.array([2, 5])

    def losses(moved):
        probabilities = softmax(exact(moved).numpy())
        return -np.log(probabilities[np.arange(2), labels])

    found = loss_gradient(network, inputs, labels)
    random = np.random.default_rng(0)
    for _ in range(40):
        y, x, colour = random.integers(0, (8, 8, 3))
        up, down = inputs.copy(), inputs.copy()
        up[:, y, x, colour] += 1e-5
        down[:, y, x, colour] -= 1e-5
        slope = (losses(up) - losses(down)) / 2e-5
        np.testing.assert_allclose(found[:, y, x, colour], slope, atol=1e-5, rtol=1e-3)


def test_each_number_moves_by_one_step(network):
    inputs = network.prepare(random_pictures(2))
    slopes = np.random.default_rng(0).normal(size=inputs.shape).astype(np.float32)
    slopes[0, 0, 0] = 0.0
    moved = attack(inputs, slopes, TORCH, 0.01)
    np.testing.assert_allclose(moved - inputs, 0.01 * np.sign(slopes), atol=1e-6)
    for preprocessing in (TORCH, CAFFE):
        pixels = random_pictures(2).astype(np.float32)
        grey = attack(preprocessing.apply(pixels), slopes, preprocessing, 2.0, unit="grey")
        levels = in_grey_levels(grey, preprocessing)
        np.testing.assert_allclose(np.abs(levels - pixels)[1], 2.0, atol=1e-3)
        cut = attack(preprocessing.apply(pixels), slopes, preprocessing, 99.0, unit="grey",
                     clip=True)  # fmt: skip
        levels = in_grey_levels(cut, preprocessing)
        assert levels.min() >= -1e-3
        assert levels.max() <= 255.001
        inside = (pixels > 100) & (pixels < 150)
        np.testing.assert_allclose(np.abs(levels - pixels)[1][inside[1]], 99.0, atol=1e-3)


def test_epsilon_in_grey_levels_is_the_published_one(network, pictures):
    slopes = np.ones((40, 8, 8, 3), np.float32)
    table = accuracy_under_attack(network, pictures, slopes, [0.01])
    # 0.01 x 255 x (0.229 + 0.224 + 0.225) / 3
    assert table["grey_levels"].item() == pytest.approx(0.5763, abs=1e-4)


def test_an_attack_costs_accuracy_and_errors_are_counted(network, pictures):
    inputs = network.prepare(pictures.pictures)
    slopes = loss_gradient(network, inputs, pictures.labels)
    table = accuracy_under_attack(network, pictures, slopes, [0.0, 0.05, 0.3])
    assert list(table.columns) == list(FGSM)
    assert table["accuracy"].iloc[0] == 0.5
    assert table["still_right"].iloc[0] == 0.5
    assert table["accuracy"].is_monotonic_decreasing
    logits = network.model(inputs + 0.05 * np.sign(slopes)).numpy()
    order = np.argsort(-logits, axis=1)
    for k in (1, 2, 3, 5):
        among = (order[:, :k] == pictures.labels[:, None]).any(axis=1)
        assert table[f"top_{k}_error"].iloc[1] == pytest.approx(1 - among.mean())


def test_examples_are_pictures_that_are_named_rightly(network, pictures):
    chosen = choose_examples(network, pictures, [], seed=1)
    assert chosen == choose_examples(network, pictures, [], seed=1)
    assert all(row % 2 == 0 for row in chosen)
    assert len(set(pictures.table["expression"].iloc[chosen])) == len(chosen) == 2
    assert choose_examples(network, pictures, ["P03"], seed=1) == [3]
    with pytest.raises(InputError, match=r"'P3' is not.*Did you mean"):
        choose_examples(network, pictures, ["P3"], seed=1)
    wrong = LabelledPictures(pictures.table.iloc[1::2], pictures.pictures[1::2])
    with pytest.raises(InputError, match="names none"):
        choose_examples(network, wrong, [], seed=1)


def test_examples_show_what_they_are_taken_for(network, pictures):
    slopes = loss_gradient(network, network.prepare(pictures.pictures), pictures.labels)
    examples, attacked = attack_examples(
        network, pictures, slopes, [4, 8], [0.3], unit="input", clip=False
    )
    assert list(examples.columns) == list(EXAMPLES)
    assert examples["image_id"].tolist() == ["P04", "P04", "P08", "P08"]
    assert examples["epsilon"].tolist() == [0.0, 0.3, 0.0, 0.3]
    np.testing.assert_allclose(attacked[:, 0], pictures.pictures[[4, 8]], atol=1e-3)
    own = network.probabilities(pictures.pictures[[4, 8]])
    np.testing.assert_allclose(examples["p_true"].iloc[::2], own.max(axis=1), atol=1e-5)
    assert (examples["p_true"].to_numpy()[1::2] < examples["p_true"].to_numpy()[::2]).all()


def test_the_command(tmp_path):
    study = tiny_study(tmp_path / "study", epochs=1)
    train(study, "small")
    run = ["fgsm", "--study", str(study.root), "--epsilons", "0,0.1", "--image", "AF03HAS"]
    said = CliRunner().invoke(app, [*run, "--unit", "grey", "--clip", "--show", "1"])
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "fgsm_grey_clipped.tsv", what="FGSM", columns={"clipped": bool})
    assert table["grey_levels"].tolist() == [0.0, 0.1]
    examples = read_table(folder / "fgsm_grey_clipped_examples.tsv", what="Examples")
    assert examples["image_id"].tolist() == ["AF03HAS"] * 2
    assert (folder / "fgsm_grey_clipped_examples.svg").stat().st_size > 1000
    with pytest.raises(InputError, match="epsilon must be 0 or greater"):
        fgsm_step(study, [-1.0], [0.1], [], grey=False, clip=False)
