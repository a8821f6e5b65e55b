"""The commands `faceoff experiment ...`."""

import typer

from experiment.check_cli import check, timing
from experiment.run_cli import resume, run
from experiment.simulate_cli import simulate

app = typer.Typer(no_args_is_help=True, help="Run sessions with participants, or simulate them.")


@app.callback()
def experiment() -> None:
    """Run sessions with participants, or simulate them."""


for command in (run, resume, check, timing, simulate):
    app.command()(command)
