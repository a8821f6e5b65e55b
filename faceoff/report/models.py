"""Models of trials: what depends on the expression, with people and pictures as samples."""

from faceoff.report.content import ReportSection, ReportTable
from study.folder import Study
from study.tables import read_table

_COLUMNS = [
    "question", "model", "term", "unit", "estimate", "ci_low", "ci_high", "statistic", "df1",
    "df2", "p", "p_holm", "effect_size", "effect_size_name", "n",
]  # fmt: skip


def models_section(study: Study) -> ReportSection:
    """Show the omnibus tests as the sentences to print, with estimated means in a table.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Sentences and a table.

    Raises
    ------
    InputError
        If no models were fitted.
    """
    models = read_table(
        study.comparison_dir / "models.tsv",
        what="The mixed models (faceoff compare models)",
        columns={"question": str, "kind": str, "term": str, "sentence": str},
    )
    told = models[models["kind"].isin(["omnibus", "none"])]
    # Means of each region and expression are a figure's matter, and in the file.
    few = ~models["question"].str.startswith("dwell")
    shown = models[(models["kind"] == "omnibus") | ((models["kind"] == "mean") & few)]
    caption = (
        "Estimated means and omnibus tests. Participants and pictures are random in mixed models; "
        "repeated-measures ANOVAs take pictures as fixed. Contrasts, dwell by region and "
        "expression, and what was checked of each model's assumptions are in models.tsv."
    )
    return ReportSection(
        "Models of trials",
        tuple(told["sentence"]),
        tables=(ReportTable("models", caption, shown[_COLUMNS], 3),),
    )
