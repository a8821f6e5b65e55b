"""Occlusion for people: pictures, lists, session plans, and people's curves."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from comparison.cli import app
from comparison.fills import cover
from comparison.occlusion import INTACT, occlude, occlusion_plan
from comparison.occlusion_people import crossed_interval
from comparison.people_trials import read_occlusions
from comparison.perturbation import Removal
from comparison.tests.fake_study import FakeNetwork, make_study
from participants.plans import make_plan
from participants.register import add_participant
from stimuli.catalog import LANDMARK_COLUMNS, MANIFEST_COLUMNS, read_lists, read_manifest
from stimuli.check import check_pictures
from stimuli.tests.faces import landmark_table
from study.errors import InputError
from study.folder import Study, open_study
from study.tables import read_table, write_table

ACTORS = ("F01", "M01")


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comparison.psychometric_tables.RESAMPLES", 20)
    monkeypatch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())


def _run(*words: object) -> tuple[int, object]:
    result = CliRunner().invoke(app, ["perturb", *map(str, words)])
    return result.exit_code, result.exception


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    """A main study of two actors, and the occlusion study that the command makes of it."""
    root = tmp_path_factory.mktemp("occlusion")
    main = make_study(root / "main")
    manifest = read_manifest(main)
    manifest["actor"] = [ACTORS[int(name[1])] for name in manifest["image_id"]]
    write_table(main.manifest_tsv, manifest, MANIFEST_COLUMNS)
    write_table(main.landmarks_tsv, landmark_table(manifest["image_id"]), LANDMARK_COLUMNS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())
        code, error = _run("--study", main.root, "--as-experiment", root / "people")
    assert code == 0, error
    return main, open_study(root / "people")


def test_removed_tiles_show_the_networks_noise_and_the_rest_peoples_picture() -> None:
    removal = Removal(np.array([0, 8, 16, 24, 32]), "uniform", 16, 3)
    seen = np.full((32, 32, 3), 90, np.uint8)
    picture = np.full((64, 64, 3), 10, np.uint8)
    shown = occlude(picture, seen, "A", [5], removal)
    noise = cover("uniform", seen, 3, "A")
    assert (shown[16:32:2, 16:32:2] == noise[8:16, 8:16]).all()
    assert (shown[17:32:2, 17:32:2] == noise[8:16, 8:16]).all()
    shown[16:32, 16:32] = 10
    assert (shown == 10).all()


def test_pictures_lack_the_tiles_that_the_network_lost(both: tuple[Study, Study]) -> None:
    main, people = both
    shown = pd.read_csv(people.stimuli_dir / "occlusions.tsv", sep="\t").set_index("image_id")
    assert Counter(shown["condition"]) == {INTACT: 14, "gaze": 56, "relevance": 56}
    orders = pd.read_parquet(main.comparison_dir / "orders.parquet")
    for name, row in shown[shown["condition"] == "relevance"].head(8).iterrows():
        own = orders[
            (orders["image_id"] == row["face"])
            & (orders["condition"] == "relevance")
            & (orders["direction"] == "most_first")
        ].set_index("tile")["rank"]
        with Image.open(people.pictures_dir / f"{name}.png") as file:
            picture = np.asarray(file)
        with Image.open(main.pictures_dir / f"{row['face']}.png") as file:
            face = np.asarray(file)
        differs = (picture != face).reshape(4, 16, 4, 16, 3).any(axis=(1, 3, 4)).ravel()
        assert {int(tile) for tile in np.flatnonzero(differs)} == set(own.index[own <= row["step"]])
    assert check_pictures(people) == len(shown)


def test_lists_show_each_face_once_and_cells_evenly(both: tuple[Study, Study]) -> None:
    _, people = both
    shown = pd.read_csv(people.stimuli_dir / "occlusions.tsv", sep="\t").set_index("image_id")
    lists = read_lists(people)
    assert len(lists) == 9
    assert set().union(*lists) == set(shown.index)
    for pictures in lists:
        own = shown.loc[sorted(pictures)]
        assert sorted(own["face"]) == sorted(shown["face"].unique())
        counts = own.groupby(["condition", "step"]).size()
        assert len(counts) == 9
        assert counts.max() - counts.min() <= 1


def test_participants_take_the_lists_in_turn(both: tuple[Study, Study], tmp_path: Path) -> None:
    shutil.copytree(both[1].root, tmp_path / "people")
    people = open_study(tmp_path / "people")
    lists = read_lists(people)
    for number in range(10):
        add_participant(people)
        if number in (0, 1, 9):
            plan = make_plan(people, f"sub-{number + 1:03d}")
            assert {trial.image_id for trial in plan.trials} == lists[number % 9]


def test_lists_with_a_gap_or_a_strange_picture_are_refused(
    both: tuple[Study, Study], tmp_path: Path
) -> None:
    shutil.copytree(both[1].root, tmp_path / "people")
    people = open_study(tmp_path / "people")
    table = pd.read_csv(people.lists_tsv, sep="\t")
    table.assign(list=table["list"] + 1).to_csv(people.lists_tsv, sep="\t", index=False)
    with pytest.raises(InputError, match="must number the lists 1, 2, 3"):
        read_lists(people)
    table["image_id"] = ["nobody", *table["image_id"][1:]]
    table.to_csv(people.lists_tsv, sep="\t", index=False)
    with pytest.raises(InputError, match="nobody is none"):
        read_lists(people)


def test_people_are_drawn_beside_the_network(both: tuple[Study, Study]) -> None:
    main, people = both
    shown = pd.read_csv(people.stimuli_dir / "occlusions.tsv", sep="\t")
    _, error = _run("--study", main.root, "--with-experiment", people.root)
    assert isinstance(error, InputError)  # no trials yet
    for number, pictures in enumerate(read_lists(people)[:2], start=1):
        own = shown[shown["image_id"].isin(pictures)]
        trials = pd.DataFrame(
            {
                "participant_id": f"sub-{number:03d}",
                "image_id": own["image_id"],
                "phase": "main",
                "outcome": "done",
                "correct": np.where(own["step"] < 4, "true", "false"),
            }
        )
        practice = trials.iloc[[0]].assign(phase="practice", correct="false")
        skipped = trials.iloc[[0]].assign(outcome="skipped", correct=None)
        path = people.session_dir(f"sub-{number:03d}", "01") / "trials.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pd.concat([trials, practice, skipped])
        table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    code, error = _run("--study", main.root, "--with-experiment", people.root)
    assert code == 0, error
    table = read_table(
        main.comparison_dir / "occlusion_people.tsv",
        what="people",
        columns={"condition": str, "step": int, "people": float, "n_trials": int, "network": float},
    )
    assert table["condition"][0] == INTACT
    assert table["n_trials"].sum() == 28
    assert (table["people"] == (table["step"] < 4)).all()
    curves = pd.read_parquet(main.comparison_dir / "curves.parquet")
    curves = curves[curves["direction"] == "most_first"]
    for row in table[table["condition"] != INTACT].itertuples():
        own = curves[(curves["condition"] == row.condition) & (curves["step"] == row.step)]
        assert row.network == pytest.approx(own["correct"].mean())
    assert (main.comparison_dir / "figures" / "occlusion_people.png").is_file()


def test_pictures_of_other_orders_are_refused(both: tuple[Study, Study]) -> None:
    orders = pd.read_parquet(both[0].comparison_dir / "orders.parquet")
    assert len(read_occlusions(both[1], orders)) == 126
    orders["tile"] = (orders["tile"] + 1) % 16
    with pytest.raises(InputError, match="without the same tiles"):
        read_occlusions(both[1], orders)


@pytest.mark.parametrize(
    "words",
    [
        ("--occlusion-steps", "2,x"),
        ("--occlusion-steps", "17"),
        ("--occlusion-conditions", "gaze,nose"),
        ("--occlusion-conditions", "gaze", "--occlusion-steps", "2"),
    ],
)
def test_bad_wishes_leave_nothing_behind(
    both: tuple[Study, Study], tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = tmp_path / "new"
    _, error = _run("--study", both[0].root, "--as-experiment", folder, *words)
    assert isinstance(error, InputError)
    assert not any(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(both: tuple[Study, Study]) -> None:
    main, people = both
    _, error = _run("--study", main.root, "--as-experiment", people.root)
    assert isinstance(error, InputError)


def test_a_plan_balances_expressions_and_actors_within_cells() -> None:
    expressions, actors = [f"e{i}" for i in range(4)], [f"F{i}" for i in range(9)]
    names = [(f"{a}{e}", a, e) for a in actors for e in expressions]
    faces = pd.DataFrame(names, columns=["image_id", "actor", "expression"])
    removal = Removal(np.array([0, 1, 2]), "black", 4, 1)
    empty = pd.DataFrame(columns=["image_id", "condition", "direction", "repeat", "rank", "tile"])
    cells = [(INTACT, 0), ("gaze", 1), ("gaze", 2)]
    plan = occlusion_plan(empty, faces, cells, removal).merge(
        faces.rename(columns={"image_id": "face"}), on="face"
    )
    for feature, n_each in (("expression", 3), ("actor", None)):
        counts = plan.groupby(["list", "condition", "step", feature]).size()
        assert set(counts) == ({n_each} if n_each else {1, 2})


def test_the_interval_covers_people_and_faces() -> None:
    rng = np.random.default_rng(1)
    able = rng.normal(0, 1.5, 20)[:, None]
    right = rng.random((20, 30)) < 1 / (1 + np.exp(-able))
    names = [(f"p{p}", f"f{f}", right[p, f]) for p in range(20) for f in range(30)]
    trials = pd.DataFrame(names, columns=["participant_id", "face", "right"])
    low, high = crossed_interval(trials, np.random.default_rng(2))
    spread = right.mean(axis=1).std(ddof=1) / np.sqrt(20)  # what differs here is people
    assert low < right.mean() < high
    assert 0.9 * 3.92 * spread < high - low < 1.4 * 3.92 * spread
    one = trials[trials["participant_id"] == "p0"]
    assert np.isnan(crossed_interval(one, rng)).all()
