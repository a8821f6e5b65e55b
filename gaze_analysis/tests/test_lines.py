"""The grammar of the lines that are no samples."""

import math

import pandas as pd
import pytest

from gaze_analysis.eyelink.lines import LineReader


def read(*lines: str) -> tuple[LineReader, dict[str, pd.DataFrame]]:
    reader = LineReader()
    for number, line in enumerate(lines, start=1):
        reader.read(number, line)
    reader.finish()
    return reader, reader.tables()


FIXATION = ("left", 100.0, 200.0, 101.0)
SACCADE_FIELDS = (
    "x_px", "y_px", "x_end_px", "y_end_px", "amplitude_deg", "peak_velocity_deg_s",
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("EFIX L   100\t200\t101\t  505.0\t 398\t 1102", (505, 398, 1102), id="plain"),
        pytest.param("EFIX L 100 200 101 -5.0 -3.5 1102", (-5, -3.5, 1102), id="negative"),
        pytest.param("EFIX L 100 200 101 . . 0", (math.nan, math.nan, 0), id="missing"),
        pytest.param("EFIX L 100 200 101 2.3e+06 1 2", (2.3e6, 1, 2), id="exponent"),
        pytest.param("EFIX L 100 200 101 1 2 3 35.1 36.2", (1, 2, 3), id="resolution"),
        pytest.param("EFIX L 100.0 200.0 101.0 1 2 3", (1, 2, 3), id="float stamps"),
    ],
)
def test_fixations_keep_every_field(line: str, expected: tuple[float, ...]) -> None:
    _, tables = read(line)
    row = tables["fixations"].iloc[0]
    assert tuple(row[["eye", "onset_ms", "offset_ms", "duration_ms"]]) == FIXATION
    assert row[["x_px", "y_px", "pupil"]].tolist() == pytest.approx(expected, nan_ok=True)
    assert tables["skipped"].empty


def test_fixation_with_resolution_keeps_it() -> None:
    _, tables = read("EFIX R 100 200 101 1 2 3 35.1 36.2")
    row = tables["fixations"].iloc[0]
    assert (row["resolution_x_px_deg"], row["resolution_y_px_deg"]) == (35.1, 36.2)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("504.1 395.7 507.4 388.9 0.32 42", (504.1, 395.7, 507.4, 388.9, 0.32, 42)),
        (". . 852.1 616.2 2.3e+06 102", (math.nan, math.nan, 852.1, 616.2, 2.3e6, 102)),
        ("641.4 714.5 922.3 -1930.0 18.59 423", (641.4, 714.5, 922.3, -1930.0, 18.59, 423)),
    ],
)
def test_saccades_keep_every_field(fields: str, expected: tuple[float, ...]) -> None:
    _, tables = read(f"ESACC L 643199\t647813\t4616\t{fields}")
    values = tables["saccades"].iloc[0][list(SACCADE_FIELDS)].tolist()
    assert values == pytest.approx(expected, nan_ok=True)


def test_events_of_a_head_referenced_block_keep_both_coordinates() -> None:
    _, tables = read(
        "START\t1 \tLEFT\tEVENTS",
        "EVENTS\tHREF\tLEFT\tRATE\t500.00",
        "EFIX L 100 200 101 -1500 20 900 512.0 384.0 900",
        "EFIX L 300 400 101 -1500 20 900",
    )
    both, only = tables["fixations"].iloc[0], tables["fixations"].iloc[1]
    assert (both["x_href"], both["x_px"], both["pupil"]) == (-1500, 512, 900)
    assert only["x_href"] == -1500
    assert math.isnan(only["x_px"])


