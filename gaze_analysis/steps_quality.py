"""The step that measures quality, and writes its tables, pages and reporting checklist."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from gaze_analysis.importing import messages_path, samples_path
from gaze_analysis.quality_report.checklist import (
    CHECKLIST_COLUMNS,
    checklist_markdown,
    checklist_page,
    checklist_table,
)
from gaze_analysis.quality_report.facts import StudyFacts
from gaze_analysis.quality_report.flags import FLAG_COLUMNS, session_flags
from gaze_analysis.quality_report.limits import Limits, limits_from
from gaze_analysis.quality_report.methods import methods_text
from gaze_analysis.quality_report.pages import compact_table, index_page, session_page, verdict
from gaze_analysis.quality_tables import (
    BLOCK_QUALITY_COLUMNS,
    QUALITY_COLUMNS,
    SESSION_VALIDATION_COLUMNS,
    TRIAL_QUALITY_COLUMNS,
    SessionTables,
    read_samples,
)
from gaze_analysis.session_quality import session_quality
from gaze_analysis.validations import drift_checks
from stimuli.frames import screen_from
from study.errors import InputError
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.provenance import Step
from study.tables import read_table, stacked, write_table
from study.writing import write_text

_PLACE = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")
_MESSAGE_TIMES = {"part": int, "time_ms": float}
_INPUTS: dict[str, tuple[str, dict[str, type]]] = {
    "recordings": (
        "import",
        {"sampling_rate_hz": float, "gaze": str, "display_width_px": float,
         "display_height_px": float, "tracker": str, "date": str, "eye": str, "file": str},
    ),
    "blocks": (
        "import",
        {"part": int, "block": int, "start_ms": float, "end_ms": float, "first_sample_ms": float,
         "last_sample_ms": float, "n_samples": int, "eyes": str, "rate_hz": float, "filter": str,
         "tracking": str, "mount": str, "resolution_x_px_deg": float},
    ),
    "calibrations": ("import", {**_MESSAGE_TIMES, "eye": str, "type": str, "result": str}),
    "validations": (
        "import",
        {**_MESSAGE_TIMES, "eye": str, "type": str, "result": str, "error_avg_deg": float,
         "error_max_deg": float, "offset_deg": float, "offset_x_px": float, "offset_y_px": float},
    ),
    "validation_points": (
        "import",
        {**_MESSAGE_TIMES, "eye": str, "target_x_px": float, "target_y_px": float,
         "offset_deg": float, "offset_x_px": float, "offset_y_px": float},
    ),
    "events": (
        "events",
        {"part": int, "event": str, "eye": str, "onset_ms": float, "offset_ms": float,
         "duration_ms": float, "amplitude_deg": float, "peak_velocity_deg_s": float,
         "detector": str},
    ),
    "trials": (
        "events",
        {"trial": int, "image_id": str, "part": float, "start_ms": float, "eye": str,
         "face_onset_ms": float, "face_offset_ms": float, "reason": str,
         **dict.fromkeys(_PLACE, float)},
    ),
}  # fmt: skip
_OUTPUTS = {
    "quality": QUALITY_COLUMNS,
    "quality_blocks": BLOCK_QUALITY_COLUMNS,
    "quality_trials": TRIAL_QUALITY_COLUMNS,
    "quality_validations": SESSION_VALIDATION_COLUMNS,
    "flags": FLAG_COLUMNS,
}
_PAGES = ("index.html", "checklist.tsv", "checklist.md", "checklist.html", "methods.txt")
_MOST_LINES = 60
# What pages and checklist say of [gaze]; the rest shows in the tables that are read.
_REPORTED = {"eye", "events", "exclude"}


def quality_step(study: Study) -> Step:
    """Measure the quality of each recording, of its blocks and trials, and report it.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Reads the samples, messages, events, validations and trials of the gaze folder; writes
        the tables ``quality*.tsv`` and ``flags.tsv``, and into ``quality/`` a page for each
        session, their index and the reporting checklist.
    """
    folder = study.gaze_dir
    tables = tuple(folder / f"{name}.tsv" for name in _INPUTS)
    names = _session_names(study)
    large = [path_of(study, name) for name in names for path_of in (samples_path, messages_path)]
    optional = [folder / "exclusions.tsv", *large]
    return Step(
        command="gaze quality",
        inputs=(*tables, *(path for path in optional if path.is_file())),
        outputs=(
            *(folder / f"{name}.tsv" for name in _OUTPUTS),
            *(_pages_dir(study) / name for name in _PAGES),
            *(_pages_dir(study) / f"{name}.html" for name in names),
        ),
        settings={
            "screen": study.settings.screen.model_dump(mode="json"),
            "gaze": study.settings.gaze.model_dump(mode="json", include=_REPORTED),
            "study": study.settings.study.name,
        },
        run=lambda: write_quality(study),
        follows="gaze density",
    )


def _session_names(study: Study) -> list[str]:
    """Name the sessions that have been imported."""
    path = study.gaze_dir / "recordings.tsv"
    if not path.is_file():
        return []
    columns: dict[str, type] = {"participant_id": str, "session": str}
    recordings = read_table(path, what="The table of recordings", columns=columns)
    who = recordings[list(columns)].drop_duplicates()
    return [f"{person}_ses-{session}" for person, session in who.itertuples(index=False)]


def write_quality(study: Study) -> None:
    """Measure all sessions that have been imported, and write tables, pages and checklist.

    Parameters
    ----------
    study : Study
        The study.

    Raises
    ------
    InputError
        If nothing has been imported, or events have not been made.
    """
    sessions = read_sessions(study)
    typical = float(pd.Series([len(tables.trials) for tables in sessions]).median())
    limits = limits_from(study.settings.gaze.exclude)
    results = parallel_map(
        _QualityOfSession(study, limits, typical),
        sessions,
        description="quality of sessions",
        execution=study.settings.execution,
    )
    made = {name: stacked([result[name] for result in results]) for name in _OUTPUTS}
    if made["quality"].empty:
        raise InputError(
            "Quality is measured on samples, but no session that was imported holds any: each "
            "ended before its first trial. Record or resume one, and import it."
        )
    for name, columns in _OUTPUTS.items():
        write_table(study.gaze_dir / f"{name}.tsv", made[name], columns)
    _write_pages(study, sessions, made, limits)
    _say_quality(study, made["quality"], made["flags"])


def _pages_dir(study: Study) -> Path:
    """Name the folder of the pages on quality."""
    return study.gaze_dir / "quality"


def _write_pages(
    study: Study, sessions: list[SessionTables], made: dict[str, pd.DataFrame], limits: Limits
) -> None:
    """Write the index and the checklist, and take away pages of sessions that are gone."""
    settings, folder = study.settings, _pages_dir(study)
    title, screen = settings.study.name, screen_from(settings.screen)
    exclusions_tsv = study.gaze_dir / "exclusions.tsv"
    facts = StudyFacts(
        sessions,
        made["quality"],
        made["quality_validations"],
        read_table(exclusions_tsv, what="The exclusions", columns={"reason": str})
        if exclusions_tsv.is_file()
        else pd.DataFrame(),
        screen,
        settings.screen.refresh_hz,
        settings.gaze.model_dump(mode="json"),
    )
    checklist = checklist_table(facts)
    write_table(folder / "checklist.tsv", checklist, CHECKLIST_COLUMNS)
    write_text(folder / "methods.txt", methods_text(facts) + "\n")
    write_text(folder / "checklist.md", checklist_markdown(checklist, facts))
    write_text(folder / "checklist.html", checklist_page(title, checklist, facts))
    index = index_page(title, made["quality"], made["flags"], screen, limits)
    write_text(folder / "index.html", index)
    current = {f"{tables.name}.html" for tables in sessions}
    for page in folder.glob("sub-*.html"):
        if page.name not in current:
            page.unlink()


def read_sessions(study: Study) -> list[SessionTables]:
    """Read what the study's tables say about each imported session.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of SessionTables
        In the order of ``recordings.tsv``.

    Raises
    ------
    InputError
        If nothing has been imported, or a table is missing or wrong.
    """
    if study.settings.gaze.table.in_use and not (study.gaze_dir / "recordings.tsv").is_file():
        raise InputError(
            "Quality needs recordings with samples, but this study's fixations come from tables. "
            "Go on with faceoff gaze density."
        )
    tables = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what=f"The table of {name} (faceoff gaze {command})",
            columns={"participant_id": str, "session": str} | columns,
        )
        for name, (command, columns) in _INPUTS.items()
    }
    recordings = tables.pop("recordings")
    grouped = {
        name: dict(list(table.groupby(["participant_id", "session"])))
        for name, table in tables.items()
    }
    return [
        SessionTables(
            recording,
            **{
                name: groups.get(
                    (recording["participant_id"], recording["session"]), tables[name].iloc[:0]
                ).reset_index(drop=True)
                for name, groups in grouped.items()
            },
        )
        for _, recording in recordings.iterrows()
    ]


@dataclass(frozen=True)
class _QualityOfSession:
    """Measures a session in a worker, and writes its page."""

    study: Study
    limits: Limits
    typical_trials: float

    def __call__(self, tables: SessionTables) -> dict[str, pd.DataFrame]:
        path = samples_path(self.study, tables.name)
        samples = read_samples(path) if path.is_file() else pd.DataFrame()
        tables = self._with_drift_checks(tables)
        screen = screen_from(self.study.settings.screen)
        quality = session_quality(samples, tables, screen)
        flags = session_flags(quality, tables, screen, self.limits, self.typical_trials)
        title = self.study.settings.study.name
        page = session_page(title, quality, tables, flags, samples, screen)
        write_text(_pages_dir(self.study) / f"{tables.name}.html", page)
        return {
            "quality": quality.by_eye,
            "quality_blocks": quality.by_block,
            "quality_trials": quality.by_trial,
            "quality_validations": quality.validations,
            "flags": flags,
        }

    def _with_drift_checks(self, tables: SessionTables) -> SessionTables:
        """Add the drift checks, which only the messages tell of."""
        path = messages_path(self.study, tables.name)
        if not path.is_file():
            return tables
        messages = pd.read_parquet(path, columns=["part", "time_ms", "text"])
        return replace(tables, drift_checks=drift_checks(messages))


def _say_quality(study: Study, quality: pd.DataFrame, flags: pd.DataFrame) -> None:
    """Say the quality of each session and eye in a line, with what is flagged."""
    table = compact_table(quality, flags)
    shown = table.head(_MOST_LINES).to_string(
        index=False,
        na_rep="n/a",
        float_format=lambda value: f"{value:.3g}" if value < 100 else f"{value:.0f}",
        formatters={"checks": lambda text: f"  {text}"},
    )
    for line in shown.splitlines():
        say(line.rstrip())
    if len(table) > _MOST_LINES:
        say(f"... and {len(table) - _MOST_LINES} more: quality.tsv")
    say(verdict(flags))
    pages = _pages_dir(study).relative_to(study.root)
    say(f"pages: {pages / 'index.html'}; reporting checklist: {pages / 'checklist.html'}")
