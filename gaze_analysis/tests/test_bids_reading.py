"""BIDS eye tracking reads back as it was written, also as other labs write it."""

import gzip
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.bids_files import escaped, read_tsv_gz, unescaped, write_tsv_gz
from gaze_analysis.bids_reading import BidsRecording, read_bids, sidecar
from gaze_analysis.events import make_events
from gaze_analysis.foreign import adopt_recordings
from gaze_analysis.importing import (
    import_sessions,
    messages_path,
    raw_events_path,
    recorded_sessions,
    samples_path,
)
from gaze_analysis.steps import bids_step
from gaze_analysis.tests.asc_text import HEADER, SAMPLE_LINES, block
from gaze_analysis.tests.small_study import small_study
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import run_step

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
# Messages with everything that a cell or a reader may stumble over.
MESSAGES = (
    'MSG\t1900 say "this"\tand\\that',
    'MSG\t1901 "quoted"',
    "MSG\t1902 n/a",
    "MSG\t1903 Müller – 顔",
    "MSG\t1904 -7 SYNCTIME",
    "MSG\t1905 ",
    "MSG\t1906 C:\\new\\table",
    "MSG\t1907 nan",
    "MSG\t1908 !CAL box\n\t  1 2",
)


def exported(folder: Path, recordings: list[Path]) -> Study:
    """Import recordings made elsewhere, and write them as BIDS."""
    create_study(folder, {"execution": {"jobs": 1}})
    study = open_study(folder)
    adopt_recordings(study, recordings)
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    return study


def check_round_trip(study: Study) -> int:
    """Compare all that is read back with what was imported; give the number of samples."""
    read = read_bids(study.root)
    n_samples = 0
    for session in recorded_sessions(study):
        (got,) = [value for name, value in read.items() if name.startswith(f"{session.name}_")]
        samples = pd.read_parquet(samples_path(study, session.name))
        same_samples(got, samples.drop(columns=["line", "part"]))
        events = pd.read_parquet(raw_events_path(study, session.name))
        same_events(got, events.drop(columns=["line", "part"]))
        messages = pd.read_parquet(messages_path(study, session.name))
        messages = messages.drop(columns=["line", "part", "n_lines"])
        messages = messages.sort_values("time_ms", kind="stable", ignore_index=True)
        if len(messages) and (len(events) or len(samples)):
            pd.testing.assert_frame_equal(
                got.messages[list(messages)], messages, check_dtype=False, check_exact=True
            )
        n_samples += len(samples)
    return n_samples


def same_samples(got: BidsRecording, samples: pd.DataFrame) -> None:
    if samples.empty:
        assert got.samples.empty
        return
    assert set(got.samples) == set(samples)
    texts = dict.fromkeys([name for name in ("flags", "target_flags") if name in samples], "str")
    pd.testing.assert_frame_equal(
        got.samples[list(samples)].astype(texts),
        samples.astype(texts),
        check_dtype=False,
        check_exact=True,
    )


def same_events(got: BidsRecording, events: pd.DataFrame) -> None:
    if events.empty:
        assert got.events.empty
        return
    keys = ["onset_ms", "eye", "event"]
    expected = events.dropna(axis="columns", how="all").sort_values(keys, ignore_index=True)
    found = got.events.sort_values(keys, ignore_index=True)
    more = found[[name for name in found if name not in expected]]
    assert more.isna().all(axis=None)  # columns that are always there
    pd.testing.assert_frame_equal(
        found[list(expected)], expected, check_dtype=False, check_exact=True
    )


@pytest.mark.parametrize("layout", [*SAMPLE_LINES, "2000", "250"])
def test_every_layout_reads_back(tmp_path: Path, layout: str) -> None:
    if layout.isdigit():
        blocks = [block("mono", 2000 + 500 * i, rate_hz=int(layout)) for i in range(3)]
    else:
        blocks = [block(layout, 2000 + 500 * i) for i in range(3)]
    path = tmp_path / "sub-1_ses-a.asc"
    path.write_text(HEADER + "\n".join(MESSAGES) + "\n" + "".join(blocks), encoding="utf-8")
    study = exported(tmp_path / "study", [path])
    assert check_round_trip(study) > 30
    ((name, got),) = read_bids(study.root).items()
    assert name == "sub-1_ses-a_task-viewing"
    assert "!CAL box\n1 2" in got.messages["text"].tolist()
    assert 'say "this"\tand\\that' in got.messages["text"].tolist()
    assert "" in got.messages["text"].tolist()


def test_eyes_and_kinds_that_change_between_blocks_read_back(tmp_path: Path) -> None:
    path = tmp_path / "sub-1.asc"
    blocks = [block("mono", 2000), block("raw", 2500), block("bino", 3000), block("href", 3500)]
    path.write_text(HEADER + "".join(blocks), encoding="utf-8")
    study = exported(tmp_path / "study", [path])
    check_round_trip(study)
    (got,) = read_bids(study.root).values()
    assert set(got.facts) == {"eye1", "eye1href", "eye1raw", "eye2"}


