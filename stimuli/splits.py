"""Splits: which actors' pictures serve for training, validation and test."""

from itertools import chain, zip_longest

import numpy as np
import pandas as pd

from study.errors import InputError
from study.settings.stimuli import StimuliSettings

# As in Bartnik (2020), where validation is by picture.
PART_FOR_VALIDATION = 0.2


def split_pictures(
    manifest: pd.DataFrame,
    usable: set[str],
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Assign every picture to training, validation or test.

    By default the test actors are those of the settings, with the pictures of one session; their
    other pictures go unused. Validation actors are drawn from the rest, in turns of both sexes;
    or, where the settings split validation by picture, a fifth of the other pictures is drawn.

    Otherwise actors, or pictures of each expression, are drawn by the parts of the settings, or
    the set's own split is taken.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns image_id, actor, sex, session and expression; with set_split where the
        set's own split is asked for.
    usable : set of str
        Pictures that have a crop; the others go unused.
    settings : StimuliSettings
        Test actors, test session, and what serves for validation.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    pandas.DataFrame
        Columns image_id and split.

    Raises
    ------
    InputError
        If no actor would be left for training, or the set does not say what the split needs.

    References
    ----------
    Bartnik (2020): the sixteen test actors that are the default; validation by picture. Which
    pictures were drawn there is not known, and actors were in training and validation.
    """
    there = manifest["image_id"].isin(usable)
    draw = {
        "test_actors": _by_test_actors, "actor": _by_actor, "picture": _by_picture, "set": _by_set,
    }[settings.split_by]  # fmt: skip
    split = draw(manifest, there, settings, rng).mask(~there, "unused")
    return pd.DataFrame({"image_id": manifest["image_id"], "split": split})


def _by_test_actors(
    manifest: pd.DataFrame,
    there: "pd.Series[bool]",
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> "pd.Series[str]":
    """Test the actors of the settings, and draw for validation from the others."""
    tested = manifest["actor"].isin(settings.test_actors)
    split = pd.Series("train", index=manifest.index)
    usable = set(manifest.loc[there, "image_id"])
    split[_validation(manifest, tested, usable, settings, rng)] = "validation"
    split[tested] = "test"
    if settings.test_session != "both":
        split[tested & (manifest["session"] != settings.test_session)] = "unused"
    return split


def _by_actor(
    manifest: pd.DataFrame,
    there: "pd.Series[bool]",
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> "pd.Series[str]":
    """Draw actors, women and men in turns, by the parts of the settings."""
    if manifest["actor"].isna().any():
        raise InputError(
            "A split by actor needs to know who is shown, but the set does not say it of "
            f"{manifest.loc[manifest['actor'].isna(), 'file'].iloc[0]}. Say it in a table or by "
            "[stimuli] name_pattern, or choose split_by = picture or set."
        )
    actors = manifest.loc[there, ["actor", "sex"]].drop_duplicates("actor")
    order = draw_actors(actors, len(actors), rng)
    named = np.array(_shares(len(order), settings.split_parts), dtype=object)
    if (named == "train").sum() == 0 or len(order) < 3:
        raise InputError(
            f"A split by actor needs actors for each part, but there are {len(order)}. Take a "
            "larger face set, or split by picture."
        )
    return manifest["actor"].map(dict(zip(order, named, strict=True)))


def _by_picture(
    manifest: pd.DataFrame,
    there: "pd.Series[bool]",
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> "pd.Series[str]":
    """Draw pictures of each expression by the parts of the settings, whoever they show."""
    split: dict[int, str] = {}
    for _, rows in manifest[there].groupby("expression"):
        order = rng.permutation(rows.sort_values("image_id").index.to_numpy(int)).tolist()
        split |= dict(zip(order, _shares(len(order), settings.split_parts), strict=True))
    return pd.Series([split.get(row, "unused") for row in manifest.index], manifest.index)


def _by_set(
    manifest: pd.DataFrame,
    there: "pd.Series[bool]",
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> "pd.Series[str]":
    """Take the set's own split, and draw for validation where the settings say so."""
    own = manifest["set_split"].str.lower()
    unknown = own[~own.isin(settings.set_splits)]
    if len(unknown):
        row = manifest.loc[unknown.index[0]]
        said = f"it says {row['set_split']!r}" if isinstance(row["set_split"], str) else "none"
        raise InputError(
            f"The set's own split must be one of {', '.join(settings.set_splits)}, but of "
            f"{row['file']} {said}. Add it to [stimuli] set_splits, or choose another split_by."
        )
    split = own.map(dict[str, str](settings.set_splits))
    for _, rows in manifest[there & (split == "train")].groupby("expression"):
        order = rng.permutation(rows.sort_values("image_id").index.to_numpy(int))
        split.loc[order[: round(len(order) * settings.validation_part)].tolist()] = "validation"
    return split


def _shares(n: int, parts: tuple[float, float, float]) -> list[str]:
    """Name the splits of n things in their order; the rest of rounding goes to the test."""
    n_train, n_validation = int(n * parts[0] + 1e-9), int(n * parts[1] + 1e-9)
    n_test = n - n_train - n_validation
    unused = int(n * (1 - sum(parts)) + 1e-9)
    return [
        *["train"] * n_train, *["validation"] * n_validation, *["test"] * (n_test - unused),
        *["unused"] * unused,
    ]  # fmt: skip


def _validation(
    manifest: pd.DataFrame,
    tested: "pd.Series[bool]",
    usable: set[str],
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> "pd.Series[bool]":
    """Choose the pictures for validation among those that are not tested."""
    if settings.validation_by == "picture":
        pool = manifest.loc[~tested & manifest["image_id"].isin(usable), "image_id"]
        drawn = rng.permutation(sorted(pool))[: int(len(pool) * PART_FOR_VALIDATION)]
        return manifest["image_id"].isin(drawn)
    rest = manifest.loc[~tested, ["actor", "sex"]].drop_duplicates("actor")
    if len(rest) <= settings.validation_actors:
        raise InputError(
            f"A face set needs actors for training, but {len(rest)} of its "
            f"{manifest['actor'].nunique()} actors are not tested, and "
            f"{settings.validation_actors} are to be for validation. "
            "Lower [stimuli] validation_actors or choose fewer test_actors."
        )
    validation = draw_actors(rest, settings.validation_actors, rng)
    return manifest["actor"].isin(validation)


def draw_actors(actors: pd.DataFrame, n_actors: int, rng: np.random.Generator) -> list[str]:
    """Draw actors, women and men in turns.

    Parameters
    ----------
    actors : pandas.DataFrame
        Columns actor and sex, one row for each actor.
    n_actors : int
        How many; where one sex runs out the other one fills up. Those whose sex is not known are
        a third group.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    list of str
        The actors drawn.
    """
    pools = [
        rng.permutation(sorted(actors.loc[actors["sex"] == sex, "actor"])).tolist()
        for sex in ("female", "male")
    ]
    others = actors.loc[~actors["sex"].isin(["female", "male"]), "actor"]
    if len(others):
        pools.append(rng.permutation(sorted(others)).tolist())
    in_turns = chain.from_iterable(zip_longest(*pools))
    return [actor for actor in in_turns if actor is not None][:n_actors]
