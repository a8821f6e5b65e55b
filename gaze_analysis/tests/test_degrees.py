"""Frames of pictures made elsewhere, and what is said where degrees cannot be right."""

from pathlib import Path

import pandas as pd
import pytest

from gaze_analysis.degrees import warn_of_degrees
from gaze_analysis.picture_place import PicturePlaces, fixation_frame
from gaze_analysis.steps_density import shown_picture
from gaze_analysis.trial_content import RECT
from stimuli.frames import Rect
from stimuli.tests.faces import write_catalog
from study.folder import Study, create_study
from study.tables import write_table

TOBII = (359.0, 131.0, 562.0, 762.0)


def trials_with(*places: tuple[float, ...] | None) -> pd.DataFrame:
    """Make trials of pictures at some places of the screen."""
    rows = [(f"sub-{i}", *(place or (None,) * 4)) for i, place in enumerate(places, start=1)]
    return pd.DataFrame(rows, columns=["participant_id", *RECT])


def written(study: Study, trials: pd.DataFrame) -> None:
    write_table(study.gaze_dir / "trials.tsv", trials, dict.fromkeys(trials.columns, "A column."))


def test_pictures_made_elsewhere_keep_their_pixels_and_proportions(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study")
    assert fixation_frame(study) == Rect(0, 0, 448, 448)
    trials = trials_with(TOBII, None, (0.0, 0.0, 300.0, 300.0), TOBII)
    assert fixation_frame(study, trials) == Rect(0, 0, 562, 762)
    written(study, trials)
    assert shown_picture(study) == Rect(0, 0, 562, 762)
    # The last pixel of the picture is the last one of the frame, not beyond a square.
    corner = pd.DataFrame([("042", *TOBII, 920.0, 892.0)])
    corner.columns = ["image_id", *RECT, "screen_x_px", "screen_y_px"]
    none = pd.DataFrame(columns=["image_id", "width_px", "height_px"]).set_index("image_id")
    moved = PicturePlaces(study, none, fixation_frame(study)).to_picture(corner).iloc[0]
    assert (moved["x_px"], moved["y_px"], moved["on_picture"]) == (561, 761, True)


def test_registered_faces_keep_the_frame_of_their_crop(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study")
    write_catalog(study, ("F01",), ("F01",))
    assert fixation_frame(study, trials_with(TOBII)) == Rect(0, 0, 448, 448)


@pytest.mark.parametrize(
    ("registered", "places", "expected"),
    [
        (False, [TOBII, TOBII], ""),
        (False, [TOBII, TOBII, (0.0, 0.0, 281.0, 381.0)], "wrong for 1 of 3 trials (sub-3)"),
        (True, [(0.0, 0.0, 448.0, 448.0)], ""),
        (True, [(0.0, 0.0, 600.0, 600.0)], "600 px wide on the screen, but the frame"),
    ],
)
def test_pictures_of_another_size_are_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    registered: bool,
    places: list[tuple[float, ...]],
    expected: str,
) -> None:
    study = create_study(tmp_path / "study")
    if registered:
        write_catalog(study, ("F01",), ("F01",))
    written(study, trials_with(*places))
    warn_of_degrees(study)
    said = capsys.readouterr().err
    assert ("degrees in the picture are wrong" in said) == bool(expected)
    assert expected in said


@pytest.mark.parametrize(("width_px", "is_told"), [(1920, False), (1921, False), (1280, True)])
def test_another_screen_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], width_px: int, is_told: bool
) -> None:
    study = create_study(tmp_path / "study")
    table = pd.DataFrame(
        {"participant_id": ["sub-1", "sub-2"], "display_width_px": [width_px, None],
         "display_height_px": [1080.0, None]}
    )  # fmt: skip
    write_table(study.gaze_dir / "recordings.tsv", table, dict.fromkeys(table.columns, "A column."))
    warn_of_degrees(study)
    said = capsys.readouterr().err
    assert ("sub-1 looked at a screen of 1280 x 1080 px" in said) == is_told
    assert "sub-2" not in said
