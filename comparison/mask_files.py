"""Heat maps, masks and published values of a study by region masks, read from its own files."""

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.mask_overlap import METRICS, Mask
from study.errors import InputError, did_you_mean

# In a published table, the name of a row of means begins so, as in AVG(model).
_AVERAGE = "avg"
# What maps over the pictures of several networks are called.
ALL_NETWORKS = "all networks"


@dataclass(frozen=True)
class Heatmaps:
    """Heat maps of several networks, by fold and expression, in one face space.

    Parameters
    ----------
    nets, expressions, folds : tuple of str
        What the first three axes of the maps are.
    by_fold : numpy.ndarray, shape (n_nets, n_folds, n_expressions, height, width)
        Each fold's own map.
    by_net : numpy.ndarray, shape (n_nets, n_expressions, height, width), or None
        Maps over the pictures of all folds, where the study kept them.
    over_nets : numpy.ndarray, shape (n_expressions, height, width), or None
        Maps over the pictures of all networks, where the study kept them.

    Notes
    -----
    A study's own map is NaN where there is no picture of a fold and expression.
    """

    nets: tuple[str, ...]
    expressions: tuple[str, ...]
    folds: tuple[str, ...]
    by_fold: npt.NDArray
    by_net: npt.NDArray | None = None
    over_nets: npt.NDArray | None = None


def read_heatmaps(path: Path) -> Heatmaps:
    """Read the heat maps of networks, folds and expressions.

    Parameters
    ----------
    path : Path
        A file ``.npz`` with ``nets``, ``expressions``, ``folds`` and ``by_fold``, and perhaps
        ``by_net``.

    Returns
    -------
    Heatmaps
        Of any number and size.

    Raises
    ------
    InputError
        If it is no such file, a key is missing, shapes do not agree, or a map is constant or
        holds something that is no finite number.
    """
    stored = _read_npz(path, ("nets", "expressions", "folds", "by_fold"), ("by_net",))
    nets, expressions, folds = (
        _names(path, key, stored[key]) for key in ("nets", "expressions", "folds")
    )
    counts = (len(nets), len(folds), len(expressions))
    axes = "(nets, folds, expressions, height, width)"
    _check_shape(path, "by_fold", stored["by_fold"], counts, axes)
    by_net = stored.get("by_net")
    if by_net is not None:
        axes = "(nets, expressions, height, width)"
        _check_shape(path, "by_net", by_net, (counts[0], counts[2]), axes)
        _check_size(path, by_net, stored["by_fold"].shape[-2:])
    maps = Heatmaps(nets, expressions, folds, stored["by_fold"], by_net)
    _check_values(path, maps)
    return maps


def read_masks(path: Path, expressions: Sequence[str], size: tuple[int, int]) -> dict[str, Mask]:
    """Read the masks of expressions.

    Parameters
    ----------
    path : Path
        A file ``.npz`` with ``expressions`` and ``masks``, which are 0 outside.
    expressions : sequence of str
        Those that are needed.
    size : tuple of int
        Height and width that the masks must have, px.

    Returns
    -------
    dict of str to numpy.ndarray of bool, shape (height, width)
        By expression, in the order of `expressions`.

    Raises
    ------
    InputError
        If it is no such file, or a mask is missing, empty or of another size.
    """
    stored = _read_npz(path, ("expressions", "masks"), ())
    names, masks = _names(path, "expressions", stored["expressions"]), stored["masks"]
    _check_shape(path, "masks", masks, (len(names),), "(expressions, height, width)")
    _check_size(path, masks, size)
    for expression in expressions:
        if expression not in names:
            raise InputError(
                f"{path} must have a mask of each expression of the maps, but it has none of "
                f"{expression!r}.{did_you_mean(expression, names)} Name it as the maps do."
            )
    found = {name: masks[names.index(name)] != 0 for name in expressions}
    for name, mask in found.items():
        if not mask.any() or mask.all():
            raise InputError(
                f"A mask must mark a part of the face, but that of {name!r} in {path} marks "
                f"{'everything' if mask.any() else 'nothing'}. Correct it."
            )
    return found


