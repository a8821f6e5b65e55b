"""The command line: every part is there, and help does not wait for the heavy libraries."""

import subprocess
import sys

HEAVY = ("pandas", "scipy", "matplotlib", "tensorflow", "psychopy", "xarray", "mediapipe")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['faceoff', '--help']\n"
        "from faceoff.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    assert not ended.code\n"
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert "LOADED []" in done.stdout
    for name in ("init", "run", "demo", "report", "stimuli", "gaze", "cnn", "compare"):
        assert name in done.stdout
