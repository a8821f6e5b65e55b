"""Checks of one session: its plan, keys, messages and pictures, and that it has not begun."""

from pathlib import Path

from experiment import messages
from experiment.checks import Check, attempt
from experiment.preparation import check_conditions, check_keys
from experiment.recording import refuse_second_start
from participants.plans import Plan, plan_path, read_plan
from stimuli.check import check_pictures
from study.errors import InputError
from study.folder import Study
from study.tables import MISSING


def check_session(
    study: Study, participant_id: str, session: str, *, resume: bool = False
) -> list[Check]:
    """Check the plan of a session, and what it asks for.

    Parameters
    ----------
    study : Study
        The study.
    participant_id, session : str
        Whose session, and which.
    resume : bool, default False
        Whether a session that has begun is to go on.

    Returns
    -------
    list of Check
        What was found; without a plan, that alone.
    """
    path = plan_path(study, participant_id, session)
    try:
        plan = read_plan(path)
    except InputError as error:
        return [Check("plan", False, str(error))]
    checks = [
        attempt("plan", lambda: _plan_fits(study, plan)),
        attempt("answer keys", lambda: _keys_differ(plan)),
        attempt("messages", lambda: _messages_fit(plan)),
        pictures_check(study, plan),
    ]
    if resume:
        return checks
    return [attempt("new session", lambda: _is_new(path.parent)), *checks]


def pictures_check(study: Study, plan: Plan | None = None) -> Check:
    """Compare the bytes of pictures with the manifest.

    Parameters
    ----------
    study : Study
        The study.
    plan : Plan, optional
        Whose pictures to look at; by default all that are registered.

    Returns
    -------
    Check
        What was found.
    """
    image_ids = None if plan is None else {trial.image_id for trial in plan.trials}
    return attempt(
        "pictures",
        lambda: f"{check_pictures(study, image_ids)} pictures are there and unchanged",
    )


def _is_new(session_dir: Path) -> str:
    """Refuse a session that has begun."""
    refuse_second_start(session_dir)
    return "it has not begun"


def _plan_fits(study: Study, plan: Plan) -> str:
    """Refuse a plan that was made for another screen, or for other conditions."""
    check_conditions(study, plan)
    screen = study.settings.screen
    for trial in plan.trials:
        rect, (x_px, y_px) = trial.picture_rect, (trial.fixation_x_px, trial.fixation_y_px)
        left_px, top_px = min(rect.x_px, x_px), min(rect.y_px, y_px)
        right_px = max(rect.x_px + rect.width_px - 1, x_px)
        bottom_px = max(rect.y_px + rect.height_px - 1, y_px)
        on_screen = right_px <= screen.width_px - 1 and bottom_px <= screen.height_px - 1
        if min(left_px, top_px) < 0 or not on_screen:
            raise InputError(
                f"All that is shown must be on the screen of {screen.width_px} x "
                f"{screen.height_px} px, but trial {trial.trial} goes from {left_px:g}, "
                f"{top_px:g} to {right_px:g}, {bottom_px:g}. The plan was made for another "
                "screen: plan anew (faceoff participants plan), or correct [screen]."
            )
    return f"{len(plan.trials)} trials, mode {plan.mode}"


def _keys_differ(plan: Plan) -> str:
    """Refuse keys that could not answer."""
    check_keys(plan)
    return " ".join(plan.keys.values())


def _messages_fit(plan: Plan) -> str:
    """Write the messages whose length depends on names, and measure them."""
    longest = 0
    for trial in plan.trials:
        key = plan.keys.get(trial.expression, MISSING)
        texts = [
            messages.face_on(trial.image_id),
            messages.image_load(trial.image_id, trial.picture_rect),
            messages.interest_areas(trial.image_id, trial.picture_rect),
            messages.response(key, trial.expression),
            *messages.trial_variables({"image_id": trial.image_id}),
        ]
        longest = max(longest, *map(len, texts))
    return f"the longest has {longest} of {messages.MAX_CHARACTERS} characters"