@pytest.mark.parametrize(
    ("line", "time_ms", "offset_ms", "text"),
    [
        ("MSG\t1250 750 onset", 500, 750, "onset"),
        ("MSG\t12976265 -6 SYNCTIME", 12976271, -6, "SYNCTIME"),
        ("MSG\t100 0 KEYBOARD", 100, 0, "KEYBOARD"),
        ("MSG\t100 -14 !V IAREA FILE a.ias", 114, -14, "!V IAREA FILE a.ias"),
        ("MSG\t2096367.5 -4 SYNCTIME 766 0", 2096371.5, -4, "SYNCTIME 766 0"),
        ("MSG\t100 TRIALID 7", 100, math.nan, "TRIALID 7"),
        ("MSG\t100 255", 100, math.nan, "255"),
        ("MSG\t100 10 20", 100, math.nan, "10 20"),
        ("MSG 229999 ENCODING ÄÖÜ", 229999, math.nan, "ENCODING ÄÖÜ"),
        ("MSG\t100", 100, math.nan, ""),
    ],
)
def test_messages_and_their_offset(line: str, time_ms: float, offset_ms: float, text: str) -> None:
    _, tables = read(line)
    row = tables["messages"].iloc[0]
    assert (row["time_ms"], row["text"]) == (time_ms, text)
    assert row["offset_ms"] == pytest.approx(offset_ms, nan_ok=True)


def test_a_calibration_report_over_several_lines_is_one_message() -> None:
    reader, tables = read(
        "MSG\t10 !CAL ",
        ">>>>>>> CALIBRATION (HV9,P-CR) FOR LEFT: <<<<<<<<<",
        "MSG\t10 !CAL eye check box: (L,R,T,B)",
        "\t  -60     4   -61   -20",
        "-8.2e-05  4.3",
        "",
        "MSG\t10 TRIALID 1",
        "\t is no report",
    )
    assert tables["messages"]["n_lines"].tolist() == [2, 3, 1]
    assert "FOR LEFT" in tables["messages"]["text"][0]
    assert reader.counts["blank"] == 1
    assert tables["skipped"]["line"].tolist() == [8]


def test_a_block_says_what_it_recorded() -> None:
    _, tables = read(
        "MSG\t1 RECCFG CR 500 2 1 LR",
        "MSG\t1 ELCLCFG BTABLER",
        "START\t100 \tLEFT\tRIGHT\tSAMPLES\tEVENTS",
        "PRESCALER\t1",
        "VPRESCALER\t1",
        "PUPIL\tDIAMETER",
        "EVENTS\tGAZE\tLEFT\tRIGHT\tRATE\t 500.00\tTRACKING\tCR\tFILTER\t2",
        "END\t900 \tSAMPLES\tEVENTS\tRES\t  40.67\t  40.74",
    )
    block = tables["blocks"].iloc[0]
    assert (block["start_ms"], block["end_ms"], block["rate_hz"]) == (100, 900, 500)
    assert (block["eyes"], block["pupil"], block["filter"]) == ("left right", "diameter", "2")
    assert (block["tracking"], block["mount"]) == ("CR 500 2 1 LR", "BTABLER")
    assert (block["resolution_x_px_deg"], block["n_lines"]) == (40.67, 6)


def test_inputs_buttons_starts_comments_and_losses() -> None:
    reader, tables = read(
        "INPUT\t2117909.0\t127",
        "BUTTON\t500\t4\t1",
        "SBLINK L 643199",
        "# a comment",
        "  ; another",
        "ERROR MESSAGES LOST 3",
        "** preamble",
    )
    assert tables["inputs"].iloc[0][["time_ms", "value"]].tolist() == [2117909.0, 127]
    assert tables["buttons"].iloc[0][["time_ms", "button", "state"]].tolist() == [500, 4, 1]
    assert tables["starts"].iloc[0]["event"] == "blink"
    assert reader.counts == {"blank": 0, "comment": 2, "preamble": 1, "lost": 1}
    assert reader.lost == ["ERROR MESSAGES LOST 3"]


@pytest.mark.parametrize(
    "line",
    [
        "EFIX R   1030731\t1031368",
        "EFIX R   1030731\t1031368\t638\t  236.1",
        "EFIX X 1 2 3 4 5 6",
        "ESACC R 1 2 3 4 5 6 7 8 nine",
        "EBLINK R 1 2",
        "EBLINK R 1 2 3 4",
        "SFIX R",
        "MSG",
        "MSG\tlater TRIALID 1",
        "START\tnow",
        "END",
        "SAMPLES",
        "INPUT\t1",
        "BUTTON\t1\t2",
        "garbage",
        "PUPIL",
    ],
)
def test_damaged_lines_are_skipped_with_number_and_text(line: str) -> None:
    _, tables = read("MSG\t1 fine", line)
    assert tables["skipped"][["line", "text"]].to_numpy().tolist() == [[2, line]]
    assert len(tables["messages"]) == 1
