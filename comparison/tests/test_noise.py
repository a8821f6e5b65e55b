"""Noise for people: the study that the command makes, and people's curves beside the network's."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from comparison.cli import app
from comparison.noise_study import parse_variances
from comparison.tests.fake_study import INPUT_PX, FakeNetwork, make_study
from stimuli.catalog import LANDMARK_COLUMNS, read_lists, read_manifest
from stimuli.check import check_pictures
from stimuli.degraded import degraded_tsv, read_degradations
from stimuli.noise import add_gaussian_noise
from stimuli.tests.faces import landmark_table
from study.errors import InputError
from study.folder import Study, open_study
from study.seeds import generator
from study.tables import read_table, write_table

VARIANCES = "0,0.02,0.1,0.5"


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())
    monkeypatch.setattr("comparison.psychometric_tables.RESAMPLES", 20)


def _run(*words: object) -> tuple[int, object]:
    result = CliRunner().invoke(app, ["noise", *map(str, words)])
    return result.exit_code, result.exception


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    """A main study, and the noise study that the command makes of it."""
    root = tmp_path_factory.mktemp("noise")
    main = make_study(root / "main", per_expression=4)
    write_table(
        main.landmarks_tsv, landmark_table(read_manifest(main)["image_id"]), LANDMARK_COLUMNS
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())
        words = ("--study", main.root, "--as-experiment", root / "people", "--variances", VARIANCES)
        code, error = _run(*words)
    assert code == 0, error
    return main, open_study(root / "people")


def test_pictures_have_the_noise_that_their_table_says(both: tuple[Study, Study]) -> None:
    main, people = both
    shown = pd.read_csv(degraded_tsv(people), sep="\t")
    assert Counter(shown["level"]) == dict.fromkeys((0.0, 0.02, 0.1, 0.5), 28)
    for row in shown.groupby("level").first().reset_index().itertuples():
        face = np.asarray(Image.open(main.pictures_dir / f"{row.face}.png"))
        picture = np.asarray(Image.open(people.pictures_dir / f"{row.image_id}.png"))
        rng = generator(main.settings.study.seed, "noise", str(row.face))
        noisy = add_gaussian_noise(face, float(str(row.level)), rng, noise_px=INPUT_PX)
        np.testing.assert_array_equal(picture, noisy)
    assert check_pictures(people) == len(shown)


def test_lists_show_each_face_once_and_levels_evenly(both: tuple[Study, Study]) -> None:
    _, people = both
    shown = pd.read_csv(degraded_tsv(people), sep="\t").set_index("image_id")
    lists = read_lists(people)
    assert len(lists) == 4 and set().union(*lists) == set(shown.index)
    expressions = read_manifest(people).set_index("image_id")["expression"]
    for pictures in lists:
        own = shown.loc[sorted(pictures)].assign(expression=expressions)
        assert own["face"].is_unique and len(own) == 28
        assert set(own.groupby("level").size()) == {7}
        assert set(own.groupby(["level", "expression"]).size()) == {1}


def _answer(people: Study, right_below: float) -> None:
    """Two people for each list, who are right below a level and sometimes above it."""
    levels = {name: one.level for name, one in read_degradations(people).items()}
    for number, pictures in enumerate(read_lists(people) * 2, start=1):
        names = sorted(pictures)
        right = [levels[name] < right_below or place % 5 == 0 for place, name in enumerate(names)]
        trials = pd.DataFrame(
            {
                "participant_id": f"sub-{number:03d}",
                "image_id": names,
                "phase": "main",
                "outcome": "done",
                "correct": np.where(right, "true", "false"),
            }
        )
        path = people.session_dir(f"sub-{number:03d}", "01") / "trials.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        trials.to_csv(path, sep="\t", index=False)


def test_people_and_network_stand_side_by_side(both: tuple[Study, Study]) -> None:
    main, people = both
    _, error = _run("--study", main.root, "--with-experiment", people.root)
    assert isinstance(error, InputError)  # no trials yet
    _answer(people, 0.1)
    code, error = _run("--study", main.root, "--with-experiment", people.root)
    assert code == 0, error
    folder = main.comparison_dir
    alone = pd.read_csv(folder / "noise_psychometric.tsv", sep="\t")
    assert set(alone["who"]) == {"people"} and len(alone) == 9
    network = pd.DataFrame(
        {
            "placed": ["none", "before", "before", "before", "after"],
            "variance": [0.0, 0.02, 0.02, 0.1, 0.1],
            "repeat": [1, 1, 2, 1, 1],
            "accuracy": [0.9, 0.8, 0.7, 0.2, 0.0],
            "ci_low": 0.1, "ci_high": 0.9, "n": 28,
        }
    )  # fmt: skip
    path = main.cnn_dir(main.settings.cnn.model) / "experiments" / "noise.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    network.to_csv(path, sep="\t", index=False)
    code, error = _run("--study", main.root, "--with-experiment", people.root)
    assert code == 0, error
    kinds = {"variance": float, "people": float, "network": float}
    table = read_table(folder / "noise_people.tsv", what="noise", columns=kinds)
    assert table["variance"].tolist() == [0.0, 0.02, 0.1, 0.5]
    assert table["people"][:2].tolist() == [1.0, 1.0] and (table["people"][2:] < 0.4).all()
    np.testing.assert_allclose(table["network"], [np.nan, 0.75, 0.2, np.nan])
    fits = pd.read_csv(folder / "noise_psychometric.tsv", sep="\t")
    assert fits["who"].unique().tolist() == ["people", "network", "people / network"]
    pooled = fits[fits["unit"] == "all"].set_index("who")["threshold"]
    assert 0.02 < pooled["people"] < 0.1
    assert (folder / "figures" / "noise_psychometric.svg").is_file()


def test_another_study_is_refused(both: tuple[Study, Study], tmp_path: Path) -> None:
    main, people = both
    _, error = _run("--study", main.root, "--with-experiment", main.root)
    assert isinstance(error, InputError)
    other = make_study(tmp_path / "other", per_expression=2)
    _, error = _run("--study", other.root, "--with-experiment", people.root)
    assert isinstance(error, InputError) and "none of its pictures" in str(error)
    _, error = _run("--study", main.root)
    assert isinstance(error, InputError) and "--as-experiment" in str(error)


@pytest.mark.parametrize("text", ["0.1", "a,b", "0,-1", "0,nan", "", "0,11"])
def test_bad_variances_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="two or more variances"):
        parse_variances(text)
