"""Commands of faceoff run as a user would, each in a process of its own."""

import subprocess
import sys
from pathlib import Path


def run_command(study_dir: Path, *arguments: str) -> None:
    """Run a command of faceoff on a study, and end with its status where it fails.

    Parameters
    ----------
    study_dir : Path
        The study folder, which is added as ``--study`` unless the arguments name another one.
    *arguments : str
        The command and its arguments.

    Raises
    ------
    SystemExit
        With the command's status, unless that is 0.
    """
    chosen = arguments if "--study" in arguments else (*arguments, "--study", str(study_dir))
    # -P: a cnn.py or study.py in the folder of the call must not hide the packages.
    done = subprocess.run([sys.executable, "-P", "-m", "faceoff", *chosen], check=False)
    if done.returncode:
        sys.exit(done.returncode)
