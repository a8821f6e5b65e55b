"""A study with drawn pictures and a plan of a few trials, for sessions in a window."""

import hashlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from experiment.tests.made_up_study import HEIGHT_PX, WIDTH_PX, make_study
from participants.plans import Plan, PlannedTrial, plan_path, write_plan
from participants.register import add_participant
from stimuli.catalog import MANIFEST_COLUMNS, read_manifest
from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from study.folder import Study
from study.tables import write_table

QUICK = {
    "fixation_ms": 200.0,
    "recording_lead_ms": 50.0,
    "recording_tail_ms": 50.0,
    "feedback_ms": 150.0,
    "pause_ms": 50.0,
    "screen_ms": 150.0,
}
QUICK_ANSWERS = {"rt_mean_ms": dict.fromkeys(EXPRESSIONS, 500.0)}


def make_small_study(
    folder: Path, *, n_main: int = 6, n_practice: int = 2, n_actors: int = 2, **sections: Any
) -> Study:
    """Make a study with pictures, and a plan of two blocks for sub-001."""
    defaults: dict[str, Any] = {"experiment": QUICK, "observers": QUICK_ANSWERS}
    study = make_study(folder, n_actors=n_actors, **(defaults | sections))
    add_participant(study, "sub-001")
    manifest = read_manifest(study).set_index("image_id", drop=False)
    images = list(manifest["image_id"])[: n_practice + n_main]
    for number, image_id in enumerate(images):
        path = study.pictures_dir / image_id[:4] / f"{image_id}.JPG"
        _draw_picture(path, number)
        manifest.loc[image_id, "sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_table(study.manifest_tsv, manifest, MANIFEST_COLUMNS)
    plan = Plan(
        participant_id="sub-001",
        session="01",
        mode="real",
        seed=1,
        keys=dict(zip(EXPRESSIONS, "1234567", strict=True)),
        trials=tuple(_planned(images, n_practice, n_main)),
    )
    write_plan(plan_path(study, "sub-001", "01"), plan)
    return study


def _draw_picture(path: Path, number: int) -> None:
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (90, 90 + 8 * number, 120))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((141, 180, 421, 580), fill=(230, 190, 160))
    for x in (180, 320):
        draw.ellipse((x, 320, x + 60, 345), fill=(40, 40, 40))
    draw.rectangle((230, 465, 330, 485), fill=(170, 60, 60))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=94)


def _planned(images: list[str], n_practice: int, n_main: int) -> list[PlannedTrial]:
    return [
        PlannedTrial(
            trial=number,
            block=0 if number <= n_practice else 1 + (number - n_practice - 1) * 2 // n_main,
            phase="practice" if number <= n_practice else "main",
            practice_round=int(number <= n_practice),
            image_id=image_id,
            expression=KDEF_CODES[image_id[4:6]],
            fixation_x_px=640.0 if number % 2 else 1279.0,
            fixation_y_px=539.5,
            picture_x_px=736,
            picture_y_px=316,
            picture_width_px=448,
            picture_height_px=448,
        )
        for number, image_id in enumerate(images, start=1)
    ]
