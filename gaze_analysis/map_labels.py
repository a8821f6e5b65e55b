"""What maps are labelled with: dimensions, coordinates, units, and how they were made."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.density import EDGES
from gaze_analysis.trial_maps import MapRule
from stimuli.expressions import EXPRESSIONS

if TYPE_CHECKING:
    import xarray as xr

# Pictures of other studies need not show an expression: they have maps of their own all the same.
UNNAMED = "n/a"


def map_attributes(rule: MapRule) -> dict[str, Any]:
    """Say in the attributes of maps how they were made.

    Parameters
    ----------
    rule : MapRule
        How they were made.

    Returns
    -------
    dict of str to str or float
        Kernel, weights, edges and picture.
    """
    return {
        "sigma_px": rule.sigma_px,
        "weighting": rule.weighting,
        "participants": rule.participants,
        "edges": f"{rule.edges}: {EDGES[rule.edges]}",
        "picture_width_px": rule.grid.width_px,
        "picture_height_px": rule.grid.height_px,
        "cell_area_px2": rule.grid.cell_area_px2,
    }


def map_unit(rule: MapRule) -> dict[str, str]:
    """Say what the numbers of a map are.

    Parameters
    ----------
    rule : MapRule
        How it was made.

    Returns
    -------
    dict of str to str
        Unit and meaning.
    """
    integral = "the mass on the picture" if rule.edges == "dropped" else "1"
    return {"units": "px-2", "long_name": f"density of gaze; its integral is {integral}"}


def name_coordinate(values: list[str]) -> NDArray[np.object_]:
    """Make a coordinate of names, which netCDF keeps as text of any length.

    Parameters
    ----------
    values : list of str
        The names.

    Returns
    -------
    ndarray of object
        The same.
    """
    return np.array(values, dtype=object)


def picture_coordinates(
    fixations: pd.DataFrame, images: list[str], rule: MapRule
) -> dict[str, Any]:
    """Give the coordinates of pictures and of points.

    Parameters
    ----------
    fixations : pandas.DataFrame
        With image_id and expression.
    images : list of str
        The pictures, in the order of the maps.
    rule : MapRule
        Its grid.

    Returns
    -------
    dict
        image, expression_of_image, y and x.
    """
    expression = fixations.groupby("image_id")["expression"].first().fillna(UNNAMED)
    return {
        "image": name_coordinate(images),
        "expression_of_image": ("image", expression.loc[images].to_numpy(dtype=object)),
        **_points(rule),
    }


def participant_axes(fixations: pd.DataFrame, rule: MapRule) -> "xr.Dataset":
    """Give the axes of the maps of participants, without any maps.

    Parameters
    ----------
    fixations : pandas.DataFrame
        With participant_id and expression.
    rule : MapRule
        How the maps are made.

    Returns
    -------
    xarray.Dataset
        The coordinates participant, expression, y and x, and the attributes of maps.
    """
    import xarray as xr

    shown = set(fixations["expression"].dropna())
    names = {
        "participant": sorted(fixations["participant_id"].astype(str).unique()),
        "expression": [name for name in EXPRESSIONS if name in shown],
    }
    coordinates = {name: name_coordinate(values) for name, values in names.items()}
    return xr.Dataset(coords=coordinates | _points(rule), attrs=map_attributes(rule))


def _points(rule: MapRule) -> dict[str, Any]:
    """Give the coordinates of points."""
    return {
        "y": ("y", rule.grid.y_px, {"units": "px", "long_name": "picture frame, down"}),
        "x": ("x", rule.grid.x_px, {"units": "px", "long_name": "picture frame, right"}),
    }
