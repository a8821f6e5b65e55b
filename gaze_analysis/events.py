"""Events of all sessions by trial, and their fixations on pictures: the step gaze events."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gaze_analysis.fixations import (
    EXCLUSION_COLUMNS,
    FIXATION_COLUMNS,
    REASONS,
    exclusions,
    judge,
    trial_fixations,
)
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
from study.tables import read_table, write_table

EVENT_COLUMNS = {
    "participant_id": "Whose event it is.",
    "session": "Label of the session.",
    "part": "Which file of the session, from 1; each has a clock of its own.",
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
