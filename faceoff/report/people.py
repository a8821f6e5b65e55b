"""Who took part, and how good the recordings are."""

import pandas as pd

from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from participants.register import read_participants
from study.figures import ORANGE, PEOPLE, SKY_BLUE, new_figure
from study.folder import Study
from study.tables import read_table

_QUALITY = {
    "participant_id": str,
    "session": str,
    "analysed": bool,
    "accuracy_deg": float,
    "rms_s2s_deg": float,
    "sd_deg": float,
    "data_loss": float,
    "data_loss_blink": float,
    "effective_rate_hz": float,
}


def people_section(study: Study) -> ReportSection:
    """Say who took part, without anything that tells who they are.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A paragraph and a table.
    """
    people = read_participants(study)
    sessions = study.sessions()
    ages = pd.to_numeric(people["age"], errors="coerce")
    text = f"{len(people)} participants are registered; {len(sessions)} sessions have begun."
    if ages.notna().any():
        text += f" Age {ages.min():.0f} to {ages.max():.0f} years (mean {ages.mean():.1f})."
    counts = [
        {"answer": f"{column}: {value}", "participants": int(count)}
        for column in ("sex", "handedness", "vision")
        if column in people
        for value, count in people[column].value_counts().items()
    ]
    caption = "What participants said at registration."
    table = ReportTable("participants", caption, pd.DataFrame(counts))
    return ReportSection("Participants", (text,), tables=(table,))


def quality_section(study: Study) -> ReportSection:
    """Show accuracy, precision and data loss of each recording.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A figure and a table.
    """
    quality = read_table(
        study.gaze_dir / "quality.tsv", what="The quality (faceoff gaze quality)", columns=_QUALITY
    )
    quality = quality[quality["analysed"].astype(bool)].reset_index(drop=True)
    figure = new_figure(height_cm=max(5.0, 2.0 + 0.3 * len(quality)))
    axes = figure.subplots(1, 3, sharey=True)
    names = quality["participant_id"] + " " + quality["session"]
    rows = range(len(quality))
    axes[0].plot(quality["accuracy_deg"], rows, "o", ms=4, color=PEOPLE)
    axes[0].set(xlabel="accuracy (deg)", xlim=(0, None))
    axes[0].set_yticks(rows, names)
    axes[0].invert_yaxis()
    axes[1].plot(quality["rms_s2s_deg"], rows, "o", ms=4, color=PEOPLE, label="RMS-S2S")
    axes[1].plot(quality["sd_deg"], rows, "s", ms=4, color=ORANGE, label="SD")
    axes[1].set(xlabel="precision (deg)", xlim=(0, None))
    axes[1].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    blink, every = 100 * quality["data_loss_blink"], 100 * quality["data_loss"]
    axes[2].barh(rows, blink, color=SKY_BLUE, label="blinks")
    axes[2].barh(rows, every - blink, left=blink, color=ORANGE, label="other")
    axes[2].set(xlabel="data loss (%)")
    axes[2].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    caption = (
        "Each recording: mean validation error, precision within fixations (medians), and share "
        "of samples without gaze."
    )
    summary = quality[list(_QUALITY)[3:]].agg(["mean", "std", "min", "max"])
    frame = summary.T.rename_axis("measure").reset_index()
    means = {
        f"mean accuracy {quality['accuracy_deg'].mean():.2f} deg": "accuracy_deg",
        f"precision {quality['rms_s2s_deg'].mean():.3f} deg RMS-S2S": "rms_s2s_deg",
        f"data loss {100 * quality['data_loss'].mean():.1f} %": "data_loss",
    }
    known = [sentence for sentence, name in means.items() if quality[name].notna().any()]
    text = f"{len(quality)} recordings; {', '.join(known) or 'nothing could be measured'}."
    return ReportSection(
        "Data quality",
        (text,),
        (ReportFigure("quality", caption, figure),),
        (ReportTable("quality", "Over recordings.", frame, 3),),
    )
