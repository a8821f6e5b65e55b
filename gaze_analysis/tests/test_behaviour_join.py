"""Behaviour joined to recordings: by id, by picture, by order, and what stays alone."""

from typing import Any

import pandas as pd
import pytest

from gaze_analysis.behaviour_join import join_behaviour
from study.errors import InputError


def recording(*labels: str | None, images: list[str | None] | None = None) -> pd.DataFrame:
    n = len(labels)
    return pd.DataFrame(
        {"trial": range(1, n + 1), "label": labels, "image_id": images or [None] * n},
        dtype=object,
    )


def table(
    *ids: str | None, images: list[str | None] | None = None, column: str = "nr", **attrs: Any
) -> pd.DataFrame:
    n = len(ids)
    columns: dict[str, Any] = {
        "row": range(2, n + 2), "trial": ids, "phase": "main", "expression": None,
        "response": None, "key": [f"k{i}" for i in range(n)], "correct": True, "rt_ms": 1.0,
        "image_id": images or [None] * n,
    }  # fmt: skip
    frame = pd.DataFrame(columns, dtype=object)
    frame.attrs.update({"trial_column": column} | attrs)
    return frame


def joined(found: pd.DataFrame, rows: pd.DataFrame) -> tuple[list[Any], list[tuple[str, Any]]]:
    trials, unmatched = join_behaviour(found, rows, "behaviour.csv")
    assert len(trials) == len(found)
    taken = [None if pd.isna(row) else row for row in trials["behaviour_row"]]
    alone = [
        (side, trial if side == "recording" else row)
        for side, trial, row in unmatched[["side", "trial", "row"]].itertuples(index=False)
    ]
    # Nothing is lost: each row is taken once or listed.
    assert sorted([row for row in taken if row] + [r for s, r in alone if s == "behaviour"]) == (
        rows["row"].tolist()
    )
    return taken, alone


def test_by_id_in_any_order_and_with_leading_zeros() -> None:
    assert joined(recording("3", "1", "2"), table("01", "02", "3"))[0] == [4, 2, 3]


def test_by_the_variable_of_the_same_name() -> None:
    found = recording("0", "1").assign(var_count_trial_sequence=["11", "10"])
    assert joined(found, table("10", "11", column="count_trial_sequence"))[0] == [3, 2]


def test_by_a_variable_that_says_the_trial() -> None:
    found = recording("0", "1").assign(var_Trial_Index_=["2", "1"])
    assert joined(found, table("1", "2"))[0] == [3, 2]


def test_what_has_no_partner_is_listed() -> None:
    taken, alone = joined(recording("1", "2"), table("1", "2", "3"))
    assert (taken, alone) == ([2, 3], [("behaviour", 4)])
    taken, alone = joined(recording("1", "2", "3"), table("1", "2"))
    assert (taken, alone) == ([2, 3, None], [("recording", "3")])


def test_counters_from_zero_and_from_one_are_not_the_same_ids() -> None:
    # As many: by order. One less: nothing tells which one is missing.
    assert joined(recording("1", "2", "3"), table("0", "1", "2"))[0] == [2, 3, 4]
    taken, alone = joined(recording("1", "2", "3"), table("0", "1", "2", "3"))
    assert taken == [None] * 3
    assert len(alone) == 7


def test_a_named_column_is_taken_at_its_word() -> None:
    rows = table("0", "1", "2", "3", trial_named=True)
    taken, alone = joined(recording("1", "2", "3"), rows)
    assert (taken, alone) == ([3, 4, 5], [("behaviour", 2)])
    with pytest.raises(InputError, match=r"has \['a', 'b'\] and the recording \['1', '2'\]"):
        joined(recording("1", "2"), table("a", "b", trial_named=True))
    with pytest.raises(InputError, match="missing or equal cells"):
        joined(recording("1", "2"), table("1", "1", trial_named=True))


def test_by_picture_where_each_is_shown_once() -> None:
    found = recording("x", "y", images=["B", "a"])
    rows = table(None, None, None, images=["A", "b", "c"])
    assert joined(found, rows) == ([3, 2], [("behaviour", 4)])


def test_by_order_where_pictures_come_twice() -> None:
    found = recording(None, None, None, images=["a", "b", "a"])
    assert joined(found, table(None, None, None, images=["a", "b", "a"]))[0] == [2, 3, 4]


def test_order_and_ids_that_pictures_contradict() -> None:
    found = recording(None, None, None, images=["a", "b", "a"])
    with pytest.raises(InputError, match=r"trial 2 shows 'b' in the recording and 'a' in beh"):
        joined(found, table(None, None, None, images=["a", "a", "b"]))
    found = recording("1", "2", images=["a", "b"])
    with pytest.raises(InputError, match="joined by nr and label"):
        joined(found, table("2", "1", images=["a", "b"]))


def test_names_of_another_kind_contradict_nothing() -> None:
    found = recording(None, None, images=["screen1", "screen2"])
    trials, _ = join_behaviour(found, table(None, None, images=["a", "b"]), "behaviour.csv")
    assert trials["image_id"].tolist() == ["a", "b"]


def test_practice_that_was_not_recorded() -> None:
    rows = table(None, None, None).assign(phase=["practice", "main", "main"])
    assert joined(recording(None, None), rows) == ([3, 4], [("behaviour", 2)])


def test_counts_that_differ_join_nothing() -> None:
    taken, alone = joined(recording(None, None), table(None, None, None))
    assert taken == [None, None]
    assert len(alone) == 5
    _, unmatched = join_behaviour(recording(None), table(None, None), "behaviour.csv")
    assert unmatched["reason"].str.contains("1 trials and 2 rows have no id").all()


def test_rows_written_twice_are_listed() -> None:
    rows = table("0", "1", superseded=[(7, "0")])
    _, unmatched = join_behaviour(recording("0", "1"), rows, "behaviour.csv")
    assert unmatched[["row", "reason"]].to_numpy().tolist() == [
        [7, "written again in the same trial"]
    ]


def test_variables_of_the_recording_stay_where_the_table_says_nothing() -> None:
    found = recording("1", "2").assign(expression=["sad", "happy"], correct=[False, False])
    rows = table("1", "2")
    trials, _ = join_behaviour(found, rows, "behaviour.csv")
    assert trials["expression"].tolist() == ["sad", "happy"]
    assert trials["correct"].tolist() == [True, True]
