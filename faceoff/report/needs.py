"""What a section needs before it can tell anything: methods speak of what was done, not planned."""

from pathlib import Path

from study.errors import InputError


def need(path: Path, command: str) -> None:
    """Refuse to tell of a step that has not been done.

    Parameters
    ----------
    path : Path
        What the step makes.
    command : str
        The command that does it, without ``faceoff``.

    Raises
    ------
    InputError
        If it is not there.
    """
    if not path.is_file():
        raise InputError(f"{path.name} must be there, but it is not. Run: faceoff {command}.")
