"""The confirmatory plan: registered with its date and hash, and held against what was done.

`registration.json` in the study folder keeps the questions of ``[confirmatory]``, the settings
that bear on their answers, the time, how much had been recorded by then, and a SHA-256 of all of
it, which may be published. What counts as confirmatory is what is registered, not what study.toml
says later; every difference is a deviation.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from comparison.questions import AGREEMENT_LABELS, CONTROLS, PERTURBATION_MEASURES
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError, did_you_mean
from study.folder import Study
from study.settings.confirmatory import ConfirmatorySettings, PlannedQuestion
from study.writing import write_json

DEVIATION_COLUMNS = {
    "kind": "registration (there is none, or it is not what it was), plan, settings, timing or "
    "answer",
    "what": "question or setting",
    "registered": "what was registered",
    "now": "what is there now",
    "sentence": "the deviation in words",
}
# The sections whose settings bear on the answers; the others say how a session looks or runs.
_SECTIONS = ("screen", "stimuli", "participants", "experiment", "gaze", "cnn", "comparison")
_KEYS = {"registered", "sessions_recorded", "statistics_made", "plan", "settings", "sha256"}
# A list of conditions may hold this word for methods that it does not name.
_EXPLANATIONS = "explanations"


def registration_json(study: Study) -> Path:
    """Name the file that keeps the registered plan."""
    return study.root / "registration.json"


def register(study: Study) -> dict[str, Any]:
    """Keep the plan of study.toml, with the time and a hash.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        What was written to registration.json.

    Raises
    ------
    InputError
        If there is no plan, a question is none that the statistics answer, or a plan is
        registered already.
    """
    plan = study.settings.confirmatory
    if not plan.questions:
        raise InputError(
            f"{study.settings_toml} must hold a plan in order to register it, but [confirmatory] "
            "has no questions. Write them as [[confirmatory.questions]]: docs/statistics.md."
        )
    for place, question in enumerate(plan.questions, start=1):
        _check_question(study, place, question)
    path = registration_json(study)
    if path.exists():
        date = read_registration(study)["registered"]
        raise InputError(
            f"A plan must be registered once, but {path} was written on {date}. Leave it: what "
            "differs now is listed as a deviation by faceoff compare stats."
        )
    content = {
        "registered": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "faceoff": metadata.version("faceoff"),
        "sessions_recorded": len(study.sessions()),
        "statistics_made": (study.comparison_dir / "statistics.tsv").exists(),
        "plan": plan.model_dump(mode="json"),
        "settings": bearing_settings(study),
    }
    registration = content | {"sha256": digest(content)}
    write_json(path, registration)
    return registration


def _check_question(study: Study, place: int, question: PlannedQuestion) -> None:
    """Refuse a question that the statistics never ask."""
    comparison = study.settings.comparison
    others: dict[str, Sequence[str]] = {
        "perturbation": (*comparison.conditions, "random"),
        "agreement": ("relevance", *CONTROLS, "relevance on other_gaze"),
        "accuracy": ("people", "network"),
    }
    known = {
        "measure": {
            "perturbation": tuple(PERTURBATION_MEASURES),
            "agreement": tuple(AGREEMENT_LABELS),
            "accuracy": ("accuracy",),
        }[question.topic],
        "a": others[question.topic],
        "b": others[question.topic],
        "expression": ("all", *EXPRESSIONS),
    }
    if _EXPLANATIONS in comparison.conditions and question.topic == "perturbation":
        del known["a"], known["b"]
    for name, names in known.items():
        value = getattr(question, name)
        if value not in names:
            raise InputError(
                f"{study.settings_toml}: {name} of confirmatory question {place} must be one that "
                f"{question.topic} has, but it is {value!r}.{did_you_mean(value, names)}"
            )
    pair = {question.a, question.b}
    asked = {
        "perturbation": bool(pair & {"gaze", "relevance", "random"}),
        "agreement": "relevance" in pair,
        "accuracy": True,
    }[question.topic]
    if not asked:
        raise InputError(
            f"{study.settings_toml}: confirmatory question {place} must compare gaze, relevance "
            f"or random (agreement: relevance) with something, but it compares {question.a} with "
            f"{question.b}. Correct a or b."
        )


def digest(content: Mapping[str, Any]) -> str:
    """Compute the SHA-256 of a registration without its own hash.

    Parameters
    ----------
    content : mapping
        What is registered; a key ``sha256`` does not count.

    Returns
    -------
    str
        64 hexadecimal digits, whatever the order of the keys.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1, "sha256": "x"})
    True
    """
    own = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(own, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def bearing_settings(study: Study) -> dict[str, Any]:
    """List the settings that bear on the answers, by section and name.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        Such as ``{"gaze.exclude.wrong_answers": true}``.
    """
    settings = study.settings
    found = {"study.seed": settings.study.seed}
    for name in _SECTIONS:
        found |= dict(_flat(getattr(settings, name), f"{name}."))
    return found


def _flat(section: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    """Go through the settings of a section and of the sections within it."""
    values = section.model_dump(mode="json")
    for name in type(section).model_fields:
        inner = getattr(section, name)
        if isinstance(inner, BaseModel):
            yield from _flat(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", values[name]


def read_registration(study: Study) -> dict[str, Any]:
    """Read the registered plan.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        As `register` wrote it, with ``questions`` as a list of `PlannedQuestion`; no questions
        where nothing is registered.

    Raises
    ------
    InputError
        If the file is no registration.
    """
    path = registration_json(study)
    if not path.exists():
        return {"questions": []}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if missing := _KEYS - set(found):
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        plan = ConfirmatorySettings.model_validate(found["plan"])
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} must be what faceoff compare register wrote, but it is not "
            f"({str(error).splitlines()[0]}). Put the original back."
        ) from error
    return found | {"questions": plan.questions}


def deviations(study: Study, registration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List where plan and settings differ from what was registered.

    Parameters
    ----------
    study : Study
        The study as it is now.
    registration : mapping
        As `read_registration` gives it.

    Returns
    -------
    list of dict
        Rows of `DEVIATION_COLUMNS`; none where nothing was planned.
    """
    planned = study.settings.confirmatory
    if "sha256" not in registration:
        if not planned.questions:
            return []
        text = f"A plan (questions: {len(planned.questions)}) is not registered: all is exploratory"
        return [_row("registration", "registration.json", None, None, text)]
    rows = []
    content = {name: value for name, value in registration.items() if name != "questions"}
    if digest(content) != registration["sha256"]:
        text = "The file registration.json was changed after it was written"
        rows.append(_row("registration", "sha256", registration["sha256"], digest(content), text))
    rows += _timing(registration)
    old, new = registration["questions"], planned.questions
    for question in old:
        if question not in new:
            name = title(question)
            text = f"The question {name} was registered and is not in study.toml any more; it is " \
                   "answered all the same"  # fmt: skip
            rows.append(_row("plan", name, "asked", None, text))
    for question in new:
        if question not in old:
            name = title(question)
            text = f"The question {name} was added after the registration and is exploratory"
            rows.append(_row("plan", name, None, "asked", text))
    correction = registration["plan"]["correction"]
    if correction != planned.correction:
        text = f"The correction was registered as {correction}, which is what is used"
        rows.append(_row("plan", "correction", correction, planned.correction, text))
    return rows + _settings(study, registration["settings"])


