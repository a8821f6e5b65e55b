"""The dataset's own files: made once, kept, and brought up to the settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from study.dataset import BIDS_VERSION, unsaid, write_dataset_files
from study.errors import InputError
from study.settings.study import StudySettings


def description(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "dataset_description.json").read_text("utf-8"))
    return found


def test_what_is_not_known_is_said_to_be_so(tmp_path: Path) -> None:
    write_dataset_files(tmp_path, StudySettings())
    assert description(tmp_path) == {
        "Name": "Eyes and networks on the same faces",
        "License": "n/a",
        "Authors": ["n/a", "n/a"],
        "BIDSVersion": BIDS_VERSION,
        "HEDVersion": [],
        "GeneratedBy": [{"Name": "faceoff"}],
        "DatasetType": "raw",
        "SourceDatasets": [],
    }
    derived = description(tmp_path / "derivatives" / "faceoff")
    assert derived["DatasetType"] == "derivative"
    assert unsaid(StudySettings()) == ["authors", "license", "institution"]


def test_settings_reach_a_study_that_is_there_already(tmp_path: Path) -> None:
    write_dataset_files(tmp_path, StudySettings())
    changed = StudySettings(name="Faces", authors=["A. One", "B. Two"], funding=["Grant 7"])
    write_dataset_files(tmp_path, changed)
    found = description(tmp_path)
    assert (found["Name"], found["Authors"]) == ("Faces", ["A. One", "B. Two"])
    assert found["Funding"] == ["Grant 7"]
    assert description(tmp_path / "derivatives" / "faceoff")["Name"] == "Faces"


def test_what_was_written_by_hand_stays(tmp_path: Path) -> None:
    by_hand = {"Name": "Mine", "Authors": ["A. One"], "DatasetDOI": "doi:10.1/x"}
    (tmp_path / "dataset_description.json").write_text(json.dumps(by_hand), encoding="utf-8")
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / ".bidsignore").write_text("notes/\n*.csv\n", encoding="utf-8")
    write_dataset_files(tmp_path, StudySettings(license="CC0"))
    found = description(tmp_path)
    assert by_hand.items() <= found.items()
    assert (found["License"], found["BIDSVersion"]) == ("CC0", BIDS_VERSION)
    assert not (tmp_path / "README").exists()
    ignored = (tmp_path / ".bidsignore").read_text("utf-8").splitlines()
    assert ignored[:2] == ["notes/", "*.csv"]
    assert sorted(set(ignored)) == sorted(ignored)
    before = (tmp_path / ".bidsignore").read_bytes()
    write_dataset_files(tmp_path, StudySettings(license="CC0"))
    assert (tmp_path / ".bidsignore").read_bytes() == before


def test_what_says_nothing_gives_way(tmp_path: Path) -> None:
    earlier = {"Authors": ["n/a"], "License": "n/a", "BIDSVersion": "1.9.0"}
    (tmp_path / "dataset_description.json").write_text(json.dumps(earlier), encoding="utf-8")
    write_dataset_files(tmp_path, StudySettings())
    found = description(tmp_path)
    assert (found["Authors"], found["BIDSVersion"]) == (["n/a", "n/a"], BIDS_VERSION)


@pytest.mark.parametrize("damaged", ["{", "[]"])
def test_a_damaged_description_is_not_overwritten(tmp_path: Path, damaged: str) -> None:
    path = tmp_path / "dataset_description.json"
    path.write_text(damaged, encoding="utf-8")
    with pytest.raises(InputError, match="made anew"):
        write_dataset_files(tmp_path, StudySettings())
    assert path.read_text("utf-8") == damaged
