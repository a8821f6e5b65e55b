"""Run the commands of this package alone: `python -m experiment`."""

from experiment.cli import app
from study.cli import run_app

run_app(app)
