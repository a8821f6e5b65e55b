"""The table of degraded faces: what it says, and what is refused in it."""

from pathlib import Path

import pytest

from stimuli.degraded import Degradation, degraded_tsv, read_degradations
from study.errors import InputError
from study.folder import Study, create_study


def _study(folder: Path, line: str) -> Study:
    study = create_study(folder / "study")
    study.stimuli_dir.mkdir(exist_ok=True)
    degraded_tsv(study).write_text(f"image_id\tface\tkind\tlevel\n{line}\n", encoding="utf-8")
    return study


def test_a_study_of_faces_as_they_are_has_none(tmp_path: Path) -> None:
    assert read_degradations(create_study(tmp_path / "study")) == {}


def test_each_picture_has_its_kind_and_level(tmp_path: Path) -> None:
    study = _study(tmp_path, "A_1\tA\tnoise\t0.05\nA_2\tA\tocclusion\t0")
    expected = {"A_1": Degradation("A", "noise", 0.05), "A_2": Degradation("A", "occlusion", 0.0)}
    assert read_degradations(study) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A_1\tA\tnoises\t0.1", "Did you mean 'noise'"),
        ("A_1\tA\tnoise\t-0.1", "line 2 has -0.1"),
        ("A_1\tA\tnoise\tn/a", "level must be 0 or greater"),
        ("A_1\tA\tnoise\tmuch", "must hold numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_degradations(_study(tmp_path, line))
