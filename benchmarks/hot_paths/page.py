"""The page: the table of all rows, the machine, and the versions of what was compared."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import lrp
import map_metrics
import peers
import perturbation
import psutil

from hot_paths.rows import Row

HEAD = (
    "hot path", "input", "faceoff, ms", "instead", "results", "its time / ours", "ours / floor",
)  # fmt: skip
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
COMPARED = (
    "faceoff", "pymovements", "eyelinkparser", "eyelinkio", "scipy", "seaborn", "KDEpy", "remodnav",
    "innvestigate", "tensorflow", "pingouin", "numpy", "pandas", "pyarrow",
)  # fmt: skip
ISOLATED = (
    peers.MNE_PACKAGES,
    lrp.ZENNIT_PACKAGES,
    perturbation.QUANTUS_PACKAGES,
    map_metrics.PACKAGES,
)


def text(rows: Sequence[Row], loads: tuple[float, float]) -> str:
    """Write table, machine and versions in Markdown."""
    lines = [line(HEAD), "|---" * len(HEAD) + "|", *(line(row.cells()) for row in rows)]
    return "\n".join([*lines, "", machine(*loads), "", versions()])


def line(cells: Sequence[str]) -> str:
    """Write a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def machine(load_before: float, load_after: float) -> str:
    """Say on what, and how busy it was."""
    cores, memory_gb = os.cpu_count() or 1, psutil.virtual_memory().total / 1e9
    # What is measured here has all cores at times.
    is_busy = load_before > cores / 2 or load_after > 1.25 * cores
    busy = (
        "it was busy with other work, which widens the spread"
        if is_busy
        else "it had nothing else to do"
    )
    return (
        f"On {processor()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}. The load average "
        f"was {load_before:.1f} at the start and {load_after:.1f} at the end: {busy}."
    )


def processor() -> str:
    """Name the processor."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> str:
    """List the versions of what was compared, in this environment and in those of their own."""
    here = []
    for name in COMPARED:
        try:
            here.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            here.append(f"{name} not installed")
    elsewhere = [
        " with ".join(package.replace("==", " ") for package in packages)
        for packages in ISOLATED
        if peers.is_made(packages)
    ]
    alone = f" In environments of their own: {'; '.join(elsewhere)}." if elsewhere else ""
    return f"Versions: {', '.join(here)}.{alone}"


def write(path: Path, made: str) -> None:
    """Put what was made between the marks of a page."""
    page = path.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(f"{head}{BEGIN}\n\n{made}\n\n{END}{tail}", encoding="utf-8")