def test_our_own_sessions_read_back(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    import_sessions(study)
    make_events(study)
    run_step(study, bids_step(study))
    assert check_round_trip(study) == 600
    one = next(study.root.glob("sub-01/ses-01/beh/*_physio.tsv.gz"))
    assert list(read_bids(one)) == ["sub-01_ses-01_task-faces"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings are not beside this checkout")
@pytest.mark.parametrize(
    "name",
    ["1950168", "binoRemote500", "mono2000", "monoRemote250", "memory", "left_eye", "bino500",
     "002_rlmw_events_short", "002_rlmw_samples_short", "eyelink_monocular_2khz_example",
     "eyelink_monocular_no_dummy_example", "eyelink_binocular_example", "data1"],
)  # fmt: skip
def test_recordings_of_other_labs_read_back(tmp_path: Path, name: str) -> None:
    check_round_trip(exported(tmp_path / "study", [SHARED / f"{name}.asc.gz"]))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_text_reads_back(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tsv.gz"
        table = pd.DataFrame({"onset": np.arange(len(texts)), "message": texts}, dtype="object")
        write_tsv_gz(path, table.astype({"onset": float}))
        read = read_tsv_gz(path, ["onset", "message"], ["message"])
    assert unescaped(read["message"]).fillna("").tolist() == texts


def test_texts_of_others_are_not_unescaped() -> None:
    texts = pd.Series([r"C:\new", "a"], dtype="object")
    assert unescaped(escaped(texts)).tolist() == texts.tolist()
    assert unescaped(pd.Series([r"C:\x"], dtype="object")).tolist() == [r"C:\x"]


# A dataset as another lab may write it.

FACTS: dict[str, Any] = {
    "SamplingFrequency": 500,
    "StartTime": 0,
    "Columns": ["timestamp", "x_coordinate", "y_coordinate", "confidence", "pupil_size"],
    "PhysioType": "eyetrack",
    "RecordedEye": "left",
    "SampleCoordinateSystem": "gaze-on-screen",
    "timestamp": {"Units": "s"},
    "x_coordinate": {"Units": "pixel"},
    "y_coordinate": {"Units": "pixel"},
}
ROWS = "10.000\t1\t2\t0.5\t900\n10.002\tn/a\tn/a\t0\tn/a\n10.004\t3.5\t4\t1\t901\n"


def dataset(folder: Path, facts: dict[str, Any] = FACTS, rows: str = ROWS) -> Path:
    """Write a dataset of two eyes, the JSON of one of them at its top."""
    beh = folder / "sub-A" / "func"
    beh.mkdir(parents=True)
    (folder / "dataset_description.json").write_text('{"Name": "x"}', encoding="utf-8")
    # What both eyes share stands at the top; each eye's own file has the last word.
    (folder / "task-see_physio.json").write_text(json.dumps(facts), encoding="utf-8")
    for label, eye in (("left", "left"), ("right", "right")):
        stem = beh / f"sub-A_task-see_run-1_recording-{label}"
        data = "\N{ZERO WIDTH NO-BREAK SPACE}" + rows if label == "left" else rows
        Path(f"{stem}_physio.tsv.gz").write_bytes(gzip.compress(data.encode()))
        Path(f"{stem}_physio.json").write_text(json.dumps({"RecordedEye": eye}), encoding="utf-8")
    (beh / "sub-A_task-see_run-1_recording-breath_physio.json").write_text(
        json.dumps({"PhysioType": "generic", "Columns": ["respiratory"]}), encoding="utf-8"
    )
    (beh / "sub-A_task-see_run-1_recording-breath_physio.tsv.gz").write_bytes(gzip.compress(b"1\n"))
    return folder


def test_a_dataset_of_another_lab(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "theirs")
    beh = folder / "sub-A" / "func"
    stem = beh / "sub-A_task-see_run-1_recording-left"
    Path(f"{stem}_physioevents.tsv.gz").write_bytes(
        gzip.compress(b"10.002\tfixation\t0.25\tn/a\n10.1\tn/a\tn/a\tsee C:\\new\n")
    )
    Path(f"{stem}_physioevents.json").write_text(
        json.dumps(
            {
                "Columns": ["onset", "trial_type", "duration", "message"],
                "OnsetSource": "timestamp",
            }
        ),
        encoding="utf-8",
    )
    ((name, got),) = read_bids(folder).items()
    assert name == "sub-A_task-see_run-1"
    np.testing.assert_allclose(got.samples["time_ms"], [10000, 10002, 10004], rtol=0)
    np.testing.assert_array_equal(got.samples["x_left_px"], [1, np.nan, 3.5])
    np.testing.assert_array_equal(got.samples["pupil_right"], [900, np.nan, 901])
    np.testing.assert_array_equal(got.samples["confidence_left"], [0.5, 0, 1])
    event = got.events.iloc[0]
    assert (event["eye"], event["event"]) == ("left", "fixation")
    assert (event["onset_ms"], event["duration_ms"]) == (10002, 250)
    assert got.messages[["time_ms", "text"]].to_numpy().tolist() == [[10100, r"see C:\new"]]
    assert set(got.facts) == {"left", "right"}  # the belt around the chest is no eye


def test_onsets_may_be_numbers_of_rows(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "theirs")
    stem = folder / "sub-A" / "func" / "sub-A_task-see_run-1_recording-right"
    Path(f"{stem}_physioevents.tsv.gz").write_bytes(gzip.compress(b"2\t150\tblink\n"))
    facts: dict[str, Any] = {"Columns": ["onset", "duration", "trial_type"], "OnsetSource": "n/a"}
    facts["duration"] = {"Units": "ms"}
    Path(f"{stem}_physioevents.json").write_text(json.dumps(facts), encoding="utf-8")
    (got,) = read_bids(folder).values()
    event = got.events.iloc[0]
    assert (event["onset_ms"], event["duration_ms"], event["eye"]) == (10004, 150, "right")


@pytest.mark.parametrize(("unit", "factor"), [("ms", 1000), ("us", 1_000_000), ("", 1000)])
def test_time_stamps_in_any_unit(tmp_path: Path, unit: str, factor: int) -> None:
    rows = "".join(f"{int(second * factor)}\t1\t2\t1\t1\n" for second in (10, 10.002, 10.004))
    facts = FACTS | {"timestamp": {"Units": unit} if unit else {}}
    (got,) = read_bids(dataset(tmp_path / "theirs", facts, rows)).values()
    assert got.samples["time_ms"].tolist() == [10000, 10002, 10004]


def test_other_units_of_gaze_name_their_columns(tmp_path: Path) -> None:
    facts = FACTS | {"x_coordinate": {"Units": "deg"}, "y_coordinate": {"Units": "deg"}}
    (got,) = read_bids(dataset(tmp_path / "theirs", facts)).values()
    assert {"x_left_deg", "y_right_deg"} <= set(got.samples)


def test_eyes_with_other_time_stamps_are_joined(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "theirs")
    path = folder / "sub-A" / "func" / "sub-A_task-see_run-1_recording-right_physio.tsv.gz"
    path.write_bytes(gzip.compress(b"10.001\t7\t8\t1\t1\n10.004\t9\t9\t1\t1\n"))
    (got,) = read_bids(folder).values()
    assert got.samples["time_ms"].tolist() == [10000, 10001, 10002, 10004]
    np.testing.assert_array_equal(got.samples["x_right_px"], [np.nan, 7, np.nan, 9])


def test_the_nearest_json_wins(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "theirs")
    beh = folder / "sub-A" / "func"
    (folder / "sub-A" / "sub-A_physio.json").write_text('{"SamplingFrequency": 3}')
    (folder / "sub-B_physio.json").write_text('{"SamplingFrequency": 4}')
    facts = sidecar(beh / "sub-A_task-see_run-1_recording-right_physio.tsv.gz")
    assert (facts["SamplingFrequency"], facts["RecordedEye"]) == (3, "right")


@pytest.mark.parametrize(
    ("facts", "rows", "match"),
    [
        (FACTS | {"Columns": ["timestamp", "x"]}, ROWS, "lacks x_coordinate, y_coordinate"),
        (FACTS | {"Columns": None}, ROWS, "must name its Columns"),
        (FACTS, "1\t2\n", "must have the 5 columns"),
        (FACTS, "timestamp\tx\ty\tc\tp\n" + ROWS, "must be numbers.*'timestamp'.*line 1"),
        (FACTS | {"timestamp": {"Units": "fortnight"}}, ROWS, "must have Units.*'fortnight'"),
        (FACTS | {"timestamp": {}, "SamplingFrequency": 60}, ROWS, "do not fit"),
        (FACTS | {"PhysioType": "generic"}, ROWS, "PhysioType eyetrack"),
    ],
)
def test_what_contradicts_itself_is_said(
    tmp_path: Path, facts: dict[str, Any], rows: str, match: str
) -> None:
    with pytest.raises(InputError, match=match):
        read_bids(dataset(tmp_path / "theirs", facts, rows))


def test_files_that_are_no_bids(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has none"):
        read_bids(tmp_path)
    with pytest.raises(InputError, match="is neither"):
        read_bids(tmp_path / "a.tsv")
    folder = dataset(tmp_path / "theirs")
    path = folder / "sub-A" / "func" / "sub-A_task-see_run-1_recording-left_physio.tsv.gz"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match="readable"):
        read_bids(folder)
    path.with_name(path.name.replace(".tsv.gz", ".json")).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="JSON file must be readable"):
        read_bids(folder)
