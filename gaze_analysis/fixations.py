"""Fixations of trials: clipped to the time of the picture, and judged by the rules of exclusion."""

import numpy as np
import pandas as pd

from study.settings.gaze_recordings import ExclusionSettings

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
