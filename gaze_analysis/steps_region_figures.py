"""The step that draws regions and scanpaths, and the trials that are shown as examples."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from gaze_analysis.region_measures import TRIAL_KEYS, trial_keys
from gaze_analysis.region_sources import source_files
from gaze_analysis.steps_density import shown_picture
from gaze_analysis.steps_regions import TABLES, looked_regions, region_settings
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import figure_picture
from study.figures import save_figure
from study.folder import Study
from study.provenance import Step
from study.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = ("region_check", "scanpaths", "dwell", "transitions")


def regions_figures_step(study: Study) -> Step:
    """Draw regions, scanpaths, dwell shares and transitions.

    Parameters
    ----------
    study : Study
        The study, whose regions are measured.

    Returns
    -------
    Step
        Writes SVG and PNG into ``figures/`` of the gaze folder.
    """
    folder = study.gaze_dir / "figures"
    tables = tuple(study.gaze_dir / f"{name}.tsv" for name in ("fixations", *TABLES[1:3]))
    pictures = tuple(p for p in (study.manifest_tsv, study.crops_tsv) if p.is_file())
    return Step(
        command="gaze regions --figures",
        inputs=tuple(dict.fromkeys((*tables, *pictures, *source_files(study)))),
        outputs=tuple(folder / f"{name}{end}" for name in FIGURES for end in (".svg", ".png")),
        settings=region_settings(study)
        | {"report": study.settings.report.model_dump(mode="json", exclude={"columns"})},
        run=lambda: make_figures(study, folder),
    )


def make_figures(study: Study, folder: Path) -> None:
    """Draw the check of regions, example scanpaths, dwell shares and transitions.

    Parameters
    ----------
    study : Study
        The study.
    folder : Path
        Where SVG and PNG go.
    """
    from gaze_analysis.region_figures import dwell_figure, transition_figure
    from gaze_analysis.region_plots import Panel, region_sheet, scanpath_sheet

    named, outlines, source = looked_regions(study)
    frame = shown_picture(study)
    examples = example_trials(named, study.settings.report.example_images)
    panels = []
    for key, rows in examples:
        image_id, expression = str(rows["image_id"].iloc[0]), _expression(rows)
        title = f"{image_id} {expression}\n{key[0]}, trial {key[2]}"
        picture = figure_picture(study, image_id, frame)
        panels.append(Panel(title, picture, outlines[key], rows))
    by_expression = read_table(folder.parent / "regions_by_expression.tsv", what="Regions")
    moves = read_table(folder.parent / "transitions.tsv", what="Transitions (faceoff gaze regions)")
    made: dict[str, Callable[[], Figure]] = {
        "region_check": lambda: region_sheet(panels, frame, title=f"Regions: {source}"),
        "scanpaths": lambda: scanpath_sheet(panels, frame, title="Scanpaths of typical length"),
        "dwell": lambda: dwell_figure(by_expression),
        "transitions": lambda: transition_figure(moves),
    }
    for name in FIGURES:
        save_figure(made[name](), folder / name, dpi=study.settings.report.figure_dpi)


def example_trials(
    fixations: pd.DataFrame, n_each: int
) -> list[tuple[tuple[str, str, int], pd.DataFrame]]:
    """Choose trials to be shown: of typical length, on different pictures by different people.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `looked_regions` gives them.
    n_each : int
        Trials of each expression.

    Returns
    -------
    list of tuple
        Participant, session and trial with its fixations, by expression.
    """
    grouped = fixations.groupby(TRIAL_KEYS, sort=False)
    trials = grouped.agg(
        image_id=("image_id", "first"), expression=("expression", "first"), n=("trial", "size")
    ).reset_index()
    trials["expression"] = trials["expression"].fillna("")
    trials["key"] = trial_keys(trials)
    shown = set(trials["expression"])
    known = [name for name in EXPRESSIONS if name in shown]
    chosen: list[tuple[str, str, int]] = []
    people: set[str] = set()
    for expression in (*known, *sorted(shown - set(known))):
        own = trials[trials["expression"] == expression]
        off = (own["n"] - own["n"].median()).abs()
        own = own.assign(off=off).sort_values("off", kind="stable").drop_duplicates("image_id")
        fresh = own["participant_id"].isin(people).sort_values(kind="stable").index
        picked = own.loc[fresh].head(n_each)
        people |= set(picked["participant_id"])
        chosen += picked["key"].tolist()
    return [(key, grouped.get_group(key)) for key in chosen]


def _expression(rows: pd.DataFrame) -> str:
    """Give a trial's expression; nothing where it is not known."""
    expression = rows["expression"].iloc[0]
    return expression if isinstance(expression, str) else ""
