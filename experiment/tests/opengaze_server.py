"""A server of the Open Gaze API on the loopback address, whose eye looks where it is told."""

import re
import socket
import time
from contextlib import suppress
from threading import Event, Thread

ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
SIZE = (1920, 1080)


class OpengazeServer:
    """Serve one client, for at most some seconds.

    ``look_at`` moves the eye, ``left_seen`` and ``right_seen`` say whether gaze is valid,
    ``is_stuck`` lets the stream dry up with the connection open, ``end`` ends the connection.
    """

    def __init__(self, rate_hz: float = 150.0, lifetime_s: float = 120.0) -> None:
        self.rate_hz = rate_hz
        self.place = (0.5, 0.5)
        self.left_seen = self.right_seen = True
        self.is_stuck = False
        self.knows_calibration = True
        self.commands: list[str] = []
        self.sent: list[tuple[float, float, float]] = []
        self.points: list[tuple[float, float]] = []
        self.user = "0"
        self._over = Event()
        self._end_s = time.monotonic() + lifetime_s
        self._start_s = time.monotonic()
        self._is_sending = False
        self._steps: list[tuple[float, str]] = []
        self._durations = {"CALIBRATE_DELAY": 0.5, "CALIBRATE_TIMEOUT": 0.5}
        self.speed = 1.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "OpengazeServer":
        self._thread.start()
        return self

    def __exit__(self, *what: object) -> None:
        self.end()

    def look_at(self, x_px: float, y_px: float) -> None:
        self.place = (x_px + 0.5) / SIZE[0], (y_px + 0.5) / SIZE[1]

    def end(self) -> None:
        self._over.set()
        self._thread.join(5)
        self._listener.close()

    def _is_over(self) -> bool:
        return self._over.is_set() or time.monotonic() > self._end_s

    def _serve(self) -> None:
        while not self._is_over():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client, suppress(OSError):  # the client may go at any moment
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(0.0005)
        rest, next_s, count = b"", time.monotonic(), 0
        while not self._is_over():
            try:
                piece = client.recv(4096)
                if not piece:
                    return
                *lines, rest = (rest + piece).split(b"\r\n")
                for line in lines:
                    self._send(client, self._answer(line.decode()))
            except TimeoutError:
                pass
            now_s = time.monotonic()
            while self._steps and self._steps[0][0] <= now_s:
                self._send(client, self._steps.pop(0)[1])
            if now_s >= next_s:
                next_s += 1 / self.rate_hz
                count += 1
                if self._is_sending and not self.is_stuck:
                    self._send(client, self._record(count))

    def _send(self, client: socket.socket, line: str) -> None:
        # In two parts, as a network may: a line can end in the next piece.
        data = (line + "\r\n").encode()
        client.sendall(data[: len(data) // 2])
        client.sendall(data[len(data) // 2 :])

    def _answer(self, line: str) -> str:
        self.commands.append(line)
        verb = line[1:4]
        values = dict(ATTRIBUTE.findall(line))
        name = values.pop("ID")
        known = {
            "PRODUCT_ID": f'VALUE="GP3HD" BUS="USB3"RATE="{self.rate_hz:g}"',
            "SERIAL_ID": 'VALUE="123456789"',
            "API_ID": 'VALUE="2.0"',
            "SCREEN_SIZE": f'X="0" Y="0" WIDTH="{SIZE[0]}" HEIGHT="{SIZE[1]}"',
            "TIME_TICK_FREQUENCY": 'FREQ="10000000"',
            "CALIBRATE_RESULT_SUMMARY": f'AVE_ERROR="19.43" VALID_POINTS="{len(self.points)}"',
        }
        if verb == "GET" and name in known:
            return f'<ACK ID="{name}" {known[name]} />'
        if name == "CALIBRATE_CLEAR":
            self.points.clear()
        elif name == "CALIBRATE_ADDPOINT":
            self.points.append((float(values["X"]), float(values["Y"])))
        elif name in self._durations:
            self._durations[name] = float(values["VALUE"])
        elif name == "ENABLE_SEND_DATA":
            self._is_sending = values["STATE"] == "1"
        elif name == "USER_DATA":
            self.user = values["VALUE"]
        elif name == "CALIBRATE_START":
            self._calibrate(values["STATE"] == "1")
        elif not name.startswith(("ENABLE_SEND_", "CALIBRATE_SHOW")):
            return f'<NACK ID="{name}" />'
        said = " ".join(f'{key}="{value}"' for key, value in values.items())
        return f'<ACK ID="{name}" {said} />'

    def _calibrate(self, begins: bool) -> None:
        self._steps = []
        if not begins or not self.knows_calibration:
            return
        self._start_s = time.monotonic()  # TIME counts from the last calibration
        when_s, result = time.monotonic(), ""
        for number, (x, y) in enumerate(self.points, start=1):
            point = f'PT="{number}" CALX="{x:.5f}" CALY="{y:.5f}"'
            # Some versions have a space in the name.
            self._steps.append((when_s, f'<CAL ID=" CALIB_START_PT" {point} />'))
            when_s += sum(self._durations.values()) / self.speed
            self._steps.append((when_s, f'<CAL ID="CALIB_RESULT_PT" {point} />'))
            result += (
                f' CALX{number}="{x:.5f}" CALY{number}="{y:.5f}"'
                f' LX{number}="{x:.5f}" LY{number}="{y:.5f}" LV{number}="1"'
                f' RX{number}="{x:.5f}" RY{number}="{y:.5f}" RV{number}="1"'
            )
        self._steps.append((when_s, f'<CAL ID="CALIB_RESULT"{result} />'))

    def _record(self, count: int) -> str:
        time_s, (x, y) = time.monotonic() - self._start_s, self.place
        self.sent.append((time_s, x, y))
        left, right = int(self.left_seen), int(self.right_seen)
        user, self.user = self.user, "0"
        # The last place is sent again where an eye is not seen.
        return (
            f'<REC CNT="{count}" TIME="{time_s:.5f}" TIME_TICK="{int(time_s * 1e7)}" '
            f'FPOGX="{x:.5f}" FPOGY="{y:.5f}" FPOGS="0.1" FPOGD="0.2" FPOGID="1" FPOGV="1" '
            f'LPOGX="{x - 0.001:.5f}" LPOGY="{y:.5f}" LPOGV="{left}" '
            f'RPOGX="{x + 0.001:.5f}" RPOGY="{y:.5f}" RPOGV="{right}" '
            f'BPOGX="{x:.5f}" BPOGY="{y:.5f}" BPOGV="{left | right}" '
            f'LPMM="3.125" LPMMV="{left}" RPMM="3.250" RPMMV="{right}" USER="{user}" />'
        )
