"""Gazepoint's trackers, and others that speak the Open Gaze API."""

import math
import os
from contextlib import suppress
from pathlib import Path

from experiment.gaze_trace import FloatArray
from experiment.trackers.live_device import TakeSample
from experiment.trackers.live_recording import EyeSample
from experiment.trackers.opengaze_client import Attributes, OpengazeClient
from experiment.trackers.protocol import TargetScreen, TrackerLostError
from stimuli.frames import Screen
from study.errors import InputError
from study.settings.experiment_trackers import PygazeSettings

#: What a record holds; the columns of the tracker's own table, as PyGaze's table names them.
COLUMNS = (
    "CNT", "TIME", "TIME_TICK",
    "FPOGX", "FPOGY", "FPOGS", "FPOGD", "FPOGID", "FPOGV",
    "LPOGX", "LPOGY", "LPOGV", "RPOGX", "RPOGY", "RPOGV", "BPOGX", "BPOGY", "BPOGV",
    "LPCX", "LPCY", "LPD", "LPS", "LPV", "RPCX", "RPCY", "RPD", "RPS", "RPV",
    "LEYEX", "LEYEY", "LEYEZ", "LPUPILD", "LPUPILV",
    "REYEX", "REYEY", "REYEZ", "RPUPILD", "RPUPILV",
    "LPMM", "LPMMV", "RPMM", "RPMMV", "USER",
)  # fmt: skip
_STREAMS = (
    "COUNTER", "TIME", "TIME_TICK", "POG_FIX", "POG_LEFT", "POG_RIGHT", "POG_BEST",
    "PUPIL_LEFT", "PUPIL_RIGHT", "EYE_LEFT", "EYE_RIGHT", "PUPILMM", "USER_DATA",
)  # fmt: skip
# How long a target moves the eye, and how long the tracker then looks at it.
_SETTLE_S, _MEASURE_S = 1.0, 1.0
# A calibration begins, or goes on, within this time.
_REPORT_S = 5.0
_FRAME_MS = 50.0


