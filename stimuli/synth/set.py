"""The set: which pictures there are, their files in KDEF's layout, and the truth beside them."""

import json
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from stimuli.synth.conditions import Conditions, draw_conditions
from stimuli.synth.drawing import draw_picture
from stimuli.synth.expression import ACTION_UNITS, action_units, draw_style
from stimuli.synth.identity import Identity, draw_identity
from study.errors import InputError
from study.parallel import parallel_map
from study.progress import say
from study.seeds import generator
from study.settings.execution import ExecutionSettings
from study.tables import write_table
from study.writing import atomic_path, write_json

VERSION = 1  # of the drawing: another number means other pictures from the same seed
MOST_ACTORS = 70
JPEG_QUALITY = 94  # KDEF's
_CODES = {name: code for code, name in KDEF_CODES.items()}


@dataclass(frozen=True)
class Picture:
    """One picture of the set."""

    actor: str
    session: str
    expression: str

    @property
    def sex(self) -> str:
        """The actor's sex."""
        return "female" if self.actor[0] == "F" else "male"

    @property
    def image_id(self) -> str:
        """KDEF's name without the ending, such as ``AF01HAS``."""
        return f"{self.session}{self.actor}{_CODES[self.expression]}S"

    @property
    def file(self) -> str:
        """KDEF's place within the set."""
        return f"{self.session}{self.actor}/{self.image_id}.JPG"


def pictures_of_set(n_actors: int) -> list[Picture]:
    """List the pictures of a set.

    Parameters
    ----------
    n_actors : int
        Number of actors, 2 to 70; half are female (one more where the number is odd).

    Returns
    -------
    list of Picture
        14 for each actor, ordered by session, actor and expression.

    Raises
    ------
    InputError
        If there cannot be so many actors.

    Examples
    --------
    >>> [picture.file for picture in pictures_of_set(2)][:2]
    ['AF01/AF01AFS.JPG', 'AF01/AF01ANS.JPG']
    """
    if not 2 <= n_actors <= MOST_ACTORS:
        raise InputError(
            f"The number of actors must be from 2 to {MOST_ACTORS} (KDEF numbers 35 of each sex), "
            f"but it is {n_actors}. Choose another --actors."
        )
    female = (n_actors + 1) // 2
    actors = [f"F{number:02d}" for number in range(1, female + 1)]
    actors += [f"M{number:02d}" for number in range(1, n_actors - female + 1)]
    return [
        Picture(actor, session, expression)
        for session in "AB"
        for actor in actors
        for expression in EXPRESSIONS
    ]


def draw(picture: Picture, seed: int) -> tuple[Image.Image, np.ndarray, dict[str, Any]]:
    """Draw one picture of the set.

    Parameters
    ----------
    picture : Picture
        Which one.
    seed : int
        Seed of the set.

    Returns
    -------
    image : PIL.Image.Image
        RGB, 562 by 762 pixels.
    points : numpy.ndarray
        Shape (68, 2), landmarks in pixels of the picture.
    truth : dict
        Identity, action units and conditions.
    """
    actor, shot = picture.actor, (picture.actor, picture.session, picture.expression)
    identity = draw_identity(picture.sex, generator(seed, "synth identity", actor))
    style = draw_style(generator(seed, "synth style", actor))
    units = action_units(picture.expression, style, generator(seed, "synth units", *shot))
    conditions = draw_conditions(
        generator(seed, "synth session", actor, picture.session),
        generator(seed, "synth conditions", *shot),
    )
    image, points = draw_picture(
        identity,
        units,
        conditions,
        generator(seed, "synth texture", actor),
        generator(seed, "synth camera", *shot),
    )
    return image, points, {**asdict(identity), **units, **asdict(conditions)}


def draw_set(
    folder: Path,
    *,
    n_actors: int = MOST_ACTORS,
    seed: int = 1,
    execution: ExecutionSettings,
    force: bool = False,
) -> bool:
    """Draw a whole set into a folder.

    Parameters
    ----------
    folder : Path
        Where; made where it is missing.
    n_actors : int
        Number of actors, 2 to 70.
    seed : int
        Same seed, same pictures.
    execution : ExecutionSettings
        Workers.
    force : bool
        Draw even where the same set is there already.

    Returns
    -------
    bool
        Whether anything was drawn.

    Raises
    ------
    InputError
        If the folder holds other pictures, which are never overwritten.
    """
    pictures = pictures_of_set(n_actors)
    record = folder / "synthetic.json"
    wanted = {"seed": seed, "version": VERSION, "actors": n_actors, "pictures": len(pictures)}
    there = _read_record(folder, record)
    if there == {**wanted, "complete": True} and not force:
        say(f"{folder}: the synthetic faces are there already.")
        return False
    if there is not None and {**there, "complete": None} != {**wanted, "complete": None}:
        _remove_pictures(folder, there)
    write_json(record, {**wanted, "complete": False})
    results = parallel_map(
        partial(_draw_file, folder=folder, seed=seed),
        pictures,
        description="Drawing faces",
        execution=execution,
    )
    _write_landmarks(folder, pictures, [points for points, _ in results])
    _write_truth(folder, pictures, [truth for _, truth in results])
    write_json(record, {**wanted, "complete": True})
    return True


