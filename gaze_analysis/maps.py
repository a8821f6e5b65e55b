"""Density maps of a study: for each picture, for each expression, and over all faces.

Every average starts from the map of one participant on one picture, which integrates to one.
By default participants weigh equally: a picture's map is the mean over participants, and the map
of an expression the mean over participants of each one's mean over pictures. Pooled, each
fixation weighs the same wherever it comes from (or each millisecond, by duration).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.ceiling import Ceiling, ceiling
from gaze_analysis.density import Grid, kernel_sum
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.progress import bar
from study.seeds import generator

if TYPE_CHECKING:
    import xarray as xr

Maps = NDArray[np.float64]
# Pictures of other studies need not show an expression: they have maps of their own all the same.
_UNNAMED = "n/a"
Weighting = Literal["duration", "count"]
Participants = Literal["equal", "pooled"]


@dataclass(frozen=True)
class MapRule:
    """What a density map is made with.

    Parameters
    ----------
    grid : Grid
        Where maps are evaluated.
    sigma_px : float
        Standard deviation of the kernel, in picture pixels.
    weighting : {"duration", "count"}
        What a fixation counts.
    participants : {"equal", "pooled"}
        What a participant counts in an average.
    n_splits : int
        Random halves for the ceilings.
    seed : int
        The halves follow from it.
    """

    grid: Grid
    sigma_px: float
    weighting: Weighting = "duration"
    participants: Participants = "equal"
    n_splits: int = 1000
    seed: int = 1


@dataclass(frozen=True)
class StudyMaps:
    """The maps of a study and their ceilings.

    Parameters
    ----------
    maps : xarray.Dataset
        ``density(image, y, x)``, ``density_by_expression(expression, y, x)`` and
        ``mean_density(y, x)``, with the counts of fixations and participants.
    ceilings : pandas.DataFrame
        One row for each picture, each expression and all faces together.
    """

    maps: "xr.Dataset"
    ceilings: pd.DataFrame


def participant_maps(fixations: pd.DataFrame, rule: MapRule) -> tuple[list[str], Maps, Maps]:
    """Evaluate one map for each participant who looked at a picture.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Fixations on one picture: participant_id, x_px, y_px, duration_ms.
    rule : MapRule
        How to.

    Returns
    -------
    participant_ids : list of str
        In the order of their names.
    maps : ndarray, shape (n_participants, rows, columns)
        Each integrates to one.
    weights : ndarray, shape (n_participants,)
        What each counts in an average.
    """
    names, who = np.unique(fixations["participant_id"].to_numpy(dtype=str), return_inverse=True)
    x, y, duration = (
        fixations[name].to_numpy(dtype=float) for name in ("x_px", "y_px", "duration_ms")
    )
    counted = duration if rule.weighting == "duration" else np.ones_like(duration)
    maps = np.empty((len(names), *rule.grid.shape))
    for place in range(len(names)):
        own = who == place
        maps[place] = kernel_sum(
            x[own], y[own], rule.grid, sigma_px=rule.sigma_px, weights=counted[own]
        )
    mass = maps.sum(axis=(1, 2)) * rule.grid.cell_area_px2
    maps /= mass[:, None, None]
    return names.tolist(), maps, mass if rule.participants == "pooled" else np.ones_like(mass)


def study_maps(fixations: pd.DataFrame, rule: MapRule) -> StudyMaps:
    """Make the density maps of a study, and their ceilings.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: participant_id, image_id, expression, x_px, y_px (picture
        frame), duration_ms.
    rule : MapRule
        How to.

    Returns
    -------
    StudyMaps
        Pictures in the order of their ids, expressions in that of `EXPRESSIONS`.

    Raises
    ------
    InputError
        If there is no fixation, durations are wanted and missing, or a picture has two
        expressions.
    """
    _check(fixations, rule)
    people = sorted(fixations["participant_id"].astype(str).unique())
    of_images: dict[str, Maps] = {}
    of_expressions: dict[str, Maps] = {}
    rows: list[tuple[str | None, str | None, Ceiling]] = []
    everything = _Sums(people, rule)
    label = fixations["expression"].fillna(_UNNAMED)
    with bar("density maps", fixations["image_id"].nunique()) as advance:
        for expression in _present(label):
            sums = _Sums(people, rule)
            of_expression = fixations[label == expression]
            for image, on_image in of_expression.groupby("image_id", sort=True):
                names, maps, weights = participant_maps(on_image, rule)
                of_images[str(image)] = np.tensordot(weights / weights.sum(), maps, axes=1)
                named = None if expression == _UNNAMED else expression
                rows.append((str(image), named, _ceiling(maps, weights, rule, str(image))))
                sums.add(names, maps, weights)
                advance(1)
            if expression != _UNNAMED:
                of_expressions[expression] = sums.mean()
                rows.append((None, expression, _ceiling(*sums.maps(), rule, expression)))
            everything.merge(sums)
    rows.append((None, None, _ceiling(*everything.maps(), rule, "all")))
    dataset = _dataset(of_images, of_expressions, everything.mean(), fixations, rule)
    return StudyMaps(dataset, _ceiling_table(rows))


class _Sums:
    """Running sums of each participant's maps, from which the averages follow."""

    def __init__(self, people: list[str], rule: MapRule) -> None:
        """Start at zero for everyone."""
        self._place = {name: place for place, name in enumerate(people)}
        self._rule = rule
        self._sums = np.zeros((len(people), *rule.grid.shape))
        self._weights = np.zeros(len(people))

    def add(self, names: list[str], maps: Maps, weights: Maps) -> None:
        """Add maps of some participants."""
        for name, values, weight in zip(names, maps, weights, strict=True):
            self._sums[self._place[name]] += weight * values
            self._weights[self._place[name]] += weight

    def merge(self, other: "_Sums") -> None:
        """Add all that another one holds."""
        self._sums += other._sums
        self._weights += other._weights

    def maps(self) -> tuple[Maps, Maps]:
        """Give the average map of each participant who has one, and what it counts."""
        seen = self._weights > 0
        maps = self._sums[seen] / self._weights[seen, None, None]
        pooled = self._rule.participants == "pooled"
        return maps, self._weights[seen] if pooled else np.ones(len(maps))

    def mean(self) -> Maps:
        """Average over participants."""
        maps, weights = self.maps()
        mean: Maps = np.tensordot(weights / weights.sum(), maps, axes=1)
        return mean


