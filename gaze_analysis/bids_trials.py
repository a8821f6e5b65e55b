"""Trials as BIDS has them: when pictures were shown (events), and what was answered (beh)."""

from pathlib import Path

import pandas as pd

from gaze_analysis.bids_facts import screen_facts
from gaze_analysis.bids_files import sidecar_path, write_tsv
from gaze_analysis.bids_runs import BidsRun
from study.writing import write_json

_BEHAVIOUR = (
    "trial", "block", "phase", "image_id", "actor", "expression", "response", "key", "correct",
    "rt_ms",
)  # fmt: skip
# Only where the session has any.
_OPTIONAL = ("condition", "confidence")
_STIMULUS_FACTS = {
    "onset": {"Description": "The picture appears, after the first sample.", "Units": "s"},
    "duration": {"Description": "How long the picture was shown.", "Units": "s"},
    "trial_type": {"Description": "The expression that the picture shows."},
    "stimulus": {"Description": "Name of the picture."},
    "response_time": {"Description": "From the picture's onset to the answer.", "Units": "s"},
}
_BEHAVIOUR_FACTS = {
    "trial": {"Description": "Number of the trial in the session."},
    "block": {"Description": "Number of the block."},
    "phase": {"Description": "practice or main."},
    "image_id": {"Description": "The picture."},
    "actor": {"Description": "Who is on the picture."},
    "expression": {"Description": "What the picture shows."},
    "response": {"Description": "The expression that was answered."},
    "key": {"Description": "The key that was pressed."},
    "correct": {"Description": "Whether the answer was the picture's expression."},
    "response_time": {"Description": "From the picture's onset to the answer.", "Units": "s"},
    "condition": {"Description": "Condition of the block."},
    "confidence": {"Description": "How sure the participant was of the answer, from 1."},
}


def write_trials(run: BidsRun, start_ms: float) -> list[Path]:
    """Write when pictures were shown, and what was answered.

    Parameters
    ----------
    run : BidsRun
        The recording.
    start_ms : float
        Time of its first sample, from which BIDS counts.

    Returns
    -------
    list of Path
        The tables of events and of behaviour; each has a JSON file beside it.
    """
    trials = run.trials
    shown = trials.dropna(subset=["face_onset_ms", "face_offset_ms"])
    events = pd.DataFrame(
        {
            "onset": ((shown["face_onset_ms"] - start_ms) / 1000.0).round(6),
            "duration": ((shown["face_offset_ms"] - shown["face_onset_ms"]) / 1000.0).round(6),
            "trial_type": shown["expression"],
            "stimulus": shown["image_id"],
            "response_time": (shown["rt_ms"] / 1000.0).round(6),
        }
    ).sort_values("onset", kind="stable")
    row = run.recording.iloc[0]
    screen = screen_facts(
        run.study.settings.screen, row["display_width_px"], row["display_height_px"]
    )
    paths = [run.path("events.tsv"), run.path("beh.tsv")]
    write_tsv(paths[0], events)
    facts = run.task() | _STIMULUS_FACTS | {"StimulusPresentation": screen}
    write_json(sidecar_path(paths[0]), facts)
    more = [name for name in _OPTIONAL if trials[name].notna().any()]
    behaviour = trials[[*_BEHAVIOUR, *more]].rename(columns={"rt_ms": "response_time"})
    behaviour = behaviour.assign(response_time=(behaviour["response_time"] / 1000.0).round(6))
    write_tsv(paths[1], behaviour)
    described = {name: _BEHAVIOUR_FACTS[str(name)] for name in behaviour}
    write_json(sidecar_path(paths[1]), run.task() | described)
    return paths
