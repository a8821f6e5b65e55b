"""Models of trials: what depends on the expression, with people and pictures as samples."""

from faceoff.report.content import ReportSection, ReportTable
from study.folder import Study
from study.tables import read_table

_TESTS = [
    "question", "model", "term", "statistic", "df1", "df2", "p", "p_holm", "effect_size",
    "effect_ci_low", "effect_ci_high", "n",
]  # fmt: skip
_MEANS = ["question", "model", "term", "unit", "estimate", "ci_low", "ci_high"]


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
    people = ~models["question"].str.startswith(("dwell", "area", "auc", "srg"))
    tests = (
        "Omnibus tests (F) with partial eta squared. Participants and pictures are random in mixed "
        "models; repeated-measures ANOVAs take pictures as fixed. Contrasts, and what was checked "
        "of each model's assumptions, are in models.tsv."
    )
    means = "Means of people's answers as the models estimate them, with their intervals."
    return ReportSection(
        "Models of trials",
        tuple(" ".join(rows) for _, rows in told.groupby("question", sort=False)["sentence"]),
        tables=(
            ReportTable("models", tests, models.loc[models["kind"] == "omnibus", _TESTS], 2),
            ReportTable(
                "model_means", means, models.loc[(models["kind"] == "mean") & people, _MEANS], 3
            ),
        ),
    )
