"""Tables: what is written is read back, and what is wrong is named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import InputError
from study.tables import read_table, write_table

COLUMNS = {"id": str, "n": int, "value": float, "seen": bool}
WORDS = {"id": "Label.", "n": "Count.", "value": "Value, in px.", "seen": "Whether seen."}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.text("0123456789abcé ", min_size=1).map(str.strip).filter(bool),
            st.integers(-(2**53), 2**53),
            st.floats(allow_infinity=False),
            st.sampled_from([True, False, pd.NA]),
        ),
        min_size=1,
    )
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple]) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.tsv"
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seen": "boolean"})
    frame = frame[frame["id"] != "n/a"]
    write_table(path, frame, WORDS)
    again = read_table(path, what="The table", columns=COLUMNS)
    assert again["id"].tolist() == frame["id"].tolist()
    assert again["n"].tolist() == frame["n"].tolist()
    np.testing.assert_array_equal(again["value"], frame["value"])
    assert again["seen"].tolist() == frame["seen"].tolist()


def test_ids_keep_their_zeros_and_line_ends_their_form(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    write_table(path, pd.DataFrame({"id": ["003"]}), {"id": "Label."})
    assert path.read_bytes() == b"id\n003\n"
    assert read_table(path, what="x", columns={"id": str})["id"].tolist() == ["003"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("id\tn\tvalue\n", "column 'seen'", id="column"),
        pytest.param("id\tn\tvalue\tseen\na\tx\t1\ttrue\n", "n must hold numbers", id="int"),
        pytest.param("id\tn\tvalue\tseen\na\tn/a\t1\ttrue\n", "holds 'n/a'", id="missing"),
        pytest.param("id\tn\tvalue\tseen\na\t1\tx\ttrue\n", "value must hold", id="float"),
        pytest.param("id\tn\tvalue\tseen\na\t1\t2\tyes\n", "line 2 has 'yes'", id="bool"),
        pytest.param("", "must be a tab-separated table", id="empty"),
    ],
)
def test_wrong_tables_are_named(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_table(path, what="The table", columns=COLUMNS)
    assert expected in str(caught.value)


def test_a_missing_table_names_its_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="faceoff x"):
        read_table(tmp_path / "no.tsv", what="The table (faceoff x)")


def test_every_column_must_be_described(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\['b'\]"):
        write_table(tmp_path / "t.tsv", pd.DataFrame({"a": [1], "b": [2]}), {"a": "A."})
