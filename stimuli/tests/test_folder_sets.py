"""Face sets in folders, with a table or without, and FER2013's CSV."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from stimuli.catalog import read_crops, read_manifest, read_splits
from stimuli.cli import app
from stimuli.fer2013 import LABELS, unpack_fer2013
from stimuli.folder_sets import find_set_pictures
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study, create_study

RNG = np.random.default_rng(3)


def picture(path: Path, side: tuple[int, int] = (48, 48), level: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (side[1], side[0])
    pixels = RNG.integers(30, 220, shape) if level is None else np.full(shape, level)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def study_of(folder: Path, **stimuli: object) -> Study:
    given = {"face_set": "folders", "crop": "whole", "split_by": "set", **stimuli}
    return create_study(folder, {"stimuli": given})


def run(study: Study, *words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--study", str(study.root)])
    if done.exception:
        raise done.exception
    return done.output


def kinds(study: Study) -> list[str]:
    return list(pd.read_csv(study.stimuli_dir / "problems.tsv", sep="\t")["kind"])


def test_folders_say_split_and_expression(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s")
    for split, n in (("train", 3), ("test", 2)):
        for name in ("happy", "Sad", "fear"):
            for number in range(n):
                picture(study.pictures_dir / split / name / f"{number}.png")
    picture(study.pictures_dir / "train" / "bored" / "0.png")
    picture(study.pictures_dir / "train" / "happy" / "9.png", level=2)
    (study.pictures_dir / "train" / "happy" / "8.png").write_bytes(b"no picture")
    run(study, "register")
    manifest = read_manifest(study)
    assert len(manifest) == 15
    assert set(manifest["expression"]) == {"happy", "sad", "afraid"}
    assert manifest["image_id"].is_unique
    assert "train-Sad-0" in set(manifest["image_id"])
    assert manifest["actor"].isna().all()
    splits = read_splits(study)["split"].value_counts().to_dict()
    assert splits == {"train": 9, "test": 6}
    assert sorted(kinds(study)) == ["dark", "name", "unreadable"]
    crops = read_crops(study)
    assert set(crops["method"]) == {"whole"}
    assert load_pictures(study, ["train-Sad-0"], 48).shape == (1, 48, 48, 3)


def test_a_whole_picture_is_made_square(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s")
    picture(study.pictures_dir / "train" / "happy" / "a.png", side=(60, 90), level=77)
    run(study, "register")
    assert (load_pictures(study, ["a"], 32) == 77).all()


def test_a_table_says_who_is_shown(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s", split_by="actor", split_parts=[0.5, 0.25, 0.25])
    rows = []
    for actor in range(8):
        for name in ("happy", "anger"):
            file = f"{actor}{name}.bmp"
            picture(study.pictures_dir / file)
            sex = "F" if actor % 2 else "male"
            rows.append((file, name, f"P{actor}", sex, "Black" if actor < 4 else ""))
    table = pd.DataFrame(rows, columns=["file", "Expression", "actor", "sex", "ethnicity"])
    table.to_csv(study.pictures_dir / "pictures.csv", index=False)
    run(study, "register")
    manifest = read_manifest(study).merge(read_splits(study), on="image_id")
    assert manifest.groupby("actor")["split"].nunique().max() == 1
    assert manifest["split"].value_counts().to_dict() == {"train": 8, "validation": 4, "test": 4}
    assert set(manifest["sex"]) == {"female", "male"}
    assert manifest["ethnicity"].value_counts(dropna=False).to_dict() == {"Black": 8, np.nan: 8}
    # A changed table makes the registration stale.
    table["actor"] = "P1"
    table.to_csv(study.pictures_dir / "pictures.csv", index=False)
    with pytest.raises(InputError, match="needs actors for each part, but there are 1"):
        run(study, "register")


def test_a_name_says_the_expression_where_folders_are_of_something_else(tmp_path: Path) -> None:
    for file in ("AF01/AF01HAS.png", "AF01/AF01XXS.png", "happy/AF01SAS.png"):
        picture(tmp_path / file)
    pattern = r"(?P<actor>[FM]\d\d)(?P<expression>[A-Z]{2})S"
    pictures, strangers = find_set_pictures(tmp_path, pattern)
    assert [(one.actor, one.expression) for one in pictures] == [("F01", "happy"), ("F01", "happy")]
    assert strangers == ["AF01/AF01XXS.png"]


def test_names_say_what_folders_do_not(tmp_path: Path) -> None:
    for name in ("AF01_HC", "BM12_HC", "WF03_HC"):
        picture(tmp_path / "happy" / f"{name}.png")
    pattern = r"^(?P<actor>(?P<ethnicity>[ABHW])(?P<sex>[FM])\d\d)"
    pictures, strangers = find_set_pictures(tmp_path, pattern)
    assert [(p.actor, p.ethnicity, p.sex) for p in pictures] == [
        ("AF01", "A", "female"), ("BM12", "B", "male"), ("WF03", "W", "female")
    ]  # fmt: skip
    assert not strangers


def test_a_split_by_picture_cuts_each_expression_as_published(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s", split_by="picture", split_parts=[0.7, 0.1, 0.2])
    for name in ("happy", "sad"):
        for number in range(30):
            picture(study.pictures_dir / name / f"{number}.png")
    run(study, "register")
    table = read_manifest(study).merge(read_splits(study), on="image_id")
    counts = table.groupby(["expression", "split"]).size().to_dict()
    assert counts == {
        (name, split): n
        for name in ("happy", "sad")
        for split, n in (("train", 21), ("validation", 3), ("test", 6))
    }


def test_validation_is_drawn_from_the_sets_own_training(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s", validation_part=0.2)
    for split, n in (("Training", 10), ("test", 4)):
        for name in ("happy", "sad"):
            for number in range(n):
                picture(study.pictures_dir / split / name / f"{number}.png")
    run(study, "register")
    table = read_manifest(study).merge(read_splits(study), on="image_id")
    counts = table.groupby(["expression", "split"]).size()
    assert counts["happy", "validation"] == counts["sad", "validation"] == 2
    assert counts["happy", "train"] == 8


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,emotion\na.png,happy\n", "columns file and expression"),
        ("file,expression\nb.png,happy\n", "b.png is not in the folder"),
        ("file,expression\na.png,happy\na.png,sad\n", "a.png stands there twice"),
        ("file,expression\na.png,bored\n", "that of a.png is 'bored'"),
        ("file,expression,sex\na.png,happy,x\n", "of a.png it is 'x'"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, table: str, said: str) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "pictures.csv").write_text(table)
    with pytest.raises(InputError, match=said):
        find_set_pictures(tmp_path, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"split_by": "test_actors"}, "split_by must be actor, picture or set"),
        ({"split_parts": [0.0, 0.5, 0.5]}, "the first more than 0"),
        ({"name_pattern": "(?P<who>a)"}, "the groups may be"),
        ({"face_set": "kdef", "split_by": "set"}, "which has none"),
        ({"face_set": "kdef", "split_by": "actor", "views": ["half left profile"],
          "crop": "landmarks"}, "crop must be whole or fixed"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_refused(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        study_of(tmp_path / "s", **given)


def test_a_split_that_the_set_does_not_have_is_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path / "s")
    picture(study.pictures_dir / "CV1" / "happy" / "a.png")
    with pytest.raises(InputError, match=r"of CV1/happy/a.png it says 'CV1'"):
        run(study, "register")
    other = study_of(tmp_path / "t", split_by="actor")
    picture(other.pictures_dir / "happy" / "a.png")
    with pytest.raises(InputError, match="needs to know who is shown, but the set does not say"):
        run(other, "register")


def fer_rows(n: int = 9) -> list[tuple[int, str, str]]:
    usages = ("Training", "Training", "PublicTest", "PrivateTest")
    return [
        (row % 7, " ".join(map(str, RNG.integers(20, 256, 48 * 48))), usages[row % 4])
        for row in range(n)
    ]


@pytest.mark.parametrize("form", ["fer2013", "icml"])
def test_fer2013_is_unpacked_pixel_for_pixel_from_both_forms(tmp_path: Path, form: str) -> None:
    rows = fer_rows()
    if form == "fer2013":
        lines = ["emotion,pixels,Usage"] + [f"{a},{b},{c}" for a, b, c in rows]
    else:
        lines = ["emotion, Usage, pixels"] + [f"{a},{c},{b}" for a, b, c in rows]
    file = tmp_path / "set.csv"
    file.write_text("\n".join(lines) + "\n")
    study = study_of(tmp_path / "s")
    said = run(study, "unpack", file)
    assert run(study, "unpack", file) == said
    for number, (label, pixels, usage) in enumerate(rows):
        path = study.pictures_dir / usage / LABELS[label] / f"{number:05d}.png"
        expected = np.array(pixels.split(), int).reshape(48, 48)
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)
    run(study, "register")
    table = read_manifest(study).merge(read_splits(study), on="image_id")
    assert table["split"].value_counts().to_dict() == {"train": 5, "validation": 2, "test": 2}
    # Unpacked and loaded at its own size, a picture is what the CSV says.
    own = load_pictures(study, ["00000"], 48)[0, :, :, 0]
    np.testing.assert_array_equal(own, np.array(rows[0][1].split(), int).reshape(48, 48))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("emotion", "label", 1), "columns emotion, pixels and Usage"),
        (lambda text: text[: len(text) // 2], r"line \d+: (a row must have 3 cells|pixels must)"),
        (lambda text: text.replace("\n0,", "\n8,", 1), "line 2: emotion must be 0 to 6, .* '8'"),
        (lambda text: text.replace("PublicTest", "Public", 1), "Usage must be Training"),
        (lambda text: text.replace("\n0,", "\n0,300 ", 1), "line 2: pixels must be 2304 numbers"),
        (lambda text: text.replace("\n0,", "\n0,x ", 1), "line 2: pixels must be whole numbers"),
        (lambda text: text.partition("\n")[0] + "\n", "only a header"),
    ],
)  # fmt: skip
def test_a_damaged_csv_is_told_with_its_line(
    tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    rows = fer_rows()
    text = "emotion,pixels,Usage\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    file = tmp_path / "fer2013.csv"
    file.write_text(change(text))
    with pytest.raises(InputError, match=said):
        unpack_fer2013(file, tmp_path / "out")


def test_all_views_of_kdef_are_taken_whole(tmp_path: Path) -> None:
    views = ["straight", "half left profile", "full right profile"]
    study = study_of(tmp_path / "s", face_set="kdef", views=views, split_by="picture",
                     split_parts=[0.5, 0.25, 0.25])  # fmt: skip
    for actor in ("F01", "F02", "M01", "M02"):
        for view in ("S", "HL", "FR", "HR"):
            picture(study.pictures_dir / f"A{actor}" / f"A{actor}HA{view}.PNG", side=(562, 762))
    # As KDEF has it: a picture of another size among the profiles.
    picture(study.pictures_dir / "AF01" / "AF01ANFR.PNG", side=(970, 633))
    run(study, "register")
    manifest = read_manifest(study)
    assert set(manifest["view"]) == set(views)
    assert len(manifest) == 12
    assert "size" in kinds(study)
    assert set(read_splits(study)["split"]) == {"train", "validation", "test"}


@pytest.mark.parametrize("how", ["equalised", "adaptive"])
def test_light_is_evened_out_for_everybody(tmp_path: Path, how: str) -> None:
    study = study_of(tmp_path / "s", illumination=how)
    path = study.pictures_dir / "train" / "happy" / "a.png"
    path.parent.mkdir(parents=True)
    # A face that is lit from one side.
    level = np.tile(np.linspace(20, 90, 64), (64, 1)) + RNG.normal(0, 4, (64, 64))
    Image.fromarray(np.stack([level, level * 0.9, level * 0.8], 2).astype(np.uint8)).save(path)
    run(study, "register")
    assert set(read_crops(study)["method"]) == {f"whole, {how}"}
    shown = load_pictures(study, ["a"], 64)[0].astype(float)
    grey = shown @ [0.299, 0.587, 0.114]
    assert grey.std() > 1.5 * level.std()
    if how == "equalised":  # a flat histogram: its quantiles lie on a line
        quantiles = np.quantile(grey, np.linspace(0.05, 0.95, 10))
        np.testing.assert_allclose(quantiles, np.linspace(0.05, 0.95, 10) * 255, atol=12)
    # Its colour is the same brown: red over blue.
    assert (shown[..., 0] >= shown[..., 2]).mean() > 0.95
