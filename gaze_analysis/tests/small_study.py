"""A small study with two recorded sessions, for the tests of import, events and BIDS."""

from pathlib import Path

import pandas as pd

from study.folder import Study, create_study, open_study
from study.writing import write_text

PICTURE = (736.0, 316.0, 448.0, 448.0)
COLUMNS = (
    "participant_id", "session", "trial", "block", "phase", "image_id", "actor", "expression",
    "response", "key", "correct", "rt_ms", "face_onset_ms", "face_offset_ms", "picture_x_px",
    "picture_y_px", "picture_width_px", "picture_height_px",
)  # fmt: skip
# Fixations of each trial: start and end after the trial's start, x and y on the screen.
FIXATIONS = ((0, 349, 640, 540), (390, 689, 900, 500), (720, 749, 1000, 600), (800, 999, 300, 540))
ONSET, OFFSET, LENGTH = 300, 900, 1000


def trial_text(trial: int, start_ms: int, image_id: str) -> str:
    """Write one trial: onset 300 ms and offset 900 ms after its start, samples every 10 ms."""
    onset, offset = start_ms + ONSET, start_ms + OFFSET
    lines = [
        f"MSG\t{start_ms} TRIALID {trial}",
        f"START\t{start_ms} \tRIGHT\tSAMPLES\tEVENTS",
        "PRESCALER\t1",
        "VPRESCALER\t1",
        "PUPIL\tAREA",
        "EVENTS\tGAZE\tRIGHT\tRATE\t 100.00\tTRACKING\tCR\tFILTER\t2",
        "SAMPLES\tGAZE\tRIGHT\tRATE\t 100.00\tTRACKING\tCR\tFILTER\t2",
        *(
            f"{time}\t  640.0\t  540.0\t 1000.0\t..."
            for time in range(start_ms, start_ms + LENGTH, 10)
        ),
        f"MSG\t{onset} FACE_ON {image_id}",
        f"MSG\t{onset} !V IMGLOAD CENTER pictures/{image_id}.JPG 960 540 448 448",
        f"MSG\t{offset} FACE_OFF",
    ]
    for begin, end, x_px, y_px in FIXATIONS:
        first, last = start_ms + begin, start_ms + end - 9
        lines.append(f"EFIX R   {first}\t{last}\t{end - begin + 1}\t  {x_px}.0\t  {y_px}.0\t 1000")
    lines += [
        f"MSG\t{start_ms + LENGTH} !V TRIAL_VAR lamp on",
        f"MSG\t{start_ms + LENGTH} TRIAL_RESULT 0",
        f"END\t{start_ms + LENGTH} \tSAMPLES\tEVENTS\tRES\t  44.00\t  44.00",
    ]
    return "\n".join(lines) + "\n"


def recording_text(images: list[str]) -> str:
    """Write a recording of one trial for each picture."""
    head = (
        "** DATE: Mon Jan  1 00:00:00 2024\n"
        "MSG\t100 DISPLAY_COORDS 0 0 1919 1079\n"
        "MSG\t200 !CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.38 avg. 0.69 max  "
        "OFFSET 0.24 deg. 6.9,5.4 pix.\n"
        "MSG\t300 ELCL_PROC CENTROID (3)\n"
    )
    trials = [trial_text(i, 1000 + 2000 * i, image) for i, image in enumerate(images, start=1)]
    return head + "".join(trials)


def trial_rows(participant_id: str, images: list[str]) -> pd.DataFrame:
    """Make a session's table: the first trial is practice, the second answered wrongly."""
    rows = []
    for trial, image_id in enumerate(images, start=1):
        start_ms = 1000 + 2000 * trial
        phase = "practice" if trial == 1 else "main"
        correct = "false" if trial == 2 else "true"
        rows.append(
            (participant_id, "01", trial, 1, phase, image_id, image_id[1:4], "afraid", "afraid",
             "1", correct, 600.0, start_ms + ONSET, start_ms + OFFSET, *PICTURE)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def small_study(folder: Path, participants: tuple[str, ...] = ("sub-01", "sub-02")) -> Study:
    """Make the study: three trials for each participant, without registered pictures."""
    create_study(folder, {"execution": {"jobs": 1}})
    images = ["AF01AFS", "AF02AFS", "AF03AFS"]
    for participant_id in participants:
        session = folder / "sourcedata" / participant_id / "ses-01"
        write_text(session / f"{participant_id}_ses-01.asc", recording_text(images))
        table = trial_rows(participant_id, images).to_csv(sep="\t", index=False)
        write_text(session / "trials.tsv", table)
    people = "\n".join(["participant_id", *participants])
    write_text(folder / "participants.tsv", people + "\n")
    return open_study(folder)
