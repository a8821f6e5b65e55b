"""What was planted in a simulated session, kept beside what the tracker recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from experiment.observers import Observer, TrueFixation
from stimuli.degraded import Degradation
from study.tables import read_table, write_table
from study.writing import write_json

FIXATION_COLUMNS = {
    "participant_id": "Who looked.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session's plan, from 1.",
    "index": "Number of the fixation: 1 is the first that starts after face onset.",
    "region": "Region of the face that was looked at.",
    "x_px": "True mean position, without the tracker's errors, in screen pixels from the left.",
    "y_px": "True mean position, without the tracker's errors, in screen pixels from the top.",
    "onset_ms": "Start, in milliseconds from face onset.",
    "duration_ms": "Duration in milliseconds, until its end or until the face went.",
    "offset_x_deg": "What the measured gaze was off by, to the right, without its noise.",
    "offset_y_deg": "The same, down.",
}


def read_true_fixations(session_dir: Path) -> dict[int, list[TrueFixation]]:
    """Read what an earlier part of a session left in truth_fixations.tsv.

    Parameters
    ----------
    session_dir : Path
        The session's folder in sourcedata.

    Returns
    -------
    dict of int to list of TrueFixation
        The fixations of each trial; empty where there is no such part.
    """
    path = session_dir / "truth_fixations.tsv"
    found: dict[int, list[TrueFixation]] = {}
    if path.exists():
        for row in read_table(path, what="The true fixations of a session").to_dict("records"):
            values = {field.name: row[field.name] for field in fields(TrueFixation)}
            found.setdefault(row["trial"], []).append(TrueFixation(**values))
    return found


def write_truth(
    session_dir: Path,
    session: str,
    observer: Observer,
    fixations: Iterable[tuple[int, TrueFixation]],
    image_ids: Iterable[str],
    degradations: Mapping[str, Degradation],
) -> None:
    """Write truth.json and truth_fixations.tsv of a simulated session.

    Parameters
    ----------
    session_dir : Path
        The session's folder in sourcedata.
    session : str
        The session's label.
    observer : Observer
        What was planted.
    fixations : iterable of tuple of int and TrueFixation
        Number of the trial, and a fixation in it; in the order of time.
    image_ids : iterable of str
        The pictures of the session's plan.
    degradations : mapping of str to Degradation
        What was done to pictures, where they are degraded faces: they have their face's effect.
    """
    faces = {name: one.face for name, one in degradations.items()}
    effects = {
        name: asdict(observer.pictures.draw(faces.get(name, name)))
        for name in sorted(set(image_ids))
    }
    facts = {"session": session, **observer.as_json(), "picture_effects": effects}
    write_json(session_dir / "truth.json", facts)
    rows = [
        (
            observer.participant_id,
            session,
            trial,
            fixation.index,
            fixation.region,
            round(fixation.x_px, 2),
            round(fixation.y_px, 2),
            fixation.onset_ms,
            fixation.duration_ms,
            round(fixation.offset_x_deg, 4),
            round(fixation.offset_y_deg, 4),
        )
        for trial, fixation in fixations
    ]
    table = pd.DataFrame(rows, columns=list(FIXATION_COLUMNS))
    write_table(session_dir / "truth_fixations.tsv", table, FIXATION_COLUMNS)
