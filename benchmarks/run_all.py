"""Each hot path beside what a user would take instead: same run, same input, results first.

    python benchmarks/run_all.py [--small] [--edf FILE] [--write docs/benchmarks.md]

prints a table. Results are compared before anything is timed, and a peer that disagrees is said to.
Times are of works in turn, and ratios are medians with quartiles. The input is simulated, with
seeds; an EDF file, whose format is closed, must be given. Peers that cannot share an environment
with faceoff get one of their own in the system's temporary folder, but for the small form, which
takes under a minute and is there to see that all this works.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hot_paths import answers, density, detection, metrics, page, reading, relevance, resamples
from hot_paths.rows import Row


def main() -> None:
    """Measure one hot path after the other, print the table, and write it where that is asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small inputs, few repeats")
    parser.add_argument("--edf", type=Path, help="an EyeLink EDF recording to be read")
    parser.add_argument("--write", type=Path, help="a page whose table is replaced")
    args = parser.parse_args()
    load_before = os.getloadavg()[0]
    rows = [row for measure in paths(args) for row in told(measure)]
    made = page.text(rows, (load_before, os.getloadavg()[0]))
    sys.stdout.write(made + "\n")
    if args.write:
        page.write(args.write, made)


def paths(args: argparse.Namespace) -> list[Callable[[], list[Row]]]:
    """List what measures each hot path."""
    modules = (density, detection, relevance, answers, metrics, resamples)
    return [
        lambda: reading.asc_rows(args.small),
        lambda: reading.edf_rows(args.edf),
        *(lambda module=module: module.rows(args.small) for module in modules),  # type: ignore[misc]
    ]


def told(measure: Callable[[], list[Row]]) -> list[Row]:
    """Measure, and show rows as they come: what is broken off later has left these."""
    started = time.perf_counter()
    rows = measure()
    for row in rows:
        sys.stderr.write(page.line(row.cells()) + "\n")
    sys.stderr.write(f"{time.perf_counter() - started:.0f} s\n")
    return rows


if __name__ == "__main__":
    main()
