"""Where a result comes from: its step, and the record by which it is known to be current."""

import hashlib
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from study.folder import Study
from study.progress import say
from study.writing import remove_file, write_json

_PACKAGES = (
    "faceoff", "numpy", "scipy", "pandas", "pyarrow", "xarray", "scikit-image", "statsmodels",
    "pingouin", "mne", "matplotlib", "pymovements", "remodnav", "I2MC", "eyelinkio", "psychopy",
    "tensorflow", "innvestigate", "mediapipe",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of the study: what it reads, what it makes, and how.

    Parameters
    ----------
    command : str
        The command that does it, such as ``"gaze density"``.
    inputs : tuple of Path
        Every file that it reads.
    outputs : tuple of Path
        The files that it makes, at least one; the record lies beside the first.
    settings : dict
        The settings that change its result, and no others.
    run : callable
        Does it.
    follows : str, default ""
        The command to name next.
    """

    command: str
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    settings: dict[str, Any]
    run: Callable[[], None]
    follows: str = ""

    @property
    def record(self) -> Path:
        """The file that holds the step's provenance."""
        # An option such as --figures is part of the command, but no name for a file.
        name = "_".join(word.lstrip("-") for word in self.command.split())
        return self.outputs[0].parent / f"{name}.provenance.json"


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_current(study: Study, step: Step) -> bool:
    """Tell whether a step's outputs are those of its inputs and settings as they are now.

    Parameters
    ----------
    study : Study
        The study.
    step : Step
        The step.

    Returns
    -------
    bool
        False if there is no record, an output or input is missing or has other bytes, or
        the settings or faceoff's version differ.
    """
    if not step.record.is_file() or not all(path.is_file() for path in step.outputs):
        return False
    try:
        record = json.loads(step.record.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return False
    expected = {"faceoff": _version("faceoff"), "settings": _as_json(step.settings)}
    found = {"faceoff": record["versions"].get("faceoff"), "settings": record["settings"]}
    return (
        found == expected
        and all(path.is_file() for path in step.inputs)
        and record["inputs"] == _hashes(study, step.inputs)
        and record["outputs"] == _hashes(study, step.outputs)
    )


def run_step(study: Study, step: Step, *, force: bool = False) -> bool:
    """Do a step if its outputs are not current, and record where they come from.

    The record is written last: outputs of a step that was killed have none, so the step is
    done again.

    Parameters
    ----------
    study : Study
        The study.
    step : Step
        The step.
    force : bool, default False
        Do it even if its outputs are current.

    Returns
    -------
    bool
        Whether it was done.
    """
    if not force and is_current(study, step):
        say(f"{step.command}: up to date, skipped")
        return False
    remove_file(step.record)
    inputs = {path: sha256_of(path) for path in step.inputs if path.is_file()}
    started = time.perf_counter()
    step.run()
    seconds = time.perf_counter() - started
    write_json(step.record, _record(study, step, inputs, seconds))
    places = ", ".join(_name(study, path) for path in step.outputs[:4])
    more = f" and {len(step.outputs) - 4} more" if len(step.outputs) > 4 else ""
    say(f"{step.command}: wrote {places}{more} ({seconds:.1f} s)")
    if step.follows:
        say(f"  next: faceoff {step.follows}")
    return True


def _record(study: Study, step: Step, inputs: dict[Path, str], seconds: float) -> dict[str, Any]:
    """Put together what a reader needs in order to make the outputs again."""
    return {
        "command": f"faceoff {step.command}",
        "arguments": sys.argv[1:],
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds, 1),
        "seed": study.settings.study.seed,
        "settings": _as_json(step.settings),
        "inputs": {_name(study, path): value for path, value in sorted(inputs.items())},
        "outputs": _hashes(study, step.outputs),
        "versions": {"python": platform.python_version()}
        | {name: _version(name) for name in _PACKAGES if _version(name)},
        "platform": platform.platform(),
        "git_commit": _git_commit(),
    }


def _hashes(study: Study, paths: Iterable[Path]) -> dict[str, str]:
    """Hash files, by their names within the study."""
    return {_name(study, path): sha256_of(path) for path in sorted(paths)}


def _name(study: Study, path: Path) -> str:
    """Name a file from the study's root, or by its full path where it lies outside."""
    if path.is_relative_to(study.root):
        return path.relative_to(study.root).as_posix()
    return path.as_posix()


def _as_json(value: Any) -> Any:
    """Bring settings to the form that they have after a round trip through JSON."""
    return json.loads(json.dumps(value))


def _version(package: str) -> str:
    """Give a package's version, or nothing where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _git_commit() -> str:
    """Give the commit of faceoff's source, or n/a where it is no checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "n/a"
    return done.stdout.strip() if done.returncode == 0 else "n/a"
