"""What was planted in simulated observers, and what the analysis recovered."""

from faceoff.recovery import recovery_table
from faceoff.recovery_relevance import relevance_table
from faceoff.report.content import ReportSection, ReportTable
from study.folder import Study


def recovery_section(study: Study) -> ReportSection | None:
    """Show whether the analysis recovers what was planted.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        None for a study of real people.
    """
    table = recovery_table(study)
    if table is None:
        return None
    agreeing = int(table["agrees"].sum())
    text = (
        "The participants are simulated observers, so the truth is known. It is kept beside the "
        "recordings and does not pass through the analysis. "
        f"{agreeing} of {len(table)} quantities agree within their tolerance."
    )
    caption = (
        "Planted and found. Tolerances: accuracy, the 99.9 % sampling interval; fixations, 3 %; "
        "region shares, 0.02 beside their sampling error; maps, a correlation of at least 0.98 "
        "with the map that the planted strategy implies."
    )
    tables = [ReportTable("recovery", caption, table, 3)]
    relevance = relevance_table(study)
    if relevance is not None:
        caption = (
            "Positive relevance where the synthetic faces show their expression, and under copies "
            "of these regions elsewhere on the same face, in multiples of the picture's mean; p is "
            "one-sided, by sign flips over pictures."
        )
        tables.append(ReportTable("recovery_relevance", caption, relevance, 3))
    return ReportSection("Planted and recovered", (text,), tables=tuple(tables))
