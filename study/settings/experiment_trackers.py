"""Settings of trackers: the sections within [experiment] of study.toml that only they read."""

from typing import Annotated, Literal

from pydantic import Field

from study.settings.base import Section

Grey = Annotated[int, Field(ge=0, le=255)]
Colour = tuple[Grey, Grey, Grey]


class CalibrationSettings(Section):
    """How calibration and validation look and sound, and how good they must be."""

    type: Literal["H3", "HV3", "HV5", "HV9", "HV13"] = Field(
        "HV9", description="targets of a calibration: H3, HV3, HV5, HV9 or HV13"
    )
    target_size_deg: float = Field(0.6, gt=0, le=5, description="diameter of the targets")
    target_hole_deg: float = Field(0.15, ge=0, description="diameter of the hole in their middle")
    target_colour: Colour = Field((20, 20, 20), description="colour of the targets: R, G, B")
    background: Grey | None = Field(
        None, description="grey level behind the targets; unset: that of the session"
    )
    sounds: bool = Field(True, description="play sounds at targets and results")
    max_average_deg: float = Field(
        0.5, gt=0, description="mean error of a validation above which a warning is shown"
    )
    max_maximum_deg: float = Field(
        1.0, gt=0, description="largest error of a validation above which a warning is shown"
    )
    after_breaks: Literal["validate", "calibrate", "nothing"] = Field(
        "validate", description="what follows each break: validate, calibrate or nothing"
    )
    at_end: bool = Field(True, description="validate once more after the last trial")


class EyelinkSettings(Section):
    """The EyeLink: where it is, and what it records."""

    address: str = Field("100.1.1.1", description="address of the Host PC")
    sample_rate_hz: Literal[250, 500, 1000, 2000] = Field(1000, description="samples in a second")
    pupil_size: Literal["area", "diameter"] = Field("area", description="area or diameter")
    filter: Literal["off", "standard", "extra"] = Field(
        "extra", description="heuristic filter of the file's samples: off, standard or extra"
    )
    head_target: bool = Field(False, description="remote mode: record the target sticker, too")
    ttl_port: str = Field(
        "", description="port of the Host PC for TTL pulses, such as 0x8; empty: none"
    )
    commands: list[str] = Field(
        [], description="further commands for the Host PC, sent after faceoff's own"
    )


class ReplaySettings(Section):
    """The tracker `replay`: a recorded file as the gaze of a new session."""

    recording: str = Field("", description="an ASC file, plain or compressed, with 1000 Hz samples")


class PygazeSettings(Section):
    """Trackers that faceoff knows through PyGaze."""

    address: str = Field("127.0.0.1", description="address of an OpenGaze server")
    port: int = Field(4242, ge=1, le=65535, description="its port")
    serial_number: str = Field("", description="which of several Tobii trackers")
    alea_key: str = Field("", description="the key that Alea gives for its programming interface")
