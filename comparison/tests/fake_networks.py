"""A study whose gaze is planted in the Ekman masks, and networks with explained positives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from cnn.folds import folds_tsv
from comparison.masks_step import masks_step
from comparison.tests.fake_study import PICTURE_PX, make_study
from stimuli.ekman import ekman_mask
from stimuli.expressions import EXPRESSIONS
from stimuli.normalised import CANONICAL_LANDMARKS, HEIGHT_PX, WIDTH_PX
from study.folder import Study
from study.maps import read_maps, write_maps
from study.provenance import run_step
from study.settings.cnn import TrainingSettings

NETS = ["VGG16", "AlexNet"]
MASKED = [name for name in EXPRESSIONS if name != "neutral"]
FACE = (CANONICAL_LANDMARKS + 0.5) * [PICTURE_PX / WIDTH_PX, PICTURE_PX / HEIGHT_PX] - 0.5


def make_masked_study(folder: Path, per_expression: int = 2) -> Study:
    """Give each picture the canonical face, moved a little, and people's gaze in its mask."""
    study = make_study(folder, per_expression=per_expression)
    manifest = pd.read_csv(study.manifest_tsv, sep="\t")
    rng = np.random.default_rng(1)
    faces = {name: FACE + rng.normal(0, 0.7, size=(68, 2)) for name in manifest["image_id"]}
    table = [
        {"image_id": name, "point": n + 1, "x_px": x, "y_px": y, "method": "synthetic"}
        for name, points in faces.items()
        for n, (x, y) in enumerate(points.tolist())
    ]
    pd.DataFrame(table).to_csv(study.landmarks_tsv, sep="\t", index=False)
    path = study.gaze_dir / "density.nc"
    axis = np.arange(PICTURE_PX, dtype=float)
    masks = [
        ekman_mask(faces[name], expression, PICTURE_PX, PICTURE_PX) + 0.01
        for name, expression in zip(manifest["image_id"], manifest["expression"], strict=True)
    ]
    old = read_maps(path)
    made = old.drop_vars("density").assign_coords(y=axis, x=axis)
    stack = np.stack(masks)
    made["density"] = (("image", "y", "x"), stack / stack.sum(axis=(1, 2), keepdims=True))
    # Narrow, so that relevance stays where it is.
    write_maps(path, made.assign_attrs(sigma_px=1.0))
    return study


def with_settings(study: Study, section: str, **values: object) -> Study:
    """Change settings of one section."""
    own = getattr(study.settings, section).model_copy(update=values)
    return replace(study, settings=study.settings.model_copy(update={section: own}))


def write_positives(study: Study, net: str, name: str, weight: float) -> None:
    """Take each picture for what it shows, but one, and mark the mask of what it is taken for."""
    manifest = pd.read_csv(study.manifest_tsv, sep="\t")
    ids, taken = manifest["image_id"].to_numpy(object), manifest["expression"].to_numpy(object)
    taken[list(ids).index("P0HA")] = "sad"
    axis = np.arange(PICTURE_PX, dtype=float)
    noise = np.random.default_rng(len(net)).random((len(ids), PICTURE_PX, PICTURE_PX)) * 0.1
    maps = [
        weight * ekman_mask(FACE, one, PICTURE_PX, PICTURE_PX) if one != "neutral" else noise[0]
        for one in taken
    ]
    folds = [int(one[1]) + 1 for one in ids]
    made = xr.Dataset(
        {"relevance": (("image", "y", "x"), np.stack(maps) + noise), "target": ("image", taken)},
        coords={"image": ids, "y": axis, "x": axis, "fold_of_image": ("image", folds)},
    )
    folder = study.cnn_dir(net)
    write_maps(folder / f"{name}.nc", made)
    pd.DataFrame({"image_id": ids, "target": taken}).to_csv(
        folder / f"{name}.tsv", sep="\t", index=False
    )
    pd.DataFrame({"image_id": ids, "actor": "F01", "fold": folds}).to_csv(
        folds_tsv(study, net), sep="\t", index=False
    )


def study_of_networks(folder: Path) -> Study:
    """Make a study of two networks: VGG16 sees the masks, AlexNet noise; and compare them."""
    made = make_masked_study(folder)
    made = with_settings(made, "cnn", networks={name: TrainingSettings() for name in NETS})
    made = with_settings(made, "report", figure_dpi=72)
    write_positives(made, "VGG16", "positives", 1.0)
    write_positives(made, "AlexNet", "positives_lime_positive-1", 0.0)
    run_step(made, masks_step(made))
    return made
