"""Maps on the disk: netCDF with named dimensions and units, the same bytes each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.errors import InputError
from study.writing import atomic_path

if TYPE_CHECKING:
    import h5netcdf
    import xarray as xr


def write_maps(path: Path, dataset: "xr.Dataset", *, compress: bool = True) -> None:
    """Write maps as netCDF, whole or not at all.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.nc``.
    dataset : xarray.Dataset
        Maps with the dimensions ``(image, y, x)`` and others, their coordinates and attributes.
    compress : bool, default True
        Compress the maps. Smooth maps in float64 have no bytes that repeat: their file becomes
        a sixth smaller and takes six times as long.
    """
    packing = {
        name: {"zlib": True, "complevel": 1, "shuffle": True}
        for name, values in dataset.data_vars.items()
        if compress and values.dtype.kind == "f" and values.ndim >= 2
    }
    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf", encoding=packing)


@contextmanager
def growing_maps(
    path: Path, dataset: "xr.Dataset", name: str, dims: tuple[str, ...], **attributes: Any
) -> Iterator["h5netcdf.Variable"]:
    """Write maps that are made piece by piece as netCDF, whole or not at all.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.nc``.
    dataset : xarray.Dataset
        All else that goes into the file: the coordinates of all dimensions, and attributes.
    name : str
        The variable's name.
    dims : tuple of str
        Its dimensions.
    **attributes
        Its attributes, such as ``units``.

    Yields
    ------
    h5netcdf.Variable
        Of float32, for such files are large; NaN where nothing is assigned:
        ``variable[3, :10] = values``.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> axes = xr.Dataset(coords={"y": [0.5, 1.5], "x": [0.5, 1.5]})
    >>> path = Path(tempfile.mkdtemp()) / "a.nc"
    >>> with growing_maps(path, axes, "density", ("y", "x"), units="1/px^2") as density:
    ...     density[0] = [1.0, 2.0]
    >>> read_maps(path)["density"].values.tolist()
    [[1.0, 2.0], [nan, nan]]
    """
    import h5netcdf

    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf")
        with h5netcdf.File(temporary, "a") as file:
            variable = file.create_variable(name, dims, np.float32, fillvalue=np.nan)
            variable.attrs.update(attributes)
            yield variable


def read_maps(path: Path, *, what: str = "The maps") -> "xr.Dataset":
    """Read maps into memory.

    Parameters
    ----------
    path : Path
        A netCDF file.
    what : str, default "The maps"
        What they are and which command makes them, for the message where they are missing.

    Returns
    -------
    xarray.Dataset
        The maps with their coordinates and attributes.

    Raises
    ------
    InputError
        If the file is missing or no netCDF.
    """
    import xarray as xr

    if not path.is_file():
        raise InputError(f"{what} must be at {path}, but there is no such file. Make it first.")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} must be netCDF, but it cannot be read ({error}). Delete it and make it anew."
        ) from error
