"""Recordings are written as EyeLink's own converter writes them."""

import gzip
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment import asc_lines, asc_samples
from experiment.asc_writer import AscWriter
from experiment.calibration import Validation, simulate_validation, target_points
from experiment.gaze_trace import Blink, Fixation, GazeTrace, Saccade
from experiment.observers import draw_observer, simulate_trial
from experiment.tests.asc_grammar import parse_line, read_asc
from experiment.tests.made_up_study import made_up_landmarks
from stimuli.frames import Screen
from stimuli.regions import region_polygons
from study.errors import InputError
from study.settings.observers import ObserversSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"


def real_looking_trace(seed=6):
    """Simulate a trial with a blink."""
    observer = draw_observer(ObserversSettings(blink_rate_hz=1.5), "sub-001", seed=1)
    polygons_px = region_polygons(made_up_landmarks() + np.array([736, 316]))
    trial = SimpleNamespace(expression="happy", fixation_x_px=640, fixation_y_px=540)
    random = np.random.default_rng(seed)
    simulated = simulate_trial(
        observer, trial, polygons_px, SCREEN, random, lead_ms=400, face_ms=2000, tail_ms=50
    )
    assert simulated.trace.blinks
    return simulated.trace


@pytest.fixture
def recording(tmp_path):
    """Give a writer and a function that closes it and reads what it wrote."""
    path = tmp_path / "sub-001_ses-01.asc"
    writer = AscWriter(path, SCREEN, datetime(2026, 3, 5, 9, 7), "a test")

    def written():
        writer.close()
        return path.read_bytes()

    yield writer, written
    writer.close()


def test_every_line_is_eyelinks_and_every_value_returns(recording):
    writer, written = recording
    trace = real_looking_trace().shifted(5400)
    found = simulate_validation(
        draw_observer(ObserversSettings(), "sub-001", 1).eye, SCREEN, np.random.default_rng(0)
    )
    writer.calibration(3000, found)
    writer.validation(4000, found)
    writer.drift_check(4990, (640.0, 540.0), (3.2, -1.0))
    writer.start_block(5000)
    writer.message(5400, "FACE_ON AF01HAS")
    writer.end_block(trace)
    samples, lines = read_asc(written())
    assert np.array_equal(samples[:, 0], trace.time_ms)
    assert np.array_equal(samples[:, 1], trace.x_px, equal_nan=True)
    assert np.array_equal(samples[:, 2], trace.y_px, equal_nan=True)
    assert np.array_equal(samples[:, 3], np.nan_to_num(trace.pupil))
    kinds = [kind for kind, _ in lines]
    for name, events in (
        ("FIX", trace.fixations),
        ("SACC", trace.saccades),
        ("BLINK", trace.blinks),
    ):
        assert kinds.count(f"S{name}") == kinds.count(f"E{name}") == len(events) > 0


def test_written_events_agree_with_written_samples(recording):
    writer, written = recording
    writer.start_block(9_999_000)
    writer.end_block(real_looking_trace().shifted(9_999_400))
    samples, lines = read_asc(written())
    at = {int(row[0]): row for row in samples}
    assert 9_999_999 in at and 10_000_000 in at  # the clock gains a digit within the block
    for kind, values in lines:
        if kind not in ("EFIX", "ESACC", "EBLINK"):
            continue
        start, end, duration, *rest = values
        held = np.array([at[time] for time in range(int(start), int(end) + 1)])
        assert duration == len(held)
        if kind == "EFIX":
            # A tenth of a pixel is all that a line keeps.
            assert np.abs(held[:, 1:3].mean(axis=0) - rest[:2]).max() <= 0.0501
            assert abs(held[:, 3].mean() - rest[2]) <= 0.501
        elif kind == "ESACC":
            assert rest[:4] == [*held[0, 1:3], *held[-1, 1:3]]
            across_cm = (held[-1, 1:3] - held[0, 1:3]) * [53 / 1920, 29.8 / 1080]
            assert rest[4] == pytest.approx(
                np.degrees(np.hypot(*across_cm) / 70), rel=0.02, abs=0.01
            )
        else:
            assert np.isnan(held[:, 1:3]).all() and not held[:, 3].any()


