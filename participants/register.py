"""The register of participants in BIDS form: participants.tsv and participants.json."""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from study.errors import InputError, did_you_mean
from study.folder import TRIAL_RUNS, Study, check_participant_id
from study.settings.participants import is_version
from study.tables import MISSING, read_table
from study.writing import atomic_path, write_json

# Nobody shall be known by a high age: BIDS asks for 89 from there on (its validator warns of
# "89+", the form of earlier versions).
_OLDEST_STORED = 89
_ANSWERS: dict[str, dict[str, str]] = {
    "sex": {"female": "female", "male": "male", "other": "another answer"},
    "handedness": {"right": "right", "left": "left", "ambidextrous": "both"},
    "vision": {
        "normal": "normal without help",
        "glasses": "corrected by glasses",
        "lenses": "corrected by contact lenses",
    },
    "dominant_eye": {"left": "left", "right": "right"},
}
_DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "participant_id": {"Description": "participant; the list of names is kept elsewhere"},
    "age": {
        "Description": f"age at registration; {_OLDEST_STORED} stands for that age and above",
        "Units": "year",
    },
    "sex": {"Description": "sex or gender as the participant says", "Levels": _ANSWERS["sex"]},
    "handedness": {
        "Description": "hand used for writing, as the participant says",
        "Levels": _ANSWERS["handedness"],
    },
    "vision": {"Description": "eyesight in the sessions", "Levels": _ANSWERS["vision"]},
    "dominant_eye": {"Description": "eye preferred in aiming", "Levels": _ANSWERS["dominant_eye"]},
    "consent_version": {
        "Description": "version of the form by which the participant consented; what was signed is "
        "kept elsewhere"
    },
    "consent_time": {
        "Description": "when consent was given or registered, ISO 8601 with time zone"
    },
}


def read_participants(study: Study) -> pd.DataFrame:
    """Read the register of participants.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        One row for each participant, all columns as text, ``"n/a"`` where an answer is
        missing; columns that others have added are kept. Empty before the first one is added.

    Raises
    ------
    InputError
        If the table is damaged or an id is in it twice.
    """
    path = study.participants_tsv
    if not path.exists():
        return pd.DataFrame(columns=list(_DESCRIPTIONS), dtype=str)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file, delimiter="\t"), [])
    columns = dict.fromkeys(["participant_id", *header], str)
    register = read_table(path, what="The register of participants", columns=columns)
    twice = register["participant_id"][register["participant_id"].str.lower().duplicated()]
    if len(twice):
        raise InputError(
            f"{path} must hold each participant once, but {twice.iloc[0]} is there twice. "
            "Remove the wrong line."
        )
    return register.fillna(MISSING)


def add_participant(
    study: Study,
    participant_id: str = "",
    *,
    age: float | None = None,
    sex: str = MISSING,
    handedness: str = MISSING,
    vision: str = MISSING,
    dominant_eye: str = MISSING,
    consent_version: str = MISSING,
) -> str:
    """Register a participant, never by name.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str, default ""
        Such as ``sub-001`` or ``001``; by default the number after the highest one.
    age : float, optional
        In years; stored as 89 from that age on, as BIDS asks.
    sex : {"female", "male", "other", "n/a"}
        As the participant says.
    handedness : {"right", "left", "ambidextrous", "n/a"}
        As the participant says.
    vision : {"normal", "glasses", "lenses", "n/a"}
        In the sessions.
    dominant_eye : {"left", "right", "n/a"}
        The eye preferred in aiming.
    consent_version : str, default "n/a"
        Version of the signed form, one word with a digit such as ``v2``; the time of
        registration is stored with it.

    Returns
    -------
    str
        The participant's id.

    Raises
    ------
    InputError
        If the id is used already, or an answer is none of those above.
    """
    answers = {
        "age": age, "sex": sex, "handedness": handedness, "vision": vision,
        "dominant_eye": dominant_eye, "consent_version": consent_version,
    }  # fmt: skip
    return add_participants(study, [answers], first_id=participant_id)[0]


def add_participants(
    study: Study, people: Sequence[Mapping[str, Any]], *, first_id: str = ""
) -> list[str]:
    """Register participants, all at once: the table is written once.

    Parameters
    ----------
    study : Study
        The study.
    people : sequence of mapping
        The answers of each, as `add_participant` takes them; those left out are not known.
    first_id : str, default ""
        Id of the first one; by default the number after the highest one. The others follow.

    Returns
    -------
    list of str
        Their ids.

    Raises
    ------
    InputError
        As `add_participant`.
    """
    register = read_participants(study)
    ids = [new_participant_id(study, first_id)]
    if len(people) > 1:
        next_id = _next_free([*_used_ids(study, register), *ids])
        first = int(next_id.removeprefix("sub-"))
        ids += [f"sub-{number:03d}" for number in range(first, first + len(people) - 1)]
    rows = [_row(name, answers) for name, answers in zip(ids, people, strict=True)]
    _write(study, pd.concat([register, pd.DataFrame(rows)], ignore_index=True).fillna(MISSING))
    return ids


