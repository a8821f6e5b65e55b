"""Quality of recordings of other labs, against pymovements and against sums over lists."""

import math
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.foreign import adopt_recordings
from gaze_analysis.quality import fixation_precision
from gaze_analysis.quality_tables import SessionTables
from gaze_analysis.session_quality import session_quality
from gaze_analysis.steps import events_step, import_step
from gaze_analysis.steps_quality import quality_step
from gaze_analysis.tests.small_session import session_tables
from stimuli.frames import Screen
from study.folder import create_study
from study.provenance import run_step
from study.tables import read_table

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the real recordings are not beside this checkout"
)
SCREEN = Screen(1280, 1024, 38.0, 30.5, 70.0)


def tables_of(recording: Recording) -> SessionTables:
    """Bring a recording's tables to the form that the study's tables have."""
    events = pd.concat(
        [recording.fixations.assign(event="fixation"), recording.blinks.assign(event="blink")]
    )
    parts = {
        name: getattr(recording, name).assign(part=1)
        for name in ("blocks", "calibrations", "validations", "validation_points")
    }
    facts = {"sampling_rate_hz": recording.blocks["rate_hz"].max()}
    return session_tables(**parts, events=events.assign(part=1), recording=facts)


@pytest.fixture(scope="module")
def left_eye():
    recording = read_asc(FOLDER / "left_eye.asc.gz")
    tables = tables_of(recording)
    return recording, session_quality(recording.samples.assign(part=1), tables, SCREEN)


def degrees(x_px, y_px):
    """Turn pixels into degrees by the definition, for one point."""
    x_cm = (x_px - (1280 - 1) / 2) * 38.0 / 1280
    y_cm = (y_px - (1024 - 1) / 2) * 30.5 / 1024
    return math.degrees(math.atan(x_cm / 70.0)), math.degrees(math.atan(y_cm / 70.0))


def slow_precision(recording, onset, offset):
    """Measure one fixation with lists and sums."""
    samples = recording.samples
    inside = samples[(samples["time_ms"] >= onset) & (samples["time_ms"] <= offset)]
    track = [
        (time, *degrees(x, y))
        for time, x, y in inside[["time_ms", "x_left_px", "y_left_px"]].to_numpy().tolist()
        if not math.isnan(x)
    ]
    steps = [
        (b[1] - a[1]) ** 2 + (b[2] - a[2]) ** 2 for a, b in pairwise(track) if b[0] - a[0] == 2.0
    ]
    n = len(track)
    mean = [math.fsum(point[i] for point in track) / n for i in (1, 2)]
    xx, yy, xy = (
        math.fsum((point[i] - mean[i - 1]) * (point[j] - mean[j - 1]) for point in track) / (n - 1)
        for i, j in ((1, 1), (2, 2), (1, 2))
    )
    rho = xy / math.sqrt(xx * yy)
    area = 2 * -math.log(1 - 0.6827) * math.pi * math.sqrt(xx * yy) * math.sqrt(1 - rho**2)
    return math.sqrt(math.fsum(steps) / len(steps)), math.sqrt(xx + yy), area


def test_precision_is_that_of_a_slow_second_implementation(left_eye):
    recording, quality = left_eye
    chosen = recording.fixations.iloc[::7]
    found = fixation_precision(quality.traces[1, "left"], chosen)
    for (_, fixation), row in zip(chosen.iterrows(), found.to_numpy(), strict=True):
        slow = slow_precision(recording, fixation["onset_ms"], fixation["offset_ms"])
        np.testing.assert_allclose(row, slow, rtol=1e-9)


def test_precision_is_that_of_pymovements(left_eye):
    polars = pytest.importorskip("polars")
    from pymovements.measure.samples.measures import bcea, rms_s2s, std_rms

    recording, quality = left_eye
    trace = quality.traces[1, "left"]
    fixations = recording.fixations
    found = fixation_precision(trace, fixations)
    n_compared = 0
    for place, (onset, offset) in enumerate(fixations[["onset_ms", "offset_ms"]].to_numpy()):
        part = trace.part(onset, offset)
        if not trace.valid[part].all():
            continue
        frame = polars.DataFrame({"position": trace.points_deg[part].tolist()})
        theirs = frame.select(rms_s2s(), std_rms(), bcea()).row(0)
        np.testing.assert_allclose(found.iloc[place], theirs, rtol=1e-9)
        n_compared += 1
    assert n_compared > 200


