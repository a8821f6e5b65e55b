"""Each check passes on a good session and is raised by what it is there for."""

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.quality_report.flags import FLAG_COLUMNS, SEVERITIES, session_flags
from gaze_analysis.quality_report.limits import Limit, limits_from, limits_table
from gaze_analysis.session_quality import session_quality
from gaze_analysis.tests.small_session import rows, session_tables
from stimuli.frames import Screen
from study.settings.gaze_recordings import ExclusionSettings

SCREEN = Screen(1000, 800, 40.0, 32.0, 60.0)


def good_samples():
    points = np.random.default_rng(1).normal([500.0, 400.0], 1.0, (5000, 2))
    return pd.DataFrame(
        {"time_ms": np.arange(0, 10_000, 2.0), "part": 1, "block": 1, "x_left_px": points[:, 0],
         "y_left_px": points[:, 1]}
    )  # fmt: skip


def good_tables():
    block = {
        "start_ms": 0.0, "last_sample_ms": 9998.0, "end_ms": 10_000.0, "rate_hz": 500.0,
        "eyes": "left", "resolution_x_px_deg": SCREEN.px_per_deg,
    }  # fmt: skip
    return {
        "blocks": rows("blocks", block),
        "validations": rows(
            "validations", {"time_ms": -100.0}, {"time_ms": 10_500.0, "error_avg_deg": 0.32}
        ),
        "events": rows("events", {"onset_ms": 1000.0, "offset_ms": 9000.0}),
        "trials": rows("trials", {"face_onset_ms": 500.0, "face_offset_ms": 9500.0}),
    }


def flags_of(samples=None, limits=None, typical_trials=1.0, recording=None, **changed):
    tables = session_tables(**(good_tables() | changed), recording=recording or {})
    quality = session_quality(good_samples() if samples is None else samples, tables, SCREEN)
    limits = limits or limits_from(ExclusionSettings())
    return session_flags(quality, tables, SCREEN, limits, typical_trials)


def severity(flags, check):
    return flags.set_index("check").loc[check, "severity"]


def test_a_good_session_passes_every_check():
    flags = flags_of()
    assert list(flags.columns) == list(FLAG_COLUMNS)
    assert (flags["severity"] == "pass").all(), flags[["check", "sentence"]]
    assert flags["eye"].isna().sum() == 7
    assert flags["sentence"].str.endswith(".").all()


def with_block(**facts):
    return {"blocks": good_tables()["blocks"].assign(**facts)}


def with_reason(reason):
    return {"trials": good_tables()["trials"].assign(reason=reason)}


def with_errors(*errors):
    made = [
        {"time_ms": 20_000.0 * i - 100.0, "error_avg_deg": error, "error_max_deg": error}
        for i, error in enumerate(errors)
    ]
    return {"validations": rows("validations", *made)}


def lossy(first, last):
    samples = good_samples()
    samples.loc[samples["time_ms"].between(first, last), "x_left_px"] = np.nan
    return {"samples": samples}


@pytest.mark.parametrize(
    ("change", "check", "expected"),
    [
        ({"recording": {"display_width_px": 1280.0}}, "screen", "fail"),
        ({"recording": {"display_width_px": 1001.0}}, "screen", "pass"),
        ({"recording": {"display_width_px": np.nan}}, "screen", "not run"),
        (with_block(resolution_x_px_deg=35.0), "degrees", "fail"),
        (with_block(resolution_x_px_deg=np.nan), "degrees", "not run"),
        ({"recording": {"gaze": "href"}}, "gaze", "warning"),
        ({"recording": {"gaze": "raw"}}, "gaze", "fail"),
        (with_block(rate_hz=1000.0), "sampling rate", "fail"),
        ({"typical_trials": 4.0}, "trials", "warning"),
        (with_reason("participant: right answers"), "inclusion", "fail"),
        (with_reason("data loss"), "inclusion", "fail"),
        (with_errors() | {"recording": {"file": "a_tobii.tsv"}}, "validation", "not run"),
        (with_errors(), "validation", "fail"),
        (with_errors(), "accuracy", "not run"),
        (with_errors(0.7), "accuracy", "warning"),
        (with_errors(1.2), "accuracy", "fail"),
        (with_errors(1.2), "largest error", "warning"),
        (with_errors(0.3, 0.9), "drift", "warning"),
        (with_errors(0.3, 1.9), "drift", "fail"),
        (with_errors(0.3), "drift", "not run"),
        (lossy(0, 1500), "data loss", "warning"),
        (lossy(0, 3000), "data loss", "fail"),
        (lossy(0, 3000), "gaps", "warning"),
        (lossy(500, 6000), "lost trials", "fail"),
        ({"samples": pd.DataFrame()}, "time", "not run"),
        ({"samples": pd.DataFrame()}, "precision", "not run"),
        ({"samples": good_samples().assign(x_left_px=2000.0)}, "off screen", "fail"),
        ({"samples": good_samples().assign(time_ms=lambda s: s["time_ms"] % 6000)}, "time", "fail"),
    ],
)
def test_what_is_wrong_is_flagged(change, check, expected):
    flags = flags_of(**change)
    assert severity(flags, check) == expected
    assert set(flags["severity"]) <= set(SEVERITIES)


def test_a_block_without_validation_and_one_of_another_rate_are_named():
    blocks = pd.concat([good_tables()["blocks"].assign(start_ms=-500.0)] * 2)
    blocks = blocks.assign(block=[1, 2], start_ms=[-500.0, 0.0], rate_hz=[500.0, 250.0])
    flags = flags_of(blocks=blocks)
    assert severity(flags, "validation") == "warning"
    assert "1 of 2 blocks" in flags.set_index("check").loc["validation", "sentence"]
    assert "250, 500 Hz" in flags.set_index("check").loc["one rate", "sentence"]


def test_a_clock_that_begins_again_in_the_next_file_is_told():
    blocks = pd.concat([good_tables()["blocks"], good_tables()["blocks"].assign(part=2)])
    flags = flags_of(good_samples(), blocks=blocks)
    assert severity(flags, "clock") == "warning"
    assert "clock" not in flags_of()["check"].tolist()


def test_trials_that_are_not_in_the_recording_are_told():
    trials = rows("trials", {"face_onset_ms": 500.0, "face_offset_ms": 9500.0}, {"start_ms": None})
    assert severity(flags_of(trials=trials), "trials recorded") == "warning"


def test_the_studys_own_limits_come_before_conventions():
    own = limits_from(
        ExclusionSettings(max_error_deg=0.25, max_participant_loss=0.05, max_trial_loss=0.2)
    )
    assert (own.accuracy_deg.warning, own.accuracy_deg.failure) == (0.25, 0.25)
    assert (own.loss.warning, own.loss.failure, own.trial_loss) == (0.05, 0.05, 0.2)
    assert severity(flags_of(limits=own), "accuracy") == "fail"
    sources = limits_table(own).set_index("measure")["source"]
    assert sources["loss"] == "[gaze.exclude] max_participant_loss"
    assert sources.notna().all()


def test_a_limit_is_not_crossed_by_itself():
    limit = Limit(0.5, 1.0, "")
    values = [0.5, 0.51, 1.0, 1.01, np.nan]
    expected = ["pass", "warning", "warning", "fail", "not run"]
    assert [limit.severity(value) for value in values] == expected
