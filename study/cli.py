"""What every command shares: its options, its study, and how it ends on bad input."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from study.folder import Study

StudyOption = Annotated[
    Path, typer.Option("--study", help="The study folder.", metavar="DIR", show_default="here")
]
JobsOption = Annotated[int, typer.Option(help="Parallel workers; 0 uses every core.", min=0)]
SchedulerOption = Annotated[
    str, typer.Option(help="A Dask scheduler's address, tcp://host:8786.", show_default=False)
]
ForceOption = Annotated[bool, typer.Option("--force", help="Do it even if it is up to date.")]


def open_for_command(folder: Path, jobs: int = 0, scheduler: str = "") -> "Study":
    """Open a command's study, with the command's own workers.

    Parameters
    ----------
    folder : Path
        The study folder.
    jobs : int, default 0
        Number of workers; 0 takes the study's own setting.
    scheduler : str, default ""
        Address of a Dask scheduler; empty takes the study's own setting.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    InputError
        If the folder is no study.
    """
    from study.folder import Study, open_study

    study = open_study(folder)
    execution = study.settings.execution
    chosen = execution.model_copy(
        update={"jobs": jobs or execution.jobs, "scheduler": scheduler or execution.scheduler}
    )
    return Study(study.root, study.settings.model_copy(update={"execution": chosen}))


def run_app(app: typer.Typer) -> None:
    """Run a command line: one message and exit status 2 where the input is bad.

    Parameters
    ----------
    app : typer.Typer
        The commands.

    Raises
    ------
    SystemExit
        Always, with the exit status.
    """
    from study.errors import InputError

    try:
        app()
    except InputError as error:
        from study.progress import say

        say(f"Error: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
