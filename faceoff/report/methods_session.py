"""The methods of the session: participants, stimuli, apparatus, procedure."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from faceoff.report.content import ReportSection
from faceoff.report.needs import need
from faceoff.report.wording import counted, listed, mean_and_range
from participants.register import read_participants
from stimuli.catalog import read_crops, read_manifest, read_splits
from stimuli.frames import screen_from
from study.folder import Study
from study.settings.experiment import ExperimentSettings

_PURPOSES = {"train": "for training", "validation": "for validation", "test": "for the test"}
_WITHOUT_PYGAZE = {"simulated", "mouse", "replay", "opengaze"}
_SETS = {
    "kdef": "the Karolinska Directed Emotional Faces [@lundqvist1998]",
    "synthetic": "faceoff's synthetic faces, drawn by a program",
}


def participants_section(study: Study) -> ReportSection:
    """Write who took part.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        One paragraph; what was not asked at registration is a gap.
    """
    need(study.participants_tsv, "participants add")
    people = read_participants(study)
    ages = (
        pd.to_numeric(people["age"], errors="coerce").dropna()
        if "age" in people
        else pd.Series(dtype=float)
    )
    age = f"Age: {mean_and_range(ages, 'years', 1)}" if len(ages) else "[Age]"
    facts = [_counts(people, column) for column in ("sex", "handedness", "vision")]
    ethics = study.settings.study.ethics_approvals
    simulated = (
        " The participants are simulated observers, so that what they do is known."
        if "simulated" in _of_sessions(study, "tracker")
        else ""
    )
    return ReportSection(
        "Participants",
        (
            f"{counted(len(people), 'participant')} took part. {age}. "
            + " ".join(f"{fact}." for fact in facts)
            + " [Recruitment, compensation, and how the size of the sample was chosen.] "
            + (
                f"The study was approved by {listed(ethics)}."
                if ethics
                else "[Ethics committee and number of its approval.]"
            )
            + simulated,
        ),
    )


def _counts(people: pd.DataFrame, column: str) -> str:
    """Count the answers to a question of the registration."""
    said = people[column].replace("n/a", None) if column in people else pd.Series(dtype=object)
    if said.dropna().empty:
        return f"[{column.capitalize()}]"
    answers = said.fillna("not said").value_counts()
    return f"{column.capitalize()}: {listed([f'{n} {name}' for name, n in answers.items()])}"


def _of_sessions(study: Study, name: str) -> list[str]:
    """List what the sessions' records say, without repetition."""
    records = study.sourcedata.glob("sub-*/ses-*/session.json")
    values = (json.loads(path.read_text(encoding="utf-8")).get(name) for path in records)
    return sorted({str(value) for value in values if value is not None})


def stimuli_section(study: Study) -> ReportSection:
    """Write which pictures were shown, and what served for what.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two paragraphs.
    """
    manifest, settings = read_manifest(study), study.settings.stimuli
    sets = [_SETS.get(name, f"the set {name}") for name in manifest["face_set"].unique()]
    screen = screen_from(study.settings.screen)
    return ReportSection(
        "Stimuli",
        (
            f"The pictures were taken from {listed(sets)}: {counted(len(manifest), 'picture')} of "
            f"{_actors(manifest)} with {manifest['expression'].nunique()} expressions. Each was "
            f"{_crop_text(study, manifest)}, and shown at {settings.picture_px} x "
            f"{settings.picture_px} px "
            f"({screen.width_deg(settings.picture_px):.1f} degrees of visual angle).",
            _splits_text(study, manifest),
        ),
    )


def _actors(manifest: pd.DataFrame) -> str:
    """Count who is shown, by sex where the set says it."""
    actors = manifest.dropna(subset=["actor"]).drop_duplicates("actor")
    if actors.empty:
        return "people whom the set does not name,"
    sexes = actors["sex"].dropna().value_counts()
    by_sex = f" ({listed([f'{n} {sex}' for sex, n in sexes.items()])})" if len(sexes) else ""
    return f"{counted(len(actors), 'actor')}{by_sex}"


def _crop_text(study: Study, manifest: pd.DataFrame) -> str:
    """Say what part of a picture was shown, and how it was lit."""
    settings, method = study.settings.stimuli, read_crops(study)["method"].iloc[0]
    real = "synthetic" not in set(manifest["face_set"])
    landmarks = " found by MediaPipe [@lugaresi2019]" if real else ""
    whose = "the set's median landmarks" if settings.face_set == "kdef" else "its own landmarks"
    crops = {
        "landmarks": "cropped to a square around the face, "
        f"{settings.crop_factor:g} times the distance from eyes to mouth wide, placed by "
        f"{whose}{landmarks}",
        "fixed": f"cropped to a square of {settings.crop_side_px} px at a fixed place",
        "whole": "taken whole, made square where it was not",
    }
    light = {
        "equalised": ", its histogram of grey levels made flat",
        "adaptive": ", its light evened out in parts (CLAHE)",
    }
    crop, _, evened = str(method).partition(", ")
    return crops[crop] + light.get(evened, "")


def _splits_text(study: Study, manifest: pd.DataFrame) -> str:
    """Say which pictures were shown to people and which to the network."""
    named = manifest.merge(read_splits(study), on="image_id")
    texts = []
    for split, purpose in _PURPOSES.items():
        rows = named[named["split"] == split]
        if len(rows):
            n_actors = rows["actor"].nunique()
            of_actors = f" of {counted(n_actors, 'actor')}" if n_actors else ""
            texts.append(f"{counted(len(rows), 'picture')}{of_actors} {purpose}")
    judged = (
        "People saw the test pictures, on which the network was judged, too."
        if study.sourcedata.is_dir()
        else "The network was judged on the test pictures."
    )
    return f"{judged} There were {listed(texts)}. {_apart_text(study)}."


