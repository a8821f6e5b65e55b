import re

import pytest

from faceoff.report.maps_page import write_maps_page
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

pytestmark = [pytest.mark.slow, pytest.mark.network]


def figures_of(study: Study) -> dict[str, list[str]]:
    """List the captions of each section of the page."""
    page = study.maps_html.read_text(encoding="utf-8")
    sections = page.split("<section>")[1:]
    return {
        re.findall(r"<h2[^>]*>(.*?)</h2>", section)[0]: re.findall(
            r"<figcaption>(.*?)</figcaption>", section, re.DOTALL
        )
        for section in sections
    }


def test_the_worst_pictures_are_the_worst(small_study):
    write_maps_page(small_study, [], 2)
    metrics = read_table(small_study.comparison_dir / "metrics.tsv", what="Agreement")
    gaze = metrics[
        (metrics["metric"] == "CC")
        & (metrics["map"] == "relevance_smooth")
        & (metrics["reference"] == "gaze")
    ]
    lowest = gaze.sort_values("value", kind="stable")["image_id"].head(2).tolist()
    shown = figures_of(small_study)
    agree_least = shown["Gaze and relevance agree least"]
    assert [caption.strip().split()[0] for caption in agree_least] == lowest
    folder = small_study.cnn_dir("small")
    answers = read_table(folder / "predictions.tsv", what="Answers").set_index("image_id")
    for caption in shown["Named wrongly by the network"]:
        assert not answers.loc[caption.strip().split()[0], "correct"]
    assert len(shown["One picture of each expression"]) == 7


def test_chosen_pictures_are_shown_and_unknown_ones_refused(small_study):
    images = read_maps(small_study.gaze_dir / "density.nc", what="Density")["image"].to_numpy()
    write_maps_page(small_study, [images[1]], 1)
    before = small_study.maps_html.read_bytes()
    assert figures_of(small_study)["Chosen pictures"][0].strip().startswith(images[1])
    with pytest.raises(InputError, match="but 'nobody' has not both"):
        write_maps_page(small_study, ["nobody"], 1)
    assert small_study.maps_html.read_bytes() == before
