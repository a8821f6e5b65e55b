"""Run the commands of this package alone: python -m cnn."""

from cnn.cli import app
from study.cli import run_app

run_app(app)
