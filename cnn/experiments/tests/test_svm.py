import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.svm import GRID, SVM_GRID, best_of, search_grid
from cnn.tests.tiny import tiny_study
from study.errors import InputError
from study.seeds import generator
from study.tables import read_table, write_table


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    labels = np.tile(np.arange(3), 30)
    features = (random.normal(size=(90, 12)) * 40 + 50).astype(np.float32)
    features[:, 0] += 60 * labels
    return features, labels, np.repeat([f"F{k:02}" for k in range(1, 16)], 6)


def test_the_grid_is_the_one_of_grid_search(data):
    features, labels, _ = data
    grid = search_grid(features, labels, None, 5, seed=1)
    assert list(grid.columns) == list(SVM_GRID)
    assert len(grid) == 2 * 3 * 2 + 3
    state = int(generator(1, "cnn", "svm", "folds").integers(2**31))
    named = [{f"svc__{key}": values for key, values in part.items()} for part in GRID]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), SVC()), named,
        cv=StratifiedKFold(5, shuffle=True, random_state=state),
    ).fit(features, labels)  # fmt: skip
    np.testing.assert_allclose(grid["accuracy"], search.cv_results_["mean_test_score"])
    best = {f"svc__{key}": value for key, value in best_of(grid).items()}
    assert best == search.best_params_
    assert grid["gamma"].isna().sum() == 3


def test_nobody_is_on_both_sides_of_a_fold(data, monkeypatch):
    features, labels, actors = data
    seen = []

    def keep(machine, features, labels, *, cv, n_jobs):
        seen.extend(cv)
        return np.ones(len(cv))

    monkeypatch.setattr("sklearn.model_selection.cross_val_score", keep)
    search_grid(features, labels, actors, 5, seed=1)
    assert all(not set(actors[a]) & set(actors[b]) for a, b in seen)
    with pytest.raises(InputError, match=r"16 folds needs as many actors .* there are 15"):
        search_grid(features, labels, actors, 16, seed=1)
    with pytest.raises(InputError, match="pictures of the rarest expression"):
        search_grid(features, labels, None, 31, seed=1)


def test_the_command_sets_it_beside_the_network(tmp_path):
    study = tiny_study(tmp_path / "study")
    test = [f"AF03{code}S" for code in ("AF", "AN", "DI", "HA")]
    answers = pd.DataFrame(
        {"image_id": test, "split": "test",
         "expression": ["afraid", "angry", "disgusted", "happy"],
         "predicted": ["afraid", "angry", "disgusted", "sad"]}
    )  # fmt: skip
    write_table(study.cnn_dir("small") / "predictions.tsv", answers,
                dict.fromkeys(answers.columns, "text"))  # fmt: skip
    run = ["svm", "--study", str(study.root), "--folds", "3", "--side", "16", "--subset", "40"]
    said = CliRunner().invoke(app, run)
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "svm.tsv", what="Machines").set_index("classifier")
    assert list(table.index) == ["svm", "svm_untuned", "small"]
    assert table.loc["small", "accuracy"] == 0.75
    assert table["n"].tolist() == [7, 7, 4]
    # Bars at seven heights are no task for a machine on pixels.
    assert table.loc["svm", "accuracy"] == 1.0
    grid = read_table(folder / "svm_grid.tsv", what="Grid")
    assert set(grid["n_pictures"]) == {40}
    assert sorted(grid["rank"]) == list(range(1, 16))
    assert (folder / "svm.svg").stat().st_size > 1000
