"""The step that makes density maps and inter-observer ceilings."""

from typing import Any

import pandas as pd

from gaze_analysis.density import Grid
from gaze_analysis.maps import MapRule, study_maps
from stimuli.catalog import picture_frame
from stimuli.frames import Rect, screen_from
from study.errors import InputError
from study.folder import Study
from study.maps import write_maps
from study.progress import say
from study.provenance import Step
from study.tables import read_table, write_table

CEILING_COLUMNS = {
    "level": "What the maps are of: a picture (image), an expression, or all faces (all)",
    "image_id": "The picture",
    "expression": "The expression",
    "split_half_r": "Correlation between mean maps of random halves of the participants, mean",
    "spearman_brown_r": "The same, stepped up to all participants by Spearman and Brown's formula",
    "leave_one_out_r": "Correlation of one participant's map with the others' mean map, mean",
    "n_participants": "Number of participants",
}


def shown_picture(study: Study) -> Rect:
    """Give the frame that the study's fixations are in.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Rect
        The picture of the fixation tables where they are used, else the picture as shown.
    """
    table = study.settings.gaze.table
    if table.picture_width_px is not None and table.picture_height_px is not None:
        return Rect(0, 0, table.picture_width_px, table.picture_height_px)
    return picture_frame(study)


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


def map_rule(study: Study) -> MapRule:
    """Bring the section [gaze.density] into picture pixels.

    Parameters
    ----------
    study : Study
        The study.

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
    per_deg = px_per_deg(study)
    if density.sigma_unit == "deg" and per_deg is None:
        raise InputError(
            "A kernel in degrees needs the size at which pictures were seen, but px_per_deg in "
            '[gaze.table] is not set. Set it, or sigma_unit = "percent" or "px" in [gaze.density].'
        )
    scale = {"deg": per_deg or 0.0, "px": 1.0, "percent": frame.width_px / 100}
    sigma_px = density.sigma * scale[density.sigma_unit]
    if density.grid_px > sigma_px:
        raise InputError(
            f"The grid must be finer than the kernel, but grid_px is {density.grid_px:g} and "
            f"sigma {sigma_px:.3g} px. Make grid_px smaller in [gaze.density]."
        )
    return MapRule(
        grid=Grid(frame.width_px, frame.height_px, density.grid_px),
        sigma_px=sigma_px,
        weighting=density.weighting,
        participants=density.participants,
        n_splits=density.splits,
        seed=study.settings.study.seed,
    )


def density_step(study: Study) -> Step:
    """Make the density maps of the included fixations, and the inter-observer ceilings.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Reads ``fixations.tsv``, writes ``density.nc`` and ``ceiling.tsv``.
    """
    fixations_tsv = study.gaze_dir / "fixations.tsv"
    density_nc, ceiling_tsv = study.gaze_dir / "density.nc", study.gaze_dir / "ceiling.tsv"

    def run() -> None:
        rule, per_deg = map_rule(study), px_per_deg(study)
        made = study_maps(included_fixations(study), rule)
        if per_deg is not None:
            made.maps.attrs |= {"sigma_deg": rule.sigma_px / per_deg, "px_per_deg": per_deg}
        write_maps(density_nc, made.maps)
        write_table(ceiling_tsv, made.ceilings, CEILING_COLUMNS)
        _say_maps(rule, per_deg, made.maps.sizes["image"], made.ceilings)

    return Step(
        command="gaze density",
        inputs=(fixations_tsv,),
        outputs=(density_nc, ceiling_tsv),
        settings=_map_settings(study),
        run=run,
        follows="" if study.settings.gaze.table.in_use else "cnn train",
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
    used: dict[str, Any] = {
        "density": settings.gaze.density.model_dump(mode="json"),
        "picture_px": [shown_picture(study).width_px, shown_picture(study).height_px],
        "px_per_deg": px_per_deg(study),
        "seed": settings.study.seed,
    }
    return used


def _say_maps(rule: MapRule, per_deg: float | None, n_images: int, ceilings: pd.DataFrame) -> None:
    """Say what maps were made, and how well people agree."""
    in_deg = f", {rule.sigma_px / per_deg:.2f} deg" if per_deg else ""
    percent = 100 * rule.sigma_px / rule.grid.width_px
    say(
        f"{n_images} density maps: Gaussian of {rule.sigma_px:.1f} px{in_deg} "
        f"({percent:.1f} % of the width), weighted by {rule.weighting}, "
        f"participants {'equal' if rule.participants == 'equal' else 'pooled'}"
    )
    say("inter-observer ceiling (split-half r, Spearman-Brown, leave-one-out r, people):")
    pictures = ceilings[ceilings["level"] == "image"].mean(numeric_only=True)
    say(f"  {'pictures (mean)':<16}{_ceiling_text(pictures)}")
    for _, row in ceilings[ceilings["level"] != "image"].iterrows():
        name = row["expression"] if row["level"] == "expression" else "all faces"
        say(f"  {name:<16}{_ceiling_text(row)}")


def _ceiling_text(row: pd.Series) -> str:
    """Write one ceiling."""
    return (
        f"{row['split_half_r']:.2f}  {row['spearman_brown_r']:.2f}  "
        f"{row['leave_one_out_r']:.2f}  {row['n_participants']:.0f}"
    )
