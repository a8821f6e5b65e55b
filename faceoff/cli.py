"""The command line: every package's commands, and those that run the whole study."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import cnn.cli
import comparison.cli
import experiment.cli
import faceoff.power.cli
import faceoff.recipes.cli
import gaze_analysis.cli
import participants.cli
import stimuli.cli
from study.cli import (
    ForceOption,
    JobsOption,
    SchedulerOption,
    StudyOption,
    open_for_command,
    run_app,
)

app = typer.Typer(
    name="faceoff",
    help="Where do people look, and where does a network look, "
    "when both name the expression on the same face?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(stimuli.cli.app, name="stimuli")
app.add_typer(participants.cli.app, name="participants")
# Power needs the analysis, which the experiment does not know.
experiment.cli.app.command("power")(faceoff.power.cli.power)
app.add_typer(experiment.cli.app, name="experiment")
app.add_typer(gaze_analysis.cli.app, name="gaze")
app.add_typer(cnn.cli.app, name="cnn")
app.add_typer(comparison.cli.app, name="compare")
app.add_typer(faceoff.recipes.cli.app, name="recipes")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    name: Annotated[str, typer.Option(help="The study's title.")] = "",
) -> None:
    """Make a new study folder with a commented study.toml."""
    from study.folder import create_study
    from study.progress import say

    study = create_study(folder, {"study": {"name": name}} if name else None)
    say(f"wrote {study.settings_toml}: every setting of the study, with comments")
    say(f"  next: faceoff stimuli register DIR --study {folder}")


@app.command()
def run(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Do every step that is out of date, in order, for everyone."""
    from faceoff.pipeline import run_everything

    run_everything(open_for_command(study, jobs, scheduler), force=force)


@app.command()
def report(
    study: StudyOption = Path(),
    kind: Annotated[
        Literal["html", "latex", "docx"],
        typer.Option(
            "--format",
            help="html: one file to mail; latex: a chapter with figures, tables and BibTeX; docx: "
            "the same for Word.",
        ),
    ] = "html",
    force: ForceOption = False,
) -> None:
    """Write the report: methods, results and literature, with every figure and table."""
    from faceoff.pipeline import report_step
    from faceoff.report import report_file
    from study.progress import say
    from study.provenance import run_step

    opened = open_for_command(study)
    run_step(opened, report_step(opened, kind), force=force)
    say(f"the report is {report_file(opened, kind)}")


@app.command()
def maps(
    study: StudyOption = Path(),
    image: Annotated[
        list[str] | None,
        typer.Option(help="A picture to show, by its id; may be given again."),
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="Pictures of each kind of worst case.")] = 6,
) -> None:
    """Write a page of single pictures: relevance, gaze and regions; chosen and worst cases."""
    from faceoff.report.maps_page import write_maps_page

    write_maps_page(open_for_command(study), image or [], worst)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the study goes.")] = Path(
        "demo_study"
    ),
    people: Annotated[int, typer.Option(min=4, help="Simulated participants.")] = 28,
    actors: Annotated[int, typer.Option(min=18, max=70, help="Synthetic actors.")] = 70,
    jobs: JobsOption = 0,
) -> None:
    """Run a whole study on synthetic faces with simulated observers, to a report."""
    from faceoff.demo import run_demo

    run_demo(folder, people=people, actors=actors, jobs=jobs)


def main() -> None:
    """Run the command line."""
    run_app(app)
