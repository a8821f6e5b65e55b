"""The table that a session of faceoff wrote: which of its rows count, and their epochs."""

import re
from pathlib import Path

import pandas as pd

from gaze_analysis.behaviour_join import check_images, recording_rows, unmatched_rows
from gaze_analysis.trial_content import RECT
from study.errors import InputError
from study.tables import read_table

# What becomes of a row that is not done, in the table of what is left out.
_MARKS = {"skipped": "skipped by the experimenter", "interrupted": "interrupted"}
_COLUMNS: dict[str, type] = {
    **dict.fromkeys(
        ("participant_id", "session", "phase", "image_id", "expression", "response"), str
    ),
    "trial": int,
    "correct": bool,
    **dict.fromkeys(("face_onset_ms", "face_offset_ms", *RECT), float),
}
# Tables of sessions that could not be resumed yet lack these.
_LATER: dict[str, type] = {
    "condition": str,
    "attempt": int,
    "outcome": str,
    "part": int,
    "confidence": float,
    "confidence_rt_ms": float,
}
_OF_RECORDING = (
    "part", "label", "start_ms", "end_ms", "next_ms", "start_message", "onset_message",
    "offset_message",
)  # fmt: skip
# Of these results of pylink's all but 0 are of trials that were not done.
_NOT_DONE = re.compile(r"TRIAL_RESULT\s+[1-9]")
_PART = re.compile(r"_part-(\d+)\.")


def join_own_table(
    path: Path, found: pd.DataFrame, blocks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each row that counts its trial of the recording, and list what is left over.

    Of a trial that was broken off, skipped or done again only the row ``done`` counts. Its epoch
    is the last one of this trial in the recording's part that the row names, but for those that
    say themselves that they were not done.

    Parameters
    ----------
    path : Path
        The session's trials.tsv.
    found : pandas.DataFrame
        The trials of the recording, as `find_trials` gives them.
    blocks : pandas.DataFrame
        part and file of the recording's blocks: a part has a clock of its own, and a file may
        hold several.

    Returns
    -------
    trials : pandas.DataFrame
        The rows that count, with what the recording says of each.
    unmatched : pandas.DataFrame
        Rows that do not count, rows without epoch, and epochs without row, each with its reason.

    Raises
    ------
    InputError
        If the table lacks a column, holds a wrong value, says twice that a trial is done, or
        contradicts the recording.
    """
    table = _read_table(path)
    done = table["outcome"] == "done"
    own, marked = table[done], table[~done]
    _refuse_twice(own, path)
    found = found.assign(
        trial=_trial_numbers(found), file_part=found["part"].map(_file_parts(blocks))
    )
    keys = ["trial", "file_part"] if "file_part" in table else ["trial"]
    complete = found[~found["end_message"].str.contains(_NOT_DONE)]
    last = complete.drop_duplicates(keys, keep="last").rename_axis("place").reset_index()
    epochs = own[keys].merge(last, on=keys, how="left").set_axis(own.index)
    check_images(
        list(zip(own["trial"], own["image_id"], epochs["image_id"], strict=True)),
        "trials.tsv",
        "The session's folder holds the files of different sessions: put them where they belong.",
    )
    left = found[~found.index.isin(epochs["place"])]
    unmatched = [
        *(_rows(marked[marked["outcome"] == mark], reason) for mark, reason in _MARKS.items()),
        *_left_epochs(left, own, marked, keys),
        _rows(own[epochs["place"].isna()], "not in the recording"),
    ]
    trials = _with_epochs(own, epochs).reset_index(drop=True)
    return trials, pd.concat(unmatched, ignore_index=True)


def _read_table(path: Path) -> pd.DataFrame:
    """Read the table; all rows of one that does not say so are done."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() or [""]
    header = lines[0].split("\t")
    n_cells = len(lines[-1].split("\t"))
    if n_cells < len(header):
        raise InputError(
            f"{path} must have {len(header)} cells in each line, but the last one has {n_cells}: "
            "the session was cut off while it wrote that line. Remove it."
        )
    later = {name: kind for name, kind in _LATER.items() if name in header}
    table = read_table(path, what="The session's trials", columns=_COLUMNS | later)
    if "outcome" not in table:
        table["outcome"] = "done"
    wrong = table[~table["outcome"].isin(["done", *_MARKS])]
    if len(wrong):
        raise InputError(
            f"{path}: outcome must be done or {' or '.join(_MARKS)}, but line {wrong.index[0] + 2} "
            f"has {wrong['outcome'].iloc[0]!r}. Correct it."
        )
    return table.rename(columns={"part": "file_part"})


def _refuse_twice(own: pd.DataFrame, path: Path) -> None:
    """Refuse a trial that is done twice: which of them counts cannot be known."""
    twice = own[own["trial"].duplicated(keep=False)]
    if len(twice):
        trial = twice["trial"].iloc[0]
        lines = [str(line + 2) for line in twice.index[twice["trial"] == trial]]
        raise InputError(
            f"{path} must say once of each trial that it is done, but of trial {trial} it says so "
            f"in the lines {' and '.join(lines)}. Remove the row that does not belong there."
        )


def _trial_numbers(found: pd.DataFrame) -> pd.Series:
    """Take the plan's number of each trial from its label."""
    number = found["label"].astype("str").str.extract(r"^(\d+)", expand=False).astype("Float64")
    return number.fillna(found["trial"].astype("Float64")).astype("int64")


def _file_parts(blocks: pd.DataFrame) -> dict[int, int]:
    """Tell for each part with a clock of its own which part of the session its file is."""
    files = dict(zip(blocks["part"].tolist(), blocks["file"].tolist(), strict=True))
    matches = {part: _PART.search(name) for part, name in files.items()}
    return {part: int(match[1]) if match else 1 for part, match in matches.items()}


def _rows(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    """List rows of the table."""
    cells = zip(rows.index, rows["trial"], rows["image_id"], strict=True)
    listed = [{"trial": str(trial), "row": i + 2, "label": image} for i, trial, image in cells]
    return unmatched_rows("behaviour", listed, reason)


def _left_epochs(
    left: pd.DataFrame, own: pd.DataFrame, marked: pd.DataFrame, keys: list[str]
) -> list[pd.DataFrame]:
    """List epochs that are of no row, be it one that counts or one that does not."""
    n_marked = marked.groupby(keys).size().rename("n_marked").reset_index()
    n_rows = left[keys].merge(n_marked, on=keys, how="left")["n_marked"].fillna(0)
    alone = left[left.groupby(keys).cumcount().to_numpy() >= n_rows.to_numpy()]
    again = alone["trial"].isin(own["trial"])
    known = again | alone["trial"].isin(marked["trial"])
    return [
        recording_rows(alone[again], "broken off and done again"),
        recording_rows(alone[known & ~again], "broken off"),
        recording_rows(alone[~known], "not in trials.tsv"),
    ]


def _with_epochs(own: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Put what the recording says beside the rows."""
    trials = own.assign(answer_known=True)
    for name in (*_OF_RECORDING, *epochs.columns[epochs.columns.str.startswith("var_")]):
        trials[name] = epochs[name]
    # The recording's own messages are on the clock of its samples.
    marked = epochs["onset_message"].fillna("") != ""
    for name in ("face_onset_ms", "face_offset_ms"):
        trials[name] = epochs[name].where(marked, trials[name])
    return trials
