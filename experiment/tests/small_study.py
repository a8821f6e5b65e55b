"""A study of a few drawn pictures, for tests that need a session but no face set."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from participants.plans import Plan, PlannedTrial, plan_path, write_plan
from stimuli.catalog import CROP_COLUMNS, LANDMARK_COLUMNS, MANIFEST_COLUMNS
from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from study.folder import Study, create_study
from study.tables import write_table

FILE_SIZE = (562, 762)
CROP_PX = 448
QUICK = {
    "fixation_ms": 200.0,
    "recording_lead_ms": 50.0,
    "recording_tail_ms": 50.0,
    "feedback_ms": 150.0,
    "pause_ms": 50.0,
    "screen_ms": 150.0,
}


def make_small_study(folder: Path, *, n_main: int = 6, n_practice: int = 2) -> Study:
    """Make a study with one registered actor per picture and a plan for sub-001."""
    quick_answers = {"rt_mean_ms": dict.fromkeys(EXPRESSIONS, 500.0)}
    study = create_study(folder, {"experiment": QUICK, "observers": quick_answers})
    images = [f"AF{actor:02d}{code}S" for actor in (1, 2) for code in KDEF_CODES]
    _write_pictures(study, images)
    _write_tables(study, images)
    write_plan(
        plan_path(study, "sub-001", "01"),
        Plan(
            participant_id="sub-001",
            session="01",
            mode="test",
            seed=1,
            keys=dict(zip(EXPRESSIONS, "1234567", strict=True)),
            trials=tuple(_planned(images[: n_practice + n_main], n_practice, n_main)),
        ),
    )
    return study


def _write_pictures(study: Study, images: list[str]) -> None:
    for number, image_id in enumerate(images):
        picture = Image.new("RGB", FILE_SIZE, (90, 90 + 8 * number, 120))
        draw = ImageDraw.Draw(picture)
        draw.ellipse((121, 180, 441, 580), fill=(230, 190, 160))
        for x in (200, 320):
            draw.ellipse((x, 300, x + 50, 330), fill=(40, 40, 40))
        draw.rectangle((230, 470, 330, 490), fill=(170, 60, 60))
        path = study.pictures_dir / image_id[:4] / f"{image_id}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, quality=94)


def _write_tables(study: Study, images: list[str]) -> None:
    codes = {image_id: image_id[4:6] for image_id in images}
    manifest = pd.DataFrame(
        {
            "image_id": image_id,
            "file": f"{image_id[:4]}/{image_id}.JPG",
            "face_set": "synthetic",
            "actor": image_id[1:4],
            "sex": "female",
            "session": "A",
            "expression": KDEF_CODES[codes[image_id]],
            "view": "straight",
            "width_px": FILE_SIZE[0],
            "height_px": FILE_SIZE[1],
            "sha256": "0",
        }
        for image_id in images
    )
    crops = pd.DataFrame(
        {"image_id": image_id, "x_px": 57, "y_px": 157, "width_px": CROP_PX, "height_px": CROP_PX,
         "method": "fixed"}
        for image_id in images
    )  # fmt: skip
    landmarks = pd.DataFrame(
        {"image_id": image_id, "point": point, "x_px": x_px, "y_px": y_px, "method": "synthetic"}
        for image_id in images
        for point, (x_px, y_px) in enumerate(_face_points(), start=1)
    )
    write_table(study.manifest_tsv, manifest, MANIFEST_COLUMNS)
    write_table(study.crops_tsv, crops, CROP_COLUMNS)
    write_table(study.landmarks_tsv, landmarks, LANDMARK_COLUMNS)


def _face_points() -> np.ndarray:
    """68 points in the iBUG order: jaw, brows, nose, eyes, mouth."""

    def row(x0: float, x1: float, y0: float, y1: float, n: int) -> list[tuple[float, float]]:
        return list(zip(np.linspace(x0, x1, n), np.linspace(y0, y1, n), strict=True))

    def ring(x: float, y: float, rx: float, ry: float, n: int) -> list[tuple[float, float]]:
        angles = np.pi + np.linspace(0, 2 * np.pi, n, endpoint=False)
        return [(x + rx * np.cos(a), y + ry * np.sin(a)) for a in angles]

    jaw = [(281 - 160 * np.cos(a), 380 + 200 * np.sin(a)) for a in np.linspace(0, np.pi, 17)]
    brows = row(180, 260, 285, 275, 5) + row(302, 382, 275, 285, 5)
    nose = row(281, 281, 315, 410, 4) + row(255, 307, 425, 425, 5)
    eyes = ring(225, 315, 28, 12, 6) + ring(345, 315, 28, 12, 6)
    mouth = ring(281, 480, 55, 18, 12) + ring(281, 480, 38, 8, 8)
    return np.array([*jaw, *brows, *nose, *eyes, *mouth])


def _planned(images: list[str], n_practice: int, n_main: int) -> list[PlannedTrial]:
    return [
        PlannedTrial(
            trial=number,
            block=0 if number <= n_practice else 1 + (number - n_practice - 1) * 2 // n_main,
            phase="practice" if number <= n_practice else "main",
            image_id=image_id,
            expression=KDEF_CODES[image_id[4:6]],
            fixation_x_px=640.0 if number % 2 else 1279.0,
            fixation_y_px=539.5,
            picture_x_px=736,
            picture_y_px=316,
            picture_width_px=CROP_PX,
            picture_height_px=CROP_PX,
        )
        for number, image_id in enumerate(images, start=1)
    ]
