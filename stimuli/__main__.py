"""Run the commands about faces alone: python -m stimuli."""

from stimuli.cli import app
from study.cli import run_app

run_app(app)
