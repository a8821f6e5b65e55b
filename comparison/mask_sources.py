"""Whose maps are judged by region masks: people, networks' explanations, and controls."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cnn.folds import folds_of, folds_tsv, read_folds
from comparison import inputs
from comparison.conditions import ConditionInputs, Maps, condition_maps
from comparison.map_inputs import explanation_files, read_explanations
from comparison.mask_figures import CONTROLS, PEOPLE_SOURCE
from comparison.normalised_maps import SourceMaps
from stimuli.catalog import read_manifest
from stimuli.normalised import WIDTH_PX
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.progress import say
from study.tables import read_table

if TYPE_CHECKING:
    import xarray as xr

ONE_FOLD = "all"
_MAKE = "faceoff cnn explain --all --folds --positives 100"


def mask_networks(study: Study) -> list[str]:
    """Name the networks of a study: those of [cnn.networks], or else the one of [cnn].

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of str
        Their names.
    """
    return list(study.settings.cnn.networks) or [study.settings.cnn.model]


def positives_files(study: Study) -> dict[str, Path]:
    """Find the explanations of positives of a study's networks.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to Path
        By the network's name; where a network has several, with the method behind it.
    """
    found = {}
    for name in mask_networks(study):
        files = sorted(study.cnn_dir(name).glob("positives*.nc"))
        for path in files:
            told = path.name.removesuffix(".nc").removeprefix("positives").removeprefix("_")
            told = told or study.settings.cnn.method
            found[name if len(files) == 1 else f"{name} {told}"] = path
    return found


def source_files(study: Study) -> tuple[Path, ...]:
    """List the maps and folds that the sources are read from.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of Path
        Those of positives where a network has any, and otherwise those of the study's network.
    """
    positives = positives_files(study)
    density = inputs.density_nc(study)
    if not positives:
        folds = folds_tsv(study, study.settings.cnn.model)
        explained = explanation_files(study).values()
        read = (study.splits_tsv, *inputs.answers_inputs(study))
        return (density, *explained, *read, *([folds] if folds.is_file() else []))
    networks = sorted({path.parent.name for path in positives.values()})
    folds_files = [folds_tsv(study, name) for name in networks]
    return (*([density] if density.is_file() else []), *positives.values(), *folds_files)


def mask_sources(study: Study) -> tuple[list[SourceMaps], list[str]]:
    """Gather the sources of maps: people first, then networks, then controls.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    sources : list of SourceMaps
        Where networks have explained positives, each of them with its own pictures, and people
        and controls with every picture that was looked at; otherwise people, explanations and
        controls on the pictures that all of them have.
    networks : list of str
        The sources that are different networks, by one explanation of each.

    Raises
    ------
    InputError
        If maps are missing, or folds differ between networks.
    """
    positives = positives_files(study)
    if not positives:
        return _of_one_network(study), []
    _say_without_positives(study, positives)
    networks = [_of_positives(study, label, path) for label, path in positives.items()]
    several = len(positives) > len({path.parent for path in positives.values()})
    if several:
        say("  no maps of all networks together, for networks have more than one explanation")
    return _with_people(study, networks, positives), [] if several else list(positives)


def _of_one_network(study: Study) -> list[SourceMaps]:
    """Read people's gaze, every explanation of the study's network, and controls."""
    density, relevance = inputs.read_density(study), inputs.read_relevance(study)
    table = inputs.choose_pictures(study, density, relevance)
    inputs.say_left_out(table)
    used = _with_a_mask(table[table["used"]])
    model = study.settings.cnn.model
    folds = [ONE_FOLD] * len(used)
    if folds_tsv(study, model).is_file():
        folds = [str(fold) for fold in folds_of(study, model, used["image_id"])]
    asked = ["gaze", "relevance", "explanations", *CONTROLS]
    return _of_conditions(study, used, folds, density, relevance, asked)


def _with_people(
    study: Study, networks: list[SourceMaps], positives: dict[str, Path]
) -> list[SourceMaps]:
    """Put people before networks, and controls behind them, where there is gaze."""
    names = sorted({path.parent.name for path in positives.values()})
    folds = read_folds(study, names[0]).sort_values("image_id", ignore_index=True)
    for name in names[1:]:
        other = read_folds(study, name).sort_values("image_id", ignore_index=True)
        if not folds[["image_id", "fold"]].equals(other[["image_id", "fold"]]):
            raise InputError(
                f"Networks are compared by the same folds, but those of {names[0]} and {name} "
                "differ. Train all with as many: faceoff cnn train --all --folds 5."
            )
    if not inputs.density_nc(study).is_file():
        say("  left out, people and controls: there is no gaze density (faceoff gaze density)")
        return networks
    density = inputs.read_density(study)
    table = read_manifest(study)[["image_id", "expression"]].merge(folds, on="image_id")
    table = _with_a_mask(table[table["image_id"].isin(density["image"].to_numpy())])
    shown = [str(fold) for fold in table["fold"]]
    found = _of_conditions(study, table, shown, density, None, ["gaze", *CONTROLS])
    return [found[0], *networks, *found[1:]]


def _of_conditions(
    study: Study,
    used: pd.DataFrame,
    folds: Sequence[str],
    density: "xr.Dataset",
    relevance: "xr.Dataset | None",
    asked: Sequence[str],
) -> list[SourceMaps]:
    """Make the maps of gaze and of what stands beside it, on the same pictures."""
    names, shown = list(used["image_id"]), list(used["expression"])
    # Fine enough for the space that the edges are warped to.
    pictures = load_pictures(study, names, WIDTH_PX)
    read = ConditionInputs(study, names, shown, density, relevance, pictures)
    labels = {"gaze": PEOPLE_SOURCE}
    if relevance is not None:
        labels["relevance"] = next(iter(read_explanations(study)))
    sigma_px = _sigma_px(study)
    return [
        SourceMaps(
            labels.get(name, name), tuple(names), tuple(shown), tuple(folds),
            partial(_given, maps), 0.0 if name in ("gaze", "mean_gaze", "centre") else sigma_px,
        )
        for name, maps in condition_maps(read, asked).items()
    ]  # fmt: skip


def _given(maps: Maps) -> Maps:
    return maps


def _of_positives(study: Study, label: str, path: Path) -> SourceMaps:
    """Describe the maps of a network's positives; they are read when they are needed."""
    table = read_table(
        # Not by with_suffix: there are dots in the names of methods.
        path.with_name(path.name.removesuffix(".nc") + ".tsv"),
        what=f"The table of positives ({_MAKE})",
        columns={"image_id": str, "target": str},
    )
    table = table[table["target"] != "neutral"]
    names = tuple(table["image_id"])
    folds = folds_of(study, path.parent.name, names)
    return SourceMaps(
        label, names, tuple(table["target"]), tuple(map(str, folds)),
        partial(_read_positives, study, path, names), _sigma_px(study),
    )  # fmt: skip


