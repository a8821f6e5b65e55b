"""Everything a session needs, read and checked before anybody sees a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiment import messages
from experiment.recording import refuse_second_start
from experiment.texts import Texts, read_texts
from experiment.window import PANEL_KEY
from participants.plans import Plan, PlannedTrial, plan_path, read_plan
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study, check_participant_id
from study.progress import track
from study.writing import atomic_path, write_text


@dataclass(frozen=True)
class SessionPlan:
    """What is decided and loaded before a window opens.

    Parameters
    ----------
    study : Study
        The study.
    plan : Plan
        The session's plan.
    trials : tuple of PlannedTrial
        The trials that are run: all of the plan, or the first ones.
    actors : dict of str to str
        Who is on each picture.
    pictures : dict of str to ndarray of uint8
        The pictures as they are shown.
    texts : Texts
        What the participant reads.
    """

    study: Study
    plan: Plan
    trials: tuple[PlannedTrial, ...]
    actors: dict[str, str]
    pictures: dict[str, NDArray[np.uint8]]
    texts: Texts

    @property
    def folder(self) -> Path:
        """The session's folder in sourcedata."""
        return self.study.session_dir(self.plan.participant_id, self.plan.session)


def prepare_session(
    study: Study, participant_id: str, session: str, mode: str = "", n_main_trials: int = 0
) -> SessionPlan:
    """Read and check everything that a session needs, before anybody sees a window.

    Parameters
    ----------
    study : Study
        The study.
    participant_id, session : str
        Whose session, and which.
    mode : str, default ""
        The mode that the plan must have; empty takes any.
    n_main_trials : int, default 0
        Keep only this many trials after practice; 0 keeps all.

    Returns
    -------
    SessionPlan
        The plan, its trials, pictures and texts.

    Raises
    ------
    InputError
        If something is missing or wrong.
    """
    participant_id = check_participant_id(participant_id)
    plan = read_plan(plan_path(study, participant_id, session))
    if mode and mode != plan.mode:
        raise InputError(
            f"A session runs in the mode of its plan, but --mode is {mode} and the plan of "
            f"{participant_id}, session {session}, was made for {plan.mode}. Leave --mode out, or "
            f"plan anew: faceoff participants plan {participant_id} --mode {mode}."
        )
    refuse_second_start(study.session_dir(participant_id, session))
    check_keys(plan)
    trials = _chosen_trials(plan, n_main_trials)
    for trial in trials:
        messages.image_load(trial.image_id, trial.picture_rect)
    manifest = read_manifest(study)
    actors = dict(zip(manifest["image_id"], manifest["actor"], strict=True))
    return SessionPlan(
        study, plan, trials, actors, _shown_pictures(study, trials), read_texts(study)
    )


def check_keys(plan: Plan) -> None:
    """Refuse a plan with which an expression could not be answered.

    Parameters
    ----------
    plan : Plan
        The session's plan.

    Raises
    ------
    InputError
        If two expressions share a key, or one has the key of the experimenter's panel.
    """
    keys = list(plan.keys.values())
    if set(plan.keys) != set(EXPRESSIONS) or len(set(keys)) < len(keys):
        raise InputError(
            "A plan must have a key of its own for each of the expressions, but that of "
            f"{plan.participant_id}, session {plan.session}, has {plan.keys}. Plan anew: "
            "faceoff participants plan."
        )
    if PANEL_KEY in keys:
        raise InputError(
            f"The key {PANEL_KEY!r} ends a session, but the plan of {plan.participant_id}, session "
            f"{plan.session}, has it as an answer. Choose another key in study.toml: "
            "[participants] keys."
        )


def _chosen_trials(plan: Plan, n_main_trials: int) -> tuple[PlannedTrial, ...]:
    """Keep practice and the first main trials."""
    if not n_main_trials:
        return plan.trials
    main = [trial for trial in plan.trials if trial.phase == "main"]
    if n_main_trials > len(main):
        raise InputError(
            f"--trials may be at most the {len(main)} main trials of the plan, but it is "
            f"{n_main_trials}. Choose fewer, or leave it out to run all."
        )
    kept = {trial.trial for trial in main[:n_main_trials]}
    return tuple(t for t in plan.trials if t.phase == "practice" or t.trial in kept)


def _shown_pictures(study: Study, trials: Sequence[PlannedTrial]) -> dict[str, NDArray[np.uint8]]:
    """Load each picture at the size at which it is shown, and keep it for Data Viewer."""
    sides_px = {trial.image_id: trial.picture_width_px for trial in trials}
    pictures: dict[str, NDArray[np.uint8]] = {}
    for side_px in sorted(set(sides_px.values())):
        image_ids = [image_id for image_id, side in sides_px.items() if side == side_px]
        pictures.update(zip(image_ids, load_pictures(study, image_ids, side_px), strict=True))
    _keep_shown(study.stimuli_dir / "shown", pictures)
    return pictures


def _keep_shown(folder: Path, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
    """Write the pictures as they are shown into the study folder."""
    from PIL import Image

    # Pictures under licence stay on this computer: no repository is to take them along.
    write_text(folder / ".gitignore", "*\n")
    for image_id, picture in track(pictures.items(), "Pictures", total=len(pictures)):
        with atomic_path(folder / f"{image_id}.png") as temporary:
            Image.fromarray(picture).save(temporary, format="PNG", compress_level=1)
