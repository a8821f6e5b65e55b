"""Which people, trials and fixations are left out, by which rule, and how many.

The rules are asked in the order of `REASONS`, and the first that holds is the reason: those of
people before those of trials, and these before those of fixations. Thresholds of people look at
their trials after the rules of trials.
"""

from typing import Any

import numpy as np
import pandas as pd

from study.settings.gaze_recordings import ExclusionSettings

PARTICIPANT_REASONS = (
    "participant: data loss",
    "participant: validation error",
    "participant: right answers",
    "participant: number of trials",
)
TRIAL_REASONS = (
    "practice trial",
    "not in the recording",
    "no epoch",
    "wrong answer",
    "no answer",
    "data loss",
)
FIXATION_REASONS = (
    "began before onset",
    "still on the fixation target",
    "goes on after offset",
    "no position",
    "off picture",
    "too short",
    "too long",
    "touches a blink",
    # Last, so that these are the fixations that would be used if their picture were known.
    "picture not known",
)
REASONS = (*PARTICIPANT_REASONS, *TRIAL_REASONS, *FIXATION_REASONS)
EXCLUSION_COLUMNS = {
    "level": "What the rule is about: participant, trial or fixation; 'included' is what stays.",
    "reason": "Why it is left out, the first rule that holds, in the order of this table.",
    "n_participants": "Number of participants that the rule leaves out, or who have such trials "
    "or fixations. Those at the level participant and those included add up to all.",
    "n_trials": "Number of trials that the rule leaves out, or that have such fixations. Those at "
    "the levels participant and trial and those included add up to all.",
    "n_fixations": "Number of fixations that are left out with this reason. With those included "
    "they add up to all.",
}
PARTICIPANT_EXCLUSION_COLUMNS = {
    "participant_id": "Whose trials and fixations they are.",
    **{name: EXCLUSION_COLUMNS[name] for name in ("level", "reason", "n_trials", "n_fixations")},
}
_TRIAL = ["participant_id", "session", "trial"]


def judge_trials(trials: pd.DataFrame, rules: ExclusionSettings) -> pd.DataFrame:
    """Say which trials are left out, and why.

    Parameters
    ----------
    trials : pandas.DataFrame
        All trials of the study: participant_id, phase, start_ms, face_onset_ms, face_offset_ms,
        correct, answer_known, data_loss (share; missing where there are no samples) and
        accuracy_deg (error of the validation in force; or missing).
    rules : ExclusionSettings
        The section [gaze.exclude].

    Returns
    -------
    pandas.DataFrame
        With the columns included and reason.
    """
    epochs = trials[["face_onset_ms", "face_offset_ms"]].to_numpy(float)
    length_ms = epochs[:, 1] - epochs[:, 0]
    correct = trials["correct"].astype("boolean")
    # Recordings made elsewhere may have asked for no answer at all.
    asked = trials["answer_known"].fillna(False).to_numpy(bool)
    loss = trials["data_loss"].to_numpy(float)
    conditions = {
        "practice trial": rules.practice & (trials["phase"] == "practice").to_numpy(bool),
        "not in the recording": trials["start_ms"].isna(),
        "no epoch": ~(length_ms > 0),
        "wrong answer": rules.wrong_answers & ~correct.fillna(True).to_numpy(bool),
        "no answer": rules.wrong_answers & correct.isna().to_numpy(bool) & asked,
        "data loss": loss > rules.max_trial_loss,
    }
    reasons = _first(conditions, TRIAL_REASONS, trials.index)
    people = _judge_people(trials.assign(reason=reasons, length_ms=length_ms), rules)
    reasons = trials["participant_id"].map(people).fillna(reasons)
    return trials.assign(included=reasons == "", reason=reasons.replace("", None))


def _judge_people(trials: pd.DataFrame, rules: ExclusionSettings) -> dict[str, str]:
    """Find the participants beyond a threshold, and the first such threshold."""
    found = {}
    for name, own in trials.groupby("participant_id", sort=False):
        main = own[own["reason"] != "practice trial"]
        seen = main[~main["reason"].isin(["not in the recording", "no epoch"])]
        share, length_ms = seen[["data_loss", "length_ms"]].dropna().to_numpy(float).T
        loss = float(share @ length_ms / length_ms.sum()) if len(share) else 0.0
        error_deg = float(seen["accuracy_deg"].astype(float).mean())
        right = float(main["correct"].dropna().astype(float).mean())
        # Comparisons with a missing value are false: what is not known leaves nobody out.
        beyond = (
            loss > rules.max_participant_loss,
            rules.max_error_deg > 0 and error_deg > rules.max_error_deg,
            right < rules.min_correct,
            int((own["reason"] == "").sum()) < rules.min_trials,
        )
        for reason, holds in zip(PARTICIPANT_REASONS, beyond, strict=True):
            if holds:
                found[str(name)] = reason
                break
    return found


