"""What readers of EyeLink recordings read of real files, as a table.

    python benchmarks/reader_matrix.py FOLDER [--write docs/readers.md] [--without-mne]

Each .asc, .asc.gz, .txt.gz and .edf file below FOLDER is read by faceoff, pymovements, MNE and
eyelinkio (EDF), each in a process of its own, and judged against a slow count of the file's lines:
samples with their stamps and gaze, fixations, saccades, blinks and the values in them, messages.
An EDF file is judged by an ASC file of the same name below FOLDER, where there is one. Files that
are packed by gzip are unpacked first. --write puts the table between the marks in a page.
"""

import argparse
import gzip
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import peers

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
READERS = ("faceoff", "pymovements", "MNE", "eyelinkio")
TIMEOUT_S = 300
_WORDS = ("EFIX", "ESACC", "EBLINK")
_KINDS = ("fixations", "saccades", "blinks")


@dataclass(frozen=True)
class Truth:
    """What stands in an ASC file, counted line by line."""

    time_ms: np.ndarray
    gaze: np.ndarray
    n_events: tuple[int, ...]
    n_event_values: int
    n_messages: int


def read_truth(path: Path) -> Truth:
    """Count an ASC file's lines and read its samples, in the plainest way."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    times: list[float] = []
    gaze: list[list[float]] = []
    counts = dict.fromkeys(_WORDS, 0)
    n_values = n_messages = 0
    for line in data.decode("latin-1").split("\n"):
        words = line.split()
        if not words:
            continue
        if line[0].isdigit():
            time_ms = float(words[0])
            times.append(
                time_ms + 0.5 if times and time_ms == int(times[-1]) == times[-1] else time_ms
            )
            n = next((i for i, word in enumerate(words) if _is_flags(word)), len(words))
            numbers = words[1:n]
            eyes = 2 if len(numbers) >= 6 else 1
            gaze.append(
                [_number(numbers[3 * eye + axis]) for eye in range(eyes) for axis in (0, 1)]
            )
        elif words[0] in counts:
            counts[words[0]] += 1
            n_values += sum(word != "." for word in words[5:])
        n_messages += words[0] == "MSG"
    return Truth(np.array(times), np.array(gaze), tuple(counts.values()), n_values, n_messages)


def _is_flags(word: str) -> bool:
    return len(word) >= 3 and set(word) <= set(".ICRMANFTBL")


def _number(word: str) -> float:
    return float("nan") if word == "." else float(word)


def verdict(reader: str, found: dict[str, Any], truth: Truth) -> str:
    """Say whether a reader's result is complete, and if not, what is missing."""
    faults = [_fault_of_samples(reader, found, truth)]
    for kind, own, wanted in zip(_KINDS, found["n_events"].tolist(), truth.n_events, strict=True):
        faults.append(f"{own} of {wanted} {kind}" if own != wanted else "")
    n_values = int(found["n_event_values"])
    if n_values < truth.n_event_values:
        faults.append(
            "no values of events" if not n_values
            else f"{n_values} of {truth.n_event_values} values of events"
        )  # fmt: skip
    n_messages = int(found["n_messages"])
    if n_messages != truth.n_messages:
        faults.append(f"{n_messages} of {truth.n_messages} messages")
    faults = [fault for fault in faults if fault]
    return "incomplete: " + ", ".join(faults) if faults else "complete"


