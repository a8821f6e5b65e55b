"""The recording of a tracker that sends its samples: they are written as they come in."""

import math
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock

from experiment import asc_lines
from experiment.asc_lines import OneEye
from experiment.calibration import Validation
from experiment.messages import check_length
from experiment.trackers.protocol import Eye, Sample
from stimuli.frames import Screen
from study.errors import InputError

_SYNC_EVERY_MS = 1000.0


@dataclass(frozen=True)
class EyeSample:
    """What one eye does.

    Parameters
    ----------
    x_px, y_px : float
        Screen pixels from the top left; NaN where the eye is not seen.
    pupil : float
        Pupil size in the tracker's unit; NaN where it is not measured.
    """

    x_px: float = math.nan
    y_px: float = math.nan
    pupil: float = math.nan

    @property
    def is_seen(self) -> bool:
        """Whether there is gaze."""
        return math.isfinite(self.x_px) and math.isfinite(self.y_px)


@dataclass(frozen=True)
class LiveSample:
    """What both eyes do.

    Parameters
    ----------
    time_ms : float
        On the tracker's clock.
    left, right : EyeSample
        The eyes.
    """

    time_ms: float
    left: EyeSample
    right: EyeSample

    def of(self, eye: Eye) -> Sample:
        """Give one place and one pupil.

        Parameters
        ----------
        eye : {"left", "right", "both"}
            Of both eyes the mean; where one of them is not seen, the other one.

        Returns
        -------
        Sample
            Missing where no such eye is seen.

        Examples
        --------
        >>> sample = LiveSample(1.0, EyeSample(10.0, 20.0, 3.0), EyeSample(14.0, 22.0, 4.0))
        >>> sample.of("left").x_px, sample.of("both")
        (10.0, Sample(time_ms=1.0, x_px=12.0, y_px=21.0, pupil=3.5))
        """
        seen = [own for own in (getattr(self, name) for name in eyes_of(eye)) if own.is_seen]
        pupils = [own.pupil for own in seen if math.isfinite(own.pupil)]
        return Sample(
            self.time_ms,
            _mean([own.x_px for own in seen]),
            _mean([own.y_px for own in seen]),
            _mean(pupils),
        )


def eyes_of(eye: Eye) -> tuple[OneEye, ...]:
    """List the eyes that are recorded.

    Parameters
    ----------
    eye : {"left", "right", "both"}
        What is to be recorded.

    Returns
    -------
    tuple of {"left", "right"}
        One or both, left before right.
    """
    return ("left", "right") if eye == "both" else (eye,)


