"""The folder that a study's faces come from, as study.toml names it."""

import json
import re
import tomllib
from pathlib import Path

from study.errors import InputError
from study.folder import Study
from study.writing import write_text

_HEADER = re.compile(r"^[ \t]*\[stimuli\].*$", re.MULTILINE)
_NEXT_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_LINE = re.compile(r"^[ \t]*folder[ \t]*=.*$", re.MULTILINE)
_DEFAULT_LINE = re.compile(r"^[ \t]*#[ \t]*folder[ \t]*=.*$", re.MULTILINE)


def with_pictures_dir(study: Study, folder: Path) -> Study:
    """Let a study take its faces from another folder.

    Parameters
    ----------
    study : Study
        The study.
    folder : Path
        The face set's folder.

    Returns
    -------
    Study
        The study with that folder in its settings: relative to the study if it lies within.
    """
    folder = folder.absolute()
    inside = folder.is_relative_to(study.root)
    name = (folder.relative_to(study.root) if inside else folder).as_posix()
    stimuli = study.settings.stimuli.model_copy(update={"folder": name})
    return Study(study.root, study.settings.model_copy(update={"stimuli": stimuli}))


def write_pictures_dir(study: Study) -> None:
    """Write the folder of a study's settings into its study.toml, and change nothing else there.

    Parameters
    ----------
    study : Study
        The study, as `with_pictures_dir` gives it.

    Raises
    ------
    InputError
        If study.toml has a form in which the line cannot be set.
    """
    text = study.settings_toml.read_text(encoding="utf-8-sig")
    folder = study.settings.stimuli.folder
    if tomllib.loads(text).get("stimuli", {}).get("folder") == folder:
        return
    changed = set_folder(text, folder)
    try:
        understood = tomllib.loads(changed)["stimuli"]["folder"] == folder
    except (tomllib.TOMLDecodeError, KeyError):
        understood = False
    if not understood:
        raise InputError(
            f"{study.settings_toml} must have a section [stimuli] of its own, but its form is "
            f"another one. Write there yourself: folder = {_toml_text(folder)}."
        )
    write_text(study.settings_toml, changed)


def set_folder(text: str, folder: str) -> str:
    r"""Set the face set's folder in the text of a study.toml.

    Parameters
    ----------
    text : str
        TOML, with comments.
    folder : str
        The new value of ``folder`` in the section ``[stimuli]``.

    Returns
    -------
    str
        The text with that line replaced, or added where there is none.

    Examples
    --------
    >>> set_folder('[stimuli]\n# folder = "a"\n', "b")
    '[stimuli]\nfolder = "b"\n'
    """
    line = f"folder = {_toml_text(folder)}"
    header = _HEADER.search(text)
    if header is None:
        return f"{text.rstrip()}\n\n[stimuli]\n{line}\n".lstrip()
    following = _NEXT_HEADER.search(text, header.end())
    end = following.start() if following else len(text)
    for pattern in (_LINE, _DEFAULT_LINE):
        old = pattern.search(text, header.end(), end)
        if old is not None:
            return text[: old.start()] + line + text[old.end() :]
    return f"{text[: header.end()]}\n{line}{text[header.end() :]}"


def _toml_text(text: str) -> str:
    """Write a text as TOML, which has JSON's escapes and wants one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
