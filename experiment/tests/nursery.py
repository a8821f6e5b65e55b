"""Sessions that begin at once: PsychoPy is imported once, and each session is a fork of it.

Argument: the study's folder. Each line of standard input, `run` or `resume`, begins a session of
sub-001; its process id is said, and its exit status when it ends.
"""

import os
import sys
from pathlib import Path

import pyglet

# No connection to a screen may be open when a process is forked.
pyglet.options["shadow_window"] = False

from experiment import asc_samples  # noqa: E402
from experiment.psychopy_import import psychopy_parts  # noqa: E402
from experiment.session import Sitting, run_session  # noqa: E402
from experiment.trackers import simulated  # noqa: E402, F401 -- imported before the fork
from study.folder import open_study  # noqa: E402


def run(folder: Path, *, resume: bool) -> int:
    """Run a session, and give its exit status."""
    status = run_session(open_study(folder), "sub-001", "01", Sitting("simulated"), resume=resume)
    return 0 if status == "finished" else 1


if __name__ == "__main__":
    psychopy_parts()
    asc_samples.prepare()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(Path(sys.argv[1]), resume=line.strip() == "resume"))
        print(child, flush=True)
        _, waited = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(waited), flush=True)
