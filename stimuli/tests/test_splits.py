"""Splits by actor."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.splits import draw_actors, split_pictures
from study.errors import InputError
from study.settings.stimuli import StimuliSettings


def manifest_of(n_female: int, n_male: int) -> pd.DataFrame:
    rows = [
        (f"{session}{sex}{number:02d}{code}S", f"{sex}{number:02d}", name, session)
        for session in "AB"
        for sex, name, n in (("F", "female", n_female), ("M", "male", n_male))
        for number in range(1, n + 1)
        for code in ("AF", "NE")
    ]
    return pd.DataFrame(rows, columns=["image_id", "actor", "sex", "session"])


def split(manifest: pd.DataFrame, seed: int = 1, **values: object) -> pd.DataFrame:
    chosen = StimuliSettings.model_validate(values)
    usable = set(manifest["image_id"])
    table = split_pictures(manifest, usable, chosen, np.random.default_rng(seed))
    return manifest.merge(table, on="image_id", validate="1:1")


def test_the_whole_of_kdef_is_split_as_in_the_thesis():
    table = split(manifest_of(35, 35))
    tests = table[table["split"] == "test"]
    assert len(tests) == 16 * 2
    assert set(tests["session"]) == {"A"}
    assert (table["split"] == "unused").sum() == 16 * 2
    validation = table[table["split"] == "validation"].drop_duplicates("actor")
    assert validation["sex"].value_counts().to_dict() == {"female": 5, "male": 5}


def test_validation_by_picture_takes_a_fifth_of_the_pictures_of_actors_that_are_not_tested():
    manifest = manifest_of(35, 35)
    table = split(manifest, validation_by="picture")
    counts = table["split"].value_counts()
    assert counts["validation"] == int((counts["train"] + counts["validation"]) * 0.2)
    actors = table.groupby("split")["actor"].unique().map(set)
    assert actors["validation"] & actors["train"]
    assert not actors["test"] & (actors["train"] | actors["validation"])


@settings(max_examples=40)
@given(
    n_female=st.integers(0, 35),
    n_male=st.integers(0, 35),
    n_validation=st.integers(0, 12),
    session=st.sampled_from(["A", "B", "both"]),
    seed=st.integers(0, 99),
)
def test_no_actor_is_in_two_splits(n_female, n_male, n_validation, session, seed):
    manifest = manifest_of(n_female, n_male)
    chosen = {"validation_actors": n_validation, "test_session": session}
    rest = set(manifest["actor"]) - set(StimuliSettings().test_actors)
    if len(rest) <= n_validation:
        with pytest.raises(InputError, match="needs actors for training"):
            split(manifest, seed, **chosen)
        return
    table = split(manifest, seed, **chosen)
    actors = {
        name: set(table.loc[table["split"] == name, "actor"])
        for name in ("train", "validation", "test")
    }
    assert len(actors["validation"]) == n_validation
    assert not actors["train"] & actors["validation"]
    assert not actors["test"] & (actors["train"] | actors["validation"])
    assert actors["test"] == set(manifest["actor"]) - rest


@given(n_female=st.integers(0, 9), n_male=st.integers(0, 9), n_actors=st.integers(0, 18))
def test_drawn_actors_are_balanced_until_one_sex_runs_out(n_female, n_male, n_actors):
    actors = manifest_of(n_female, n_male)[["actor", "sex"]].drop_duplicates("actor")
    drawn = draw_actors(actors, n_actors, np.random.default_rng(3))
    women = sum(actor.startswith("F") for actor in drawn)
    assert len(drawn) == len(set(drawn)) == min(n_actors, n_female + n_male)
    men = len(drawn) - women
    assert abs(women - men) <= 1 or women == n_female or men == n_male


def test_a_picture_without_a_crop_goes_unused():
    manifest = manifest_of(20, 20)
    table = split_pictures(
        manifest, set(manifest["image_id"]) - {"AF01AFS"}, StimuliSettings(),
        np.random.default_rng(1),
    )  # fmt: skip
    assert dict(table.to_numpy())["AF01AFS"] == "unused"


def test_actors_are_drawn_by_parts_and_pictures_likewise():
    manifest = manifest_of(35, 35).assign(expression=lambda t: t["image_id"].str[4:6])
    table = split(manifest, split_by="actor", split_parts=(0.8, 0.1, 0.1))
    of_actor = table.groupby("actor")["split"].agg(["nunique", "first"])
    assert of_actor["nunique"].max() == 1
    assert of_actor["first"].value_counts().to_dict() == {"train": 56, "validation": 7, "test": 7}
    trained = table[table["split"] == "train"].drop_duplicates("actor")
    assert trained["sex"].value_counts().tolist() == [28, 28]
    again = split(manifest, split_by="actor", split_parts=(0.8, 0.1, 0.1))
    pd.testing.assert_frame_equal(table, again)
    parts = (0.5, 0.1, 0.2)
    by_picture = split(manifest, split_by="picture", split_parts=parts)
    counts = pd.crosstab(by_picture["split"], by_picture["expression"])
    for name, n in {"train": 70, "validation": 14, "test": 28, "unused": 28}.items():
        assert (counts.loc[name] == n).all()
