"""Marks within texts, citations, and the list of references."""

import re
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceoff import report
from faceoff.report.content import ReportTable
from faceoff.report.marks import Piece, cited_keys, pieces, true_minus
from faceoff.report.references import bibtex, in_order, in_text, reference_line
from study.errors import InputError

OWN_BIBTEX = resources.files("faceoff.report").joinpath("references.bib").read_text("utf-8")
ALL_KEYS = re.findall(r"^@\w+\{(\w+),", OWN_BIBTEX, re.MULTILINE)


@given(st.text(alphabet="aptFM =<(.1-[]@;\u2212_ z"))
def test_nothing_is_lost_but_the_marks(text: str) -> None:
    marked = {"citation": "[@{}]", "gap": "[{}]"}
    joined = "".join(
        marked.get(piece.kind, "{}").format(piece.text.replace(",", "; @"))
        if piece.kind == "citation"
        else marked.get(piece.kind, "{}").format(piece.text)
        for piece in pieces(text)
    )
    assert joined.replace("; @", ";@") == true_minus(text).replace("; @", ";@")


def test_symbols_are_found_where_they_are_symbols_and_nowhere_else() -> None:
    text = (
        "F(2, 9.5) = 3.1, p < .001, M = -1.2 (SD = 0.4), d_z = -0.3, 95% CI [-0.5, -0.1], "
        "BF10 = 4.2; n/a of p in a z map, sub-001, tau-a"
    )
    found = [piece.text for piece in pieces(text) if piece.kind == "italic"]
    assert found == ["F", "p", "M", "SD", "d_z", "BF10"]
    assert Piece("italic", "BF10").subscripted == ("BF", "10")
    assert Piece("italic", "d_z").subscripted == ("d", "z")
    assert Piece("italic", "SD").subscripted == ("SD", "")
    plain = "".join(piece.text for piece in pieces(text))
    assert "[\u22120.5, \u22120.1]" in plain
    assert "sub-001, tau-a" in plain


def test_intervals_are_no_gaps_and_gaps_are_no_citations() -> None:
    kinds = [piece.kind for piece in pieces("x [0.1, 0.2] [room] [@holm1979]")]
    assert kinds == ["text", "gap", "text", "citation"]


def test_every_key_in_the_code_is_in_the_library_and_every_entry_is_cited() -> None:
    folder = Path(report.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    # The docstrings' examples cite, too.
    assert set(cited_keys([code])) - {"b", "a"} == set(ALL_KEYS)


@pytest.mark.parametrize("key", ALL_KEYS)
def test_each_entry_can_be_cited_listed_and_written(key: str) -> None:
    assert re.fullmatch(r"\([^()]+, \d{4}\)", in_text([key]))
    line = "".join(piece.text for piece in reference_line(key))
    assert re.match(r".+ \(\d{4}\)\. \S.+", line)
    assert not re.search(r"[{}\\]|--|\.\.", line)
    assert bibtex([key]).count("@") == 1


def test_the_list_is_in_the_order_of_authors_and_years() -> None:
    keys = in_order(["wilson1927", "bach2015", "holm1979", "bach2015"])
    assert keys == ["bach2015", "holm1979", "wilson1927"]


def test_apa_style_of_a_reference_with_many_authors() -> None:
    line = "".join(piece.text for piece in reference_line("dalmaijer2014"))
    assert line == (
        "Dalmaijer, E. S., Mathôt, S., & Van der Stigchel, S. (2014). PyGaze: An open-source, "
        "cross-platform toolbox for minimal-effort programming of eyetracking experiments. "
        "Behavior Research Methods, 46(4), 913–921. https://doi.org/10.3758/s13428-013-0422-2"
    )
    italic = [piece.text for piece in reference_line("dalmaijer2014") if piece.kind == "italic"]
    assert italic == ["Behavior Research Methods", "46"]


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(InputError, match=r"'holm1978' is not\. Did you mean 'holm1979'"):
        in_text(["holm1978"])


def test_tables_are_printed_with_words_intervals_and_p_values() -> None:
    frame = pd.DataFrame(
        {
            "map": ["mean_gaze", "lrp.z_plus"],
            "r": [-0.5, float("nan")],
            "ci_low": [-0.75, float("nan")],
            "ci_high": [-0.25, float("nan")],
            "p_holm": [0.00001, 0.04123],
            "n": [9, 10],
            "right": [True, False],
        }
    )
    shown = ReportTable("t", "A table.", frame).shown
    assert shown.columns.tolist() == ["map", "r", "CI", "p (Holm)", "n", "right"]
    assert shown.to_numpy().tolist() == [
        ["mean gaze", "\u22120.50", "[\u22120.75, \u22120.25]", "< .001", "9", "yes"],
        ["lrp.z_plus", "n/a", "n/a", ".041", "10", "no"],
    ]
