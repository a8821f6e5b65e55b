"""The report's section on region masks: its figures can be read at both widths."""

from pathlib import Path

import pytest

from comparison.tests.fake_networks import (
    MASKED,
    NETS,
    make_masked_study,
    study_of_networks,
    with_settings,
)
from faceoff.report.masks import masks_section
from study.figures import ONE_COLUMN_CM, PAGE_CM, TWO_COLUMNS_CM
from study.folder import Study
from study.tests.drawn_texts import cut_off, drawn_texts, overlaps


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of_networks(tmp_path_factory.mktemp("study") / "study")


@pytest.mark.parametrize(("columns", "width_cm"), [(1, ONE_COLUMN_CM), (2, TWO_COLUMNS_CM)])
def test_the_report_shows_figures_of_its_width_that_can_be_read(
    study: Study, columns: int, width_cm: float
) -> None:
    section = masks_section(with_settings(study, "report", columns=columns))
    assert section is not None
    names = [item.name for item in section.figures]
    for stem in (
        "masks_maps", "masks_bars", "masks_bars_folds", "masks_bars_expressions",
        "masks_trees_expressions", "masks_trees_networks", "masks_trees_folds", "masks_trees_all",
    ):  # fmt: skip
        assert stem in names
    for item in section.figures:
        width, height = 2.54 * item.figure.get_size_inches()
        assert width == pytest.approx(width_cm), item.name
        assert height <= PAGE_CM + 0.001, item.name
        texts = drawn_texts(item.figure)
        assert cut_off(item.figure, texts) == [], item.name
        assert overlaps(texts) == [], item.name
        assert min(float(text.get_fontsize()) for text in texts) >= 6.5, item.name
    [table] = section.tables
    assert table.frame["net"].tolist()[:3] == ["people", *NETS]
    assert list(table.frame.columns) == ["net", *MASKED, "mean"]


def test_there_is_no_section_without_the_comparison(tmp_path: Path) -> None:
    assert masks_section(make_masked_study(tmp_path / "study", per_expression=1)) is None