def _fault_of_samples(reader: str, found: dict[str, Any], truth: Truth) -> str:
    """Say what is wrong with samples: too few, other values, or stamps that are not the file's."""
    n, gaze = len(truth.time_ms), found["gaze"]
    if not n:
        return f"{len(gaze)} of 0 samples" if len(gaze) else ""
    if reader != "MNE" and len(gaze) != n:
        return f"{len(gaze)} of {n} samples"
    if gaze.shape[1] != truth.gaze.shape[1]:
        return f"{gaze.shape[1] // 2} of {truth.gaze.shape[1] // 2} eyes"
    gone = np.where(truth.gaze == -32768, np.nan, truth.gaze)
    if reader == "MNE":
        # One row for each step of time from the first sample. Stamps may lie between two steps, or
        # be one step off: a value is looked for at all three.
        steps = np.floor((truth.time_ms - truth.time_ms[0]) * found["rate_hz"] / 1000).astype(int)
        same = np.zeros(n, dtype=bool)
        for step in (steps - 1, steps, steps + 1):
            there = (step >= 0) & (step < len(gaze))
            same[there] |= _same(gaze[step[there]], gone[there])
    else:
        same = _same(gaze, gone)
    if not same.all():
        return f"{int(same.sum())} of {n} samples"
    if "time_ms" in found:
        first = truth.time_ms[0] if reader == "eyelinkio" else 0  # whose clock begins at 0
        wrong = np.abs(found["time_ms"] + first - truth.time_ms) > 1e-3
        if wrong.any():
            return f"{int(wrong.sum())} wrong stamps"
    return ""


def _same(own: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Tell which samples have the file's gaze; an EDF has more decimals than an ASC file."""
    return np.isclose(own, truth, rtol=0, atol=0.051, equal_nan=True).all(axis=1)


def cell(reader: str, path: Path, truth: Truth | None, versions: dict[str, str]) -> str:
    """Let a reader read a file, and judge it."""
    is_edf = path.suffix.lower() == ".edf"
    if is_edf != (reader == "eyelinkio") and reader != "faceoff":
        return f"does not read {'EDF' if is_edf else 'ASC'}"
    outcome = peers.run(reader, path, timeout_s=TIMEOUT_S)
    if outcome.error:
        return "fails: " + _plain(outcome.error)
    versions[reader] = str(outcome.values["version"])
    if truth is None:
        values = outcome.values
        events = " + ".join(str(n) for n in values["n_events"])
        return f"{len(values['gaze'])} samples, {events} events, {values['n_messages']} messages"
    return verdict(reader, outcome.values, truth)


def _plain(error: str) -> str:
    """Shorten an error to what fits a table, without this machine's folders."""
    text = re.sub(r"\S*/", "", error.replace("|", " "))
    return text if len(text) <= 90 else text[:87] + "..."


def matrix(recordings: Path, readers: list[str]) -> str:
    """Read all files with all readers; give the table and the versions, in Markdown."""
    files = sorted(p for p in recordings.rglob("*") if _is_recording(p))
    truths = {_stem(path): read_truth(path) for path in files if path.suffix.lower() != ".edf"}
    versions: dict[str, str] = {}
    rows = []
    for path in files:
        with tempfile.TemporaryDirectory() as folder:
            plain = _unpacked(path, Path(folder))
            truth = truths.get(_stem(path))
            cells = [cell(reader, plain, truth, versions) for reader in readers]
        rows.append([path.name.removesuffix(".gz"), *cells])
        sys.stderr.write(" | ".join(rows[-1]) + "\n")
    complete = [
        f"{sum(row[i + 1] == 'complete' for row in rows)} complete" for i in range(len(readers))
    ]
    head = ["file", *(f"{name} {versions.get(name, '')}".strip() for name in readers)]
    table = [head, ["---"] * len(head), *rows, [f"{len(rows)} files", *complete]]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def _is_recording(path: Path) -> bool:
    return path.name.lower().endswith((".asc", ".asc.gz", ".txt.gz", ".edf"))


def _unpacked(path: Path, folder: Path) -> Path:
    """Unpack a file, since not all readers read gzip."""
    if path.suffix != ".gz":
        return path
    plain = folder / f"{_stem(path)}.asc"
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return plain


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="recordings")
    parser.add_argument("--write", type=Path, help="a page with marks for the table")
    parser.add_argument("--without-mne", action="store_true")
    options = parser.parse_args()
    readers = [name for name in READERS if name != "MNE" or not options.without_mne]
    table = matrix(options.folder, readers)
    if options.write is None:
        print(table)
        return
    page = options.write.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    options.write.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
