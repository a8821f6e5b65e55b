"""The sequence of a session's trials: practice rounds, then blocks with their conditions."""

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from participants.counterbalance import block_conditions
from participants.order import constrained_order, spread
from participants.practice import PracticeTrial, first_round, next_round
from stimuli.catalog import read_crops, read_manifest, read_splits
from study.errors import InputError
from study.folder import Study
from study.seeds import generator
from study.settings.participants import ParticipantsSettings

if TYPE_CHECKING:
    import pandas as pd


class TrialRow(NamedTuple):
    """What is decided about a trial before its number and its place on the screen."""

    block: int
    practice_round: int
    condition: str
    image_id: str
    expression: str
    side: int  # of the fixation target: left (0) or right (1)


def trial_rows(
    study: Study,
    participant_id: str,
    session: str,
    conditions: list[str],
    of_list: Collection[str] | None = None,
) -> list[TrialRow]:
    """Order the trials of a session.

    Parameters
    ----------
    study : Study
        The study; its pictures are registered.
    participant_id, session : str
        Whose session, and which: the order is drawn for these.
    conditions : list of str
        The conditions in the order of the participant's row of the design; empty without any.
    of_list : collection of str, optional
        The test pictures of the participant's list; by default all test pictures are shown.

    Returns
    -------
    list of TrialRow
        The rounds of practice, then the blocks.

    Raises
    ------
    InputError
        If there is no order that fulfils the constraints, or the conditions do not fill the
        blocks.
    """
    seed, settings = study.settings.study.seed, study.settings.participants
    rng = generator(seed, "plan", participant_id, session)
    shown = _usable_pictures(study)
    pool, main = shown[shown["split"] == "train"], shown[shown["split"] == "test"]
    if of_list is not None:
        main = main[main["image_id"].isin(of_list)]
    if shown["actor"].isna().any():
        raise InputError(
            "A plan must know who is shown, so that nobody comes twice in a row, but the face set "
            "does not say it. Say it in a table of the set or by [stimuli] name_pattern."
        )
    practice = first_round(pool, settings.practice_trials, rng)
    if main.empty:
        raise InputError(
            "A plan needs test pictures, but none of the registered pictures is one. "
            "Choose [stimuli] test_actors from the actors in stimuli/manifest.tsv, and register."
        )
    blocks = constrained_order(list(main["actor"]), list(main["expression"]), settings.blocks, rng)
    names = list(zip(main["image_id"], main["expression"], strict=True))
    pictures = [(0, trial.image_id, trial.expression) for trial in practice]
    pictures += [(block, *names[i]) for block, order in enumerate(blocks, 1) for i in order]
    # Balanced over expressions and blocks.
    sides = spread([(expression, block) for block, _, expression in pictures], 2, rng)
    of_block = ["", *block_conditions(conditions or [""], settings.blocks)]  # none in practice
    rows = [
        TrialRow(block, int(not block), of_block[block], image_id, expression, side)
        for (block, image_id, expression), side in zip(pictures, sides, strict=True)
    ]
    # Drawn apart, so that the number of rounds changes nothing else.
    rng = generator(seed, "plan", participant_id, session, "practice rounds")
    more = _more_rounds(pool, practice, settings, rng)
    return [*rows[: len(practice)], *more, *rows[len(practice) :]]


def _more_rounds(
    pool: "pd.DataFrame",
    first: list[PracticeTrial],
    settings: ParticipantsSettings,
    rng: np.random.Generator,
) -> list[TrialRow]:
    """Plan the rounds of practice after the first one, which may or may not be needed."""
    n_rounds = settings.practice_rounds if settings.practice_criterion and first else 1
    earlier, rows = list(first), []
    for number in range(2, n_rounds + 1):
        trials = next_round(pool, earlier, len(first), rng)
        sides = spread([(trial.expression, number) for trial in trials], 2, rng)
        rows += [
            TrialRow(0, number, "", trial.image_id, trial.expression, side)
            for trial, side in zip(trials, sides, strict=True)
        ]
        earlier += trials
    return rows


def _usable_pictures(study: Study) -> "pd.DataFrame":
    """Join manifest and splits, for the pictures that have a crop."""
    pictures = read_manifest(study).merge(read_splits(study), on="image_id", validate="1:1")
    return pictures[pictures["image_id"].isin(read_crops(study)["image_id"])]
