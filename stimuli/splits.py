"""Splits: which actors' pictures serve for training, validation and test."""

from itertools import chain, zip_longest

import numpy as np
import pandas as pd

from study.errors import InputError
from study.settings.stimuli import StimuliSettings


def split_pictures(
    manifest: pd.DataFrame,
    usable: set[str],
    settings: StimuliSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Assign every picture to training, validation or test, actor by actor.

    The test actors are those of the settings, with the pictures of one session; their other
    pictures go unused. Validation actors are drawn from the rest, in turns of both sexes.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns image_id, actor, sex and session.
    usable : set of str
        Pictures that have a crop; the others go unused.
    settings : StimuliSettings
        Test actors, test session and number of validation actors.
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
    Bartnik (2020): the sixteen test actors that are the default.
    """
    tested = manifest["actor"].isin(settings.test_actors)
    rest = manifest.loc[~tested, ["actor", "sex"]].drop_duplicates("actor")
    if len(rest) <= settings.validation_actors:
        raise InputError(
            f"A face set needs actors for training, but {len(rest)} of its "
            f"{manifest['actor'].nunique()} actors are not tested, and "
            f"{settings.validation_actors} are to be for validation. "
            "Lower [stimuli] validation_actors or choose fewer test_actors."
        )
    validation = draw_actors(rest, settings.validation_actors, rng)
    split = pd.Series("train", index=manifest.index)
    split[manifest["actor"].isin(validation)] = "validation"
    split[tested] = "test"
    if settings.test_session != "both":
        split[tested & (manifest["session"] != settings.test_session)] = "unused"
    split[~manifest["image_id"].isin(usable)] = "unused"
    return pd.DataFrame({"image_id": manifest["image_id"], "split": split})


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
