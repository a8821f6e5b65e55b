"""Columns of sample lines, from what the block declares and what the line holds."""

import pytest

from gaze_analysis.eyelink.layout import Declared, solve_layout
from gaze_analysis.tests.asc_text import SAMPLE_LINES

MONO = ("time_ms", "x_right_px", "y_right_px", "pupil_right")
BINO = (
    "time_ms", "x_left_px", "y_left_px", "pupil_left", "x_right_px", "y_right_px", "pupil_right",
)  # fmt: skip
RESOLUTION = ("resolution_x_px_deg", "resolution_y_px_deg")
TARGET = ("target_x", "target_y", "target_distance_mm", "target_flags")
EXPECTED = {
    "mono": (*MONO, "flags"),
    "bino": (*BINO, "flags"),
    "mono_velocity": (*MONO, "velocity_x_right_deg_s", "velocity_y_right_deg_s", "flags"),
    "mono_both": (
        *MONO, "velocity_x_right_deg_s", "velocity_y_right_deg_s", *RESOLUTION, "flags",
    ),
    "bino_resolution": (*BINO, *RESOLUTION, "flags"),
    "bino_both": (
        *BINO, "velocity_x_left_deg_s", "velocity_y_left_deg_s", "velocity_x_right_deg_s",
        "velocity_y_right_deg_s", *RESOLUTION, "input", "flags",
    ),
    "buttons": (*MONO, "input", "buttons", "flags"),
    "no_flags": MONO,
    "bino_no_flags": BINO,
    "raw_bino": (
        "time_ms", "x_left_raw", "y_left_raw", "pupil_left", "x_right_raw", "y_right_raw",
        "pupil_right", "flags",
    ),
    "remote_tab": (*MONO, "input", "flags", *TARGET),
    "remote_bino": (*BINO, "flags", *TARGET),
    "remote_bino_absent": (*BINO, "flags"),
    "input": (*MONO, "input", "flags"),
    "raw": ("time_ms", "x_left_raw", "y_left_raw", "pupil_left", "flags"),
    "href": ("time_ms", "x_left_href", "y_left_href", "pupil_left", "flags"),
    "remote": (*MONO, "flags", *TARGET),
    "remote_absent": (*MONO, "flags"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(EXPECTED))
def test_declared_layouts(name: str) -> None:
    words, line = SAMPLE_LINES[name]
    declared = Declared.parse(["SAMPLES", *words.split("\t")])
    assert declared is not None
    assert solve_layout(declared, f"100\t{line}".encode().split()) == EXPECTED[name]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"1 2 3 4", ("time_ms", "x_unknown_px", "y_unknown_px", "pupil_unknown")),
        (b"1 2 3 4 ...", ("time_ms", "x_unknown_px", "y_unknown_px", "pupil_unknown", "flags")),
        (b"1 2 3 4 5 6 7", BINO),
        (b"1 2 3 4 5 6 7 .....", (*BINO, "flags")),
        (b"1 2 3 4 5 6 7 8 .....", (*BINO, "extra_1", "flags")),
        (b"1 2 3", None),
        (b"1 2 3 ...", None),
        (b"1 2 3 4 ... 5", None),
    ],
)
def test_layouts_of_files_without_header(line: bytes, expected: tuple[str, ...] | None) -> None:
    assert solve_layout(Declared(), line.split()) == expected


def test_a_promised_column_that_is_not_there_is_left_out() -> None:
    declared = Declared(eyes=("right",), velocity=True, input=True)
    assert solve_layout(declared, b"1 2 3 4 127 ...".split()) == (*MONO, "input", "flags")
    assert solve_layout(declared, b"1 2 3 4 ...".split()) == (*MONO, "flags")


def test_a_line_of_two_eyes_with_damaged_flags_is_no_line_of_one() -> None:
    declared = Declared(eyes=("left", "right"))
    assert solve_layout(declared, b"1 2 3 4 5 6 7 ...".split()) is None
    assert solve_layout(declared, b"1 2 3 4 5".split()) is None


def test_a_line_of_one_eye_where_two_are_declared() -> None:
    declared = Declared(eyes=("left", "right"))
    columns = solve_layout(declared, b"1 2 3 4 5 6 7 8 ...".split())
    assert columns is not None
    assert columns[:4] == ("time_ms", "x_unknown_px", "y_unknown_px", "pupil_unknown")


@pytest.mark.parametrize("words", ["SAMPLES", "SAMPLES LEFT", "SAMPLES GAZE LEFT RATE fast"])
def test_damaged_declarations(words: str) -> None:
    assert Declared.parse(words.split()) is None
