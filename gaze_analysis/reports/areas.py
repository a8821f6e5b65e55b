"""Data Viewer's interest area reports, as one tidy table of all sessions."""

from pathlib import Path

import pandas as pd

from gaze_analysis.importing import session_facts
from gaze_analysis.reports.cells import find_columns, numbers, texts, whole_number_in
from gaze_analysis.reports.session import AREAS, kept_kind
from gaze_analysis.reports.tabular import read_tables
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.tables import write_table

_NAMES = {
    "trial": ("TRIAL_INDEX", "Trial_Index_"),
    "trial_label": ("TRIAL_LABEL",),
    "area_id": ("IA_ID",),
    "area": ("IA_LABEL",),
    "dwell_time_ms": ("IA_DWELL_TIME",),
    "dwell_share": ("IA_DWELL_TIME_%", "IA_DWELL_TIME_."),
    "n_fixations": ("IA_FIXATION_COUNT",),
    "n_runs": ("IA_RUN_COUNT",),
    "first_fixation_ms": ("IA_FIRST_FIXATION_TIME",),
    "first_fixation_duration_ms": ("IA_FIRST_FIXATION_DURATION",),
    "first_fixation_index": ("IA_FIRST_FIXATION_INDEX",),
    "first_run_dwell_time_ms": ("IA_FIRST_RUN_DWELL_TIME",),
    "left_px": ("IA_LEFT",),
    "top_px": ("IA_TOP",),
    "right_px": ("IA_RIGHT",),
    "bottom_px": ("IA_BOTTOM",),
}
AREA_COLUMNS = {
    "participant_id": "Who looked.",
    "session": "Label of the session.",
    "trial": "Number of the trial, as the report has it.",
    "area": "The interest area's label; its number where it has none.",
    "dwell_time_ms": "Sum of the fixations in it, in ms.",
    "dwell_share": "The same as a share of all fixations of the trial, as the report has it.",
    "n_fixations": "Number of fixations in it.",
    "n_runs": "Number of times that gaze came into it.",
    "first_fixation_ms": "When the first fixation in it began, in ms on the report's time scale.",
    "first_fixation_duration_ms": "Duration of that fixation, in ms.",
    "first_fixation_index": "Its place in the trial, from 1.",
    "first_run_dwell_time_ms": "Sum of the fixations of the first visit, in ms.",
    "left_px": "The area's left edge, in screen pixels.",
    "top_px": "Its upper edge.",
    "right_px": "Its right edge.",
    "bottom_px": "Its lower edge.",
}


def area_files(study: Study) -> tuple[Path, ...]:
    """List the interest area reports of the sessions that are to be analysed."""
    modes = study.settings.gaze.modes
    return tuple(
        path
        for path in sorted(study.sourcedata.glob("sub-*/ses-*/[!.]*.tsv"))
        if kept_kind(path) == AREAS and session_facts(path.parent).get("mode", "real") in modes
    )


def areas_step(study: Study) -> Step:
    """Put the interest area reports of all sessions into one table.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Writes ``interest_areas.tsv``.
    """
    files = area_files(study)
    path = study.gaze_dir / "interest_areas.tsv"

    def run() -> None:
        table = pd.concat([_read(file) for file in files], ignore_index=True)
        write_table(path, table, AREA_COLUMNS)
        say(
            f"{len(table)} rows of {table['area'].nunique()} interest areas of "
            f"{table['participant_id'].nunique()} people"
        )

    return Step(
        command="gaze import areas",
        inputs=files,
        outputs=(path,),
        settings={"modes": list(study.settings.gaze.modes)},
        run=run,
    )


def _read(path: Path) -> pd.DataFrame:
    """Read one session's rows."""
    table = next(read_tables(path))
    columns = find_columns(table.header, _NAMES)
    facts = session_facts(path.parent)
    frame = pd.DataFrame(index=table.cells.index)
    for name in _NAMES:
        text = name in ("area", "area_id", "trial", "trial_label")
        if name in columns:
            cells = table.cells[columns[name]]
            frame[name] = texts(cells) if text else numbers(cells)[0]
        else:
            frame[name] = None if text else float("nan")
    frame["area"] = frame["area"].fillna(frame["area_id"])
    label = frame["trial"].fillna(frame["trial_label"])
    number = whole_number_in(label.astype("str"))
    frame["trial"] = pd.array(number, dtype="Float64").astype("Int64")
    who = {name: facts.get(name, "") for name in ("participant_id", "session")}
    return frame.assign(**who)[list(AREA_COLUMNS)]
