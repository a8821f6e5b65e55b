from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment.asc_writer import AscWriter
from experiment.gaze_trace import Fixation, GazeTrace, Saccade, duration_ms
from experiment.observers import draw_observer, simulate_trial
from experiment.observers.parser import LOSS_MARGIN_MS
from experiment.tests.made_up_study import made_up_landmarks
from experiment.tests.test_machine import TRIAL
from experiment.trackers.playback import played_indices, played_trace
from stimuli.frames import Screen
from stimuli.regions import region_polygons
from study.settings.observers import ObserversSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
LEAD_MS, FACE_MS = 300, 1500
START_MS = 600_123


def looked(seed: int = 1, **settings: float) -> GazeTrace:
    observer = draw_observer(ObserversSettings(**settings), "sub-001", seed)
    polygons = region_polygons(made_up_landmarks() + np.array([736.0, 316.0]))
    random = np.random.default_rng(seed)
    return simulate_trial(
        observer, TRIAL, polygons, SCREEN, random, lead_ms=LEAD_MS, face_ms=FACE_MS, tail_ms=0,
        seen_ms=LEAD_MS + LOSS_MARGIN_MS,
    ).trace  # fmt: skip


LOOKED = looked()


def whole_block(trial: GazeTrace, onset_ms: int | None, stop_ms: int) -> GazeTrace:
    return played_trace(
        trial,
        SCREEN,
        start_ms=START_MS,
        onset_ms=onset_ms,
        first_ms=START_MS,
        stop_ms=stop_ms,
        is_last=True,
    )


def reference_indices(late_ms: int, total_ms: int) -> list[int]:
    """Walk sample by sample: to and fro on the target, on with the face, to and fro at the end."""
    last_fixation = LEAD_MS + LOOKED.fixations[-1].start_ms
    place, step, walked = 0, 1, []
    for since_start in range(total_ms):
        if since_start == late_ms:
            place, step = LEAD_MS, 1
        walked.append(place)
        low, high = (0, LEAD_MS - 1) if since_start < late_ms else (last_fixation, None)
        top = high if high is not None else LEAD_MS + FACE_MS - 1
        if (step > 0 and place == top) or (step < 0 and place == low):
            step = -step
        place += step
    return walked


@given(late_ms=st.integers(1, 1000), total_ms=st.integers(1, 4000))
def test_indices_agree_with_a_walk_sample_by_sample(late_ms, total_ms):
    times = np.arange(START_MS, START_MS + total_ms)
    found = played_indices(LOOKED, times, start_ms=START_MS, onset_ms=START_MS + late_ms)
    assert found.tolist() == reference_indices(late_ms, total_ms)


@pytest.mark.parametrize("loss_share", [0.006, 0.4])
@given(late_ms=st.integers(1, 1000), after_ms=st.integers(1, 3000), seed=st.integers(0, 9))
def test_a_block_has_each_millisecond_once_and_events_that_fill_it(
    loss_share, late_ms, after_ms, seed
):
    onset_ms, stop_ms = START_MS + late_ms, START_MS + late_ms + after_ms
    trial = looked(seed, loss_share=loss_share)
    block = whole_block(trial, onset_ms, stop_ms)
    assert block.time_ms.tolist() == list(range(START_MS, stop_ms))
    events: list[Fixation | Saccade] = [*block.fixations, *block.saccades]
    events.sort(key=lambda event: event.start_ms)
    assert events[0].start_ms == START_MS
    assert events[-1].end_ms == stop_ms - 1
    assert sum(duration_ms(event) for event in events) == len(block.time_ms)
    assert all(a.end_ms + 1 == b.start_ms for a, b in pairwise(events))
    in_blinks = np.zeros(len(block.time_ms), dtype=bool)
    for blink in block.blinks:
        in_blinks[blink.start_ms - START_MS : blink.end_ms - START_MS + 1] = True
    assert (np.isnan(block.x_px) == in_blinks).all()
    assert np.isfinite([fixation.x_px for fixation in block.fixations]).all()


def test_fixations_have_the_mean_of_the_samples_that_were_played():
    onset_ms, stop_ms = START_MS + 320, START_MS + 320 + 1200
    block = whole_block(LOOKED, onset_ms, stop_ms)
    for fixation in block.fixations:
        held = (block.time_ms >= fixation.start_ms) & (block.time_ms <= fixation.end_ms)
        assert fixation.x_px == pytest.approx(block.x_px[held].mean())
        assert fixation.pupil == pytest.approx(block.pupil[held].mean())


def test_an_eye_that_saw_no_face_stays_on_the_target():
    block = whole_block(LOOKED, None, START_MS + 900)
    assert len(block.fixations) == 1
    assert block.saccades == block.blinks == ()
    away_deg = SCREEN.distance_deg(np.stack([block.x_px, block.y_px], axis=1), [640, 540])
    assert away_deg.max() < 2.0


def written(stretches: list[GazeTrace], messages: dict[int, str]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recording.asc"
        with AscWriter(path, SCREEN, datetime(2026, 3, 5), "a test") as writer:
            writer.start_block(START_MS)
            for time_ms, text in messages.items():
                writer.message(time_ms, text)
            for stretch in stretches[:-1]:
                writer.add(stretch)
            writer.end_block(stretches[-1])
        return path.read_bytes()


@given(
    seed=st.integers(0, 5),
    onset_ms=st.none() | st.integers(START_MS + 1, START_MS + 600),
    length_ms=st.integers(1, 2600),
    cuts_ms=st.sets(st.integers(1, 2600), max_size=8),
    said_ms=st.sets(st.integers(0, 2700), max_size=6),
)
def test_stretches_are_written_as_the_whole_block_would_be(
    seed: int, onset_ms: int | None, length_ms: int, cuts_ms: set[int], said_ms: set[int]
) -> None:
    trial, stop_ms = looked(seed, blink_rate_hz=1.5), START_MS + length_ms
    if onset_ms is not None and onset_ms >= stop_ms:
        onset_ms = None
    borders = [START_MS, *(START_MS + cut for cut in sorted(cuts_ms) if cut < length_ms), stop_ms]
    stretches = [
        played_trace(
            trial,
            SCREEN,
            start_ms=START_MS,
            # A face that comes later is not yet known.
            onset_ms=None if onset_ms is None or last_ms < onset_ms else onset_ms,
            first_ms=first_ms,
            stop_ms=last_ms,
            is_last=last_ms == stop_ms,
        )
        for first_ms, last_ms in pairwise(borders)
    ]
    messages = {START_MS + time_ms: f"SAID {time_ms}" for time_ms in sorted(said_ms)}
    whole = whole_block(trial, onset_ms, stop_ms)
    assert written(stretches, messages) == written([whole], messages)
