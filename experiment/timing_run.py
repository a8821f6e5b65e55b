"""The run that measures a screen: flash a patch for a photodiode, and keep what was measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from experiment.keys import EscPressed, QuitError
from experiment.photodiode import Photodiode
from experiment.recording import versions
from experiment.station import NOBODY, station_window
from experiment.timing import FRAME_COLUMNS, NOT_SYNCHRONISED, draw_timing, summarise
from experiment.trackers import check_tracker_name, make_tracker
from experiment.trackers.protocol import Tracker, TrackerSetup
from experiment.window import Window
from study.errors import InputError
from study.figures import save_figure
from study.folder import Study
from study.progress import say
from study.tables import write_table
from study.writing import write_json

_DEFAULT_SIDE_PX = 60
_WARM_UP_FRAMES = 10
_MIN_ONSETS = 3


def run_timing(study: Study, *, seconds: float, n_frames: int, tracker_name: str = "") -> Path:
    """Flash the patch, and write, draw and tell how the screen kept its pace.

    Parameters
    ----------
    study : Study
        The study.
    seconds : float
        How long.
    n_frames : int
        The patch is black and white for so many frames in turn.
    tracker_name : str, default ""
        The tracker that gets a message at each onset; empty for none.

    Returns
    -------
    Path
        The table of frames.

    Raises
    ------
    InputError
        If a setting is wrong, or the run is too short for three onsets.
    """
    if tracker_name:
        check_tracker_name(tracker_name)
    table = _new_table(study.derivatives / "timing")
    with station_window(study) as window:
        with _recording(study, window, tracker_name, table.with_suffix("")) as send:
            say(f"Flashing the patch for {seconds:g} s; Esc ends it ...")
            frames = flash(study, window, seconds, n_frames, send)
        synchronised = window.synchronised
    _refuse_too_few(frames)
    _write(study, table, frames, tracker_name, synchronised=synchronised)
    return table


def _new_table(folder: Path) -> Path:
    """Name a table that is not there yet, by date and time."""
    stem = f"timing_{datetime.now():%Y%m%dT%H%M%S}"
    names = [stem, *(f"{stem}_{number}" for number in range(2, 100))]
    return next(folder / f"{name}.tsv" for name in names if not (folder / f"{name}.tsv").exists())


@contextmanager
def _recording(
    study: Study, window: Window, tracker_name: str, stem: Path
) -> Iterator[Callable[[str], float] | None]:
    """Record with a tracker while the block runs, and give what sends messages; perhaps none."""
    if not tracker_name:
        yield None
        return
    tracker = make_tracker(tracker_name, TrackerSetup(study, NOBODY, window, stem, "right"))
    _refuse_simulated(tracker)
    stem.parent.mkdir(parents=True, exist_ok=True)
    try:
        tracker.connect()
        tracker.start()
        yield tracker.message
        tracker.stop()
        for path in tracker.save():
            say(f"The tracker's recording is {path}")
    finally:
        tracker.close()


def _refuse_simulated(tracker: Tracker) -> None:
    """Refuse a tracker that records nothing that happens here."""
    if tracker.simulates_participant:
        raise InputError(
            "A timing run needs a tracker that records what happens on this screen, but "
            f"{tracker.name} plays a participant. Name another one, or leave --tracker out."
        )


def flash(
    study: Study,
    window: Window,
    seconds: float,
    n_frames: int,
    send: Callable[[str], float] | None = None,
) -> pd.DataFrame:
    """Flash the patch, and take the times of its frames.

    Parameters
    ----------
    study : Study
        The study.
    window : Window
        Where to draw.
    seconds : float
        How long; Esc ends it earlier.
    n_frames : int
        The patch is black and white for so many frames in turn.
    send : callable, optional
        Sends an onset's message and gives its time on another clock, in milliseconds.

    Returns
    -------
    pandas.DataFrame
        The columns of `FRAME_COLUMNS`, one row for each frame.
    """
    settings = study.settings.experiment
    patch = Photodiode(
        window.handle,
        window.psychopy,
        window.screen,
        settings.photodiode_px or _DEFAULT_SIDE_PX,
        settings.photodiode_corner,
    )
    for _ in range(_WARM_UP_FRAMES):
        patch.draw(False)
        window.flip()
    window.count_frames()
    rows: list[tuple[bool, bool, float, float, float]] = []
    end_s = window.now_s() + seconds
    try:
        while window.now_s() < end_s:
            rows.append(_one_frame(window, patch, len(rows), n_frames, send))
    except (EscPressed, QuitError):
        say("The run was ended early.")
    window.frames_counted()
    columns = ["patch", "onset", "flip_ms", "callback_ms", "tracker_ms"]
    frames = pd.DataFrame(rows, columns=columns)
    frames.insert(0, "frame", np.arange(1, len(frames) + 1))
    frames["interval_ms"] = frames["flip_ms"].diff()
    return frames[list(FRAME_COLUMNS)].round(4)


def _one_frame(
    window: Window,
    patch: Photodiode,
    frame: int,
    n_frames: int,
    send: Callable[[str], float] | None,
) -> tuple[bool, bool, float, float, float]:
    """Show one frame, and give the patch, whether it is an onset, and the times."""
    turn, place = divmod(frame, n_frames)
    on = turn % 2 == 1
    is_onset = on and place == 0
    callback_ms = tracker_ms = np.nan

    def begin() -> None:
        nonlocal callback_ms, tracker_ms
        callback_ms = 1000 * window.now_s()
        if send is not None:
            tracker_ms = send(f"PHOTODIODE_ON {turn // 2 + 1}")

    patch.draw(on)
    window.flip(on_flip=begin if is_onset else None)
    # PsychoPy's own stamp of the flip, taken before anything is called.
    return on, is_onset, 1000 * window.handle.lastFrameT, callback_ms, tracker_ms


def _refuse_too_few(frames: pd.DataFrame) -> None:
    """Refuse a run from which nothing could be said."""
    n_onsets = int(frames["onset"].sum())
    if n_onsets < _MIN_ONSETS:
        raise InputError(
            f"A timing run must have {_MIN_ONSETS} onsets, but it had {n_onsets} in {len(frames)} "
            "frames. Let it run longer (--seconds), or change the patch more often (--frames)."
        )


def _write(
    study: Study, table: Path, frames: pd.DataFrame, tracker_name: str, *, synchronised: bool
) -> None:
    """Write frames, measures and figure, and tell the measures."""
    measures = summarise(frames)
    stem = table.with_suffix("")
    write_table(table, frames, FRAME_COLUMNS)
    write_json(
        stem.with_name(f"{stem.name}_summary.json"),
        {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "screen": study.settings.screen.model_dump(),
            "screen_synchronised": synchronised,
            "tracker": tracker_name or None,
            "versions": versions("faceoff", "psychopy", "pyglet"),
            "measures": measures,
        },
    )
    figure = draw_timing(frames, study.settings.screen.refresh_hz, synchronised=synchronised)
    save_figure(figure, stem)
    _show(measures)
    if not synchronised:
        say(NOT_SYNCHRONISED)
    say(f"Frames, measures and figure are in {table.parent}, as {stem.name}.*")


def _show(measures: dict[str, float]) -> None:
    """Print the measures as a table, on standard output."""
    from rich.console import Console
    from rich.table import Table

    shown = Table("measure", "value")
    shown.columns[1].justify = "right"
    for name, value in measures.items():
        shown.add_row(name.replace("_", " "), f"{value:g}")
    Console(highlight=False).print(shown)
