"""The commands that try a station before participants come: check, timing."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from study.cli import StudyOption, open_for_command

if TYPE_CHECKING:
    from experiment.checks import Check

_STATES = {True: "[green]passed[/]", False: "[red]failed[/]", None: "[yellow]warning[/]"}


def check(
    participant_id: Annotated[
        str,
        typer.Argument(metavar="[ID]", help="The participant; by default the station alone."),
    ] = "",
    session: Annotated[str, typer.Option(help="The session's label.")] = "01",
    tracker: Annotated[
        str, typer.Option(help="The tracker's name.", show_default="[experiment] tracker")
    ] = "",
    study: StudyOption = Path(),
) -> None:
    """Check screen, disk, tracker, pictures and plan before somebody sits down."""
    from experiment.preflight import check_everything, refuse

    opened = open_for_command(study)
    found = check_everything(opened, participant_id, session, tracker)
    show_checks(found)
    refuse(found)


def show_checks(checks: Sequence["Check"]) -> None:
    """Print what was found as a table, on standard output.

    Parameters
    ----------
    checks : sequence of Check
        What was found.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("check", "state", "what was found")
    # A path is never cut, for somebody has to find the file.
    table.columns[-1].overflow = "fold"
    for check in checks:
        table.add_row(check.name, _STATES[check.passed], escape(check.text))
    Console(highlight=False).print(table)


def timing(
    seconds: Annotated[float, typer.Option(min=1, help="How long to flash the patch.")] = 10.0,
    frames: Annotated[
        int, typer.Option(min=1, help="The patch changes after so many frames.")
    ] = 10,
    tracker: Annotated[
        str, typer.Option(help="Send each onset to a tracker, too.", show_default="none")
    ] = "",
    study: StudyOption = Path(),
) -> None:
    """Flash a patch for a photodiode and measure frames, dropped frames and onset jitter."""
    from experiment.timing_run import run_timing

    opened = open_for_command(study)
    run_timing(opened, seconds=seconds, n_frames=frames, tracker_name=tracker)
