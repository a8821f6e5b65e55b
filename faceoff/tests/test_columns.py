"""Figures of the report for one and for two columns: their width, and that texts can be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from faceoff.report.behaviour import behaviour_section, side_by_side_section
from faceoff.report.build import build_report
from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportPart,
    ReportSection,
    remove_old_pages,
)
from faceoff.report.people import quality_section
from study.figures import ONE_COLUMN_CM, PAGE_CM, TWO_COLUMNS_CM, Columns
from study.folder import Study
from study.tests.drawn_texts import cut_off, drawn_texts, overlaps

WIDTHS: dict[Columns, float] = {1: ONE_COLUMN_CM, 2: TWO_COLUMNS_CM}


def with_columns(study: Study, columns: Columns, **more: object) -> Study:
    report = study.settings.report.model_copy(update={"columns": columns, **more})
    return replace(study, settings=study.settings.model_copy(update={"report": report}))


@pytest.fixture(scope="module", params=WIDTHS)
def of_columns(small_study: Study, request: pytest.FixtureRequest) -> tuple[Columns, Report]:
    """The report at one width, with two pictures of each expression in its gallery."""
    return request.param, build_report(with_columns(small_study, request.param, example_images=2))


def readable(figure: Figure, *, numbered: bool = False) -> dict[Text, object]:
    """Check that no text is cut off or on another, but numbers of fixations may be near."""
    texts = drawn_texts(figure)
    if numbered:
        texts = {t: box for t, box in texts.items() if t.axes is None or t not in t.axes.texts}
    assert texts
    assert cut_off(figure, texts) == []
    assert overlaps(texts) == []
    return dict(texts)


def test_every_figure_is_as_wide_as_was_asked_and_fits_a_page(
    of_columns: tuple[Columns, Report],
) -> None:
    columns, report = of_columns
    figures = [item for section in report.sections for item in section.figures]
    assert len(figures) >= 20
    for item in figures:
        width, height = 2.54 * item.figure.get_size_inches()
        assert width == pytest.approx(WIDTHS[columns]), item.name
        assert height <= PAGE_CM + 0.001, item.name


def test_texts_are_on_the_canvas_and_on_no_other_text_with_letters_of_7_to_9_pt(
    of_columns: tuple[Columns, Report],
) -> None:
    _, report = of_columns
    for section in report.sections:
        for item in section.figures:
            texts = readable(item.figure, numbered=item.name == "scanpaths")
            assert {7 <= float(text.get_fontsize()) <= 9 for text in texts} == {True}, item.name


def test_panels_stand_side_by_side_at_two_columns_and_above_each_other_at_one(
    of_columns: tuple[Columns, Report],
) -> None:
    columns, report = of_columns
    figures = {item.name: item for section in report.sections for item in section.figures}
    for name in ("behaviour", "confusion", "network", "perturbation", "region_dwell"):
        first, second = (axes.get_position() for axes in figures[name].figure.axes[:2])
        assert (first.x1 < second.x0) == (columns == 2), name
        assert (first.y0 > second.y1) == (columns == 1), name
    assert figures["behaviour"].caption.startswith("Left" if columns == 2 else "Top")


def test_a_gallery_that_a_page_has_no_room_for_goes_on_in_another_figure(
    of_columns: tuple[Columns, Report],
) -> None:
    columns, report = of_columns
    (section,) = (one for one in report.sections if one.title == "Gaze and relevance side by side")
    pages = [item for item in section.figures if item.name.startswith("examples")]
    assert [item.name for item in pages] == ["examples", "examples-2"][: 3 - columns]
    names = [
        text.get_text()
        for item in pages
        for text in drawn_texts(item.figure)
        if text.get_text() not in ("gaze", "relevance")
    ]
    assert len(names) == len(set(names)) == 14


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("n", [1, 40, 200])
def test_recordings_have_a_row_each_however_many_there_are(
    small_study: Study, tmp_path: Path, columns: Columns, n: int
) -> None:
    table = pd.read_csv(small_study.gaze_dir / "quality.tsv", sep="\t", dtype=str)
    many = pd.concat([table] * n, ignore_index=True).iloc[:n]
    study = replace(with_columns(small_study, columns), root=tmp_path)
    study.gaze_dir.mkdir(parents=True)
    many.to_csv(study.gaze_dir / "quality.tsv", sep="\t", index=False)
    figure = quality_section(study).figures[0].figure
    assert np.size(figure.axes[0].lines[0].get_ydata()) == n
    readable(figure)


def test_a_study_without_a_network_has_one_matrix_of_answers(
    small_study: Study, tmp_path: Path
) -> None:
    study = replace(with_columns(small_study, 1), root=tmp_path)
    study.gaze_dir.mkdir(parents=True)
    trials = small_study.gaze_dir / "trials.tsv"
    (study.gaze_dir / "trials.tsv").write_bytes(trials.read_bytes())
    section = behaviour_section(study)
    assert section is not None
    accuracy, confusion = (item.figure for item in section.figures)
    assert [axes.get_title() for axes in confusion.axes] == ["People"]
    for figure in (accuracy, confusion):
        readable(figure)


@pytest.mark.parametrize("columns", WIDTHS)
def test_names_of_equal_confusions_do_not_stand_on_each_other(
    small_study: Study, tmp_path: Path, columns: Columns
) -> None:
    study = replace(with_columns(small_study, columns), root=tmp_path)
    study.comparison_dir.mkdir(parents=True)
    for name in ("confusions", "behaviour_pictures", "error_consistency", "behaviour"):
        table = pd.read_csv(small_study.comparison_dir / f"{name}.tsv", sep="\t")
        if name == "confusions":
            table["share"] = 0.3
        table.to_csv(study.comparison_dir / f"{name}.tsv", sep="\t", index=False, na_rep="n/a")
    study.gaze_dir.mkdir(parents=True)
    trials = small_study.gaze_dir / "trials.tsv"
    (study.gaze_dir / "trials.tsv").write_bytes(trials.read_bytes())
    section = side_by_side_section(study)
    assert section is not None
    readable(section.figures[0].figure)


def test_pages_of_another_width_do_not_stay_behind(tmp_path: Path) -> None:
    for name in ("agreement.png", "agreement-2.png", "agreement-3.svg", "others-2.png", "a-b.png"):
        (tmp_path / name).write_bytes(b"")
    items = tuple(ReportFigure(name, "", Figure()) for name in ("agreement", "agreement-2", "a"))
    section = ReportSection("Agreement", figures=items)
    remove_old_pages(Report("A study", (), (ReportPart("Results", (section,)),)), tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"agreement.png", "agreement-2.png", "others-2.png", "a-b.png"}
