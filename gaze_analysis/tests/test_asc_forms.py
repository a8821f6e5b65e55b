"""Forms that the files of other labs and other versions of edf2asc have, each in a small file."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.tests.asc_text import HEADER, SAMPLE_LINES, block
from study.errors import InputError


def read(folder: Path, text: str | bytes) -> Recording:
    path = folder / "a.asc"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    recording = read_asc(path)
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]
    return recording


# -- rates and stamps


@pytest.mark.parametrize("rate_hz", [250, 500, 1000])
def test_rates(tmp_path: Path, rate_hz: int) -> None:
    recording = read(tmp_path, block(rate_hz=rate_hz))
    assert np.diff(recording.samples["time_ms"]).tolist() == [1000 / rate_hz] * 19
    assert recording.blocks["rate_hz"].tolist() == [rate_hz]
    fixation = recording.fixations.iloc[0]
    span = fixation["offset_ms"] - fixation["onset_ms"]
    assert fixation["duration_ms"] == span + 1000 / rate_hz


def test_float_stamps_everywhere(tmp_path: Path) -> None:
    recording = read(
        tmp_path,
        "MSG\t99.5 TRIALID 1\nINPUT\t99.5\t127\nSTART\t100.0 \tLEFT\tSAMPLES\tEVENTS\n"
        "EVENTS\tGAZE\tLEFT\tRATE\t2000.00\tTRACKING\tCR\tFILTER\t2\n"
        "SAMPLES\tGAZE\tLEFT\tRATE\t2000.00\tTRACKING\tCR\tFILTER\t2\n"
        "SFIX L   100.0\n100.0\t 1.0\t 2.0\t 3.0\t...\n100.5\t 1.0\t 2.0\t 3.0\t...\n"
        "EFIX L   100.0\t100.5\t1.0\t 1.0\t 2.0\t 3\n"
        "END\t101.0 \tSAMPLES\tEVENTS\tRES\t 3.0\t 3.1\n",
    )
    assert recording.samples["time_ms"].tolist() == [100.0, 100.5]
    assert recording.fixations[["onset_ms", "offset_ms"]].to_numpy().tolist() == [[100.0, 100.5]]
    assert recording.messages["stamp_ms"].tolist() == [99.5]
    assert recording.blocks["end_ms"].tolist() == [101.0]


def test_doubled_stamps_of_each_block_at_2000_hz_alone(tmp_path: Path) -> None:
    lines = [f"{stamp}\t 1.0\t 2.0\t 3.0\t...\n" for stamp in (300, 300, 301, 301, 302)]
    fast = block(start_ms=300, rate_hz=2000, n_samples=0) + "".join(lines)
    recording = read(tmp_path, fast + block(start_ms=5000))
    first = recording.samples.loc[recording.samples["block"] == 1, "time_ms"]
    assert first.tolist() == [300, 300.5, 301, 301.5, 302]
    assert recording.samples["time_ms"].is_unique


# -- missing values

MISSING = ["NaN", "nan", "NA", "-32768", "-9999", "9999", "0", "0.0", "missing", "1e8", "-1", "inf"]


@pytest.mark.parametrize("text", MISSING)
@pytest.mark.parametrize("layout", ["mono", "bino", "no_flags", "remote", "input", "href", "raw"])
def test_any_text_stands_for_missing_gaze(tmp_path: Path, text: str, layout: str) -> None:
    recording = read(
        tmp_path, HEADER + _blind_block(layout, text) + _blind_block(layout, text, 9000)
    )
    assert recording.skipped.empty
    name = next(name for name in map(str, recording.samples) if name.startswith("x_"))
    for column in (name, name.replace("x_", "y_")):
        gone = np.flatnonzero(recording.samples[column].isna()).tolist()
        assert gone == [3, 4, 23, 24]
    assert recording.samples.filter(like="pupil").notna().all(axis=None)


@pytest.mark.parametrize("text", MISSING)
def test_events_have_the_same_missing_text(tmp_path: Path, text: str) -> None:
    blink = f"ESACC L  2003\t2004\t2\t {text}\t {text}\t  507.4\t  388.9\t {text}\t     42\n"
    recording = read(tmp_path, blink + _blind_block("mono", text))
    assert recording.skipped.empty
    row = recording.saccades.iloc[0]
    assert np.isnan(row[["x_px", "y_px", "amplitude_deg"]].to_numpy(float)).all()
    assert (row["x_end_px"], row["peak_velocity_deg_s"]) == (507.4, 42)
    assert recording.saccades["line"].is_monotonic_increasing
    assert recording.blocks["block"].tolist() == [0, 1]


def test_a_word_known_only_from_later_samples_is_missing_in_earlier_events(tmp_path: Path) -> None:
    text = "EFIX R   1900\t1999\t100\t  505.0\t GONE\t 1102\nEFIX R 1 2 2 505.0 BAD 7\n"
    recording = read(tmp_path, text + _blind_block("mono", "GONE"))
    assert recording.fixations["line"].tolist()[0] == 1
    assert math.isnan(recording.fixations["y_px"][0])
    assert recording.skipped["text"].tolist() == ["EFIX R 1 2 2 505.0 BAD 7"]


def test_a_number_in_events_without_samples(tmp_path: Path) -> None:
    line = "ESACC L  {0}\t{0}\t1\t {1}\t {1}\t  507.{0}\t  388.9\t  2.0\t     42\n"
    text = "".join(line.format(i, "-5000.0" if i < 4 else "700.0") for i in range(1, 6))
    saccades = read(tmp_path, text).saccades
    assert np.flatnonzero(saccades["x_px"].isna()).tolist() == [0, 1, 2]
    assert saccades["x_end_px"].notna().all()


@pytest.mark.parametrize(
    "pupils", [pytest.param((0, 900), id="one blind"), pytest.param((0, 0), id="all blind")]
)
def test_real_gaze_is_never_taken_for_missing(tmp_path: Path, pupils: tuple[int, int]) -> None:
    head = block(n_samples=0)
    blind = "2001\t 100.0\t 100.0\t {}\t...\n2002\t 101.0\t 100.0\t {}\t...\n".format(*pupils)
    seen = "2003\t 100.0\t 100.0\t 950.0\t...\n"
    samples = read(tmp_path, head + blind + seen).samples
    assert samples["x_right_px"].iloc[2] == 100
    if pupils[1] == 0:  # two values where the eye is lost: no text for missing
        assert samples["x_right_px"].notna().all()


def test_one_eye_missing_alone(tmp_path: Path) -> None:
    lines = block("bino").replace("508.0\t  399.5\t  913.0", "NONE\t NONE\t    0.0", 2)
    samples = read(tmp_path, lines).samples
    assert np.flatnonzero(samples["x_right_px"].isna()).tolist() == [0, 1]
    assert samples["x_left_px"].isna().sum() == 2


def test_blank_cells_are_missing(tmp_path: Path) -> None:
    samples = read(tmp_path, block(missing="")).samples
    assert np.flatnonzero(samples["x_right_px"].isna()).tolist() == [3, 4]
    assert samples["pupil_right"].tolist() == [1138.0] * 20


def test_a_missing_head_target(tmp_path: Path) -> None:
    lost = " ... \t-32768.0\t-32768.0\t-32768.0 M............"
    samples = read(tmp_path, block("remote").replace(
        "... \t 4717.0\t 2908.0\t  611.2 .............", lost, 1)).samples  # fmt: skip
    assert math.isnan(samples["target_x"][0])
    assert math.isnan(samples["target_distance_mm"][0])
    assert samples["target_flags"].tolist()[:2] == ["M............", "............."]


def _blind_block(layout: str, text: str, start_ms: int = 2000) -> str:
    """Write a block in which samples 3 and 4 have neither gaze nor pupil."""
    lines = block(layout, start_ms=start_ms, missing="MISSING").split("\n")
    pupil = SAMPLE_LINES[layout][1].split("\t")[2]
    for i, line in enumerate(lines):
        if line[:1].isdigit() and "MISSING" in line:
            lines[i] = line.replace("MISSING", text.rjust(6)).replace(pupil, "    0.0", 1)
    return "\n".join(lines)


# -- what blocks look like


def test_first_rows_of_a_block_without_flags(tmp_path: Path) -> None:
    text = block("bino") + block("bino", 5000).replace("913.0\t.....", "913.0", 3)
    samples = read(tmp_path, text).samples
    assert samples["x_left_px"].notna().sum() == 36
    assert samples["time_ms"].is_monotonic_increasing


def test_rows_with_too_many_columns(tmp_path: Path) -> None:
    text = block().replace("1138.0\t...", "1138.0\t   12.0\t...", 1)
    samples = read(tmp_path, text).samples
    assert samples["extra_1"].tolist()[0] == 12
    assert samples["x_right_px"].notna().sum() == 18


def test_a_row_of_both_eyes_in_a_block_of_one(tmp_path: Path) -> None:
    both = SAMPLE_LINES["bino"][1]
    samples = read(tmp_path, block() + f"2020\t{both}\n").samples
    assert samples[["x_left_px", "x_right_px"]].iloc[-1].tolist() == [504.1, 508.0]


def test_declarations_before_start_hold_after_it(tmp_path: Path) -> None:
    text = (
        "EVENTS\tGAZE\tLEFT\tRATE\t1000.00\n"
        "SAMPLES\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\tINPUT\n"
        "START\t10 \tRIGHT\tSAMPLES\tEVENTS\n"
        "10\t  850.7\t  717.5\t  714.0\t    1.0\t...\n"
    )
    samples = read(tmp_path, text).samples
    assert samples[["x_right_px", "input"]].to_numpy().tolist() == [[850.7, 1.0]]


def test_the_eye_of_a_recording_without_start(tmp_path: Path) -> None:
    text = "MSG\t1 RECCFG CR 1000 2 1 L\n2\t 1.0\t 2.0\t 3.0\t...\n3\t 1.0\t 2.0\t 3.0\t...\n"
    assert read(tmp_path, text).eyes == ("left",)
    text = text.replace("RECCFG", "!MODE RECORD").replace("L\n", "R\n")
    assert read(tmp_path, text).eyes == ("right",)


def test_events_alone_and_no_end(tmp_path: Path) -> None:
    lines = [line for line in block("bino").splitlines() if not line[:1].isdigit()]
    text = "\n".join(line for line in lines if not line.startswith(("END", "SAMPLES"))) + "\n"
    recording = read(tmp_path, HEADER + text)
    assert recording.samples.empty
    assert recording.eyes == ("left", "right")
    assert (len(recording.fixations), len(recording.blinks)) == (2, 2)
    assert recording.blocks["end_ms"].isna().all()


def test_old_trackers_blocks(tmp_path: Path) -> None:
    text = (
        "** VERSION: EYELINK REVISION 2.00 (Aug 12 1997)\n** DATE:\n"
        "START\t2336 \tRIGHT\tEVENTS\tSAMPLES\nPRESCALER\t1\nVPRESCALER\t10\n"
        "EVENTS\tGAZE\tRIGHT\nSAMPLES\tGAZE\tRIGHT\n"
        "SBLINK R 2340\n2340\t  -4.3\t 399.5\t  913.0\n2344\t  .\t .\t  0.0\n"
        "ESACC R 2340\t2344\t8\t  -4.3\t 399.5\t .\t .\t 0.1\t 23\n"
    )
    recording = read(tmp_path, text)
    assert recording.skipped.empty
    assert "date" not in recording.info
    assert recording.blocks[["vprescaler", "rate_hz"]].to_numpy().tolist() == [[10, 250]]
    assert recording.starts["event"].tolist() == ["blink"]
    assert recording.samples["x_right_px"][0] == -4.3


def test_head_referenced_events_with_resolution(tmp_path: Path) -> None:
    text = "START\t1 \tLEFT\tEVENTS\nEVENTS\tHREF\tLEFT\tRATE\t500.00\tRES\n"
    recording = read(tmp_path, text + "EFIX L 10 20 12 -1500 20 900 35.1 36.2\n")
    row = recording.fixations.iloc[0]
    assert (row["x_href"], row["resolution_x_px_deg"]) == (-1500, 35.1)
    assert math.isnan(row["x_px"])


def test_lost_messages_are_reported(tmp_path: Path) -> None:
    recording = read(tmp_path, block() + "ERROR MESSAGES LOST 3\nERROR COMMANDS LOST 1\n")
    assert recording.info["lost"] == ["ERROR MESSAGES LOST 3", "ERROR COMMANDS LOST 1"]


# -- what messages say


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("DISPLAY_COORDS 0 0 1919 1079", "display_coords", (0, 0, 1919, 1079)),
        ("DISPLAY_COORDS = 0 0 1023 767", "display_coords", (0, 0, 1023, 767)),
        ("GAZE_COORDS 0.00 0.00 1279.00 1023.00", "gaze_coords", (0, 0, 1279, 1023)),
        ("DISPLAY_COORDS (0, 0, 1919, 1079)", "display_coords", (0, 0, 1919, 1079)),
        ("!CMD 1 screen_pixel_coords = 0 0 799 599", "screen_pixel_coords", (0, 0, 799, 599)),
    ],
)
def test_display(tmp_path: Path, text: str, name: str, expected: tuple[float, ...]) -> None:
    assert read(tmp_path, f"MSG\t1 {text}\n").info[name] == expected


def test_a_damaged_display_is_no_display(tmp_path: Path) -> None:
    info = read(tmp_path, "MSG\t1 DISPLAY_COORDS 0 0 1.2.3\nMSG\t2 GAZE_COORDS\n").info
    assert not {"display_coords", "gaze_coords"} & set(info)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("MSG\t1 !CAL \n>>>>>>> CALIBRATION ({}) FOR {}: <<<<<<<<<\n", id="own line"),
        pytest.param("MSG\t1 >>>>>>> CALIBRATION ({}) FOR {}: <<<<<<<<<\n", id="message"),
        pytest.param("MSG\t1 !CAL >>>>>>> CALIBRATION ({}) FOR {}: <<<<<<\n", id="!CAL message"),
    ],
)
def test_both_eyes_calibrated(tmp_path: Path, header: str) -> None:
    text = "".join(header.format("HV13,P-CR", eye) for eye in ("LEFT", "RIGHT"))
    text += "MSG\t2 !CAL CALIBRATION HV13 LR LEFT    GOOD \n"
    text += "MSG\t2 !CAL CALIBRATION HV13 LR RIGHT   FAILED \n"
    found = read(tmp_path, text).calibrations
    columns = ["type", "model", "eye", "result"]
    assert found[columns].to_numpy().tolist() == [
        ["HV13", "P-CR", "left", "GOOD"],
        ["HV13", "P-CR", "right", "FAILED"],
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("HV9 R RIGHT GOOD ERROR 0.37 avg. 0.67 max  OFFSET 0.22 deg. -0.5,-8.2 pix.",
         [("HV9", "right", "GOOD", 0.37, 0.67, 0.22, -0.5, -8.2)]),
        ("HV9 LR LEFT  POOR ERROR 12.70 avg. 22.44 max  OFFSET 0.36 deg. -15.4,-14.4 pix.",
         [("HV9", "left", "POOR", 12.7, 22.44, 0.36, -15.4, -14.4)]),
        ("HV5 L LEFT  ABORTED", [("HV5", "left", "ABORTED", *[math.nan] * 5)]),
        ("R ABORTED", [("", "right", "ABORTED", *[math.nan] * 5)]),
        ("LR ABORTED", [("", eye, "ABORTED", *[math.nan] * 5) for eye in ("left", "right")]),
    ],
)  # fmt: skip
def test_validations(tmp_path: Path, words: str, expected: list[tuple[str | float, ...]]) -> None:
    rows = read(tmp_path, f"MSG\t7 !CAL VALIDATION {words}\n").validations
    found = rows.drop(columns=["line", "block", "time_ms"])
    wanted = pd.DataFrame(expected, columns=found.columns)
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


@pytest.mark.parametrize("point", ["VALIDATE L POINT 3", "VALIDATE LR 4POINT 3"])
def test_points_of_a_validation(tmp_path: Path, point: str) -> None:
    text = f"MSG\t7 {point}  LEFT  at 172,512  OFFSET 0.83 deg.  26.3,-17.5 pix.\n"
    points = read(tmp_path, text).validation_points
    assert points.to_numpy().tolist()[0][3:] == [3, "left", 172, 512, 0.83, 26.3, -17.5]


def test_drift_corrections(tmp_path: Path) -> None:
    text = "MSG\t7 DRIFTCORRECT R RIGHT at 512,384  OFFSET 0.45 deg.  -15.5,5.3 pix.\n"
    found = read(tmp_path, text + "MSG\t9 DRIFTCORRECT LR ABORTED\n").drift_corrections
    assert found["eye"].tolist() == ["right", "left", "right"]
    assert found["result"].tolist() == ["", "ABORTED", "ABORTED"]
    numbers = found[["target_x_px", "offset_deg", "offset_y_px"]].to_numpy()
    assert numbers[0].tolist() == [512, 0.45, 5.3]


# -- encodings, cuts and files that are something else


def test_utf_16_without_a_mark(tmp_path: Path) -> None:
    assert len(read(tmp_path, (HEADER + block()).encode("utf-16-le")).samples) == 20


def test_windows_end_of_file_sign(tmp_path: Path) -> None:
    recording = read(tmp_path, block() + "\x1a")
    assert len(recording.samples) == 20
    assert len(recording.skipped) == 1


@pytest.mark.parametrize("layout", ["mono", "no_flags", "bino", "remote"])
def test_a_sample_cut_in_its_middle_is_never_read(tmp_path: Path, layout: str) -> None:
    text = block(layout)
    begin, end = text.index("\n2010") + 1, text.index("\n2011")
    for i in range(begin + 1, end):
        recording = read(tmp_path, text[:i])
        assert (len(recording.samples), len(recording.skipped)) == (10, 1), text[begin:i]
    assert len(read(tmp_path, text[:end]).samples) == 11


@pytest.mark.parametrize("word", ["EFIX", "ESACC"])
def test_an_event_cut_in_its_middle_is_never_read(tmp_path: Path, word: str) -> None:
    first, text = block(), block(start_ms=5000)
    begin = text.index(f"\n{word}") + 1
    end = text.index("\n", begin)
    for i in range(begin + 1, end):
        recording = read(tmp_path, first + text[:i])
        assert len(recording.skipped) == 1, text[begin:i]


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Is a directory"):
        read_asc(tmp_path)


def test_noise(tmp_path: Path) -> None:
    path = tmp_path / "noise.asc"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    with pytest.raises(InputError, match=r"noise\.asc begins with"):
        read_asc(path)
