"""Runs the commands of this package alone: `python -m gaze_analysis`."""

from gaze_analysis.cli import app
from study.cli import run_app

run_app(app)
