"""Detection of events: each algorithm beside the package that a user would call for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymovements
from remodnav.clf import EyegazeClassifier

from gaze_analysis.detection import EyeTrace, detect_intervals
from gaze_analysis.detection.agreement import cohen_kappa
from gaze_analysis.detection.quiet import with_quiet_log
from gaze_analysis.detection.velocity import velocity
from gaze_analysis.tests.synthetic_gaze import SCREEN, as_trace, synthetic_samples
from hot_paths.rows import FACEOFF, FLOOR, Path, Row, measured, timed_in_turn
from study.settings.gaze_events import EventSettings

RATE_HZ = 1000
SETTINGS = EventSettings()
# Those that begin with a velocity filter.
FILTERING = ("ivt", "engbert-kliegl", "adaptive")
# Method of ours, the peer, the kind of event that is compared, and whether rules are the same.
PAIRS = (
    ("ivt", "pymovements ivt", "fixation", True),
    ("idt", "pymovements idt", "fixation", True),
    ("engbert-kliegl", "pymovements microsaccades", "saccade", True),
    ("remodnav", "remodnav", "saccade", True),
    ("adaptive", "remodnav", "saccade", False),
)


def rows(small: bool) -> list[Row]:
    """Compare the labels of samples, and time each pair."""
    seconds = 10 if small else 300
    # Without blinks: what becomes of lost samples is each package's own business.
    trace = as_trace(synthetic_samples(RATE_HZ, seconds, blinks_s=())[0])
    found = []
    for method, name, kind, same in PAIRS:
        works: dict[str, Callable[[], Any]] = {
            FACEOFF: lambda method=method: ours(trace, method),
            name: lambda name=name: PEERS[name](trace, SETTINGS),
        }
        labels = {who: flags(work(), kind, len(trace.time_ms)) for who, work in works.items()}
        if method in FILTERING:
            works[FLOOR] = lambda: velocity(trace, trace.stretches[0], SETTINGS.ivt.window_ms)
        path = Path(
            f"events, {method}", f"{seconds} s at {RATE_HZ} Hz, no blinks", "velocity filters"
        )
        results = {name: agreement(labels[FACEOFF], labels[name], kind, same)}
        found += measured(path, results, timed_in_turn(works, 2 if small else 5))
    return found


def agreement(own: Any, other: Any, kind: str, same: bool) -> str:
    """Compare which samples are in an event of some kind."""
    if not same:
        kappa = cohen_kappa(own, other)
        return f"another algorithm: kappa {kappa:.3f} of {kind}s, sample by sample"
    n = int((own != other).sum())
    return f"{'differs' if n else 'agrees'}: {n} of {len(own)} samples are in no or another {kind}"


def ours(trace: EyeTrace, method: str) -> list[tuple[str, int, int]]:
    """Detect with faceoff, from pixels to ranges of samples."""
    # A trace of its own: one that was used keeps its degrees.
    fresh = EyeTrace(**vars_of(trace))
    return [tuple(event) for event in detect_intervals(fresh, SETTINGS, method=method)[1]]


def vars_of(trace: EyeTrace) -> dict[str, Any]:
    """Give what a trace was made of."""
    return {name: getattr(trace, name) for name in EyeTrace.__dataclass_fields__}


def flags(events: list[tuple[str, int, int]], kind: str, n: int) -> Any:
    """Tell which samples are in an event of some kind."""
    inside = np.zeros(n, dtype=bool)
    for name, first, end in events:
        if name == kind:
            inside[first:end] = True
    return inside


def gaze_of(trace: EyeTrace) -> Any:
    """Give pymovements the gaze, and let it turn pixels into degrees."""
    experiment = pymovements.Experiment(
        SCREEN.width_px, SCREEN.height_px, SCREEN.width_cm, SCREEN.height_cm, SCREEN.distance_cm,
        origin="center", sampling_rate=RATE_HZ,
    )  # fmt: skip
    pixels = np.stack([trace.x_px, trace.y_px]) - np.array([SCREEN.centre_px]).T
    gaze = pymovements.gaze.from_numpy(
        time=np.arange(len(trace.time_ms)), pixel=pixels, experiment=experiment
    )
    gaze.pix2deg()
    return gaze


def events_of(gaze: Any, kind: str) -> list[tuple[str, int, int]]:
    """Take the ranges of samples out of pymovements' table."""
    table = gaze.events.frame
    return [
        (kind, int(onset), int(offset) + 1)
        for onset, offset in zip(table["onset"], table["offset"], strict=True)
    ]


def pymovements_ivt(trace: EyeTrace, settings: EventSettings) -> list[tuple[str, int, int]]:
    """Find fixations by velocity."""
    gaze = gaze_of(trace)
    gaze.pos2vel(method="savitzky_golay", window_length=21, degree=2)
    gaze.detect(
        "ivt",
        velocity_threshold=settings.ivt.velocity_deg_s,
        minimum_duration=int(settings.ivt.min_fixation_ms) - 1,
    )
    return events_of(gaze, "fixation")


def pymovements_idt(trace: EyeTrace, settings: EventSettings) -> list[tuple[str, int, int]]:
    """Find fixations by dispersion."""
    gaze = gaze_of(trace)
    gaze.detect(
        "idt",
        dispersion_threshold=settings.idt.dispersion_deg,
        minimum_duration=int(settings.idt.min_fixation_ms),
    )
    return events_of(gaze, "fixation")


def pymovements_saccades(trace: EyeTrace, settings: EventSettings) -> list[tuple[str, int, int]]:
    """Find saccades by Engbert and Kliegl's ellipse."""
    gaze = gaze_of(trace)
    gaze.pos2vel(method="fivepoint")
    gaze.detect(
        "microsaccades",
        threshold_factor=settings.engbert_kliegl.factor,
        minimum_duration=int(settings.engbert_kliegl.min_saccade_ms) - 1,
    )
    return events_of(gaze, "saccade")


@with_quiet_log
def remodnav_events(trace: EyeTrace, _: EventSettings) -> list[tuple[str, int, int]]:
    """Find events with remodnav and its defaults, which are ours too."""
    x, y = SCREEN.to_deg(np.column_stack([trace.x_px, trace.y_px])).T
    data = np.rec.fromarrays([x, y], dtype=[("x", float), ("y", float)])
    classifier = EyegazeClassifier(px2deg=1.0, sampling_rate=RATE_HZ)
    kinds = {"FIXA": "fixation", "PURS": "pursuit", "SACC": "saccade", "ISAC": "saccade"}
    return [
        (kinds.get(event["label"], "pso"), *(round(event[end] * RATE_HZ) for end in ENDS))
        for event in classifier(classifier.preproc(data))
    ]


ENDS = ("start_time", "end_time")
PEERS = {
    "pymovements ivt": pymovements_ivt,
    "pymovements idt": pymovements_idt,
    "pymovements microsaccades": pymovements_saccades,
    "remodnav": remodnav_events,
}
