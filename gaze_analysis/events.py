"""Events of all sessions by trial; fixations in the picture frame, with reasons to drop them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gaze_analysis.importing import (
    Session,
    messages_path,
    raw_events_path,
    recorded_sessions,
)
from gaze_analysis.picture_place import PicturePlaces
from gaze_analysis.session_trials import TRIAL_COLUMNS, session_trials
from stimuli.catalog import MANIFEST_COLUMNS, read_manifest
from study.errors import InputError
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.settings.gaze_recordings import ExclusionSettings
from study.tables import read_table, write_table

EVENT_COLUMNS = {
    "participant_id": "Whose event it is.",
    "session": "Label of the session.",
    "trial": "Trial in which it begins; n/a between trials.",
    "event": "fixation, saccade or blink, as the tracker found it.",
    "eye": "left or right.",
    "onset_ms": "Stamp of its first sample, in milliseconds of the tracker's clock.",
    "offset_ms": "Stamp of its last sample.",
    "duration_ms": "offset - onset + one sample, as EyeLink has it.",
    "x_px": "Mean (fixation) or first (saccade) position, screen pixels from the left.",
    "y_px": "The same from the top.",
    "x_end_px": "Last position of a saccade, screen pixels from the left.",
    "y_end_px": "The same from the top.",
    "amplitude_deg": "Amplitude of a saccade in degrees, as the tracker says.",
    "peak_velocity_deg_s": "Peak velocity of a saccade in degrees per second.",
    "pupil": "Mean pupil of a fixation, area or diameter in the tracker's units.",
}
FIXATION_COLUMNS = {
    "participant_id": "Who looked.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session.",
    "image_id": "The picture that was shown.",
    "expression": "The expression that it shows.",
    "correct": "Whether the answer was right; n/a without an answer.",
    "index": "Place in the trial: 1 is the first that began while the picture was on, 0 one that "
    "was going on at the onset.",
    "onset_ms": "Its start after the picture's onset, in ms; 0 where it began before.",
    "duration_ms": "How long it lasted while the picture was on, in ms.",
    "x_px": "Horizontal position in the picture frame, in px, to the right.",
    "y_px": "Vertical position in the picture frame, in px, down.",
    "included": "Whether it enters maps and statistics.",
    "reason": "Why it does not.",
}
EXCLUSION_COLUMNS = {
    "reason": "Why fixations are left out, the first that holds; 'included' counts the rest.",
    "n_fixations": "Number of fixations.",
    "n_trials": "Number of trials that have such fixations.",
}
REASONS = (
    "practice trial",
    "wrong answer",
    "no answer",
    "began before onset",
    "no position",
    "off picture",
    "too short",
    "too long",
    "touches a blink",
)


def make_events(study: Study) -> None:
    """Write trials.tsv, events.tsv, fixations.tsv and exclusions.tsv of all imported sessions.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If nothing was imported, or a session's trials.tsv is wrong.
    """
    sessions = recorded_sessions(study)
    overviews = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what="The overview of recordings (faceoff gaze import)",
            columns={
                "participant_id": str,
                "session": str,
                "eyes" if name == "blocks" else "eye": str,
            },
        )
        for name in ("blocks", "validations")
    }
    if not sessions:
        raise InputError(
            "Events need recordings, but none is in sourcedata. "
            "Name some: faceoff gaze import FILES."
        )
    manifest = _manifest(study)
    results = parallel_map(
        _SessionEvents(study, manifest, PicturePlaces(study, manifest), **overviews),
        sessions,
        description="events of sessions",
        execution=study.settings.execution,
    )
    trials = _stack([result[0] for result in results])
    events = _stack([result[1] for result in results])
    fixations = _stack([result[2] for result in results])
    folder = study.gaze_dir
    variables = [name for name in trials.columns if name not in TRIAL_COLUMNS]
    described = TRIAL_COLUMNS | {
        name: f"Trial variable {name.removeprefix('var_')}, as the recording says."
        for name in variables
    }
    write_table(folder / "trials.tsv", trials, described)
    write_table(folder / "events.tsv", events, EVENT_COLUMNS)
    write_table(folder / "fixations.tsv", fixations, FIXATION_COLUMNS)
    excluded = exclusions(fixations)
    write_table(folder / "exclusions.tsv", excluded, EXCLUSION_COLUMNS)
    _say_events(trials, fixations, excluded)


def _manifest(study: Study) -> pd.DataFrame:
    """Read the study's pictures by their names; an empty table where none are registered."""
    if not study.manifest_tsv.is_file():
        return pd.DataFrame(columns=list(MANIFEST_COLUMNS)).set_index("image_id")
    return read_manifest(study).set_index("image_id")


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put sessions' tables together, leaving empty ones out, whose columns have no type."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


