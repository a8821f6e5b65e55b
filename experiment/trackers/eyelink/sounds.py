"""The sounds of calibration: a new target, a good end, a bad one."""

from typing import Any

import pylink

from experiment.pygaze_import import quiet_console

#: Height in Hz and length in seconds.
_TONES = {"target": (880.0, 0.05), "good": (1320.0, 0.25), "error": (330.0, 0.4)}
_SOUND_OF = {
    pylink.CAL_TARG_BEEP: "target",
    pylink.DC_TARG_BEEP: "target",
    pylink.CAL_GOOD_BEEP: "good",
    pylink.DC_GOOD_BEEP: "good",
    pylink.CAL_ERR_BEEP: "error",
    pylink.DC_ERR_BEEP: "error",
}


class Sounds:
    """Tones that are ready to be played; silence where they are not wanted or cannot be.

    Parameters
    ----------
    wanted : bool
        Whether there are to be any.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._tones: dict[str, Any] = {}
        #: For session.json: on, off, or why there are none.
        self.state = "off"
        if wanted:
            self._load()

    def _load(self) -> None:
        """Make the tones, if the computer has a sound device that works."""
        try:
            with quiet_console():
                import sounddevice

                # Asked first: without a device, PsychoPy's sound would take seconds to say so.
                sounddevice.query_devices(kind="output")
                from psychopy import sound

                self._tones = {
                    name: sound.Sound(value=height_hz, secs=length_s, volume=0.6, autoLog=False)
                    for name, (height_hz, length_s) in _TONES.items()
                }
            self.state = "on"
        except Exception as error:  # each sound library fails in a way of its own
            self._tones = {}
            self.state = f"none ({' '.join(str(error).split()) or type(error).__name__})"

    def play(self, beep: int) -> None:
        """Play the sound of an event.

        Parameters
        ----------
        beep : int
            Which, by pylink's number.
        """
        tone = self._tones.get(_SOUND_OF.get(beep, ""))
        if tone is not None:
            tone.stop()
            tone.play()
