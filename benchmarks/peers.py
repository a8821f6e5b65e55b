"""The readers that the benchmarks compare: each called in a process of its own.

    python benchmarks/peers.py READER FILE RESULT [WARM_UP]

reads FILE and writes what the reader found to RESULT (.npz), with the seconds it took and the
largest memory the process had. MNE 1.13 needs NumPy 2 and so cannot share faceoff's environment:
`mne_python` makes one of its own, once, in the system's temporary folder.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MNE_PACKAGES = ("mne==1.13.2", "pandas==3.1.1")
_NO_GAZE = np.empty((0, 2))
_NO_EVENTS = {
    "fixations_ms": np.empty(0), "n_events": [0, 0, 0], "n_event_values": 0, "n_messages": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of a reader's process: values by name, or an error."""

    values: dict[str, Any]
    error: str = ""


def mne_python() -> Path:
    """Make the environment that MNE needs, if there is none yet; give its interpreter."""
    return environment_python(MNE_PACKAGES)


def environment_python(packages: tuple[str, ...]) -> Path:
    """Make an environment with some packages, if there is none yet; give its interpreter."""
    folder = environment_folder(packages)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not is_made(packages):
        sys.stderr.write(f"making an environment with {' '.join(packages)} in {folder}\n")
        uv = [sys.executable, "-m", "uv"]
        subprocess.run(
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True
        )
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", python, *packages], check=True
        )
        (folder / "complete").touch()
    return python


def environment_folder(packages: tuple[str, ...]) -> Path:
    """Say where an environment with some packages is, or would be."""
    name = "-".join(packages).replace("<", "below-")
    return Path(tempfile.gettempdir()) / "faceoff-benchmarks" / name


def is_made(packages: tuple[str, ...]) -> bool:
    """Tell whether there is an environment with some packages."""
    return (environment_folder(packages) / "complete").exists()


