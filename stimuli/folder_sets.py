"""Face sets in folders: one folder for each expression, or a table beside the pictures."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from stimuli.expressions import expression_name
from stimuli.files import PICTURE_SUFFIXES
from study.errors import InputError
from study.settings.stimuli import NAME_GROUPS

TABLES = ("pictures.tsv", "pictures.csv")
SUFFIXES = PICTURE_SUFFIXES | {".bmp", ".tif", ".tiff"}
_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}
#: Columns of a set's table, beside file and expression.
OPTIONAL = ("actor", "sex", "session", "ethnicity", "split")


@dataclass(frozen=True)
class SetPicture:
    """A picture of a face set, and what the set says of it.

    Parameters
    ----------
    file : str
        Path from the face set's folder, with forward slashes.
    image_id : str
        A name of its own within the set.
    expression : str
        One of `stimuli.expressions.EXPRESSIONS`.
    actor, sex, session, ethnicity, set_split : str or None
        None where the set does not say it.
    """

    file: str
    image_id: str
    expression: str
    actor: str | None = None
    sex: str | None = None
    session: str | None = None
    ethnicity: str | None = None
    set_split: str | None = None


def find_set_pictures(folder: Path, pattern: str) -> tuple[list[SetPicture], list[str]]:
    """Find the pictures of a face set in folders, at any depth.

    A table ``pictures.tsv`` or ``pictures.csv`` in the folder says what is shown, by the columns
    file and expression and, where there are such, actor, sex, session, ethnicity and split.
    Without one, a picture's folder names its expression, and the folder above it the split, such
    as ``train/happy/0001.png``.

    Parameters
    ----------
    folder : Path
        The folder of the face set.
    pattern : str
        Regular expression for the file names, without their endings, with groups for what is not
        said otherwise; empty for none.

    Returns
    -------
    pictures : list of SetPicture
        In the order of the files.
    strangers : list of str
        Pictures of which neither folder nor name say a known expression.

    Raises
    ------
    InputError
        If there is no such folder, no picture whose expression is known, or the table is wrong.
    """
    if not folder.is_dir():
        raise InputError(
            f"A face set must be a folder, but {folder} is none. Name the folder of the set "
            "(faceoff stimuli register DIR), or unpack FER2013 first (faceoff stimuli unpack FILE)."
        )
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    table = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    rows = _from_table(table, files) if table else _from_folders(files)
    described, strangers = [], sorted(set(files) - {row["file"] for row in rows})
    for row in rows:
        named = _named(row["file"], pattern)
        known = named | {key: value for key, value in row.items() if value}
        expression = _known_expression(known.get("expression", ""))
        if expression is None and not table:
            # A folder of another kind, such as one for each actor, says nothing of expressions.
            expression = _known_expression(named.get("expression", ""))
        if expression is None and table:
            raise InputError(
                f"{table}: every expression must be known, but that of {row['file']} is "
                f"{known.get('expression', '')!r}. Correct the table."
            )
        if expression is None:
            strangers.append(row["file"])
        else:
            described.append(known | {"expression": expression})
    if not described:
        found = f"only pictures of unknown expressions, such as {strangers[0]}" if files else "none"
        raise InputError(
            f"A face set in folders must hold pictures by expression, such as happy/0001.png, but "
            f"{folder} holds {found}. Name the folder above those of the expressions, or say in "
            f"{TABLES[0]} what each picture shows."
        )
    return _with_ids(described), sorted(strangers)


def _from_folders(files: Iterable[str]) -> list[dict[str, str]]:
    """Read expression and split from the folders that a picture is in."""
    rows = []
    for file in files:
        parents = PurePosixPath(file).parts[:-1]
        row = {"file": file, "expression": parents[-1] if parents else ""}
        if len(parents) > 1:
            row["split"] = parents[-2]
        rows.append(row)
    return rows


def _from_table(path: Path, files: list[str]) -> list[dict[str, str]]:
    """Read what a set's table says of its pictures."""
    separator = "\t" if path.suffix == ".tsv" else ","
    try:
        table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be a table, but {error}. Correct it.") from error
    table.columns = table.columns.str.strip().str.lower()
    for name in ("file", "expression"):
        if name not in table:
            raise InputError(
                f"{path} must have the columns file and expression, but it has "
                f"{', '.join(table.columns)}. Add {name}."
            )
    table["file"] = table["file"].str.replace("\\", "/", regex=False)
    missing = table.loc[~table["file"].isin(files), "file"]
    twice = table.loc[table["file"].duplicated(), "file"]
    for wrong, what in ((missing, "is not in the folder"), (twice, "stands there twice")):
        if len(wrong):
            raise InputError(
                f"{path} must name each picture of the folder once, but {wrong.iloc[0]} {what}. "
                "Correct the table."
            )
    columns = ["file", "expression", *(name for name in OPTIONAL if name in table)]
    stripped = table[columns].apply(lambda column: column.str.strip())
    values: list[dict[str, str]] = stripped.replace("n/a", "").to_dict("records")
    return values


def _named(file: str, pattern: str) -> dict[str, str]:
    """Read what a picture's name says."""
    found = re.search(pattern, PurePosixPath(file).stem) if pattern else None
    if found is None:
        return {}
    said = found.groupdict()
    return {name: said[name] for name in NAME_GROUPS if said.get(name)}


def _known_expression(label: str) -> str | None:
    """Give the expression that a label stands for; none where it is not in the table."""
    try:
        return expression_name(label)
    except InputError:
        return None


def _with_ids(described: list[dict[str, str]]) -> list[SetPicture]:
    """Name each picture by its file, with the folders where the file's name occurs again."""
    stems = Counter(PurePosixPath(row["file"]).stem for row in described)
    pictures = []
    for row in described:
        path = PurePosixPath(row["file"])
        own = path.stem if stems[path.stem] == 1 else "-".join(path.with_suffix("").parts)
        pictures.append(
            SetPicture(
                file=row["file"],
                image_id=re.sub(r"[^A-Za-z0-9_.-]+", "_", own),
                expression=row["expression"],
                actor=row.get("actor"),
                sex=_sex(row),
                session=row.get("session"),
                ethnicity=row.get("ethnicity"),
                set_split=row.get("split"),
            )
        )
    twice = [name for name, n in Counter(p.image_id for p in pictures).items() if n > 1]
    if twice:
        raise InputError(
            f"Each picture must have a name of its own, but {twice[0]!r} stands for several. "
            "Rename the files."
        )
    return pictures


def _sex(row: Mapping[str, str]) -> str | None:
    """Give the sex in the words of the manifest."""
    said = row.get("sex")
    if said is None:
        return None
    if said.lower() not in _SEXES:
        raise InputError(
            f"The sex of an actor must be female or male, F or M, but of {row['file']} it is "
            f"{said!r}. Correct it, or leave it empty."
        )
    return _SEXES[said.lower()]
