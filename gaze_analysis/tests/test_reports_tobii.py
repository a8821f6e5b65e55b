"""Exports of Tobii Studio and Pro Lab, against a slow walk through their rows."""

import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaze_analysis.eyelink import Recording
from gaze_analysis.reports.table import Table
from gaze_analysis.reports.tabular import read_tables
from gaze_analysis.reports.tobii import report_kind
from gaze_analysis.tests.report_text import TOBII_HEADER, part_of, recording_of, table_of
from gaze_analysis.tests.test_reports_dataviewer import found
from study.errors import InputError
from study.settings.gaze_reports import ReportSettings

FACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces"
needs_faces = pytest.mark.skipif(
    not FACES.is_dir(), reason="the Sassari recordings are not beside the checkout"
)


def studio_rows() -> list[dict[str, Any]]:
    """Write 250 Hz rows: a cross, a face with three fixations and a saccade, the mouse."""
    rows: list[dict[str, Any]] = []
    fixation_of = {**dict.fromkeys(range(5, 16), 7), **dict.fromkeys(range(18, 28), 8),
                   **dict.fromkeys(range(28, 40), 9)}  # fmt: skip
    for i in range(40):
        index: Any = fixation_of.get(i, "")
        kind = "Fixation" if index else ("Saccade" if i in (16, 17) else "Unclassified")
        rows.append(
            {
                "ParticipantName": "P 1", "MediaName": "face.png" if i >= 10 else "cross.png",
                "MediaPosX (ADCSpx)": 100 if i >= 10 else "", "MediaPosY (ADCSpx)": 50,
                "MediaWidth": 300, "MediaHeight": 400, "RecordingResolution": "1280 x 1024",
                "RecordingTimestamp": 1000 + 4 * i, "FixationIndex": index,
                "SaccadeIndex": 3 if i in (16, 17) else "", "GazeEventType": kind,
                "GazeEventDuration": {7: 44, 8: 40, 9: 100}.get(index, ""),
                "FixationPointX (MCSpx)": {7: 10, 8: 20, 9: 30}.get(index, ""),
                "FixationPointY (MCSpx)": 5 if index else "",
                "SaccadicAmplitude": 2.5 if index == 8 else "", "GazePointIndex": i + 1,
                "GazePointLeftX (ADCSpx)": 110, "GazePointLeftY (ADCSpx)": 60,
                "GazePointRightX (ADCSpx)": 114, "GazePointRightY (ADCSpx)": 62,
                "GazePointX (ADCSpx)": 112, "GazePointY (ADCSpx)": 61, "PupilLeft": "3,0",
                "PupilRight": "4,0", "ValidityLeft": 4 if i == 20 else 0, "ValidityRight": 0,
            }
        )  # fmt: skip
    rows.insert(30, {"ParticipantName": "P 1", "RecordingTimestamp": 1119, "StudioEvent": "Click"})
    rows.append({"ParticipantName": "P 1", "RecordingTimestamp": 1162})
    return rows


def studio_text() -> str:
    lines = [
        TOBII_HEADER,
        *([str(row.get(name, "")) for name in TOBII_HEADER] for row in studio_rows()),
    ]
    return "\n".join(map("\t".join, lines))


def test_a_studio_export_with_media_events_and_lost_eyes() -> None:
    recording = recording_of(studio_text())
    assert len(recording.samples) == 40
    assert recording.samples["x_left_px"].isna().sum() == 1
    assert set(recording.samples["pupil_unknown"]) == {3.5, 4.0}
    fixations = recording.fixations
    # The first goes on from the cross to the face; the last is cut off by the export's end.
    assert fixations["onset_ms"].tolist() == [1020, 1072, 1112]
    assert fixations["offset_ms"].tolist() == [1060, 1108, 1208]
    assert fixations["duration_ms"].tolist() == [44, 40, 100]
    assert fixations["x_px"].tolist() == [110, 120, 130]
    assert recording.saccades["amplitude_deg"].tolist() == [2.5]
    assert recording.messages["text"].tolist().count("Click") == 1
    assert recording.skipped["reason"].tolist() == ["neither gaze nor event"]
    trials = found(recording)
    assert trials["image_id"].tolist()[1] == "face"
    assert trials["face_onset_ms"].tolist() == [1000, 1040]
    assert trials["face_offset_ms"].tolist()[1] == 1160
    assert trials["picture_x_px"].tolist()[1] == 100
    assert recording.info["display_coords"] == (0, 0, 1279, 1023)
    assert recording.blocks["rate_hz"].tolist() == [250, 250]


def test_pro_lab_names_units_and_validity() -> None:
    header = [
        "Recording timestamp [μs]", "Sensor", "Participant name", "Presented Stimulus name",
        "Gaze point left X [DACS px]", "Gaze point left Y [DACS px]", "Gaze point X [DACS px]",
        "Gaze point Y [DACS px]", "Validity left", "Eye movement type",
        "Eye movement type index", "Gaze event duration [ms]", "Pupil diameter left [mm]",
        "Recording resolution width [px]", "Recording resolution height [px]",
    ]  # fmt: skip
    rows = [
        f"{8333 * i}\tEye Tracker\tA\tface\t{i}\t2\t{i}\t2\t{'Invalid' if i == 2 else 'Valid'}\t"
        f"{'Fixation' if i < 4 else 'Saccade'}\t1\t33\t3.1\t1920\t1080"
        for i in range(6)
    ]
    rows.insert(3, "17000\tMouse\tA\tface" + "\t" * 11)
    recording = recording_of("\n".join(["\t".join(header), *rows]))
    assert len(recording.samples) == 6
    np.testing.assert_allclose(recording.samples["time_ms"], 8.333 * np.arange(6))
    assert recording.samples["x_left_px"].isna().tolist() == [False, False, True] + [False] * 3
    assert recording.fixations["x_px"].tolist() == [1.5]
    np.testing.assert_allclose(recording.fixations["duration_ms"], 4 * 8.333)
    assert len(recording.saccades) == 1
    np.testing.assert_allclose(recording.blocks["rate_hz"], 120.005, atol=1e-3)


