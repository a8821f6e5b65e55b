"""The step that measures regions and scanpaths."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.degrees import warn_of_degrees
from gaze_analysis.region_measures import (
    BY_EXPRESSION_COLUMNS,
    OFF_PICTURE,
    REGION_COLUMNS,
    TRIAL_KEYS,
    name_regions,
    regions_by_expression,
    trial_keys,
    trial_regions,
)
from gaze_analysis.region_sources import region_source, source_files, trial_outlines
from gaze_analysis.scanpaths import (
    ENTROPY_COLUMNS,
    SCANPATH_COLUMNS,
    TRANSITION_COLUMNS,
    entropies,
    scanpaths,
    transitions,
)
from gaze_analysis.steps_density import px_per_deg, shown_picture
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import screen_from
from stimuli.region_outlines import OTHER, Outlines
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.tables import read_table, write_table

if TYPE_CHECKING:
    pass

TABLES = ("regions", "regions_by_expression", "transitions", "scanpaths", "entropies")
_FIXATIONS = {
    "participant_id": str, "session": str, "trial": int, "image_id": str, "expression": str,
    "index": int, "onset_ms": float, "duration_ms": float, "x_px": float, "y_px": float,
    "included": bool,
}  # fmt: skip
_Outlines = dict[tuple[str, str, int], Outlines]


def regions_step(study: Study) -> Step:
    """Measure what people look at, in which order, and how long.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Reads ``fixations.tsv`` and where the regions come from; writes ``regions.tsv``,
        ``regions_by_expression.tsv``, ``transitions.tsv``, ``scanpaths.tsv`` and
        ``entropies.tsv``.
    """
    return Step(
        command="gaze regions",
        inputs=(study.gaze_dir / "fixations.tsv", *source_files(study)),
        outputs=tuple(study.gaze_dir / f"{name}.tsv" for name in TABLES),
        settings=region_settings(study),
        run=lambda: make_regions(study),
        follows="gaze density",
    )


def region_settings(study: Study) -> dict[str, Any]:
    """Collect what changes the measures.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        Settings, the picture's size, and the pixels of a degree.
    """
    frame = shown_picture(study)
    return {
        "regions": study.settings.gaze.regions.model_dump(mode="json"),
        "picture_px": [frame.width_px, frame.height_px],
        "px_per_deg": px_per_deg(study),
        "screen": study.settings.screen.model_dump(mode="json"),
    }


def has_regions(study: Study) -> bool:
    """Tell whether anything gives the study's pictures regions.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    bool
        Whether `regions_step` can be done.
    """
    return bool(region_source(study))


def make_regions(study: Study) -> None:
    """Write the tables of regions and scanpaths.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If fixations or regions are missing.
    """
    named, outlines, source = looked_regions(study)
    frame = shown_picture(study)
    regions = trial_regions(named, outlines, frame.width_px, frame.height_px)
    states = _states(outlines, named)
    minimum = study.settings.gaze.regions.entropy_min_fixations
    by_expression = regions_by_expression(regions)
    paths = scanpaths(named, states, amplitudes_deg(study, named), minimum)
    folder = study.gaze_dir
    write_table(folder / "regions.tsv", regions, REGION_COLUMNS)
    write_table(folder / "regions_by_expression.tsv", by_expression, BY_EXPRESSION_COLUMNS)
    write_table(folder / "transitions.tsv", transitions(named, states), TRANSITION_COLUMNS)
    write_table(folder / "scanpaths.tsv", paths, SCANPATH_COLUMNS)
    pooled = entropies(named, states)
    write_table(folder / "entropies.tsv", pooled, ENTROPY_COLUMNS)
    _say_regions(source, by_expression, paths, pooled)
    if not study.settings.gaze.table.in_use:
        warn_of_degrees(study)


def looked_regions(study: Study) -> tuple[pd.DataFrame, _Outlines, str]:
    """Name the region of each included fixation of a study.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    fixations : pandas.DataFrame
        Included rows of ``fixations.tsv`` with the column region, in the order of looking.
    outlines : dict of tuple to Outlines
        The regions by participant, session and trial.
    source : str
        Where the regions come from, in words.

    Raises
    ------
    InputError
        If fixations or regions are missing, or no fixation is included.
    """
    path = study.gaze_dir / "fixations.tsv"
    table = read_table(
        path,
        what="The table of fixations (faceoff gaze events, or gaze import for tables)",
        columns=_FIXATIONS,
    )
    used = table[table["included"].fillna(False).astype(bool)].reset_index(drop=True)
    used = used.dropna(subset=["image_id", "x_px", "y_px"]).reset_index(drop=True)
    if used.empty:
        raise InputError(
            f"Regions must have at least one included fixation, but of the {len(table)} in {path} "
            "none is. exclusions.tsv beside it has the reasons."
        )
    trials = used.drop_duplicates(TRIAL_KEYS)
    found = trial_outlines(study, trials[[*TRIAL_KEYS, "image_id"]])
    pairs = zip(trial_keys(trials), found.of_trials, strict=True)
    outlines = {key: regions for key, regions in pairs if regions is not None}
    without = [regions is None for regions in found.of_trials]
    if any(without):
        names = sorted(set(trials.loc[without, "image_id"]))
        say(
            f"warning: {sum(without)} trials are left out, for there are no regions of their "
            f"pictures ({found.source}): {', '.join(names[:10])}"
        )
    on_picture = shown_picture(study).contains(used[["x_px", "y_px"]].to_numpy(float))
    return name_regions(used, outlines, on_picture), outlines, found.source


def _states(outlines: _Outlines, named: pd.DataFrame) -> list[str]:
    """List all regions of the study, other, and off_picture if anybody looked there."""
    names = dict.fromkeys(name for regions in outlines.values() for name in regions.regions)
    names[OTHER] = None
    if (named["region"] == OFF_PICTURE).any():
        names[OFF_PICTURE] = None
    return list(names)


def amplitudes_deg(study: Study, fixations: pd.DataFrame) -> NDArray[np.float64]:
    """Measure how far each fixation is from the row before it.

    Parameters
    ----------
    study : Study
        The study.
    fixations : pandas.DataFrame
        x_px and y_px in the picture frame.

    Returns
    -------
    ndarray, shape (n,)
        Degrees of visual angle: on the screen with the picture at its centre, or by the
        px_per_deg of fixation tables; NaN where they do not say, and for the first row.
    """
    points = fixations[["x_px", "y_px"]].to_numpy(float)
    far = np.full(len(points), np.nan)
    per_deg = px_per_deg(study)
    if study.settings.gaze.table.in_use:
        if per_deg is not None:
            far[1:] = np.hypot(*np.diff(points, axis=0).T) / per_deg
        return far
    screen, frame = screen_from(study.settings.screen), shown_picture(study)
    middle = np.array([frame.width_px - 1, frame.height_px - 1]) / 2
    on_screen = points - middle + np.array(screen.centre_px)
    far[1:] = screen.distance_deg(on_screen[1:], on_screen[:-1])
    return far


def _say_regions(
    source: str, by_expression: pd.DataFrame, paths: pd.DataFrame, pooled: pd.DataFrame
) -> None:
    """Say what people look at, as a table of regions by expressions."""
    from gaze_analysis.region_figures import share_measure

    measure = share_measure(by_expression)
    shares = by_expression.set_index(["region", "expression"])[measure]
    shown = set(by_expression["expression"])
    columns = [name for name in (*EXPRESSIONS, "all") if name in shown]
    regions = list(dict.fromkeys(by_expression["region"]))
    looking = "dwell time" if measure == "dwell_share" else "fixations (durations are not known)"
    say(
        f"{len(paths)} trials; regions: {source}; mean share of {looking} in per cent, "
        "participants equal:"
    )
    say("  " + " " * 12 + "".join(f"{name[:9]:>10}" for name in columns))
    for region in regions:
        row = shares[region].reindex(columns)
        if region != OFF_PICTURE or row.max() > 0:
            say(f"  {region:<12}" + "".join(_percent(value) for value in row))
    means = pooled[pooled["expression"] == "all"].mean(numeric_only=True)
    say(
        f"scanpaths: {paths['n_fixations'].mean():.1f} fixations, "
        f"{paths['path_length_deg'].mean():.1f} deg long; entropy of a participant's looking "
        f"{means['stationary_entropy_bits']:.2f} bits, of transitions "
        f"{means['transition_entropy_bits']:.2f} bits"
    )


def _percent(value: float) -> str:
    """Write a share in ten signs."""
    return f"{100 * value:>10.1f}" if np.isfinite(value) else f"{'n/a':>10}"
