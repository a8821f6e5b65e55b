"""Behaviour tables of PsychoPy, OpenSesame and others, read into trials."""

from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.behaviour import is_behaviour, read_behaviour
from gaze_analysis.behaviour_sheet import Sheet, as_sheet, read_sheets
from gaze_analysis.reports.tabular import parse_table
from gaze_analysis.tests.behaviour_text import PICTURES, opensesame, psychopy
from study.errors import InputError
from study.settings.gaze_behaviour import BehaviourSettings


def parse_sheet(text: str) -> Sheet:
    return as_sheet(parse_table("table.csv", text.encode()))


def read(text: str, **settings: Any) -> pd.DataFrame:
    return read_behaviour(parse_sheet(text), BehaviourSettings(**settings))


def cells(frame: pd.DataFrame, name: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in frame[name]]


def test_psychopys_wide_table() -> None:
    found = read(psychopy(n_practice=2))
    assert cells(found, "row") == [3, 4, 5, 6, 7]
    assert cells(found, "phase") == ["practice"] * 2 + ["main"] * 3
    assert cells(found, "image_id") == ["BM01NES", "BM01NES", *PICTURES]
    assert cells(found, "expression") == ["neutral", "neutral", "afraid", "happy", "sad"]
    assert cells(found, "key") == ["5", "5", "1", "4", None]
    assert cells(found, "response") == [None] * 5
    assert cells(found, "correct") == [True, True, True, False, False]
    assert cells(found, "rt_ms") == [900.0, 900.0, 500.0, 600.0, None]
    # Two loops count the trials, so that none of them names each trial.
    assert cells(found, "trial") == [None] * 5
    assert cells(found, "var_corrAns") == ["5", "5", "0", "1", "2"]
    assert "var_welcome.keys" not in found


def test_psychopys_loop_names_the_trials_where_there_is_one() -> None:
    found = read(psychopy())
    assert cells(found, "trial") == ["0", "1", "2"]
    assert found.attrs["trial_column"] == "trials.thisN"


def test_opensesames_table() -> None:
    found = read(opensesame())
    assert cells(found, "trial") == ["0", "1", "2"]
    assert cells(found, "image_id") == list(PICTURES)
    assert cells(found, "response") == ["afraid", "neutral", None]
    assert cells(found, "correct") == [True, False, False]
    assert cells(found, "rt_ms") == [612.5, 613.5, None]
    assert cells(found, "phase") == ["main"] * 3
    assert cells(found, "expression") == [None] * 3
    assert cells(found, "var_title") == ['A "test"'] * 3


def test_of_rows_that_opensesame_wrote_twice_the_last_counts() -> None:
    found = read(opensesame(logged_twice=True))
    assert cells(found, "row") == [3, 4, 5]
    assert found.attrs["superseded"] == [(2, "0")]


def test_any_other_table_by_the_names_of_its_columns() -> None:
    text = "who;nr;face;said;ok;sek\nA;01;x/AF01AFS.bmp;Angst;0;0,75\nA;02;AF02HAS.bmp;;1;1,5\n"
    names = {"trial": "nr", "image": "face", "correct": "ok", "rt": "sek", "rt_unit": "s"}
    found = read(text, **names)
    assert cells(found, "trial") == ["01", "02"]
    assert cells(found, "image_id") == ["AF01AFS", "AF02HAS"]
    assert cells(found, "correct") == [False, True]
    assert cells(found, "rt_ms") == [750.0, 1500.0]
    assert cells(found, "var_said") == ["Angst", None]


