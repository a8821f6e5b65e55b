import numpy as np
import pandas as pd
import pytest
from skimage.util import random_noise
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.noise import (
    NOISE,
    accuracy_under_noise,
    noise_figure,
    noisy_input,
    summaries,
)
from cnn.experiments.steps import noise_step
from cnn.experiments.tests.small import random_pictures, tiny_network
from cnn.preprocessing import RGB_255, TORCH, VGG_FACE
from cnn.tests.tiny import tiny_study
from cnn.training import train
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network


def test_noise_before_normalisation_is_that_of_scikit_image_in_whole_grey_levels():
    pictures = random_pictures(3)
    found = noisy_input(pictures, RGB_255, 0.05, np.random.default_rng(7))
    expected = random_noise(
        pictures / 255, mode="gaussian", rng=np.random.default_rng(7), mean=0, var=0.05, clip=True
    )
    np.testing.assert_allclose(found, np.rint(255 * expected) / 255, atol=1e-6)


def test_noise_after_normalisation_is_the_published_code():
    pictures = random_pictures(3)
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    normalised = (pictures / 255 - mean) / spread
    expected = random_noise(
        normalised, mode="gaussian", rng=np.random.default_rng(7), mean=0, var=0.1, clip=True
    )
    found = noisy_input(pictures, TORCH, 0.1, np.random.default_rng(7), after=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # A network with another preprocessing sees the same picture.
    other = noisy_input(pictures, VGG_FACE, 0.1, np.random.default_rng(7), after=True)
    levels = (expected * spread + mean) * 255
    np.testing.assert_allclose(other, VGG_FACE.apply(levels), atol=1e-3)


def test_without_noise_after_normalisation_the_cut_is_left():
    pictures = random_pictures(3)
    found = noisy_input(pictures, TORCH, 0.0, np.random.default_rng(7), after=True)
    plain = TORCH.apply(pictures.astype(float))
    np.testing.assert_allclose(found, plain.clip(-1, 1), atol=1e-6)
    assert np.abs(plain).max() > 1.5


def test_accuracy_counts_right_answers_and_is_repeatable():
    network, pictures = tiny_network(), random_pictures(70)
    labels = network.logits(pictures).argmax(axis=1)
    table = accuracy_under_noise(network, pictures, labels, [0.0, 0.05], 3, seed=1)
    assert list(table.columns) == list(NOISE)
    assert list(zip(table["placed"], table["variance"], table["repeat"], strict=True)) == [
        ("none", 0.0, 1), ("before", 0.0, 1),
        ("before", 0.05, 1), ("before", 0.05, 2), ("before", 0.05, 3),
    ]  # fmt: skip
    assert table["accuracy"].iloc[:2].tolist() == [1.0, 1.0]
    assert (table["accuracy"].iloc[2:] < 1).all()
    pd.testing.assert_frame_equal(
        table, accuracy_under_noise(network, pictures, labels, [0.0, 0.05], 3, seed=1)
    )
    # A variance's noise does not depend on which others are asked for.
    alone = accuracy_under_noise(network, pictures, labels, [0.05], 1, seed=1)
    assert alone["accuracy"].iloc[1] == table["accuracy"].iloc[2]


def test_the_cut_is_named_in_what_is_said():
    rows = [("none", 0.0, 1, 0.9), ("after", 0.0, 1, 0.8), ("after", 0.1, 1, 0.5),
            ("after", 0.1, 2, 0.7)]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(NOISE)[:4]).assign(ci_low=0.1, ci_high=0.95, n=10)
    said = summaries(table)
    assert said == [
        "as they are: 90.0 % of 10 pictures named rightly",
        "variance 0 after normalisation (the cut at -1 and 1 alone): 80.0 %",
        "variance 0.1 after normalisation: 60.0 %, 50.0 to 70.0 in 2 draws",
    ]
    axes = noise_figure(table, 0.1, 7).axes
    assert axes[1].get_title() == "2 repeats"


def test_the_command(tmp_path):
    study = tiny_study(tmp_path / "study", epochs=1)
    train(study, "small")
    run = ["noise", "--study", str(study.root), "--variances", "0,0.1", "--repeats", "2"]
    said = CliRunner().invoke(app, [*run, "--after"])
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "noise_after.tsv", what="Noise", columns={"accuracy": float})
    assert table["placed"].tolist() == ["none", "after", "after", "after"]
    assert (folder / "noise_after.svg").stat().st_size > 1000
    first = (folder / "noise_after.tsv").read_bytes()
    CliRunner().invoke(app, [*run, "--after", "--force"])
    assert (folder / "noise_after.tsv").read_bytes() == first
    for variance, box, message in ((0.1, 0.2, "0.2 is not among 0.1"), (-0.1, -0.1, "-0.1 is not")):
        with pytest.raises(InputError, match=message):
            noise_step(study, [variance], 1, box, after=False)
    wrong = CliRunner().invoke(app, ["noise", "--study", str(study.root), "--variances", "a,1"])
    assert isinstance(wrong.exception, InputError)
    assert "numbers between commas" in str(wrong.exception)


@pytest.mark.parametrize("within", ["fold-1", "experiments/size_picture_growing/share-0.8"])
def test_a_network_that_saw_the_test_pictures_is_refused(tmp_path, within):
    run = ["noise", "--study", str(tmp_path), "--model", f"small/{within}"]
    said = CliRunner().invoke(app, run)
    assert isinstance(said.exception, InputError)
    assert "Take 'small' or one of its seeds" in str(said.exception)
