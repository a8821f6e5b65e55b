"""Run the commands about people alone: python -m participants."""

from participants.cli import app
from study.cli import run_app

run_app(app)
