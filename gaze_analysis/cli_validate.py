"""The command `faceoff gaze validate`."""

from pathlib import Path
from typing import Annotated

import typer

from study.cli import JobsOption


def validate(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Labelled recordings: NAME_labelled_RA.mat and NAME_labelled_MN.mat.",
            metavar="DIR",
            show_default=False,
        ),
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="A detector beside the default one, or all; may be repeated.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the whole table to this file (.tsv).", show_default=False),
    ] = None,
    jobs: JobsOption = 0,
) -> None:
    """Set event detectors against human coders (Andersson et al. 2017).

    Ends with status 0 if the default detector reaches a kappa of 0.80 for
    fixations and 0.76 for saccades against both coders on pictures, else 1.
    """
    from gaze_analysis.detection import DEFAULT_METHOD, METHODS
    from gaze_analysis.detection.validate import (
        AGREEMENT_COLUMNS,
        shown_table,
        verdict,
    )
    from gaze_analysis.detection.validate import validate as set_against_coders
    from study.errors import InputError, did_you_mean
    from study.progress import say
    from study.tables import write_table

    chosen = list(METHODS) if "all" in (method or []) else [DEFAULT_METHOD, *(method or [])]
    for name in chosen:
        if name not in METHODS:
            raise InputError(
                f"--method must be all or one of {', '.join(METHODS)}, but it is {name!r}."
                f"{did_you_mean(name, METHODS)}"
            )
    if out is not None and out.suffix != ".tsv":
        raise InputError(f"--out must end in .tsv, but it is {out}. Name another file.")
    table = set_against_coders(folder, dict.fromkeys(chosen), jobs)
    typer.echo(shown_table(table))
    if out is not None:
        write_table(out, table, AGREEMENT_COLUMNS)
        say(f"wrote {out} and {out.with_suffix('.json')}")
    passed, text = verdict(table)
    typer.echo(f"\n{text}")
    if not passed:
        raise typer.Exit(1)
