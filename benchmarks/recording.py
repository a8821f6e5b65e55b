"""What the recording thread costs the window, and whether it loses or doubles a sample.

    python benchmarks/recording.py
    python benchmarks/recording.py --minutes 30

The first runs a PsychoPy window (under Xvfb where there is no display) with the thread on and
off by turns: at the study's refresh rate, for dropped frames, and as fast as the window can, for
the mean time of a frame. The second runs trial after trial in real time with the simulated and
the replay tracker, each in a process of its own, and counts the samples in their recordings.
"""

import argparse
import multiprocessing
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np

from experiment.asc_writer import AscWriter
from experiment.gaze_trace import GazeTrace
from experiment.headless import screen_for_session
from experiment.tests.small_study import QUICK, make_small_study
from experiment.trackers import make_tracker
from experiment.trackers.protocol import Tracker, TrackerSetup
from experiment.window import FrameReport, Window
from gaze_analysis.eyelink.asc import read_asc
from participants.plans import plan_path, read_plan
from stimuli.frames import screen_from
from study.folder import Study

N_TRIALS = 8
LONGEST_TRIAL_MS = 4000.0


def make_study(folder: Path) -> Study:
    """Make a study with drawn pictures, and a recording of random gaze that can be replayed."""
    experiment = QUICK | {"replay": {"recording": "replayed.asc"}}
    study = make_small_study(folder, n_main=N_TRIALS, n_practice=0, experiment=experiment)
    screen = screen_from(study.settings.screen)
    random = np.random.default_rng(1)
    with AscWriter(study.root / "replayed.asc", screen, datetime.now(), "random gaze") as writer:
        for number in range(5):
            start_ms, n_samples = 1_000_000 + 10_000 * number, int(random.integers(1500, 3500))
            x_px, y_px = random.uniform(0, 1000, size=(2, n_samples)).round(1)
            writer.start_block(start_ms)
            time_ms, pupil = np.arange(start_ms, start_ms + n_samples), np.full(n_samples, 900.0)
            writer.end_block(GazeTrace(time_ms, x_px, y_px, pupil, (), (), ()))
    return study


def open_tracker(name: str, study: Study, window: Window) -> Tracker:
    """Make a tracker and its recording."""
    plan = read_plan(plan_path(study, "sub-001", "01"))
    recording = study.root / f"{name}_recording"
    tracker = make_tracker(name, TrackerSetup(study, plan, window, recording, "right"))
    tracker.connect()
    return tracker


def open_window(study: Study, *, virtual: bool) -> Window:
    """Open a study's window."""
    settings = study.settings
    screen = screen_from(settings.screen)
    return Window(screen, settings.screen.refresh_hz, settings.experiment, virtual=virtual)


def flips(window: Window, seconds: float, *, paced: bool) -> FrameReport:
    """Show a target for a time, at the refresh rate or as fast as possible, and count frames."""
    end_s = window.now_s() + seconds
    window.flip()
    window.count_frames()
    while window.now_s() < end_s:
        window.draw.target(600.0, 500.0)
        window.flip() if paced else window.handle.flip()
    return window.frames_counted()


def run_once(
    window: Window, tracker: Tracker, seconds: float, *, paced: bool, on: bool
) -> tuple[FrameReport, float]:
    """Measure frames with a recording or without; give their mean time in milliseconds, too."""
    if on:
        tracker.message("TRIALID 1")
        tracker.start()
        tracker.message("FACE_ON AF01HAS")
    report = flips(window, seconds, paced=paced)
    mean_ms = 1000 * float(np.mean(window.handle.frameIntervals))
    tracker.stop()
    return report, mean_ms


def compare(seconds: float, n_repeats: int) -> None:
    """Print frames with the recording thread and without."""
    with tempfile.TemporaryDirectory() as folder:
        study = make_study(Path(folder) / "study")
        screen = study.settings.screen
        with screen_for_session(screen.width_px, screen.height_px) as virtual:
            window = open_window(study, virtual=virtual)
            tracker = open_tracker("simulated", study, window)
            for paced in (True, False):
                print_comparison(window, tracker, seconds, n_repeats, paced=paced)
            tracker.close()
            window.close()