def read_published(path: Path, nets: Sequence[str], expressions: Sequence[str]) -> pd.DataFrame:
    """Read a table of published values.

    Parameters
    ----------
    path : Path
        Comma-separated, with the columns net, expression, iou, f1, precision and recall. A net
        or expression that begins with AVG, such as AVG(model), is the mean over all of them.
    nets, expressions : sequence of str
        Those of the maps, which the table must keep to.

    Returns
    -------
    pandas.DataFrame
        The rows as they stand there; nets and expressions that are means are called "mean".

    Raises
    ------
    InputError
        If it is no such table, or names something that the maps do not have.
    """
    if not path.is_file():
        raise InputError(f"The published table must be at {path}, but there is no such file.")
    wanted = ["net", "expression", *METRICS]
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} must be a comma-separated table, but {str(error).strip()}. Correct it."
        ) from error
    if missing := [name for name in wanted if name not in table]:
        raise InputError(
            f"{path} must have the columns {', '.join(wanted)}, but it lacks {', '.join(missing)}. "
            "Name them so."
        )
    if table.empty:
        raise InputError(f"{path} must hold values, but it has no row. Name another table.")
    for column, known in (("net", nets), ("expression", expressions)):
        table[column] = [_known_name(path, column, name, known) for name in table[column]]
    values = table[list(METRICS)].apply(pd.to_numeric, errors="coerce")
    if (wrong := ~np.isfinite(values.to_numpy())).any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"{path}: {list(METRICS)[column]} must be a number, but line {row + 2} has "
            f"{table[list(METRICS)[column]].iloc[row]!r}. Correct it."
        )
    return table[["net", "expression"]].join(values)


def _known_name(path: Path, column: str, name: object, known: Sequence[str]) -> str:
    """Check a name of a published table; that of a mean becomes "mean"."""
    if isinstance(name, str) and name in known:
        return name
    if isinstance(name, str) and name.lower().startswith(_AVERAGE):
        return "mean"
    raise InputError(
        f"{path} must name the {column}s of the maps, but it names {name!r}."
        f"{did_you_mean(str(name), known)} Name them as the maps do."
    )


def _read_npz(path: Path, needed: Sequence[str], also: Sequence[str]) -> dict[str, npt.NDArray]:
    """Read some arrays of a file; none of them runs code."""
    if not path.is_file():
        raise InputError(f"The maps must be in a file, but there is no file {path}. Name another.")
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array")
            found = set(stored.files)
            if missing := [key for key in needed if key not in found]:
                raise InputError(
                    f"{path} must hold {', '.join(needed)}, but it lacks {', '.join(missing)}; it "
                    f"holds {', '.join(sorted(found)) or 'nothing'}. Store it so: numpy.savez."
                )
            return {key: stored[key] for key in (*needed, *also) if key in found}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} must be a file .npz of plain arrays, but it cannot be read ({error}). "
            "Store it so: numpy.savez."
        ) from error


def _names(path: Path, key: str, values: npt.NDArray) -> tuple[str, ...]:
    """Take names out of a file: a row of texts or numbers, each once."""
    if values.ndim != 1 or values.dtype.kind not in "USiu" or not len(values):
        raise InputError(
            f"{key} in {path} must be a row of names, but it is of the shape {values.shape} and "
            f"the type {values.dtype}. Correct it."
        )
    names = tuple(
        str(name, "utf-8") if isinstance(name, bytes) else str(name) for name in values.tolist()
    )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(
            f"{key} in {path} must be different, but {twice[0]!r} is there more than once. "
            "Correct it."
        )
    return names


def _check_shape(
    path: Path, key: str, values: npt.NDArray, counts: tuple[int, ...], axes: str
) -> None:
    """Check type, dimensions and counts of maps."""
    shape = values.shape
    if values.dtype.kind not in "buif":
        raise InputError(
            f"{key} in {path} must hold numbers, but it is of the type {values.dtype}. Correct it."
        )
    if len(shape) != len(counts) + 2 or shape[: len(counts)] != counts or 0 in shape:
        wanted = ", ".join(map(str, counts))
        raise InputError(
            f"{key} in {path} must have the shape {axes} = ({wanted}, ...), but it has {shape}. "
            "Correct it, or the names beside it."
        )


def _check_size(path: Path, values: npt.NDArray, size: tuple[int, ...]) -> None:
    """Check that maps have the height and width of others."""
    if values.shape[-2:] != tuple(size):
        height, width = values.shape[-2:]
        raise InputError(
            f"Maps and masks must be of one size, {size[1]} x {size[0]} px, but those in {path} "
            f"are {width} x {height}. Bring them to one face space."
        )


def _check_values(path: Path, maps: Heatmaps) -> None:
    """Refuse maps that cannot be parted in two."""
    kinds = [("by_fold", maps.by_fold)]
    if maps.by_net is not None:
        kinds.append(("by_net", maps.by_net))
    for key, values in kinds:
        flat = values.reshape(*values.shape[:-2], -1)
        finite = np.isfinite(flat).all(axis=-1)
        constant = flat.min(axis=-1) == flat.max(axis=-1)
        for wrong, told in ((~finite, "values that are not finite"), (constant, "one value only")):
            if wrong.any():
                place = tuple(np.argwhere(wrong)[0])
                fold = f", fold {maps.folds[place[1]]}" if key == "by_fold" else ""
                raise InputError(
                    "A heat map must vary and be finite, but "
                    f"{key} of {maps.nets[place[0]]}{fold}, {maps.expressions[place[-1]]} in "
                    f"{path} holds {told} ({int(wrong.sum())} of {wrong.size} maps). Leave such a "
                    "network or expression out, or make the map anew."
                )