def run(reader: str, path: Path, warm_up: Path | None = None, timeout_s: float = 1800) -> Outcome:
    """Let a reader read a file in a process of its own, after a small one if that is named."""
    python, environment = sys.executable, dict(os.environ)
    if reader == "MNE":
        python = str(mne_python())
        environment.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.npz"
        command = [python, __file__, reader, path, result, *([warm_up] if warm_up else [])]
        try:
            done = subprocess.run(
                command, env=environment, timeout=timeout_s, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome({}, f"no answer in {timeout_s:g} s")
        if done.returncode:
            return Outcome({}, (done.stderr.strip().splitlines() or ["no message"])[-1])
        with np.load(result, allow_pickle=False) as file:
            return Outcome({name: file[name] for name in file.files})


def _faceoff(path: Path) -> Callable[[], dict[str, Any]]:
    """Read with faceoff."""
    if path.suffix.lower() == ".edf":
        from gaze_analysis.eyelink.edf import read_edf as read
    else:
        from gaze_analysis.eyelink import read_asc as read
    recording = read(path)

    def found() -> dict[str, Any]:
        samples, events = recording.samples, _events(recording)
        units = ("_px", "_href", "_raw")
        names = [
            f"{axis}_{eye}{unit}"
            for unit in units
            for eye in ("left", "right", "unknown")
            for axis in "xy"
            if f"{axis}_{eye}{unit}" in samples
        ]
        first = next((name for name in samples if name.startswith("pupil")), None)
        return {
            "version": _version("faceoff"),
            "time_ms": samples["time_ms"].to_numpy(),
            "gaze": samples[names].to_numpy() if names else _NO_GAZE,
            "pupil": samples[first].to_numpy() if first else np.empty(0),
            "fixations_ms": recording.fixations["onset_ms"].to_numpy(),
            "n_events": [len(frame) for frame in events],
            "n_event_values": sum(_n_values(frame) for frame in events),
            "n_messages": len(recording.messages),
        }

    return found


def _events(recording: Any) -> list[Any]:
    return [recording.fixations, recording.saccades, recording.blinks]


def _n_values(frame: Any) -> int:
    """Count the values of events beside eye and times."""
    names = ("line", "block", "eye", "onset_ms", "offset_ms", "duration_ms")
    return int(frame.drop(columns=[name for name in names if name in frame]).notna().sum().sum())


def _pymovements(path: Path) -> Callable[[], dict[str, Any]]:
    """Read with pymovements: samples, events, messages."""
    import warnings

    import polars as pl
    import pymovements as pm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gaze = pm.gaze.from_asc(path, events=True, messages=True)

    def found() -> dict[str, Any]:
        samples, events = gaze.samples, gaze.events.frame
        lists = samples["pixel"].to_list() if "pixel" in samples.columns else []
        numbers = (pl.Float64, pl.Int64)
        times = ("onset", "offset", "duration")
        fields = [n for n in events.columns if n not in times and events[n].dtype in numbers]
        counts = [events.filter(pl.col("name").str.starts_with(kind)) for kind in _EVENT_WORDS]
        pupil = next((name for name in samples.columns if name.startswith("pupil")), None)
        if pupil and samples[pupil].dtype == pl.List:  # of both eyes
            samples = samples.with_columns(pl.col(pupil).list.first())
        return {
            "version": pm.__version__,
            "time_ms": samples["time"].cast(pl.Float64).to_numpy(),
            "gaze": np.array(lists, dtype=float) if lists else _NO_GAZE,
            "pupil": samples[pupil].cast(pl.Float64).to_numpy() if pupil else np.empty(0),
            "fixations_ms": counts[0]["onset"].to_numpy().astype(float),
            "n_events": [len(frame) for frame in counts],
            "n_event_values": sum(len(events) - events[name].null_count() for name in fields),
            "n_messages": len(gaze.messages),
        }

    return found


_EVENT_WORDS = ("fixation", "saccade", "blink")


def _mne(path: Path) -> Callable[[], dict[str, Any]]:
    """Read with MNE: samples and annotations for events and messages."""
    import mne

    mne.set_log_level("ERROR")
    raw = mne.io.read_raw_eyelink(path)

    def found() -> dict[str, Any]:
        names = np.array([name.removeprefix("BAD_") for name in raw.annotations.description])
        is_event = np.isin(names, _EVENT_WORDS)
        gaze = [name for name in raw.ch_names if name.startswith(("xpos", "ypos"))]
        pupil = [name for name in raw.ch_names if name.startswith("pupil")]
        onset = raw.annotations.onset[names == "fixation"]
        return {
            "version": mne.__version__,
            "rate_hz": raw.info["sfreq"],
            "gaze": raw.get_data(picks=gaze).T if gaze else _NO_GAZE,
            "pupil": raw.get_data(picks=pupil[:1])[0] if pupil else np.empty(0),
            "fixations_ms": onset * 1000,
            "n_events": [int((names == word).sum()) for word in _EVENT_WORDS],
            "n_event_values": 0,
            "n_messages": int((~is_event & (names != "ACQ_SKIP")).sum()),
        }

    return found


def _eyelinkparser(path: Path) -> Callable[[], dict[str, Any]]:
    """Read with eyelinkparser: samples of the phases of trials."""
    import contextlib
    import io
    import warnings

    import eyelinkparser

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        trials = eyelinkparser.parse(folder=str(path.parent), ext=path.name)

    def found() -> dict[str, Any]:
        phases = [name.removeprefix("ttrace_") for name in trials.column_names if "ttrace_" in name]
        time_ms, x, y, pupil = (
            np.concatenate([_traces(trials, phase, kind) for phase in phases]) for kind in "txyp"
        )
        return _samples_alone("eyelinkparser", time_ms, np.column_stack([x, y]), pupil)

    return found


def _traces(trials: Any, phase: str, kind: str) -> Any:
    """Join one trace of all trials; stamps count from the phase's onset."""
    rows = np.asarray(trials[f"{kind}trace_{phase}"], dtype=float)
    if kind == "t":
        rows = rows + np.asarray(trials[f"t_onset_{phase}"], dtype=float)[:, None]
    lengths = np.asarray(trials[f"trace_length_{phase}"], dtype=int)
    return rows[np.arange(rows.shape[1]) < lengths[:, None]]


def _eyelinkio(path: Path) -> Callable[[], dict[str, Any]]:
    """Read an EDF file with eyelinkio."""
    import eyelinkio

    edf = eyelinkio.read_edf(path)

    def found() -> dict[str, Any]:
        discrete, names = edf["discrete"], list(edf["info"]["sample_fields"])
        axes = [i for i, name in enumerate(names) if name.startswith(("xpos", "ypos"))]
        events = [discrete[word] for word in ("fixations", "saccades", "blinks")]
        times = ("eye", "stime", "etime")
        return {
            "version": _version("eyelinkio"),
            "time_ms": np.asarray(edf["times"]) * 1000,
            "gaze": np.asarray(edf["samples"])[axes].T,
            "pupil": np.empty(0),
            "fixations_ms": np.asarray(events[0]["stime"]) * 1000,
            "n_events": [len(event["stime"]) for event in events],
            "n_event_values": sum(
                int(np.isfinite(event[name]).sum())
                for event in events
                for name in event.dtype.names
                if name not in times
            ),
            "n_messages": len(discrete["messages"]["stime"]),
        }

    return found


def _floor(path: Path) -> Callable[[], dict[str, Any]]:
    """Scan the lines, throw away all but samples, and give those to pyarrow's CSV reader."""
    import pyarrow as pa
    from pyarrow import csv

    data = path.read_bytes()
    codes = np.frombuffer(data, np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(codes == ord("\n")) + 1])
    if starts[-1] < len(data):
        starts = np.append(starts, len(data))
    is_sample = (codes[starts[:-1]] >= ord("0")) & (codes[starts[:-1]] <= ord("9"))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_sample.view(np.int8), [0]])))
    ranges = zip(starts[edges[::2]].tolist(), starts[edges[1::2]].tolist(), strict=True)
    text = b"".join([data[i:j] for i, j in ranges])
    names = ["time", "x", "y", "pupil"]
    table = csv.read_csv(
        pa.py_buffer(text),
        read_options=csv.ReadOptions(column_names=[*names, "flags"]),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.float64() for name in names} | {"flags": pa.string()},
            null_values=[" " * n + "." for n in range(8)],
        ),
    )

    def found() -> dict[str, Any]:
        time_ms, x, y, pupil = (table[name].to_numpy() for name in names)
        return _samples_alone("pyarrow", time_ms, np.column_stack([x, y]), pupil)

    return found


def _samples_alone(package: str, time_ms: Any, gaze: Any, pupil: Any) -> dict[str, Any]:
    """Put together what a reader found that reads samples and nothing else."""
    return {
        "version": _version(package), "time_ms": time_ms, "gaze": gaze, "pupil": pupil,
        **_NO_EVENTS,
    }  # fmt: skip


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


READERS = {
    "faceoff": _faceoff,
    "pymovements": _pymovements,
    "MNE": _mne,
    "eyelinkparser": _eyelinkparser,
    "eyelinkio": _eyelinkio,
    "floor": _floor,
}


def main() -> None:
    """Read one file, and write what was found."""
    reader, path, result, *warm_up = sys.argv[1:]
    for small in warm_up:  # what is imported late must not be measured
        READERS[reader](Path(small))
    start = time.perf_counter()
    found = READERS[reader](Path(path))
    seconds = time.perf_counter() - start
    np.savez(result, seconds=seconds, peak_mb=_peak_mb(), **found())


def _peak_mb() -> float:
    """Give the largest memory that this process had, in units of 10^6 bytes.

    Linux hands the largest memory of the process that started it down to `getrusage`, so its own
    is taken from /proc where that is to be had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if "VmHWM" in line)
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


if __name__ == "__main__":
    main()
