"""The steps of gaze analysis, in running order."""

from collections.abc import Iterator

from gaze_analysis.behaviour_files import behaviour_file
from gaze_analysis.bids import write_bids
from gaze_analysis.bids_runs import bids_path, run_numbers
from gaze_analysis.events import make_events
from gaze_analysis.importing import (
    import_sessions,
    messages_path,
    raw_events_path,
    recorded_sessions,
    samples_path,
    session_parts,
)
from gaze_analysis.overviews import OVERVIEWS
from gaze_analysis.reports.areas import area_files, areas_step
from gaze_analysis.session_events import detection_settings
from gaze_analysis.steps_density import density_step
from gaze_analysis.steps_quality import quality_step
from gaze_analysis.steps_regions import has_regions, regions_step
from gaze_analysis.steps_tables import table_step
from study.folder import Study
from study.progress import say
from study.provenance import Step

_EVENT_TABLES = (
    "fixations", "events", "trials", "exclusions", "exclusions_by_participant", "unmatched",
)  # fmt: skip


def import_step(study: Study) -> Step:
    """Read all sessions' recordings into samples, events, messages and overviews.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Writes ``recordings.tsv`` and its companions, and three Parquet files for each session.
    """
    sessions = recorded_sessions(study)
    return Step(
        command="gaze import",
        inputs=tuple(path for session in sessions for path in session.files),
        outputs=(
            *(study.gaze_dir / f"{name}.tsv" for name in OVERVIEWS),
            *(
                path_of(study, session.name)
                for session in sessions
                for path_of in (samples_path, raw_events_path, messages_path)
            ),
        ),
        settings=study.settings.gaze.model_dump(mode="json", include={"modes", "report"}),
        run=lambda: import_sessions(study),
        follows="gaze events",
    )


def events_step(study: Study) -> Step:
    """Cut recordings into trials, and find the fixations on each picture.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Writes ``fixations.tsv``, ``events.tsv``, ``trials.tsv``, ``exclusions.tsv``, the same
        by participant, and ``unmatched.tsv``.
    """
    sessions = recorded_sessions(study)
    folder = study.gaze_dir
    tables = [
        study.session_dir(session.participant_id, session.session) / "trials.tsv"
        for session in sessions
    ]
    behaviour = [behaviour_file(table.parent) for table in tables]
    tables += [path for path in behaviour if path is not None]
    optional = [*tables, study.manifest_tsv, study.crops_tsv]
    settings = study.settings
    needs_degrees = settings.gaze.exclude.first_on_target
    return Step(
        command="gaze events",
        inputs=(
            folder / "blocks.tsv",
            folder / "validations.tsv",
            *(
                path_of(study, session.name)
                for session in sessions
                for path_of in (samples_path, raw_events_path, messages_path)
            ),
            *(path for path in optional if path.is_file()),
        ),
        outputs=tuple(folder / f"{name}.tsv" for name in _EVENT_TABLES),
        settings={
            "gaze": settings.gaze.model_dump(
                mode="json", include={"eye", "modes", "trials", "behaviour", "exclude"}
            ),
            "events": detection_settings(study, sessions),
            "picture_px": settings.stimuli.picture_px,
            **({"screen": settings.screen.model_dump(mode="json")} if needs_degrees else {}),
        },
        run=lambda: make_events(study),
        follows="gaze quality",
    )


def bids_step(study: Study) -> Step:
    """Write sessions as BIDS eye tracking beside sourcedata.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Writes physio, physioevents, events and behaviour of each session into
        ``sub-*/ses-*/beh``, and the list of these files.
    """
    sessions = recorded_sessions(study)
    folder = study.gaze_dir
    files_tsv = folder / "bids_files.tsv"
    n_parts = session_parts(study)
    overviews = ("recordings", "blocks", "trials")
    return Step(
        command="gaze bids",
        inputs=(
            *(folder / f"{name}.tsv" for name in overviews),
            *(
                path_of(study, session.name)
                for session in sessions
                for path_of in (samples_path, raw_events_path, messages_path)
            ),
        ),
        outputs=(
            files_tsv,
            study.root / "dataset_description.json",
            *(
                bids_path(study, session, part, ending)
                for session in sessions
                for part in run_numbers(n_parts.get(session.name, 1))
                for ending in ("events.tsv", "beh.tsv")
            ),
        ),
        settings={
            "screen": study.settings.screen.model_dump(mode="json"),
            "study": study.settings.study.model_dump(mode="json", exclude={"seed"}),
        },
        run=lambda: write_bids(study, sessions, files_tsv),
    )


def steps(study: Study) -> Iterator[Step]:
    """Go through the steps of gaze analysis in running order.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Step
        From recordings: import, events, quality, BIDS, regions, density. From fixation tables made
        elsewhere: their import, regions, and density. Without landmarks, drawn regions or
        interest areas there are no regions, and this is said.
    """
    if study.settings.gaze.table.in_use and not recorded_sessions(study):
        yield table_step(study)
    else:
        yield import_step(study)
        if area_files(study):
            yield areas_step(study)
        yield events_step(study)
        yield quality_step(study)
        yield bids_step(study)
    if has_regions(study):
        yield regions_step(study)
    else:
        say("gaze regions: left out, for there are no landmarks, drawn regions or interest areas")
    yield density_step(study)
