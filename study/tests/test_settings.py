"""Settings: every name is checked, and the template says what the defaults are."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from study.errors import InputError
from study.settings import Settings, parse_settings, read_settings
from study.settings.comparison import ComparisonSettings
from study.settings.template import toml_template


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"screan": {}}, "Did you mean 'screen'?", id="section"),
        pytest.param({"screen": {"widht_px": 1}}, "Did you mean 'width_px'?", id="setting"),
        pytest.param({"screen": {"width_px": -1}}, "screen.width_px", id="range"),
        pytest.param({"study": {"seed": "x"}}, "study.seed", id="type"),
        pytest.param({"screen": {"width_cm": float("nan")}}, "screen.width_cm", id="nan"),
    ],
)
def test_wrong_settings_are_answered_with_the_right_ones(
    values: dict[str, dict[str, object]], expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_settings(values, source="study.toml")
    assert expected in str(caught.value)


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_settings({"screen": {"width_px": 0, "height": 1}}, source="study.toml")
    assert len(str(caught.value).splitlines()) == 2


def test_template_uncommented_gives_the_defaults() -> None:
    lines = toml_template().splitlines()
    settings = [line.removeprefix("# ") if " = " in line else line for line in lines]
    values = tomllib.loads("\n".join(line for line in settings if not line.startswith("#")))
    assert parse_settings(values, source="template") == Settings()


def test_template_keeps_overrides() -> None:
    overrides: dict[str, dict[str, object]] = {
        "study": {"seed": 7},
        "screen": {"distance_cm": 57.0},
    }
    settings = parse_settings(tomllib.loads(toml_template(overrides)), source="template")
    assert (settings.study.seed, settings.screen.distance_cm) == (7, 57.0)
    assert settings.stimuli == Settings().stimuli


def test_every_setting_says_what_it_is() -> None:
    silent = []
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert model is not None
        for name, inner in model.model_fields.items():
            nested = hasattr(inner.annotation, "model_fields")
            if not nested and not inner.description:
                silent.append(f"{section}.{name}")
    assert silent == []


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text("[screen\n", encoding="utf-8")
    with pytest.raises(InputError, match="must be TOML"):
        read_settings(path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text("﻿[study]\nseed = 3\n", encoding="utf-8")
    assert read_settings(path).study.seed == 3


def test_a_preset_sets_what_it_stands_for_and_refuses_the_rest() -> None:
    settings = ComparisonSettings(preset="bartnik2020", random_orders=5)
    assert (settings.grid, settings.fill, settings.conditions) == (
        4,
        "uniform",
        ["gaze", "relevance"],
    )
    with pytest.raises(ValueError, match="grid must be 4 with the preset bartnik2020, but is 7"):
        ComparisonSettings(preset="bartnik2020", grid=7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"conditions": ["gaze", "gaze"]}, "conditions must differ"),
        ({"conditions": ["random"]}, "always have random orders"),
        ({"grid": 3, "steps": 10}, "at most the number of tiles, 9"),
    ],
)
def test_conditions_and_steps_that_cannot_be_are_refused(given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ComparisonSettings(**given)
