"""Everything a session needs, read and checked before anybody sees a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiment import messages
from experiment.face_regions import keep_areas, regions_on_screen
from experiment.keys import PANEL_KEY
from experiment.progress import Progress, read_progress
from experiment.texts import Texts, read_texts
from experiment.trial import mask_name
from participants.plans import Plan, PlannedTrial, plan_path, read_plan
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import load_pictures
from study.errors import InputError, did_you_mean
from study.folder import Study, check_participant_id
from study.progress import track
from study.seeds import generator
from study.settings.experiment import ExperimentSettings
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
        The trials of the session: all of the plan, or practice and the first ones.
    progress : Progress
        What earlier parts of the session have done.
    actors : dict of str to str
        Who is on each picture.
    pictures : dict of str to ndarray of uint8
        The pictures as they are shown, and their masks where there are some.
    texts : Texts
        What the participant reads.
    """

    study: Study
    plan: Plan
    trials: tuple[PlannedTrial, ...]
    progress: Progress
    actors: dict[str, str]
    pictures: dict[str, NDArray[np.uint8]]
    texts: Texts

    @property
    def folder(self) -> Path:
        """The session's folder in sourcedata."""
        return self.study.session_dir(self.plan.participant_id, self.plan.session)


def prepare_session(
    study: Study,
    participant_id: str,
    session: str,
    *,
    n_main_trials: int = 0,
    resume: bool = False,
    another_day: bool = False,
) -> SessionPlan:
    """Read and check everything that a session needs, before anybody sees a window.

    Parameters
    ----------
    study : Study
        The study.
    participant_id, session : str
        Whose session, and which.
    n_main_trials : int, default 0
        Keep only this many trials after practice; 0 keeps all.
    resume : bool, default False
        Go on with a session that has begun; without it such a session is refused.
    another_day : bool, default False
        Go on even if it began on another day.

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
    progress = read_progress(study, plan, resume=resume, another_day=another_day)
    check_keys(plan)
    check_consent(study)
    check_conditions(study, plan)
    trials = _chosen_trials(plan, n_main_trials)
    for trial in trials:
        messages.image_load(trial.image_id, trial.picture_rect)
        messages.interest_areas(trial.image_id, trial.picture_rect)
    manifest = read_manifest(study)
    actors = dict(zip(manifest["image_id"], manifest["actor"], strict=True))
    texts = read_texts(study)
    pictures = _shown_pictures(study, trials)
    keep_areas(study, trials, regions_on_screen(study, trials))
    if any(_settings_of(study, trial).mask_ms for trial in trials):
        pictures |= _masks(study, pictures)
    return SessionPlan(study, plan, trials, progress, actors, pictures, texts)


def _settings_of(study: Study, trial: PlannedTrial) -> ExperimentSettings:
    """Give the settings as they are in a trial."""
    return study.settings.experiment.in_condition(trial.condition)


def check_conditions(study: Study, plan: Plan) -> None:
    """Refuse a plan with a condition that the settings do not have any more.

    Parameters
    ----------
    study : Study
        The study.
    plan : Plan
        The session's plan.

    Raises
    ------
    InputError
        If there is one; it is named.
    """
    known = study.settings.experiment.conditions
    for name in sorted({trial.condition for trial in plan.trials} - {""}):
        if name not in known:
            raise InputError(
                f"A plan's conditions must be in [experiment] conditions, but {name!r} of the plan "
                f"of {plan.participant_id}, session {plan.session}, is not."
                f"{did_you_mean(name, known)} Set it, or plan anew: faceoff participants plan."
            )


def check_consent(study: Study) -> None:
    """Refuse to ask for consent to a form that has no version.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If the settings ask for consent, and name no version.
    """
    if study.settings.experiment.consent and not study.settings.participants.consent_version:
        raise InputError(
            "Consent on the screen must name the version of the form, but [participants] "
            "consent_version is empty. Set it, such as 2026-11-03, or [experiment] consent = false."
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
            f"The key {PANEL_KEY!r} calls the experimenter's panel, but the plan of "
            f"{plan.participant_id}, session "
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


def _masks(study: Study, pictures: Mapping[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.uint8]]:
    """Make a mask of each picture: its own pixels, shuffled."""
    masks = {}
    for image_id, picture in pictures.items():
        draws = generator(study.settings.study.seed, "mask", image_id)
        pixels = draws.permutation(picture.reshape(-1, picture.shape[2]))
        masks[mask_name(image_id)] = pixels.reshape(picture.shape)
    return masks
