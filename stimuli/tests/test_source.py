"""The face set's folder in study.toml."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.source import set_folder, with_pictures_dir, write_pictures_dir
from stimuli.tests.faces import make_study
from study.errors import InputError
from study.folder import open_study


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[stimuli]",
        "# first\n[stimuli]  # faces\n# folder = 'a'\n# crop = 'x'\n",
        "[study]\nname = 'x'\n\n  [stimuli]\nfolder = 'a'  # mine\npicture_px = 300\n[gaze]\n",
        "[gaze]\n# folder = 'not this one'\n",
    ],
)
def test_only_that_line_changes(text):
    changed = set_folder(text, 'C:/Faces of "KDEF"')
    values = tomllib.loads(text)
    values.setdefault("stimuli", {})["folder"] = 'C:/Faces of "KDEF"'
    assert tomllib.loads(changed) == values
    kept = [line for line in text.splitlines() if "folder" not in line or "not this" in line]
    assert [line for line in changed.splitlines() if line in kept] == kept


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_survives(name):
    assert tomllib.loads(set_folder("[stimuli]\n", name))["stimuli"]["folder"] == name


def test_a_folder_within_the_study_is_written_relative_to_it(tmp_path):
    study = make_study(tmp_path / "s")
    inside = with_pictures_dir(study, study.root / "stimuli" / "kdef")
    outside = with_pictures_dir(study, tmp_path / "kdef")
    assert inside.settings.stimuli.folder == "stimuli/kdef"
    assert Path(outside.settings.stimuli.folder) == tmp_path / "kdef"
    write_pictures_dir(outside)
    assert open_study(study.root).pictures_dir == tmp_path / "kdef"
    before = study.settings_toml.read_bytes()
    write_pictures_dir(outside)
    assert study.settings_toml.read_bytes() == before


def test_an_inline_section_is_left_alone(tmp_path):
    study = make_study(tmp_path / "s")
    study.settings_toml.write_text('stimuli = { folder = "a" }\n', encoding="utf-8")
    with pytest.raises(InputError, match="must have a section"):
        write_pictures_dir(with_pictures_dir(study, tmp_path))
