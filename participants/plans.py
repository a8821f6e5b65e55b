"""Session plans: which picture in which trial, where on the screen, and which key answers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from participants.counterbalance import design_rows, key_shift
from participants.register import participant_number
from participants.sequence import TrialRow, trial_rows
from stimuli.catalog import read_lists
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import Rect, screen_from
from study.errors import InputError
from study.folder import TRIAL_RUNS, Study, check_participant_id
from study.writing import write_text

Mode = Literal["pilot", "test", "real"]
TASK = "faces"


class PlannedTrial(BaseModel):
    """One trial: a picture, and where it and the fixation target before it are.

    Blocks count from 1; practice is block 0, and its rounds count from 1. `condition` is that of
    the block, empty where the study has none.
    Positions are screen pixels with the origin at the top left; `picture_x_px` and
    `picture_y_px` are the picture's top left pixel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trial: int
    block: int
    phase: Literal["practice", "main"]
    practice_round: int = 0
    condition: str = ""
    image_id: str
    expression: str
    fixation_x_px: float
    fixation_y_px: float
    picture_x_px: int
    picture_y_px: int
    picture_width_px: int
    picture_height_px: int

    @property
    def picture_rect(self) -> Rect:
        """Where the picture is on the screen."""
        return Rect(
            self.picture_x_px, self.picture_y_px, self.picture_width_px, self.picture_height_px
        )


