"""Parallel work, seeds and maps: the same results whatever does the work."""

import gc
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from study.errors import InputError
from study.maps import read_maps, write_maps
from study.parallel import parallel_map
from study.seeds import generator
from study.settings.execution import ExecutionSettings


def draw(name: int) -> float:
    return float(generator(1, "test", name).random())


def test_workers_change_nothing() -> None:
    one = parallel_map(draw, range(4), description="x", execution=ExecutionSettings(jobs=1))
    two = parallel_map(draw, range(4), description="x", execution=ExecutionSettings(jobs=2))
    assert one == two == [draw(number) for number in range(4)]


def test_names_of_streams_do_not_run_together() -> None:
    assert generator(1, "a", "bc").random() != generator(1, "ab", "c").random()
    assert generator(1, 2).random() != generator(1, "2").random()
    assert generator(1, "a").random() != generator(2, "a").random()


# Dask's client, given up half made, is collected at any later time and complains then.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_scheduler_that_does_not_answer() -> None:
    with pytest.raises(InputError, match="must answer at"):
        parallel_map(
            draw,
            range(2),
            description="x",
            execution=ExecutionSettings(scheduler="nonsense://host"),
        )
    gc.collect()


def test_maps_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    values = generator(1, "maps").random((2, 3, 4))
    maps = xr.Dataset(
        {"density": (("image", "y", "x"), values)},
        coords={"image": ["AF01AFS", "AF01ANS"], "y": np.arange(3.0), "x": np.arange(4.0)},
        attrs={"sigma_px": 44.0},
    )
    for name in ("a.nc", "b.nc"):
        write_maps(tmp_path / name, maps)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
    xr.testing.assert_identical(read_maps(tmp_path / "a.nc"), maps)


def test_maps_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(b"no netCDF")
    with pytest.raises(InputError, match="must be netCDF"):
        read_maps(tmp_path / "a.nc")
    with pytest.raises(InputError, match="no such file"):
        read_maps(tmp_path / "b.nc")
