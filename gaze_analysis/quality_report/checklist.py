"""The reporting checklist: what guidelines ask, filled from the study as far as it knows.

The items are those of Dunn et al. (2023), Minimal reporting guideline for research involving eye
tracking, Behavior Research Methods 56, 4351-4357 (A1 to C1), and the aspects common to all studies
of Holmqvist et al. (2022), Behavior Research Methods 55, 364-416, table 7 (1 to 9), in words of
faceoff's own.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import pandas as pd

from gaze_analysis.quality_report.facts import StudyFacts, analysis_versions
from gaze_analysis.quality_report.methods import methods_text
from study.pages import render_page, table_html

CHECKLIST_COLUMNS = {
    "dunn_2023": "Item of Dunn et al. (2023); n/a where it asks nothing",
    "holmqvist_2022": "Aspect of Holmqvist et al. (2022), table 7; n/a where it asks nothing",
    "topic": "What it is about",
    "asked": "What is to be reported",
    "answer": "What the study itself tells",
    "author": "What the author has to fill in; n/a where nothing is left",
    "status": "filled, partly, or author where the study tells nothing",
}
RETRACTED = (
    "Holmqvist et al. (2022) was retracted by the journal on 16 November 2023 (retraction note "
    "doi.org/10.3758/s13428-023-02285-0); its list is here because studies are still read "
    "by it. Cite Dunn et al. (2023), doi.org/10.3758/s13428-023-02187-1."
)


@dataclass(frozen=True)
class _Item:
    """One item: where it is asked, what it asks, how it is filled and what is left."""

    dunn: str | None
    holmqvist: str | None
    topic: str
    asked: str
    answer: Callable[[StudyFacts], str]
    author: str | None = None


def _nothing(facts: StudyFacts) -> str:
    """Know nothing."""
    return ""


def _joined(*texts: str) -> str:
    """Put what is known together."""
    return "; ".join(text for text in texts if text)


def _tracker(facts: StudyFacts) -> str:
    return "; ".join(facts.of_recordings("tracker"))


def _versions(facts: StudyFacts) -> str:
    recorded = _tracker(facts)
    return _joined(
        f"recorded with {recorded}" if recorded else "", f"analysed with {analysis_versions()}"
    )


def _technology(facts: StudyFacts) -> str:
    method = facts.method()
    return f"video-based, dark pupil ({method}); digital gaze coordinates" if method else ""


def _sampling(facts: StudyFacts) -> str:
    rates, effective = facts.rates(), facts.spread("effective_rate_hz", digits=1)
    measured = f"samples with gaze per second of recording: {effective}" if effective else ""
    return _joined(f"{rates} nominal" if rates else "", measured)


def _eyes(facts: StudyFacts) -> str:
    eyes = facts.of_recordings("eye")
    used = facts.gaze.get("eye", "best")
    rule = {"best": "the eye with the smaller validation error"}.get(used, f"the {used} eye")
    text = f"recorded: {', '.join(eyes)}"
    return f"{text}; analysed of two: {rule}" if "both" in eyes else text


def _parameters(facts: StudyFacts) -> str:
    gaze, pupils = facts.of_recordings("gaze"), facts.of_recordings("pupil")
    texts = []
    if any("px" in kind for kind in gaze):
        texts.append(
            "gaze on the screen in pixels, from its top left corner, to the right and down"
        )
    if any("href" in kind for kind in gaze):
        texts.append("head-referenced gaze (15000 units from the eye)")
    if pupils:
        texts.append(f"pupil {' or '.join(pupils)} in the tracker's own unit")
    return "; ".join(texts)


def _calibration(facts: StudyFacts) -> str:
    targets, rows = facts.targets(), facts.validations
    done = rows[rows["error_avg_deg"].notna()]
    results = ", ".join(f"{n} {name}" for name, n in done["result"].value_counts().items())
    used = int((done["n_blocks"] > 0).sum())
    n_checks = int(facts.quality["n_drift_checks"].sum())
    return _joined(
        f"the tracker's own procedure: {targets}" if targets else "",
        f"{len(done)} validations of eyes carried through ({results}), {used} of them in use when "
        "recording began" if len(done) else "",
        f"{n_checks} drift checks or corrections" if n_checks else "",
    )  # fmt: skip


def _uncertainty(facts: StudyFacts) -> str:
    texts = {
        "accuracy, the mean error of the validations in use": facts.spread("accuracy_deg"),
        "precision RMS-S2S": facts.spread("rms_s2s_deg", digits=3),
        "SD": facts.spread("sd_deg", digits=3),
    }
    known = "; ".join(f"{name} {text} deg" for name, text in texts.items() if text)
    area = facts.spread("bcea_deg2", digits=4)
    drift = facts.spread("accuracy_change_deg")
    return _joined(
        known,
        f"BCEA (68.27 %) {area} square degrees" if area else "",
        f"change of the error from the first to the last validation {drift} deg" if drift else "",
        "precision within fixations, median over a session's fixations, then mean over sessions "
        f"(analysed eye); computed with faceoff {metadata.version('faceoff')}" if known else "",
    )  # fmt: skip


def _processing(facts: StudyFacts) -> str:
    return _joined(
        facts.filters(),
        f"events: {facts.detection()}",
        "pixels to degrees by arctangent",
        f"fixations kept by these rules: {facts.exclusion_rules()}",
    )


def _loss(facts: StudyFacts) -> str:
    every = facts.spread("data_loss", 100, 1)
    if not every:
        return ""
    return (
        f"{every} % of the expected samples, of which in blinks "
        f"{facts.spread('data_loss_blink', 100, 1)} % and outside them "
        f"{facts.spread('data_loss_other', 100, 1)} %; expected from the recorded time and the "
        "sampling rate, block by block"
    )


def _exclusions(facts: StudyFacts) -> str:
    counts = facts.exclusion_counts()
    return _joined(f"rules: {facts.exclusion_rules()}", f"left out: {counts}" if counts else "")


_ITEMS = (
    _Item("A1", "1", "Manufacturer and model", "who made the tracker, which model it is", _tracker,
          "the model by its commercial name, the manufacturer's city and country"),
    _Item("A2", "8", "Software and firmware",
          "versions of what recorded, presented and analysed", _versions,
          "name and version of the program that showed the stimuli"),
    _Item("A3", "1", "Technology", "how eye or gaze direction is measured, and what kind of "
          "signal comes out", _technology),
    _Item("A4", "2", "Sampling frequency", "native frequency; that determined from the recordings "
          "is better; whether intervals are irregular", _sampling),
    _Item("A5", "3", "Head movement", "whether the head was free or held, and by what",
          StudyFacts.mounts, "chin rest, forehead rest or other support"),
    _Item("A6", None, "Eyes recorded", "one eye (which) or both", _eyes),
    _Item("A7", None, "Parameters recorded", "what was recorded, in which coordinates, units, "
          "origin and direction", _parameters),
    _Item("A8", "4", "Environment", "lighting and surroundings of the recording", _nothing,
          "how bright the room was (lux), windows, noise, who was present"),
    _Item("A9", None, "Calibration", "method, targets (number, look, positions, duration), the "
          "participant's task, how it was validated and accepted, checks on the way, when it was "
          "done again", _calibration,
          "look, size and colour of the targets; the criteria for acceptance and recalibration"),
    _Item("A10", "6", "Measurement uncertainty", "accuracy and precision of the analysed signal, "
          "with their measures and the software that computed them", _uncertainty),
    _Item("A11", "7", "Data processing", "every step from the signal to the measures with its "
          "parameters: filters, velocity, events, regions", _processing,
          "thresholds of the tracker's event parser, if its own events are used; regions of "
          "interest, if there are any"),
    _Item("A12", "6", "Data loss", "share of samples lost, also that in blinks, or the effective "
          "frequency; how it was computed", _loss),
    _Item("B1", None, "Latencies", "for gaze-contingent displays and combined devices: latency "
          "and synchronisation", _nothing, "end-to-end latency, or that it does not matter here"),
    _Item("C1", "3", "Screen and distance", "distance of the eyes to the screen, its size and, "
          "if need be, orientation and geometry", StudyFacts.screen_text),
    _Item(None, "5", "Instruction", "what participants were told", _nothing,
          "the instruction in its words"),
    _Item(None, "9", "Exclusion", "criteria before and after recording, and how much they left "
          "out", _exclusions, "criteria before recording (vision, make-up, failed calibration), "
          "and how many people they turned away"),
)  # fmt: skip


def checklist_table(facts: StudyFacts) -> pd.DataFrame:
    """Fill the checklist.

    Parameters
    ----------
    facts : StudyFacts
        What the study knows.

    Returns
    -------
    pandas.DataFrame
        The columns of `CHECKLIST_COLUMNS`, one row for each item.
    """
    rows = []
    for item in _ITEMS:
        answer = item.answer(facts)
        author = item.author if answer else item.author or item.asked
        status = "author" if not answer else "partly" if author else "filled"
        rows.append(
            (item.dunn, item.holmqvist, item.topic, item.asked, answer or None, author, status)
        )
    return pd.DataFrame(rows, columns=list(CHECKLIST_COLUMNS))


def checklist_markdown(checklist: pd.DataFrame, facts: StudyFacts) -> str:
    """Write the checklist and the methods paragraph as Markdown.

    Parameters
    ----------
    checklist : pandas.DataFrame
        The filled checklist.
    facts : StudyFacts
        What the study knows.

    Returns
    -------
    str
        Markdown.
    """
    lines = ["# Eye tracking: reporting checklist", "", RETRACTED, ""]
    lines += ["## Text for the methods section", "", methods_text(facts), "", "## Items", ""]
    for _, row in checklist.iterrows():
        places = [
            f"{name} {row[column]}"
            for name, column in (("Dunn", "dunn_2023"), ("Holmqvist", "holmqvist_2022"))
            if pd.notna(row[column])
        ]
        lines += [f"### {row['topic']} ({', '.join(places)})", "", f"*Asked:* {row['asked']}.", ""]
        if pd.notna(row["answer"]):
            lines += [f"{row['answer']}.", ""]
        if pd.notna(row["author"]):
            lines += [f"**To be filled in by the author:** {row['author']}.", ""]
    return "\n".join(lines)


def checklist_page(title: str, checklist: pd.DataFrame, facts: StudyFacts) -> str:
    """Make the page of the checklist.

    Parameters
    ----------
    title : str
        The study's name.
    checklist : pandas.DataFrame
        The filled checklist.
    facts : StudyFacts
        What the study knows.

    Returns
    -------
    str
        HTML.
    """
    signs = {"filled": "✓\u00a0filled", "partly": "◐\u00a0partly", "author": "✎\u00a0author"}
    known = (
        checklist["answer"].fillna("").map(lambda text: f"{html.escape(text)}. " if text else "")
    )
    to_do = (
        checklist["author"]
        .fillna("")
        .map(
            lambda text: (
                f"<b>To be filled in by the author:</b> {html.escape(text)}." if text else ""
            )
        )
    )
    shown = pd.DataFrame(
        {
            "item": checklist["dunn_2023"].fillna(""),
            "aspect": checklist["holmqvist_2022"].fillna(""),
            "topic": checklist["topic"],
            "asked": checklist["asked"],
            "study": known + to_do,
            "status": checklist["status"].map(signs),
        }
    )
    return render_page(
        "gaze_analysis.quality_report",
        "checklist.html.jinja",
        title=title,
        counts=checklist["status"].value_counts().to_dict(),
        n_items=len(checklist),
        methods=methods_text(facts),
        retracted=RETRACTED,
        items=table_html(shown, markup=("study",)),
        version=metadata.version("faceoff"),
    )
