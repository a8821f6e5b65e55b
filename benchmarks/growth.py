"""How time and memory of each step grow with the number of participants.

    python benchmarks/growth.py [--sizes 28,280,2800,10000] [--folder DIR] [--figure docs/growth]

simulates samples of each size, who name four faces each, and runs each step of the gaze analysis
in a process of its own. It prints a table of seconds and of the largest process's memory, with the
slope of time over size on logarithmic axes (1: linear), and draws both. What was measured is kept
in DIR, with the studies: a run that was broken off goes on from there. The pages of `gaze quality`,
one for each session, are left out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.figures import TWO_COLUMNS_CM, new_figure, save_figure
from study.folder import create_study

SETTINGS: dict[str, dict[str, Any]] = {
    "study": {"name": "Growth"},
    "stimuli": {"test_actors": ["F01", "M01"], "validation_actors": 2},
    "participants": {"blocks": 1, "practice_trials": 0},
}
#: Each list holds four of the fourteen test pictures, two of each actor.
LIST_LENGTH = 4
STEPS = (
    "experiment simulate", "gaze import", "gaze events", "gaze regions", "gaze density",
)  # fmt: skip


def main() -> None:
    """Measure what is missing, print and draw it."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sizes", default="28,280,2800,10000")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "growth")
    parser.add_argument("--figure", type=Path, help="stem of the SVG and PNG files")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    args.folder.mkdir(parents=True, exist_ok=True)
    results = args.folder / "growth.jsonl"
    for size in sizes:
        measure(args.folder, size, results)
    table = pd.read_json(results, lines=True)
    table = table[table["participants"].isin(sizes)]
    print_table(table)
    if args.figure is not None:
        draw(table, args.figure)


def measure(folder: Path, size: int, results: Path) -> None:
    """Run each step on a sample of one size, unless it was measured before."""
    known = pd.read_json(results, lines=True) if results.is_file() else pd.DataFrame()
    done = set(known.loc[known["participants"] == size, "step"]) if len(known) else set()
    study = folder / f"study-{size}"
    if STEPS[0] not in done:
        # A sample that was half made tells nothing of the time it takes.
        shutil.rmtree(study, ignore_errors=True)
        prepare(folder, study)
    for step in STEPS:
        if step in done:
            continue
        more = ["--participants", str(size)] if step == STEPS[0] else ["--force"]
        seconds, memory_mb = run([*step.split(), *more, "--study", str(study)])
        row = {"participants": size, "step": step, "seconds": seconds, "memory_mb": memory_mb}
        sys.stderr.write(f"{size} people, {step}: {seconds:.1f} s, {memory_mb:.0f} MB\n")
        with results.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(row) + "\n")


def prepare(folder: Path, study: Path) -> None:
    """Make a study whose participants see four faces each."""
    faces = folder / "faces"
    run(["stimuli", "synth", str(faces), "--actors", "6", "--seed", "1"])
    settings = SETTINGS | {"stimuli": SETTINGS["stimuli"] | {"folder": str(faces)}}
    made = create_study(study, settings)
    run(["stimuli", "register", "--study", str(study)])
    splits = pd.read_csv(made.splits_tsv, sep="\t")
    tested = splits.loc[splits["split"] == "test", "image_id"].tolist()
    women, men = ([name for name in tested if name[1] == sex] for sex in "FM")
    half = LIST_LENGTH // 2
    rows = [
        (name, number + 1)
        for number in range(len(women))
        for own in (women, men)
        for name in (own * 2)[number : number + half]
    ]
    lists = pd.DataFrame(rows, columns=["image_id", "list"])
    lists.to_csv(made.lists_tsv, sep="\t", index=False)


def run(words: list[str]) -> tuple[float, float]:
    """Run a command of faceoff; give its seconds and the memory of its largest process, in MB."""
    started = time.perf_counter()
    command = [sys.executable, "-P", "-m", "faceoff", *words]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            said.seek(0)
            sys.exit(f"{' '.join(words)} failed:\n{said.read().decode()[-2000:]}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def print_table(table: pd.DataFrame) -> None:
    """Print seconds and memory of each step by size, and how fast time grows."""
    sizes = sorted(table["participants"].unique())
    head = "".join(f"{f'{size} people':>22}" for size in sizes)
    sys.stdout.write(f"{'':<22}{head}{'slope':>9}\n")
    for step in STEPS:
        own = table[table["step"] == step].set_index("participants")
        cells = "".join(
            f"{own.loc[size, 'seconds']:>11.1f} s{own.loc[size, 'memory_mb']:>6.0f} MB"
            for size in sizes
        )
        sys.stdout.write(f"{step:<22}{cells}{slope(own):>9}\n")


def slope(own: pd.DataFrame) -> str:
    """Give the slope of time over size from the two largest sizes, both as logarithms."""
    last = own.sort_index().tail(2)
    if len(last) < 2:
        return ""
    seconds, sizes = np.log(last["seconds"].to_numpy(float)), np.log(last.index.to_numpy(float))
    return f"{(seconds[1] - seconds[0]) / (sizes[1] - sizes[0]):.2f}"


def draw(table: pd.DataFrame, stem: Path) -> None:
    """Draw time and memory over size."""
    figure = new_figure(TWO_COLUMNS_CM, 7.5)
    panels = figure.subplots(1, 2)
    labels = {"seconds": "time, s", "memory_mb": "largest process, MB"}
    for axes, (column, label) in zip(panels, labels.items(), strict=True):
        for step in STEPS:
            own = table[table["step"] == step].sort_values("participants")
            axes.plot(own["participants"], own[column], "o-", ms=3, label=step)
        axes.set(xscale="log", yscale="log", xlabel="participants", ylabel=label)
    sizes = np.array(sorted(table["participants"].unique()), float)
    slowest = table.groupby("participants")["seconds"].max().to_numpy()
    panels[0].plot(sizes, slowest[-1] * sizes / sizes[-1], "k:", lw=0.8, label="linear")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    save_figure(figure, stem)


if __name__ == "__main__":
    main()