def test_an_export_in_picture_pixels_alone() -> None:
    header = (
        "Recording timestamp", "Presented Stimulus name", "Gaze point X [MCS px]",
        "Gaze point Y [MCS px]", "Presented Media width [px]", "Presented Media height [px]",
    )  # fmt: skip
    recording = recording_of("\t".join(header) + "\n0\tf\t10\t20\t300\t400\n4\tf\t11\t21\t300\t400")
    assert recording.samples["x_unknown_px"].tolist() == [10, 11]
    assert found(recording)["picture_x_px"].tolist() == [0]


def test_what_is_a_tobii_export_and_what_is_not() -> None:
    assert report_kind(["RecordingTimestamp", "GazePointX (ADCSpx)"]) == "tobii"
    assert report_kind(["FixationIndex", "FixationPointX", "TimeStamp"]) == ""
    with pytest.raises(InputError, match="must have gaze or fixation points"):
        part_of(table_of("RecordingTimestamp\tGazeEventType\n1\tFixation"))


def sassari_rows() -> list[dict[str, str]]:
    with gzip.open(FACES / "uniss_fgd" / "042.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def slow_fixations(
    rows: list[dict[str, str]],
) -> dict[str, list[tuple[float, float, float, float, float]]]:
    """Walk through the rows: first and last time, duration told, and the point on the screen."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row["GazeEventType"] != "Fixation":
            continue
        own = found.setdefault(row["ParticipantName"], {})
        time = float(row["RecordingTimestamp"])
        point = [float(row[f"FixationPoint{axis}(MCSpx)"]) for axis in "XY"]
        begin = [time, time, float(row["GazeEventDuration"]), point[0] + 359, point[1] + 131]
        own.setdefault(row["FixationIndex"], begin)[1] = time
    return {who: [tuple(f) for f in own.values()] for who, own in found.items()}  # type: ignore[misc]


@needs_faces
def test_the_sassari_export_agrees_with_a_slow_walk() -> None:
    table = next(read_tables(FACES / "uniss_fgd" / "042.csv.gz"))
    expected = slow_fixations(sassari_rows())
    assert len(expected) == 20
    for who, slow in expected.items():
        rows = np.flatnonzero(table.cells["ParticipantName"] == who)
        own = table.rows(rows)
        recording = recording_of_table(own)
        assert len(recording.samples) == len(rows)
        assert len(recording.fixations) == len(slow)
        interval = 1000 / recording.blocks["rate_hz"].iloc[0]
        assert abs(1000 / interval - 300) < 0.5
        inside = recording.fixations.iloc[1:-1]
        np.testing.assert_allclose(
            inside[["onset_ms", "offset_ms", "x_px", "y_px"]],
            [(f[0], f[1], f[3], f[4]) for f in slow[1:-1]],
        )
        # Within the export, Tobii's duration is that of the rows; so it is at the edges.
        np.testing.assert_allclose(inside["duration_ms"], [f[2] for f in slow[1:-1]], atol=1.5)
        first, last = recording.fixations.iloc[0], recording.fixations.iloc[-1]
        np.testing.assert_allclose(
            [first["offset_ms"], last["onset_ms"]], [slow[0][1], slow[-1][0]]
        )
        np.testing.assert_allclose([first["duration_ms"], last["duration_ms"]],
                                   [slow[0][2], slow[-1][2]], atol=2 * interval)  # fmt: skip


def recording_of_table(table: Table) -> Recording:
    text = "\n".join(map("\t".join, [table.header, *table.cells.to_numpy().tolist()]))
    return recording_of(text, settings=ReportSettings())


@needs_faces
def test_the_export_has_the_fixations_that_sassari_published() -> None:
    archive = zipfile.ZipFile(FACES / "uniss_ffd" / "Fixations.zip")
    published: dict[str, list[tuple[str, str]]] = {}
    for name in archive.namelist():
        if "_042_" in name and "__MACOSX" not in name:
            text = io.StringIO(archive.read(name).decode("utf-8-sig"))
            who = name.rsplit("/", 1)[-1][:2]
            published[who] = [(row["FixationPointX"], row["FixationPointY"])
                              for row in csv.DictReader(text)]  # fmt: skip
    ours = {who: [(f"{x - 359:g}", f"{y - 131:g}") for *_, x, y in fixations]
            for who, fixations in slow_fixations(sassari_rows()).items()}  # fmt: skip
    assert set(published) == set(ours)
    # The file of observer 01 begins with nine fixations of another stretch; 19 are the same.
    assert all(published[who][-len(points) :] == points for who, points in ours.items())
    assert {who for who in ours if len(published[who]) != len(ours[who])} == {"01"}
    assert sum(map(len, ours.values())) == 177
