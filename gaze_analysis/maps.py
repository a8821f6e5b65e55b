"""Density maps of a study: by picture, by expression, by participant, and over all faces.

Every average starts from the map of one participant on one picture. By default participants weigh
equally: a picture's map is the mean over participants, and the map of an expression the mean over
participants of each one's mean over pictures. Pooled, each fixation weighs the same wherever it
comes from (or each millisecond, by duration).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gaze_analysis.ceiling import BandedCeiling, Ceiling, gram_ceiling
from gaze_analysis.density import Map
from gaze_analysis.map_labels import (
    UNNAMED,
    map_attributes,
    map_unit,
    name_coordinate,
    picture_coordinates,
)
from gaze_analysis.participant_maps import ParticipantMaps
from gaze_analysis.trial_maps import MapRule, PictureMaps, check_fixations, picture_maps
from stimuli.expressions import EXPRESSIONS
from study.progress import bar
from study.seeds import generator

if TYPE_CHECKING:
    import xarray as xr


_Keep = Callable[[slice, slice, Map], None]
_CeilingRow = tuple[str | None, str | None, Ceiling]


@dataclass(frozen=True)
class StudyMaps:
    """The maps of a study and their ceilings.

    Parameters
    ----------
    maps : xarray.Dataset
        ``density(image, y, x)``, ``density_by_expression(expression, y, x)`` and
        ``mean_density(y, x)``, with the counts of fixations and participants and the mass on each
        picture.
    ceilings : pandas.DataFrame
        One row for each picture, each expression and all faces together.
    """

    maps: "xr.Dataset"
    ceilings: pd.DataFrame


def study_maps(
    fixations: pd.DataFrame,
    rule: MapRule,
    *,
    block_mb: float = 128.0,
    keep: Callable[[str, slice, slice, Map], None] | None = None,
) -> StudyMaps:
    """Make the density maps of a study, and their ceilings.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: participant_id, image_id, expression, x_px, y_px (picture
        frame), duration_ms.
    rule : MapRule
        How to.
    block_mb : float, default 128
        Maps of single participants that are held at a time, in 10^6 bytes. It changes results
        within rounding.
    keep : callable, optional
        Takes an expression, rows of the grid, a slice of the participants, sorted, and there each
        one's average map of the expression: (n_people, n_rows, n_columns), NaN for who saw none
        of its pictures.

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
    check_fixations(fixations, rule)
    fixations = fixations.assign(
        participant_id=fixations["participant_id"].astype(str),
        expression=fixations["expression"].fillna(UNNAMED),
    ).reset_index(drop=True)
    people = sorted(fixations["participant_id"].unique())
    made = _all_pictures(fixations, people, rule, block_mb)
    by_expression, ceilings = {}, made.ceilings
    for expression in [name for name in made.counts if name != UNNAMED]:
        own = (fixations["expression"] == expression).to_numpy()
        maps = _participant_maps(
            fixations[own], made.counted[own], made.counts[expression], people, rule
        )
        kept = None if keep is None else partial(keep, expression)
        by_expression[expression], agreement = _average(maps, expression, block_mb, kept)
        ceilings.append((None, expression, agreement))
    total = np.sum(list(made.counts.values()), axis=0)
    maps = _participant_maps(fixations, made.counted, total, people, rule)
    everything, agreement = _average(maps, "all", block_mb)
    ceilings.append((None, None, agreement))
    labelled = _dataset(made.maps, by_expression, everything, fixations, rule)
    return StudyMaps(labelled, _ceiling_table(ceilings))


@dataclass(frozen=True)
class _Pictures:
    """The maps of all pictures, and what they tell of those of participants.

    Parameters
    ----------
    maps : dict of str to (ndarray, float)
        Map of each picture, and the share of the mass that lies on it.
    ceilings : list
        One row for each picture.
    counted : ndarray, shape (n_fixations,)
        What each fixation's kernel counts in the sum of its participant's maps.
    counts : dict of str to ndarray, shape (n_participants,)
        By expression: what each participant's sum is divided by.
    """

    maps: dict[str, tuple[Map, float]]
    ceilings: list[_CeilingRow]
    counted: Map
    counts: dict[str, Map]


