"""A paragraph on eye tracking for a methods section, with every number from the study."""

import pandas as pd

from gaze_analysis.quality_report.facts import StudyFacts, analysis_versions


def methods_text(facts: StudyFacts) -> str:
    """Write the paragraph.

    Parameters
    ----------
    facts : StudyFacts
        What the study knows.

    Returns
    -------
    str
        Text; what the author has to add stands in square brackets.
    """
    sentences = (
        _recording(facts), _setting(facts), _calibration(facts), _precision(facts), _loss(facts),
        _events(facts),
    )  # fmt: skip
    return " ".join(sentence for sentence in sentences if sentence)


def _recording(facts: StudyFacts) -> str:
    """Say what recorded which eyes how often."""
    trackers = " and ".join(facts.of_recordings("tracker")) or "[tracker and its version]"
    counted = pd.Series([session.recording["eye"] for session in facts.sessions]).value_counts()
    names = {eye: "both eyes" if eye == "both" else f"the {eye} eye" for eye in counted.index}
    eyes = ", ".join(
        f"{names[eye]} ({n} sessions)" if len(counted) > 1 else names[eye]
        for eye, n in counted.items()
    )
    rates = facts.rates() or "[sampling rate]"
    method = f" ({facts.method()})" if facts.method() else ""
    return (
        f"Gaze of {eyes or '[eyes]'} was recorded at {rates} with {trackers} [manufacturer, city, "
        f"country]{method} in {facts.n_sessions} sessions of {facts.n_participants} participants."
    )


def _setting(facts: StudyFacts) -> str:
    """Say head support, screen and room."""
    mounts = facts.mounts()
    support = "[chin rest or other support]"
    head = f"Set-up: {mounts} {support}." if mounts else f"[Mount] {support}."
    return f"{head} The screen measured {facts.screen_text()}. [Lighting of the room.]"


def _calibration(facts: StudyFacts) -> str:
    """Say how the tracker was calibrated, and how well."""
    accuracy = facts.spread("accuracy_deg")
    if not accuracy:
        return "[Calibration: targets, validation, acceptance; accuracy is not in the recordings.]"
    targets = facts.targets()
    largest = facts.spread("accuracy_max_deg")
    drift = facts.spread("accuracy_change_deg")
    change = f" From the first validation to the last it changed by {drift} deg." if drift else ""
    return (
        f"The tracker was calibrated and validated by its own procedure ({targets}) [criteria for "
        f"acceptance and recalibration]. The mean error of the validations in use was {accuracy} "
        f"deg over sessions (analysed eye), the largest error at a target {largest} deg.{change}"
    )


def _precision(facts: StudyFacts) -> str:
    """Say how precise gaze was."""
    rms = facts.spread("rms_s2s_deg", digits=3)
    if not rms:
        return ""
    return (
        f"Precision within fixations (median of each session) was {rms} deg as root mean square "
        f"of sample-to-sample angles, {facts.spread('sd_deg', digits=3)} deg as standard deviation "
        f"and {facts.spread('bcea_deg2', digits=4)} square degrees as bivariate contour ellipse "
        "area (68.27 %)."
    )


def _loss(facts: StudyFacts) -> str:
    """Say how much was lost."""
    every = facts.spread("data_loss", 100, 1)
    if not every:
        return ""
    return (
        f"Of the samples expected from the recorded time and the sampling rate, {every} % had no "
        f"gaze: {facts.spread('data_loss_blink', 100, 1)} % in blinks and "
        f"{facts.spread('data_loss_other', 100, 1)} % outside them; the effective sampling rate "
        f"was {facts.spread('effective_rate_hz', digits=0)} Hz."
    )


def _events(facts: StudyFacts) -> str:
    """Say where events come from, and what was left out."""
    counts, kept = facts.exclusion_counts(), facts.kept()
    left_out = f" Left out were: {counts}." if counts else ""
    return (
        f"Fixations, saccades and blinks are {facts.detection()}.{left_out}{kept} Quality was "
        "computed "
        f"with {analysis_versions()}, and is reported as Dunn et al. (2023) ask."
    )