def _row(participant_id: str, answers: Mapping[str, Any]) -> dict[str, str]:
    """Make a participant's row of the register."""
    consent = answers.get("consent_version", MISSING)
    return {
        "participant_id": participant_id,
        "age": _age_text(answers.get("age")),
        **{name: _checked(name, answers.get(name, MISSING)) for name in _ANSWERS},
        "consent_version": _version(consent),
        "consent_time": MISSING if consent == MISSING else _now(),
    }


def new_participant_id(study: Study, participant_id: str = "") -> str:
    """Check that an id is free, or find one that is.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str, default ""
        Such as ``sub-001`` or ``001``; by default the number after the highest one.

    Returns
    -------
    str
        The id with its prefix.

    Raises
    ------
    InputError
        If it is used already, or no id.
    """
    used = _used_ids(study, read_participants(study))
    participant_id = check_participant_id(participant_id) if participant_id else _next_free(used)
    taken = [name for name in used if _alike(name) == _alike(participant_id)]
    if taken:
        raise InputError(
            f"A participant's id must be new, but {taken[0]} is used already. "
            f"The next free one is {_next_free(used)}."
        )
    return participant_id


def record_consent(study: Study, participant_id: str, version: str, time: str) -> None:
    """Note that a participant has consented, in place of what the register said before.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        A registered participant, such as ``sub-001``.
    version : str
        Version of the form that was consented to, one word with a digit such as ``2026-11-03``.
    time : str
        When, ISO 8601 with time zone.

    Raises
    ------
    InputError
        If the participant is not registered, or version or time has another form.
    """
    place = participant_number(study, participant_id)
    consent = {"consent_version": _version(version), "consent_time": _time(time)}
    register = read_participants(study)
    for name, value in consent.items():
        if name not in register:
            register[name] = MISSING
        register.loc[place, name] = value
    _write(study, register)


def participant_number(study: Study, participant_id: str) -> int:
    """Give a participant's place in the register, from which keys are counterbalanced.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        Such as ``sub-001``.

    Returns
    -------
    int
        0 for the first one registered.

    Raises
    ------
    InputError
        If the participant is not registered.
    """
    ids = list(read_participants(study)["participant_id"])
    if participant_id not in ids:
        alike = [name for name in ids if _alike(name) == _alike(participant_id)]
        suggestion = f" Did you mean {alike[0]!r}?" if alike else ""
        raise InputError(
            f"A participant must be registered first, but {participant_id} is not in "
            f"participants.tsv.{suggestion} Register: faceoff participants add."
        )
    return ids.index(participant_id)


def _alike(participant_id: str) -> str:
    """Bring ids to the form in which those that people or file systems confuse are equal."""
    label = participant_id.removeprefix("sub-").lower()
    return str(int(label)) if label.isdigit() else label


def _used_ids(study: Study, register: pd.DataFrame) -> list[str]:
    """List the ids in the register, and those under which there are data."""
    places = [study.root, *(study.data_dir(mode) for mode in ("real", *TRIAL_RUNS))]
    folders = [folder for place in places for folder in place.glob("sub-*")]
    return [*register["participant_id"], *(folder.name for folder in folders)]


def _next_free(used: Iterable[str]) -> str:
    """Name the id after the highest number in use."""
    numbers = [int(found[1]) for name in used if (found := re.fullmatch(r"sub-(\d+)", name))]
    return f"sub-{max(numbers, default=0) + 1:03d}"


def _age_text(age: float | None) -> str:
    """Write an age as BIDS wants it."""
    if age is None:
        return MISSING
    if not 0 < age < 130:
        raise InputError(
            f"A participant's age must be in years, but it is {age:g}. "
            "Correct --age, or leave it out."
        )
    return f"{min(age, _OLDEST_STORED):g}"


def _version(version: str) -> str:
    """Check the version of a consent form, which could be anything, even a name."""
    if version != MISSING and not is_version(version):
        raise InputError(
            "The version of a consent form must be one word of letters, digits and .-_ that has a "
            f"digit, but it is {version!r}. Write for example v2, or 2026-11-03."
        )
    return version


def _time(time: str) -> str:
    """Check the time of a consent, and leave out what is finer than a second."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            "The time of a consent must be ISO 8601 with a time zone, but it is "
            f"{time!r}. Write for example 2026-11-03T10:15:00+01:00."
        )
    return moment.isoformat(timespec="seconds")


def _now() -> str:
    """Give the time of day with its zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _checked(name: str, answer: str) -> str:
    """Check an answer against the known ones."""
    known = [*_ANSWERS[name], MISSING]
    if answer not in known:
        raise InputError(
            f"A participant's {name.replace('_', ' ')} must be one of {', '.join(known)}, "
            f"but it is {answer!r}.{did_you_mean(answer, known)}"
        )
    return answer


def _write(study: Study, register: pd.DataFrame) -> None:
    """Write the register and what its columns mean; others' descriptions are kept."""
    path = study.participants_tsv.with_suffix(".json")
    try:
        known = json.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} must be JSON in UTF-8, but {error}. "
            "Mend it, or remove it to have it made anew."
        ) from error
    ours = {name: _DESCRIPTIONS[name] for name in register.columns if name in _DESCRIPTIONS}
    write_json(path, ours | known)
    with atomic_path(study.participants_tsv) as temporary:
        register.to_csv(
            temporary, sep="\t", index=False, na_rep=MISSING, lineterminator="\n", encoding="utf-8"
        )