class OpengazeDevice:
    """A Gazepoint tracker, reached through its server.

    faceoff speaks the Open Gaze API itself: PyGaze's client has its address in the code, gives
    invalid gaze as gaze, and stands still for ever when the server goes.

    Parameters
    ----------
    screen : Screen
        What the gaze refers to.
    settings : PygazeSettings
        Address and port.
    table : Path
        The tracker's own table, which must not exist.
    """

    model = "OpenGaze"
    limits = (
        "no camera image here (Gazepoint Control shows it), "
        "events are found by the analysis, and messages are stamped by this computer's clock, "
        "fitted to the tracker's"
    )

    def __init__(self, screen: Screen, settings: PygazeSettings, table: Path) -> None:
        self.rate_hz: float | None = None
        self._screen = screen
        self._settings = settings
        self._table = table
        self._client: OpengazeClient | None = None
        self._descriptor: int | None = None
        self._take: TakeSample | None = None
        self._facts: dict[str, str | float] = {}
        self._last_count: int | None = None
        self._n_missed = 0
        self._unwritten = ""

    @property
    def lost(self) -> str:
        """Why it sends nothing any more, or why that is not kept."""
        return self._unwritten or ("" if self._client is None else self._client.lost)

    def connect(self, take: TakeSample) -> None:
        """Reach the server, describe the screen, and let it send.

        Parameters
        ----------
        take : callable
            Takes the samples.

        Raises
        ------
        InputError
            If there is no server, it has another screen, or the table exists.
        """
        self._take = take
        client = OpengazeClient(self._settings.address, self._settings.port, self._record)
        self._client = client
        product = client.ask("GET", "PRODUCT_ID")
        self.model = f"Gazepoint {product.get('VALUE', '')}".strip()
        rate_hz = _number(product, "RATE")
        self.rate_hz = rate_hz if rate_hz > 0 else None
        self._facts = {
            "serial_number": client.ask("GET", "SERIAL_ID").get("VALUE", ""),
            "software": "Open Gaze API " + client.ask("GET", "API_ID").get("VALUE", ""),
        }
        self._check_screen(client.ask("GET", "SCREEN_SIZE"))
        self._open_table()
        for stream in _STREAMS:
            client.ask("SET", f"ENABLE_SEND_{stream}", STATE=1)
        client.ask("SET", "ENABLE_SEND_DATA", STATE=1)

    def calibrate(self, points_px: FloatArray, screen: TargetScreen) -> str:
        """Calibrate at targets that are shown in our window.

        Parameters
        ----------
        points_px : ndarray, shape (n, 2)
            The targets, in screen pixels.
        screen : TargetScreen
            Where they are shown.

        Returns
        -------
        str
            The server's summary.

        Raises
        ------
        TrackerLostError
            If the server goes, or does not calibrate.
        """
        client = self._connected()
        client.ask("SET", "CALIBRATE_CLEAR")
        for x_px, y_px in points_px.tolist():
            x, y = self._fraction(x_px, y_px)
            client.ask("SET", "CALIBRATE_ADDPOINT", X=f"{x:.5f}", Y=f"{y:.5f}")
        client.ask("SET", "CALIBRATE_DELAY", VALUE=_SETTLE_S)
        client.ask("SET", "CALIBRATE_TIMEOUT", VALUE=_MEASURE_S)
        # Gazepoint's own calibration window would cover ours.
        client.ask("SET", "CALIBRATE_SHOW", STATE=0)
        while client.next_report(0.0) is not None:
            pass
        client.ask("SET", "CALIBRATE_START", STATE=1)
        try:
            self._show_targets(client, screen)
        finally:
            if not client.lost:
                client.ask("SET", "CALIBRATE_START", STATE=0)
        summary = client.ask("GET", "CALIBRATE_RESULT_SUMMARY")
        return (
            f"AVE_ERROR {summary.get('AVE_ERROR', '?')} px "
            f"VALID_POINTS {summary.get('VALID_POINTS', '?')} of {len(points_px)}"
        )

    def mark(self, text: str) -> None:
        """Put a message into the next record of the stream.

        Parameters
        ----------
        text : str
            The message.
        """
        self._connected().tell("SET", "USER_DATA", VALUE=text, DUR=1)

    def files(self) -> list[Path]:
        """List the tracker's own table.

        Returns
        -------
        list of Path
            Nothing where it was never opened.
        """
        return [self._table] if self._facts and self._table.exists() else []

    def close(self) -> None:
        """Let the server stop sending, and end the connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(TrackerLostError):  # it may be gone
                client.tell("SET", "ENABLE_SEND_DATA", STATE=0)
            client.close()
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def facts(self) -> dict[str, str | float]:
        """Say what is known about the tracker.

        Returns
        -------
        dict
            Serial number, software, and how many records did not come in.
        """
        return {**self._facts, "n_records_missed": float(self._n_missed)}

    def _connected(self) -> OpengazeClient:
        """Give the connection."""
        if self._client is None:
            raise RuntimeError("the tracker must be connected first")
        return self._client

    def _check_screen(self, found: Attributes) -> None:
        """Refuse another screen: gaze comes as a share of it."""
        size = _number(found, "WIDTH"), _number(found, "HEIGHT")
        own = self._screen.width_px, self._screen.height_px
        if size != own:
            raise InputError(
                f"The tracker must look at the screen of [screen] in study.toml, {own[0]} x "
                f"{own[1]} pixels, but Gazepoint Control says {size[0]:g} x {size[1]:g}. Choose "
                "the screen there, or correct the settings."
            )

    def _open_table(self) -> None:
        """Open the table of all that the tracker sends."""
        self._table.parent.mkdir(parents=True, exist_ok=True)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._descriptor = os.open(self._table, flags, 0o644)
        except FileExistsError as error:
            raise InputError(
                f"A recording needs files of its own, but {self._table} exists. "
                "Move it away, or record another session."
            ) from error
        os.write(self._descriptor, ("\t".join(COLUMNS) + "\n").encode("ascii"))

    def _show_targets(self, client: OpengazeClient, screen: TargetScreen) -> None:
        """Show each target when the server begins with it, until there is a result."""
        target, waited_ms = self._screen.centre_px, 0.0
        while waited_ms < 1000 * (_SETTLE_S + _MEASURE_S + _REPORT_S):
            report = client.next_report(0.0)
            if report is None:
                screen.hold_target(*target, _FRAME_MS)
                waited_ms += _FRAME_MS
                continue
            waited_ms = 0.0
            if report.get("ID") == "CALIB_RESULT":
                return
            if report.get("ID") == "CALIB_START_PT":
                target = self._pixels(_number(report, "CALX"), _number(report, "CALY"))
                screen.show_target(*target)
        raise TrackerLostError(
            "The tracker must go through its calibration, but it has stopped to say which target "
            "is next. Look at Gazepoint Control, and calibrate again."
        )

    def _record(self, record: Attributes) -> None:
        """Keep a record as it is, and pass its sample on: in the connection's thread."""
        self._keep(record)
        count = _number(record, "CNT")
        if math.isfinite(count):
            if self._last_count is not None and count > self._last_count:
                self._n_missed += int(count) - self._last_count - 1
            self._last_count = int(count)
        time_ms = 1000 * _number(record, "TIME")
        if self._take is not None and math.isfinite(time_ms):
            self._take(time_ms, self._eye(record, "L"), self._eye(record, "R"))

    def _keep(self, record: Attributes) -> None:
        """Write a record into the tracker's own table."""
        if self._descriptor is None:
            return
        cells = (record.get(name, "").replace("\t", " ") for name in COLUMNS)
        try:
            os.write(self._descriptor, ("\t".join(cells) + "\n").encode("utf-8"))
        except OSError as error:
            self._unwritten = f"{self._table} cannot be written ({error.strerror})"

    def _eye(self, record: Attributes, letter: str) -> EyeSample:
        """Read one eye; gaze that the tracker calls invalid is missing."""
        if record.get(f"{letter}POGV") != "1":
            return EyeSample()
        x, y = _number(record, f"{letter}POGX"), _number(record, f"{letter}POGY")
        has_pupil = record.get(f"{letter}PMMV") == "1"
        pupil_mm = _number(record, f"{letter}PMM") if has_pupil else math.nan
        return EyeSample(*self._pixels(x, y), pupil_mm)

    def _pixels(self, x: float, y: float) -> tuple[float, float]:
        """Turn shares of the screen into pixels, whose first one has its centre at 0."""
        return x * self._screen.width_px - 0.5, y * self._screen.height_px - 0.5

    def _fraction(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Turn pixels into shares of the screen."""
        return (x_px + 0.5) / self._screen.width_px, (y_px + 0.5) / self._screen.height_px


def _number(attributes: Attributes, name: str) -> float:
    """Read a number; NaN where there is none."""
    try:
        return float(attributes[name])
    except (KeyError, ValueError):
        return math.nan