def _timing(registration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tell what was known already when the plan was registered."""
    rows = []
    if n := registration["sessions_recorded"]:
        sessions = "1 session" if n == 1 else f"{n} sessions"
        text = f"The plan was registered after {sessions} had been recorded"
        rows.append(_row("timing", "sessions", 0, n, text))
    if registration["statistics_made"]:
        text = "The plan was registered after statistics had been made"
        rows.append(_row("timing", "statistics.tsv", None, "made", text))
    return rows


def _settings(study: Study, registered: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List settings that are not what was registered; those of a later version do not count."""
    now = bearing_settings(study)
    rows = []
    for name, value in registered.items():
        if now.get(name) != value:
            text = f"The setting {name} was registered as {value} and is {now.get(name)}"
            rows.append(_row("settings", name, value, now.get(name), text))
    return rows


def _row(kind: str, what: str, registered: Any, now: Any, text: str) -> dict[str, Any]:
    """Put one deviation together."""
    cells = [None if value is None else str(value) for value in (registered, now)]
    return {"kind": kind, "what": what, "registered": cells[0], "now": cells[1]} | {
        "sentence": f"{text}."
    }


def title(question: PlannedQuestion) -> str:
    """Name a planned question in short.

    Parameters
    ----------
    question : PlannedQuestion
        The question.

    Returns
    -------
    str
        Such as ``auc_signed: gaze - relevance (all, permutation, two-sided)``.
    """
    kind: str = question.alternative
    if question.test == "equivalence":
        kind = f"within {question.bound:g} {question.bound_unit}"
    return (
        f"{question.measure}: {question.a} - {question.b} "
        f"({question.expression}, {question.test}, {kind})"
    )
