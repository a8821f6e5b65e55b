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

    The test actors are those of the settings, with the pictures of one session; their other
    pictures go unused. Validation actors are drawn from the rest, in turns of both sexes; or,
    where the settings split validation by picture, a fifth of the other pictures is drawn.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns image_id, actor, sex and session.
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
        If no actor would be left for training.

    References
    ----------
    Bartnik (2020): the sixteen test actors that are the default; validation by picture. Which
    pictures were drawn there is not known, and actors were in training and validation.
    """
    tested = manifest["actor"].isin(settings.test_actors)
    split = pd.Series("train", index=manifest.index)
    split[_validation(manifest, tested, usable, settings, rng)] = "validation"
    split[tested] = "test"
    if settings.test_session != "both":
        split[tested & (manifest["session"] != settings.test_session)] = "unused"
    split[~manifest["image_id"].isin(usable)] = "unused"
    return pd.DataFrame({"image_id": manifest["image_id"], "split": split})


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
        How many; where one sex runs out the other one fills up.
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
    in_turns = chain.from_iterable(zip_longest(*pools))
    return [actor for actor in in_turns if actor is not None][:n_actors]
