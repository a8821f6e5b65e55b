"""The base of every section of study.toml: frozen, and strict about names."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of study.toml; an unknown name in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def check_file_name(pattern: str, groups: Sequence[str]) -> str:
    """Refuse a pattern that does not compile, or names groups that mean nothing where it is used.

    Parameters
    ----------
    pattern : str
        A regular expression for names of files.
    groups : sequence of str
        The named groups that it may have.

    Returns
    -------
    str
        The same pattern.

    Raises
    ------
    ValueError
        If it must be refused; pydantic makes a message of it.

    Examples
    --------
    >>> check_file_name("(?P<image>[0-9]+)", ["image"])
    '(?P<image>[0-9]+)'
    """
    try:
        named = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"the pattern must be a regular expression ({error})") from error
    if odd := sorted(set(named) - set(groups)):
        raise ValueError(f"the groups may be {', '.join(groups)}, and not {', '.join(odd)}")
    return pattern
