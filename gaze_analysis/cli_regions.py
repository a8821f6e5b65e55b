"""The command `faceoff gaze regions`."""

from pathlib import Path
from typing import Annotated

import typer

from study.cli import ForceOption, StudyOption, open_for_command


def regions(
    study: StudyOption = Path(),
    figures: Annotated[
        bool,
        typer.Option(
            "--figures",
            help="Also draw the regions, scanpaths, dwell shares and transitions, as SVG and PNG.",
        ),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Measure which regions of the face are looked at, and in which order.

    Regions come from stimuli/regions.tsv where it exists, else from the
    landmarks of the face set, else from interest areas (!V IAREA) of the
    recordings. Included fixations count.
    """
    from gaze_analysis.steps_region_figures import regions_figures_step
    from gaze_analysis.steps_regions import regions_step
    from study.provenance import run_step

    opened = open_for_command(study)
    run_step(opened, regions_step(opened), force=force)
    if figures:
        run_step(opened, regions_figures_step(opened), force=force)
