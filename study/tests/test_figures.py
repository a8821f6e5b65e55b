"""Panels for one or two columns, and the check of texts that the figures' tests rely on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.figures import WIDTH_CM, Columns, broken_name, new_figure, panel_figure, starts_row
from study.tests.drawn_texts import cut_off, drawn_texts, overlaps


@given(
    st.integers(1, 12), st.sampled_from([1, 2]), st.integers(1, 3), st.integers(1, 4),
    st.integers(1, 8),
)  # fmt: skip
def test_each_panel_has_a_place_and_no_place_is_left_over(
    n: int, columns: Columns, kinds: int, at_one: int, at_two: int
) -> None:
    figure, rows = panel_figure(
        n, columns, row_cm=(2.0, 3.0), across=(at_one, at_two), kinds=kinds, extra_cm=1.0
    )
    assert [len(row) for row in rows] == [n] * kinds
    assert len(figure.axes) == n * kinds
    wide = min(n, (at_one, at_two)[columns - 1])
    blocks = -(-n // wide)
    assert [starts_row(axes) for axes in rows[0]] == [place % wide == 0 for place in range(n)]
    width, height = 2.54 * figure.get_size_inches()
    assert width == pytest.approx(WIDTH_CM[columns])
    assert height == pytest.approx(blocks * kinds * (2.0, 3.0)[columns - 1] + 1.0)
    # What belongs together is below each other.
    for kind in range(1, kinds):
        for above, below in zip(rows[kind - 1], rows[kind], strict=True):
            assert above.get_position().x0 == pytest.approx(below.get_position().x0)
            assert above.get_position().y0 > below.get_position().y1


@given(st.text("ab._", max_size=60), st.integers(1, 20))
def test_a_broken_name_is_the_name_in_lines_that_are_no_longer_than_they_must_be(
    name: str, most: int
) -> None:
    lines = broken_name(name, most).split("\n")
    assert "".join(lines) == name
    for line in lines:
        assert len(line) <= most or not set("._") & set(line[:-1])


def test_texts_beyond_the_edge_and_on_each_other_are_found() -> None:
    figure = new_figure(8.5, 4.0)
    for x, text in ((0.1, "one"), (0.13, "two"), (0.5, "apart"), (0.99, "beyond")):
        figure.text(x, 0.5, text)
    figure.text(0.9, 0.9, "hidden beyond the edge").set_visible(False)
    texts = drawn_texts(figure)
    assert cut_off(figure, texts) == ["beyond"]
    assert overlaps(texts) == [("one", "two")]


@pytest.mark.parametrize(("gap", "found"), [(0.02, 1), (0.1, 0)])
def test_slanted_texts_are_judged_by_their_own_boxes(gap: float, found: int) -> None:
    figure = new_figure(8.5, 8.5)
    for x in (0.3, 0.3 + gap):
        figure.text(x, 0.3, "surprised people", rotation=45)
    assert len(overlaps(drawn_texts(figure))) == found
