"""Trials of degraded faces: what was done to each picture, and what people answered."""

from pathlib import Path

import pandas as pd

from comparison.occlusion import INTACT, occlusions_tsv, removed_tiles
from study.errors import InputError
from study.folder import Study
from study.tables import read_table, stacked


def trial_tables(people: Study) -> list[Path]:
    """List the trials.tsv of all sessions that have begun."""
    return [people.session_dir(*session) / "trials.tsv" for session in people.sessions()]


def read_occlusions(occlusion: Study, orders: pd.DataFrame) -> pd.DataFrame:
    """Read what was done to each picture, and check that the network saw the same.

    Parameters
    ----------
    occlusion : Study
        The occlusion study.
    orders : pandas.DataFrame
        The main study's orders.parquet as it is now.

    Returns
    -------
    pandas.DataFrame
        The columns of `comparison.occlusion.OCCLUSION_COLUMNS`.

    Raises
    ------
    InputError
        If it is no occlusion study, or the main study's orders are other ones by now.
    """
    shown = read_table(
        occlusions_tsv(occlusion),
        what="The table of occlusions (faceoff compare perturb --as-experiment)",
        columns={
            "image_id": str, "face": str, "condition": str, "step": int, "tiles": str,
            "share_removed": float,
        },
    )  # fmt: skip
    shown["tiles"] = shown["tiles"].fillna("")
    occluded = shown[shown["condition"] != INTACT]
    for (condition, step), rows in occluded.groupby(["condition", "step"]):
        n_removed = len(rows["tiles"].iloc[0].split())
        now = removed_tiles(orders, str(condition), n_removed)
        for face, tiles in zip(rows["face"], rows["tiles"], strict=True):
            if [int(tile) for tile in tiles.split()] != now.get(face):
                raise InputError(
                    f"People and network must be without the same tiles, but {face} under "
                    f"{condition} at step {step} lost other ones when its picture was made than "
                    "orders.parquet has now. Bring back the settings and maps of that time, or "
                    "make the pictures anew and record again: --as-experiment."
                )
    return shown


def read_people_trials(people: Study, shown: pd.DataFrame) -> pd.DataFrame:
    """Read people's answers to degraded faces.

    Parameters
    ----------
    people : Study
        The study of degraded faces.
    shown : pandas.DataFrame
        What was done to each picture, by image_id.

    Returns
    -------
    pandas.DataFrame
        One row for each completed trial: participant_id, right, and the columns of `shown`.

    Raises
    ------
    InputError
        If there are no such trials.
    """
    kinds = {
        "participant_id": str, "image_id": str, "phase": str, "outcome": str, "correct": bool,
    }  # fmt: skip
    tables = [
        read_table(path, what="The table of trials", columns=kinds)[list(kinds)]
        for path in trial_tables(people)
    ]
    trials = stacked(tables) if tables else pd.DataFrame(columns=list(kinds))
    trials = trials[(trials["phase"] == "main") & (trials["outcome"] == "done")]
    trials = trials.merge(shown, on="image_id", validate="m:1")
    if trials.empty:
        raise InputError(
            f"People's curves need completed trials, but {people.root} has none. Record some "
            "there: faceoff participants add, faceoff participants plan, faceoff experiment run."
        )
    trials["right"] = trials["correct"].fillna(False).astype(bool)
    return trials
