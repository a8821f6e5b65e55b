"""What the JSON files of BIDS eye tracking say about a recording: tracker, calibration, screen."""

import re
from typing import Any

import pandas as pd

from gaze_analysis.bids_columns import SYSTEMS
from gaze_analysis.eyelink.calibration import read_calibrations
from study.settings.screen import ScreenSettings

# What the import calls the tracker of a report; recordings proper are EyeLink's, named or not.
_REPORTS = {"Tobii": "Tobii", "EyeLink": "SR Research", "unknown": ""}
_MODEL = re.compile(r"\(([^)]+)\)")
_VERSION = re.compile(r"v(\d+)\.")
# Host software of SR Research's trackers, by its first number, where it does not name the model.
_MODELS = {4: "EyeLink 1000", 5: "EyeLink 1000 Plus", 6: "EyeLink Portable Duo"}
# The specification's own words for how the pupil is fitted and followed.
_FITS = {"centroid": "centre-of-mass", "ellipse": "ellipse"}
_METHODS = {"CR": "P\N{EN DASH}CR", "P": "pupil only"}
_SYSTEM_DESCRIPTIONS = {
    "href": "EyeLink HREF: the direction of the eye in the head, as a point on a plane that lies "
    "15000 units before the eye.",
    "raw": "EyeLink raw data: the pupil (less the corneal reflection) in the camera's picture.",
}


def tracker_facts(tracker: str, serial_number: str, simulated: bool) -> dict[str, Any]:
    """Name the tracker.

    Parameters
    ----------
    tracker : str
        What the recording says, such as ``EYELINK II CL v5.50 Jun 16 2022 (EyeLink 1000 Plus)``,
        or what a report is of: EyeLink, Tobii or unknown.
    serial_number : str
        The camera's; empty where it is not known.
    simulated : bool
        Whether no tracker was there.

    Returns
    -------
    dict
        Manufacturer, ManufacturersModelName, DeviceSerialNumber and SoftwareVersions, as far as
        they are known.

    Examples
    --------
    >>> tracker_facts("EYELINK II CL v4.56 Aug 18 2010", "CL1-ABE16", False)["SoftwareVersions"]
    'EYELINK II CL v4.56 Aug 18 2010'
    """
    if tracker in _REPORTS and not simulated:
        maker = _REPORTS[tracker]
        return {"Manufacturer": maker} if maker else {}
    named = _MODEL.search(tracker)
    version = _VERSION.search(tracker)
    software = _MODEL.sub("", tracker).strip()
    model = named[1] if named else _MODELS.get(int(version[1]) if version else 0, tracker)
    facts = {
        "Manufacturer": "none" if simulated else "SR Research",
        "ManufacturersModelName": f"simulated {model}" if simulated else model,
        "DeviceSerialNumber": serial_number,
        "SoftwareVersions": software,
    }
    return {name: value for name, value in facts.items() if value}


def system_facts(unit: str) -> dict[str, Any]:
    """Name the coordinate system of samples, and describe it where BIDS has no word for it.

    Parameters
    ----------
    unit : str
        px, href or raw.

    Returns
    -------
    dict
        SampleCoordinateSystem, and its description.
    """
    facts = {"SampleCoordinateSystem": SYSTEMS[unit]}
    if unit in _SYSTEM_DESCRIPTIONS:
        facts["SampleCoordinateSystemDescription"] = _SYSTEM_DESCRIPTIONS[unit]
    return facts


