"""EDF files give what their ASC files give; damaged ones give one message and no crash."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.eyelink import Recording, read_asc, read_edf, read_recording
from gaze_analysis.eyelink.edf import recording_of
from gaze_analysis.eyelink.edf_elements import SAMPLE
from study.errors import InputError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink"
_SPEC = importlib.util.find_spec("eyelinkio")
needs_library = pytest.mark.skipif(_SPEC is None, reason="the extra edf (eyelinkio) is absent")
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real recordings are not beside this checkout"
)
TABLES = (
    "samples", "fixations", "saccades", "blinks", "starts", "messages", "calibrations",
    "validations", "validation_points", "inputs", "buttons", "blocks", "skipped",
)  # fmt: skip


def bundled() -> list[Path]:
    """List the EDF files that come with eyelinkio."""
    if _SPEC is None or _SPEC.origin is None:
        return []
    return sorted((Path(_SPEC.origin).parent / "tests" / "data").glob("*.edf"))


def same_tables(one: Recording, other: Recording) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


@needs_library
@needs_shared
def test_an_edf_and_its_asc_are_the_same_recording() -> None:
    edf = read_edf(SHARED / "edf" / "left_eye.edf")
    asc = read_asc(SHARED / "asc" / "left_eye.asc.gz")
    same_tables(edf, asc)  # every column exactly, the numbers of the lines included
    own = {"preamble", "converted_from"}  # which name the file and who converted it
    for name in set(asc.info) - own:
        assert edf.info[name] == asc.info[name], name
    assert edf.info["preamble"][1:] == asc.info["preamble"][1:]


@needs_library
@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.name)
def test_samples_are_those_of_eyelinkio_with_their_gaps(path: Path) -> None:
    import eyelinkio

    theirs = eyelinkio.read_edf(path)
    ours = read_edf(path)
    fields = {"xpos": "x_{}_px", "ypos": "y_{}_px", "ps": "pupil_{}"}
    for field, values in zip(theirs.info["sample_fields"], theirs["samples"], strict=True):
        kind, _, eye = field.partition("_")
        column = ours.samples[fields[kind].format(eye or ours.eyes[0])].to_numpy()
        # EDF holds one decimal as float32; without gaze edf2asc writes a pupil of 0.
        expected = values if kind != "ps" else np.where(column == 0, 0, values)
        np.testing.assert_allclose(column, expected, rtol=0, atol=0.001)
    for kind in ("fixations", "saccades", "blinks", "messages", "inputs"):
        assert len(getattr(ours, kind)) == len(theirs["discrete"][kind])
    held = ours.blocks["last_sample_ms"] - ours.blocks["first_sample_ms"]
    between = ours.blocks["start_ms"].to_numpy()[1:] - ours.blocks["end_ms"].to_numpy()[:-1]
    whole = ours.samples["time_ms"].iloc[-1] - ours.samples["time_ms"].iloc[0]
    assert whole >= held.sum() + between.sum()
    assert sum(ours.info["line_counts"].values()) == ours.info["n_lines"]
    assert (ours.blocks["n_samples"] == ours.samples.groupby("block").size().to_numpy()).all()
    assert ours.skipped.empty


@needs_library
@needs_shared
@pytest.mark.parametrize(
    ("name", "counts"),
    [("example.edf", (10, 14353, 45, 37, 7)), ("test_raw.edf", (2, 66827, 21, 19, 7))],
)
def test_recordings_of_other_labs(name: str, counts: tuple[int, ...]) -> None:
    recording = read_recording(SHARED / "edf" / name)
    tables = (recording.samples, recording.fixations, recording.saccades, recording.blinks)
    assert (len(recording.blocks), *(len(table) for table in tables)) == counts


@needs_library
@pytest.mark.parametrize("kept", [11, 26, 300, 0.01, 0.5, 0.9999])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kept: float) -> None:
    if not bundled():
        pytest.skip("eyelinkio brings no recording here")
    data = bundled()[0].read_bytes()
    path = tmp_path / "sub-1.edf"
    path.write_bytes(data[: int(kept) if kept > 1 else int(len(data) * kept)])
    with pytest.raises(InputError, match=r"must be whole.*sub-1\.edf.*Copy it anew"):
        read_edf(path)


@needs_library
def test_a_hole_in_a_file_is_said(tmp_path: Path) -> None:
    if not bundled():
        pytest.skip("eyelinkio brings no recording here")
    data = bytearray(bundled()[0].read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = bytes(5000)
    path = tmp_path / "Müller.edf"  # a name that the library cannot open everywhere
    path.write_bytes(data)
    recording = read_edf(path)
    assert "no end" in recording.skipped_summary()
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]


@needs_library
@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_damaged_is_refused_or_said(tmp_path: Path, seed: int) -> None:
    if not bundled():
        pytest.skip("eyelinkio brings no recording here")
    damaged = bytearray(bundled()[0].read_bytes())
    n_samples = 124740
    random = np.random.default_rng(seed)
    place = int(random.integers(300, len(damaged) - 3000))
    if seed % 2:
        damaged[place : place + 2000] = random.bytes(2000)
    else:
        del damaged[place : place + int(random.integers(1, 500))]
    path = tmp_path / "a.edf"
    path.write_bytes(damaged)
    try:
        recording = read_edf(path)
    except InputError:
        return
    assert len(recording.skipped) or len(recording.samples) == n_samples
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"\xff\xd8\xff\xe0JFIF", "must begin with SR_RESEARCH"),
        (b"0       X X X X Startdate 02-MAR-2002", "must begin with SR_RESEARCH"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_edf_is_refused(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "a.edf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=match):
        read_recording(path)
    with pytest.raises(InputError, match="readable file"):
        read_edf(tmp_path / "none.edf")


def test_without_the_library_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "eyelinkio"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('no library for this platform')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = tmp_path / "a.edf"
    path.write_bytes(b"SR_RESEARCH_1000FILE")
    with pytest.raises(InputError, match="no library for this platform") as caught:
        read_edf(path)
    assert "pip install 'faceoff[edf]'" in str(caught.value)
    assert "edf2asc -p OUT a.edf" in str(caught.value)


# What follows needs no library: it gives the reader what the library would give.

HEAD = {"preamble": "** DATE: Mon Jan  1 00:00:00 2024\n** EYELINK II CL v5.15\n", "version": "4"}
EVENT = dict.fromkeys(
    ("hstx", "hsty", "gstx", "gsty", "henx", "heny", "genx", "geny", "havx", "havy", "gavx",
     "gavy", "ava", "pvel", "eye", "flags", "input", "buttons"), 0,
) | dict.fromkeys(("supd_x", "eupd_x", "supd_y", "eupd_y"), 40.0)  # fmt: skip
LEFT, RIGHT, GAZE, HREF, RAW, STATUS = 0x8000, 0x4000, 0x0400, 0x0800, 0x1000, 0x0080


def start(n_samples: int, flags: int, eye: int, rate_hz: float = 1000, pos_type: int = 192) -> list:
    recording = {
        "type": 30, "n_samples": n_samples, "time": 100, "sample_rate": rate_hz, "sflags": flags,
        "state": 1, "record_type": 3, "pupil_type": 0, "recording_mode": 1, "filter_type": 2,
        "pos_type": pos_type, "eye": eye,
    }  # fmt: skip
    kind = {192: 0x0400, 128: 0x0200, 64: 0x0100}[pos_type]
    return [
        recording,
        element(17, n_samples, flags=kind),
        element(15, n_samples, flags=flags),
    ]


def end(n_samples: int) -> dict[str, Any]:
    return start(n_samples, 0, 1)[0] | {"state": 0, "time": 200}


def element(kind: int, n_samples: int, sttime: int = 100, entime: int = 0, **values: Any) -> dict:
    return EVENT | {
        "type": kind, "n_samples": n_samples, "sttime": sttime, "entime": entime, **values
    }  # fmt: skip


def samples_of(n: int, flags: int, **values: Any) -> np.ndarray:
    made = np.zeros(n, SAMPLE)
    made["time"] = 100 + np.arange(n)
    made["flags"] = flags
    for name, value in values.items():
        made[name] = value
    return made


def read(samples: np.ndarray, elements: list[dict], complaints: tuple[str, ...] = ()) -> Recording:
    return recording_of("a.edf", samples, HEAD, elements, list(complaints))


def test_missing_values_and_the_pupil_without_gaze() -> None:
    flags = LEFT | GAZE | STATUS
    samples = samples_of(3, flags, pa=[[700, -32768]] * 3)
    samples["gx"][:, 0] = [12.34, 1e8, -32768]
    samples["gy"][:, 0] = [56.78, 1e8, -32768]
    recording = read(samples, [*start(0, flags, 1), end(3)])
    table = recording.samples
    np.testing.assert_array_equal(table["x_left_px"], [12.3, np.nan, np.nan])
    assert table["pupil_left"].tolist() == [700, 0, 0]
    assert list(table) == [
        "time_ms", "x_left_px", "y_left_px", "pupil_left", "flags", "line", "block",
    ]  # fmt: skip
    assert recording.skipped.empty


def test_two_eyes_one_of_which_is_lost_for_a_moment() -> None:
    flags = LEFT | RIGHT | GAZE | STATUS
    samples = samples_of(3, flags, gx=[[1, 2]] * 3, gy=[[3, 4]] * 3, pa=[[5, 6]] * 3)
    samples["errors"] = [0, 0x0200, 0x1400]
    table = read(samples, [*start(0, flags, 3), end(3)]).samples
    assert table["flags"].astype(str).tolist() == [".....", "...C.", "I.R.."]
    assert table["y_right_px"].tolist() == [4, 4, 4]


def test_eyes_and_data_types_may_change_between_blocks() -> None:
    one, other = LEFT | GAZE | STATUS, RIGHT | HREF | STATUS
    samples = np.concatenate(
        [samples_of(2, one, gx=[[1, -32768]] * 2), samples_of(2, other, hx=[[-32768, 900]] * 2)]
    )
    elements = [*start(0, one, 1), end(2), *start(2, other, 2, pos_type=128)]
    elements += [element(8, 3, 100, 101, eye=1, havx=901.0, havy=-77.0, gavx=1.0, ava=800.0)]
    recording = read(samples, [*elements, end(4)])
    np.testing.assert_array_equal(recording.samples["x_left_px"], [1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(recording.samples["x_right_href"], [np.nan, np.nan, 900, 900])
    assert recording.samples["block"].tolist() == [1, 1, 2, 2]
    fixation = recording.fixations.iloc[0]
    assert (fixation["eye"], fixation["x_href"], fixation["y_href"]) == ("right", 901, -77)
    assert np.isnan(fixation["x_px"])


def test_camera_data_have_their_own_columns() -> None:
    flags = RIGHT | RAW | STATUS
    samples = samples_of(1, flags, px=[[0, -5753.0]], py=[[0, -9881.0]], pa=[[0, 9]])
    recording = read(samples, [*start(0, flags, 2, pos_type=64), end(1)])
    assert recording.samples["x_right_raw"].tolist() == [-5753]
    assert recording.blocks["samples"].iloc[0].startswith("PUPIL")


def test_half_milliseconds_of_2000_hz() -> None:
    flags = LEFT | GAZE | STATUS
    samples = samples_of(4, flags)
    samples["time"] = [100, 100, 101, 101]
    samples["flags"][1::2] |= 0x0002
    elements = [*start(0, flags, 1, rate_hz=2000), element(8, 4, 100, 101, ava=1.0), end(4)]
    recording = read(samples, elements)
    assert recording.samples["time_ms"].tolist() == [100, 100.5, 101, 101.5]
    assert recording.fixations["duration_ms"].tolist() == [1]  # edf2asc cuts 1.5 off


def test_the_head_target_of_a_remote_camera() -> None:
    flags = LEFT | GAZE | STATUS | 0x0010
    samples = samples_of(2, flags, htype=0xB4)
    samples["hdata"] = [[4717, 2908, 6112, 0x0800], [-32768, -32768, -32768, 0x4000]]
    recording = read(samples, [*start(0, flags, 1), end(2)])
    table = recording.samples
    np.testing.assert_array_equal(table["target_x"], [4717, np.nan])
    np.testing.assert_array_equal(table["target_distance_mm"], [611.2, np.nan])
    assert table["target_flags"].astype(str).tolist() == ["...C.........", "M............"]
    assert "HTARGET" in recording.blocks["samples"].iloc[0]


def test_messages_in_any_code_and_of_several_lines() -> None:
    texts = ["Raz\xf3n", "caf\xc3\xa9", "-7 SYNCTIME", "one\n  two\n", "!CAL box\n\t 1 2"]
    elements = [
        {"type": 24, "n_samples": 0, "sttime": 50 + i, "text": text} for i, text in enumerate(texts)
    ]
    messages = read(samples_of(0, 0), elements).messages
    assert messages["text"].tolist() == ["Razón", "café", "SYNCTIME", "one\ntwo", "!CAL box\n1 2"]
    assert messages["time_ms"].tolist() == [50, 51, 59, 53, 54]
    assert messages["n_lines"].tolist() == [1, 1, 1, 2, 2]


def test_saccades_buttons_inputs_and_losses() -> None:
    flags = LEFT | GAZE | STATUS
    elements = [
        *start(0, flags, 1),
        element(25, 0, 101, buttons=0x0503),  # buttons 1 and 3 changed; 1 and 2 are down
        element(28, 0, 102, input=127),
        element(0x3F, 0, 103),
        element(9, 0, 103, 104),
        element(6, 0, 104, 110, gstx=100.0, gsty=100.0, genx=140.0, geny=180.0, pvel=99.6),
        element(6, 0, 111, 112, gstx=-32768.0, gsty=1e8, genx=140.0, geny=180.0),
        element(4, 0, 120, 129),
        end(0),
    ]
    recording = read(samples_of(0, 0), elements)
    assert recording.buttons[["button", "state"]].to_numpy().tolist() == [[1, 1], [3, 0]]
    assert recording.inputs["value"].tolist() == [127]
    assert len(recording.info["lost"]) == 1
    saccade = recording.saccades.iloc[0]
    assert saccade["amplitude_deg"] == round(float(np.hypot(1, 2)), 2)
    assert (saccade["peak_velocity_deg_s"], saccade["duration_ms"]) == (100, 7)
    assert np.isnan(recording.saccades["x_px"].iloc[1])
    assert recording.blinks["duration_ms"].tolist() == [10]
    assert "FIXUPDATE" in recording.skipped_summary()
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]


def test_a_block_without_end_and_complaints_are_kept() -> None:
    flags = LEFT | GAZE | STATUS
    recording = read(samples_of(2, flags), start(0, flags, 1), ("Read error",))
    assert recording.skipped["text"].tolist() == ["", "Read error"]
    assert np.isnan(recording.blocks["end_ms"].iloc[0])
