"""Small face sets for tests: plain pictures in KDEF's layout, with a face of known landmarks."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from stimuli.catalog import (
    CROP_COLUMNS,
    MANIFEST_COLUMNS,
    SPLIT_COLUMNS,
)
from stimuli.expressions import KDEF_CODES
from stimuli.names import parse_name
from study.folder import Study, create_study
from study.tables import write_table

ACTORS = ("F01", "F02", "F09", "M01", "M02", "M04")  # F09 and M04 are among the test actors
SIZE_PX = (562, 762)


def ring(x: float, y: float, width: float, height: float, angles: Iterable[float]) -> np.ndarray:
    """Points on an ellipse; angles in degrees, 0 at the left, clockwise on the screen."""
    radians = np.radians(np.array(list(angles), dtype=float))
    return np.stack([x - width * np.cos(radians), y - height * np.sin(radians)], axis=1)


def face_points(x: float = 280.0, y: float = 400.0, unit: float = 110.0) -> np.ndarray:
    """A symmetric face in the iBUG order: eyes at height y, `unit` pixels apart."""
    jaw = ring(0, 0.1, 1.05, 1.5, np.linspace(0, -180, 17))
    brow = ring(-0.5, -0.2, 0.4, 0.2, np.linspace(0, 180, 5))
    nose = np.array([[0, 0.05], [0, 0.25], [0, 0.45], [0, 0.6]])
    base = np.stack([np.linspace(-0.2, 0.2, 5), [0.7, 0.73, 0.75, 0.73, 0.7]], axis=1)
    eye = ring(-0.5, 0, 0.2, 0.08, [0, 60, 120, 180, 240, 300])
    other = ring(0.5, 0, 0.2, 0.08, [0, 60, 120, 180, 240, 300])
    lips = ring(0, 1.1, 0.42, 0.18, np.arange(0, 360, 30))
    inner = ring(0, 1.1, 0.3, 0.07, np.arange(0, 360, 45))
    brows = [brow, brow[::-1] * [-1, 1]]
    return np.concatenate([jaw, *brows, nose, base, eye, other, lips, inner]) * unit + [x, y]


def image_ids(actors: Iterable[str] = ACTORS, sessions: str = "AB") -> list[str]:
    """Straight pictures of all expressions."""
    return [f"{s}{a}{code}S" for s in sessions for a in actors for code in KDEF_CODES]


def write_picture(path: Path, seed: int, size: tuple[int, int] = SIZE_PX, level: int = 120) -> None:
    """A grey picture that differs from those of other seeds."""
    rng = np.random.default_rng(seed)
    blocks = level + rng.integers(-level // 4, level // 4, (8, 8, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(blocks.astype(np.uint8)).resize(size, Image.Resampling.NEAREST).save(path)


def write_face_set(folder: Path, actors: Iterable[str] = ACTORS, *, landmarks: bool = True) -> None:
    """Pictures in KDEF's layout, as a synthetic set (with landmarks) or like KDEF itself."""
    names = image_ids(actors)
    for seed, name in enumerate(names):
        write_picture(folder / name[:4] / f"{name}.JPG", seed)
    if landmarks:
        table = landmark_table(names).drop(columns="method")
        table.to_csv(folder / "synthetic_landmarks.tsv", sep="\t", index=False)


def landmark_table(names: Iterable[str]) -> pd.DataFrame:
    """The same face in every picture, moved by a pixel from one to the next."""
    tables = []
    for shift, name in enumerate(names):
        x, y = face_points(x=278 + shift % 5).T
        tables.append(
            pd.DataFrame(
                {"image_id": name, "point": range(1, 69), "x_px": x, "y_px": y, "method": "test"}
            )
        )
    return pd.concat(tables, ignore_index=True)


def make_study(root: Path, **stimuli: object) -> Study:
    """A study whose settings suit a face set of few actors."""
    return create_study(root, {"stimuli": {"validation_actors": 2, **stimuli}})


def write_catalog(study: Study, actors: Iterable[str], tested: Iterable[str]) -> None:
    """The tables of a registered face set, without its pictures and landmarks."""
    rows, tested = [], set(tested)
    for image_id in image_ids(actors):
        name = parse_name(image_id)
        assert name is not None
        rows.append(
            {
                "image_id": image_id, "file": f"{image_id}.JPG", "face_set": "synthetic",
                "actor": name.actor, "sex": name.sex, "session": name.session,
                "expression": name.expression, "view": "straight", "width_px": 562,
                "height_px": 762, "sha256": "0" * 64,
            }
        )  # fmt: skip
    manifest = pd.DataFrame(rows)
    splits = manifest[["image_id"]].copy()
    splits["split"] = "train"
    is_tested = manifest["actor"].isin(tested)
    splits.loc[is_tested, "split"] = "unused"
    splits.loc[is_tested & (manifest["session"] == "A"), "split"] = "test"
    crops = manifest[["image_id"]].assign(
        x_px=80, y_px=250, width_px=400, height_px=400, method="landmarks"
    )
    write_table(study.manifest_tsv, manifest, MANIFEST_COLUMNS)
    write_table(study.splits_tsv, splits, SPLIT_COLUMNS)
    write_table(study.crops_tsv, crops, CROP_COLUMNS)
