"""Events of all sessions by trial, and their fixations on pictures: the step gaze events."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gaze_analysis.behaviour_join import UNMATCHED_COLUMNS, unmatched_rows
from gaze_analysis.degrees import warn_of_degrees
from gaze_analysis.exclusions import (
    EXCLUSION_COLUMNS,
    PARTICIPANT_EXCLUSION_COLUMNS,
    REASONS,
    exclusions,
    exclusions_by_participant,
    judge_fixations,
    judge_trials,
)
from gaze_analysis.fixations import FIXATION_COLUMNS, on_target, trial_fixations
from gaze_analysis.importing import (
    Session,
    messages_path,
    recorded_sessions,
    rows_by_session,
    samples_path,
)
from gaze_analysis.picture_place import PicturePlaces, fixation_frame
from gaze_analysis.quality_tables import read_samples
from gaze_analysis.session_events import say_detectors, session_events
from gaze_analysis.session_quality import recorded_eyes
from gaze_analysis.session_trials import TRIAL_COLUMNS, session_trials
from gaze_analysis.trial_content import RECT
from gaze_analysis.trial_quality import with_trial_quality
from gaze_analysis.trials import UnmatchedPatternError, frequent_messages
from stimuli.catalog import MANIFEST_COLUMNS, read_manifest
from stimuli.frames import screen_from
from study.errors import InputError
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.settings.gaze_recordings import ExclusionSettings
from study.tables import read_table, stacked, write_table

EVENT_COLUMNS = {
    "participant_id": "Whose event it is.",
    "session": "Label of the session.",
    "part": "Which file of the session, from 1; each has a clock of its own.",
    "trial": "Trial in which it begins; n/a between trials.",
    "event": "fixation, saccade or blink; with some detectors also pso (post-saccadic "
    "oscillation) and pursuit.",
    "eye": "left or right; unknown where an export gives one gaze point for both.",
    "onset_ms": "Stamp of its first sample, in milliseconds of the tracker's clock.",
    "offset_ms": "Stamp of its last sample.",
    "duration_ms": "offset - onset + one sample, as EyeLink has it.",
    "x_px": "Mean (fixation) or first (saccade) position, screen pixels from the left.",
    "y_px": "The same from the top.",
    "x_end_px": "Last position of a saccade, screen pixels from the left.",
    "y_end_px": "The same from the top.",
    "amplitude_deg": "Amplitude of a saccade in degrees, as the tracker or detector says.",
    "peak_velocity_deg_s": "Peak velocity of a saccade in degrees per second.",
    "pupil": "Mean pupil of a fixation, area or diameter in the tracker's units.",
    "detector": "What found it: eyelink or tobii (the tracker or its program itself), export (an "
    "imported table), or a method of [gaze.events].",
}
_JUDGED = {
    "data_loss": "Share of the epoch's expected samples of this eye that have no position.",
    "accuracy_deg": "Mean error of the last validation of this eye before the onset, in degrees.",
    "included": "Whether its fixations may enter maps and statistics.",
    "reason": "Why they do not.",
}
_FLAGS = ("begun_before", "goes_on", "near_blink", "on_target")


def make_events(study: Study) -> None:
    """Write trials, events, fixations, exclusions and what did not match, of all sessions.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If nothing was imported, a session's behaviour is wrong, or a pattern of [gaze.trials]
        matches nothing in any recording.
    """
    sessions = recorded_sessions(study)
    if not sessions:
        raise InputError(
            "Events need recordings, but none is in sourcedata. "
            "Name some: faceoff gaze import FILES."
        )
    manifest = _manifest(study)
    trials, events, fixations, unmatched = _of_all_sessions(study, sessions, manifest)
    _refuse_patterns(unmatched, sessions)
    rules = study.settings.gaze.exclude
    trials = judge_trials(trials, rules)
    places = PicturePlaces(study, manifest, fixation_frame(study, trials))
    fixations = _rounded(places.to_picture(fixations))
    fixations = _judged(fixations, trials, rules)[list(FIXATION_COLUMNS)]
    excluded = exclusions(fixations, trials)
    by_person = exclusions_by_participant(fixations, trials)
    for name, frame, columns in (
        ("trials", trials, _described(trials)),
        ("events", events, EVENT_COLUMNS),
        ("fixations", fixations, FIXATION_COLUMNS),
        ("exclusions", excluded, EXCLUSION_COLUMNS),
        ("exclusions_by_participant", by_person, PARTICIPANT_EXCLUSION_COLUMNS),
        ("unmatched", unmatched, UNMATCHED_COLUMNS),
    ):
        write_table(study.gaze_dir / f"{name}.tsv", frame, columns)
    say_detectors(events, study.settings.gaze.events)
    _say_events(study, trials, fixations, excluded)
    _say_unmatched(unmatched)
    warn_of_degrees(study)


def _judged(
    fixations: pd.DataFrame, trials: pd.DataFrame, rules: ExclusionSettings
) -> pd.DataFrame:
    """Say which fixations are left out, and which would be if every answer were taken."""
    lenient = rules.model_copy(update={"wrong_answers": False})
    of_any = judge_fixations(fixations, judge_trials(trials, lenient), lenient)["included"]
    return judge_fixations(fixations, trials, rules).assign(included_any_answer=of_any)


def _of_all_sessions(
    study: Study, sessions: list[Session], manifest: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    """Make trials, events, fixations and what did not match of each session, and stack them."""
    overviews = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what="The overview of recordings (faceoff gaze import)",
            columns=dict.fromkeys(("participant_id", "session", *texts), str),
        )
        for name, texts in (("blocks", ("eyes", "file")), ("validations", ("eye",)))
    }
    split = [rows_by_session(table, sessions) for table in overviews.values()]
    results = parallel_map(
        _SessionEvents(study, manifest),
        list(zip(sessions, *split, strict=True)),
        description="events of sessions",
        execution=study.settings.execution,
    )
    return tuple(stacked([result[i] for result in results]) for i in range(4))


def _described(trials: pd.DataFrame) -> dict[str, str]:
    """Describe the columns of trials, the variables of recording and behaviour among them."""
    known = TRIAL_COLUMNS | _JUDGED
    return known | {
        name: f"Trial variable {name.removeprefix('var_')}, as recording or behaviour say."
        for name in trials.columns
        if name not in known
    }


def _refuse_patterns(unmatched: pd.DataFrame, sessions: list[Session]) -> None:
    """Refuse a pattern that matched nothing in any session; one session may have been cut short."""
    wrong = unmatched[unmatched["reason"].str.startswith("[gaze.trials]")]
    if len(wrong) == len(sessions):
        first = wrong.iloc[0]
        name = f"{first['participant_id']}_ses-{first['session']}"
        raise InputError(f"{name}: {first['reason']}")


def _manifest(study: Study) -> pd.DataFrame:
    """Read the study's pictures by their names; an empty table where none are registered."""
    if not study.manifest_tsv.is_file():
        return pd.DataFrame(columns=list(MANIFEST_COLUMNS)).set_index("image_id")
    return read_manifest(study).set_index("image_id")