def _check(fixations: pd.DataFrame, rule: MapRule) -> None:
    """Refuse fixations that no map can be made of."""
    if fixations.empty:
        raise InputError(
            "Density maps must have at least one included fixation, but there is none. "
            "See exclusions.tsv for the reasons, and loosen the filters in [gaze]."
        )
    if rule.weighting == "duration" and fixations["duration_ms"].isna().any():
        missing = int(fixations["duration_ms"].isna().sum())
        raise InputError(
            f"Fixations weighted by duration must have one, but {missing} of {len(fixations)} "
            'have none. Set weighting = "count" in [gaze.density].'
        )
    unknown = set(fixations["expression"].dropna()) - set(EXPRESSIONS)
    if unknown:
        raise InputError(
            f"Expressions must be {', '.join(EXPRESSIONS)}, but the fixations name "
            f"{', '.join(sorted(map(str, unknown)))}. Correct the table of fixations."
        )
    labels = fixations.groupby("image_id")["expression"].nunique()
    if (labels > 1).any():
        raise InputError(
            f"A picture must show one expression, but {labels.idxmax()} has {labels.max()}. "
            "Correct the table of fixations."
        )


def _present(labels: pd.Series) -> list[str]:
    """List the expressions that were shown, in the order of all tables; those unnamed last."""
    found = set(labels)
    return [name for name in (*EXPRESSIONS, _UNNAMED) if name in found]


def _ceiling(maps: Maps, weights: Maps, rule: MapRule, name: str) -> Ceiling:
    """Compute a ceiling with a random stream of its own."""
    rng = generator(rule.seed, "ceiling", name)
    return ceiling(maps, rng, n_splits=rule.n_splits, weights=weights)


def _ceiling_table(rows: list[tuple[str | None, str | None, Ceiling]]) -> pd.DataFrame:
    """Put the ceilings in a table: first the pictures, then the expressions, then all faces."""
    table = pd.DataFrame(
        [{"image_id": image, "expression": expression, **vars(c)} for image, expression, c in rows]
    )
    level = np.where(table["image_id"].notna(), "image", "expression")
    is_all = table["image_id"].isna() & table["expression"].isna()
    table.insert(0, "level", np.where(is_all, "all", level))
    order = table["level"].map({"image": 0, "expression": 1, "all": 2})
    return table.assign(order=order).sort_values(
        ["order", "image_id"], kind="stable", ignore_index=True
    ).drop(columns="order")  # fmt: skip


def _dataset(
    of_images: dict[str, Maps],
    of_expressions: dict[str, Maps],
    mean: Maps,
    fixations: pd.DataFrame,
    rule: MapRule,
) -> "xr.Dataset":
    """Label the maps with their dimensions, coordinates and units."""
    import xarray as xr

    images = sorted(of_images)
    by_image = fixations.groupby("image_id")
    expression = by_image["expression"].first().fillna(_UNNAMED)
    people = by_image["participant_id"].nunique()
    unit = {"units": "px-2", "long_name": "density of gaze; its integral is 1"}
    dataset = xr.Dataset(
        {
            "density": (("image", "y", "x"), np.stack([of_images[name] for name in images]), unit),
            "density_by_expression": (
                ("expression", "y", "x"),
                np.array(list(of_expressions.values())).reshape(-1, *rule.grid.shape), unit,
            ),
            "mean_density": (("y", "x"), mean, unit),
            "n_fixations": ("image", by_image.size().loc[images].to_numpy()),
            "n_participants": ("image", people.loc[images].to_numpy()),
        },
        coords={
            "image": np.array(images, dtype=object),
            "expression": np.array(list(of_expressions), dtype=object),
            "expression_of_image": ("image", expression.loc[images].to_numpy(dtype=object)),
            "y": ("y", rule.grid.y_px, {"units": "px", "long_name": "picture frame, down"}),
            "x": ("x", rule.grid.x_px, {"units": "px", "long_name": "picture frame, right"}),
        },
    )  # fmt: skip
    dataset.attrs = {
        "sigma_px": rule.sigma_px,
        "weighting": rule.weighting,
        "participants": rule.participants,
        "edges": "mass outside the picture is dropped and each map renormalised to 1",
        "picture_width_px": rule.grid.width_px,
        "picture_height_px": rule.grid.height_px,
        "cell_area_px2": rule.grid.cell_area_px2,
    }
    return dataset
