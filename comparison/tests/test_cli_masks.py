"""`faceoff compare masks` on files: values, the published table, and bad input."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from skimage.filters import threshold_otsu
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score
from typer.testing import CliRunner

from comparison.cli import app
from comparison.mask_files import read_heatmaps
from comparison.mask_tables import FOLD, FOLDS, MEAN_MAP, POOLED
from comparison.mask_trees import BY_EXPRESSION, heat_trees, tree_table
from study.errors import InputError

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "data" / "masks" / "ekman"
METRICS = ["iou", "f1", "precision", "recall"]
NETS, EXPRESSIONS, FOLDS_OF = ["one", "two", "three"], ["Anger", "Joy"], [1, 2, 3, 4]


def _maps(*, by_net: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    shape = (len(NETS), len(FOLDS_OF), len(EXPRESSIONS), 40, 32)
    grey = rng.gamma(1.0, 40.0, size=shape).clip(0, 255).astype(np.uint8)
    maps = {"nets": NETS, "expressions": EXPRESSIONS, "folds": FOLDS_OF, "by_fold": grey}
    return maps | ({"by_net": grey[:, 0]} if by_net else {})


def _masks() -> dict[str, Any]:
    masks = np.zeros((2, 40, 32), dtype=bool)
    masks[0, 6:24, 4:18], masks[1, 16:, :] = True, True
    # In another order than the maps have.
    return {"expressions": ["Joy", "Anger"], "masks": masks}


def _slow_value(maps: dict[str, Any], net: str, expression: str, metric: str) -> float:
    """Average one metric over folds by scikit-image and scikit-learn."""
    i, j = NETS.index(net), EXPRESSIONS.index(expression)
    masks = _masks()
    mask = masks["masks"][masks["expressions"].index(expression)].ravel()
    score = {
        "iou": jaccard_score, "f1": f1_score, "precision": precision_score, "recall": recall_score,
    }[metric]  # fmt: skip
    own = maps["by_fold"][i, :, j]
    return float(np.mean([score(mask, (one > threshold_otsu(one)).ravel()) for one in own]))


def _table(maps: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {"net": net, "expression": expression}
        | {metric: round(_slow_value(maps, net, expression, metric), 4) for metric in METRICS}
        for net in NETS
        for expression in EXPRESSIONS
    ]
    table = pd.DataFrame(rows)
    exact = pd.DataFrame(
        {m: [_slow_value(maps, "two", e, m) for e in EXPRESSIONS] for m in METRICS}
    ).mean()
    return pd.concat(
        [
            table,
            pd.DataFrame([{"net": "two", "expression": "AVG(model)"} | exact.round(4).to_dict()]),
        ]
    )


class Files:
    """The three files of a study in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write(_maps(), _masks())
        self.table = folder / "table.csv"
        _table(_maps()).to_csv(self.table, index=False)

    def write(self, maps: dict[str, Any], masks: dict[str, Any]) -> None:
        np.savez(self.folder / "maps.npz", **maps)
        np.savez(self.folder / "masks.npz", **masks)

    def run(self, *more: str) -> Any:
        own = [str(self.folder / "maps.npz"), "--masks", str(self.folder / "masks.npz")]
        return CliRunner().invoke(app, ["masks", *own, *more])


def _refused(result: Any, said: str) -> None:
    assert isinstance(result.exception, InputError), result.output
    assert re.search(said, str(result.exception)), result.exception


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_values_are_those_of_scikit_image_and_scikit_learn(files: Files, tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    result = files.run("--out", str(out))
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out, sep="\t", na_values=["n/a"])
    own = table[table["map"] == FOLDS].set_index(["net", "expression"])
    for net in NETS:
        for expression in EXPRESSIONS:
            for metric in METRICS:
                slow = _slow_value(_maps(), net, expression, metric)
                assert own.loc[(net, expression), metric] == pytest.approx(slow, abs=1e-12)
                assert f"{slow:.4f}" in result.output
    assert own.loc[("mean", "mean"), "iou"] == pytest.approx(
        np.mean([_slow_value(_maps(), n, e, "iou") for n in NETS for e in EXPRESSIONS])
    )
    assert (table["map"] == FOLD).sum() == 3 * 2 * 4
    assert out.with_suffix(".json").is_file()


