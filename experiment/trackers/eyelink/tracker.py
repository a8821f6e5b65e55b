"""The EyeLink as a session knows it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from experiment import messages
from experiment.recording import part_of
from experiment.trackers.eyelink import connection
from experiment.trackers.eyelink.block import Block
from experiment.trackers.eyelink.commands import session_commands
from experiment.trackers.eyelink.followed import FollowedMessages
from experiment.trackers.eyelink.host_files import (
    host_name,
    how_to_fetch,
    receive_recording,
)
from experiment.trackers.eyelink.host_link import HostLink
from experiment.trackers.eyelink.results import drift_offset_deg, validation_accuracy
from experiment.trackers.protocol import (
    Accuracy,
    Sample,
    TargetScreen,
    TrackerSetup,
)
from study.errors import InputError
from study.progress import say

_ESC = 27
_FILE_PAUSE_MS = 500
_VALIDATE_HINT = "V validates the calibration; C calibrates anew where it is not good."


class EyelinkTracker:
    """Record with an EyeLink, into a file on its Host PC that is fetched at the end.

    Parameters
    ----------
    setup : TrackerSetup
        The recording, the window, the eye.
    """

    name = "eyelink"
    simulates_participant = False

    def __init__(self, setup: TrackerSetup) -> None:
        experiment = setup.study.settings.experiment
        self._settings = experiment.eyelink
        self._calibration = experiment.calibration
        self._eye = setup.eye
        self._window = setup.window
        self._target = setup.recording.with_name(f"{setup.recording.name}.edf")
        self._host_name = host_name(
            setup.plan.participant_id, setup.plan.session, part_of(setup.recording)
        )
        self._host = HostLink(setup.window, self._host_name)
        self._block = Block(self._host, self._settings, setup.eye)
        self._followed = FollowedMessages(self._host, self._settings, setup.plan.trials)
        self._display: Any = None
        self._pygaze: Any = None
        self._file_is_open = False
        self._facts: dict[str, str | float] = {
            "model": "EyeLink",
            "address": self._settings.address,
            "host_file": f"{self._host_name}.edf",
            "eye": self._eye,
            "sample_rate_hz": float(self._settings.sample_rate_hz),
        }

    # --- connection ----------------------------------------------------------------------------

    def connect(self) -> None:
        """Reach the Host PC, open the recording there, and tell it how to record.

        Raises
        ------
        InputError
            If the tracker does not answer, or has other values than it was told.
        """
        if self._target.exists():
            raise InputError(
                f"A recording is never overwritten, but {self._target} is there already. "
                "Move it away, or run another session."
            )
        self._host.pylink = connection.reach_host(self._settings.address)
        try:
            self._configure()
        except BaseException:
            self.close()
            raise

    def _configure(self) -> None:
        """Make the calibration display and PyGaze's class, and send what the study asks for."""
        link, window = self._host.pylink, self._window
        self._display = self._make_display()
        link.setOfflineMode()
        self._file_is_open = True
        try:
            self._pygaze = connection.configure_host(
                link, self._display, window, self._host_name, self._settings.pupil_size
            )
        except Exception as error:  # PyGaze raises plain Exceptions, pylink RuntimeErrors
            raise InputError(
                f"The EyeLink must take PyGaze's settings, but it did not ({error}). "
                "Start the EyeLink program on the Host PC anew, and try again."
            ) from error
        commands = session_commands(
            self._settings, self._calibration.type, window.screen, self._eye
        )
        preamble = "add_file_preamble_text 'RECORDED BY faceoff'"
        refused = connection.send_commands(link, [preamble, *commands])
        answers = connection.read_back(link, commands)
        self._facts["software"] = str(link.getTrackerVersionString())
        self._facts["refused_commands"] = "; ".join(refused)
        self._facts["read_back"] = "; ".join(f"{name} = {reply}" for name, reply in answers.items())
        if refused:
            say(f"The EyeLink did not take: {'; '.join(refused)}.")

    def _make_display(self) -> Any:
        """Make the display on which pylink draws; its modules import pylink, so they come late."""
        from experiment.trackers.eyelink.calibration_screen import CalibrationScreen
        from experiment.trackers.eyelink.display import EyelinkDisplay
        from experiment.trackers.eyelink.sounds import Sounds

        sounds = Sounds(wanted=self._calibration.sounds)
        self._facts["sounds"] = sounds.state
        if sounds.state.startswith("none"):
            say(f"Sounds of the calibration: {sounds.state}.")
        return EyelinkDisplay(
            self._window, CalibrationScreen(self._window, self._calibration), sounds
        )

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        if self._host.pylink is None:
            return
        link, self._host.pylink = self._host.pylink, None
        self._block.is_on = False
        with suppress(Exception):
            if self._file_is_open:
                link.setOfflineMode()
                link.closeDataFile()
        self._file_is_open = False
        with suppress(Exception):
            link.close()
        with suppress(Exception):
            connection.forget_host()

    # --- calibration ---------------------------------------------------------------------------

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy | None:
        """Open Camera Setup in the window, until the experimenter leaves it by Esc.

        Parameters
        ----------
        screen : TargetScreen
            Not used: the targets are drawn as [experiment.calibration] says.
        validate_only : bool, default False
            Say on the screen that a validation is due. What is done is up to the experimenter,
            who may see that a new calibration is needed.

        Returns
        -------
        Accuracy or None
            What the last validation found, if the tracker says it in numbers.

        Raises
        ------
        TrackerLostError
            If the tracker does not answer any more.
        QuitError
            If the window was closed.
        """
        self._host.go_offline()
        hint = _VALIDATE_HINT if validate_only else ""
        link = self._host.pylink
        with self._host.answering("Camera Setup"), self._display.in_use(link, hint=hint):
            link.doTrackerSetup()
        self._host.check()
        text = self._last_result()
        if text:
            number = sum(name.startswith("calibration_") for name in self._facts) + 1
            self._facts[f"calibration_{number:02d}"] = text
        return validation_accuracy(text)

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Compare gaze with a target; the calibration is never shifted by it.

        The participant looks at the target and presses the space bar, or the operator does on the
        Host PC. Esc opens Camera Setup; the check then comes again.

        Parameters
        ----------
        x_px, y_px : float
            The target, in screen pixels.
        screen : TargetScreen
            Where it is shown.

        Returns
        -------
        float
            How far gaze was from it, in degrees; NaN if the tracker does not say it.

        Raises
        ------
        TrackerLostError
            If the tracker does not answer any more, or refuses the check.
        QuitError
            If the window was closed.
        """

        def show() -> None:
            screen.show_target(x_px, y_px)

        link = self._host.pylink
        self._host.go_offline()
        while True:
            with self._host.answering("A drift check"), self._display.in_use(link, redraw=show):
                show()
                # Neither draws pylink the target nor does it open Setup: both are done here.
                result = link.doDriftCorrect(round(x_px), round(y_px), 0, 0)
            self._host.check()
            if result != _ESC:
                return drift_offset_deg(self._last_result())
            self.calibrate(screen)

    def _last_result(self) -> str:
        """Give the tracker's words about the last calibration, validation or drift check."""
        try:
            return " ".join(str(self._host.pylink.getCalibrationMessage() or "").split())
        except RuntimeError:
            return ""

    # --- recording -----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to record, and check what is recorded.

        Raises
        ------
        TrackerLostError
            If no samples come.
        InputError
            If the eye or the rate is not what the study says.
        """
        self._followed.start()
        self._block.start()

    def stop(self) -> None:
        """End the recording; without one under way, do nothing."""
        # A trial that is broken off has no FACE_OFF; the next face must raise the line again.
        self._followed.set_ttl(0)
        self._block.stop()

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
        return self._block.newest_sample()

    def message(self, text: str) -> float:
        """Write a message into the recording.

        The messages of the session also lead what the operator sees on the Host PC, and the TTL
        port.

        Parameters
        ----------
        text : str
            At most 128 characters.

        Returns
        -------
        float
            The tracker's time just before it was sent, in milliseconds.

        Raises
        ------
        InputError
            If it is too long.
        TrackerLostError
            If the tracker does not answer any more.
        """
        messages.check_length(text)
        self._host.check()
        with self._host.answering("A message"):
            time_ms = float(self._host.pylink.trackerTime())
            self._host.pylink.sendMessage(text)
        self._followed.message(text)
        return time_ms

    # --- end -----------------------------------------------------------------------------------

    def save(self) -> list[Path]:
        """Close the recording on the Host PC and fetch it; nothing that fails here is raised.

        Returns
        -------
        list of Path
            The recording; nothing where it did not arrive, which is said with what to do.
        """
        if not self._file_is_open:
            return []
        link, self._file_is_open, self._block.is_on = self._host.pylink, False, False
        try:
            self._host.check()
            link.setOfflineMode()
            self._host.pause(_FILE_PAUSE_MS)
            link.closeDataFile()
            self._host.pause(_FILE_PAUSE_MS)
        except Exception as error:  # whatever it is, the session goes on closing
            say(
                f"The EyeLink could not close its recording ({error}). "
                f"{how_to_fetch(self._host_name, self._target)}"
            )
            return []
        say(f"Fetching {self._host_name}.edf from the Host PC.")
        return receive_recording(link, self._host_name, self._target)

    def facts(self) -> dict[str, str | float]:
        """Say what records, how, and what its calibrations found.

        Returns
        -------
        dict
            Software, rate, eye, name on the Host PC, answers of the tracker.
        """
        return self._facts | self._block.facts
