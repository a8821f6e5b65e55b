"""Small behaviour tables as PsychoPy and OpenSesame write them, for the tests."""

from collections.abc import Sequence

PSYCHOPY_HEADER = (
    "image,emotion,corrAns,practice_trials.thisRepN,practice_trials.thisTrialN,"
    "practice_trials.thisN,practice_trials.thisIndex,trials.thisRepN,trials.thisTrialN,"
    "trials.thisN,trials.thisIndex,welcome.keys,welcome.rt,key_resp.keys,key_resp.corr,"
    "key_resp.rt,participant,session,date,expName,psychopyVersion,frameRate,"
)
PICTURES = ("AF01AFS", "AF02HAS", "AF03SAS")
KEYS, CORRECT = ("1", "4", "None"), (1, 0, 0)


def psychopy(
    participant: str = "1",
    session: str = "001",
    pictures: Sequence[str] = PICTURES,
    n_practice: int = 0,
    pictures_in: str = "faces/{}.jpg",
) -> str:
    """Write a wide CSV: a welcome page, practice, trials, and a row for the end."""
    end = f'{participant},{session},2026-05-04_10h11.12.345,"faces, short",2024.2.4,60.01,'
    rows = [f",,,,,,,,,,,space,2.5,,,,{end}"]
    for i in range(n_practice):
        loop = f"0,{i},{i},{i},,,,"
        rows.append(f"{pictures_in.format('BM01NES')},neutral,5,{loop},,,5,1,0.9,{end}")
    for i, picture in enumerate(pictures):
        key, correct = KEYS[i % 3], CORRECT[i % 3]
        rt = "" if key == "None" else f"{0.5 + i / 10:.4f}"
        emotion = {"AF": "fear", "HA": "happiness", "SA": "sadness"}[picture[4:6]]
        loop = f",,,,0,{i},{i},{len(pictures) - i}"
        rows.append(
            f"{pictures_in.format(picture)},{emotion},{i},{loop},,,{key},{correct},{rt},{end}"
        )
    rows.append(f",,,,,,,,,,,,,,,,{end}")
    return "\ufeff" + "\n".join([PSYCHOPY_HEADER, *rows]) + "\n"


def opensesame(
    subject_nr: str = "1", pictures: Sequence[str] = PICTURES, *, logged_twice: bool = False
) -> str:
    """Write OpenSesame's CSV: all cells quoted, times in ms, NA and None for missing."""
    header = (
        "correct", "count_logger", "count_trial_sequence", "image", "logfile", "practice",
        "response", "response_time", "subject_nr", "title",
    )  # fmt: skip
    rows = []
    for i, picture in enumerate(pictures):
        answer = ("afraid", "neutral", "None")[i % 3]
        own = [str(CORRECT[i % 3]), "0", str(i), f"{picture}.png", "s1.csv", "no", answer]
        row = [*own, "NA" if answer == "None" else f"{612.5 + i}", subject_nr, 'A "test"']
        rows += [row] * (2 if logged_twice and i == 0 else 1)
    rows.append(["NA", "3", "NA", "NA", "s1.csv", "no", "space", "9000.1", subject_nr, "t"])
    for number, row in enumerate(rows):
        row = rows[number] = list(row)
        row[1] = str(number)
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return "\n".join([",".join(f'"{name}"' for name in header), *lines]) + "\n"
