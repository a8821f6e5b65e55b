"""Blinks: found in losses, merged and padded; gaze and pupil cleaned of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.detection.trace import EyeTrace, Flags, Interval, Values, runs
from study.settings.gaze_events import BlinkSettings


def find_blinks(trace: EyeTrace, settings: BlinkSettings) -> list[Interval]:
    """Find blinks: losses of the pupil, or of gaze where no pupil was recorded.

    Parameters
    ----------
    trace : EyeTrace
        Gaze and pupil of one eye.
    settings : BlinkSettings
        The shortest blink, and how near two may come.

    Returns
    -------
    list of Interval
        Without padding; those nearer than ``merge_ms`` are one. A stretch that is lost as a
        whole is none.
    """
    has_pupil = np.isfinite(trace.pupil).any()
    lost = ~np.isfinite(trace.pupil) if has_pupil else ~trace.valid
    found = []
    for stretch in trace.stretches:
        if lost[stretch.part].all():  # an eye that was not recorded here
            continue
        shortest = stretch.n_samples(settings.min_duration_ms)
        for first, end in (runs(lost[stretch.part]) + stretch.first).tolist():
            if end - first >= shortest:
                found.append(Interval("blink", first, end))
    return merge_blinks(trace, found, settings.merge_ms)


def blinks_from_table(trace: EyeTrace, blinks: pd.DataFrame) -> list[Interval]:
    """Find the samples of blinks that the tracker found itself.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of the eye.
    blinks : pandas.DataFrame
        onset_ms, offset_ms (the stamp of the last sample) and part, of this eye.

    Returns
    -------
    list of Interval
        In the order of time; a blink in which there are no samples is left out.
    """
    found = []
    for part, own in blinks.groupby("part"):
        inside = np.flatnonzero(trace.part == part)
        order = inside[np.argsort(trace.time_ms[inside], kind="stable")]
        times = trace.time_ms[order]
        first = np.searchsorted(times, own["onset_ms"].to_numpy(float), side="left")
        end = np.searchsorted(times, own["offset_ms"].to_numpy(float), side="right")
        for a, b in zip(first.tolist(), end.tolist(), strict=True):
            if b > a:
                found.append(Interval("blink", int(order[a]), int(order[b - 1]) + 1))
    return sorted(found, key=lambda blink: blink.first)


def merge_blinks(trace: EyeTrace, blinks: list[Interval], merge_ms: float) -> list[Interval]:
    """Make one of blinks of the same block that are nearer than a time.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of the eye.
    blinks : list of Interval
        In the order of time.
    merge_ms : float
        The time from the last sample of one to the first of the next.

    Returns
    -------
    list of Interval
        None nearer than that.
    """
    merged: list[Interval] = []
    for blink in blinks:
        if merged:
            last = merged[-1].end - 1
            near = trace.time_ms[blink.first] - trace.time_ms[last] < merge_ms
            same = (trace.block[last], trace.part[last]) == (
                trace.block[blink.first],
                trace.part[blink.first],
            )
            if near and same:
                merged[-1] = Interval("blink", merged[-1].first, max(blink.end, last + 1))
                continue
        merged.append(blink)
    return merged


def clean(trace: EyeTrace, blinks: list[Interval], settings: BlinkSettings) -> EyeTrace:
    """Take gaze for lost in and around blinks, bridge short losses, interpolate the pupil.

    Parameters
    ----------
    trace : EyeTrace
        Gaze and pupil of one eye.
    blinks : list of Interval
        Its blinks, without padding.
    settings : BlinkSettings
        Padding, the longest loss that is bridged, and how the pupil is interpolated.

    Returns
    -------
    EyeTrace
        Gaze is NaN in padded blinks and in other losses of at least ``min_duration_ms``;
        the pupil has values across padded blinks that have some on both sides in the block.
    """
    padded = np.zeros(len(trace.time_ms), dtype=bool)
    gaze = np.column_stack([trace.x_px, trace.y_px])
    gaze[~trace.valid] = np.nan
    pupil = trace.pupil.copy()
    starts = np.array([blink.first for blink in blinks], dtype=np.int64)
    for stretch in trace.stretches:
        part = stretch.part
        before, after = (
            round(pad / stretch.interval_ms)
            for pad in (settings.pad_before_ms, settings.pad_after_ms)
        )
        for place in range(*np.searchsorted(starts, [stretch.first, stretch.end]).tolist()):
            blink = blinks[place]
            first = max(stretch.first, blink.first - before)
            padded[first : min(stretch.end, blink.end + after)] = True
        longest = stretch.n_samples(settings.min_duration_ms) - 1
        gaze[part] = _bridge(gaze[part], ~padded[part], longest)
        if settings.pupil != "none":
            pupil[part] = _interpolate(pupil[part], padded[part], settings.pupil)
    gaze[padded] = np.nan
    return replace(trace, x_px=gaze[:, 0], y_px=gaze[:, 1], pupil=pupil)


def _bridge(gaze: Values, allowed: Flags, longest: int) -> Values:
    """Draw lines across losses of a few samples that have gaze on both sides."""
    lost = np.isnan(gaze[:, 0])
    gaze = gaze.copy()
    for first, end in runs(lost).tolist():
        inner = first > 0 and end < len(gaze)
        if inner and end - first <= longest and allowed[first:end].all():
            steps = np.arange(1, end - first + 1)[:, np.newaxis] / (end - first + 1)
            gaze[first:end] = gaze[first - 1] + steps * (gaze[end] - gaze[first - 1])
    return gaze


def _interpolate(pupil: Values, padded: Flags, kind: str) -> Values:
    """Interpolate the pupil where blinks are, between the values beside them."""
    known = np.flatnonzero(np.isfinite(pupil) & ~padded)
    wanted = np.flatnonzero(padded)
    if not len(known):
        return np.where(padded, np.nan, pupil)
    filled = pupil.copy()
    filled[wanted] = np.nan
    inner = wanted[(wanted > known[0]) & (wanted < known[-1])]
    if kind == "cubic":
        for first, end in runs(padded).tolist():
            _draw_curve(filled, known, first, end)
    else:
        filled[inner] = np.interp(inner, known, pupil[known])
    return filled


def _draw_curve(pupil: Values, known: NDArray[np.intp], first: int, end: int) -> None:
    """Draw a cubic spline through four values around a blink (Mathôt 2013), in place.

    Two are the values beside the blink, the others as far from these as they are apart.
    """
    from scipy.interpolate import CubicSpline

    left, right = np.searchsorted(known, [first, end])
    if left == 0 or right == len(known):
        return
    before, after = known[left - 1], known[right]
    outer = np.searchsorted(known, [2 * before - after, 2 * after - before])
    support = np.unique(known[[outer[0], left - 1, right, min(outer[1], len(known) - 1)]])
    pupil[first:end] = CubicSpline(support, pupil[support])(np.arange(first, end))
