"""The comparison's own commands: ``python -m comparison``."""

from comparison.cli import app
from study.cli import run_app

run_app(app)
