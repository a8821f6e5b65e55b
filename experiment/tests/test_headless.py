import shutil
import subprocess
import sys

import pytest

from experiment import headless
from study.errors import InputError


def test_a_linux_without_display_and_xvfb_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="apt-get install xvfb"), headless.screen_for_session(9, 9):
        pass


@pytest.mark.parametrize(("platform", "display"), [("linux", ":0"), ("win32", ""), ("darwin", "")])
def test_where_there_is_a_screen_none_is_made(monkeypatch, platform, display):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(subprocess, "Popen", None)
    with headless.screen_for_session(1920, 1080) as virtual:
        assert not virtual
