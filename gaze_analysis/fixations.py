"""Fixations of trials: matched with epochs, and clipped to the time of the picture."""

import numpy as np
import pandas as pd

from stimuli.frames import Screen
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
    "screen_x_px": "Horizontal position on the screen, in px from the left; n/a in tables made "
    "elsewhere.",
    "screen_y_px": "Vertical position on the screen, in px from the top.",
    "included": "Whether it enters maps and statistics.",
    "reason": "Why it does not.",
    "included_any_answer": "Whether it would enter maps if trials with any answer did.",
}


def trial_fixations(
    raw: pd.DataFrame, trials: pd.DataFrame, rules: ExclusionSettings
) -> pd.DataFrame:
    """Find the fixations of each trial while its picture was on, clipped to that time.

    Parameters
    ----------
    raw : pandas.DataFrame
        All events of the session: part, event, eye, onset_ms, duration_ms, x_px, y_px.
    trials : pandas.DataFrame
        The session's trials; those without epoch have no fixations.
    rules : ExclusionSettings
        Says how near a blink touches a fixation.

    Returns
    -------
    pandas.DataFrame
        One row for each fixation with its trial's columns, index, onset_ms, duration_ms,
        ``screen_x_px``, ``screen_y_px``, ``begun_before``, ``goes_on`` and ``near_blink``.
    """
    epochs = trials.dropna(subset=["face_onset_ms", "face_offset_ms"])
    kept = []
    for (part, eye), own in epochs.groupby(["part", "eye"], sort=False):
        events = raw[(raw["part"] == part) & (raw["eye"] == eye)]
        fixations = events[events["event"] == "fixation"].sort_values("onset_ms", kind="stable")
        blinks = events[events["event"] == "blink"]
        fixations = fixations.assign(near_blink=_near_blink(fixations, blinks, rules))
        kept.append(_clip(fixations, own))
    columns = [*trials.columns, "index", "onset_ms", "duration_ms", "screen_x_px", "screen_y_px"]
    empty = pd.DataFrame(columns=[*columns, "begun_before", "goes_on", "near_blink"])
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
    offset = matched["face_offset_ms"].to_numpy(float)
    first = np.maximum(begin[pairs_fixation], onset)
    last = np.minimum(end[pairs_fixation], offset)
    return matched.assign(
        index=np.array(index, dtype=np.int64),
        onset_ms=first - onset,
        duration_ms=last - first,
        screen_x_px=own["x_px"],
        screen_y_px=own["y_px"],
        begun_before=begin[pairs_fixation] < onset,
        goes_on=end[pairs_fixation] > offset,
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


def on_target(
    fixations: pd.DataFrame, trials: pd.DataFrame, screen: Screen, radius_deg: float
) -> np.ndarray:
    """Tell which fixations are the first of their trial and still on the fixation target.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `trial_fixations` gives them.
    trials : pandas.DataFrame
        The session's trials: fixation_x_px and fixation_y_px; where they are missing, the
        target is taken to have stood in the screen's centre.
    screen : Screen
        The screen.
    radius_deg : float
        How near the target that is, in degrees, 0 or more.

    Returns
    -------
    ndarray of bool
        True for fixations of the index 0 or 1 near the target.
    """
    if fixations.empty:
        return np.zeros(0, dtype=bool)
    names = ["fixation_x_px", "fixation_y_px"]
    targets = trials.set_index("trial")[names].loc[fixations["trial"]].to_numpy(float)
    targets = np.where(np.isnan(targets).any(axis=1)[:, None], screen.centre_px, targets)
    points = fixations[["screen_x_px", "screen_y_px"]].to_numpy(float)
    near = screen.distance_deg(points, targets) <= radius_deg
    return np.asarray(near & (fixations["index"].to_numpy(int) <= 1))
