"""A Dask scheduler and its workers, as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a program of Dask; what it says goes to a file."""
    environment = dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }
    with (folder / f"{words[0]}.log").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            stdout=said, stderr=said, cwd=folder, env=environment, start_new_session=True,
        )  # fmt: skip
    (folder / f"{words[0]}.pid").write_text(str(process.pid))
    return process


@contextmanager
def running(folder: Path, *names: str, nanny: str = "--no-nanny") -> Iterator[str]:
    """Run a scheduler with workers of these names; give its address."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    processes = [start(folder, "scheduler", "--port", str(port), "--no-dashboard")]
    processes += [
        start(
            folder, "worker", address, "--nthreads", "1", nanny, "--no-dashboard",
            "--name", name, "--local-directory", str(folder / name),
        )
        for name in names
    ]  # fmt: skip
    try:
        yield address
    finally:
        # A nanny that is asked to end while it starts its worker again never does.
        for process in reversed(processes):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_workers(address: str, n_workers: int) -> None:
    from distributed import Client

    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            with Client(address, timeout="2s") as client:
                if n_workers:
                    client.wait_for_workers(n_workers, timeout=30)
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("no workers came")
