"""The steps of a whole study on a Dask cluster: the same bytes as in one process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from study.folder import Study
from study.tests.dask_cluster import running, wait_for_workers

pytest.importorskip("distributed")
pytestmark = [pytest.mark.network, pytest.mark.slow]

# Threads change the last bits of a network's answers: one for each, wherever it works.
THREADS = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


SCRIPT = """
import sys
from pathlib import Path
from faceoff.pipeline import STAGES
from study.cli import open_for_command
from study.provenance import run_step
study = open_for_command(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
for _, _, steps in STAGES:
    for step in steps(study):
        run_step(study, step, force=step.command != "cnn train")
"""


def run_again(study: Study, folder: Path, jobs: int, scheduler: str) -> dict[Path, bytes]:
    """Do all steps of a copy anew but training and report, and give the bytes of what they made."""
    shutil.copytree(study.root, folder)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(jobs), scheduler],
        env=dict(os.environ) | THREADS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = [path for path in (folder / "derivatives").rglob("*") if path.is_file()]
    return {
        path.relative_to(folder): path.read_bytes()
        for path in made
        if "provenance" not in path.name
    }


def test_a_cluster_makes_the_same_bytes_as_one_process(
    small_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in THREADS.items():
        monkeypatch.setenv(name, value)
    alone = run_again(small_study, tmp_path / "alone", 1, "")
    with running(tmp_path, "one", "two") as address:
        wait_for_workers(address, 2)
        spread = run_again(small_study, tmp_path / "spread", 0, address)
        said = (tmp_path / "worker.log").read_text()
    assert "Registered" in said
    assert {path.suffix for path in alone} >= {".nc", ".parquet", ".tsv", ".h5"}
    differing = [str(path) for path in alone if spread.get(path) != alone[path]]
    assert not differing
    assert set(alone) == set(spread)
