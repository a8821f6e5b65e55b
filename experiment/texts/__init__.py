"""What the participant reads, from a plain text file that a lab can edit."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from stimuli.expressions import EXPRESSIONS
from study.errors import InputError, did_you_mean
from study.folder import Study

#: Each screen, and the words in braces that it may have.
SCREENS = {
    "consent": {"version"},
    "instruction": {"keys", "n_trials"},
    "practice": {"keys", "n_trials"},
    "practice_again": {"percent"},
    "main": {"keys", "n_trials"},
    "break": {"block", "n_blocks"},
    "confidence": {"levels"},
    "right": {"expression"},
    "wrong": {"expression"},
    "no_answer": {"expression"},
    "thanks": set[str](),
    "saving": set[str](),
    "panel": {"reason", "options"},
    "gate": set[str](),
    "validation": {"average_deg", "maximum_deg", "allowed"},
    "practice_failed": {"percent", "criterion"},
}
#: What the experimenter may choose on the panel.
OPTIONS = ("resume", "recalibrate", "without_gate", "skip", "quit")
_LISTS = {"panel_options": OPTIONS, "expressions": EXPRESSIONS}
_CONDITION = "condition:"


@dataclass(frozen=True)
class Texts:
    """The screens of a session.

    Parameters
    ----------
    screens : mapping of str to str
        Text by the name of its screen, with names in braces to be filled in.
    expressions : mapping of str to str
        What the participant reads for each expression.
    panel : mapping of str to str
        What the experimenter reads for each of `OPTIONS`.
    """

    screens: Mapping[str, str]
    expressions: Mapping[str, str]
    panel: Mapping[str, str]

    def of_condition(self, name: str) -> str:
        """Give the text before the blocks of a condition; empty where it has none.

        Parameters
        ----------
        name : str
            The condition.

        Returns
        -------
        str
            The text as it is shown.
        """
        return self.screens.get(f"{_CONDITION}{name}", "")

    def screen(self, name: str, **values: object) -> str:
        """Give the text of a screen.

        Parameters
        ----------
        name : str
            One of `SCREENS`.
        **values : object
            What is to be filled in.

        Returns
        -------
        str
            The text as it is shown.
        """
        return self.screens[name].format(**values)


def read_texts(study: Study) -> Texts:
    """Read the texts that the study's settings name.

    Parameters
    ----------
    study : Study
        The study; ``[experiment] texts`` is the name of a language of faceoff, or of a file in
        the study folder.

    Returns
    -------
    Texts
        The screens.

    Raises
    ------
    InputError
        If there is no such language or file, or it lacks a screen.
    """
    name = study.settings.experiment.texts
    languages = sorted(
        entry.name.removesuffix(".txt")
        for entry in resources.files(__name__).iterdir()
        if entry.name.endswith(".txt")
    )
    if name in languages:
        text = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
        return parse_texts(text, source=f"{name}.txt")
    path = study.root / name
    if not path.is_file():
        raise InputError(
            f"[experiment] texts must be one of {', '.join(languages)} or a file in the study "
            f"folder, but it is {name!r}.{did_you_mean(name, languages)}"
        )
    try:
        texts = parse_texts(path.read_text(encoding="utf-8-sig"), source=str(path))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} must be text in UTF-8, but {error}. Save it as UTF-8 in your editor."
        ) from error
    _check_conditions(texts, study, str(path))
    return texts


def _check_conditions(texts: Texts, study: Study, source: str) -> None:
    """Refuse a screen of a condition that the study does not have."""
    conditions = list(study.settings.experiment.conditions)
    for name in texts.screens:
        condition = name.removeprefix(_CONDITION)
        if condition != name and condition not in conditions:
            raise InputError(
                f"{source} may have screens of the study's conditions only, but it has [{name}]."
                f"{did_you_mean(condition, conditions)}"
            )


def parse_texts(text: str, *, source: str) -> Texts:
    r"""Read the text file's sections.

    Parameters
    ----------
    text : str
        The file's content.
    source : str
        Its name, for messages.

    Returns
    -------
    Texts
        The screens.

    Raises
    ------
    InputError
        If a screen is missing or unknown, or a word in braces is.

    Examples
    --------
    >>> sections = "".join(f"[{name}]\nText of {name}\n" for name in SCREENS)
    >>> labels = "".join(f"{name} = {name.upper()}\n" for name in EXPRESSIONS)
    >>> options = "".join(f"{name} = {name}\n" for name in OPTIONS)
    >>> lists = f"[expressions]\n{labels}[panel_options]\n{options}"
    >>> texts = parse_texts(sections + lists, source="example")
    >>> texts.screen("thanks"), texts.expressions["happy"]
    ('Text of thanks', 'HAPPY')
    """
    sections = _sections(text, source)
    for name in [*SCREENS, *_LISTS]:
        if name not in sections:
            raise InputError(f"{source} must have the section [{name}], but has none. Add it.")
    screens = {name: text for name, text in sections.items() if name not in _LISTS}
    for name, screen in screens.items():
        _check_fields(name, screen, source)
    lists = {name: _entries(name, sections[name], source) for name in _LISTS}
    return Texts(screens, lists["expressions"], lists["panel_options"])


def _sections(text: str, source: str) -> dict[str, str]:
    """Split the file at its headings and drop its comments."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        heading = re.fullmatch(rf"\[((?:{_CONDITION})?\w+)\]\s*", line)
        if heading is None:
            current.append(line.rstrip())
            continue
        name = heading[1]
        if name not in (*SCREENS, *_LISTS) and not name.startswith(_CONDITION):
            raise InputError(
                f"{source} may have the screens of faceoff only, but it has [{name}]."
                f"{did_you_mean(name, [*SCREENS, *_LISTS])}"
            )
        current = sections.setdefault(name, [])
    return {name: "\n".join(body).strip() for name, body in sections.items()}


def _check_fields(name: str, screen: str, source: str) -> None:
    """Refuse words in braces that nothing fills in."""
    try:
        fields = {field for _, field, _, _ in string.Formatter().parse(screen) if field is not None}
    except ValueError as error:
        raise InputError(
            f"{source}: [{name}] must close its braces, but {error}. Write {{{{ for a brace."
        ) from error
    known = SCREENS.get(name, set())
    for field in sorted(fields - known):
        raise InputError(
            f"{source}: [{name}] may only name what is known there, but it has {{{field}}}."
            f"{did_you_mean(field, sorted(known))}"
        )


def _entries(name: str, section: str, source: str) -> dict[str, str]:
    """Read the lines of a list, such as `happy = glücklich`."""
    known = _LISTS[name]
    pairs = [line.partition("=") for line in section.splitlines() if line.strip()]
    entries = {entry.strip(): text.strip() for entry, _, text in pairs}
    for entry in known:
        if not entries.get(entry):
            raise InputError(
                f"{source}: [{name}] must say what to show for {entry}, but does not. "
                f"Add the line: {entry} = {entry}."
            )
    for entry in entries:
        if entry not in known:
            raise InputError(
                f"{source}: [{name}] may name what faceoff knows only, but has {entry!r}."
                f"{did_you_mean(entry, known)}"
            )
    return entries
