"""The report for LaTeX and Word: hostile texts, wide and long tables, and one that compiles."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from faceoff.report.build import build_report
from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportPart,
    ReportSection,
    ReportTable,
)
from faceoff.report.latex import escape, tabular, write_chapter
from faceoff.report.page import write_page
from faceoff.report.word import write_document
from study.figures import new_figure
from study.folder import Study, create_study

HOSTILE = r"50 % of A_1 & {B} \cmd #3 $x$ ~ ^ <b> \"q\" ü é ≤ × ° – € \end{document}"
TEX = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (make test installs it)"
)


def figure(name: str) -> ReportFigure:
    drawn = new_figure(height_cm=4)
    drawn.subplots().plot([0, 1], [1, 0])
    return ReportFigure(name, f"{HOSTILE}; r = -.5 [@bach2015].", drawn)


def hostile_report() -> Report:
    """Everything that can go wrong: special signs everywhere, a wide table and a long one."""
    wide = pd.DataFrame({f"column_{n}": [n / 7, -n] for n in range(20)})
    long = pd.DataFrame({"who": [f"{HOSTILE} {n}" for n in range(95)], "n": range(95)})
    first = ReportSection(
        f"Section {HOSTILE}",
        (
            f"{HOSTILE}. t(9) = -2.1, p = .041, d_z = 0.3 [@holm1979; @bach2015]. [{'gap ' * 40}]",
            "",
        ),
        (figure("first"), figure("second")),
        (ReportTable("wide", HOSTILE, wide), ReportTable("long", HOSTILE, long)),
    )
    empty = ReportTable("empty", "Nothing.", pd.DataFrame({"a": [], "b": []}))
    parts = (
        ReportPart("Methods", (first,)),
        ReportPart("Results", (ReportSection("Second", (), (), (empty,)),)),
    )
    return Report(f"Title {HOSTILE}", (HOSTILE, "B"), parts)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return create_study(tmp_path / "study")


def compile_chapter(folder: Path) -> str:
    """Compile as a user does, and give the log."""
    cites = "\\bibliography" in (folder / "chapter.tex").read_text("utf-8")
    for command in (["pdflatex"], *[["bibtex"]] * cites, ["pdflatex"], ["pdflatex"]):
        options = [] if command == ["bibtex"] else ["-interaction=nonstopmode", "-halt-on-error"]
        done = subprocess.run(
            [*command, *options, "chapter"], cwd=folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-3000:]
    return (folder / "chapter.log").read_text("utf-8", "replace")


@TEX
def test_hostile_texts_compile_and_every_reference_is_found(study: Study) -> None:
    write_chapter(study, hostile_report())
    log = compile_chapter(study.chapter_dir)
    assert not re.search(r"undefined|multiply defined|Missing character|Overfull \\hbox", log)
    assert (study.chapter_dir / "chapter.pdf").stat().st_size > 10_000


def test_a_chapter_is_a_folder_that_can_be_moved(study: Study) -> None:
    write_chapter(study, hostile_report())
    folder = study.chapter_dir
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "chapter.tex", "methods.tex", "results.tex", "references.bib", "figures/first.pdf",
        "figures/second.pdf", "tables/wide.csv", "tables/wide.tex", "tables/long.csv",
        "tables/long-1.tex", "tables/long-2.tex", "tables/long-3.tex", "tables/empty.csv",
        "tables/empty.tex",
    }  # fmt: skip
    text = (folder / "methods.tex").read_text("utf-8")
    for kind, target in re.findall(r"\\(input|includegraphics)[^{]*\{([^}]+)\}", text):
        assert target + {"input": ".tex", "includegraphics": ".pdf"}[kind] in names
    assert str(study.root) not in text
    assert set(re.findall(r"@\w+\{(\w+)", (folder / "references.bib").read_text("utf-8"))) == {
        "bach2015", "holm1979",
    }  # fmt: skip
    assert "\\citep{bach2015,holm1979}" in text
    assert "\\textit{t}(9) = \\ensuremath{-}2.1" in text.replace(
        "{\\ensuremath{-}}", "\\ensuremath{-}"
    )
    assert len(pd.read_csv(folder / "tables" / "long.csv")) == 95


def test_rows_stand_between_booktabs_rules() -> None:
    lines = tabular(pd.DataFrame({"a": ["x"], "b": ["1.5"], "c": ["word " * 20]})).splitlines()
    assert lines[0] == r"\begin{tabular}{lr>{\raggedright\arraybackslash}p{18em}}"
    assert [lines[n] for n in (1, 3, 5)] == [r"\toprule", r"\midrule", r"\bottomrule"]


def test_every_special_sign_is_escaped() -> None:
    bare = re.sub(r"\\[a-zA-Z]+|\\.", "", escape(r"50 % A_1 & #3 $x$ ~ ^ \cmd"))
    assert not re.search(r"[%_&#$~^\\]", bare)


def test_a_word_document_has_headings_captions_and_whole_tables(study: Study) -> None:
    import docx

    report = hostile_report()
    write_document(study, report)
    document = docx.Document(str(study.chapter_docx))
    texts = [(one.style.name, one.text) for one in document.paragraphs if one.style is not None]
    assert ("Title", report.title) in texts
    assert ("Heading 1", "Methods") in texts
    assert ("Heading 2", f"Section {HOSTILE}") in texts
    captions = [text for style, text in texts if style == "Caption"]
    assert [caption.split(".")[0] for caption in captions] == [
        "Figure 1", "Figure 2", "Table 1", "Table 2", "Table 3",
    ]  # fmt: skip
    assert ("Normal", "See Figures 1 and 2, and Tables 1 and 2.") in texts
    assert next(text for style, text in texts if style == "Reference").startswith("Bach, S.")
    assert [len(table.rows) for table in document.tables] == [3, 96, 1]
    assert document.tables[1].cell(95, 0).text == f"{HOSTILE} 94"
    assert len(document.inline_shapes) == 2
    runs = {run.text: run for one in document.paragraphs for run in one.runs}
    assert runs["t"].italic
    assert runs["z"].font.subscript


def test_equal_reports_are_equal_files(study: Study) -> None:
    def written() -> dict[str, bytes]:
        report = hostile_report()
        write_document(study, report)
        write_chapter(study, report)
        files = (study.chapter_docx, *study.chapter_dir.rglob("*"))
        return {str(path): path.read_bytes() for path in files if path.is_file()}

    assert written() == written()


def test_a_page_shows_texts_as_they_are(study: Study) -> None:
    write_page(study, hostile_report())
    page = study.report_html.read_text("utf-8")
    assert "<b>" not in page.split("<main>")[1].replace("<b>Figure", "").replace("<b>Table", "")
    assert "&lt;b&gt;" in page
    assert "<i>d</i><sub>z</sub> = 0.3 (Bach et al., 2015; Holm, 1979)" in page
    assert "<mark>[gap" in page
    assert page.count('class="references"') == 1


@TEX
def test_a_study_that_has_not_begun_claims_nothing(study: Study) -> None:
    report = build_report(study)
    for section in report.sections:
        assert section.paragraphs[0].startswith("Not there yet. "), section.title
        assert (
            ". Run: faceoff " in section.paragraphs[0] or "Make it first" in section.paragraphs[0]
        )
    write_chapter(study, report)
    compile_chapter(study.chapter_dir)
