"""Trainings at the same time: on processes here, and on a Dask cluster."""

import os
import subprocess
import sys

import pytest

from cnn.tests.tiny import tiny_study

pytestmark = [pytest.mark.network, pytest.mark.slow]


def train(folder, *words):
    """Train three folds of a tiny study with one thread for each, and give the files' bytes."""
    study = tiny_study(folder, epochs=2, keep="last", fold_validation="test")
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "cnn", "train", "--folds", "3", *words]
    done = subprocess.run(
        [*command, "--study", str(study.root)],
        env=dict(os.environ) | threads, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = [path for path in study.cnn_dir("small").rglob("*") if path.is_file()]
    kept = [path for path in files if "provenance" not in path.name]
    return {path.relative_to(study.root): path.read_bytes() for path in kept}


def test_networks_trained_at_the_same_time_are_those_trained_one_by_one(tmp_path):
    one_by_one = train(tmp_path / "one")
    together = train(tmp_path / "two", "--jobs", "2")
    assert one_by_one == together
    assert sum(path.name == "weights.h5" for path in one_by_one) == 3
