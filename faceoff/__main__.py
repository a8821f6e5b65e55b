"""Run the whole command line with `python -m faceoff`."""

from faceoff.cli import main

main()
