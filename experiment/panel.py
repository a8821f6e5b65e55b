"""The experimenter's panel: what can be done when a session stands still, and its keys."""

from enum import Enum

from experiment.texts import Texts
from experiment.window import Window


class Choice(Enum):
    """What the experimenter wants; the value is the key."""

    RESUME = "r"
    RECALIBRATE = "c"
    WITHOUT_GATE = "g"
    SKIP = "s"
    QUIT = "q"


BETWEEN_TRIALS = (Choice.RESUME, Choice.RECALIBRATE, Choice.QUIT)
IN_A_TRIAL = (Choice.RESUME, Choice.RECALIBRATE, Choice.SKIP, Choice.QUIT)
AT_THE_GATE = (
    Choice.RESUME,
    Choice.RECALIBRATE,
    Choice.WITHOUT_GATE,
    Choice.SKIP,
    Choice.QUIT,
)


def ask_experimenter(
    window: Window, texts: Texts, choices: tuple[Choice, ...], reason: str
) -> Choice:
    """Show the panel and wait for one of its keys; Esc again goes on, as r does.

    Parameters
    ----------
    window : Window
        Where it is shown.
    texts : Texts
        What the experimenter reads.
    choices : tuple of Choice
        What can be done now.
    reason : str
        Why the panel is there.

    Returns
    -------
    Choice
        What is to be done.
    """
    options = "\n".join(f"{c.value}   {texts.panel[c.name.lower()]}" for c in choices)
    text = texts.screen("panel", reason=reason, options=options)
    keys = {choice.value: choice for choice in choices} | {"escape": Choice.RESUME}
    # Also while the panel comes: a second Esc of somebody in a hurry is no reason to end.
    with window.esc_as_key():
        window.show_text(text)
        press = window.wait_for_key(keys)
    return keys[press.key] if press else Choice.RESUME
