"""The step that makes density maps, inter-observer ceilings and controls."""

from typing import Any

import pandas as pd

from gaze_analysis.bandwidth import (
    BANDWIDTH_COLUMNS,
    Bandwidth,
    given_bandwidth,
    likelihood_bandwidth,
    scott_bandwidth,
)
from gaze_analysis.controls import CONTROL_COLUMNS, control_maps, control_table
from gaze_analysis.degrees import warn_of_degrees
from gaze_analysis.density import Grid, Map
from gaze_analysis.density_words import say_bandwidth, say_ceilings, say_controls, say_maps
from gaze_analysis.map_labels import map_unit, participant_axes
from gaze_analysis.maps import StudyMaps, study_maps
from gaze_analysis.picture_place import fixation_frame
from gaze_analysis.trial_maps import MapRule, check_fixations
from stimuli.frames import Rect, screen_from
from study.errors import InputError
from study.folder import Study
from study.maps import growing_maps, write_maps
from study.provenance import Step
from study.tables import read_table, write_table

CEILING_COLUMNS = {
    "level": "What the maps are of: a picture (image), an expression, or all faces (all)",
    "image_id": "The picture",
    "expression": "The expression",
    "split_half_r": "Correlation between mean maps of random halves of the participants, mean",
    "spearman_brown_r": "The same, stepped up to all participants by Spearman and Brown's formula",
    "split_half_low": "Of the random halves' correlations, 2.5 % are lower",
    "split_half_high": "Of the random halves' correlations, 2.5 % are higher",
    "leave_one_out_r": "Correlation of one participant's map with the others' mean map, mean",
    "n_participants": "Number of participants",
}


_OUTPUTS = (
    "density.nc", "controls.nc", "ceiling.tsv", "controls.tsv", "bandwidth.tsv",
    "density_by_participant.nc",
)  # fmt: skip
_CHOICES = {
    "given": given_bandwidth,
    "likelihood": likelihood_bandwidth,
    "scott": scott_bandwidth,
}


def density_step(study: Study) -> Step:
    """Make the density maps of the included fixations, their ceilings and controls.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Reads ``fixations.tsv``; writes ``density.nc``, ``density_by_participant.nc`` and
        ``controls.nc``, ``ceiling.tsv``, ``controls.tsv`` and ``bandwidth.tsv``.
    """
    return Step(
        command="gaze density",
        inputs=(study.gaze_dir / "fixations.tsv",),
        outputs=tuple(study.gaze_dir / name for name in _OUTPUTS),
        settings=_map_settings(study),
        run=lambda: _make_maps(study),
        follows="" if study.settings.gaze.table.in_use else "cnn train",
    )


def _make_maps(study: Study) -> None:
    """Choose the kernel, make maps, ceilings and controls, and write them all."""
    folder, fixations = study.gaze_dir, included_fixations(study)
    density, per_deg = study.settings.gaze.density, px_per_deg(study)
    bandwidth = choose_bandwidth(study, fixations)
    rule = map_rule(study, sigma_px=bandwidth.sigma_px)
    made = _study_maps(study, fixations, rule)
    centre = density.centre_sigma
    controls = control_maps(
        made.maps, fixations, rule,
        centre_px=None if centre is None else _in_px(study, centre),
    )  # fmt: skip
    table = control_table(made.maps, controls)
    write_maps(folder / "density.nc", made.maps, compress=False)
    # Those of the other pictures are as large as the maps, and follow from them.
    kept = controls.drop_vars(["class_mean", "mean_face"])
    write_maps(folder / "controls.nc", kept, compress=False)
    write_table(folder / "ceiling.tsv", made.ceilings, CEILING_COLUMNS)
    write_table(folder / "controls.tsv", table, CONTROL_COLUMNS)
    write_table(folder / "bandwidth.tsv", _in_all_units(study, bandwidth), BANDWIDTH_COLUMNS)
    say_bandwidth(bandwidth)
    say_maps(rule, per_deg, float(made.maps["mass_inside"].mean()), len(table))
    say_ceilings(made.ceilings)
    say_controls(table, float(controls.attrs["centre_sigma_px"]))
    if not study.settings.gaze.table.in_use:
        warn_of_degrees(study)


def _study_maps(study: Study, fixations: pd.DataFrame, rule: MapRule) -> StudyMaps:
    """Make the study's maps, and write those of single participants as they come."""
    per_deg = px_per_deg(study)
    origin: dict[str, Any] = {
        "bandwidth": study.settings.gaze.density.bandwidth,
        "seed": rule.seed,
        "source": "faceoff gaze density, of fixations.tsv",
        "provenance": "gaze_density.provenance.json",
    }
    if per_deg is not None:
        origin |= {"sigma_deg": rule.sigma_px / per_deg, "px_per_deg": per_deg}
    axes = participant_axes(fixations, rule).assign_attrs(origin)
    expressions = list(axes["expression"].to_numpy())
    with growing_maps(
        study.gaze_dir / "density_by_participant.nc", axes, "density_by_participant",
        ("participant", "expression", "y", "x"), **map_unit(rule),
    ) as by_participant:  # fmt: skip

        def keep(expression: str, rows: slice, people: slice, maps: Map) -> None:
            by_participant[people, expressions.index(expression), rows] = maps

        block_mb = study.settings.execution.block_mb
        made = study_maps(fixations, rule, block_mb=block_mb, keep=keep)
    made.maps.attrs |= origin
    return made


