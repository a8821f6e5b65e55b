"""Degraded faces: the table of a study whose pictures lost something, by noise or occlusion."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from study.errors import InputError, did_you_mean
from study.folder import Study
from study.tables import read_table

Kind = Literal["noise", "occlusion"]
DEGRADED_COLUMNS = {
    "image_id": "name of the picture",
    "face": "name of the picture in the main study of which it was made",
    "kind": "noise (Gaussian) or occlusion (tiles removed)",
    "level": "variance of the noise, where black is 0 and white 1; share of the tiles removed; "
    "0 is the intact face",
}


@dataclass(frozen=True)
class Degradation:
    """What was done to a face.

    Parameters
    ----------
    face : str
        Name of the picture in the main study, as it is.
    kind : {"noise", "occlusion"}
        How it was degraded.
    level : float
        How much: variance of the noise, or share of the tiles that is gone. 0 is intact.
    """

    face: str
    kind: Kind
    level: float


def degraded_tsv(study: Study) -> Path:
    """Name the table of how much each picture was degraded."""
    return study.stimuli_dir / "degraded.tsv"


def read_degradations(study: Study) -> dict[str, Degradation]:
    """Read how much each picture was degraded.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to Degradation
        By picture; nothing where the study shows faces as they are.

    Raises
    ------
    InputError
        If a kind is unknown, or a level is negative or missing.
    """
    path = degraded_tsv(study)
    if not path.is_file():
        return {}
    columns = dict.fromkeys(DEGRADED_COLUMNS, str) | {"level": float}
    table = read_table(path, what="The table of degraded faces", columns=columns)
    for kind in table["kind"].unique():
        if kind not in get_args(Kind):
            raise InputError(
                f"{path}: kind must be noise or occlusion, but it is {kind!r}."
                f"{did_you_mean(str(kind), get_args(Kind))} Correct it."
            )
    if not (table["level"] >= 0).all():
        wrong = table["level"][~(table["level"] >= 0)]
        raise InputError(
            f"{path}: level must be 0 or greater, but line {wrong.index[0] + 2} has "
            f"{wrong.iloc[0]}. Correct it."
        )
    return {
        image_id: Degradation(face, kind, float(level))
        for image_id, face, kind, level in table[list(DEGRADED_COLUMNS)].itertuples(index=False)
    }
