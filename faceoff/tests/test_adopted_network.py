"""A network that was trained elsewhere, from its file to the report."""

import pytest

from cnn.adoption import adopt_step
from cnn.steps import steps
from cnn.tests.foreign_networks import ORDER, chain, saved
from cnn.tests.tiny import tiny_study
from faceoff.report.network import network_section
from study.provenance import run_step

pytestmark = pytest.mark.network


def test_the_report_says_that_a_network_was_not_trained_here(tmp_path):
    study = tiny_study(tmp_path / "study", model="theirs", method="gradient")
    file = saved(chain(), tmp_path / "their_own.keras")
    run_step(study, adopt_step(study, file, "theirs", ORDER, "none"))
    for step in steps(study):
        run_step(study, step)
    assert not (study.cnn_dir("theirs") / "history.tsv").exists()
    section = network_section(study)
    assert "adopted from the file their_own.keras" in section.paragraphs[0]
    (conservation,) = section.figures[0].figure.axes
    assert conservation.get_title() == "Conservation"
    assert "accuracy" in set(section.tables[0].frame["metric"])
