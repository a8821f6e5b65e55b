"""The link to the Host PC, whose errors are those of a lost tracker."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from experiment.trackers.eyelink import connection
from experiment.trackers.protocol import TrackerLostError
from experiment.window import Window

_MODE_PAUSE_MS = 50


class HostLink:
    """What every step with the Host PC needs: is it there, what does it say, and time.

    Parameters
    ----------
    window : Window
        The session's window, which goes on answering to the system in each pause.
    host_name : str
        The recording's name on the Host PC.
    """

    def __init__(self, window: Window, host_name: str) -> None:
        self._window = window
        self._host_name = host_name
        #: pylink's connection; None before it is made and after it is closed.
        self.pylink: Any = None

    def check(self) -> None:
        """Ask whether the tracker answers.

        Raises
        ------
        TrackerLostError
            If it does not answer any more.
        """
        if self.pylink is None or self.pylink.isConnected() != connection.CONNECTED:
            raise TrackerLostError(
                "The EyeLink must answer, but the link to the Host PC is down. Look at the cable "
                f"and the Host PC; the recording up to here is there, as {self._host_name}.edf."
            )

    @contextmanager
    def answering(self, what: str) -> Iterator[None]:
        """Turn an error of pylink into that of a lost tracker.

        Parameters
        ----------
        what : str
            What is being done, as the subject of a sentence.

        Raises
        ------
        TrackerLostError
            If pylink raises.
        """
        try:
            yield
        except RuntimeError as error:
            raise TrackerLostError(
                f"{what} needs a tracker that answers, but the EyeLink says {str(error)!r}. Look "
                "at the cable and the Host PC."
            ) from error

    def go_offline(self) -> None:
        """Bring the tracker into its idle mode, from which each other one begins."""
        self.check()
        with self.answering("Offline mode"):
            self.pylink.setOfflineMode()
        self.pause(_MODE_PAUSE_MS)

    def pause(self, duration_ms: float) -> None:
        """Wait while the window goes on answering to the system; its keys are kept.

        Parameters
        ----------
        duration_ms : float
            How long.
        """
        end_s = time.perf_counter() + duration_ms / 1000
        while (left_s := end_s - time.perf_counter()) > 0:
            with suppress(Exception):  # the window may be gone
                self._window.handle.winHandle.dispatch_events()
            time.sleep(min(left_s, 0.005))
