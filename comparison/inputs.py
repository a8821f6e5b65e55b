"""What the comparison reads: maps and tables of the other parts, and which pictures have both."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stimuli.catalog import read_manifest, read_splits
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.progress import say
from study.tables import read_table

if TYPE_CHECKING:
    import xarray as xr

PICTURE_COLUMNS = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "used": "whether it is compared",
    "reason": "why not: what is missing",
}


def density_nc(study: Study) -> Path:
    """Name the file of the gaze density maps."""
    return study.gaze_dir / "density.nc"


def relevance_nc(study: Study) -> Path:
    """Name the file of the network's relevance maps."""
    return study.cnn_dir(study.settings.cnn.model) / "relevance.nc"


def read_density(study: Study) -> "xr.Dataset":
    """Read the gaze density maps.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    xarray.Dataset
        With ``density(image, y, x)``.

    Raises
    ------
    InputError
        If they are missing, or are not those of the study's picture frame.
    """
    path = density_nc(study)
    maps = read_maps(path, what="The gaze density maps (faceoff gaze density)")
    return check_maps(maps, "density", path, study, "faceoff gaze density")


def read_relevance(study: Study) -> "xr.Dataset":
    """Read the relevance maps of the study's network.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    xarray.Dataset
        With ``relevance(image, y, x)``, signed.

    Raises
    ------
    InputError
        If they are missing, or are not those of the study's picture frame.
    """
    path = relevance_nc(study)
    maps = read_maps(path, what="The network's relevance maps (faceoff cnn explain)")
    return check_maps(maps, "relevance", path, study, "faceoff cnn explain")


def check_maps(
    maps: "xr.Dataset", name: str, path: Path, study: Study, command: str
) -> "xr.Dataset":
    """Check that maps have the variable, the dimensions and the size that they must have.

    Parameters
    ----------
    maps : xarray.Dataset
        What was read.
    name : str
        The variable.
    path : Path
        Where it was read from.
    study : Study
        The study, whose picture the maps must span.
    command : str
        The command that makes them.

    Returns
    -------
    xarray.Dataset
        The maps, with the dimensions in the order image, y, x.

    Raises
    ------
    InputError
        If something is not so.
    """
    if name not in maps or set(maps[name].dims) != {"image", "y", "x"}:
        raise InputError(
            f"{path} must hold {name}(image, y, x), but it holds {', '.join(map(str, maps))}. "
            f"Make it anew: {command} --force."
        )
    side_px = study.settings.stimuli.picture_px
    for axis in ("y", "x"):
        centres = maps[axis].to_numpy()
        span_px = float(centres[-1] - centres[0]) * len(centres) / max(1, len(centres) - 1)
        if abs(span_px - side_px) > 0.1:
            raise InputError(
                f"Maps must span the study's picture of {side_px} px, but those in {path} span "
                f"{span_px:g} px along {axis}. Make them anew: {command}."
            )
    return maps.transpose("image", "y", "x", ...)


def read_fixations(study: Study) -> pd.DataFrame:
    """Read the fixations that the density maps were made of.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        image_id, x_px and y_px (picture frame) of the included fixations.

    Raises
    ------
    InputError
        If the table is missing or lacks a column.
    """
    table = read_table(
        study.gaze_dir / "fixations.tsv",
        what="The fixations (faceoff gaze density)",
        columns={"image_id": str, "x_px": float, "y_px": float, "included": bool},
    )
    return table.loc[table["included"].fillna(False).astype(bool), ["image_id", "x_px", "y_px"]]


