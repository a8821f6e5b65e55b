"""Regions from landmarks, from a table drawn by hand, and from interest areas of recordings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.events import make_events
from gaze_analysis.foreign import adopt_recordings
from gaze_analysis.importing import import_sessions, recorded_sessions
from gaze_analysis.interest_areas import (
    has_interest_areas,
    interest_area_files,
    read_interest_area,
    recorded_outlines,
)
from gaze_analysis.region_sources import (
    drawn_outlines,
    drawn_tsv,
    landmark_outlines,
    region_source,
    trial_outlines,
)
from gaze_analysis.steps_regions import regions_step
from gaze_analysis.tests.region_study import region_study, write_fixations
from gaze_analysis.tests.small_study import PICTURE, small_study
from stimuli.catalog import picture_landmarks
from stimuli.frames import Rect, move_points
from stimuli.region_outlines import region_names
from stimuli.regions import points_in_polygon, region_of, region_polygons
from stimuli.tests.faces import face_points
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import run_step
from study.tables import read_table
from study.writing import write_text

ASC = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"
FACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces" / "uniss_ffd"


def draw(study: Study, *lines: str, header: str = "") -> None:
    """Write regions by hand."""
    header = header or "image_id\tregion\tx_px\ty_px\twidth_px\theight_px"
    write_text(drawn_tsv(study), "\n".join([header, *lines]) + "\n")


def points(n: int = 500, side: float = 448) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, side, (n, 2))


def test_landmarks_give_the_polygons_of_each_face(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    found = landmark_outlines(study, ["AF01HAS", "AM01SAS"])
    landmarks = picture_landmarks(study, ["AF01HAS", "AM01SAS"])
    for image_id, outlines in found.items():
        expected = region_of(points(), region_polygons(landmarks[image_id]))
        np.testing.assert_array_equal(region_names(points(), outlines), expected)


def test_a_margin_is_in_degrees(tmp_path: Path) -> None:
    settings = {"regions": {"margin_deg": 0.5}}
    outlines = landmark_outlines(region_study(tmp_path / "a", gaze=settings), ["AF01HAS"])
    assert outlines["AF01HAS"].reach_px == pytest.approx(22.13, abs=0.01)
    table = {"picture_width_px": 562, "picture_height_px": 762}
    study = region_study(tmp_path / "b", gaze=settings | {"table": table})
    with pytest.raises(InputError, match="px_per_deg in"):
        landmark_outlines(study, ["AF01HAS"])


@pytest.mark.parametrize(("width_px", "height_px"), [(562, 762), (281, 381), (300, 300)])
def test_landmarks_lie_on_the_picture_of_tables(
    tmp_path: Path, width_px: int, height_px: int
) -> None:
    table = {"picture_width_px": width_px, "picture_height_px": height_px}
    study = region_study(tmp_path / "study", gaze={"table": table})
    (outlines,) = landmark_outlines(study, ["AF01HAS"]).values()
    seen = Rect(80, 250, 400, 400) if width_px == height_px else Rect(0, 0, 562, 762)
    expected = move_points(face_points(x=281), seen, Rect(0, 0, width_px, height_px))
    drawn = region_polygons(expected)
    for name, polygon in zip(outlines.names, outlines.polygons, strict=True):
        np.testing.assert_allclose(polygon, drawn[name], atol=1e-9)


def test_landmarks_do_not_fit_another_picture(tmp_path: Path) -> None:
    table = {"picture_width_px": 800, "picture_height_px": 300}
    study = region_study(tmp_path / "study", gaze={"table": table})
    with pytest.raises(InputError, match="none does in the frame of the fixations: AF01HAS"):
        landmark_outlines(study, ["AF01HAS"])


def test_drawn_regions_hold_for_every_picture_or_for_one(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study")
    draw(
        study,
        "*\teyes\t0\t10\t50\t20\tn/a\tn/a",
        "*\tmouth\t10\t60\t30\t10\tellipse\tn/a",
        "P1\teyes\tn/a\tn/a\tn/a\tn/a\tn/a\t0,0 20,0 20,20",
        header="image_id\tregion\tx_px\ty_px\twidth_px\theight_px\tshape\tcorners",
    )
    found = drawn_outlines(study, ["P1", "P2"])
    assert found["P1"].regions == found["P2"].regions == ("eyes", "mouth")
    here: list[Any] = [[25, 15], [15, 5], [25, 64.5], [11, 61], [49.4, 10], [49.6, 10]]
    assert list(region_names(here, found["P2"])) == [
        "eyes", "other", "mouth", "other", "eyes", "other"
    ]  # fmt: skip
    assert list(region_names(here, found["P1"])[:3]) == ["other", "eyes", "mouth"]
    # A rectangle of 50 x 20 pixels holds just these pixels' centres.
    x, y = np.meshgrid(np.arange(100), np.arange(100))
    inside = region_names(np.stack([x.ravel(), y.ravel()], axis=1), found["P2"]) == "eyes"
    assert inside.sum() == 1000


def test_empty_cells_of_drawn_regions_are_missing_ones(tmp_path: Path) -> None:
    study = create_study(tmp_path / "study")
    draw(
        study,
        "*\teyes\t0\t10\t50\t20\t\t",
        "*\tmouth\t\t\t\t\t\t0,60 20,60 20,80",
        header="image_id\tregion\tx_px\ty_px\twidth_px\theight_px\tshape\tcorners",
    )
    found = drawn_outlines(study, ["P1"])["P1"]
    assert list(region_names([[25, 15], [19, 62]], found)) == ["eyes", "mouth"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("P1\teyes\t1\t2\t0\t4", "line 2 has 1, 2, 0, 4", id="no width"),
        pytest.param("P1\teyes\t1\tx\t2\t4", "line 2 has 1, nan, 2, 4", id="no number"),
        pytest.param("P1\tn/a\t1\t2\t3\t4", "line 2 lacks one", id="no name"),
        pytest.param("P2\teyes\t1\t2\t3\t4", "'P1' has none", id="another picture"),
    ],
)
def test_wrong_drawn_regions_are_answered_by_one_message(
    tmp_path: Path, line: str, expected: str
) -> None:
    study = create_study(tmp_path / "study")
    draw(study, line)
    with pytest.raises(InputError, match=expected):
        drawn_outlines(study, ["P1"])


@pytest.mark.parametrize("corners", ["1,2 3,4", "1,2 3,4 5", "a,b c,d e,f"])
def test_wrong_corners_are_answered_by_one_message(tmp_path: Path, corners: str) -> None:
    study = create_study(tmp_path / "study")
    draw(study, f"*\teyes\t{corners}", header="image_id\tregion\tcorners")
    with pytest.raises(InputError, match="line 2 has"):
        drawn_outlines(study, ["P1"])


def test_where_regions_come_from(tmp_path: Path) -> None:
    study = create_study(tmp_path / "bare")
    assert region_source(study) == ""
    trials = pd.DataFrame({"participant_id": ["a"], "session": "01", "trial": 1, "image_id": "P1"})
    with pytest.raises(InputError, match="faceoff stimuli register DIR"):
        trial_outlines(study, trials)
    with_faces = region_study(tmp_path / "faces")
    assert region_source(with_faces) == "landmarks"
    draw(with_faces, "*\tall\t0\t0\t448\t448")
    assert region_source(with_faces) == "drawn"
    wanted = {"gaze": {"regions": {"source": "landmarks"}}}
    with pytest.raises(InputError, match="Regions of faces need landmarks"):
        trial_outlines(create_study(tmp_path / "none", wanted), trials)


def test_a_picture_without_landmarks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = region_study(tmp_path / "study")
    fixations = write_fixations(study, image_id="AF99HAS")
    with pytest.raises(InputError, match=r"fixations: AF99HAS\. Register the face set"):
        run_step(study, regions_step(study))
    assert not (study.gaze_dir / "regions.tsv").exists()
    write_fixations(study, image_id=["AF99HAS"] * 7 + ["AF01HAS"] * (len(fixations) - 7))
    run_step(study, regions_step(study))
    assert "1 trials are left out" in capsys.readouterr().err
    regions = read_table(study.gaze_dir / "regions.tsv", what="regions")
    assert set(regions["image_id"]) == {"AF01HAS"}


@pytest.mark.parametrize(
    ("text", "name", "inside", "outside"),
    [
        ("RECTANGLE 2 85 85 285 185 body", "body", (100, 100), (80, 100)),
        ("RECTANGLE\t7\t85.5\t85\t285\t185", "7", (100, 100), (300, 100)),
        ("ELLIPSE 1 0 0 100 100 the head", "the head", (50, 50), (5, 5)),
        ("FREEHAND 3 285,125 385, 50 335,125 tail", "tail", (335, 100), (300, 60)),
    ],
)
def test_interest_areas_are_read(
    text: str, name: str, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    found, polygon = read_interest_area(text)
    assert found == name
    assert list(points_in_polygon([inside, outside], polygon)) == [True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RECTANGLE 2 85 85 285 body", "must be RECTANGLE or ELLIPSE"),
        ("FREEHAND 3 tail", "must be RECTANGLE or ELLIPSE"),
        ("-1000 -2000 RECTANGLE 1 0 0 9 9 moving", "comes and goes"),
    ],
)
def test_other_interest_areas_are_refused(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_interest_area(text)


def with_areas(folder: Path, *areas: str) -> Study:
    """The small study, with interest areas in each of its trials but the first."""
    study = small_study(folder, ("sub-01",))
    path = recorded_sessions(study)[0].files[0]
    head, *trials = path.read_text(encoding="utf-8").split("TRIALID")
    for place in range(1, len(trials)):
        time = trials[place].split("MSG\t")[1].split(" ")[0]
        lines = "".join(f"MSG\t{time} {area}\n" for area in areas)
        first, rest = trials[place].split("\n", 1)
        trials[place] = f"{first}\n{lines}{rest}"
    path.write_text("TRIALID".join([head, *trials]), encoding="utf-8")
    import_sessions(study)
    make_events(study)
    return study


def gaze_trials(study: Study) -> pd.DataFrame:
    kinds: dict[str, Any] = {"participant_id": str, "session": str, "trial": int}
    return read_table(study.gaze_dir / "trials.tsv", what="trials", columns=kinds)


def test_interest_areas_of_recordings_move_into_the_picture(tmp_path: Path) -> None:
    x, y, width, height = PICTURE
    middle = x + width / 2
    study = with_areas(
        tmp_path / "study",
        f"-5 !V IAREA RECTANGLE 1 {x - 0.5} {y - 0.5} {middle - 0.5} {y + height - 0.5} left",
        f"!V IAREA ELLIPSE 2 {middle} {y} {x + width} {y + height} right half",
    )
    assert has_interest_areas(study)
    found = recorded_outlines(study, gaze_trials(study), 0.0)
    assert [key[2] for key in found] == [2, 3]
    outlines = found[("sub-01", "01", 2)]
    assert outlines.regions == ("left", "right half")
    side = study.settings.stimuli.picture_px
    np.testing.assert_allclose(
        outlines.polygons[0],
        [[-0.5, -0.5], [side / 2 - 0.5, -0.5], [side / 2 - 0.5, side - 0.5], [-0.5, side - 0.5]],
    )
    run_step(study, regions_step(study))
    regions = read_table(study.gaze_dir / "regions.tsv", what="regions")
    assert set(regions["region"]) == {"left", "right half", "other", "off_picture"}
    assert set(regions["trial"]) <= {2, 3}


def test_interest_areas_may_lie_in_a_file(tmp_path: Path) -> None:
    study = with_areas(tmp_path / "study", r"!V IAREA FILE ..\..\aoi\IA_1.ias")
    trials = gaze_trials(study)
    assert interest_area_files(study) == []
    with pytest.raises(InputError, match=r"IA_1\.ias.*Copy it there"):
        recorded_outlines(study, trials, 0.0)
    write_text(
        study.stimuli_dir / "IA_1.ias",
        "# areas\nRECTANGLE\t1\t900\t500\t1000\t600\tword\n\nFREEHAND 2 0,0 9,0 9,9 tip\n",
    )
    found = recorded_outlines(study, trials, 3.0)
    assert found[("sub-01", "01", 3)].regions == ("word", "tip")
    assert found[("sub-01", "01", 3)].reach_px == 3.0
    assert study.stimuli_dir / "IA_1.ias" in regions_step(study).inputs


@pytest.mark.skipif(not ASC.is_dir(), reason="the real recordings are not beside the checkout")
def test_interest_areas_of_a_real_recording(tmp_path: Path) -> None:
    create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    study = open_study(tmp_path / "study")
    adopt_recordings(study, [ASC / "mono1000.asc.gz"])
    import_sessions(study)
    make_events(study)
    assert region_source(study) == "recordings"
    # The recording does not say where a picture stood: the whole screen stands for it.
    trials = gaze_trials(study).assign(
        image_id="screen", picture_x_px=0, picture_y_px=0, picture_width_px=1024,
        picture_height_px=768,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"IA_1\.ias"):
        recorded_outlines(study, trials, 0.0)
    for number in range(1, 5):
        line = f"RECTANGLE\t1\t162\t334\t262\t434\ttarget {number}\n"
        write_text(study.sourcedata / f"IA_{number}.ias", line)
    found = recorded_outlines(study, trials, 0.0)
    assert [outlines.names for outlines in found.values()] == [
        (f"target {number}",) for number in range(1, 5)
    ]
    with pytest.raises(InputError, match="of the 10 in"):
        run_step(study, regions_step(study))


@pytest.mark.skipif(not FACES.is_dir(), reason="the Sassari recordings are not beside the checkout")
def test_drawn_regions_of_the_sassari_faces(tmp_path: Path) -> None:
    from gaze_analysis.steps_tables import import_tables

    table = {
        "picture_width_px": 562,
        "picture_height_px": 762,
        "file_name": r"(?P<participant>\d+)_(?P<image>\d+)_(?P<expression>[A-Z]+)_.*",
        "picture_map": str(FACES / "StimuliMap.csv"),
        "columns": {"x": "FixationPointX", "y": "FixationPointY"},
    }
    study = create_study(tmp_path / "study", {"gaze": {"table": table}})
    # KDEF put the eyes of all its pictures at the same height.
    draw(
        study, "*\teyes\t140\t330\t290\t80", "*\tmouth\t190\t490\t190\t90", "*\tup\t0\t0\t562\t330"
    )
    import_tables(study, [FACES / "Fixations.zip"])
    run_step(study, regions_step(study))
    regions = read_table(study.gaze_dir / "regions.tsv", what="regions")
    kinds = {"included": bool}
    fixations = read_table(study.gaze_dir / "fixations.tsv", what="fixations", columns=kinds)
    used = fixations[fixations["included"].astype(bool)]
    assert regions["n_fixations"].sum() == len(used)
    counts = regions.groupby("region")["n_fixations"].sum()
    x, y = used["x_px"], used["y_px"]
    eyes = (x >= 139.5) & (x < 429.5) & (y >= 329.5) & (y < 409.5)
    assert counts["eyes"] == eyes.sum()
    assert regions["dwell_ms"].isna().all()
    table_means = read_table(study.gaze_dir / "regions_by_expression.tsv", what="means")
    means = table_means.set_index(["expression", "region"])["fixation_share"]
    assert means["all", "eyes"] > 0.25
    assert means["happy", "mouth"] > means["neutral", "mouth"]
