"""Maps by answer: every other rule holds, and the kernels are summed up a second way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.answer_maps import answer_maps
from gaze_analysis.fixations import FIXATION_COLUMNS
from study.errors import InputError
from study.folder import Study, create_study
from study.tables import write_table

SIDE_PX, STEP_PX, SIGMA_PX = 64, 2.0, 6.0


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two people, a picture; the second one answers wrongly, and has a fixation left out."""
    study = create_study(
        tmp_path / "study",
        {"stimuli": {"picture_px": SIDE_PX}, "gaze": {"density": {"grid_px": STEP_PX}}},
    )
    rows = [
        ("sub-001", 1, True, 20.0, 30.0, 200.0, True),
        ("sub-001", 1, True, 40.0, 10.0, 100.0, True),
        ("sub-002", 1, False, 50.0, 50.0, 300.0, True),
        ("sub-002", 1, False, 5.0, 5.0, 20.0, False),
    ]
    names = ["participant_id", "trial", "correct", "x_px", "y_px", "duration_ms"]
    frame = pd.DataFrame(rows, columns=[*names, "included_any_answer"]).assign(
        session="01", image_id="A", expression="happy", index=1, onset_ms=0.0,
    )  # fmt: skip
    frame["included"] = frame["correct"]
    table = frame.reindex(columns=list(FIXATION_COLUMNS))
    write_table(study.gaze_dir / "fixations.tsv", table, FIXATION_COLUMNS)
    return study


def by_hand(people: list[list[tuple[float, float, float]]]) -> np.ndarray:
    """Sum kernels point by point, scale each person's to mass 1, and average."""
    axis = (np.arange(SIDE_PX / STEP_PX) + 0.5) * STEP_PX - 0.5
    x, y = np.meshgrid(axis, axis)
    maps = []
    for fixations in people:
        one = np.zeros_like(x)
        for at_x, at_y, ms in fixations:
            one += ms * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * SIGMA_PX**2))
        maps.append(one / (one.sum() * STEP_PX**2))
    return np.mean(maps, axis=0)


def test_right_and_any_answers_have_their_own_maps(study: Study) -> None:
    first, second = [(20.0, 30.0, 200.0), (40.0, 10.0, 100.0)], [(50.0, 50.0, 300.0)]
    right = answer_maps(study, ["A"], SIGMA_PX, right=True)[0]
    both = answer_maps(study, ["A"], SIGMA_PX, right=False)[0]
    np.testing.assert_allclose(right, by_hand([first]), rtol=1e-6)
    np.testing.assert_allclose(both, by_hand([first, second]), rtol=1e-6)


def test_a_picture_without_such_trials_is_named(study: Study) -> None:
    with pytest.raises(InputError, match=r"the right answer .* 1 have none \(B\)"):
        answer_maps(study, ["A", "B"], SIGMA_PX, right=True)
