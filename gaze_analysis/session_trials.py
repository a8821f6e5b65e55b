"""The trials of one session: what the session's table says, joined to what the recording says."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from gaze_analysis.behaviour import FALSE, TRUE, USUAL_NAMES, is_expression, read_behaviour
from gaze_analysis.behaviour_files import behaviour_file
from gaze_analysis.behaviour_join import UNMATCHED_COLUMNS, join_behaviour, recording_rows
from gaze_analysis.behaviour_sheet import read_sheets
from gaze_analysis.importing import Session
from gaze_analysis.session_table import join_own_table
from gaze_analysis.trial_content import RECT
from gaze_analysis.trials import find_trials
from stimuli.expressions import EXPRESSIONS, KDEF_CODES, expression_name
from study.errors import InputError
from study.folder import Study
from study.settings.gaze_behaviour import BehaviourSettings

TRIAL_COLUMNS = {
    "participant_id": "Who took part.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session.",
    "block": "Number of the block.",
    "phase": "practice or main.",
    "condition": "Condition of the block; n/a where the study has none.",
    "attempt": "How often the trial was begun until it was done; n/a where nothing says so.",
    "image_id": "The picture.",
    "actor": "Who is on the picture.",
    "expression": "What the picture shows.",
    "response": "The expression that was answered.",
    "key": "The key that was pressed.",
    "correct": "Whether the answer was the picture's expression.",
    "rt_ms": "From the picture's onset to the key press, in milliseconds.",
    "confidence": "How sure the participant was of it, from 1; n/a where nobody was asked.",
    "confidence_rt_ms": "From that question to its answer, in milliseconds.",
    "face_onset_ms": "When the picture appeared, in milliseconds of the tracker's clock.",
    "face_offset_ms": "When it went.",
    "n_frames": "Screen frames for which the picture was on.",
    "n_dropped": "Frames that lasted too long.",
    "max_frame_interval_ms": "The longest frame while the picture was on, in milliseconds.",
    "fixation_x_px": "Where the fixation target stood, in screen pixels from the left.",
    "fixation_y_px": "The same from the top.",
    "picture_x_px": "Left pixel of the picture on the screen.",
    "picture_y_px": "Top pixel of the picture on the screen.",
    "picture_width_px": "Width of the picture on the screen, in pixels.",
    "picture_height_px": "Height of the picture on the screen, in pixels.",
    "part": "Which file of the session, from 1.",
    "label": "The trial's name in the recording.",
    "start_ms": "When the trial began in the recording; n/a if it is not there.",
    "end_ms": "When it ended.",
    "next_ms": "When the next one began, or the recording ended.",
    "start_message": "The message that begins the trial; n/a if a recording block does.",
    "onset_message": "The message that marks the picture's onset; n/a if the trial's start does.",
    "offset_message": "The message that marks its offset; n/a if the trial's end does.",
    "eye": "The eye that is analysed.",
    "answer_known": "Whether the session recorded answers at all.",
    "behaviour_row": "Line of the behaviour table that the answer comes from.",
}
_NUMBERS = (
    "block", "attempt", "rt_ms", "confidence", "confidence_rt_ms", "face_onset_ms",
    "face_offset_ms", "n_frames", "n_dropped", "max_frame_interval_ms", "fixation_x_px",
    "fixation_y_px", "picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px",
    "part", "start_ms", "end_ms", "next_ms", "behaviour_row",
)  # fmt: skip
_COUNTS = ("block", "attempt", "confidence", "part", "n_frames", "n_dropped", "behaviour_row")
_KDEF = re.compile(r"[AB]([FM]\d\d)(" + "|".join(KDEF_CODES) + r")(S|HL|HR|FL|FR)", re.IGNORECASE)


def session_trials(
    study: Study,
    session: Session,
    messages: pd.DataFrame,
    blocks: pd.DataFrame,
    validations: pd.DataFrame,
    manifest: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join a session's behaviour to the trials of its recording.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.
    messages, blocks, validations : pandas.DataFrame
        What the recording says.
    manifest : pandas.DataFrame
        The study's pictures by image_id: actor and expression; empty where it has none.

    Returns
    -------
    trials : pandas.DataFrame
        The columns of `TRIAL_COLUMNS`, and ``var_NAME`` for trial variables that are not
        among them. Without a trials.tsv or another program's table of behaviour, the recording
        alone tells what was shown.
    unmatched : pandas.DataFrame
        The columns of `UNMATCHED_COLUMNS`: trials and rows that found no partner, were broken
        off, or lack an epoch.

    Raises
    ------
    InputError
        If trials.tsv or the table of behaviour lacks a column, holds a wrong value, or
        contradicts the recording.
    """
    settings = study.settings.gaze
    found = find_trials(messages, blocks, settings.trials)
    trials_tsv = study.session_dir(session.participant_id, session.session) / "trials.tsv"
    if trials_tsv.is_file():
        trials, alone = join_own_table(trials_tsv, found, blocks)
    else:
        other = behaviour_file(trials_tsv.parent)
        trials, alone = _trials_from_elsewhere(found, other, settings.behaviour)
    unmatched = [alone]
    trials = _with_pictures(trials, manifest)
    trials = _with_places(trials, settings.trials.picture_place)
    trials = _with_answers(trials)
    unmatched += _without_epoch(trials)
    who = {"participant_id": session.participant_id, "session": session.session}
    trials = trials.assign(**who)
    trials["eye"] = _eyes(trials, blocks, validations, settings.eye)
    extra = [name for name in trials.columns if name.startswith("var_")]
    known = {f"var_{name}" for name in TRIAL_COLUMNS if name in trials}
    columns = [*TRIAL_COLUMNS, *(name for name in extra if name not in known)]
    listed = pd.concat(unmatched, ignore_index=True).assign(**who)[list(UNMATCHED_COLUMNS)]
    return _typed(trials.reindex(columns=columns)), listed


