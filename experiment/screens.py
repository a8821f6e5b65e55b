"""The screens between trials: texts to read, consent, feedback, the experimenter's panel."""

from experiment.keys import EscPressed
from experiment.panel import Choice, ask_experimenter
from experiment.texts import Texts
from experiment.window import Window
from study.settings.experiment import ExperimentSettings

GO_ON_KEYS = ("space", "return")
# Yes in the languages of the texts: yes, ja.
_YES, _NO = ("y", "j"), ("n",)


class Screens:
    """Shows a session's texts and waits for their keys.

    Parameters
    ----------
    window : Window
        Where they are shown.
    texts : Texts
        What is to be read.
    settings : ExperimentSettings
        Times.
    reads_by_itself : bool
        Whether nobody sits there who could press a key, as a simulated participant does not.
    """

    def __init__(
        self, window: Window, texts: Texts, settings: ExperimentSettings, *, reads_by_itself: bool
    ) -> None:
        self._window = window
        self._texts = texts
        self._settings = settings
        self.reads_by_itself = reads_by_itself

    def read(self, text: str) -> None:
        """Show a text until the participant goes on.

        Parameters
        ----------
        text : str
            The text.

        Raises
        ------
        EscPressed
            If the experimenter wants the panel.
        """
        self._window.show_text(text)
        timeout_ms = self._settings.screen_ms if self.reads_by_itself else None
        self._window.wait_for_key(GO_ON_KEYS, timeout_ms)

    def tell(self, name: str, **values: object) -> None:
        """Show a screen and go on at once; it stays until the next one.

        Parameters
        ----------
        name : str
            One of `experiment.texts.SCREENS`.
        **values : object
            What is to be filled in.
        """
        self._window.show_text(self._texts.screen(name, **values))

    def give_feedback(self, expression: str, *, correct: bool | None) -> None:
        """Say for a moment whether an answer was right, and what was shown.

        Parameters
        ----------
        expression : str
            What was shown.
        correct : bool or None
            Whether the answer was that; None where there was none.
        """
        name = {True: "right", False: "wrong", None: "no_answer"}[correct]
        self.tell(name, expression=self._texts.expressions[expression])
        self._window.wait_for_key((), self._settings.feedback_ms)

    def ask_consent(self, version: str) -> bool:
        """Ask for consent.

        Parameters
        ----------
        version : str
            Version of the form.

        Returns
        -------
        bool
            Whether it was given.
        """
        with self._window.esc_as_key():
            self.tell("consent", version=version)
            press = self._window.wait_for_key((*_YES, *_NO, "escape"))
        return press is not None and press.key in _YES

    def ask_experimenter(self, choices: tuple[Choice, ...], reason: str = "") -> Choice:
        """Show the experimenter's panel.

        Parameters
        ----------
        choices : tuple of Choice
            What can be done now.
        reason : str, default ""
            Why it is there.

        Returns
        -------
        Choice
            What is to be done.
        """
        return ask_experimenter(self._window, self._texts, choices, reason)

    def pause(self) -> bool:
        """Show an empty screen between two trials.

        Returns
        -------
        bool
            False where the experimenter wants the panel.
        """
        try:
            self._window.flip()
            self._window.wait_for_key((), self._settings.pause_ms)
        except EscPressed:
            return False
        return True