def test_lines_stand_in_the_order_of_time(recording):
    writer, written = recording
    gaze = np.arange(10.0)
    trace = GazeTrace(
        time_ms=np.arange(100, 110),
        x_px=np.where((gaze >= 5) & (gaze < 7), np.nan, gaze),
        y_px=np.where((gaze >= 5) & (gaze < 7), np.nan, gaze),
        pupil=np.where((gaze >= 5) & (gaze < 7), np.nan, 900.0),
        fixations=(Fixation(100, 102, 1.0, 1.0, 900.0), Fixation(109, 109, 9.0, 9.0, 900.0)),
        saccades=(Saccade(103, 108, 3.0, 3.0, 8.0, 8.0, 0.2, 20.0),),
        blinks=(Blink(105, 106),),
    )
    writer.start_block(100)
    writer.message(103, "SECOND")
    writer.message(100, "FIRST")
    writer.message(111, "AFTER")
    writer.end_block(trace)
    lines = written().decode("ascii").splitlines()
    body = lines[next(n for n, line in enumerate(lines) if "!MODE" in line) + 1 :]
    words = [line.split()[0] if line[0].isalpha() else line.split("\t")[0] for line in body]
    assert words == [
        "MSG", "SFIX", "100", "101", "102", "EFIX", "MSG", "SSACC", "103", "104",
        "SBLINK", "105", "106", "EBLINK", "107", "108", "ESACC", "SFIX", "109", "EFIX",
        "END", "MSG",
    ]  # fmt: skip
    assert body[10:13] == [
        "SBLINK R 105",
        "105\t   .\t   .\t    0.0\t...",
        "106\t   .\t   .\t    0.0\t...",
    ]
    assert body[5] == "EFIX R   100\t102\t3\t    1.0\t    1.0\t    900"
    assert body[16] == "ESACC R  103\t108\t6\t    3.0\t    3.0\t    8.0\t    8.0\t   0.20\t     20"
    assert body[-2].startswith("END\t110 \tSAMPLES\tEVENTS\tRES\t  44.2")


@pytest.mark.parametrize("name", ["data1", "mono1000", "left_eye"])
def test_the_grammar_is_that_of_real_recordings(name):
    path = REAL / f"{name}.asc.gz"
    if not path.exists():
        pytest.skip(f"the real recording {path.name} is not beside the checkout")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    recorded = [line for line in lines if line[:1].isdigit() or line.startswith(("S", "E"))]
    # Of the many samples, some are enough.
    n_samples = 0
    for line in recorded:
        n_samples += line[0].isdigit()
        if not line[0].isdigit() or n_samples % 10 == 0:
            assert parse_line(line) is not None, line


def test_validation_reports_what_was_measured(recording):
    writer, written = recording
    offsets_px = np.tile([3.0, -4.0], (9, 1))
    points_px = target_points(SCREEN)
    errors_deg = SCREEN.distance_deg(points_px, points_px + offsets_px)
    writer.validation(4000, Validation(points_px, offsets_px, errors_deg, 0.11))
    lines = written().decode("ascii").splitlines()[-10:]
    assert lines[0] == (
        "MSG\t4000 !CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.11 avg. 0.11 max  "
        "OFFSET 0.11 deg. 3.0,-4.0 pix."
    )
    assert (
        lines[1]
        == "MSG\t4000 VALIDATE R 4POINT 0 RIGHT  at 960,540  OFFSET 0.11 deg.  3.0,-4.0 pix."
    )


@pytest.mark.parametrize(("error_deg", "verdict"), [(0.2, "GOOD"), (0.7, "FAIR"), (1.2, "POOR")])
def test_verdict_follows_the_errors(error_deg, verdict):
    errors_deg = np.full(9, error_deg)
    assert Validation(np.zeros((9, 2)), np.zeros((9, 2)), errors_deg, 0.0).verdict == verdict