def test_the_mean_map_is_judged_beside_the_folds(files: Files, tmp_path: Path) -> None:
    files.write(_maps(by_net=True), _masks())
    files.run("--out", str(tmp_path / "out.tsv"))
    table = pd.read_csv(tmp_path / "out.tsv", sep="\t", na_values=["n/a"])
    mean = _maps()["by_fold"][1, :, 0].mean(axis=0)
    mask = _masks()["masks"][1]
    keys = table["map"], table["net"], table["expression"]
    own = table.set_index(list(keys))["iou"].sort_index()
    slow = jaccard_score(mask.ravel(), (mean > threshold_otsu(mean)).ravel())
    assert own.loc[(MEAN_MAP, "two", "Anger")].item() == pytest.approx(slow)
    first = table[(table["map"] == FOLD) & (table["fold"] == 1) & (table["net"] == "two")]
    np.testing.assert_allclose(own[POOLED, "two"][EXPRESSIONS], first["iou"])


def test_floats_give_the_values_of_grey_levels(files: Files) -> None:
    grey = files.run().output
    maps = _maps()
    for kind in (np.float32, np.float64):
        files.write(maps | {"by_fold": (maps["by_fold"] / 255).astype(kind)}, _masks())
        floats = files.run().output
        assert floats.split("\n\n")[0] == grey.split("\n\n")[0]


def test_a_published_table_that_agrees_ends_with_0_and_another_with_1(files: Files) -> None:
    result = files.run("--against", str(files.table))
    assert result.exit_code == 0, result.output
    assert "28 of 28 values" in result.output
    value = f"{_slow_value(_maps(), 'one', 'Joy', 'iou'):.4f}"
    assert re.search(rf"one +Joy +{value} +{value}", result.output)
    table = pd.read_csv(files.table)
    right = float(table["recall"].iloc[3])
    table["recall"] += np.where(table.index == 3, 1e-4, 0.0)
    table["iou"] += np.where(table.index == 6, 0.5, 0.0)
    table.to_csv(files.table, index=False)
    result = files.run("--against", str(files.table))
    assert result.exit_code == 1
    assert f"two, Joy, recall: {right:.4f}, but {right + 1e-4:.4f} in" in result.output
    assert "two, mean, iou" in result.output
    assert "26 of 28 values" in result.output


def test_one_network_fold_and_expression_are_enough(files: Files) -> None:
    maps = _maps()
    small = {"nets": ["one"], "expressions": ["Joy"], "folds": [3]}
    files.write(small | {"by_fold": maps["by_fold"][:1, :1, 1:]}, _masks())
    result = files.run()
    assert result.exit_code == 0, result.output


