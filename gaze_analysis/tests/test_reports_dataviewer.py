"""Data Viewer's reports become the recordings that they were made from."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.eyelink.recording import COLUMNS, Recording
from gaze_analysis.reports.dataviewer import own_columns, report_kind
from gaze_analysis.reports.tabular import read_tables
from gaze_analysis.tests.report_text import FIXATIONS, part_of, recording_of, table_of
from gaze_analysis.trials import find_trials
from study.errors import InputError
from study.settings.gaze_recordings import TrialSettings
from study.settings.gaze_reports import ReportColumns, ReportSettings

REPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "reports"
PLACED = ReportSettings(
    picture_place="face_at",
    picture_width_px=300,
    picture_height_px=400,
    columns=ReportColumns(image="face", correct="ACC"),
)
SACCADES = """TRIAL_INDEX\tCURRENT_SAC_START_TIME\tCURRENT_SAC_END_TIME\tCURRENT_SAC_START_X\t\
CURRENT_SAC_START_Y\tCURRENT_SAC_END_X\tCURRENT_SAC_END_Y\tCURRENT_SAC_AMPLITUDE\t\
CURRENT_SAC_BLINK_START\tCURRENT_SAC_BLINK_END\tCURRENT_SAC_DURATION\tEYE_USED\tTRIAL_START_TIME
1\t204\t238\t512,0\t384,0\t600,0\t300,0\t3,10\t.\t.\t36\tRIGHT\t5000
1\t440\t598\t600,0\t300,0\t480,0\t330,0\t4,00\t480\t560\t160\tRIGHT\t5000
"""
MESSAGES = """TRIAL_INDEX\tCURRENT_MSG_TIME\tCURRENT_MSG_TEXT\tTRIAL_START_TIME
1\t50\tSYNCTIME\t5000
1\t.\tlost\t5000
2\t20\t!V IMGLOAD TOP_LEFT faces/AF02SAS.jpg 1 2 3 4\t9000
"""


def samples_text(times: list[int], **columns: list[Any]) -> str:
    """Write a sample report of trial 1 and 2, half of the samples each."""
    n = len(times)
    rows = {"TIMESTAMP": times, "TRIAL_INDEX": [1] * (n // 2) + [2] * (n - n // 2)} | columns
    return pd.DataFrame(rows).to_csv(sep="\t", index=False)


def found(recording: Recording) -> pd.DataFrame:
    """Find the trials of a recording as `gaze events` does."""
    return find_trials(
        recording.messages.assign(part=1), recording.blocks.assign(part=1), TrialSettings()
    )


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (
            ["CURRENT_FIX_X", "NEXT_SAC_AMPLITUDE", "CURRENT_FIX_INTEREST_AREA_LABEL"],
            "dv-fixations",
        ),
        (["CURRENT.FIX.X"], "dv-fixations"),
        (["CURRENT_SAC_START_X"], "dv-saccades"),
        (["CURRENT_MSG_TEXT"], "dv-messages"),
        (["TIMESTAMP", "RIGHT_GAZE_X"], "dv-samples"),
        (["IA_LABEL", "IA_DWELL_TIME"], "dv-areas"),
        (["x", "y"], ""),
    ],
)
def test_reports_are_told_by_their_columns(header: list[str], kind: str) -> None:
    assert report_kind(header) == kind


def test_a_fixation_report_on_the_trackers_clock() -> None:
    recording = recording_of(FIXATIONS, settings=PLACED)
    fixations = recording.fixations
    assert dict(fixations.dtypes.astype(str)) == COLUMNS["fixations"]
    assert fixations["onset_ms"].tolist() == [5004, 5240, 5600, 9000, 9420]
    assert fixations["offset_ms"].tolist() == [5202, 5438, 5798, 9398, 9618]
    assert fixations["duration_ms"].tolist() == [200, 200, 200, 400, 200]
    assert fixations["x_px"].isna().tolist() == [False, False, False, True, False]
    assert set(fixations["eye"]) == {"right"}
    assert recording.info["times"] == "the tracker's"
    assert recording.blocks["rate_hz"].tolist() == [500, 500]
    # Between the flagged fixations, one sample away from either.
    assert recording.blinks[["onset_ms", "offset_ms"]].to_numpy().tolist() == [[5442, 5596]]
    trials = found(recording)
    assert trials["label"].tolist() == ["1", "2"]
    assert trials["face_onset_ms"].tolist() == [5000, 9000]
    assert trials["face_offset_ms"].tolist() == [5800, 9620]
    assert trials["image_id"].tolist() == ["AF01HAS", "AF02SAS"]
    place = ["picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px"]
    assert trials[place].to_numpy().tolist() == [[362, 184, 300, 400], [350, 180, 300, 400]]
    assert trials["var_correct"].tolist() == ["1", "0"]


def test_without_trial_starts_trials_are_laid_out() -> None:
    text = pd.read_csv(io.StringIO(FIXATIONS), sep="\t", dtype=str)
    bare = text.drop(columns=["TRIAL_START_TIME", "TRIAL_INDEX"]).to_csv(sep="\t", index=False)
    recording = recording_of(bare)
    assert recording.info["times"] == "laid out"
    assert recording.fixations["onset_ms"].tolist() == [4, 240, 600, 1800, 2220]
    assert found(recording)["var_ACC"].tolist() == ["1", "0"]


def test_absolute_times_are_told_from_relative_ones() -> None:
    frame = pd.read_csv(io.StringIO(FIXATIONS), sep="\t", dtype=str)
    for name in ("CURRENT_FIX_START", "CURRENT_FIX_END"):
        frame[name] = (frame[name].astype(int) + frame["TRIAL_START_TIME"].astype(int)).astype(str)
    absolute = recording_of(frame.to_csv(sep="\t", index=False))
    assert absolute.fixations["onset_ms"].tolist() == [5004, 5240, 5600, 9000, 9420]


def test_interest_periods_give_onset_and_end() -> None:
    frame = pd.read_csv(io.StringIO(FIXATIONS), sep="\t", dtype=str)
    starts = frame["TRIAL_START_TIME"].astype(int)
    frame = frame.assign(IP_START_TIME=starts + 100, IP_END_TIME=starts + 700)
    trial_time = found(
        recording_of(frame.assign(TIME_SCALE="Trial Relative").to_csv(sep="\t", index=False))
    )
    assert trial_time["face_onset_ms"].tolist() == [5100, 9100]
    assert trial_time["face_offset_ms"].tolist() == [5700, 9700]
    period = recording_of(frame.assign(TIME_SCALE="Interest Period").to_csv(sep="\t", index=False))
    assert period.fixations["onset_ms"].tolist() == [5104, 5340, 5700, 9100, 9520]


def test_reports_of_one_session_add_up() -> None:
    columns: dict[str, list[Any]] = {
        "RIGHT_GAZE_X": [1.5, 2, ".", 4, 5, 6],
        "RIGHT_GAZE_Y": [7, 8, 9, 1, 2, 3],
    }
    samples = samples_text([5000, 5002, 5004, 9000, 9002, 9004], **columns)
    recording = recording_of(FIXATIONS, SACCADES, MESSAGES, samples)
    assert recording.samples["time_ms"].tolist() == [5000, 5002, 5004, 9000, 9002, 9004]
    assert recording.samples["x_right_px"].isna().tolist() == [False, False, True] + [False] * 3
    assert recording.saccades["amplitude_deg"].tolist() == [3.1, 4.0]
    assert recording.saccades["onset_ms"].tolist() == [5204, 5440]
    assert recording.blinks[["onset_ms", "offset_ms"]].to_numpy().tolist() == [[5480, 5560]]
    assert recording.skipped[["line", "reason"]].to_numpy().tolist() == [[3, "no CURRENT_MSG_TIME"]]
    trials = found(recording)
    assert trials["face_onset_ms"].tolist()[0] == 5050
    assert trials["picture_width_px"].tolist()[1] == 3
    assert recording.messages["text"].str.contains("IMGLOAD").sum() == 1


def test_a_sample_report_alone_gives_its_events_and_messages() -> None:
    columns: dict[str, list[Any]] = {
        "LEFT_GAZE_X": [10, 12, 50, 60, 20, 22], "LEFT_GAZE_Y": [1] * 6,
        "LEFT_PUPIL_SIZE": [5] * 6, "LEFT_FIX_INDEX": [1, 1, ".", ".", 2, 2],
        "LEFT_IN_SACCADE": [0, 0, 1, 0, 0, 0], "LEFT_IN_BLINK": [0, 0, 0, 1, 0, 0],
        "SAMPLE_MESSAGE": [".", "FACE_ON AF01HAS;other", ".", ".", ".", "."],
    }  # fmt: skip
    recording = recording_of(samples_text([100, 102, 104, 200, 202, 204], **columns))
    fixations = recording.fixations
    assert fixations[["onset_ms", "offset_ms", "duration_ms", "x_px"]].to_numpy().tolist() == [
        [100, 102, 4, 11],
        [202, 204, 4, 21],
    ]
    assert recording.saccades[["x_px", "x_end_px"]].to_numpy().tolist() == [[50, 50]]
    assert recording.blinks["onset_ms"].tolist() == [200]
    assert found(recording)["image_id"].tolist()[0] == "AF01HAS"
    assert "other" in recording.messages["text"].tolist()


def test_reports_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(InputError, match="one report of its kind"):
        recording_of(FIXATIONS, FIXATIONS)
    bare = "\n".join(line.split("\t", 2)[2] for line in FIXATIONS.strip().split("\n"))
    bare = bare.replace("TRIAL_START_TIME", "other")
    with pytest.raises(InputError, match="number their trials"):
        recording_of(bare, MESSAGES)


def test_a_missing_column_is_named_with_the_remedy() -> None:
    text = FIXATIONS.replace("CURRENT_FIX_X", "CURRENT_FIX_XX")
    with pytest.raises(
        InputError, match=r"must have the column 'CURRENT_FIX_X'.*Did you mean"
    ) as told:
        part_of(table_of(text))
    assert "x in [gaze.report.columns]" in str(told.value)
    mapped = ReportSettings(columns=ReportColumns(x="CURRENT_FIX_XX"))
    assert len(part_of(table_of(text), mapped).tables["fixations"]) == 5


def test_a_renamed_column_is_recognised_and_the_columns_are_named() -> None:
    text = FIXATIONS.replace("CURRENT_FIX_X", "FIX_X").replace("EYE_USED", "CURRENT_FIX_INDEX")
    with pytest.raises(InputError, match=r"its columns are RECORDING_S.*mean 'FIX_X'"):
        part_of(table_of(text))
    text = FIXATIONS.replace("CURRENT_FIX_X", "CURRENT_FIX_INDEX")
    with pytest.raises(InputError, match=r"its columns are RECORDING_SESSION_LABEL, .*ACC\. Name"):
        part_of(table_of(text))


def test_variables_named_like_data_viewers_columns_are_kept() -> None:
    names = ["TRIAL_TYPE", "LEFT_FACE", "TARGET_ACTOR", "EYE_COLOUR", "correct"]
    header = [*names, "TRIAL_INDEX", "LEFT_GAZE_X", "TARGET_VELOCITY_X", "EYE_USED", "DATA_FILE"]
    assert own_columns(header) == header[len(names) :]


def test_the_picture_of_a_message_stands_where_the_settings_say() -> None:
    text = MESSAGES.replace("SYNCTIME", "FACE_ON AF01HAS.jpg")
    settings = ReportSettings(
        picture_x_px=512, picture_y_px=384, picture_width_px=562, picture_height_px=762
    )
    messages = recording_of(text, settings=settings).messages["text"].tolist()
    assert "!V IMGLOAD CENTER AF01HAS 512 384 562 762" in messages


def test_cells_that_are_no_numbers_are_counted() -> None:
    part = part_of(table_of(FIXATIONS.replace("600.00", "six").replace("\t420\t", "\t.\t")))
    assert part.skipped[["line", "reason"]].to_numpy().tolist() == [
        [3, "CURRENT_FIX_X is no number"],
        [6, "no CURRENT_FIX_START"],
    ]
    assert "six" in part.skipped["text"][0]
    assert len(part.tables["fixations"]) == 3


@pytest.mark.skipif(not REPORTS.is_dir(), reason="the real reports are not beside the checkout")
def test_every_fixation_of_the_gazer_report() -> None:
    table = next(read_tables(REPORTS / "gazer_fixation_report_v1.xls"))
    raw = pd.read_csv(REPORTS / "gazer_fixation_report_v1.xls", sep="\t")
    n_trials = 0
    for label, own in raw.groupby("RECORDING_SESSION_LABEL", sort=False):
        rows = table.rows(own.index.to_numpy())
        lines = ["\t".join(rows.header), *map("\t".join, rows.cells.to_numpy().tolist())]
        recording = recording_of("\n".join(lines))
        fixations = recording.fixations.sort_values("line")
        # An independent walk through the rows finds the same trials and times within them.
        n_begun, previous = 0, np.inf
        trial_of_row: list[int] = []
        for start in own["CURRENT_FIX_START"]:
            n_begun += start < previous
            trial_of_row.append(n_begun)
            previous = start
        assert fixations["block"].tolist() == trial_of_row, label
        begin = recording.blocks.set_index("block")["start_ms"].loc[trial_of_row].to_numpy()
        np.testing.assert_array_equal(fixations["onset_ms"] - begin, own["CURRENT_FIX_START"])
        np.testing.assert_array_equal(fixations["offset_ms"] - begin, own["CURRENT_FIX_END"])
        for column, name in {
            "duration_ms": "DURATION",
            "x_px": "X",
            "y_px": "Y",
            "pupil": "PUPIL",
        }.items():
            np.testing.assert_array_equal(fixations[column], own[f"CURRENT_FIX_{name}"])
        assert recording.skipped.empty
        n_trials += len(found(recording))
    assert n_trials == 15 * 70
