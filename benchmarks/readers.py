"""Speed and memory of readers of EyeLink ASC files on a large recording, in the same run.

    python benchmarks/readers.py RECORDING [--megabytes 105] [--runs 3] [--without-mne]

RECORDING is a small real recording of one eye (.asc, .asc.gz). Its blocks are repeated with
shifted stamps, the header once, to a file of the wanted size in a temporary folder. Each reader
reads it in a process of its own: faceoff, pymovements and MNE samples, events and messages; the
floor, a throw-away scan of lines and pyarrow's CSV reader, samples alone. Imports are not timed.
Times are medians, and the ratios count; memory is the process's largest, in units of 10^6 bytes.
"""

import argparse
import gzip
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import peers

# The stamps of a line: of a sample, message, start or end of a block, input, start or end of event.
_STAMPS = re.compile(
    rb"^(?:(\d+)(?=\t)|(?:MSG|START|END|INPUT|BUTTON)\t(\d+)|S(?:FIX|SACC|BLINK) [LR]\s+(\d+)"
    rb"|E(?:FIX|SACC|BLINK) [LR]\s+(\d+)\t(\d+))",
    re.MULTILINE,
)
_GAP_MS = 1000  # between one repetition and the next


def make_recording(source: Path, target: Path, n_bytes: int) -> None:
    """Repeat a recording's blocks, with the messages between them, to a file of some size."""
    text = source.read_bytes()
    text = gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text
    first_block = text.index(b"\nSTART\t")
    begin = text.rfind(b"TRIALID", 0, first_block)
    begin = text.rfind(b"\n", 0, begin if begin > 0 else first_block) + 1
    header, body = text[:begin], text[begin:]
    stamps: list[int] = []

    def mark(match: re.Match[bytes]) -> bytes:
        line = match[0]
        for stamp in filter(None, match.groups()):
            stamps.append(int(stamp))
            line = line.replace(stamp, b"\0", 1)
        return line

    template = _STAMPS.sub(mark, body).replace(b"%", b"%%").replace(b"\0", b"%d")
    span = max(stamps) - min(stamps) + _GAP_MS
    with target.open("wb") as file:
        file.write(header)
        for i in range(1 + n_bytes // len(body)):
            file.write(template % tuple(stamp + i * span for stamp in stamps))


def disagreement(name: str, own: dict[str, Any], other: dict[str, Any]) -> str:
    """Say in what another reader's result differs from faceoff's; empty if in nothing."""
    rows = slice(None)
    if name == "eyelinkparser":  # samples of phases alone, and a pupil of 0 is missing there
        shared = np.isin(own["time_ms"], other["time_ms"])
        own = own | {values: own[values][shared] for values in ("time_ms", "gaze", "pupil")}
        own["pupil"] = np.where(own["pupil"] == 0, np.nan, own["pupil"])
    # Both begin with the first sample.
    begin = own["time_ms"][0] if name in ("MNE", "eyelinkio") else 0
    if name == "MNE":  # one row for each step of time, gaps included, from the first sample
        rows = np.round((own["time_ms"] - own["time_ms"][0]) * other["rate_hz"] / 1000).astype(int)
    elif not np.array_equal(own["time_ms"] - begin, other["time_ms"]):
        return "stamps"
    for values in ("gaze", "pupil"):
        if not np.array_equal(own[values], other[values][rows], equal_nan=True):
            return values
    if name in ("floor", "eyelinkparser"):
        return ""
    onsets = np.sort(own["fixations_ms"]) - begin
    if len(onsets) != len(other["fixations_ms"]):
        return f"{len(other['fixations_ms'])} of {len(onsets)} fixations"
    if not np.allclose(onsets, np.sort(other["fixations_ms"]), rtol=0, atol=1e-3):
        return "onsets of fixations"
    if own["n_messages"] != other["n_messages"]:
        return f"{other['n_messages']} of {own['n_messages']} messages"
    return ""


def read_in_turn(
    names: list[str], path: Path, small: Path, runs: int
) -> dict[str, list[dict[str, Any]]]:
    """Let each reader read a file so many times, in turn: a busy machine is unfair to none.

    What was read is kept of the first time alone.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            outcome = peers.run(name, path, small)
            if outcome.error:
                sys.exit(f"{name}: {outcome.error}")
            kept = ("seconds", "peak_mb") if found[name] else outcome.values
            found[name].append({value: outcome.values[value] for value in kept})
    return found


def main() -> None:
    """Print times, memory, ratios and agreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path, help="a small recording of one eye")
    parser.add_argument("--megabytes", type=int, default=105)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-mne", action="store_true")
    options = parser.parse_args()
    names = ["faceoff", "pymovements", "MNE", "floor"]
    if options.without_mne:
        names.remove("MNE")
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "large.asc", Path(folder) / "small.asc"
        make_recording(options.recording, path, options.megabytes * 1_000_000)
        make_recording(options.recording, small, 1)
        size = path.stat().st_size / 1e6
        runs = read_in_turn(names, path, small, options.runs)
    own = runs["faceoff"][0]
    print(
        f"{size:.0f} MB, {len(own['time_ms'])} samples, {own['n_events'].sum()} events, "
        f"{own['n_messages']} messages; median of {options.runs}"
    )
    seconds = {
        name: statistics.median(float(values["seconds"]) for values in found)
        for name, found in runs.items()
    }
    for name, found in runs.items():
        label = f"{name} {found[0]['version']}" if name != "floor" else "floor"
        peak = max(float(values["peak_mb"]) for values in found)
        differs = disagreement(name, own, found[0]) if name != "faceoff" else ""
        print(
            f"{label:20} {seconds[name]:6.2f} s  {seconds[name] / seconds['faceoff']:6.1f} x "
            f"faceoff  {peak:5.0f} MB  " + (f"differs: {differs}" if differs else "agrees")
        )


if __name__ == "__main__":
    main()