def _read_positives(study: Study, path: Path, names: Sequence[str]) -> Maps:
    """Read the maps of positives."""
    maps = read_maps(path, what=f"The maps of positives ({_MAKE})")
    maps = inputs.check_maps(maps, "relevance", path, study, _MAKE)
    values = maps["relevance"].sel(image=list(names)).to_numpy()
    return values, maps["y"].to_numpy(), maps["x"].to_numpy()


def _sigma_px(study: Study) -> float:
    """Give the width by which explanations and edges are smoothed: that of gaze, or none."""
    if not study.settings.comparison.mask_smoothing:
        return 0.0
    return float(inputs.read_density(study).attrs["sigma_px"])


def _with_a_mask(used: pd.DataFrame) -> pd.DataFrame:
    """Leave out neutral, which has no mask."""
    neutral = used["expression"] == "neutral"
    if neutral.any():
        say(f"  left out, neutral has no mask: {int(neutral.sum())} pictures")
    return used[~neutral]


def _say_without_positives(study: Study, positives: dict[str, Path]) -> None:
    """Name the networks that are left out."""
    there = {path.parent.name for path in positives.values()}
    if left := [name for name in mask_networks(study) if name not in there]:
        say(f"  left out, no explained positives ({_MAKE}): {', '.join(left)}")