def test_the_answer_may_be_named_by_its_component() -> None:
    text = (
        "image,trials.thisN,a.keys,a.corr,a.rt,b.keys,b.corr,b.rt,participant\n"
        "x.png,0,1,1,0.5,7,0,0.9,3\n"
    )
    with pytest.raises(InputError, match=r"components a, b\. Name .*\"a\.keys\""):
        read(text)
    found = read(text, response="b.keys")
    assert (cells(found, "key"), cells(found, "correct"), cells(found, "rt_ms")) == (
        ["7"], [False], [900.0],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("image,trials.thisN,participant", True),
        ("key_resp.keys,participant,session,psychopyVersion", True),
        ("response,response_time,subject_nr,count_logger", True),
        ("participant_id,trial,image_id,response,correct,rt_ms,block", True),
        ("who,nr,ok", False),
        ("participant_id,session,trial,image_id,expression,correct,index,x_px,y_px", False),
        ("RECORDING_SESSION_LABEL,TRIAL_INDEX,CURRENT_FIX_X,CURRENT_FIX_Y", False),
        ("FixationIndex,FixationPointX,FixationPointY,TimeStamp", False),
        ("", False),
    ],
)
def test_tables_are_told_by_their_headers(header: str, expected: bool) -> None:
    assert is_behaviour(header.split(",")) is expected


def test_named_columns_make_a_table_one_of_behaviour() -> None:
    header = ["who", "nr", "ok"]
    assert is_behaviour(header, BehaviourSettings(trial="nr", correct="ok"))
    assert not is_behaviour(header, BehaviourSettings(trial="nr", correct="right"))
    assert not is_behaviour(header, BehaviourSettings(participant="who"))


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("image,trials.thisN,emotion\nx.png,0,contempt\n", {}, "line 2: emotion .*contempt"),
        (opensesame().replace('"1","0"', '"maybe","0"', 1), {}, "line 2: correct .*'maybe'"),
        (opensesame().replace('"612.5"', '"fast"'), {}, "line 2: response_time .*'fast'"),
        (opensesame().replace('"neutral"', '"happyy"'), {}, "line 3: response .*Did you mean"),
        (psychopy(), {"image": "picture"}, "must have the column 'picture'"),
        ("a,b\n1,2\n3,4\n1,2,3\n", {"trial": "a"}, "2 cells in each line, but line 4 has 3"),
        ("a,a\n1,2\n", {"trial": "a"}, "'a' is there twice"),
        ("a,b\n", {"trial": "a"}, "has none among its 0 lines"),
        ("nr,rt\n1,300\n", {"trial": "nr", "rt": "rt"}, 'Set it to "s" or "ms"'),
        ("image,trials.thisN,k.keys\nx.png,0,\"['a', 'b']\"\n", {}, "one answer"),
    ],
)
def test_bad_tables(text: str, settings: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text, **settings)


def test_encodings(tmp_path: Any) -> None:
    path = tmp_path / "table.csv"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        path.write_text("nr,naïve\n1,é\n", encoding=encoding)
        sheet = next(read_sheets(path))
        assert sheet.header == ["nr", "naïve"]
        assert sheet.frame["naïve"].tolist() == ["é"]


def test_rows_that_end_early_are_filled_and_line_numbers_kept() -> None:
    sheet = parse_sheet("a,b,c\n1,2,3\n\n4\n5,6,7,\n")
    assert sheet.frame.to_numpy().tolist() == [["1", "2", "3"], ["4", "", ""], ["5", "6", "7"]]
    assert sheet.frame.index.tolist() == [2, 4, 5]


def test_numbers_with_decimal_commas() -> None:
    text = "image;trials.thisN;key_resp.keys;key_resp.corr;key_resp.rt\nx.png;0,0;h;1,0;0,5\n"
    found = read(text)
    assert found[["correct", "rt_ms"]].to_numpy().tolist() == [[True, 500.0]]


@given(st.sampled_from([psychopy(n_practice=1), opensesame(logged_twice=True)]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_tables_are_read_or_refused(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    junk = data.draw(st.text('",;\t\n[]\x00x1é', max_size=6))
    try:
        found = read(text[:start] + junk + text[end:])
    except InputError as error:
        assert str(error).endswith((".", "?", '"'))
    else:
        assert len(found) > 0
        assert found["row"].is_unique


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        sheet = parse_sheet(text)
    except InputError:
        return
    assert len(set(sheet.header)) == len(sheet.header)
    assert not is_behaviour(sheet.header) or sheet.header
