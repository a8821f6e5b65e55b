"""A Dask cluster: scheduler and workers as processes of their own, one of which is killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.errors import InputError
from study.parallel import parallel_map
from study.settings.execution import ExecutionSettings
from study.tests.dask_cluster import running, wait_for_workers

pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers."""
    with running(tmp_path_factory.mktemp("dask"), "one", "two") as address:
        wait_for_workers(address, 2)
        yield address


def slow_sum(item: tuple[Path, int]) -> tuple[int, bytes, int]:
    """Compute something that takes a moment, and say where."""
    folder, seed = item
    (folder / f"{seed}-{os.getpid()}").touch()
    time.sleep(0.3)
    drawn = np.random.default_rng(seed).normal(size=1000)
    return seed, drawn.tobytes(), os.getpid()


def test_the_same_bytes_come_from_a_cluster_as_from_one_process(
    cluster: str, tmp_path: Path
) -> None:
    items = [(tmp_path, seed) for seed in range(8)]
    alone = parallel_map(slow_sum, items, description="alone", execution=ExecutionSettings(jobs=1))
    spread = parallel_map(
        slow_sum, items, description="cluster", execution=ExecutionSettings(scheduler=cluster)
    )
    assert [row[:2] for row in spread] == [row[:2] for row in alone]
    places = {row[2] for row in spread}
    assert os.getpid() not in places
    assert len(places) == 2


def kill_the_fourth(folder: Path) -> subprocess.Popen[bytes]:
    """Kill the worker that begins the fourth item, by a process that watches the folder."""
    killer = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "folder = Path(sys.argv[1])\n"
        "while len(list(folder.iterdir())) < 4: time.sleep(0.02)\n"
        "last = max(folder.iterdir(), key=lambda path: path.stat().st_mtime)\n"
        "os.kill(int(last.name.partition('-')[2]), signal.SIGKILL)\n"
    )
    return subprocess.Popen([sys.executable, "-c", killer, str(folder)])


def test_a_worker_that_is_killed_is_survived(cluster: str, tmp_path: Path) -> None:
    """The work of a worker that dies in the middle is done by the other one."""
    items = [(tmp_path, seed) for seed in range(12)]
    killing = kill_the_fourth(tmp_path)
    found = parallel_map(
        slow_sum, items, description="cluster", execution=ExecutionSettings(scheduler=cluster)
    )
    assert killing.wait(timeout=10) == 0
    expected = [np.random.default_rng(seed).normal(size=1000).tobytes() for _, seed in items]
    assert [row[1] for row in found] == expected
    begun = [path.name.partition("-") for path in tmp_path.iterdir()]
    assert len({process for _, _, process in begun}) == 2
    # What the dead worker had begun was begun again.
    assert len(begun) > len(items)


@dataclass(frozen=True)
class Adding:
    """A function that has no hash, as steps have whose settings hold lists."""

    terms: list[int]

    def __call__(self, item: int) -> int:
        return item + sum(self.terms)


def test_a_function_without_a_hash_is_sent(cluster: str) -> None:
    found = parallel_map(
        Adding([1, 2]), range(5), description="x", execution=ExecutionSettings(scheduler=cluster)
    )
    assert found == [3, 4, 5, 6, 7]


def test_large_items_are_sent_without_a_warning(cluster: str) -> None:
    items = [np.full(2_000_000, value) for value in (1.0, 2.0)]
    found = parallel_map(
        np.sum, items, description="x", execution=ExecutionSettings(scheduler=cluster)
    )
    assert found == [2e6, 4e6]


def slow_product(matrix: np.ndarray, item: tuple[Path, pd.DataFrame]) -> bytes:
    """Multiply what takes long enough to be killed at."""
    folder, table = item
    (folder / f"{table['seed'].iloc[0]}-{os.getpid()}").touch()
    time.sleep(0.3)
    return bytes((matrix @ table["value"].to_numpy()).tobytes())


def test_a_killed_worker_takes_no_array_or_table_with_it(cluster: str, tmp_path: Path) -> None:
    """Large arrays, in the function or in the items, are not sent ahead to one worker alone."""
    matrix = np.random.default_rng(1).normal(size=(200, 400))
    tables = [
        pd.DataFrame({"seed": seed, "value": np.random.default_rng(seed).normal(size=400)})
        for seed in range(12)
    ]
    killing = kill_the_fourth(tmp_path)
    found = parallel_map(
        partial(slow_product, matrix),
        [(tmp_path, table) for table in tables],
        description="cluster",
        execution=ExecutionSettings(scheduler=cluster),
    )
    assert killing.wait(timeout=10) == 0
    assert found == [(matrix @ table["value"].to_numpy()).tobytes() for table in tables]


def refuse(item: int) -> int:
    raise InputError(f"An item must be good, but {item} is bad. Mend it.")


def test_an_error_of_a_worker_arrives_as_it_was(cluster: str) -> None:
    with pytest.raises(InputError, match="but 1 is bad"):
        parallel_map(refuse, [1], description="x", execution=ExecutionSettings(scheduler=cluster))


def die(item: int) -> int:
    os._exit(item)


def test_work_that_kills_its_worker_is_named(tmp_path: Path) -> None:
    with running(tmp_path, "one", nanny="--nanny") as address:
        wait_for_workers(address, 1)
        with pytest.raises(InputError, match="but several died"):
            parallel_map(die, [1], description="x", execution=ExecutionSettings(scheduler=address))
    with pytest.raises(InputError, match="but one died"):
        parallel_map(die, [1, 2], description="x", execution=ExecutionSettings(jobs=2))


def test_a_scheduler_without_workers_is_named(tmp_path: Path) -> None:
    with running(tmp_path) as address:
        wait_for_workers(address, 0)
        with pytest.raises(InputError, match="must have workers, but none came within 10 s"):
            parallel_map(
                abs, [1, 2], description="x", execution=ExecutionSettings(scheduler=address)
            )


def test_a_scheduler_that_goes_away_is_named(tmp_path: Path) -> None:
    """The scheduler is killed when the second item has begun."""
    killer = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "while not list(Path(sys.argv[1]).glob('1-*')): time.sleep(0.02)\n"
        "os.killpg(int(sys.argv[2]), signal.SIGKILL)\n"
    )
    with running(tmp_path, "one") as address:
        wait_for_workers(address, 1)
        work = tmp_path / "work"
        work.mkdir()
        scheduler = (tmp_path / "scheduler.pid").read_text()
        killing = subprocess.Popen([sys.executable, "-c", killer, str(work), scheduler])
        with pytest.raises(InputError, match="must stay, but it went away"):
            parallel_map(
                slow_sum, [(work, seed) for seed in range(50)], description="x",
                execution=ExecutionSettings(scheduler=address),
            )  # fmt: skip
        assert killing.wait(timeout=10) == 0


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"must answer at tcp://127.0.0.1:9"):
        parallel_map(
            abs, [1, 2], description="x", execution=ExecutionSettings(scheduler="tcp://127.0.0.1:9")
        )