def judge_fixations(
    fixations: pd.DataFrame, trials: pd.DataFrame, rules: ExclusionSettings
) -> pd.DataFrame:
    """Say which fixations are left out, and why.

    Parameters
    ----------
    fixations : pandas.DataFrame
        screen_x_px, screen_y_px, x_px and y_px (missing where the picture is not known),
        duration_ms, on_picture, begun_before, goes_on, near_blink and on_target.
    trials : pandas.DataFrame
        The trials, judged: a fixation of one that is left out has its reason.
    rules : ExclusionSettings
        The section [gaze.exclude].

    Returns
    -------
    pandas.DataFrame
        With the columns included and reason.
    """
    duration = fixations["duration_ms"].to_numpy(float)
    placed = fixations[["screen_x_px", "screen_y_px"]].notna().all(axis=1)
    known = fixations[["x_px", "y_px"]].notna().all(axis=1) & fixations["image_id"].notna()
    conditions = {
        "began before onset": rules.begun_before_onset & _flag(fixations, "begun_before"),
        "still on the fixation target": rules.first_on_target & _flag(fixations, "on_target"),
        "goes on after offset": (rules.at_edges == "drop") & _flag(fixations, "goes_on"),
        "no position": ~placed,
        "off picture": rules.off_picture & known & ~_flag(fixations, "on_picture"),
        "too short": duration < rules.min_duration_ms,
        "too long": (rules.max_duration_ms > 0) & (duration > rules.max_duration_ms),
        "touches a blink": rules.near_blinks & _flag(fixations, "near_blink"),
        "picture not known": ~known,
    }
    own = _first(conditions, FIXATION_REASONS, fixations.index)
    of_trial = fixations[_TRIAL].merge(trials[[*_TRIAL, "reason"]], on=_TRIAL, how="left")["reason"]
    reasons = pd.Series(
        np.where(of_trial.notna(), of_trial, own), index=fixations.index, dtype=object
    )
    return fixations.assign(included=reasons == "", reason=reasons.replace("", None))


def _flag(fixations: pd.DataFrame, name: str) -> np.ndarray:
    """Take a column of truth values, of whatever type an empty table gave it."""
    return fixations[name].astype(bool).to_numpy()


def _first(conditions: dict[str, Any], reasons: tuple[str, ...], index: pd.Index) -> pd.Series:
    """Give the first reason that holds; an empty text where none does."""
    choices = [np.asarray(conditions[reason], dtype=bool) for reason in reasons]
    return pd.Series(np.select(choices, list(reasons), default=""), index, dtype=object)


def exclusions(fixations: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Count what is included and what each rule leaves out.

    Parameters
    ----------
    fixations, trials : pandas.DataFrame
        Judged: participant_id, session, trial and reason.

    Returns
    -------
    pandas.DataFrame
        The columns of `EXCLUSION_COLUMNS`: one row for ``included`` and one for each reason,
        also where it never held.
    """
    levels = _levels(fixations)
    why_fixation = fixations["reason"].fillna("included")
    why_trial = trials["reason"].fillna("included")
    with_some = fixations.assign(why=why_fixation)[[*_TRIAL, "why"]].drop_duplicates()
    rows = []
    for reason, level in levels.items():
        own = trials[why_trial == reason]
        some = with_some[with_some["why"] == reason]
        people = some if level == "fixation" else own
        rows.append(
            {
                "level": level,
                "reason": reason,
                "n_participants": people["participant_id"].nunique(),
                "n_trials": len(people),
                "n_fixations": int((why_fixation == reason).sum()),
            }
        )
    table = pd.DataFrame(rows, columns=list(EXCLUSION_COLUMNS))
    left_out = trials.loc[why_trial.isin(PARTICIPANT_REASONS), "participant_id"].nunique()
    n_people = trials["participant_id"].nunique() - left_out
    table.loc[table["level"] == "included", "n_participants"] = n_people
    return table


def exclusions_by_participant(fixations: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Count what is included and what each rule leaves out, for each participant.

    Parameters
    ----------
    fixations, trials : pandas.DataFrame
        As for `exclusions`.

    Returns
    -------
    pandas.DataFrame
        The columns of `PARTICIPANT_EXCLUSION_COLUMNS`: one row for ``included`` and one for
        each reason that holds for anything of the participant's.
    """
    levels = _levels(fixations)
    people = sorted(trials["participant_id"].unique())
    rows = pd.MultiIndex.from_product([people, list(levels)], names=["participant_id", "reason"])
    of_fixations = fixations.assign(reason=fixations["reason"].fillna("included"))
    of_trials = trials.assign(reason=trials["reason"].fillna("included"))
    with_some = of_fixations[[*_TRIAL, "reason"]].drop_duplicates()
    n_fixations, n_some, n_trials = (
        table.groupby(["participant_id", "reason"]).size().reindex(rows, fill_value=0).to_numpy()
        for table in (of_fixations, with_some, of_trials)
    )
    table = rows.to_frame(index=False)
    level = table["reason"].map(levels)
    n_trials = np.where(level == "fixation", n_some, n_trials)
    table = table.assign(level=level, n_trials=n_trials, n_fixations=n_fixations)
    some = (n_trials > 0) | (n_fixations > 0) | (level == "included").to_numpy()
    return table.loc[some, list(PARTICIPANT_EXCLUSION_COLUMNS)].reset_index(drop=True)


def _levels(fixations: pd.DataFrame) -> dict[str, str]:
    """Give each reason its level; reasons of tables made elsewhere are about fixations."""
    levels = {"included": "included"} | dict.fromkeys(PARTICIPANT_REASONS, "participant")
    levels |= dict.fromkeys(TRIAL_REASONS, "trial") | dict.fromkeys(FIXATION_REASONS, "fixation")
    others = fixations["reason"].dropna().unique().tolist()
    return levels | {name: "fixation" for name in others if name not in levels}