def _with(key: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda stored: stored | {key: value}


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda stored: {name: value for name, value in stored.items() if name != key}


def _constant(maps: dict[str, Any]) -> dict[str, Any]:
    grey = maps["by_fold"].copy()
    grey[1, 2, 0] = 7
    return maps | {"by_fold": grey}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("folds"), "lacks folds; it holds by_fold, expressions, nets"),
        (_with("nets", ["one", "two"]), r"by_fold .* must have the shape .* = \(2, 4, 2, ...\)"),
        (_with("by_fold", np.ones((3, 4, 2, 40))), "must have the shape"),
        (_with("nets", ["one", "one", "two"]), "'one' is there more than once"),
        (_with("by_fold", np.full((3, 4, 2, 40, 32), "x")), "must hold numbers"),
        (_with("by_fold", np.full((3, 4, 2, 40, 32), np.nan)), "values that are not finite"),
        (_with("by_fold", np.full((3, 4, 2, 40, 32), 3)), r"one value only \(24 of 24 maps\)"),
        (_constant, "by_fold of two, fold 3, Anger in .* one value only"),
        (_with("by_fold", np.random.default_rng(1).random((3, 4, 2, 5, 32))), "of one size"),
        (_with("by_net", np.random.default_rng(1).random((3, 2, 5, 32))), "of one size"),
        (_with("expressions", np.array(["Anger", None], dtype=object)), "plain arrays"),
        (_with("expressions", ["Anger", "joy"]), "none of 'joy'. Did you mean 'Joy'"),
    ],
)
def test_bad_maps_are_one_message(
    change: Callable[[dict[str, Any]], dict[str, Any]], said: str, files: Files
) -> None:
    files.write(change(_maps()), _masks())
    _refused(files.run(), said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("masks"), "lacks masks"),
        (_with("masks", np.ones((2, 32, 40))), "of one size, 32 x 40 px, but .* are 40 x 32"),
        (_with("masks", np.ones((2, 40))), "must have the shape"),
        (_with("masks", np.zeros((2, 40, 32))), "marks nothing"),
        (_with("masks", np.ones((2, 40, 32))), "marks everything"),
        (_with("expressions", ["Joy", "Fear"]), "none of 'Anger'"),
    ],
)
def test_bad_masks_are_one_message(
    change: Callable[[dict[str, Any]], dict[str, Any]], said: str, files: Files
) -> None:
    files.write(_maps(), change(_masks()))
    _refused(files.run(), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a comma-separated table"),
        ("net,expression,iou\n", "lacks f1, precision, recall"),
        ("net,expression,iou,f1,precision,recall\n", "has no row"),
        ("net,expression,iou,f1,precision,recall\nfour,Joy,1,1,1,1\n", "it names 'four'"),
        ("net,expression,iou,f1,precision,recall\none,Fear,1,1,1,1\n", "it names 'Fear'"),
        ("net,expression,iou,f1,precision,recall\none,,1,1,1,1\n", "it names nan"),
        ("net,expression,iou,f1,precision,recall\none,Joy,1,1,,1\n", "precision must be a number"),
        ("net,expression,iou,f1,precision,recall\none,Joy,1,x,1,1\n", "line 2 has 'x'"),
    ],
)
def test_bad_tables_are_one_message(text: str, said: str, files: Files, tmp_path: Path) -> None:
    files.table.write_text(text, encoding="utf-8")
    out = tmp_path / "out.tsv"
    _refused(files.run("--against", str(files.table), "--out", str(out)), said)
    assert not out.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_files_that_are_no_archive_are_one_message(content: bytes, files: Files) -> None:
    (files.folder / "maps.npz").write_bytes(content)
    _refused(files.run(), r"must be a file \.npz of plain arrays")


def test_a_bare_array_and_a_missing_file_are_one_message(files: Files) -> None:
    np.save(files.folder / "bare.npy", np.ones(3))
    (files.folder / "bare.npy").rename(files.folder / "maps.npz")
    _refused(files.run(), r"must be a file \.npz")
    (files.folder / "maps.npz").unlink()
    _refused(files.run(), "there is no file")


def test_options_that_lack_their_file_are_named(files: Files) -> None:
    _refused(
        CliRunner().invoke(app, ["masks", str(files.folder / "maps.npz")]), "--masks is missing"
    )
    _refused(
        CliRunner().invoke(app, ["masks", "--against", str(files.table)]),
        "--against goes with a file",
    )
    _refused(files.run("--out", "x.csv"), r"must end in \.tsv")


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published maps are not beside this")
def test_the_published_table_comes_out() -> None:
    paths = [PUBLISHED / name for name in ("heatmaps.npz", "masks.npz", "published_table.csv")]
    maps, masks, table = map(str, paths)
    result = CliRunner().invoke(app, ["masks", maps, "--masks", masks, "--against", table])
    assert result.exit_code == 0, result.output
    assert "168 of 168 values" in result.output


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published maps are not beside this")
def test_the_merge_that_six_networks_share_with_the_published_tree_has_its_height() -> None:
    trees = heat_trees(read_heatmaps(PUBLISHED / "heatmaps.npz"))
    table = tree_table(trees)
    first = table[(table["kind"] == BY_EXPRESSION) & (table["of"] == "Anger")].iloc[0]
    assert {first["left"], first["right"]} == {"InceptionV3", "MobileNetV3Large"}
    # Read off the article's figure to three decimals.
    assert round(first["height"], 3) == 0.103


def test_a_folder_gets_trees_and_bars(files: Files, tmp_path: Path) -> None:
    files.write(_maps(by_net=True), _masks())
    folder = tmp_path / "drawn"
    result = files.run("--folder", str(folder))
    assert result.exit_code == 0, result.output
    table = pd.read_csv(folder / "mask_trees.tsv", sep="\t")
    want = tree_table(heat_trees(read_heatmaps(files.folder / "maps.npz")))
    np.testing.assert_allclose(table["height"], want["height"])
    for name in ("masks_bars", "masks_bars_folds", "masks_trees_expressions", "masks_trees_all"):
        assert (folder / f"{name}.svg").is_file()
    _refused(CliRunner().invoke(app, ["masks", "--folder", str(folder)]), "--folder goes with")