def calibration_facts(messages: pd.DataFrame, blocks: pd.DataFrame, eye: str) -> dict[str, Any]:
    """Describe an eye's calibrations, and the errors of those that samples were recorded with.

    Parameters
    ----------
    messages, blocks : pandas.DataFrame
        Of one recording.
    eye : str
        left, right or unknown.

    Returns
    -------
    dict
        CalibrationCount, if there is one in the file; CalibrationType of the last one;
        CalibrationPosition and -Unit from the targets of the last validation, if these are as
        many as the type says;
        AverageCalibrationError and MaximalCalibrationError in degrees, of the validations that
        were the last ones before a block.
    """
    calibrations, validations, points = (
        table[table["eye"].eq(eye) | (eye == "unknown")] for table in read_calibrations(messages)
    )
    facts: dict[str, Any] = {}
    if len(calibrations):  # a file may begin after the calibration, and reports have none
        facts["CalibrationCount"] = len(calibrations)
    types = [*validations["type"], *calibrations["type"]]
    if types:
        facts["CalibrationType"] = str(types[-1])
    in_force = _in_force(validations.dropna(subset="error_avg_deg"), blocks)
    if len(in_force):
        facts["AverageCalibrationError"] = round(float(in_force["error_avg_deg"].mean()), 4)
        facts["MaximalCalibrationError"] = float(in_force["error_max_deg"].max())
    last = points[points["time_ms"] == points["time_ms"].max()]
    targets = last[["target_x_px", "target_y_px"]].drop_duplicates().to_numpy(float).tolist()
    if targets and str(len(targets)) == re.sub(r"\D", "", facts.get("CalibrationType", "")):
        facts["CalibrationPosition"] = targets
        facts["CalibrationUnit"] = "pixel"
    return facts


def _in_force(validations: pd.DataFrame, blocks: pd.DataFrame) -> pd.DataFrame:
    """Choose the last validation before each block; all where none comes before one."""
    starts = blocks["start_ms"].fillna(blocks["first_sample_ms"]).to_numpy(float)
    before = validations["time_ms"].sort_values().searchsorted(starts, side="right") - 1
    chosen = sorted({int(i) for i in before if i >= 0})
    return validations.sort_values("time_ms").iloc[chosen] if chosen else validations


def tracking_facts(
    messages: pd.DataFrame, blocks: pd.DataFrame, samples: pd.DataFrame
) -> dict[str, Any]:
    """Say how the tracker found the eye, as far as the recording says it.

    Parameters
    ----------
    messages, blocks, samples : pandas.DataFrame
        Of one recording.

    Returns
    -------
    dict
        EyeTrackingMethod, PupilFitMethod, RawDataFilters, and EyeTrackerDistance in metres where
        the tracker measured it by a head target.
    """
    facts: dict[str, Any] = {}
    tracking = blocks["tracking"].dropna().astype("str")
    word = tracking.iloc[-1].split(" ")[0] if len(tracking) else ""
    if word in _METHODS:
        facts["EyeTrackingMethod"] = _METHODS[word]
    fits = messages["text"].str.extract(r"^ELCL_PROC\s+(\w+)", expand=False).dropna()
    if len(fits):
        facts["PupilFitMethod"] = _FITS.get(str(fits.iloc[-1]).lower(), str(fits.iloc[-1]).lower())
    levels = pd.to_numeric(blocks["filter"], errors="coerce").dropna()
    if len(levels):
        facts["RawDataFilters"] = f"EyeLink heuristic filter, level {levels.iloc[-1]:.0f}"
    if "target_distance_mm" in samples and samples["target_distance_mm"].notna().any():
        facts["EyeTrackerDistance"] = round(float(samples["target_distance_mm"].median()) / 1000, 4)
    return facts


def screen_facts(screen: ScreenSettings, width_px: float, height_px: float) -> dict[str, Any]:
    """Describe the screen; BIDS takes lengths in metres.

    Parameters
    ----------
    screen : ScreenSettings
        The study's section [screen].
    width_px, height_px : float
        The resolution that the recording names; nan for that of the settings.

    Returns
    -------
    dict
        What stands under StimulusPresentation.
    """
    known = pd.notna(width_px) and pd.notna(height_px)
    return {
        "ScreenDistance": round(screen.distance_cm / 100.0, 6),
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": (
            [int(width_px), int(height_px)] if known else [screen.width_px, screen.height_px]
        ),
        "ScreenSize": [round(screen.width_cm / 100, 6), round(screen.height_cm / 100, 6)],
    }
