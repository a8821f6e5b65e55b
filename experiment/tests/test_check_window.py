import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiment.dialog import TITLE, ask_session
from experiment.session_choice import SessionAnswers
from experiment.tests import seat
from experiment.tests.small_study import make_small_study
from experiment.tests.test_session_window import run_python
from study.folder import Study

pytestmark = pytest.mark.window

ON_LINUX = sys.platform.startswith("linux")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_small_study(tmp_path / "study", n_main=2, n_practice=0)


def run(study: Study, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_python("-m", "experiment", *arguments, "--study", str(study.root))


def files(study: Study) -> set[Path]:
    return set(study.root.rglob("*"))


def test_a_station_is_checked_and_left_as_it_was(study):
    before = files(study)
    done = run(study, "check", "sub-001", "--tracker", "mouse")
    assert done.returncode == 0, done.stderr
    assert "mouse answers" in done.stdout
    assert "1920 x 1080" in done.stdout
    assert "warning" in done.stdout
    assert files(study) == before


def test_what_fails_is_said_on_standard_error_with_status_2(study):
    done = run(study, "check", "sub-002")
    assert done.returncode == 2
    assert "1. A session's plan must be at" in done.stderr
    assert "A session needs a tracker" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not ON_LINUX, reason="only X11 has DISPLAY")
def test_a_display_that_does_not_answer_is_said(study, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4711")
    script = (
        "import pathlib, sys\n"
        "from experiment.preflight import check_everything\n"
        "from study.folder import open_study\n"
        "found = check_everything(open_study(pathlib.Path(sys.argv[1])), '', '01', 'mouse')\n"
        "print([check.text for check in found if check.name == 'window'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(study.root)], capture_output=True, text=True, check=True
    )
    assert "the display :4711 that DISPLAY names does not answer" in done.stdout


def test_a_timing_run_in_a_window(study):
    done = run(study, "timing", "--seconds", "2", "--frames", "5", "--tracker", "mouse")
    assert done.returncode == 0, done.stderr
    assert "not about a laboratory's screen" in done.stderr
    assert "callback delay longest ms" in done.stdout
    (recording,) = (study.derivatives / "timing").glob("timing_*.asc")
    assert recording.read_text(encoding="utf-8").count("PHOTODIODE_ON") >= 3


@pytest.mark.parametrize("corner", ["top left", "bottom right"])
def test_the_patch_covers_its_pixels_and_no_other(study, corner):
    done = run_python("-m", "experiment.tests.photodiode_pixels", str(study.root), corner)
    assert done.returncode == 0, done.stderr
    shown = np.load(study.root / "patch.npz")
    patch = np.zeros((1080, 1920), dtype=bool)
    end = slice(0, 61) if corner == "top left" else slice(-61, None)
    patch[end, end] = True
    for name, grey in (("on", 255), ("off", 0)):
        assert (shown[name][patch] == grey).all()
        assert (shown[name][~patch] == 128).all()


# --- the dialog, answered from outside ---------------------------------------------------------


@pytest.fixture
def display(monkeypatch):
    if not ON_LINUX or shutil.which("xdotool") is None:
        pytest.skip("answering a dialog from outside needs Linux with xdotool")
    with seat.display(1280, 960) as on:
        monkeypatch.setenv("DISPLAY", on)
        yield


def press(*steps: str) -> "subprocess.Popen[bytes]":
    """Wait for the dialog in a process of its own, and press keys in it."""
    script = "\n".join(
        [
            "import subprocess, sys, time",
            "def tool(*words): return subprocess.run(['xdotool', *words], check=False,",
            "                                        capture_output=True, text=True).stdout",
            f"while not (found := tool('search', '--onlyvisible', '--name', {TITLE!r})):",
            "    time.sleep(0.2)",
            "time.sleep(1)",
            "tool('windowfocus', found.split()[0])",
            "for step in sys.argv[1:]:",
            "    time.sleep(0.3)",
            "    tool(*step.split())",
        ]
    )
    return subprocess.Popen([sys.executable, "-c", script, *steps])


def test_the_dialog_is_filled_in_and_confirmed(display, study):
    keys = press("key Tab Tab Tab Tab Tab Tab", "type kl", "key Tab Down Down", "key Return")
    try:
        answers = ask_session(study)
    finally:
        keys.kill()
        keys.wait()
    expected = SessionAnswers("sub-001", "01", "real", "right", "normal", "KL", "mouse", False)
    assert answers == expected


def test_the_dialog_is_cancelled(display, study, capsys):
    before = files(study)
    keys = press("key Escape")
    started = time.monotonic()
    try:
        assert ask_session(study) is None
    finally:
        keys.kill()
        keys.wait()
    assert time.monotonic() - started < 60
    assert "no session was started" in capsys.readouterr().err
    assert files(study) == before