def _trials_from_elsewhere(
    found: pd.DataFrame, behaviour: Path | None, settings: BehaviourSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe a recording made elsewhere by its variables and another program's table."""
    repeated = found["repeated"].to_numpy(bool)
    broken_off = recording_rows(found[repeated], "broken off and done again at once")
    trials = _from_variables(found[~repeated].drop(columns="repeated").reset_index(drop=True))
    if behaviour is None:
        return trials, broken_off
    table = read_behaviour(next(read_sheets(behaviour)), settings)
    trials, alone = join_behaviour(trials, table, behaviour.name)
    return trials, pd.concat([broken_off, alone], ignore_index=True)


def _from_variables(found: pd.DataFrame) -> pd.DataFrame:
    """Fill the columns of a recording made elsewhere from its trial variables."""
    trials = found.copy()
    variables = {
        name.removeprefix("var_").lower(): found[name]
        for name in found.columns
        if name.startswith("var_")
    }
    for name in ("block", "phase", "actor", "key"):
        trials[name] = variables.get(name)
    trials["rt_ms"] = variables.get("rt_ms", variables.get("response_time"))
    image = next((variables[name] for name in USUAL_NAMES["image"] if name in variables), None)
    if image is not None:
        names = image.astype("str").str.replace(r"^.*[/\\]|\.\w+$", "", regex=True)
        trials["image_id"] = found["image_id"].fillna(names.where(image.notna()))
    label = next((variables[name] for name in USUAL_NAMES["expression"] if name in variables), None)
    trials["expression"] = None if label is None else label.map(_expression)
    answer = variables.get("correct")
    trials["correct"] = None if answer is None else answer.map(_truth)
    response = variables.get("response")
    trials["response"] = None if response is None else response.map(_expression)
    if response is not None and "key" not in variables:
        trials["key"] = response
    trials["answer_known"] = answer is not None or bool(trials["response"].notna().any())
    return trials


def _with_answers(trials: pd.DataFrame) -> pd.DataFrame:
    """Judge answers that are expressions, where nothing says whether they were right."""
    both = trials["response"].notna() & trials["expression"].notna()
    if trials["correct"].isna().all() and both.any():
        right = trials["response"] == trials["expression"]
        trials["correct"] = right.astype(object).where(both, None)
    return trials


def _with_places(
    trials: pd.DataFrame, place: tuple[float, float, float, float] | None
) -> pd.DataFrame:
    """Put pictures where the settings say, if no message does."""
    if place is not None:
        unknown = trials[list(RECT)].isna().any(axis=1)
        for name, value in zip(RECT, place, strict=True):
            trials[name] = trials[name].astype(float).where(~unknown, value)
    return trials


def _without_epoch(trials: pd.DataFrame) -> list[pd.DataFrame]:
    """List trials of the recording whose epoch is not known or empty."""
    begun = trials["start_ms"].notna()
    onset, offset = trials["face_onset_ms"].astype(float), trials["face_offset_ms"].astype(float)
    return [
        recording_rows(trials[begun & onset.isna()], "no message marks the onset"),
        recording_rows(trials[begun & (offset <= onset)], "onset and offset are at the same time"),
    ]


def _expression(label: object) -> str | None:
    """Give faceoff's name of an expression; none where the label means something else."""
    return expression_name(label) if isinstance(label, str) and is_expression(label) else None


def _truth(value: object) -> bool | None:
    """Read a trial variable as true or false; none where it is neither."""
    word = str(value).strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _with_pictures(trials: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Fill in who is on the picture and what it shows, from the manifest or a KDEF name."""
    trials = trials.copy()
    for name in ("actor", "expression"):
        if name not in trials:
            trials[name] = None
    registered = {
        str(image_id): (actor, expression)
        for image_id, actor, expression in zip(
            manifest.index, manifest["actor"], manifest["expression"], strict=True
        )
    }
    known = [registered.get(str(name)) or _facts_of_name(name) for name in trials["image_id"]]
    for name, place in (("actor", 0), ("expression", 1)):
        facts = pd.Series([fact[place] for fact in known], index=trials.index, dtype=object)
        if name == "expression":
            _check_expressions(trials, facts)
        trials[name] = trials[name].astype("object").where(trials[name].notna(), facts)
    return trials


def _facts_of_name(image_id: object) -> tuple[str | None, str | None]:
    """Tell actor and expression of a picture that is named as KDEF's are."""
    match = _KDEF.fullmatch(image_id) if isinstance(image_id, str) else None
    return (match[1].upper(), KDEF_CODES[match[2].upper()]) if match else (None, None)


def _check_expressions(trials: pd.DataFrame, known: pd.Series) -> None:
    """Refuse expressions that there are not, or that the pictures contradict."""
    given = trials["expression"]
    unknown = set(given.dropna()) - set(EXPRESSIONS)
    if unknown:
        raise InputError(
            f"A trial's expression must be one of {', '.join(EXPRESSIONS)}, but it is "
            f"{sorted(unknown)[0]!r}. Correct trials.tsv."
        )
    odd = trials[given.notna() & known.notna() & (given != known)]
    if len(odd):
        first = odd.iloc[0]
        raise InputError(
            f"A trial's expression must be that of its picture, but trial {first['trial']} shows "
            f"{first['image_id']} ({known[odd.index[0]]}) and is called {first['expression']!r}. "
            "Correct the table of behaviour, or name its column in [gaze.behaviour] expression."
        )


def _eyes(
    trials: pd.DataFrame, blocks: pd.DataFrame, validations: pd.DataFrame, wanted: str
) -> list[str | None]:
    """Choose the eye that is analysed in each trial, among those recorded in its block."""
    errors = validations.groupby("eye")["error_avg_deg"].mean().dropna()
    order = ["right", "left", "unknown"]
    if wanted != "best":
        order.sort(key=lambda eye: eye != wanted)
    elif len(errors):
        order.sort(key=lambda eye: errors.get(eye, np.inf))
    begins = blocks["first_sample_ms"].fillna(blocks["start_ms"]).fillna(-np.inf).to_numpy(float)
    parts = blocks["part"].to_numpy(float)
    recorded = [str(eyes).split() for eyes in blocks["eyes"].fillna("")]
    chosen: list[str | None] = []
    for part, offset_ms in trials[["part", "face_offset_ms"]].to_numpy(float):
        begun = np.flatnonzero((parts == part) & (begins <= offset_ms))
        eyes = recorded[begun[-1]] if len(begun) else []
        chosen.append(next((eye for eye in order if eye in eyes), None))
    return chosen


def _typed(trials: pd.DataFrame) -> pd.DataFrame:
    """Bring the columns to their types, whether they come from a table or from messages."""
    trials = trials.astype({"trial": "int64"})
    for name in _NUMBERS:
        trials[name] = pd.to_numeric(trials[name], errors="coerce").round(3)
    for name in _COUNTS:
        whole = trials[name].dropna()
        if (whole == whole.round()).all():
            trials[name] = trials[name].astype("Int64")
    trials["correct"] = trials["correct"].astype("boolean")
    for name in ("start_message", "onset_message", "offset_message"):
        trials[name] = trials[name].replace("", None)
    return trials