def _read_record(folder: Path, record: Path) -> dict[str, Any] | None:
    """Read what set is in the folder; refuse a folder with pictures of another origin."""
    if record.is_file():
        try:
            there = json.loads(record.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise InputError(
                f"{record} must be JSON, but {error}. Remove the folder, or choose another one."
            ) from error
        if isinstance(there, dict) and isinstance(there.get("actors"), int):
            return there
        raise InputError(
            f"{record} must describe a synthetic face set, but it has no number of actors. "
            "Remove the folder, or choose another one."
        )
    endings = {".jpg", ".jpeg", ".png"}
    other = next((file for file in folder.rglob("*") if file.suffix.lower() in endings), None)
    if other is not None:
        raise InputError(
            f"{folder} must not hold other pictures, but {other.name} is there and would be taken "
            "for a synthetic one. Choose another folder."
        )
    return None


def _remove_pictures(folder: Path, there: dict[str, Any]) -> None:
    """Remove the pictures of another synthetic set, so that the two cannot mix."""
    for picture in pictures_of_set(there["actors"]):
        (folder / picture.file).unlink(missing_ok=True)
    for name in ("synthetic_landmarks", "synthetic_truth"):
        (folder / f"{name}.tsv").unlink(missing_ok=True)


def _draw_file(picture: Picture, folder: Path, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Draw one picture into its file."""
    image, points, truth = draw(picture, seed)
    with atomic_path(folder / picture.file) as temporary:
        image.save(temporary, format="JPEG", quality=JPEG_QUALITY, dpi=(72, 72))
    return points, truth


def _write_landmarks(folder: Path, pictures: list[Picture], points: list[np.ndarray]) -> None:
    """Write the landmarks of every picture."""
    every = np.round(np.concatenate(points), 3)
    frame = pd.DataFrame(
        {
            "image_id": np.repeat([picture.image_id for picture in pictures], 68),
            "point": np.tile(np.arange(1, 69), len(pictures)),
            "x_px": every[:, 0],
            "y_px": every[:, 1],
        }
    )
    descriptions = {
        "image_id": "Name of the picture without its ending",
        "point": "Number of the landmark, 1 to 68 in the order of iBUG 300-W",
        "x_px": "Horizontal place in the picture file, pixel centres at integers",
        "y_px": "Vertical place in the picture file, from the top",
    }
    write_table(folder / "synthetic_landmarks.tsv", frame, descriptions)


def _write_truth(folder: Path, pictures: list[Picture], truths: list[dict[str, Any]]) -> None:
    """Write what each picture was drawn from."""
    rows = []
    for picture, truth in zip(pictures, truths, strict=True):
        row: dict[str, Any] = {
            "image_id": picture.image_id,
            "actor": picture.actor,
            "session": picture.session,
            "expression": picture.expression,
        }
        for name, value in truth.items():
            if isinstance(value, tuple):
                row |= dict(zip((f"{name}_r", f"{name}_g", f"{name}_b"), value, strict=True))
            else:
                row[name] = round(value, 5) if isinstance(value, float) else value
        rows.append(row)
    frame = pd.DataFrame(rows)
    write_table(folder / "synthetic_truth.tsv", frame, _truth_descriptions(list(frame.columns)))


def _truth_descriptions(columns: list[str]) -> dict[str, str]:
    """Describe each column of the truth."""
    own = {
        "image_id": "Name of the picture without its ending",
        "actor": "Actor",
        "session": "Session of the actor, A or B",
        "expression": "Expression",
    }
    units = {name: f"Intensity of {words}, 0 to 1.2" for name, words in ACTION_UNITS.items()}
    about = {field.name: "Identity" for field in fields(Identity)}
    about |= {field.name: "Condition of the picture" for field in fields(Conditions)}
    known = {**own, **units}
    return {
        column: known.get(column)
        or f"{about[column.removesuffix('_r').removesuffix('_g').removesuffix('_b')]}: "
        f"{column.replace('_', ' ')}"
        for column in columns
    }


def contact_sheet(folder: Path, path: Path, *, n_actors: int, rows: int = 8) -> None:
    """Write a sheet of actors by expressions, for looking.

    Parameters
    ----------
    folder : Path
        A drawn set.
    path : Path
        The PNG file.
    n_actors : int
        Number of actors of the set.
    rows : int, default 8
        Actors on the sheet, women and men in turn.
    """
    chosen = [picture for picture in pictures_of_set(n_actors) if picture.session == "A"]
    actors = sorted({picture.actor for picture in chosen}, key=lambda name: (name[1:], name[0]))
    width, height = 200, 238
    shown = actors[:rows]
    sheet = Image.new("RGB", (width * len(EXPRESSIONS), height * len(shown)))
    for picture in chosen:
        if picture.actor in shown:
            with Image.open(folder / picture.file) as image:
                part = image.crop((96, 190, 466, 630)).resize((width, height))
            column = EXPRESSIONS.index(picture.expression)
            sheet.paste(part, (width * column, height * shown.index(picture.actor)))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG")
