"""Bad input, said in one message: what was expected, what came, how to mend it."""

import difflib
from collections.abc import Iterable

# More names than there are methods of explanation, and fewer than pictures.
_MOST = 80


class InputError(Exception):
    """Report input that the user can mend.

    The message reads ``<Subject> <rule>, but <evidence>. <remedy>.``; every command shows it
    alone, without a traceback, and ends with exit status 2.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that is closest to a wrong one.

    Parameters
    ----------
    name : str
        The name that is not known.
    known : iterable of str
        The names that are.

    Returns
    -------
    str
        A sentence that starts with a space and can follow another one.

    Examples
    --------
    >>> did_you_mean("hapy", ["happy", "sad"])
    " Did you mean 'happy'?"
    >>> did_you_mean("xyz", ["happy", "sad"])
    ' Known are happy, sad.'
    """
    names = [str(item) for item in known]
    closest = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if closest:
        return f" Did you mean {closest[0]!r}?"
    if not names:
        return ""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f" Known are {', '.join(names[:_MOST])}{more}."