def print_comparison(
    window: Window, tracker: Tracker, seconds: float, n_repeats: int, *, paced: bool
) -> None:
    """Run both by turns, and print the sum of each and the ratio of their mean times."""
    reports: dict[bool, list[FrameReport]] = {False: [], True: []}
    means_ms: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * n_repeats):
        on = number % 2 == 1
        report, mean_ms = run_once(window, tracker, seconds, paced=paced, on=on)
        reports[on].append(report)
        means_ms[on].append(mean_ms)
    print("at the refresh rate" if paced else "as fast as the window can")
    for on in (False, True):
        print(
            f"  {'recording' if on else 'without  '}  {summed(reports[on])}, "
            f"mean {np.median(means_ms[on]):.3f} ms"
        )
    ratios = np.array(means_ms[True]) / np.array(means_ms[False])
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    print(
        f"  mean frame, recording / without: {middle:.3f} (quartiles {low:.3f} and {high:.3f} "
        f"of {n_repeats} pairs of {seconds:g} s)"
    )


def summed(reports: list[FrameReport]) -> str:
    """Say how the screen kept its pace over several runs."""
    n_frames, n_dropped = (sum(getattr(r, of) for r in reports) for of in ("n_frames", "n_dropped"))
    longest_ms = max(report.max_interval_ms for report in reports)
    return f"{n_frames} frames, {n_dropped} dropped, longest {longest_ms:.1f} ms"


def run_trials(name: str, folder: str, minutes: float) -> None:
    """Run trials in real time, and print what is in the recording."""
    study = make_study(Path(folder))
    screen = study.settings.screen
    with screen_for_session(screen.width_px, screen.height_px) as virtual:
        window = open_window(study, virtual=virtual)
        tracker = open_tracker(name, study, window)
        end_s, number, reports = window.now_s() + 60 * minutes, 0, []
        while window.now_s() < end_s:
            reports.append(run_trial(window, tracker, number % N_TRIALS + 1))
            number += 1
        tracker.close()
        window.close()
    counted = counted_samples(study.root / f"{name}_recording.asc")
    print(f"{name}: {minutes:g} minutes, {counted}; {summed(reports)}", flush=True)


def run_trial(window: Window, tracker: Tracker, number: int) -> FrameReport:
    """Show a target, then a face's target until a key is pressed or the time is up."""
    tracker.message(f"TRIALID {number}")
    tracker.start()
    window.flip(on_flip=lambda: tracker.message("FIXATION_ON"))
    window.hold_target(600.0, 500.0, 400.0)
    window.forget_keys()
    window.count_frames()
    window.flip(on_flip=lambda: tracker.message("FACE_ON AF01HAS"))
    end_s = window.now_s() + LONGEST_TRIAL_MS / 1000
    while not window.take_key("1234567") and window.now_s() < end_s:
        window.draw.target(900.0, 500.0)
        tracker.newest_sample()
        window.flip()
    tracker.message("RESPONSE 1 happy")
    window.flip(on_flip=lambda: tracker.message("FACE_OFF"))
    report = window.frames_counted()
    tracker.stop()
    tracker.message("TRIAL_RESULT 0")
    return report


def counted_samples(path: Path) -> str:
    """Count the samples that a recording lacks or has twice between START and END."""
    recording = read_asc(path)
    n_samples = n_missing = n_doubled = 0
    for block in recording.blocks.itertuples():
        times = recording.samples.loc[recording.samples["block"] == block.block, "time_ms"]
        expected = np.arange(block.start_ms, block.end_ms)
        n_samples += len(times)
        n_missing += len(np.setdiff1d(expected, times))
        n_doubled += len(times) - len(np.intersect1d(times, expected))
    return (
        f"{len(recording.blocks)} blocks, {n_samples} samples, {n_missing} missing, "
        f"{n_doubled} doubled or outside a block, {len(recording.skipped)} lines not read"
    )


def check(minutes: float) -> None:
    """Run both trackers at once."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        running = [
            context.Process(target=run_trials, args=(name, f"{folder}/{name}", minutes))
            for name in ("simulated", "replay")
        ]
        for process in running:
            process.start()
        for process in running:
            process.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each run")
    parser.add_argument("--repeats", type=int, default=20, help="runs of each kind")
    parser.add_argument("--minutes", type=float, help="run trials for so long and count samples")
    chosen = parser.parse_args()
    if chosen.minutes:
        check(chosen.minutes)
    else:
        compare(chosen.seconds, chosen.repeats)
