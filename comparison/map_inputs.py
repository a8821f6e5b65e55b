"""What the map comparison reads: maps, fixations, participants, regions and explanations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from comparison import inputs
from comparison.common_maps import (
    ComparedMaps,
    PeopleMaps,
    cells_by_picture,
    on_grid,
    people_maps,
    region_weights,
)
from gaze_analysis.region_sources import drawn_outlines, landmark_outlines, region_source
from gaze_analysis.steps_density import included_fixations, map_rule
from gaze_analysis.trial_maps import MapRule
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from comparison.map_metrics import Floats


@dataclass(frozen=True)
class MapInputs:
    """Everything that is read for the comparison of maps.

    Parameters
    ----------
    used : pandas.DataFrame
        image_id and expression of the pictures that are compared.
    density, relevance : xarray.Dataset
        Gaze density and the network's relevance.
    fixations : pandas.DataFrame
        The included fixations on these pictures.
    rule : MapRule
        How the density maps were made.
    """

    used: pd.DataFrame
    density: "xr.Dataset"
    relevance: "xr.Dataset"
    fixations: pd.DataFrame
    rule: MapRule

    @property
    def image_ids(self) -> list[str]:
        """The pictures."""
        return list(self.used["image_id"])


def read_map_inputs(study: Study) -> MapInputs:
    """Read maps and fixations, and choose the pictures that have both.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    MapInputs
        What was read.

    Raises
    ------
    InputError
        If something is missing or of another size, or no picture has both maps.
    """
    density, relevance = inputs.read_density(study), inputs.read_relevance(study)
    table = inputs.choose_pictures(study, density, relevance)
    inputs.say_left_out(table)
    if "sigma_px" not in density.attrs:
        raise InputError(
            f"{inputs.density_nc(study)} must say the kernel's sigma_px, but it does not. "
            "Make it anew: faceoff gaze density --force."
        )
    used = table[table["used"]].reset_index(drop=True)
    fixations = included_fixations(study)
    return MapInputs(
        used=used,
        density=density,
        relevance=relevance,
        fixations=fixations[fixations["image_id"].isin(used["image_id"])],
        rule=map_rule(study, sigma_px=float(density.attrs["sigma_px"])),
    )


def compared_maps(study: Study, read: MapInputs) -> ComparedMaps:
    """Bring gaze and relevance to the common grid of the settings.

    Parameters
    ----------
    study : Study
        The study.
    read : MapInputs
        What was read.

    Returns
    -------
    ComparedMaps
        With the regions of each picture, where the study has them.
    """
    settings, picture_px = study.settings.comparison, study.settings.stimuli.picture_px
    side, names = settings.cells_per_side, read.image_ids
    return ComparedMaps(
        image_ids=tuple(names),
        expressions=tuple(read.used["expression"]),
        gaze=on_grid(read.density, "density", names, picture_px, side),
        relevance=on_grid(read.relevance, "relevance", names, picture_px, side),
        fixated_cells=cells_by_picture(read.fixations, names, picture_px, side),
        cells_per_side=side,
        sigma_cells=read.rule.sigma_px * side / picture_px,
        centre_sigma=settings.centre_sigma,
        tiles_per_side=settings.grid,
        regions=_regions(study, names, picture_px, side),
    )


def _regions(
    study: Study, image_ids: Sequence[str], picture_px: float, side: int
) -> tuple["Floats | None", ...]:
    """Read the regions of pictures; none where they differ from trial to trial."""
    read = {"drawn": drawn_outlines, "landmarks": landmark_outlines}.get(region_source(study))
    outlines = read(study, image_ids) if read else {}
    return region_weights(outlines, image_ids, picture_px, side)


def people_of(read: MapInputs, side: int) -> list[PeopleMaps]:
    """Make the maps of each participant on each picture.

    Parameters
    ----------
    read : MapInputs
        What was read.
    side : int
        Cells in a row of the common grid.

    Returns
    -------
    list of PeopleMaps
        One for each picture.

    Raises
    ------
    InputError
        If a picture has no fixation.
    """
    by_image = dict(list(read.fixations.groupby("image_id")))
    if missing := [name for name in read.image_ids if name not in by_image]:
        raise InputError(
            f"A picture with a density map must have fixations on it, but {missing[0]} has none in "
            "fixations.tsv. Make both anew: faceoff gaze density --force."
        )
    return [people_maps(by_image[name], read.rule, side) for name in read.image_ids]


def explanation_files(study: Study) -> dict[str, "Path"]:
    """Find the explanations of the study's network: every relevance*.nc of it.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to Path
        By the file's name: ``relevance.nc`` first, then the others in their order.
    """
    folder = study.cnn_dir(study.settings.cnn.model)
    main = inputs.relevance_nc(study)
    others = [path for path in sorted(folder.glob("relevance*.nc")) if path != main]
    return {path.name: path for path in (main, *others)}


def read_explanations(study: Study) -> dict[str, "xr.Dataset"]:
    """Read every explanation of the study's network.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to xarray.Dataset
        By the name of the method, which stands in the file, and "by fold" where each picture is
        explained by the network of its fold; else by the file's name; where two files are of
        one method, the second keeps its file's name.

    Raises
    ------
    InputError
        If a file is missing or holds maps of another size.
    """
    found: dict[str, xr.Dataset] = {}
    for name, path in explanation_files(study).items():
        maps = read_maps(path, what="The network's relevance maps (faceoff cnn explain)")
        maps = inputs.check_maps(maps, "relevance", path, study, "faceoff cnn explain")
        label = str(maps.attrs.get("method", name.removesuffix(".nc")))
        label += " by fold" if maps.attrs.get("by_fold") else ""
        found[label if label not in found else name.removesuffix(".nc")] = maps
    return found
