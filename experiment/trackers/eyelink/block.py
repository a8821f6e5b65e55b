"""One block of recording: how it begins, what comes from it, and how it is found to have ended."""

import time

from experiment.trackers.eyelink import connection
from experiment.trackers.eyelink.commands import filter_command
from experiment.trackers.eyelink.host_link import HostLink
from experiment.trackers.eyelink.samples import newest_of
from experiment.trackers.protocol import Eye, Sample, TrackerLostError
from study.errors import InputError
from study.settings.experiment_trackers import EyelinkSettings

_STALE_SECONDS = 0.5
_BLOCK_START_MS = 1000
_EYES = {"left": (0, 2), "right": (1, 2), "both": (2,)}
_EYE_NAMES = {-1: "no eye", 0: "the left eye", 1: "the right eye", 2: "both eyes"}
_FILTERS = ("off", "standard", "extra")


class Block:
    """The block of recording under way, or the last one.

    Parameters
    ----------
    host : HostLink
        The tracker, connected.
    settings : EyelinkSettings
        Rate and filter.
    eye : {"left", "right", "both"}
        Which eye is to be recorded.
    """

    def __init__(self, host: HostLink, settings: EyelinkSettings, eye: Eye) -> None:
        self._host = host
        self._settings = settings
        self._eye: Eye = eye
        self._newest: Sample | None = None
        self._start_ms = 0.0
        self._arrived_s = 0.0
        #: Whether it is under way.
        self.is_on = False
        #: Rate and filter, as the tracker says that it records.
        self.facts: dict[str, str | float] = {}

    def start(self) -> None:
        """Begin to record, and check what is recorded.

        Raises
        ------
        TrackerLostError
            If no samples come.
        InputError
            If the eye or the rate is not what the study says.
        """
        link = self._host.pylink
        self._host.go_offline()
        # On some models the filter goes back to its default after each recording.
        connection.send_commands(link, [filter_command(self._settings.filter)])
        self._newest = None
        self._start_ms = float(link.trackerTime())
        with self._host.answering("A recording"):
            failed = link.startRecording(1, 1, 1, 1)
            began = not failed and link.waitForBlockStart(_BLOCK_START_MS, 1, 0)
        if not began:
            raise TrackerLostError(
                "The EyeLink must begin to record when it is told, but no samples came within "
                f"{_BLOCK_START_MS} ms. Look at the Host PC: it may show a menu or an error."
            )
        self.is_on = True
        self._arrived_s = time.perf_counter()
        self._check_mode()

    def _check_mode(self) -> None:
        """Compare what is recorded with what was asked for."""
        available = self._host.pylink.eyeAvailable()
        if available not in _EYES[self._eye]:
            raise InputError(
                f"The EyeLink must record the eye that the session says ({self._eye}), but it "
                f"records {_EYE_NAMES.get(available, 'no eye')}. Choose the eye on the Host PC, "
                "or begin the session with the other eye."
            )
        _, rate_hz, _, file_filter, _ = self._host.pylink.getModeData()
        if rate_hz > 0 and rate_hz != self._settings.sample_rate_hz:
            raise InputError(
                f"The EyeLink must record {self._settings.sample_rate_hz} samples in a second, "
                f"but it records {rate_hz}. Set study.toml, [experiment.eyelink] sample_rate_hz, "
                "to a rate that its licence and mode allow."
            )
        self.facts["sample_rate_hz"] = float(rate_hz)
        if 0 <= file_filter < len(_FILTERS):
            self.facts["filter"] = _FILTERS[file_filter]

    def stop(self) -> None:
        """End the recording; without one under way, do nothing."""
        if not self.is_on:
            return
        self.is_on = False
        with self._host.answering("The end of a recording"):
            self._host.pylink.stopRecording()

    def newest_sample(self) -> Sample | None:
        """Give the latest sample.

        Returns
        -------
        Sample or None
            None where there has been none since the recording began.

        Raises
        ------
        TrackerLostError
            If the link is down, the recording was stopped, or no sample came for half a second.
        """
        self._host.check()
        with self._host.answering("A recording"):
            stopped = self._host.pylink.isRecording()
            raw = self._host.pylink.getNewestSample()
        if stopped or not self.is_on:
            self.is_on = False
            raise TrackerLostError(
                "The EyeLink must record during a trial, but its recording has ended. Look at the "
                "Host PC: somebody may have pressed Abort or Esc there."
            )
        now_s = time.perf_counter()
        if raw is not None and self._is_new(float(raw.getTime())):
            self._newest, self._arrived_s = newest_of(raw, self._eye), now_s
        if now_s - self._arrived_s > _STALE_SECONDS:
            raise TrackerLostError(
                "The EyeLink must send samples during a recording, but none has come for "
                f"{1000 * (now_s - self._arrived_s):.0f} ms. Look at the cable and the Host PC."
            )
        return self._newest

    def _is_new(self, time_ms: float) -> bool:
        """Tell whether a sample is of this block and has not been seen."""
        if self._newest is None:
            return time_ms >= self._start_ms
        return time_ms != self._newest.time_ms
