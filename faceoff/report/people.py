"""Who stays in the analysis, and how good the recordings are."""

from typing import TYPE_CHECKING

from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from faceoff.report.wording import counted
from participants.register import read_participants
from study.figures import ORANGE, PAGE_CM, PEOPLE, SKY_BLUE, Columns, panel_figure
from study.folder import Study
from study.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

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


def sample_section(study: Study) -> ReportSection:
    """Say who stays in the analysis, who and what was left out, and why.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A paragraph and a table.
    """
    exclusions = read_table(
        study.gaze_dir / "exclusions.tsv",
        what="The exclusions (faceoff gaze events)",
        columns={"reason": str, "n_participants": int, "n_trials": int, "n_fixations": int},
    )
    kept = exclusions[exclusions["reason"] == "included"].iloc[0]
    text = (
        f"{counted(len(read_participants(study)), 'participant')} had been registered, and "
        f"{counted(len(study.sessions()), 'session')} begun. The analysis of gaze has "
        f"{counted(int(kept['n_fixations']), 'fixation')} in "
        f"{counted(int(kept['n_trials']), 'trial')} of "
        f"{counted(int(kept['n_participants']), 'participant')}."
    )
    caption = "People, trials and fixations left out, by reason."
    shown = exclusions[exclusions[["n_participants", "n_trials", "n_fixations"]].any(axis=1)]
    return ReportSection(
        "Sample and exclusions", (text,), tables=(ReportTable("exclusions", caption, shown),)
    )


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
        (_quality_figure(quality, study.settings.report.columns),),
        (ReportTable("quality", "Over recordings.", frame, 3),),
    )


def _quality_figure(quality: "pd.DataFrame", columns: Columns) -> ReportFigure:
    """Draw a row for each recording; the panels share the rows and stand side by side always."""
    height_cm = min(PAGE_CM, max(5.0, 2.0 + 0.3 * len(quality)))
    figure, [axes] = panel_figure(
        3, columns, row_cm=(height_cm, height_cm), across=(3, 3), sharey=True
    )
    names = quality["participant_id"] + " " + quality["session"]
    rows = range(len(quality))
    # A page has room for so many names.
    every_nth = -(-len(quality) // 65)
    axes[0].plot(quality["accuracy_deg"], rows, "o", ms=4, color=PEOPLE)
    axes[0].set_yticks(rows[::every_nth], names[::every_nth])
    axes[0].invert_yaxis()
    axes[1].plot(quality["rms_s2s_deg"], rows, "o", ms=4, color=PEOPLE, label="RMS-S2S")
    axes[1].plot(quality["sd_deg"], rows, "s", ms=4, color=ORANGE, label="SD")
    blink, every = 100 * quality["data_loss_blink"], 100 * quality["data_loss"]
    axes[2].barh(rows, blink, color=SKY_BLUE, label="blinks")
    axes[2].barh(rows, every - blink, left=blink, color=ORANGE, label="other")
    labels = (("accuracy", "deg"), ("precision", "deg"), ("data loss", "%"))
    for panel, (what, unit) in zip(axes, labels, strict=True):
        panel.set_xlabel(f"{what} ({unit})" if columns == 2 else f"{what}\n({unit})")
        panel.locator_params(axis="x", nbins=5 if columns == 2 else 3)
    for panel in axes[:2]:
        panel.margins(x=0.12)
        panel.set_xlim(left=0)
    for panel in axes[1:]:
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
    caption = (
        "Each recording: mean validation error, precision within fixations (medians), and share "
        "of samples without gaze."
    )
    return ReportFigure("quality", caption, figure)
