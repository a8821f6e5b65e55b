"""Maps on the disk: netCDF with named dimensions and units, the same bytes each time."""

from pathlib import Path
from typing import TYPE_CHECKING

from study.errors import InputError
from study.writing import atomic_path

if TYPE_CHECKING:
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
