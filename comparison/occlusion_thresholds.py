"""How much occlusion people and the network stand: counts by the share of the face removed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from comparison.occlusion import INTACT
from comparison.psychometric_tables import NETWORK, PEOPLE, Counts, trial_counts


def occlusion_counts(
    shown: pd.DataFrame, trials: pd.DataFrame, answers: dict[str, pd.DataFrame], guess: float
) -> Iterator[Counts]:
    """Count right answers by the share of the tiles removed, of people and of the network.

    Parameters
    ----------
    shown : pandas.DataFrame
        What was done to each picture: face, condition, step, share_removed.
    trials : pandas.DataFrame
        People's answers: participant_id, condition, share_removed and right.
    answers : dict of str to pandas.DataFrame, shape (n_faces, n_steps)
        By condition, whether the network names each face rightly at each step.
    guess : float
        Share of right answers of a network that sees nothing.

    Yields
    ------
    Counts
        Of people and of the network, for each condition with trials; intact faces are level 0 of
        every condition.
    """
    levels = trials.rename(columns={"share_removed": "level"})
    for condition, own in answers.items():
        in_both = levels[levels["condition"].isin([INTACT, condition])]
        yield trial_counts(in_both, condition)
        steps = (
            shown[shown["condition"].isin([INTACT, condition])]
            .drop_duplicates("step")
            .set_index("step")["share_removed"]
            .sort_values()
        )
        faces = sorted(shown["face"].unique())
        right = own.loc[faces, steps.index].to_numpy(float)
        yield Counts(
            condition,
            NETWORK,
            steps.to_numpy(float),
            tuple(faces),
            right,
            np.ones_like(right),
            guess,
        )


def occlusion_points(table: pd.DataFrame) -> pd.DataFrame:
    """Give the accuracies of the figure.

    Parameters
    ----------
    table : pandas.DataFrame
        As `comparison.occlusion_people.people_and_network` gives it.

    Returns
    -------
    pandas.DataFrame
        condition, who, level, accuracy, low and high; intact faces stand with every condition.
    """
    intact = table[table["condition"] == INTACT]
    parts = []
    for condition, own in table[table["condition"] != INTACT].groupby("condition", sort=False):
        both = pd.concat([intact, own])
        for who in (PEOPLE, NETWORK):
            columns = {"level": both["share_removed"], "accuracy": both[who]}
            ends = {"low": both[f"{who}_low"], "high": both[f"{who}_high"]}
            parts.append(pd.DataFrame({"condition": condition, "who": who, **columns, **ends}))
    return pd.concat(parts, ignore_index=True)
