"""The Open Gaze API of Gazepoint's trackers: lines of text over a network connection.

The server is Gazepoint Control, on this computer or another one. It answers commands (ACK, NACK),
reports a calibration (CAL), and sends a record for each camera image (REC).

References
----------
Gazepoint, Open Gaze API, version 2.0 (2013) and later revisions.
"""

import queue
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape, unescape
from threading import Condition, Thread

from experiment.trackers.protocol import TrackerLostError
from study.errors import InputError

_ANSWER_SECONDS = 3.0
_TAG = re.compile(r"<\s*(\w+)\s")
# Gazepoint leaves out the space between two attributes now and then.
_ATTRIBUTE = re.compile(r'(\w+)\s*=\s*"([^"]*)"')

Attributes = dict[str, str]


def parse_line(line: str) -> tuple[str, Attributes] | None:
    """Read a line of the server.

    Parameters
    ----------
    line : str
        One record.

    Returns
    -------
    tuple of str and dict of str to str, or None
        The tag and its attributes; None where it is no record.

    Examples
    --------
    >>> parse_line('<ACK ID="SCREEN_SIZE" X="0"WIDTH="1920" />')
    ('ACK', {'ID': 'SCREEN_SIZE', 'X': '0', 'WIDTH': '1920'})
    """
    match = _TAG.match(line)
    if match is None:
        return None
    return match[1], {name: unescape(value).strip() for name, value in _ATTRIBUTE.findall(line)}


def format_line(tag: str, name: str, values: Mapping[str, object]) -> str:
    r"""Write a command.

    Parameters
    ----------
    tag : str
        SET or GET.
    name : str
        What is set or asked for.
    values : mapping of str to value
        Its parameters.

    Returns
    -------
    str
        The line with its end.

    Examples
    --------
    >>> format_line("SET", "USER_DATA", {"VALUE": 'TRIALID "1"', "DUR": 1})
    '<SET ID="USER_DATA" VALUE="TRIALID &quot;1&quot;" DUR="1" />\r\n'
    """
    written = "".join(f' {key}="{escape(str(value))}"' for key, value in values.items())
    return f'<{tag} ID="{name}"{written} />\r\n'


class OpengazeClient:
    """A connection to an OpenGaze server.

    Parameters
    ----------
    address : str
        Where the server is.
    port : int
        Its port.
    on_record : callable
        Is called with the attributes of each REC, in the connection's thread.

    Raises
    ------
    InputError
        If there is no server.
    """

    def __init__(self, address: str, port: int, on_record: Callable[[Attributes], None]) -> None:
        self._where = f"{address}, port {port}"
        try:
            self._socket = socket.create_connection((address, port), timeout=_ANSWER_SECONDS)
        except OSError as error:
            raise InputError(
                f"An OpenGaze server must answer at {self._where}, but it does not: {error}. "
                "Start Gazepoint Control, or correct [experiment.pygaze] address and port in "
                "study.toml."
            ) from error
        self._socket.settimeout(None)
        self._reports: queue.SimpleQueue[Attributes] = queue.SimpleQueue()
        #: Why there is no connection any more; empty as long as there is one.
        self.lost = ""
        self._on_record = on_record
        self._answers: dict[str, tuple[str, Attributes]] = {}
        self._answered = Condition()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def tell(self, tag: str, name: str, **values: object) -> None:
        """Send a command without waiting for its answer.

        Parameters
        ----------
        tag : str
            SET or GET.
        name : str
            What is set or asked for.
        **values
            Its parameters.

        Raises
        ------
        TrackerLostError
            If there is no connection.
        """
        try:
            self._socket.sendall(format_line(tag, name, values).encode("utf-8"))
        except OSError as error:
            self.lost = self.lost or str(error)
            raise TrackerLostError(self._complaint(self.lost)) from error

    def ask(self, tag: str, name: str, **values: object) -> Attributes:
        """Send a command and wait for its answer.

        Parameters
        ----------
        tag : str
            SET or GET.
        name : str
            What is set or asked for.
        **values
            Its parameters.

        Returns
        -------
        dict of str to str
            What the server says.

        Raises
        ------
        TrackerLostError
            If it does not answer, or refuses.
        """
        with self._answered:
            self._answers.pop(name, None)
        self.tell(tag, name, **values)
        with self._answered:
            self._answered.wait_for(lambda: name in self._answers or self.lost, _ANSWER_SECONDS)
            kind, attributes = self._answers.pop(name, ("", {}))
        if kind == "ACK":
            return attributes
        refused = "it refuses it" if kind else self.lost or f"{_ANSWER_SECONDS:g} s pass"
        raise TrackerLostError(self._complaint(f"on {tag} {name} {refused}"))

    def next_report(self, timeout_s: float) -> Attributes | None:
        """Wait for what the server says next about a calibration.

        Parameters
        ----------
        timeout_s : float
            How long, in seconds.

        Returns
        -------
        dict of str to str or None
            None where it said nothing.

        Raises
        ------
        TrackerLostError
            If there is no connection any more.
        """
        try:
            return self._reports.get(timeout=timeout_s)
        except queue.Empty:
            if self.lost:
                raise TrackerLostError(self._complaint(self.lost)) from None
            return None

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        self.lost = self.lost or "it was closed"
        with suppress(OSError):  # where the other side was quicker
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_ANSWER_SECONDS)
        self._socket.close()

    def _complaint(self, evidence: str) -> str:
        """Say that the server is gone."""
        return (
            f"The OpenGaze server at {self._where} must answer, but {evidence}. Look at Gazepoint "
            "Control and the tracker's cable; what was recorded is kept."
        )

    def _listen(self) -> None:
        """Take what the server sends, line by line, until it ends: what the thread does."""
        rest = b""
        try:
            while piece := self._socket.recv(65536):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self._take(line.decode("utf-8", errors="replace"))
            reason = "it has ended the connection"
        except OSError as error:
            reason = f"the connection broke ({error})"
        with self._answered:
            self.lost = self.lost or reason
            self._answered.notify_all()

    def _take(self, line: str) -> None:
        """Give one line to those whom it concerns."""
        parsed = parse_line(line)
        if parsed is None:
            return
        tag, attributes = parsed
        if tag == "REC":
            self._on_record(attributes)
        elif tag == "CAL":
            self._reports.put(attributes)
        elif "ID" in attributes:
            with self._answered:
                self._answers[attributes["ID"]] = tag, attributes
                self._answered.notify_all()
