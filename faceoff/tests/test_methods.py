"""The methods paragraph says how the maps were made, not only what the settings ask for."""

from pathlib import Path

import pandas as pd
import pytest

from faceoff.report.methods_gaze import gaze_methods_section
from gaze_analysis.bandwidth import BANDWIDTH_COLUMNS
from study.errors import InputError
from study.folder import create_study
from study.tables import write_table


@pytest.mark.parametrize(
    ("density", "words"),
    [
        ({}, "(sigma 1 deg, 44.3 px of the picture, given beforehand)"),
        ({"bandwidth": "likelihood"}, "chosen by leave-one-participant-out likelihood)"),
        ({"bandwidth": "scott", "edges": "reflected"}, "mirrored back at its border"),
        ({"participants": "pooled", "weighting": "count"}, "weighted by count"),
    ],
)
def test_the_width_is_that_of_the_maps(tmp_path: Path, density: dict[str, str], words: str) -> None:
    study = create_study(tmp_path / "study", {"gaze": {"density": density}})
    rows = [("x", None, 9, 30.0, 0.7, 6.7, 1.0, False), ("x", None, 9, 44.26, 1.0, 9.9, 2.0, True)]
    table = pd.DataFrame(rows, columns=list(BANDWIDTH_COLUMNS))
    write_table(study.gaze_dir / "bandwidth.tsv", table, BANDWIDTH_COLUMNS)
    assert words in gaze_methods_section(study).paragraphs[0]


def test_before_there_are_maps_nothing_is_said_of_them(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study")
    with pytest.raises(InputError, match="faceoff gaze density"):
        gaze_methods_section(study)