def _all_pictures(
    fixations: pd.DataFrame, people: list[str], rule: MapRule, block_mb: float
) -> _Pictures:
    """Make the map and the ceiling of each picture."""
    found = _Pictures({}, [], np.empty(len(fixations)), {})
    with bar("density maps", fixations["image_id"].nunique()) as advance:
        for expression in _present(fixations["expression"]):
            named = None if expression == UNNAMED else expression
            counts = found.counts[expression] = np.zeros(len(people))
            own = fixations[fixations["expression"] == expression]
            for name, place in own.groupby("image_id", sort=True).indices.items():
                image, rows = str(name), own.iloc[place]
                made = picture_maps(rows, rule)
                found.counted[rows.index] = made.counted
                counts[np.searchsorted(people, made.names)] += made.weights
                found.maps[image] = made.mean(), made.mass_inside
                agreement = _picture_ceiling(rows, made, image, rule, block_mb)
                found.ceilings.append((image, named, agreement))
                advance(1)
    return found


def _participant_maps(
    fixations: pd.DataFrame, counted: Map, counts: Map, people: list[str], rule: MapRule
) -> ParticipantMaps:
    """Gather what the average maps of participants are made of."""
    return ParticipantMaps(
        rule,
        fixations["x_px"].to_numpy(dtype=np.float64),
        fixations["y_px"].to_numpy(dtype=np.float64),
        counted,
        np.searchsorted(people, fixations["participant_id"].to_numpy(dtype=str)),
        counts,
    )


def _average(
    maps: ParticipantMaps, name: str, block_mb: float, keep: _Keep | None = None
) -> tuple[Map, Ceiling]:
    """Average over participants, and compute the ceiling, with a random stream of its own."""
    rule, mean = maps.rule, maps.mean
    rng = generator(rule.seed, "ceiling", name)
    gathered = BandedCeiling(maps.means[maps.seen], maps.weights, rng, n_splits=rule.n_splits)
    for rows, blocks in maps.bands(block_mb):
        gathered.add(_of_seen(maps, rows, blocks, keep), mean[rows])
    return mean, gathered.result()


def _of_seen(
    maps: ParticipantMaps, rows: slice, blocks: Iterator[tuple[slice, Map]], keep: _Keep | None
) -> Iterator[Map]:
    """Hand each block on, and give the maps of who saw a picture."""
    for people, values in blocks:
        if keep is not None:
            keep(rows, people, values)
        yield values[maps.seen[people]]


def _picture_ceiling(
    fixations: pd.DataFrame, made: PictureMaps, image: str, rule: MapRule, block_mb: float
) -> Ceiling:
    """Compute the ceiling of a picture, with a random stream of its own."""
    if len(made.names) <= rule.n_splits:
        rng = generator(rule.seed, "ceiling", image)
        return gram_ceiling(made.gram(), rng, n_splits=rule.n_splits)
    maps = _participant_maps(fixations, made.counted, made.weights, made.names, rule)
    return _average(maps, image, block_mb)[1]


def _present(labels: pd.Series) -> list[str]:
    """List the expressions that were shown, in the order of all tables; those unnamed last."""
    found = set(labels)
    return [name for name in (*EXPRESSIONS, UNNAMED) if name in found]


def _ceiling_table(rows: list[_CeilingRow]) -> pd.DataFrame:
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
    pictures: dict[str, tuple[Map, float]],
    by_expression: dict[str, Map],
    everything: Map,
    fixations: pd.DataFrame,
    rule: MapRule,
) -> "xr.Dataset":
    """Label the maps with their dimensions, coordinates and units."""
    import xarray as xr

    images, unit = sorted(pictures), map_unit(rule)
    shape = rule.grid.shape
    by_image = fixations.groupby("image_id")
    of_expressions = list(by_expression.values())
    return xr.Dataset(
        {
            "density": (("image", "y", "x"), np.stack([pictures[i][0] for i in images]), unit),
            "density_by_expression": (
                ("expression", "y", "x"), np.array(of_expressions).reshape(-1, *shape), unit,
            ),
            "mean_density": (("y", "x"), everything, unit),
            "n_fixations": ("image", by_image.size().loc[images].to_numpy()),
            "n_participants": (
                "image", by_image["participant_id"].nunique().loc[images].to_numpy(),
            ),
            "mass_inside": (
                "image", np.array([pictures[image][1] for image in images]),
                {"long_name": "share of the kernels' mass that lies on the picture"},
            ),
        },
        coords=picture_coordinates(fixations, images, rule)
        | {"expression": name_coordinate(list(by_expression))},
        attrs=map_attributes(rule),
    )  # fmt: skip
