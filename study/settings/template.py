"""The commented study.toml that a new study starts with, made from the settings themselves."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from study.settings import Settings


def toml_template(overrides: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Write every setting as commented TOML.

    Settings that keep their default are commented out, so that a later version's default
    reaches the study unless the user chose a value.

    Parameters
    ----------
    overrides : mapping of str to mapping, optional
        Values that differ from the defaults, by section; these are written uncommented.

    Returns
    -------
    str
        The text of a study.toml.

    Examples
    --------
    >>> text = toml_template({"screen": {"distance_cm": 60.0}})
    >>> "distance_cm = 60.0" in text.splitlines()
    True
    >>> "# width_px = 1920" in text.splitlines()
    True
    """
    overrides = overrides or {}
    lines = [
        "# Every setting of this study. A line that starts with '# name =' shows the default:",
        "# take the '# ' away to choose another value.",
        "",
    ]
    defaults = Settings()
    for section in Settings.model_fields:
        values = getattr(defaults, section)
        lines += _section_lines(section, values, overrides.get(section, {}))
    return "\n".join(lines)


def _section_lines(name: str, values: BaseModel, overrides: Mapping[str, Any]) -> list[str]:
    """Write one section, its own settings first and the sections within it after them."""
    summary = (type(values).__doc__ or "").strip().splitlines()[0]
    lines = [f"[{name}]  # {summary}"]
    nested: list[str] = []
    for key, field in type(values).model_fields.items():
        value = getattr(values, key)
        if isinstance(value, BaseModel):
            nested += _section_lines(f"{name}.{key}", value, overrides.get(key, {}))
            continue
        if field.description:
            lines.append(f"# {field.description}")
        if key in overrides:
            lines.append(f"{key} = {_toml_value(overrides[key])}")
        elif value is None:
            lines.append(f"# {key} =")
        else:
            lines.append(f"# {key} = {_toml_value(value)}")
    return [*lines, "", *nested]


def _toml_value(value: Any) -> str:
    """Write one value as TOML."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(k))} = {_toml_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
