"""What the report rests on: the reporting checklist, the steps and the software."""

import json

import pandas as pd

from faceoff.report.content import ReportSection, ReportTable
from study.errors import InputError
from study.folder import Study
from study.tables import read_table


def checklist_section(study: Study) -> ReportSection:
    """Show the items of the eye-tracking reporting guideline with the study's answers.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A paragraph and a table.
    """
    checklist = read_table(
        study.gaze_dir / "quality" / "checklist.tsv",
        what="The reporting checklist (faceoff gaze quality)",
        columns={"dunn_2023": str, "topic": str, "answer": str, "author": str},
    )
    asked = checklist[checklist["dunn_2023"].notna()]
    left = asked["author"].notna()
    frame = asked[["dunn_2023", "topic", "answer", "author"]].rename(
        columns={"dunn_2023": "item", "author": "to be added"}
    )
    text = (
        f"The minimal reporting guideline for eye tracking [@dunn2023] has {len(asked)} items; "
        f"at {int(left.sum())} of them something is left for the author to add."
    )
    caption = "Items of the guideline, what the study itself answers, and what is to be added."
    return ReportSection(
        "Reporting checklist", (text,), tables=(ReportTable("checklist", caption, frame),)
    )


def provenance_section(study: Study) -> ReportSection:
    """List the steps, when they were done, with which versions.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A table of the steps and one of the versions.
    """
    records = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(study.root.rglob("*.provenance.json"))
        if path.parent not in (study.derivatives, study.chapter_dir)  # reports' own
    ]
    if not records:
        raise InputError(f"Results must be in {study.root}, but nothing is done. Run: faceoff run.")
    steps = pd.DataFrame(
        [
            {
                "command": record["command"],
                "finished": record["finished"],
                "seconds": float(record["seconds"]),
                "seed": record["seed"],
                "inputs": len(record["inputs"]),
                "outputs": len(record["outputs"]),
                "commit": record["git_commit"][:10],
            }
            for record in records
        ]
    )
    steps = steps.sort_values("finished", kind="stable")
    versions: dict[str, str] = {}
    for record in records:
        versions |= record["versions"]
    table = pd.DataFrame({"package": list(versions), "version": list(versions.values())})
    text = (
        "Each result has a record beside it (*.provenance.json) with its settings, the SHA-256 of "
        "every file that it was made from, and the packages' versions."
    )
    return ReportSection(
        "Provenance",
        (text,),
        tables=(
            ReportTable("steps", "The steps, in the order in which they were done.", steps, 1),
            ReportTable("versions", "Versions of the software.", table),
        ),
    )