class Plan(BaseModel):
    """Everything about a session that is decided before it begins.

    `design_row` is the row of the counterbalancing design, from 1, from which the conditions of
    the blocks follow; 0 where the study has no conditions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    participant_id: str
    session: str
    mode: Mode
    task: str = TASK
    seed: int
    design_row: int = 0
    keys: dict[str, str]
    trials: tuple[PlannedTrial, ...]


def plan_path(study: Study, participant_id: str, session: str) -> Path:
    """Name the file of a session's plan.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        Such as ``sub-001``.
    session : str
        The session's label, such as ``01``.

    Returns
    -------
    Path
        Beside what the session will write.
    """
    return study.session_dir(participant_id, session) / "plan.json"


def read_plan(path: Path) -> Plan:
    """Read a session's plan.

    Parameters
    ----------
    path : Path
        A plan.json.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    InputError
        If the file is missing or is no plan.
    """
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        person, label = path.parent.parent.name, path.parent.name.removeprefix("ses-")
        mode = next((f" --mode {kind}" for kind in TRIAL_RUNS if label.startswith(kind)), "")
        raise InputError(
            f"A session's plan must be at {path}, but there is none. "
            f"Make it first: faceoff participants plan {person} --session {label}{mode}."
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise InputError(
            f"{path} must be a session's plan, but {place} is wrong: {problem['msg']}. "
            "Make it anew if the session has not begun: faceoff participants plan."
        ) from error


def write_plan(path: Path, plan: Plan) -> None:
    """Write a session's plan, unless the session has begun.

    Parameters
    ----------
    path : Path
        The plan.json, in the session's folder.
    plan : Plan
        The plan.

    Raises
    ------
    InputError
        If the session has begun: its trials were shown by the plan that is there.
    """
    if (path.parent / "trials.tsv").exists():
        raise InputError(
            f"A plan must be written before the first trial, but session {plan.session} of "
            f"{plan.participant_id} has begun. Plan another session: --session."
        )
    write_text(path, plan.model_dump_json(indent=1) + "\n")


def session_label(session: str, mode: Mode) -> str:
    """Give a session the label that its mode asks for.

    Parameters
    ----------
    session : str
        Letters and digits, such as ``01``.
    mode : {"pilot", "test", "real"}
        What the session is for.

    Returns
    -------
    str
        The label; that of a pilot or a test begins so, as ``pilot01``.

    Raises
    ------
    InputError
        If the label holds other signs, or begins with another mode.

    Examples
    --------
    >>> session_label("01", "pilot"), session_label("pilot01", "pilot"), session_label("01", "real")
    ('pilot01', 'pilot01', '01')
    """
    beginning = check_session(session).lower()
    kind = next((kind for kind in TRIAL_RUNS if beginning.startswith(kind)), "")
    if kind in ("", mode):
        return session if mode == "real" else mode + session[len(kind) :]
    raise InputError(
        f"The label of a session whose mode is {mode} must not begin with {kind!r}, but it is "
        f"{session!r}. Give it another label (--session), or the mode {kind} (--mode {kind})."
    )


def make_plan(study: Study, participant_id: str, session: str = "01", mode: Mode = "real") -> Plan:
    """Plan a session: order, keys and positions follow from study's seed, person and session.

    All test pictures are shown once, in an order in which no actor comes twice in a row and
    each block has each expression equally often, after rounds of practice with other actors.
    Where the study has lists (stimuli/lists.tsv), a participant sees the test pictures of one:
    lists are taken in turn, so that each comes with every row of the design.
    Where the study has conditions, each block has one, in an order that is counterbalanced over
    participants. The fixation target is beside the picture, as often left as right, so that the
    first look at the face is a choice. Participants' keys rotate through the expressions.

    Parameters
    ----------
    study : Study
        The study; its pictures are registered.
    participant_id : str
        A registered participant, such as ``sub-001``.
    session : str, default "01"
        The session's label: letters and digits.
    mode : {"pilot", "test", "real"}, default "real"
        What the session is for; see `session_label` for its label.

    Returns
    -------
    Plan
        The same for the same study, participant and session.

    Raises
    ------
    InputError
        If the participant or the pictures are not registered, there is no order that fulfils
        the constraints, or the picture does not fit on the screen.
    """
    participant_id = check_participant_id(participant_id)
    session = session_label(session, mode)
    number = participant_number(study, participant_id)
    settings, seed = study.settings.participants, study.settings.study.seed
    conditions = list(study.settings.experiment.conditions)
    design = design_rows(len(conditions), settings.counterbalance)
    row = design[number % len(design)]
    lists = read_lists(study)
    own_list = lists[number // len(design) % len(lists)] if lists else None
    turn = len(design) * max(len(lists), 1)
    shift = key_shift(number, turn, len(settings.keys)) if settings.rotate_keys else 0
    names = [conditions[place] for place in row]
    rows = trial_rows(study, participant_id, session, names, own_list)
    return Plan(
        participant_id=participant_id,
        session=session,
        mode=mode,
        seed=seed,
        design_row=number % len(design) + 1 if conditions else 0,
        keys=answer_keys(settings.keys, shift),
        trials=tuple(_trials(study, rows)),
    )


def answer_keys(keys: Sequence[str], shift: int) -> dict[str, str]:
    """Give each expression its key.

    Parameters
    ----------
    keys : sequence of str
        Seven keys, from left to right.
    shift : int
        By how many expressions the keys are moved on.

    Returns
    -------
    dict of str to str
        Expression to key, in the order of the keys on the keyboard.

    Examples
    --------
    >>> list(answer_keys("1234567", 1).items())[:2]
    [('angry', '1'), ('disgusted', '2')]
    """
    n = len(EXPRESSIONS)
    return {EXPRESSIONS[(place + shift) % n]: key for place, key in enumerate(keys)}


def check_session(session: str) -> str:
    """Check the form of a session's label.

    Parameters
    ----------
    session : str
        Letters and digits, such as ``01``.

    Returns
    -------
    str
        The same.

    Raises
    ------
    InputError
        If it holds other signs.
    """
    if not (session.isascii() and session.isalnum()):
        raise InputError(
            f"A session's label must be letters and digits, but it is {session!r}. "
            "Write for example 01."
        )
    return session


def _trials(study: Study, rows: Sequence[TrialRow]) -> Iterator[PlannedTrial]:
    """Give the trials their numbers, and place what they show on the screen."""
    picture, fixations = screen_layout(study)
    for trial, row in enumerate(rows, start=1):
        yield PlannedTrial(
            trial=trial,
            block=row.block,
            phase="main" if row.block else "practice",
            practice_round=row.practice_round,
            condition=row.condition,
            image_id=row.image_id,
            expression=row.expression,
            fixation_x_px=fixations[row.side][0],
            fixation_y_px=fixations[row.side][1],
            picture_x_px=int(picture.x_px),
            picture_y_px=int(picture.y_px),
            picture_width_px=int(picture.width_px),
            picture_height_px=int(picture.height_px),
        )


def screen_layout(study: Study) -> tuple[Rect, tuple[tuple[float, float], tuple[float, float]]]:
    """Place the picture at the screen's centre, and a fixation target on each side of it.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    picture : Rect
        The picture's pixels on the screen.
    fixations : tuple of two tuples of float
        x and y of the target left and right of the picture, in screen pixels.

    Raises
    ------
    InputError
        If they do not fit on the screen.
    """
    screen, side_px = screen_from(study.settings.screen), study.settings.stimuli.picture_px
    x_px, y_px = (screen.width_px - side_px) // 2, (screen.height_px - side_px) // 2
    gap_deg = study.settings.participants.fixation_gap_deg
    middle_y_px = y_px + (side_px - 1) / 2
    edges_deg = screen.to_deg([[x_px, middle_y_px], [x_px + side_px - 1, middle_y_px]])
    targets_deg = edges_deg + np.array([[-gap_deg, 0], [gap_deg, 0]])
    (left_px, _), (right_px, _) = screen.to_px(targets_deg).tolist()
    if min(x_px, y_px, left_px) < 0 or right_px > screen.width_px - 1:
        raise InputError(
            f"Picture and fixation target must fit on the screen of {screen.width_px} x "
            f"{screen.height_px} px, but the picture has {side_px} px and the target is "
            f"{gap_deg:g} deg beside it. Lower [stimuli] picture_px or [participants] "
            "fixation_gap_deg."
        )
    fixations = ((round(left_px, 1), middle_y_px), (round(right_px, 1), middle_y_px))
    return Rect(x_px, y_px, side_px, side_px), fixations
