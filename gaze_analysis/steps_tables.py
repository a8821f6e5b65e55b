"""The step that reads fixation tables made elsewhere into the study."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from gaze_analysis.exclusions import EXCLUSION_COLUMNS, exclusions
from gaze_analysis.fixations import FIXATION_COLUMNS
from gaze_analysis.tables import (
    TABLE_SUFFIXES,
    is_table,
    read_fixation_tables,
    read_picture_map,
)
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step, run_step
from study.tables import write_table
from study.writing import atomic_path


def table_step(study: Study) -> Step:
    """Read the fixation tables that lie in the study's ``sourcedata/tables``.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Writes ``fixations.tsv`` and ``exclusions.tsv``.
    """
    table = study.settings.gaze.table
    files = tuple(path for path in sorted(_tables_dir(study).glob("*")) if is_table(path))
    picture_map = (study.root / table.picture_map,) if table.picture_map else ()
    fixations_tsv = study.gaze_dir / "fixations.tsv"
    exclusions_tsv = study.gaze_dir / "exclusions.tsv"

    def run() -> None:
        fixations = _read(study, files).reindex(columns=list(FIXATION_COLUMNS))
        trials = fixations.drop_duplicates(["participant_id", "session", "trial"])
        excluded = exclusions(fixations, trials.assign(reason=None))
        held = (excluded["n_fixations"] > 0) | (excluded["level"] == "included")
        write_table(fixations_tsv, fixations, FIXATION_COLUMNS)
        write_table(exclusions_tsv, excluded[held], EXCLUSION_COLUMNS)
        durations = "" if fixations["duration_ms"].notna().any() else ", without durations"
        say(
            f"{len(fixations)} fixations of {fixations['participant_id'].nunique()} people on "
            f"{fixations['image_id'].nunique()} pictures{durations}; "
            f"{fixations['included'].sum()} included"
        )

    return Step(
        command="gaze import",
        inputs=(*files, *picture_map),
        outputs=(fixations_tsv, exclusions_tsv),
        settings={"table": table.model_dump(mode="json")},
        run=run,
        follows="gaze density",
    )


def import_tables(study: Study, files: Iterable[Path], *, force: bool = False) -> None:
    """Keep fixation tables in the study's ``sourcedata/tables``, and read all that lie there.

    Parameters
    ----------
    study : Study
        The study; its section [gaze.table] must say how large the picture is.
    files : iterable of Path
        Tables or zips of them.
    force : bool, default False
        Read them even if the result is up to date.

    Raises
    ------
    InputError
        If a file is missing or no table, or the section is not filled.
    """
    files = [Path(path) for path in files]
    if not study.settings.gaze.table.in_use:
        raise InputError(
            f"Fixation tables need a map of their columns, but {study.settings_toml} has no "
            "picture_width_px in [gaze.table]. Fill that section."
        )
    for path in files:
        if not path.is_file() or not is_table(path):
            raise InputError(
                f"A fixation table must be a file that ends in {', '.join(TABLE_SUFFIXES)} or "
                f".zip, but {path} is {'another' if path.is_file() else 'missing'}. Correct it."
            )
    # What cannot be read must not stay in the study.
    _read(study, files)
    for path in files:
        with atomic_path(_tables_dir(study) / path.name) as temporary:
            shutil.copyfile(path, temporary)
    run_step(study, table_step(study), force=force)


def _read(study: Study, files: Iterable[Path]) -> pd.DataFrame:
    """Read tables by the study's map of columns."""
    table = study.settings.gaze.table
    names = read_picture_map(study.root / table.picture_map) if table.picture_map else None
    return read_fixation_tables(files, table, names)


def _tables_dir(study: Study) -> Path:
    """Name the folder of tables made elsewhere."""
    return study.sourcedata / "tables"
