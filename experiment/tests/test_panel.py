"""Screens that take Esc themselves, in front of somebody who presses it while they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from experiment.keys import EscPressed, KeyPress
from experiment.panel import IN_A_TRIAL, Choice, ask_experimenter
from experiment.screens import Screens
from experiment.tests.made_up_study import make_study
from experiment.texts import read_texts
from study.settings.experiment import ExperimentSettings


class HastyWindow:
    """A window in which Esc is pressed with each frame that is shown, and then another key."""

    def __init__(self, then: str) -> None:
        self._then = then
        self._esc_is_a_key = False

    @contextmanager
    def esc_as_key(self) -> Iterator[None]:
        self._esc_is_a_key = True
        yield
        self._esc_is_a_key = False

    def show_text(self, _text: str) -> None:
        if not self._esc_is_a_key:
            raise EscPressed

    def wait_for_key(self, keys: Any) -> KeyPress:
        assert self._then in keys
        return KeyPress(self._then, 0.0)


def test_a_second_esc_while_the_panel_comes_leaves_it_there(tmp_path):
    texts = read_texts(make_study(tmp_path / "study"))
    window: Any = HastyWindow("s")
    assert ask_experimenter(window, texts, IN_A_TRIAL, "") is Choice.SKIP


@pytest.mark.parametrize(("key", "given"), [("y", True), ("j", True), ("n", False)])
def test_esc_before_the_form_is_seen_gives_and_refuses_no_consent(tmp_path, key, given):
    texts = read_texts(make_study(tmp_path / "study"))
    window: Any = HastyWindow(key)
    screens = Screens(window, texts, ExperimentSettings(), reads_by_itself=False)
    assert screens.ask_consent("1") is given
