"""The section on noise and occlusion says what the tables hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparison import psychometric_tables
from comparison.noise_people import NOISE_COLUMNS
from comparison.psychometric_tables import (
    NETWORK,
    PEOPLE,
    PSYCHOMETRIC_COLUMNS,
    Counts,
    psychometric_table,
)
from faceoff.report.thresholds import thresholds_section
from study.folder import Study, create_study
from study.tables import write_table

LEVELS = np.array([0.0, 0.05, 0.2, 0.5, 1.0])


def _write(study: Study, *, with_network: bool) -> None:
    asked = np.full((4, 5), 40.0)
    right = asked * [0.9, 0.88, 0.6, 0.3, 0.15]
    counts = [Counts("noise", PEOPLE, LEVELS, ("sub-1", "sub-2", "sub-3", "sub-4"), right, asked)]
    if with_network:
        stands = asked[:1] * [0.9, 0.9, 0.9, 0.9, 0.85]
        counts.append(Counts("noise", NETWORK, LEVELS, ("all",), stands, asked[:1]))
    fits = psychometric_table(counts, shape="weibull", confidence=0.95, seed=1)
    write_table(study.comparison_dir / "noise_psychometric.tsv", fits, PSYCHOMETRIC_COLUMNS)
    shares = right[0] / 40
    table = pd.DataFrame(dict.fromkeys(NOISE_COLUMNS, shares)).assign(variance=LEVELS)
    if not with_network:
        table[["network", "network_low", "network_high"]] = np.nan
    write_table(study.comparison_dir / "noise_people.tsv", table, NOISE_COLUMNS)


def test_the_section_says_where_half_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psychometric_tables, "RESAMPLES", 20)
    study = create_study(tmp_path / "study")
    assert thresholds_section(study) is None
    _write(study, with_network=False)
    section = thresholds_section(study)
    assert section is not None
    method, found = section.paragraphs
    assert "Weibull functions" in method and "0.143" in method
    assert "(n = 4) was above guessing was lost at a variance of 0.2" in found
    assert "network" not in found and "network" not in section.figures[0].caption
    _write(study, with_network=True)
    section = thresholds_section(study)
    assert section is not None
    assert section.paragraphs[1].endswith("of the network's above all levels shown.")
    assert len(section.tables[0].frame) == 3