def shown_picture(study: Study) -> Rect:
    """Give the frame that the study's fixations are in.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Rect
        The picture of the fixation tables where they are used, else the picture as shown (see
        `fixation_frame`).
    """
    table = study.settings.gaze.table
    if table.picture_width_px is not None and table.picture_height_px is not None:
        return Rect(0, 0, table.picture_width_px, table.picture_height_px)
    return fixation_frame(study)


def px_per_deg(study: Study) -> float | None:
    """Give the pixels of the picture frame in a degree of visual angle.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    float or None
        None where fixation tables are used and do not say.
    """
    table = study.settings.gaze.table
    return table.px_per_deg if table.in_use else screen_from(study.settings.screen).px_per_deg


def map_rule(study: Study, *, sigma_px: float | None = None) -> MapRule:
    """Bring the section [gaze.density] into picture pixels.

    Parameters
    ----------
    study : Study
        The study.
    sigma_px : float, optional
        The kernel's width where it was chosen from the data. Defaults to the given one.

    Returns
    -------
    MapRule
        How maps are made.

    Raises
    ------
    InputError
        If the kernel's width is in degrees and nothing says how many pixels these are, or the
        grid is too coarse for the kernel.
    """
    density, frame = study.settings.gaze.density, shown_picture(study)
    rule = MapRule(
        grid=Grid(frame.width_px, frame.height_px, density.grid_px),
        sigma_px=_in_px(study, density.sigma) if sigma_px is None else sigma_px,
        weighting=density.weighting,
        participants=density.participants,
        edges=density.edges,
        n_splits=density.splits,
        seed=study.settings.study.seed,
    )
    if density.grid_px > rule.sigma_px:
        raise InputError(
            f"The grid must be finer than the kernel, but grid_px is {density.grid_px:g} and "
            f"sigma {rule.sigma_px:.3g} px. Make grid_px smaller in [gaze.density]."
        )
    return rule


def choose_bandwidth(study: Study, fixations: pd.DataFrame) -> Bandwidth:
    """Find the kernel's width as [gaze.density] says.

    Parameters
    ----------
    study : Study
        The study.
    fixations : pandas.DataFrame
        The included fixations.

    Returns
    -------
    Bandwidth
        The width in picture pixels, and what it was chosen from.

    Raises
    ------
    InputError
        If the fixations do not allow this choice, or the given width has no unit.
    """
    density = study.settings.gaze.density
    # Where the data say the width, the rule needs none: any that the grid allows will do.
    any_px = None if density.bandwidth == "given" else density.grid_px
    rule = map_rule(study, sigma_px=any_px)
    check_fixations(fixations, rule)
    return _CHOICES[density.bandwidth](fixations, rule)


def _in_px(study: Study, sigma: float) -> float:
    """Bring a width from the unit of the settings into picture pixels."""
    unit, per_deg = study.settings.gaze.density.sigma_unit, px_per_deg(study)
    if unit == "deg" and per_deg is None:
        raise InputError(
            "A kernel in degrees needs the size at which pictures were seen, but px_per_deg in "
            '[gaze.table] is not set. Set it, or sigma_unit = "percent" or "px" in [gaze.density].'
        )
    width_px = shown_picture(study).width_px
    return sigma * {"deg": per_deg or 0.0, "px": 1.0, "percent": width_px / 100}[unit]


def _in_all_units(study: Study, bandwidth: Bandwidth) -> pd.DataFrame:
    """Give the table of candidates its widths in degrees and per cent."""
    sigma_px, per_deg = bandwidth.candidates["sigma_px"], px_per_deg(study)
    return bandwidth.candidates.assign(
        sigma_deg=sigma_px / (per_deg or float("nan")),
        sigma_percent=100 * sigma_px / shown_picture(study).width_px,
    )


def included_fixations(study: Study) -> pd.DataFrame:
    """Read the fixations that enter maps and statistics.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        The included rows of ``fixations.tsv``.

    Raises
    ------
    InputError
        If the table is missing or wrong, or none of its rows is included.
    """
    fixations = read_table(
        study.gaze_dir / "fixations.tsv",
        what="The table of fixations (faceoff gaze events, or gaze import for tables)",
        columns={
            "participant_id": str, "session": str, "trial": int, "image_id": str,
            "expression": str, "duration_ms": float, "x_px": float, "y_px": float,
            "included": bool,
        },
    )  # fmt: skip
    included = fixations["included"].fillna(False).astype(bool)
    if not included.any():
        raise InputError(
            "Density maps must have at least one included fixation, but of the "
            f"{len(fixations)} in {study.gaze_dir / 'fixations.tsv'} none is. exclusions.tsv "
            "beside it has the reasons."
        )
    return fixations[included].reset_index(drop=True)


def _map_settings(study: Study) -> dict[str, Any]:
    """Collect what changes the maps: a kernel in degrees also depends on the screen."""
    settings = study.settings
    return {
        "density": settings.gaze.density.model_dump(mode="json"),
        "picture_px": [shown_picture(study).width_px, shown_picture(study).height_px],
        "px_per_deg": px_per_deg(study),
        "seed": settings.study.seed,
    }