class LiveRecording:
    """A growing ASC file with the samples of a tracker, at its own times and its own rate.

    Each line is written when it comes, so that a program that is killed leaves all lines up to
    there. A message stands where it was said; samples of a moment before it may follow, and its
    stamp says when it was. There are no events: the analysis finds them in the samples.

    Parameters
    ----------
    path : Path
        The file, which must not exist when it is opened.
    screen : Screen
        What the gaze's coordinates refer to.
    recorder : str
        What records, for the file's header.
    eye : {"left", "right", "both"}
        What is recorded.
    """

    def __init__(self, path: Path, screen: Screen, recorder: str, eye: Eye) -> None:
        self.path = path
        self._screen = screen
        self._recorder = recorder
        self._eyes = eyes_of(eye)
        self._lock = RLock()
        self._descriptor: int | None = None
        self._rate_hz: float | None = None
        self._block_end_ms: float | None = None
        self._synced_ms = 0.0

    @property
    def is_recording(self) -> bool:
        """Whether a block is under way."""
        return self._block_end_ms is not None

    def open(self, model: str, rate_hz: float | None) -> None:
        """Open the file.

        Parameters
        ----------
        model : str
            The tracker, for the header.
        rate_hz : float or None
            Samples in a second; None where the tracker does not say.

        Raises
        ------
        InputError
            If there is a recording of this name already.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError as error:
            raise InputError(
                f"A recording needs a file of its own, but {self.path} exists. "
                "Move it away, or record another session."
            ) from error
        self._rate_hz = rate_hz
        now = datetime.now()
        self._write(
            f"** DATE: {asc_lines.date(now)}\n"
            f"** TYPE: samples and messages, in the layout of EyeLink's ASC files\n"
            f"** CAMERA: {model}\n"
            f"** RECORDED BY {self._recorder}\n**\n\n"
        )

    def message(self, time_ms: float, text: str) -> None:
        """Write a message.

        Parameters
        ----------
        time_ms : float
            Time on the tracker's clock.
        text : str
            One line of at most 128 characters.
        """
        self._write(_message(time_ms, check_length(text)))

    def validation(self, time_ms: float, found: Validation, eye: OneEye) -> None:
        """Write a validation of one eye.

        Parameters
        ----------
        time_ms : float
            Time on the tracker's clock.
        found : Validation
            Targets and errors.
        eye : {"left", "right"}
            The eye.
        """
        self._write(asc_lines.validation(round(time_ms), found, eye))

    def drift_check(
        self,
        time_ms: float,
        target_px: tuple[float, float],
        offset_px: tuple[float, float],
        eye: OneEye,
    ) -> None:
        """Write a drift check of one eye.

        Parameters
        ----------
        time_ms : float
            Time on the tracker's clock.
        target_px : tuple of float
            The target on the screen.
        offset_px : tuple of float
            Measured gaze minus target.
        eye : {"left", "right"}
            The eye.
        """
        line = asc_lines.drift_check(round(time_ms), target_px, offset_px, self._screen, eye)
        self._write(line)

    def start(self, time_ms: float) -> None:
        """Begin a block; samples of earlier times are not part of it.

        Parameters
        ----------
        time_ms : float
            Time on the tracker's clock.
        """
        names = "\t".join(name.upper() for name in self._eyes)
        corner = f"{self._screen.width_px - 1:.2f} {self._screen.height_px - 1:.2f}"
        rate = "" if self._rate_hz is None else f"\tRATE\t{self._rate_hz:7.2f}"
        lines = (
            f"START\t{time_ms:.1f}\t{names}\tSAMPLES\n"
            "PRESCALER\t1\nVPRESCALER\t1\nPUPIL\tDIAMETER\n"
            f"SAMPLES\tGAZE\t{names}{rate}\n"
        )
        with self._lock:
            self._write(_message(time_ms, f"GAZE_COORDS 0.00 0.00 {corner}") + lines)
            self._block_end_ms = time_ms

    def add(self, sample: LiveSample) -> None:
        """Write a sample, if it belongs to a block under way.

        Parameters
        ----------
        sample : LiveSample
            Later than all before it; one that is not later is left out.
        """
        with self._lock:
            if self._block_end_ms is None or sample.time_ms <= self._block_end_ms:
                return
            self._write(sample_line(sample, self._eyes))
            self._block_end_ms = sample.time_ms
            if sample.time_ms - self._synced_ms > _SYNC_EVERY_MS:
                self._sync()
                self._synced_ms = sample.time_ms

    def stop(self, time_ms: float) -> None:
        """End the block and force it to the disk; without one under way, do nothing.

        Parameters
        ----------
        time_ms : float
            Time on the tracker's clock.
        """
        with self._lock:
            if self._block_end_ms is None:
                return
            end_ms = max(time_ms, self._block_end_ms)
            self._block_end_ms = None
            self._write(f"END\t{end_ms:.1f}\tSAMPLES\n")
            self._sync()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def _write(self, lines: str) -> None:
        """Write whole lines at once; after the end, nothing."""
        with self._lock:
            if self._descriptor is not None:
                os.write(self._descriptor, lines.encode("utf-8"))

    def _sync(self) -> None:
        """Force what has been written to the disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)


def sample_line(sample: LiveSample, eyes: tuple[OneEye, ...]) -> str:
    r"""Write a sample, with tenths of milliseconds and pixels.

    Parameters
    ----------
    sample : LiveSample
        The sample.
    eyes : tuple of {"left", "right"}
        Whose gaze is written.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> sample_line(LiveSample(1016.67, EyeSample(), EyeSample(96.0, 54.04, 3.25)), ("right",))
    '1016.7\t   96.0\t   54.0\t  3.250\t...\n'
    >>> sample_line(LiveSample(1016.67, EyeSample(), EyeSample(96.0, 54.0)), ("left", "right"))
    '1016.7\t   .\t   .\t    0.0\t   96.0\t   54.0\t    0.0\t.....\n'
    """
    fields = []
    for own in (getattr(sample, name) for name in eyes):
        place = [f"{own.x_px:7.1f}", f"{own.y_px:7.1f}"] if own.is_seen else ["   .", "   ."]
        pupil = f"{own.pupil:7.3f}" if own.is_seen and math.isfinite(own.pupil) else "    0.0"
        fields += [*place, pupil]
    flags = "..." if len(eyes) == 1 else "....."
    return "\t".join([f"{sample.time_ms:.1f}", *fields, flags]) + "\n"


def _message(time_ms: float, text: str) -> str:
    """Write a message with tenths of milliseconds."""
    return f"MSG\t{time_ms:.1f} {text}\n"


def _mean(values: list[float]) -> float:
    """Take the mean; of nothing it is missing."""
    return sum(values) / len(values) if values else math.nan
