"""Every setting of a study: one section for each part, checked when it is read."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from study.errors import InputError, did_you_mean
from study.settings.base import Section
from study.settings.cnn import CnnSettings
from study.settings.comparison import ComparisonSettings
from study.settings.confirmatory import ConfirmatorySettings
from study.settings.execution import ExecutionSettings
from study.settings.experiment import ExperimentSettings
from study.settings.gaze import GazeSettings
from study.settings.observers import ObserversSettings
from study.settings.participants import ParticipantsSettings
from study.settings.report import ReportSettings
from study.settings.screen import ScreenSettings
from study.settings.stimuli import StimuliSettings
from study.settings.study import StudySettings

__all__ = ["Settings", "StudySettings", "explain_problems", "parse_settings", "read_settings"]


class Settings(Section):
    """All sections of study.toml."""

    study: StudySettings = StudySettings()
    screen: ScreenSettings = ScreenSettings()
    stimuli: StimuliSettings = StimuliSettings()
    participants: ParticipantsSettings = ParticipantsSettings()
    experiment: ExperimentSettings = ExperimentSettings()
    observers: ObserversSettings = ObserversSettings()
    gaze: GazeSettings = GazeSettings()
    cnn: CnnSettings = CnnSettings()
    comparison: ComparisonSettings = ComparisonSettings()
    confirmatory: ConfirmatorySettings = ConfirmatorySettings()
    report: ReportSettings = ReportSettings()
    execution: ExecutionSettings = ExecutionSettings()


def read_settings(path: Path) -> Settings:
    """Read and check a study.toml.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Settings
        Every setting, with its default where the file is silent.

    Raises
    ------
    InputError
        If the file is no TOML, names an unknown setting or holds a value out of its range.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be TOML in UTF-8, but {error}. Mend that line.") from error
    return parse_settings(values, source=str(path))


def parse_settings(values: Mapping[str, Any], *, source: str) -> Settings:
    """Check the values of a study.toml.

    Parameters
    ----------
    values : mapping
        Sections, each a mapping of names to values.
    source : str
        Where they come from, for the message.

    Returns
    -------
    Settings
        Every setting, with its default where the values are silent.

    Raises
    ------
    InputError
        If a name is unknown or a value is out of its range.

    Examples
    --------
    >>> parse_settings({"screen": {"width_px": 1280}}, source="example").screen.width_px
    1280
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise InputError(explain_problems(error, source, Settings)) from error


def explain_problems(error: ValidationError, source: str, model: type[BaseModel]) -> str:
    """Say pydantic's problems in the words of the user.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic found.
    source : str
        Where the values come from.
    model : type
        What they should make.

    Returns
    -------
    str
        A line for each problem.
    """
    return "\n".join(_explain(problem, source, model) for problem in error.errors())


def _explain(problem: Any, source: str, model: type[BaseModel]) -> str:
    """Say one problem of pydantic's in the words of the user."""
    place = [str(part) for part in problem["loc"]]
    name = ".".join(place)
    if problem["type"] == "extra_forbidden":
        kind = "section" if len(place) == 1 else "setting"
        return (
            f"{source} may only hold known names, but it has the {kind} {name!r}."
            f"{did_you_mean(place[-1], _known_names(place[:-1], model))}"
        )
    if problem["type"] == "missing":
        return f"{source} must hold {name!r}, but it does not. Add it."
    expected = problem["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{source}: {name} is out of its range: {expected}, but it is {problem['input']!r}. " + (
        "Correct the value."
    )


def _known_names(place: list[str], model: Any) -> list[str]:
    """List the names that a section, or a section within one, may hold."""
    for part in place:
        field = model.model_fields.get(part)
        if field is None:  # the key of a table, or an index in a list
            continue
        model = next(
            (
                kind
                for kind in (field.annotation, *get_args(field.annotation))
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ),
            model,
        )
    return list(model.model_fields)
