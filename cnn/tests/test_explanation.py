"""Training, judging and explaining on one study, from the command line's door to the files."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.explanation import relevance_stem
from cnn.methods import resolve_method
from cnn.relevance import doubts
from cnn.steps import explain_step, steps
from cnn.tests.tiny import tiny_study
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.maps import read_maps
from study.provenance import is_current, sha256_of
from study.tables import read_table

pytestmark = pytest.mark.network


def call(study, *arguments):
    result = CliRunner().invoke(app, [*arguments, "--study", str(study.root)])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study whose network has learned its task."""
    folder = tmp_path_factory.mktemp("study")
    made = tiny_study(
        folder,
        epochs=60,
        patience=60,
        learning_rate=0.004,
        flip=True,
        shift=0.0,
        zoom=0.0,
        brightness=0.1,
    )
    for command in ("train", "evaluate", "explain"):
        call(made, command)
    return made


def table_of(study, name):
    return read_table(study.cnn_dir("small") / name, what="The table")


def test_the_network_learned_its_task(study):
    predictions, scores = table_of(study, "predictions.tsv"), table_of(study, "evaluation.tsv")
    accuracy = scores.set_index("metric").loc["accuracy"]
    assert accuracy["n"] == 7
    assert accuracy["value"] >= 5 / 7
    test = predictions[predictions["split"] == "test"]
    assert accuracy["value"] == pytest.approx((test["predicted"] == test["expression"]).mean())
    probabilities = predictions[[f"p_{name}" for name in EXPRESSIONS]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(predictions) == 70
    best = np.array(EXPRESSIONS)[probabilities.to_numpy().argmax(axis=1)]
    assert best.tolist() == predictions["predicted"].tolist()


def test_maps_are_in_the_picture_frame(study):
    maps = read_maps(study.cnn_dir("small") / "relevance.nc")
    assert maps["relevance"].dims == ("image", "y", "x")
    assert maps["relevance"].shape == (7, 32, 32)
    # 32 pixels of the network lie over the 64 of the picture as shown, from -0.5 to 63.5.
    np.testing.assert_allclose(maps["x"], (np.arange(32) + 0.5) * 64 / 32 - 0.5)
    np.testing.assert_allclose(maps["y"], maps["x"])
    assert maps.attrs["method"] == "lrp.sequential_preset_a_flat"
    assert maps["target"].to_numpy().tolist() == maps["expression_of_image"].to_numpy().tolist()


def test_relevance_lies_on_the_bar_that_tells_the_expression(study):
    maps = read_maps(study.cnn_dir("small") / "relevance.nc")
    on_the_bar = []
    for image in range(7):
        relevance = maps["relevance"][image].clip(min=0)
        top = (2 + 5 * EXPRESSIONS.index(str(maps["target"][image].item()))) * 64 / 40
        rows = (maps["y"] > top - 5) & (maps["y"] < top + 4 * 64 / 40 + 5)
        on_the_bar.append(float(relevance[rows].sum() / relevance.sum()) / rows.mean().item())
    assert np.mean(on_the_bar) > 1.3


def test_sums_are_set_against_the_logits(study):
    maps = read_maps(study.cnn_dir("small") / "relevance.nc")
    sums = table_of(study, "relevance.tsv")
    by_hand = maps["relevance"].to_numpy().astype(float).sum(axis=(1, 2))
    np.testing.assert_allclose(sums["relevance_sum"], by_hand, atol=1e-5)
    np.testing.assert_allclose(sums["ratio"], sums["relevance_sum"] / sums["logit"], atol=1e-5)
    predictions = table_of(study, "predictions.tsv").set_index("image_id").loc[sums["image_id"]]
    right = predictions["correct"].to_numpy(dtype=bool)
    assert sums["ratio"][right].median() == pytest.approx(1, abs=0.25)


def test_everything_is_current_and_another_method_is_not(study):
    assert all(is_current(study, step) for step in steps(study))
    before = (study.cnn_dir("small") / "relevance.nc").read_bytes()
    call(study, "explain", "--force")
    assert (study.cnn_dir("small") / "relevance.nc").read_bytes() == before
    record = json.loads(
        (study.cnn_dir("small") / "cnn_explain.provenance.json").read_text(encoding="utf-8")
    )
    assert record["settings"]["cnn"]["target"] == "true"
    changed = study.settings.cnn.model_copy(update={"target": "predicted"})
    other = type(study)(study.root, study.settings.model_copy(update={"cnn": changed}))
    assert [is_current(other, step) for step in steps(other)] == [True, True, False]


def files_of(study):
    return {path.name for path in study.cnn_dir("small").glob("relevance*")}


def test_other_explanations_leave_the_study_own_alone(study):
    own = {"relevance.nc", "relevance.tsv", "relevance.json"}
    folder = study.cnn_dir("small")
    before = {name: (folder / name).read_bytes() for name in own}
    assert files_of(study) == own
    # Its own method by name, and with a default spelled out, is its own.
    call(study, "explain", "--method", "lrp.sequential_preset_a_flat", "--argument", "epsilon=0.1")
    assert files_of(study) == own
    call(study, "explain", "--method", "gradient", "--method", "lrp.epsilon")
    call(study, "explain", "--argument", "epsilon=0.2")
    call(study, "explain", "--target", "happy")
    call(study, "explain", "--method", "grad_cam", "--argument", "layer=conv3",
         "--argument", "signed=true", "--target", "predicted")  # fmt: skip
    stems = {
        "relevance_gradient": ("gradient", {}, "true"),
        "relevance_lrp.epsilon": ("lrp.epsilon", {"epsilon": 1e-7}, "true"),
        "relevance_lrp.sequential_preset_a_flat_epsilon-0.2": (
            "lrp.sequential_preset_a_flat", {"epsilon": 0.2}, "true",
        ),
        "relevance_lrp.sequential_preset_a_flat_target-happy": (
            "lrp.sequential_preset_a_flat", {"epsilon": 0.1}, "happy",
        ),
        "relevance_grad_cam_layer-conv3_signed-1_target-predicted": (
            "grad_cam", {"layer": "conv3", "signed": True}, "predicted",
        ),
    }  # fmt: skip
    named = {stem + suffix for stem in stems for suffix in (".nc", ".tsv", ".json")}
    assert files_of(study) == own | named
    assert {name: (folder / name).read_bytes() for name in own} == before
    for stem, (method, arguments, target) in stems.items():
        maps = read_maps(folder / f"{stem}.nc")
        assert (maps.attrs["method"], maps.attrs["target"]) == (method, target)
        assert json.loads(maps.attrs["arguments"]) == arguments
        assert maps.attrs["weights_sha256"] == sha256_of(folder / "weights.h5")
        assert (folder / f"cnn_explain_{stem.removeprefix('relevance_')}.provenance.json").is_file()
    assert all(is_current(study, step) for step in steps(study))


def test_a_file_is_current_until_the_network_changes(study):
    settings = study.settings.cnn.model_copy(update={"method": "input_t_gradient"})
    step = explain_step(study, settings)
    assert not is_current(study, step)
    call(study, "explain", "--method", "input_t_gradient")
    assert is_current(study, step)
    made = step.outputs[0].stat().st_mtime_ns
    call(study, "explain", "--method", "input_t_gradient")
    assert step.outputs[0].stat().st_mtime_ns == made


def test_names_of_files_tell_explanations_apart():
    stem = relevance_stem("lime", resolve_method("lime", {"fill": "mean", "positive": 1}), "true")
    assert stem == "relevance_lime_fill-mean_positive-1"
    values = resolve_method("grad_cam", {"layer": "body/conv 1"})
    assert relevance_stem("grad_cam", values, "true") == "relevance_grad_cam_layer-body%2Fconv%201"
    values = resolve_method("innvestigate.lrp.z", {"input_layer_rule": "-1,1"})
    stem = relevance_stem("innvestigate.lrp.z", values, "sad")
    assert stem == "relevance_innvestigate.lrp.z_input_layer_rule--1,1_target-sad"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["explain", "--method", "lime", "--method", "grad_cam", "--argument", "seed=1"],
            "those of one method, but 2 methods were given: lime, grad_cam",
        ),
        (["explain", "--method", "gradient", "--method", "grad"], "it is 'grad'"),
        (["train", "--model", "smal"], "Did you mean 'small'"),
        (["explain", "--method", "lrp.gamm"], "Did you mean .lrp.gamma."),
        (["explain", "--argument", "gamma=1"], "takes the arguments epsilon, but got .gamma."),
        (["explain", "--argument", "gamma"], "must be NAME=VALUE"),
        (["explain", "--target", "tru"], "cnn.target"),
        (["evaluate", "--model", "other"], "Train it first"),
        (["explain", "--model", "other"], "Train it first"),
    ],
)
def test_bad_input_gets_one_message(study, arguments, message):
    with pytest.raises(InputError, match=message):
        call(study, *arguments)


def test_tables_say_what_their_columns_are(study):
    for table in study.cnn_dir("small").glob("*.tsv"):
        columns = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))
        assert list(columns) == list(pd.read_csv(table, sep="\t", nrows=1).columns)


def test_maps_are_doubted_where_relevance_is_lost_or_biases_took_more_than_there_was():
    import xarray as xr

    rows = [  # logit, sum, biases, residual
        (2.0, 1.5, 0.5, 0.0), (2.0, 1.5, 0.4, 0.1), (2.1, 1024.0, -1021.9, 0.0),
        (-2.0, -1.0, -1.0, 0.0), (2.0, np.nan, np.nan, np.nan), (2.0, 9.0, np.nan, np.nan),
        (2.0, -1.0, 3.0, 0.0),
    ]  # fmt: skip
    columns = zip(*rows, strict=True)
    names = ("logit", "relevance_sum", "bias_share", "residual")
    dataset = xr.Dataset(
        {name: ("image", np.array(column)) for name, column in zip(names, columns, strict=True)}
    )
    assert doubts(dataset) == [None, "lost", "biases", None, "lost", None, "biases"]