@dataclass(frozen=True)
class _SessionEvents:
    """Makes the tables of one session in a worker."""

    study: Study
    manifest: pd.DataFrame
    places: PicturePlaces
    blocks: pd.DataFrame
    validations: pd.DataFrame

    def __call__(self, session: Session) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        raw_path = raw_events_path(self.study, session.name)
        if not raw_path.is_file():
            raise InputError(
                f"Events need imported recordings, but {session.name} is not imported. "
                "Import it: faceoff gaze import."
            )
        raw = pd.read_parquet(raw_path)
        trials = session_trials(
            self.study,
            session,
            pd.read_parquet(messages_path(self.study, session.name)),
            _of_session(self.blocks, session),
            _of_session(self.validations, session),
            self.manifest,
        )
        events = events_of_trials(raw, trials).assign(
            participant_id=session.participant_id, session=session.session
        )
        fixations = trial_fixations(raw, trials, self.study.settings.gaze.exclude)
        fixations = judge(self.places.to_picture(fixations), self.study.settings.gaze.exclude)
        fixations = fixations[list(FIXATION_COLUMNS)].round(
            {"onset_ms": 3, "duration_ms": 3, "x_px": 3, "y_px": 3}
        )
        return trials, events[list(EVENT_COLUMNS)], fixations


def _of_session(frame: pd.DataFrame, session: Session) -> pd.DataFrame:
    """Take one session's rows of an overview."""
    own = (frame["participant_id"] == session.participant_id) & (
        frame["session"] == session.session
    )
    return frame[own].reset_index(drop=True)


