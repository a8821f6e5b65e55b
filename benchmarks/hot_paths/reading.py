"""Reading of recordings: ASC of a simulated observer, and an EDF file where one is given."""

import tempfile
from pathlib import Path as File
from typing import Any

import readers
from simulated_recording import write_recording

from hot_paths.rows import (
    FACEOFF,
    FLOOR,
    NOT_INSTALLED,
    NOT_SMALL,
    Path,
    Row,
    is_installed,
    measured,
)

Runs = dict[str, list[dict[str, Any]]]
PARSER = "eyelinkparser"
READ = {
    "pymovements": "samples, events, messages",
    "MNE": "samples, events, messages",
    PARSER: "samples of the phases of trials",
    "eyelinkio": "samples, events, messages",
}


def asc_rows(small: bool) -> list[Row]:
    """Read a large ASC file with each reader, in a process of its own."""
    megabytes, runs = (2, 1) if small else (100, 3)
    path = Path("ASC", f"{megabytes} MB, one eye at 1000 Hz", "raw reads")
    names = [FACEOFF, FLOOR, "pymovements"]
    rows = []
    if small:
        rows.append(Row(path, "MNE", NOT_SMALL))
    else:
        names.append("MNE")
    if is_installed(PARSER):
        names.append(PARSER)
    else:
        rows.append(Row(path, PARSER, NOT_INSTALLED))
    with tempfile.TemporaryDirectory() as name:
        folder = File(name)
        source, large, warm_up = (folder / f"{kind}.asc" for kind in ("source", "large", "warm_up"))
        write_recording(source, n_trials=8 if small else 40)
        readers.make_recording(source, large, megabytes * 1_000_000)
        readers.make_recording(source, warm_up, 1)
        found = readers.read_in_turn(names, large, warm_up, runs)
    return measured(path, agreement(found), seconds_of(found)) + rows


def edf_rows(recording: File | None) -> list[Row]:
    """Read an EDF file: none can be made, since the format is closed."""
    if recording is None:
        said = "no recording given: `--edf FILE`; none can be made"
        return [Row(Path("EDF", "none"), "eyelinkio", said)]
    path = Path("EDF", f"{recording.name}, {recording.stat().st_size / 1e6:.1f} MB")
    if not is_installed("eyelinkio"):
        return [Row(path, "eyelinkio", NOT_INSTALLED)]
    found = readers.read_in_turn([FACEOFF, "eyelinkio"], recording, recording, 3)
    return measured(path, agreement(found), seconds_of(found))


def agreement(found: Runs) -> dict[str, str]:
    """Set each reader's result against ours."""
    own, results = found[FACEOFF][0], {}
    for name in found:
        if name not in (FACEOFF, FLOOR):
            differs = readers.disagreement(name, own, found[name][0])
            results[name] = f"differs: {differs}" if differs else f"agrees: {READ[name]} are equal"
    if FLOOR in found and (differs := readers.disagreement(FLOOR, own, found[FLOOR][0])):
        raise RuntimeError(f"the floor read other {differs} than faceoff")
    return results


def seconds_of(found: Runs) -> dict[str, list[float]]:
    """Give the seconds of each run."""
    return {name: [float(run["seconds"]) for run in runs] for name, runs in found.items()}
