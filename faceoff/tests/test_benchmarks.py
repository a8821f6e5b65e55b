"""The benchmarks run in their small form, and results agree with those of the peers that are there.

Times are not looked at: they say something on a quiet machine only.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "run_all.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(not SCRIPT.is_file(), reason="needs the source folder"),
]
# What comes with faceoff, and what its results are to be.
AGREEING = {
    ("ASC", "pymovements"),
    ("density map", "scipy gaussian_kde"),
    ("events, ivt", "pymovements ivt"),
    ("events, idt", "pymovements idt"),
    ("events, engbert-kliegl", "pymovements microsaccades"),
    ("events, remodnav", "remodnav"),
    ("LRP, small", "innvestigate"),
    ("perturbation, small", "plain loop"),
    ("perturbation, small", "innvestigate"),
    ("bootstrap and permutation", "SciPy"),
    ("bootstrap alone", "pingouin"),
}
# Of the extra `bench`, which need not be there: and how results begin where they are.
OPTIONAL = {
    ("ASC", "eyelinkparser"): "agrees",
    ("density map", "seaborn, without drawing"): "agrees",
    ("density map", "KDEpy FFTKDE"): "differs: by ",  # it bins
}
LEFT_OUT = {
    ("ASC", "MNE"): "left out",
    ("EDF", "eyelinkio"): "no recording given",
    ("LRP, small", "zennit"): "left out",
    ("perturbation, small", "Quantus"): "left out",
    ("map metrics", "pysaliency"): "left out",
    ("events, adaptive", "remodnav"): "another algorithm",
}


@pytest.fixture(scope="module")
def printed() -> str:
    """Run the small form once."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "--small"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def rows(printed: str) -> dict[tuple[str, str], list[str]]:
    """Take the cells out of the table, by hot path and peer."""
    lines = [line for line in printed.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], row[3]): row for row in cells}


def test_there_is_a_row_for_each_peer(rows: dict[tuple[str, str], list[str]]) -> None:
    assert set(rows) == AGREEING | set(OPTIONAL) | set(LEFT_OUT)


def test_results_agree_where_the_peer_is_there(rows: dict[tuple[str, str], list[str]]) -> None:
    for key in AGREEING:
        assert rows[key][4].startswith("agrees"), rows[key]
        assert rows[key][5], "a ratio"
    for key, words in OPTIONAL.items():
        assert rows[key][4].startswith((words, "not installed: `pip install")), rows[key]
    for key, words in LEFT_OUT.items():
        assert rows[key][4].startswith(words), rows[key]


def test_machine_and_versions_are_named(printed: str) -> None:
    assert "The load average was" in printed and "cores" in printed
    assert "pymovements 0." in printed and "scipy 1." in printed
