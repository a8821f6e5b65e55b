"""What is said of tracker and calibrations, from messages as EyeLink writes them."""

from typing import Any

import pandas as pd
import pytest

from gaze_analysis.bids_facts import (
    calibration_facts,
    screen_facts,
    system_facts,
    tracker_facts,
    tracking_facts,
)
from gaze_analysis.eyelink.lines import LineReader
from study.settings.screen import ScreenSettings


def tables(*lines: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read lines of an ASC file; give messages and blocks."""
    reader = LineReader()
    for number, line in enumerate(lines, start=1):
        reader.read(number, line)
    made = reader.tables()
    return made["messages"], made["blocks"]


def validation(time_ms: int, eye: str, average: float, largest: float) -> str:
    return (
        f"MSG\t{time_ms} !CAL VALIDATION HV3 LR {eye} GOOD ERROR {average} avg. {largest} max  "
        "OFFSET 0.24 deg. 6.9,5.4 pix."
    )


def point(time_ms: int, number: int, x_px: int, y_px: int) -> str:
    return (
        f"MSG\t{time_ms} VALIDATE LR 4POINT {number} LEFT at {x_px},{y_px}  OFFSET 0.57 deg.  "
        "15.9,-13.0 pix."
    )


SESSION = (
    "MSG\t100 !CAL \n>>>>>>> CALIBRATION (HV5,P-CR) FOR LEFT: <<<<<<<<<",
    "MSG\t110 !CAL CALIBRATION HV5 LR LEFT   GOOD",
    validation(200, "LEFT", 3.5, 9.9),  # a bad one, done again before anything was recorded
    "MSG\t210 !CAL CALIBRATION HV3 LR LEFT   GOOD",
    "MSG\t210 !CAL CALIBRATION HV3 LR RIGHT   GOOD",
    validation(300, "LEFT", 0.4, 0.8),
    validation(300, "RIGHT", 0.6, 1.1),
    point(300, 0, 512, 384),
    point(300, 1, 512, 65),
    point(300, 2, 512, 700),
    "MSG\t399 RECCFG CR 500 2 1 LR",
    "START\t400 \tLEFT\tRIGHT\tSAMPLES\tEVENTS",
    "SAMPLES\tGAZE\tLEFT\tRIGHT\tRATE\t 500.00\tTRACKING\tCR\tFILTER\t2",
    "MSG\t401 ELCL_PROC ELLIPSE  (5)",
    "END\t500 \tSAMPLES\tEVENTS\tRES\t  44.00\t  44.00",
    validation(600, "LEFT", 0.6, 0.9),
    "START\t700 \tLEFT\tRIGHT\tSAMPLES\tEVENTS",
    "END\t800 \tSAMPLES\tEVENTS\tRES\t  44.00\t  44.00",
    validation(900, "LEFT", 5.0, 9.0),  # after the last sample
)


def test_errors_are_those_of_the_validations_in_force() -> None:
    messages, blocks = tables(*SESSION)
    left = calibration_facts(messages, blocks, "left")
    assert (left["AverageCalibrationError"], left["MaximalCalibrationError"]) == (0.5, 0.9)
    assert (left["CalibrationCount"], left["CalibrationType"]) == (2, "HV3")
    right = calibration_facts(messages, blocks, "right")
    assert (right["AverageCalibrationError"], right["MaximalCalibrationError"]) == (0.6, 1.1)
    assert right["CalibrationCount"] == 1


def test_positions_are_given_where_they_are_as_many_as_the_type_says() -> None:
    messages, blocks = tables(*SESSION)
    left = calibration_facts(messages, blocks, "left")
    assert left["CalibrationPosition"] == [[512, 384], [512, 65], [512, 700]]
    assert left["CalibrationUnit"] == "pixel"
    fewer, blocks = tables(*(line for line in SESSION if "at 512,65" not in line))
    assert "CalibrationPosition" not in calibration_facts(fewer, blocks, "left")


def test_a_recording_without_calibrations() -> None:
    messages, blocks = tables("MSG\t1 hello", *SESSION[11:15])
    assert calibration_facts(messages, blocks, "left") == {}


def test_how_the_eye_was_followed() -> None:
    messages, blocks = tables(*SESSION)
    samples = pd.DataFrame({"target_distance_mm": [611.2, 613.2, float("nan")]})
    assert tracking_facts(messages, blocks, samples) == {
        "EyeTrackingMethod": "P\N{EN DASH}CR",  # as the specification writes it
        "PupilFitMethod": "ellipse",
        "RawDataFilters": "EyeLink heuristic filter, level 2",
        "EyeTrackerDistance": 0.6122,
    }
    assert tracking_facts(*tables("MSG\t1 x", "START\t2 \tLEFT"), pd.DataFrame()) == {}


@pytest.mark.parametrize(
    ("tracker", "model", "software"),
    [
        ("EYELINK II CL v5.50 Jun 16 2022 (EyeLink 1000 Plus)", "EyeLink 1000 Plus",
         "EYELINK II CL v5.50 Jun 16 2022"),
        ("EYELINK II CL v4.594 Jul  6 2012", "EyeLink 1000", "EYELINK II CL v4.594 Jul  6 2012"),
        ("EYELINK II CL v6.14 Mar  6 2020 (EyeLink Portable Duo)", "EyeLink Portable Duo",
         "EYELINK II CL v6.14 Mar  6 2020"),
        ("EYELINK REVISION 2.11", "EYELINK REVISION 2.11", "EYELINK REVISION 2.11"),
    ],
)  # fmt: skip
def test_the_model_is_named_or_follows_from_the_software(
    tracker: str, model: str, software: str
) -> None:
    facts = tracker_facts(tracker, "CLG-BFC16", simulated=False)
    assert (facts["ManufacturersModelName"], facts["SoftwareVersions"]) == (model, software)
    assert facts["DeviceSerialNumber"] == "CLG-BFC16"


def test_reports_do_not_name_the_model() -> None:
    assert tracker_facts("Tobii", "", simulated=False) == {"Manufacturer": "Tobii"}
    assert tracker_facts("EyeLink", "", simulated=False) == {"Manufacturer": "SR Research"}
    assert tracker_facts("unknown", "", simulated=False) == {}


def test_an_unknown_and_a_simulated_tracker() -> None:
    assert tracker_facts("", "", simulated=False) == {"Manufacturer": "SR Research"}
    simulated = tracker_facts("EYELINK II CL v5.50 (EyeLink 1000 Plus)", "", simulated=True)
    assert simulated["Manufacturer"] == "none"
    assert simulated["ManufacturersModelName"] == "simulated EyeLink 1000 Plus"


@pytest.mark.parametrize("unit", ["href", "raw"])
def test_systems_without_a_word_of_their_own_are_described(unit: str) -> None:
    assert system_facts(unit)["SampleCoordinateSystemDescription"]
    assert "SampleCoordinateSystemDescription" not in system_facts("px")


def test_the_screen_is_that_of_the_recording_where_it_says_so() -> None:
    screen = ScreenSettings(width_px=1024, height_px=768)
    known: dict[str, Any] = screen_facts(screen, 1920.0, 1080.0)
    assert known["ScreenResolution"] == [1920, 1080]
    assert screen_facts(screen, float("nan"), 1080.0)["ScreenResolution"] == [1024, 768]