def events_of_trials(raw: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Give each event the trial in which it begins.

    Parameters
    ----------
    raw : pandas.DataFrame
        Events with part and onset_ms.
    trials : pandas.DataFrame
        part, trial, start_ms and next_ms.

    Returns
    -------
    pandas.DataFrame
        The events with the column ``trial``, missing between trials.
    """
    number = np.full(len(raw), np.nan)
    for part, own in trials.dropna(subset=["start_ms"]).groupby("part"):
        own = own.sort_values("start_ms", kind="stable")
        chosen = np.flatnonzero(raw["part"] == part)
        onsets = raw["onset_ms"].to_numpy(float)[chosen]
        place = np.searchsorted(own["start_ms"].to_numpy(float), onsets, side="right") - 1
        inside = (place >= 0) & (onsets <= own["next_ms"].to_numpy(float)[np.maximum(place, 0)])
        number[chosen[inside]] = own["trial"].to_numpy(float)[place[inside]]
    return raw.assign(trial=pd.array(number, dtype="Float64").astype("Int64"))


def trial_fixations(
    raw: pd.DataFrame, trials: pd.DataFrame, rules: ExclusionSettings
) -> pd.DataFrame:
    """Find the fixations of each trial while its picture was on, clipped to that time.

    Parameters
    ----------
    raw : pandas.DataFrame
        All events of the session: part, event, eye, onset_ms, duration_ms, x_px, y_px.
    trials : pandas.DataFrame
        The session's trials; those without epoch or picture have no fixations.
    rules : ExclusionSettings
        Says how near a blink touches a fixation.

    Returns
    -------
    pandas.DataFrame
        One row for each fixation with its trial's columns, index, onset_ms, duration_ms,
        ``screen_x_px``, ``screen_y_px``, ``begun_before`` and ``near_blink``.
    """
    epochs = trials.dropna(subset=["face_onset_ms", "face_offset_ms", "image_id"])
    epochs = epochs.dropna(subset=["picture_width_px", "picture_height_px"])
    kept = []
    for (part, eye), own in epochs.groupby(["part", "eye"], sort=False):
        events = raw[(raw["part"] == part) & (raw["eye"] == eye)]
        fixations = events[events["event"] == "fixation"].sort_values("onset_ms", kind="stable")
        blinks = events[events["event"] == "blink"]
        fixations = fixations.assign(near_blink=_near_blink(fixations, blinks, rules))
        kept.append(_clip(fixations, own))
    columns = [*trials.columns, "index", "onset_ms", "duration_ms", "screen_x_px", "screen_y_px"]
    empty = pd.DataFrame(columns=[*columns, "begun_before", "near_blink"])
    return pd.concat(kept, ignore_index=True) if kept else empty


def _clip(fixations: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Match fixations with epochs, and clip them."""
    # A sample stands for the time until the next one: duration, not the last stamp, is the end.
    begin = fixations["onset_ms"].to_numpy(float)
    end = begin + fixations["duration_ms"].to_numpy(float)
    pairs_trial, pairs_fixation, index = [], [], []
    for place, (onset, offset) in enumerate(
        epochs[["face_onset_ms", "face_offset_ms"]].to_numpy(float)
    ):
        inside = np.flatnonzero((end > onset) & (begin < offset))
        before = int(np.sum(begin[inside] < onset))
        pairs_trial += [place] * len(inside)
        pairs_fixation += inside.tolist()
        index += [max(n - before + 1, 0) for n in range(len(inside))]
    matched = epochs.iloc[pairs_trial].reset_index(drop=True)
    own = fixations.iloc[pairs_fixation].reset_index(drop=True)
    onset = matched["face_onset_ms"].to_numpy(float)
    first = np.maximum(begin[pairs_fixation], onset)
    last = np.minimum(end[pairs_fixation], matched["face_offset_ms"].to_numpy(float))
    return matched.assign(
        index=np.array(index, dtype=np.int64),
        onset_ms=first - onset,
        duration_ms=last - first,
        screen_x_px=own["x_px"],
        screen_y_px=own["y_px"],
        begun_before=begin[pairs_fixation] < onset,
        near_blink=own["near_blink"],
    )


def _near_blink(
    fixations: pd.DataFrame, blinks: pd.DataFrame, rules: ExclusionSettings
) -> np.ndarray:
    """Tell which fixations touch a blink, or come nearer to one than the margin."""
    begin = fixations["onset_ms"].to_numpy(float)
    end = begin + fixations["duration_ms"].to_numpy(float)
    near = np.zeros(len(fixations), dtype=bool)
    for onset, duration in blinks[["onset_ms", "duration_ms"]].to_numpy(float):
        gap = np.maximum(onset - end, begin - (onset + duration))
        near |= gap <= rules.blink_margin_ms
    return near


def judge(fixations: pd.DataFrame, rules: ExclusionSettings) -> pd.DataFrame:
    """Say which fixations are left out, and why.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Fixations in the picture frame, with ``on_picture``, phase and correct.
    rules : ExclusionSettings
        What leaves a fixation out.

    Returns
    -------
    pandas.DataFrame
        With the columns included and reason; the first reason of `REASONS` that holds.
    """
    correct = fixations["correct"].astype("boolean")
    duration = fixations["duration_ms"].to_numpy(float)
    answers = rules.wrong_answers
    # Recordings made elsewhere may have asked for no answer at all.
    asked = fixations["answer_known"].to_numpy(bool)
    conditions = {
        "practice trial": rules.practice & (fixations["phase"] == "practice"),
        "wrong answer": answers & ~correct.fillna(True).astype(bool),
        "no answer": answers & correct.isna().astype(bool) & asked,
        "began before onset": rules.begun_before_onset & fixations["begun_before"].astype(bool),
        "no position": fixations["x_px"].isna() | fixations["y_px"].isna(),
        "off picture": rules.off_picture & ~fixations["on_picture"].astype(bool),
        "too short": duration < rules.min_duration_ms,
        "too long": (rules.max_duration_ms > 0) & (duration > rules.max_duration_ms),
        "touches a blink": rules.near_blinks & fixations["near_blink"].astype(bool),
    }
    choices = [np.asarray(conditions[reason], dtype=bool) for reason in REASONS]
    reason = np.select(choices, list(REASONS), default="")
    return fixations.assign(
        included=reason == "", reason=pd.Series(reason, index=fixations.index).replace("", None)
    )


def exclusions(fixations: pd.DataFrame) -> pd.DataFrame:
    """Count fixations and trials by the reason for which they are left out.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Fixations with included and reason.

    Returns
    -------
    pandas.DataFrame
        One row for ``included`` and one for each reason, also where it never held.
    """
    reasons = fixations["reason"].fillna("included").rename("why")
    trials = fixations.assign(why=reasons)[["why", "participant_id", "session", "trial"]]
    n_trials = trials.drop_duplicates()["why"].value_counts()
    n_fixations = trials["why"].value_counts()
    names = ["included", *REASONS]
    return pd.DataFrame(
        {
            "reason": names,
            "n_fixations": n_fixations.reindex(names, fill_value=0).to_numpy(int),
            "n_trials": n_trials.reindex(names, fill_value=0).to_numpy(int),
        }
    )


def _say_events(trials: pd.DataFrame, fixations: pd.DataFrame, excluded: pd.DataFrame) -> None:
    """Say what was found and what is left out."""
    n_lost = int(trials["start_ms"].isna().sum())
    if n_lost:
        say(f"warning: {n_lost} trials of the sessions' tables are not in the recordings")
    if fixations.empty:
        say(
            f"{len(trials)} trials; no fixations in pictures, for the recordings do not say which "
            "picture was shown where (!V IMGLOAD with place and size): events.tsv has all events "
            "in screen pixels"
        )
        return
    n_included = int(fixations["included"].sum())
    counts = dict(zip(excluded["reason"], excluded["n_fixations"], strict=True))
    left_out = ", ".join(f"{counts[reason]} {reason}" for reason in REASONS if counts[reason])
    say(
        f"{len(trials)} trials, {len(fixations)} fixations while a picture was on, "
        f"{n_included} included; left out: {left_out or 'none'}"
    )
