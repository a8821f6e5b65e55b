"""What the EyeLink does with a session's messages, beside writing them."""

import time
from collections.abc import Sequence

from experiment import messages
from experiment.trackers.eyelink import connection
from experiment.trackers.eyelink.commands import backdrop_commands, ttl_command
from experiment.trackers.eyelink.host_link import HostLink
from participants.plans import PlannedTrial
from study.settings.experiment_trackers import EyelinkSettings

_VARIABLES_AT_ONCE = 5


class FollowedMessages:
    """Show the operator each trial, and tell other devices of each face.

    Parameters
    ----------
    host : HostLink
        The link to the Host PC.
    settings : EyelinkSettings
        Which TTL port there is, if any.
    trials : sequence of PlannedTrial
        The session's trials.
    """

    def __init__(
        self, host: HostLink, settings: EyelinkSettings, trials: Sequence[PlannedTrial]
    ) -> None:
        self._host = host
        self._ttl_port = settings.ttl_port
        self._trials = {trial.trial: trial for trial in trials}
        self._n_variables = 0
        self._ttl_level = 0

    def start(self) -> None:
        """Begin to count a trial's variables anew."""
        self._n_variables = 0

    def message(self, text: str) -> None:
        """Do what goes with a message that was sent.

        Parameters
        ----------
        text : str
            The message.
        """
        kind = text.split(" ", 1)[0]
        if kind == "TRIALID":
            self._show_operator(int(text.split()[1]))
        elif text.startswith("!V TRIAL_VAR"):
            # The link holds few messages at a time.
            self._n_variables += 1
            if self._n_variables % _VARIABLES_AT_ONCE == 0:
                time.sleep(0.002)
        elif kind in ("FACE_ON", messages.FACE_OFF):
            self.set_ttl(int(kind == "FACE_ON"))

    def set_ttl(self, level: int) -> None:
        """Raise or lower the line that tells other devices of a face, where there is one.

        Parameters
        ----------
        level : int
            1 while a face is shown, 0 otherwise.
        """
        if self._ttl_port and level != self._ttl_level:
            self._ttl_level = level
            connection.send_commands(self._host.pylink, [ttl_command(self._ttl_port, level)])

    def _show_operator(self, number: int) -> None:
        """Draw on the Host PC where picture and target of a trial will be."""
        trial = self._trials.get(number)
        if trial is not None:
            title = f"Trial {number}/{len(self._trials)} {trial.phase} {trial.image_id}"
            target_px = trial.fixation_x_px, trial.fixation_y_px
            connection.send_commands(
                self._host.pylink, backdrop_commands(title, trial.picture_rect, target_px)
            )