def _rounded(fixations: pd.DataFrame) -> pd.DataFrame:
    """Leave more digits than any tracker resolves."""
    numbers = (name for name in fixations.columns if name.endswith(("_px", "_ms")))
    return fixations.round(dict.fromkeys(numbers, 3))


@dataclass(frozen=True)
class _SessionEvents:
    """Makes the tables of one session in a worker."""

    study: Study
    manifest: pd.DataFrame

    def __call__(
        self, work: tuple[Session, pd.DataFrame, pd.DataFrame]
    ) -> tuple[pd.DataFrame, ...]:
        session, blocks, validations = work
        raw = session_events(self.study, session)
        messages = pd.read_parquet(messages_path(self.study, session.name))
        samples = read_samples(samples_path(self.study, session.name))
        # A recording without its header does not say which eyes it is of.
        eyes = " ".join(recorded_eyes(samples) or sorted(raw["eye"].unique()))
        blocks = blocks.assign(eyes=blocks["eyes"].replace("", None).fillna(eyes))
        trials, unmatched = self._trials(session, messages, blocks, validations)
        screen = screen_from(self.study.settings.screen)
        trials = with_trial_quality(trials, samples, blocks, validations, screen)
        events = events_of_trials(raw, trials).assign(
            participant_id=session.participant_id, session=session.session
        )
        rules = self.study.settings.gaze.exclude
        fixations = trial_fixations(raw, trials, rules)
        target = on_target(fixations, trials, screen, rules.target_radius_deg)
        fixations = fixations.assign(on_target=target)
        wanted = [name for name in (*FIXATION_COLUMNS, *RECT, *_FLAGS) if name in fixations]
        return trials, events[list(EVENT_COLUMNS)], fixations[wanted], unmatched

    def _trials(
        self,
        session: Session,
        messages: pd.DataFrame,
        blocks: pd.DataFrame,
        validations: pd.DataFrame,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Find the session's trials; none, with the reason, where a pattern matches nothing."""
        try:
            return session_trials(self.study, session, messages, blocks, validations, self.manifest)
        except UnmatchedPatternError as error:
            row = unmatched_rows("recording", [{}], str(error)).assign(
                participant_id=session.participant_id, session=session.session
            )
            none = pd.DataFrame(columns=list(TRIAL_COLUMNS))
            return none, row[list(UNMATCHED_COLUMNS)]


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


def _say_events(
    study: Study, trials: pd.DataFrame, fixations: pd.DataFrame, excluded: pd.DataFrame
) -> None:
    """Say what was found and what is left out."""
    _say_trials(study, trials)
    n_included = int(fixations["included"].sum())
    counts = excluded.set_index("reason")["n_fixations"]
    left_out = ", ".join(f"{counts[reason]} {reason}" for reason in REASONS if counts[reason])
    say(
        f"{len(trials)} trials, {int(trials['included'].sum())} of them included; "
        f"{len(fixations)} fixations in their epochs, {n_included} included; "
        f"left out: {left_out or 'none'}"
    )
    if study.settings.gaze.exclude.max_error_deg > 0:
        errors = trials.groupby("participant_id")["accuracy_deg"].mean()
        if errors.isna().any():
            names = ", ".join(errors.index[errors.isna()][:5])
            say(f"warning: max_error_deg leaves nobody out who has no validation: {names}")
    unknown = fixations["reason"] == "picture not known"
    if unknown.any():
        say(
            f"warning: for {int(unknown.sum())} fixations the recordings do not say which picture "
            "was shown where (!V IMGLOAD with place and size): they have a place on the screen "
            "alone. Settings: picture, picture_x_px and so on in [gaze.trials]; for reports, "
            "columns.image and picture_place or picture_x_px in [gaze.report]"
        )


def _say_trials(study: Study, trials: pd.DataFrame) -> None:
    """Say where trials were cut without a message, and which message would be there."""
    found = trials[trials["start_ms"].notna()]
    cut = found[found["start_message"].isna()]
    if len(cut):
        first = cut.iloc[0]
        name = f"{first['participant_id']}_ses-{first['session']}"
        texts = pd.read_parquet(messages_path(study, name), columns=["text"])["text"]
        say(
            f"warning: {len(cut)} trials are recording blocks, for no message begins a trial "
            f"(TRIALID, start_trial); the most frequent in {name} are {frequent_messages(texts)}. "
            "Setting: start in [gaze.trials]"
        )
    for edge, instead in (("onset", "trial's start"), ("offset", "trial's end")):
        n_missing = int((found[f"{edge}_message"].isna() & found[f"face_{edge}_ms"].notna()).sum())
        if n_missing:
            say(
                f"in {n_missing} of {len(found)} trials no message marks the picture's {edge}: "
                f"the {instead} does"
            )


def _say_unmatched(unmatched: pd.DataFrame) -> None:
    """Count what did not match, by its reason."""
    for reason, own in unmatched.groupby("reason", sort=False):
        where = ", ".join(sorted({str(name) for name in own["participant_id"]})[:5])
        say(f"warning: {len(own)} in unmatched.tsv ({where}): {own['side'].iloc[0]}, {reason}")