def choose_pictures(study: Study, density: "xr.Dataset", relevance: "xr.Dataset") -> pd.DataFrame:
    """Find the pictures that have gaze and relevance, and say why others are left out.

    With [comparison] network_answers = "correct", pictures that the network names wrongly are
    left out, as [gaze.exclude] wrong_answers leaves out people's trials.

    Parameters
    ----------
    study : Study
        The study.
    density : xarray.Dataset
        Gaze density maps.
    relevance : xarray.Dataset
        Relevance maps.

    Returns
    -------
    pandas.DataFrame
        The columns of `PICTURE_COLUMNS`, sorted by image_id: one row for each test picture
        and each picture that somebody looked at.

    Raises
    ------
    InputError
        If no picture has both, or the network's answers are needed and missing.
    """
    wrong = _named_wrongly(study)
    splits = read_splits(study).set_index("image_id")["split"]
    expressions = read_manifest(study).set_index("image_id")["expression"]
    test = set(splits.index[splits == "test"])
    seen, explained = _images_with_map(density, "density"), _images_with_map(relevance, "relevance")
    rows = []
    for image_id in sorted(test | seen):
        reasons = [
            reason
            for reason, holds in (
                ("not in the manifest", image_id not in expressions),
                ("not a test picture of the network", image_id not in test),
                ("no included fixation", image_id not in seen),
                ("no relevance map, or zero everywhere", image_id not in explained),
                ("named wrongly by the network", image_id in wrong),
            )
            if holds
        ]
        rows.append(
            {
                "image_id": image_id,
                "expression": expressions.get(image_id),
                "used": not reasons,
                "reason": ", ".join(reasons) or None,
            }
        )
    table = pd.DataFrame(rows, columns=list(PICTURE_COLUMNS))
    if not table["used"].any():
        raise InputError(
            "A comparison needs pictures with gaze and relevance, but of "
            f"{len(table)} pictures none has both ({_reasons(table)}). "
            "Record gaze on the test pictures, or explain those that were shown."
        )
    return table


def predictions_tsv(study: Study) -> Path:
    """Name the table of what the study's network answers."""
    return study.cnn_dir(study.settings.cnn.model) / "predictions.tsv"


def answers_inputs(study: Study) -> tuple[Path, ...]:
    """List what the choice of pictures by the network's answers reads.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of Path
        The predictions, or nothing where all pictures are compared.
    """
    if study.settings.comparison.network_answers == "all":
        return ()
    return (predictions_tsv(study),)


def _named_wrongly(study: Study) -> set[str]:
    """List the pictures that the network names wrongly, if they are not to be compared."""
    if not answers_inputs(study):
        return set()
    predictions = read_table(
        predictions_tsv(study),
        what="The network's predictions (faceoff cnn evaluate)",
        columns={"image_id": str, "split": str, "correct": bool},
    )
    test = predictions[predictions["split"] == "test"]
    return set(test.loc[~test["correct"].fillna(False).astype(bool), "image_id"])


def answer_rules(study: Study) -> str:
    """Say whose wrong answers are left out.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        One sentence, for reports.

    Examples
    --------
    >>> from study.settings import Settings
    >>> answer_rules(Study(Path("."), Settings()))
    'People: trials with the right answer only; network: all pictures, whatever it names them.'
    """
    settings = study.settings
    wrong_answers = settings.gaze.exclude.wrong_answers
    people = "with the right answer only" if wrong_answers else "with any answer"
    network = {
        "all": "all pictures, whatever it names them",
        "correct": "only pictures that it names rightly",
    }[settings.comparison.network_answers]
    return f"People: trials {people}; network: {network}."


def _images_with_map(maps: "xr.Dataset", name: str) -> set[str]:
    """List the pictures whose map holds finite numbers, and something other than zero."""
    values = maps[name].to_numpy()
    whole = np.isfinite(values).all(axis=(1, 2)) & np.any(values != 0, axis=(1, 2))
    return {str(image) for image in maps["image"].to_numpy()[whole]}


def _reasons(table: pd.DataFrame) -> str:
    """Count the reasons for which pictures are left out."""
    counts = table.loc[~table["used"], "reason"].value_counts()
    return "; ".join(f"{reason}: {count}" for reason, count in counts.items())


def say_left_out(pictures: pd.DataFrame) -> None:
    """Name the pictures that are not compared.

    Parameters
    ----------
    pictures : pandas.DataFrame
        The table of `choose_pictures`.
    """
    left_out = pictures[~pictures["used"]]
    for reason, rows in left_out.groupby("reason"):
        names = ", ".join(rows["image_id"].head(8)) + (" ..." if len(rows) > 8 else "")
        say(f"  left out, {reason}: {len(rows)} of {len(pictures)} pictures ({names})")