def test_loss_is_that_of_pymovements_and_of_a_slow_count(left_eye):
    polars = pytest.importorskip("polars")
    from pymovements.measure.samples.measures import data_loss

    recording, quality = left_eye
    samples = recording.samples
    assert len(quality.by_block) == samples["block"].nunique() == 4
    for _, row in quality.by_block.iterrows():
        own = samples[samples["block"] == row["block"]]
        frame = polars.DataFrame(
            {"time": own["time_ms"].to_numpy(), "x": own["x_left_px"].to_numpy()}
        )
        theirs = frame.select(data_loss("x", sampling_rate=500.0)).item()
        assert row["data_loss"] == pytest.approx(theirs, rel=1e-12)
        blinks = recording.blinks[["onset_ms", "offset_ms"]].to_numpy()
        lost = own.loc[own["x_left_px"].isna(), "time_ms"].to_numpy()
        n_blink = sum(any(a <= time <= b for a, b in blinks) for time in lost)
        n_expected = round((own["time_ms"].iloc[-1] - own["time_ms"].iloc[0]) / 2.0) + 1
        assert row["n_expected"] == n_expected
        assert row["data_loss_blink"] == pytest.approx(n_blink / n_expected, rel=1e-12)


def test_the_validations_of_a_session_that_went_wrong_twice(left_eye):
    _, quality = left_eye
    rows_ = quality.validations
    assert rows_["error_avg_deg"].tolist() == [0.43, 0.29, 3.58, 0.27, 0.25, 3.7]
    assert rows_["n_blocks"].tolist() == [2, 0, 0, 2, 0, 0]
    assert rows_["recalibrated"].tolist() == [pd.NA, False, False, True, False, False]
    assert rows_["n_points"].tolist() == [9] * 6
    eye = quality.by_eye.iloc[0]
    assert (eye["accuracy_deg"], eye["accuracy_max_deg"]) == (0.35, 0.71)
    assert eye["drift_deg"] == pytest.approx(-0.02)
    # The tracker's pixels of a degree lead from its pixels to its degrees.
    np.testing.assert_allclose(
        np.hypot(rows_["offset_x_deg"], rows_["offset_y_deg"]),
        [0.18, 0.05, 3.55, 0.23, 0.21, 3.69], atol=0.01,
    )  # fmt: skip


def test_every_recording_has_its_page_whatever_it_holds(tmp_path):
    source = tmp_path / "from_elsewhere"
    source.mkdir()
    files = []
    for path in sorted(FOLDER.glob("*.gz")):
        letters = "".join(sign for sign in path.name.split(".")[0] if sign.isalnum())
        files.append(source / f"{letters}.asc.gz")
        shutil.copyfile(path, files[-1])
    screen = {"width_px": 1280, "height_px": 1024, "width_cm": 38.0, "height_cm": 30.5}
    study = create_study(tmp_path / "study", {"execution": {"jobs": 1}, "screen": screen})
    adopt_recordings(study, files)
    for step in (import_step, events_step, quality_step):
        run_step(study, step(study))
    pages = {path.name for path in (study.gaze_dir / "quality").glob("sub-*.html")}
    assert len(pages) == len(files) == 15
    columns = {"participant_id": str, "check": str, "severity": str, "eye": str}
    flags = read_table(study.gaze_dir / "flags.tsv", what="flags", columns=columns)
    found: Any = flags.set_index(["participant_id", "check"])["severity"].sort_index()
    assert found["sub-lefteye", "screen"] == "pass"
    assert found["sub-mono2000", "screen"] == "fail"
    assert found["sub-002rlmweventsshort", "data loss"] == "not run"
    assert found["sub-002rlmwsamplesshort", "validation"] == "fail"
    assert found["sub-mono2000", "sampling rate"] == "pass"
    table = read_table(
        study.gaze_dir / "quality.tsv", what="quality", columns={"participant_id": str}
    )
    quality: Any = table.set_index("participant_id")
    assert quality.loc["sub-mono2000", "effective_rate_hz"] == pytest.approx(2000)
    assert quality.loc["sub-1950168", "n_drift_checks"].tolist() == [3, 3]
    assert quality.loc["sub-002rlmweventsshort", "n_validations"].tolist() == [9, 9]
