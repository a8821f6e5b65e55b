"""Registration of a face set, with everything that may be wrong with one."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from stimuli.catalog import picture_landmarks, read_crops, read_manifest, read_splits
from stimuli.check import check_pictures
from stimuli.files import find_pictures, measure_picture
from stimuli.problems import missing_pictures
from stimuli.register import register_pictures
from stimuli.steps import register_step
from stimuli.tests.faces import (
    ACTORS,
    face_points,
    image_ids,
    make_study,
    write_face_set,
    write_picture,
)
from study.errors import InputError
from study.folder import Study
from study.provenance import is_current, run_step
from study.settings.stimuli import THESIS_TEST_ACTORS
from study.tables import read_table


@pytest.fixture(scope="session")
def face_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    write_face_set(folder)
    return folder


@pytest.fixture
def study(tmp_path: Path, face_set: Path) -> Study:
    study = make_study(tmp_path / "study")
    shutil.copytree(face_set, study.pictures_dir)
    return study


def problems_of(study: Study) -> dict[str, list[str]]:
    """Kinds of problems, and the pictures or files that have them."""
    table = read_table(study.problems_tsv, what="problems", columns={"kind": str})
    named = table["image_id"].fillna(table["file"]).fillna(table["problem"])
    return {kind: sorted(group) for kind, group in named.groupby(table["kind"])}


def test_a_whole_set_is_registered(study):
    register_pictures(study)
    manifest = read_manifest(study)
    assert sorted(manifest["image_id"]) == sorted(image_ids())
    assert set(manifest["face_set"]) == {"synthetic"}
    row = manifest.set_index("image_id").loc["BM04DIS"]
    assert list(row[["actor", "sex", "session", "expression"]]) == ["M04", "male", "B", "disgusted"]
    assert row["file"] == "BM04/BM04DIS.JPG"
    splits = read_splits(study).set_index("image_id")["split"]
    assert splits["AF09AFS"] == "test"
    assert splits["BF09AFS"] == "unused"
    assert splits.value_counts().to_dict() == {
        "train": 28, "validation": 28, "test": 14, "unused": 14,
    }  # fmt: skip
    assert set(problems_of(study)) == {"split"}  # fourteen test actors are not in this set


def test_the_crop_is_around_the_median_face(study):
    register_pictures(study)
    crops = read_crops(study)
    assert len(crops.drop(columns="image_id").drop_duplicates()) == 1
    crop = crops.iloc[0]
    eyes_to_mouth = 1.1 * 110
    assert crop["width_px"] == crop["height_px"] == round(2.9 * eyes_to_mouth)
    centre = crop[["x_px", "y_px"]].to_numpy(float) + (crop["width_px"] - 1) / 2
    np.testing.assert_allclose(centre, [280, 400 + eyes_to_mouth / 2], atol=1)


def test_landmarks_come_back_in_the_picture_frame(study):
    register_pictures(study)
    points = picture_landmarks(study, ["AF01ANS"])["AF01ANS"]
    crop = read_crops(study).iloc[0]
    scale = 448 / crop["width_px"]
    expected = (face_points(x=279) + 0.5 - crop[["x_px", "y_px"]].to_numpy(float)) * scale - 0.5
    np.testing.assert_allclose(points, expected, atol=0.01 * scale)
    with pytest.raises(InputError, match=r"must have a crop .* 'AF99XXS' has none"):
        picture_landmarks(study, ["AF99XXS"])


def test_problems_are_listed_and_those_pictures_left_out(study):
    folder = study.pictures_dir
    write_picture(folder / "AF01/AF01AFS.JPG", 1001, level=4)
    write_picture(folder / "AF01/AF01SUFR.JPG", 1002, level=4)
    write_picture(folder / "AM05ANFR.JPG", 1003, size=(970, 633))
    write_picture(folder / "AF31V.JPG", 1004)
    write_picture(folder / "holiday.png", 1005)
    whole = (folder / "BM02/BM02HAS.JPG").read_bytes()
    (folder / "BM02/BM02HAS.JPG").write_bytes(whole[: len(whole) // 2])
    (folder / "BM02/BM02NES.JPG").write_bytes(b"no picture")
    shutil.copy(folder / "AM02/AM02HAS.JPG", folder / "AM02/AM02SAS.JPG")
    shutil.copy(folder / "AM02/AM02NES.JPG", folder / "AM02NES.jpg")
    write_picture(folder / "again/AM02SUS.JPG", 1006)
    (folder / "BF01/BF01SUS.JPG").unlink()
    register_pictures(study)
    found = problems_of(study)
    assert found["dark"] == ["AF01AFS", "AF01SUFR"]
    assert found["size"] == ["AM05ANFR"]
    assert found["name"] == ["AF31SAHL", "holiday.png"]
    assert found["unreadable"] == ["BM02HAS", "BM02NES"]
    assert found["duplicate"] == ["AM02HAS", "AM02NES", "AM02SAS", "AM02SUS", "AM02SUS"]
    assert found["missing"] == ["BF01SUS"]
    gone = {"AF01AFS", "BM02HAS", "BM02NES", "AM02HAS", "AM02SAS", "AM02SUS", "BF01SUS"}
    assert set(image_ids()) - set(read_manifest(study)["image_id"]) == gone


def test_a_picture_without_landmarks_is_never_cropped(study):
    path = study.pictures_dir / "synthetic_landmarks.tsv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if not x.startswith("AF09HAS")), encoding="utf-8")
    register_pictures(study)
    assert problems_of(study)["face"] == ["AF09HAS"]
    assert "AF09HAS" not in set(read_crops(study)["image_id"])
    assert dict(read_splits(study).to_numpy())["AF09HAS"] == "unused"
    assert "AF09HAS" in set(read_manifest(study)["image_id"])


def test_a_fixed_crop_is_taken_and_faces_beyond_it_are_listed(tmp_path, face_set):
    study = make_study(
        tmp_path / "s", folder=str(face_set), crop="fixed", crop_x_px=200, crop_side_px=200
    )
    register_pictures(study)
    row = read_crops(study).iloc[0]
    assert list(row[["x_px", "y_px", "width_px", "method"]]) == [200, 160, 200, "fixed"]
    assert len(problems_of(study)["crop"]) == len(image_ids())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: write_picture(f / "AF01/AF01AFS.JPG", 1, size=(970, 633)),
            "AF01AFS.JPG has 970",
        ),
        (lambda f: write_picture(f / "AF01XXS.JPG", 1), "expression code must be one of"),
        (shutil.rmtree, "there is no such folder"),
    ],
    ids=["wrong size", "unknown code", "no folder"],
)
def test_what_must_be_mended_first_stops_the_registration(study, change, message):
    change(study.pictures_dir)
    with pytest.raises(InputError, match=message):
        register_step(study).run()
    assert not study.stimuli_dir.is_dir() or not list(study.stimuli_dir.glob("*.tsv"))


def test_folders_without_a_face_set_are_refused(tmp_path):
    write_picture(tmp_path / "a" / "holiday.jpg", 1)
    with pytest.raises(InputError, match=r"only with other names, such as a/holiday\.jpg"):
        find_pictures(tmp_path)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="holds none"):
        find_pictures(tmp_path / "b")
    study = make_study(tmp_path / "s", folder=str(tmp_path / "c"))
    write_picture(tmp_path / "c" / "AF01AFFL.JPG", 1)
    with pytest.raises(InputError, match="none of its 1 pictures is a usable one"):
        register_pictures(study)


def test_kdef_is_found_at_any_depth_and_in_any_case(tmp_path):
    write_picture(tmp_path / "KDEF_and_AKDEF/KDEF/AF01/af01afs.jpg", 1)
    write_picture(tmp_path / "KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPEG", 2)
    (tmp_path / "readme.txt").write_text("x", encoding="utf-8")
    pictures, strangers = find_pictures(tmp_path)
    assert [picture.name.image_id for picture in pictures] == ["AF01AFS", "AF01ANS"]
    assert strangers == []
    missing = missing_pictures(pictures, synthetic=False)
    # five pictures of AF01, and the sessions of everybody else as a whole
    assert len(missing) == 5 + 139
    assert missing[0].image_id == "AF01DIS"


def test_brightness_is_measured_on_the_whole_picture(tmp_path):
    write_picture(tmp_path / "a.png", 7)
    from PIL import Image

    with Image.open(tmp_path / "a.png") as picture:
        exact = np.asarray(picture.convert("RGB"), dtype=float) @ [0.299, 0.587, 0.114]
        picture.save(tmp_path / "a.jpg", quality=95)
    for name in ("a.png", "a.jpg"):
        assert measure_picture(tmp_path / name).luminance == pytest.approx(exact.mean(), abs=1)


def test_check_names_what_differs(study):
    register_pictures(study)
    assert check_pictures(study) == len(image_ids())
    write_picture(study.pictures_dir / "AF01/AF01AFS.JPG", 99)
    (study.pictures_dir / "AF01/AF01ANS.JPG").unlink()
    with pytest.raises(InputError) as error:
        check_pictures(study)
    assert "AF01ANS.JPG is missing, AF01/AF01AFS.JPG has other content" in str(error.value)


def test_the_step_runs_again_only_when_something_changed(study):
    step = register_step(study)
    assert run_step(study, step)
    before = {path: path.read_bytes() for path in step.outputs}
    assert not run_step(study, register_step(study))
    assert run_step(study, register_step(study), force=True)
    assert before == {path: path.read_bytes() for path in step.outputs}
    write_picture(study.pictures_dir / "AF01/AF01AFS.JPG", 99)
    assert not is_current(study, register_step(study))


def test_the_default_test_actors_are_those_of_the_thesis():
    # Bartnik (2020) drew them so; Python has kept this generator.
    drawn = []
    for seed, sex in ((1, "F"), (2, "M")):
        random.seed(seed)
        drawn += [f"{sex}{number:02d}" for number in random.sample(range(1, 35), 8)]
    assert drawn == THESIS_TEST_ACTORS
    assert {"F09", "M04"} == set(ACTORS) & set(THESIS_TEST_ACTORS)
