"""A small recording of a simulated observer, for benchmarks that need no data from elsewhere.

Written by the same writer as a session's recording, in EyeLink's ASC format at 1000 Hz. Trials
also have the messages that eyelinkparser looks for.
"""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from experiment.asc_writer import AscWriter
from experiment.messages import TrialResult, display_coords, face_on, trial_id, trial_result
from experiment.observers import Observer, draw_observer, simulate_trial
from experiment.tests.made_up_study import made_up_landmarks
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import Screen
from stimuli.regions import region_polygons
from study.seeds import generator
from study.settings.observers import ObserversSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
TRIALS, LEAD_MS, FACE_MS, TAIL_MS, PAUSE_MS = 40, 400, 2500, 50, 500
RECORDED = datetime(2026, 1, 5, 9, 0)


def write_recording(path: Path, n_trials: int = TRIALS) -> None:
    """Write the recording of an observer who looks at faces, one block for each trial."""
    observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
    now_ms = 10_000
    with AscWriter(path, SCREEN, RECORDED, "faceoff, simulated observer") as recording:
        recording.message(now_ms, display_coords(SCREEN.width_px, SCREEN.height_px))
        for number in range(1, n_trials + 1):
            now_ms = write_trial(recording, observer, number, now_ms + PAUSE_MS)


def write_trial(recording: AscWriter, observer: Observer, number: int, start_ms: int) -> int:
    """Write one trial from some time on, and say when it ended."""
    expression = EXPRESSIONS[number % len(EXPRESSIONS)]
    trial = SimpleNamespace(expression=expression, fixation_x_px=640, fixation_y_px=540)
    polygons_px = region_polygons(made_up_landmarks() + np.array([736, 316]))
    trace = simulate_trial(
        observer, trial, polygons_px, SCREEN, generator(1, "benchmark", number),
        lead_ms=LEAD_MS, face_ms=FACE_MS, tail_ms=TAIL_MS,
    ).trace  # fmt: skip
    face_ms, end_ms = start_ms + LEAD_MS, start_ms + len(trace.time_ms)
    for text in (trial_id(number), f"start_trial {number}"):
        recording.message(start_ms - 2, text)
    recording.start_block(start_ms)
    for text in (face_on(f"SYNTHETIC_{expression}"), "start_phase face"):
        recording.message(face_ms, text)
    recording.message(face_ms + FACE_MS, "end_phase face")
    recording.end_block(trace.shifted(start_ms - int(trace.time_ms[0])))
    for text in (f"var expression {expression}", "end_trial", trial_result(TrialResult.OK)):
        recording.message(end_ms + 1, text)
    return end_ms
