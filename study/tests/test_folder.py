"""The study folder: made once, opened anywhere, described as BIDS asks."""

import json
from pathlib import Path

import pytest

from study.errors import InputError
from study.folder import Study, check_participant_id, create_study, open_study


def test_a_new_study_opens_with_the_defaults(study: Study) -> None:
    opened = open_study(study.root)
    assert opened.settings == study.settings
    description = json.loads((study.root / "dataset_description.json").read_text("utf-8"))
    assert description["BIDSVersion"] == "1.11.1"


def test_a_study_is_never_overwritten(study: Study) -> None:
    before = study.settings_toml.read_bytes()
    with pytest.raises(InputError, match="holds one already"):
        create_study(study.root)
    assert study.settings_toml.read_bytes() == before


def test_wrong_settings_leave_no_study_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean"):
        create_study(tmp_path / "new", {"screen": {"width": 3}})
    assert not (tmp_path / "new").exists()


def test_a_folder_without_settings_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="faceoff init"):
        open_study(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        open_study(tmp_path / "missing")


def test_sessions_are_those_that_have_begun(study: Study) -> None:
    for name in ("sub-002/ses-01", "sub-001/ses-02", "sub-001/ses-01"):
        (study.sourcedata / name).mkdir(parents=True)
    (study.sourcedata / "sub-002/ses-01/trials.tsv").write_text("trial\n", encoding="utf-8")
    (study.sourcedata / "sub-001/ses-01/trials.tsv").write_text("trial\n", encoding="utf-8")
    assert study.sessions() == [("sub-001", "01"), ("sub-002", "01")]


@pytest.mark.parametrize("wrong", ["", "sub-", "a b", "sub-01_x", "../x"])
def test_ids_that_would_break_file_names(wrong: str) -> None:
    with pytest.raises(InputError, match="letters or digits"):
        check_participant_id(wrong)