def test_a_recording_is_never_overwritten(recording, tmp_path):
    with pytest.raises(InputError, match="file of its own"):
        AscWriter(tmp_path / "sub-001_ses-01.asc", SCREEN, datetime(2026, 1, 1), "a test")


def test_messages_survive_a_block_that_never_ended(recording):
    writer, written = recording
    writer.start_block(500)
    writer.message(700, "FACE_ON AF01HAS")
    assert written().endswith(b"MSG\t700 FACE_ON AF01HAS\n")


def test_wrong_use_is_refused(recording):
    writer, _ = recording
    with pytest.raises(InputError, match="one line"):
        writer.message(1, "two\nlines")
    with pytest.raises(ValueError, match="next sample must be that of None"):
        writer.end_block(real_looking_trace())
    writer.start_block(10)
    with pytest.raises(ValueError, match="must end before the next"):
        writer.start_block(20)


def test_a_left_eye_is_called_left(tmp_path):
    path = tmp_path / "left.asc"
    with AscWriter(path, SCREEN, datetime(2026, 3, 5), "a test", eye="left") as writer:
        writer.drift_check(4990, (640.0, 540.0), (3.2, -1.0))
        writer.start_block(5000)
        writer.end_block(real_looking_trace().shifted(5400))
    lines = path.read_text("ascii").splitlines()
    words = {line.split()[0] + " " + line.split()[1] for line in lines if line[:1] in ("S", "E")}
    assert {"SFIX L", "EFIX L", "SSACC L", "ESACC L", "SBLINK L", "EBLINK L"} <= words
    assert any(line.startswith("START\t5000 \tLEFT\tSAMPLES") for line in lines)
    assert not any("RIGHT" in line or line[1:].startswith(("FIX R", "SACC R")) for line in lines)


class FullDisk:
    """A file that takes only so many bytes until room is made."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, lines):
        if not self.room:
            raise OSError(28, "No space left on device")
        n_written = self.file.write(lines[: self.room])
        self.room -= n_written
        return n_written

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("room", [0, 1, 500, 5000])
def test_a_full_disk_leaves_whole_lines_and_the_block_goes_on_when_there_is_room(recording, room):
    writer, written = recording
    trace = real_looking_trace().shifted(5400)
    writer.start_block(5000)
    writer.message(5100, "BEFORE")
    disk = writer._file = FullDisk(writer._file, room)
    before = writer._file.tell()
    with pytest.raises(OSError, match="No space left"):
        writer.add(trace)
    assert writer._file.tell() == before
    disk.room = 10**9
    writer.message(5200, "LATER")
    writer.end_block(trace)
    samples, _ = read_asc(written())
    assert samples[:, 0].tolist() == trace.time_ms.tolist()
    assert [line.split()[-1] for line in written().decode().splitlines() if "MSG\t5" in line][
        -2:
    ] == ["BEFORE", "LATER"]


@given(st.lists(st.integers(-99_999, 999_999), min_size=1, max_size=50))
def test_numbers_are_written_as_python_writes_them(tenths):
    values = np.array(tenths) / 10.0
    trace = GazeTrace(np.arange(1, len(tenths) + 1), values, values[::-1], values, (), (), ())
    lines, starts = asc_samples.sample_lines(trace)
    expected = [
        f"{time}\t{x:7.1f}\t{y:7.1f}\t{pupil:7.1f}\t...\n".encode()
        for time, x, y, pupil in zip(trace.time_ms, values, values[::-1], values, strict=True)
    ]
    assert [lines[a:b] for a, b in pairwise(starts)] == expected


def test_samples_that_do_not_fit_are_refused():
    one = np.ones(1)
    trace = GazeTrace(np.array([5]), one * 120_000, one, one, (), (), ())
    with pytest.raises(ValueError, match="must lie within"):
        asc_samples.sample_lines(trace)


def test_header_has_english_names_and_a_date():
    lines = asc_lines.header(datetime(2026, 3, 5, 9, 7), "a test").splitlines()
    assert lines[0] == "** DATE: Thu Mar  5 09:07:00 2026"
    assert all(line.startswith("**") for line in lines[:-1])
