"""A small study as the other parts would have left it, and a network that needs no TensorFlow.

Each expression has a tile of its own, which is bright in its pictures; the network's logit of an
expression is the brightness of that tile. Relevance marks it; gaze marks the picture's middle.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from stimuli.expressions import EXPRESSIONS
from study.folder import Study, create_study
from study.maps import write_maps

PICTURE_PX, INPUT_PX = 64, 32
# Tile of each expression, in reading order of a 4 x 4 grid; none in the middle.
TILES = (0, 3, 4, 7, 8, 11, 12)


@dataclass
class FakeNetwork:
    """A network whose logits are the mean brightness of one tile each."""

    input_px: int = INPUT_PX
    expressions: tuple[str, ...] = EXPRESSIONS

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Answer like the true network: (n, side, side, 3) to (n, 7)."""
        tile = self.input_px // 4
        grid = pictures.astype(float).mean(axis=3).reshape(len(pictures), 4, tile, 4, tile)
        return grid.mean(axis=(2, 4)).reshape(len(pictures), 16)[:, TILES] / 20

    def covered_logits(
        self, picture: np.ndarray, cover: np.ndarray, covered: np.ndarray, tile_of_pixel: np.ndarray
    ) -> np.ndarray:
        """Answer like the true network to a picture whose covered tiles show something else."""
        hidden = covered[:, tile_of_pixel, None]
        return self.logits(np.where(hidden, cover, picture))


def make_study(folder: Path, *, per_expression: int = 2, **comparison: object) -> Study:
    """Write a study with `per_expression` test pictures of each expression."""
    settings = {"grid": 4, "random_orders": 3, "resamples": 199, "cells_per_side": 16}
    settings |= {"emd_cells": 4, "halves": 2, "map_permutations": 99}
    study = create_study(
        folder,
        {
            "stimuli": {"picture_px": PICTURE_PX},
            "comparison": settings | comparison,
            "execution": {"jobs": 1},
        },
    )
    names = [
        (f"P{place}{expression[:2].upper()}", expression, place)
        for place in range(per_expression)
        for expression in EXPRESSIONS
    ]
    image_ids = [name for name, _, _ in names]
    expressions = [expression for _, expression, _ in names]
    _write_stimuli(study, image_ids, expressions)
    _write_maps(study, image_ids, expressions)
    _write_tables(study, image_ids, expressions)
    return study


def _tsv(path: Path, **columns: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False, na_rep="n/a")


def _write_stimuli(study: Study, image_ids: list[str], expressions: list[str]) -> None:
    study.pictures_dir.mkdir(parents=True, exist_ok=True)
    for image_id, expression in zip(image_ids, expressions, strict=True):
        row, column = divmod(TILES[EXPRESSIONS.index(expression)], 4)
        pixels = np.full((PICTURE_PX, PICTURE_PX, 3), 60, dtype=np.uint8)
        pixels[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16] = 250
        Image.fromarray(pixels).save(study.pictures_dir / f"{image_id}.png")
    _tsv(
        study.manifest_tsv,
        image_id=image_ids,
        file=[f"{name}.png" for name in image_ids],
        face_set="synthetic",
        actor="F01",
        sex="female",
        session="A",
        expression=expressions,
        view="straight",
        width_px=PICTURE_PX,
        height_px=PICTURE_PX,
        sha256="0",
    )
    side = {"width_px": PICTURE_PX, "height_px": PICTURE_PX}
    _tsv(study.crops_tsv, image_id=image_ids, x_px=0, y_px=0, **side, method="fixed")
    _tsv(study.splits_tsv, image_id=image_ids, split="test")


def _write_maps(study: Study, image_ids: list[str], expressions: list[str]) -> None:
    def axis(n: int) -> np.ndarray:
        return (np.arange(n) + 0.5) * PICTURE_PX / n - 0.5

    x = axis(16)
    blobs = [
        np.exp(-((x - 31.5 - i % 5) ** 2 + (x[:, None] - 31.5 + i % 3) ** 2) / (2 * 10.0**2))
        for i in range(len(image_ids))
    ]
    density = np.stack([blob / blob.sum() / 16 for blob in blobs])
    write_maps(
        study.gaze_dir / "density.nc",
        xr.Dataset(
            {"density": (("image", "y", "x"), density)},
            coords={"image": np.array(image_ids, dtype=object), "y": x, "x": x},
            attrs={"sigma_px": 10.0},
        ),
    )
    relevance = np.random.default_rng(1).normal(0, 0.01, (len(image_ids), INPUT_PX, INPUT_PX))
    for i, expression in enumerate(expressions):
        row, column = divmod(TILES[EXPRESSIONS.index(expression)], 4)
        relevance[i, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] += 1
    write_maps(
        study.cnn_dir(study.settings.cnn.model) / "relevance.nc",
        xr.Dataset(
            {"relevance": (("image", "y", "x"), relevance)},
            coords={
                "image": np.array(image_ids, dtype=object),
                "y": axis(INPUT_PX),
                "x": axis(INPUT_PX),
            },
        ),
    )


def _write_tables(study: Study, image_ids: list[str], expressions: list[str]) -> None:
    rng = np.random.default_rng(2)
    n = len(image_ids)
    _tsv(
        study.gaze_dir / "fixations.tsv",
        participant_id=np.tile(np.repeat([f"sub-00{p}" for p in range(1, 5)], 6), n),
        session="01",
        trial=np.repeat(np.arange(1, n + 1), 24),
        image_id=np.repeat(image_ids, 24),
        expression=np.repeat(expressions, 24),
        x_px=rng.normal(31.5, 8, 24 * n).clip(0, 63),
        y_px=rng.normal(31.5, 8, 24 * n).clip(0, 63),
        duration_ms=rng.integers(100, 400, 24 * n),
        included=np.tile(["true"] * 5 + ["false"], 4 * n),
    )
    shown = np.repeat(expressions, 3)
    correct = rng.random(3 * n) < 0.8
    following = np.array([EXPRESSIONS[(EXPRESSIONS.index(name) + 1) % 7] for name in shown])
    _tsv(
        study.gaze_dir / "trials.tsv",
        participant_id=np.tile(["sub-001", "sub-002", "sub-003"], n),
        image_id=np.repeat(image_ids, 3),
        expression=shown,
        phase="main",
        response=np.where(correct, shown, following),
        correct=np.where(correct, "true", "false"),
        answer_known="true",
    )
    folder = study.cnn_dir(study.settings.cnn.model)
    _tsv(
        folder / "predictions.tsv",
        image_id=image_ids,
        split="test",
        expression=expressions,
        predicted=expressions,
        correct="true",
        **{f"p_{name}": [0.94 if name == own else 0.01 for own in expressions]
           for name in EXPRESSIONS},
    )  # fmt: skip
    for name in ("weights.h5", "network.json"):
        (folder / name).write_text("a stand-in", encoding="utf-8")