def _apart_text(study: Study) -> str:
    """Say whether the network knew the people of the test."""
    settings = study.settings.stimuli
    if settings.split_by == "picture":
        return (
            "Pictures were drawn whoever they show, so that people of the test pictures were in "
            "the training, too"
        )
    if settings.split_by == "set":
        return "The split is that of the set itself, and people may be in the test and the training"
    if settings.split_by == "test_actors" and settings.validation_by == "picture":
        return (
            "No actor of the test served for training; validation pictures were drawn from the "
            "others, whoever they show"
        )
    return "No actor of the test served for training or validation"


def apparatus_section(study: Study) -> ReportSection:
    """Write with what gaze was recorded and how well, as the reporting guideline asks.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two paragraphs.
    """
    trackers = set(_of_sessions(study, "tracker")) if _plans(study) else set()
    pygaze = " and PyGaze [@dalmaijer2014]" if trackers - _WITHOUT_PYGAZE else ""
    shown = (
        f"The experiment was run by faceoff with PsychoPy [@peirce2019]{pygaze}."
        if trackers
        else "[Program that showed the pictures.]"
    )
    recording = _recording_text(study)
    adaptive = (
        " The detector 'adaptive' adapts its velocity thresholds to the noise [@nystrom2010]."
        if "detector adaptive" in recording
        else ""
    )
    return ReportSection(
        "Apparatus and recording",
        (
            f"{recording}{adaptive}",
            f"{shown} The items of the reporting guideline [@dunn2023] are answered in the "
            "appendix.",
        ),
    )


def _recording_text(study: Study) -> str:
    """Give the paragraph on the tracker, which the step that measures quality has written."""
    path = study.gaze_dir / "quality" / "methods.txt"
    need(path, "gaze quality")
    return path.read_text(encoding="utf-8").strip()


def procedure_section(study: Study) -> ReportSection | None:
    """Write how a session and a trial went.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        Two paragraphs; None where faceoff did not run the sessions.
    """
    plans = _plans(study)
    if not plans:
        return None
    trials = [json.loads(path.read_text(encoding="utf-8"))["trials"] for path in plans]
    return ReportSection("Procedure", (_session_text(study, trials), _trial_text(study)))


def _plans(study: Study) -> list[Path]:
    """List the plans of the sessions that faceoff ran; imported ones have none."""
    return sorted(study.sourcedata.glob("sub-*/ses-*/plan.json"))


def _session_text(study: Study, plans: list[list[dict[str, Any]]]) -> str:
    """Say blocks, practice, orders and keys."""
    people, experiment = study.settings.participants, study.settings.experiment
    main = sorted({sum(trial["phase"] != "practice" for trial in plan) for plan in plans})
    counts = " or ".join(map(str, main))
    practice = (
        f" {people.practice_trials} practice trials with feedback, on pictures of other actors, "
        f"came first, in at most {counted(people.practice_rounds, 'round')}"
        + (
            f" until {100 * people.practice_criterion:.0f} % of the answers were right"
            if people.practice_criterion and people.practice_rounds > 1
            else ""
        )
        + "."
        if people.practice_trials
        else ""
    )
    keys = (
        "named by keys, whose assignment was moved on by one expression from participant to "
        "participant"
        if experiment.answer == "keys" and people.rotate_keys
        else "named by keys" if experiment.answer == "keys" else "named by a click on a label"
    )  # fmt: skip
    breaks = {
        "validate": ", after which the calibration was validated",
        "calibrate": ", after which the tracker was calibrated anew",
        "nothing": "",
    }[experiment.calibration.after_breaks]
    return (
        f"A session had {counts} trials in {counted(people.blocks, 'block')} with breaks between "
        f"them{breaks}.{practice} Expressions were {keys}. The order of the trials was drawn with "
        "the study's seed before the first trial; no actor came twice in a row, and expressions "
        "were balanced over blocks."
    )


def _trial_text(study: Study) -> str:
    """Say what happens in a trial, one condition after the other."""
    experiment, gap = study.settings.experiment, study.settings.participants.fixation_gap_deg
    start = {
        "drift_check": "a drift check",
        "gate": f"fixation within {experiment.gate.radius_deg:g} degrees of the target for "
        f"{experiment.gate.dwell_ms:g} ms",
    }[experiment.start]
    general = (
        f"Each trial began with {start}. A fixation target stood {gap:g} degrees beside the place "
        f"of the face, left or right, for {experiment.fixation_ms:g} ms. {_face_text(experiment)} "
        f"Between two trials the screen was empty for {experiment.pause_ms:g} ms."
    )
    own = [
        f" In the condition {name}: {_face_text(experiment.in_condition(name))}"
        for name in experiment.conditions
    ]
    sure = (
        f" After each answer, participants said how sure they were, from 1 to "
        f"{experiment.confidence_levels}."
        if experiment.confidence_levels
        else ""
    )
    return general + "".join(own) + sure


def _face_text(experiment: ExperimentSettings) -> str:
    """Say how long the face was seen and when an answer counted."""
    mask = f", then noise for {experiment.mask_ms:g} ms" if experiment.mask_ms else ""
    shown = (
        f"The face was shown for {experiment.face_ms:g} ms{mask}"
        if experiment.face_ms
        else "The face was shown until the answer"
    )
    late = ", and answers counted once it had gone" if experiment.free_viewing else ""
    limit = (
        f", within {experiment.response_limit_ms:g} ms of its onset"
        if experiment.response_limit_ms
        else ", without a limit of time"
    )
    return f"{shown}{late}{limit}."
