"""A Dask cluster: scheduler and workers as processes of their own, one of which is killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from study.errors import InputError
from study.parallel import parallel_map
from study.settings.execution import ExecutionSettings

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a program of Dask; what it says goes to a file."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / f"{words[0]}.log").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            stdout=said, stderr=said, cwd=folder, env=environment,
        )  # fmt: skip


def worker(folder: Path, address: str, name: str) -> subprocess.Popen[bytes]:
    return start(
        folder, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
        "--name", name, "--local-directory", str(folder / name),
    )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers."""
    folder = tmp_path_factory.mktemp("dask")
    address = f"tcp://127.0.0.1:{port}"
    scheduler = start(folder, "scheduler", "--port", str(port), "--no-dashboard")
    workers = [worker(folder, address, name) for name in ("one", "two")]
    _wait_for_workers(address, 2)
    yield address
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def _wait_for_workers(address: str, n_workers: int) -> None:
    from distributed import Client

    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            with Client(address, timeout="2s") as client:
                client.wait_for_workers(n_workers, timeout=30)
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("no workers came")


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


def test_a_worker_that_is_killed_is_survived(cluster: str, tmp_path: Path) -> None:
    """The work of a worker that dies in the middle is done by the other one."""
    items = [(tmp_path, seed) for seed in range(12)]
    killer = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "folder = Path(sys.argv[1])\n"
        "while len(list(folder.iterdir())) < 4: time.sleep(0.02)\n"
        "last = max(folder.iterdir(), key=lambda path: path.stat().st_mtime)\n"
        "os.kill(int(last.name.partition('-')[2]), signal.SIGKILL)\n"
    )
    killing = subprocess.Popen([sys.executable, "-c", killer, str(tmp_path)])
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


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"must answer at tcp://127.0.0.1:9"):
        parallel_map(
            abs, [1, 2], description="x", execution=ExecutionSettings(scheduler="tcp://127.0.0.1:9")
        )
