"""The tests: answers to the registered plan, and what was explored beside it."""

from faceoff.report.content import ReportSection, ReportTable
from study.folder import Study
from study.tables import read_table

_COLUMNS = [
    "question", "expression", "n", "estimate", "ci_low", "ci_high", "p", "p_holm", "effect_size",
    "effect_size_name",
]  # fmt: skip


def confirmatory_section(study: Study) -> ReportSection | None:
    """Show the answers to the registered plan, and every deviation from it.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        None where nothing was planned.
    """
    answers, deviations = (
        read_table(
            study.comparison_dir / f"{name}.tsv",
            what="The registered plan (faceoff compare stats)",
            columns={"sentence": str},
        )
        for name in ("confirmatory", "deviations")
    )
    tables = []
    if len(answers):
        own = answers[["question", "n", "estimate", "ci_low", "ci_high", "p", "p_corrected", "met"]]
        caption = "Registered questions (confirmatory); all other tests are exploratory."
        tables.append(ReportTable("confirmatory", caption, own, 3))
    if len(deviations):
        shown = deviations[["kind", "what", "registered", "now"]]
        caption = "Deviations from the registered plan."
        tables.append(ReportTable("deviations", caption, shown, 3))
    if not tables:
        return None
    said = [f"Deviation: {text}" for text in deviations["sentence"]]
    return ReportSection(
        "Registered questions", (*answers["sentence"], *said), tables=tuple(tables)
    )


def exploratory_section(study: Study) -> ReportSection:
    """Show the tests over pictures that no plan foresaw, as the sentences to print and in a table.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A paragraph of sentences and a table.
    """
    statistics = read_table(
        study.comparison_dir / "statistics.tsv",
        what="The statistics (faceoff compare stats)",
        columns={
            "topic": str,
            "measure": str,
            "question": str,
            "expression": str,
            "status": str,
            "test": str,
            "sentence": str,
            "p": float,
        },
    )
    permutation = statistics["test"].str.contains("permutation", case=False)
    explored = statistics["status"] == "exploratory"
    told = (statistics["measure"] == "auc_signed") | (statistics["topic"] == "accuracy")
    main = statistics[permutation & explored & told & (statistics["expression"] == "all")]
    first = statistics["question"].isin(main["question"].head(1))
    shown = statistics[permutation & explored & (first | (statistics["expression"] == "all"))]
    caption = (
        "Paired sign-flip permutation tests over pictures with BCa bootstrap intervals; Holm's "
        "correction within each family. The first question is shown by expression, too; the "
        "others', and paired t and Wilcoxon tests, are in statistics.tsv."
    )
    return ReportSection(
        "Exploratory tests",
        (" ".join(main["sentence"]),) if len(main) else (),
        tables=(ReportTable("statistics", caption, shown[_COLUMNS], 3),),
    )
