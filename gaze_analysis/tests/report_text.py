"""Small reports in the forms that Data Viewer, Tobii and spreadsheets write."""

import struct

import numpy as np
import pandas as pd

from gaze_analysis.eyelink import Recording
from gaze_analysis.reports import dataviewer, generic, tobii
from gaze_analysis.reports.assemble import assemble
from gaze_analysis.reports.part import Part, Source
from gaze_analysis.reports.session import report_kind
from gaze_analysis.reports.table import Table
from study.settings.gaze_reports import ReportSettings

# Two trials of one participant: 500 Hz, times from each trial's start.
FIXATIONS = """RECORDING_SESSION_LABEL\tTRIAL_INDEX\tEYE_USED\tCURRENT_FIX_START\tCURRENT_FIX_END\t\
CURRENT_FIX_DURATION\tCURRENT_FIX_X\tCURRENT_FIX_Y\tCURRENT_FIX_PUPIL\tCURRENT_FIX_BLINK_AROUND\t\
TRIAL_START_TIME\tface\tface_at\tACC
003\t1\tRIGHT\t4\t202\t200\t512.00\t384.50\t900\tNONE\t5000\tAF01HAS.jpg\t(512, 384)\t1
003\t1\tRIGHT\t240\t438\t200\t600.00\t300.00\t910\tAFTER\t5000\tAF01HAS.jpg\t(512, 384)\t1
003\t1\tRIGHT\t600\t798\t200\t480.00\t330.00\t890\tBEFORE\t5000\tAF01HAS.jpg\t(512, 384)\t1
003\t2\tRIGHT\t0\t398\t400\t.\t.\t890\tNONE\t9000\tAF02SAS.jpg\t(500, 380)\t0
003\t2\tRIGHT\t420\t618\t200\t505.25\t381.00\t880\tNONE\t9000\tAF02SAS.jpg\t(500, 380)\t0
"""
TOBII_HEADER = (
    "ParticipantName", "MediaName", "MediaPosX (ADCSpx)", "MediaPosY (ADCSpx)", "MediaWidth",
    "MediaHeight", "RecordingResolution", "RecordingTimestamp", "FixationIndex", "SaccadeIndex",
    "GazeEventType", "GazeEventDuration", "FixationPointX (MCSpx)", "FixationPointY (MCSpx)",
    "SaccadicAmplitude", "GazePointIndex", "GazePointLeftX (ADCSpx)", "GazePointLeftY (ADCSpx)",
    "GazePointRightX (ADCSpx)", "GazePointRightY (ADCSpx)", "GazePointX (ADCSpx)",
    "GazePointY (ADCSpx)", "PupilLeft", "PupilRight", "ValidityLeft", "ValidityRight",
    "StudioEvent",
)  # fmt: skip


def table_of(text: str, name: str = "report.txt", separator: str = "\t") -> Table:
    """Split a text at its tabs, without any of the reader's help."""
    rows = [line.split(separator) for line in text.strip("\n").split("\n")]
    cells = pd.DataFrame(rows[1:], columns=rows[0], dtype="str")
    return Table(name, cells, np.arange(2, len(rows) + 1))


def part_of(table: Table, settings: ReportSettings | None = None) -> Part:
    """Read one report of one session."""
    settings = settings or ReportSettings()
    kind = report_kind(table.header, settings)
    reader = {"tobii": tobii.read_report, "samples": generic.read_report,
              "fixations": generic.read_report}  # fmt: skip
    source = Source(table, kind, {}, table.name, settings)
    return reader.get(kind, dataviewer.read_report)(source)


def recording_of(*texts: str, settings: ReportSettings | None = None) -> Recording:
    """Read reports of one session."""
    return assemble([part_of(table_of(text), settings) for text in texts], "test")


def biff2(rows: list[list[str | float]]) -> bytes:
    """Write a true .xls, of Excel 2: records of two bytes type, two bytes length, content."""
    records = [struct.pack("<HHHH", 0x0009, 4, 0x0002, 0x0010)]
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            at = struct.pack("<HH3s", r, c, b"\0\0\0")
            if isinstance(value, str):
                text = value.encode("cp1252")
                content, kind = at + struct.pack("<B", len(text)) + text, 0x0004
            else:
                content, kind = at + struct.pack("<d", value), 0x0003
            records.append(struct.pack("<HH", kind, len(content)) + content)
    return b"".join(records) + struct.pack("<HH", 0x000A, 0)
