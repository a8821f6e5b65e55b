"""Whole ASC files of every layout, small ones that the tests write."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.tests.asc_text import HEADER, SAMPLE_LINES, block
from study.errors import InputError


def read(folder: Path, text: str | bytes, name: str = "a.asc") -> Recording:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    recording = read_asc(path)
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]
    return recording


@pytest.mark.parametrize("layout", list(SAMPLE_LINES))
def test_each_layout_is_read_whole(tmp_path: Path, layout: str) -> None:
    recording = read(tmp_path, HEADER + block(layout))
    assert recording.skipped.empty
    assert len(recording.samples) == 20
    eyes = 2 if "LEFT\tRIGHT" in SAMPLE_LINES[layout][0] else 1
    counts = [len(recording.fixations), len(recording.saccades), len(recording.blinks)]
    assert counts == [eyes, eyes, eyes]
    first = next(name for name in recording.samples.columns if name.startswith("x_"))
    missing = recording.samples[first].isna().to_numpy()
    assert np.flatnonzero(missing).tolist() == [3, 4]


def test_remote_target_and_its_flags(tmp_path: Path) -> None:
    samples = read(tmp_path, HEADER + block("remote")).samples
    row = samples.iloc[0]
    assert (row["target_x"], row["target_distance_mm"]) == (4717.0, 611.2)
    assert (row["flags"], row["target_flags"]) == ("...", "." * 13)


def test_velocity_and_resolution(tmp_path: Path) -> None:
    row = read(tmp_path, block("mono_both")).samples.iloc[0]
    assert row["velocity_x_right_deg_s"] == -1.5
    assert (row["resolution_x_px_deg"], row["resolution_y_px_deg"]) == (35.1, 36.2)


@pytest.mark.parametrize("text", ["-32768", "NaN", "MISS", "1e8x", "x"])
def test_any_text_may_stand_for_missing(tmp_path: Path, text: str) -> None:
    recording = read(tmp_path, HEADER + block(missing=text))
    assert recording.skipped.empty
    x = recording.samples["x_right_px"]
    assert np.flatnonzero(x.isna()).tolist() == [3, 4]
    assert recording.samples["pupil_right"].notna().all()


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="BOM"),
        pytest.param(lambda text: text.encode("utf-16"), id="UTF-16"),
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no last line end"),
        pytest.param(lambda text: text.replace("\n", "\r").encode(), id="CR"),
    ],
)
def test_forms_of_the_same_text_give_the_same_recording(
    tmp_path: Path, encode: Callable[[str], bytes]
) -> None:
    text = HEADER + block("bino") + "MSG\t9000 Grüße\n" + block("bino", start_ms=10000)
    plain = read(tmp_path, text)
    other = read(tmp_path, encode(text), "b.asc")
    for name in ("samples", "fixations", "saccades", "blinks", "messages", "blocks", "inputs"):
        pd.testing.assert_frame_equal(getattr(plain, name), getattr(other, name))


def test_latin_1_beside_utf_8(tmp_path: Path) -> None:
    text = b"MSG\t1 caf\xe9\nMSG\t2 caf\xc3\xa9\n"
    assert read(tmp_path, text).messages["text"].tolist() == ["café", "café"]


def test_rate_and_eye_may_change_between_blocks(tmp_path: Path) -> None:
    text = block("mono") + block("href", 5000, rate_hz=500) + block("bino", 9000, rate_hz=250)
    recording = read(tmp_path, text)
    assert recording.blocks["rate_hz"].tolist() == [1000, 500, 250]
    assert recording.blocks["eyes"].tolist() == ["right", "left", "left right"]
    assert recording.blocks["n_samples"].tolist() == [20, 20, 20]
    samples = recording.samples
    assert samples.loc[samples["block"] == 1, "pupil_left"].isna().all()
    assert samples.loc[samples["block"] == 2, "x_left_px"].isna().all()
    assert samples.loc[samples["block"] == 2, "x_left_href"].notna().sum() == 18
    assert recording.eyes == ("left", "right")


def test_an_empty_block_is_a_block(tmp_path: Path) -> None:
    recording = read(tmp_path, block(n_samples=0) + block(start_ms=5000))
    assert recording.blocks["n_samples"].tolist() == [0, 20]
    assert recording.samples["block"].unique().tolist() == [2]


def test_doubled_stamps_become_half_milliseconds(tmp_path: Path) -> None:
    line = "\t  1.0\t  2.0\t  3.0\t...\n"
    stamps = [100, 101, 101, 102, 102, 200, 200, 201]
    head = block(rate_hz=2000, n_samples=0).replace("START\t2000", "START\t100")
    recording = read(tmp_path, head + "".join(f"{stamp}{line}" for stamp in stamps))
    expected = [100.5, 101, 101.5, 102, 102.5, 200, 200.5, 201]
    assert recording.samples["time_ms"].tolist() == expected


def test_float_stamps_stay(tmp_path: Path) -> None:
    text = "START\t1.0 \tLEFT\tSAMPLES\nSAMPLES\tGAZE\tLEFT\tRATE\t2000.00\n"
    lines = "".join(f"{stamp}\t 1.0\t 2.0\t 3.0\n" for stamp in (1.5, 2.0, 2.5))
    assert read(tmp_path, text + lines).samples["time_ms"].tolist() == [1.5, 2.0, 2.5]


def test_samples_without_anything_else(tmp_path: Path) -> None:
    lines = "".join(f"{stamp}\t 1\t 2\t 3\t 4\t 5\t 6\t.....\n" for stamp in range(100, 140, 4))
    between = ".\t   .\t   .\t   .\t   .\t   .\t   .\n"
    recording = read(tmp_path, lines + between)
    assert recording.skipped.empty
    assert recording.eyes == ("left", "right")
    assert recording.blocks[["block", "rate_hz"]].to_numpy().tolist() == [[0, 250.0]]


def test_a_cut_file_keeps_all_but_its_last_line(tmp_path: Path) -> None:
    text = HEADER + block()
    cut = text[: text.index("2010\t") + 12]
    recording = read(tmp_path, cut)
    assert len(recording.samples) == 10
    assert recording.skipped["reason"].tolist() == ["the file ends within the line"]


def test_a_cut_gzip_file_gives_what_it_holds(tmp_path: Path) -> None:
    text = HEADER + "".join(block(start_ms=1000 * i) for i in range(2, 300))
    packed = gzip.compress(text.encode())
    path = tmp_path / "cut.asc.gz"
    path.write_bytes(packed[: len(packed) // 2])
    recording = read_asc(path)
    assert len(recording.samples) > 100
    assert recording.skipped["reason"].str.contains("ends too early").any()


def test_rows_without_flags_are_samples(tmp_path: Path) -> None:
    text = block().replace("1138.0\t...", "1138.0", 1)
    recording = read(tmp_path, text)
    assert len(recording.samples) == 20
    assert recording.samples["time_ms"].is_monotonic_increasing
    assert pd.isna(recording.samples["flags"][0])


def test_one_damaged_line_among_many_loses_no_other(tmp_path: Path) -> None:
    lines = [f"{stamp}\t 1.0\t 2.0\t 3.0\t..." for stamp in range(1000, 6000)]
    lines[3210] = "4210\t 1.0\t 2 .0\t 3.0\t..."
    lines[4000] = "5000\t 1.0\t 2.x\t 3.0\t..."
    recording = read(tmp_path, block(n_samples=0) + "\n".join(lines) + "\n")
    assert len(recording.samples) == 4998
    assert recording.skipped["text"].tolist() == [lines[3210], lines[4000]]
    assert "4210" in recording.skipped_summary()


def test_columns_that_nothing_declares_are_kept(tmp_path: Path) -> None:
    lines = block("input").replace("\tINPUT", "")
    recording = read(tmp_path, lines)
    assert recording.skipped.empty
    assert recording.samples["extra_1"].tolist() == [127.0] * 20


def test_calibrations_validations_and_display(tmp_path: Path) -> None:
    recording = read(tmp_path, HEADER + block())
    calibration = recording.calibrations.iloc[0]
    assert tuple(calibration[["type", "model", "eye", "result"]]) == (
        "HV9",
        "P-CR",
        "right",
        "GOOD",
    )
    validation = recording.validations.iloc[0]
    assert (validation["error_avg_deg"], validation["error_max_deg"]) == (0.38, 0.69)
    assert recording.validation_points["offset_y_px"].tolist() == [-13.0, -1.2]
    assert recording.info["display_coords"] == (0, 0, 1919, 1079)
    assert recording.info["date"] == "Mon Jan  1 00:00:00 2024"


def test_an_aborted_validation_has_no_errors(tmp_path: Path) -> None:
    text = "MSG\t1 !CAL VALIDATION HV9 L LEFT  ABORTED\n"
    validation = read(tmp_path, text).validations.iloc[0]
    assert validation["result"] == "ABORTED"
    assert np.isnan(validation["error_avg_deg"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)), "JPEG"),
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"SR_RESEARCH_COMBFILE\x00\x01", "edf2asc"),
        (b"id,x,y\n1,2,3\n", "begins with"),
        (gzip.compress(b"MSG\t1 a\n", mtime=0)[:-8] + bytes(8), "damaged"),
    ],
)
def test_what_is_no_recording_is_answered_by_one_message(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "picture.asc"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_asc(path)
    assert "picture.asc" in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_asc(tmp_path / "none.asc")


def test_a_recording_says_in_a_few_lines_what_it_holds(tmp_path: Path) -> None:
    recording = read(tmp_path, HEADER + block("bino", rate_hz=500) + "EFIX L 1 2\n")
    said = repr(recording).splitlines()
    assert said[0] == "Recording of left and right eye at 500 Hz"
    assert "  .samples: 20 rows" in said
    assert "  empty: buttons" in said
    assert "'EFIX L 1 2'" in said[-1]
    assert len(said) < 20
