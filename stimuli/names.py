"""File names of KDEF, read strictly: session, sex, actor, expression and view."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from stimuli.expressions import KDEF_CODES
from study.errors import InputError, did_you_mean

VIEWS = {
    "FL": "full left profile",
    "HL": "half left profile",
    "S": "straight",
    "HR": "half right profile",
    "FR": "full right profile",
}
SEXES = {"F": "female", "M": "male"}
N_ACTORS = 35  # of each sex
SESSIONS = ("A", "B")

# The whole name is matched: "AF" is session A and female at its start, and afraid in its middle.
_FORM = re.compile(
    r"(?P<session>[AB])(?P<sex>[FM])(?P<number>\d\d)(?P<code>[A-Z]{2})(?P<view>FL|HL|S|HR|FR)"
)
# Names as they are in the set that is handed out, and what they should be.
MISNAMED = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}


@dataclass(frozen=True, order=True)
class KdefName:
    """What the name of a KDEF picture says.

    Parameters
    ----------
    image_id : str
        The name in capitals, without extension, such as ``AF01AFS``.
    session : str
        ``A`` or ``B``.
    actor : str
        Sex and number, such as ``F01``.
    sex : str
        ``female`` or ``male``.
    expression : str
        One of `stimuli.expressions.EXPRESSIONS`.
    view : str
        One of `VIEWS`.
    """

    image_id: str
    session: str
    actor: str
    sex: str
    expression: str
    view: str

    @property
    def is_straight(self) -> bool:
        """Whether the face looks into the camera."""
        return self.view == "straight"


def parse_name(file_name: str) -> KdefName | None:
    """Read the name of a picture file.

    Parameters
    ----------
    file_name : str
        With or without extension, in any case. The two names that are wrong in KDEF itself
        are read as what they should be.

    Returns
    -------
    KdefName or None
        None if it is not a name of KDEF's form.

    Raises
    ------
    InputError
        If the name has KDEF's form, but its expression code is not one of the seven.

    References
    ----------
    Lundqvist, Flykt & Öhman (1998), The Karolinska Directed Emotional Faces.

    Examples
    --------
    >>> parse_name("af01afs.jpg").expression
    'afraid'
    >>> parse_name("holiday.jpg") is None
    True
    """
    stem = PurePath(file_name).stem.upper()
    form = _FORM.fullmatch(MISNAMED.get(stem, stem))
    if form is None or not 1 <= int(form["number"]) <= N_ACTORS:
        return None
    if form["code"] not in KDEF_CODES:
        raise InputError(
            f"{file_name}: the expression code must be one of {', '.join(KDEF_CODES)}, but it is "
            f"{form['code']!r}.{did_you_mean(form['code'], KDEF_CODES)} "
            "Give the file its right name, or take it out of the folder."
        )
    return KdefName(
        image_id=form[0],
        session=form["session"],
        actor=form["sex"] + form["number"],
        sex=SEXES[form["sex"]],
        expression=KDEF_CODES[form["code"]],
        view=VIEWS[form["view"]],
    )
