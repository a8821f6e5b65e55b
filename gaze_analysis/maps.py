"""Density maps of a study: by picture, by expression, by participant, and over all faces.

Every average starts from the map of one participant on one picture. By default participants weigh
equally: a picture's map is the mean over participants, and the map of an expression the mean over
participants of each one's mean over pictures. Pooled, each fixation weighs the same wherever it
comes from (or each millisecond, by duration).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.ceiling import Ceiling, ceiling, gram_ceiling
from gaze_analysis.density import Map, kernel_sum
from gaze_analysis.map_labels import (
    UNNAMED,
    map_attributes,
    map_unit,
    name_coordinate,
    picture_coordinates,
)
from gaze_analysis.trial_maps import MapRule, picture_maps
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.progress import bar
from study.seeds import generator

if TYPE_CHECKING:
    import xarray as xr


_CeilingRow = tuple[str | None, str | None, Ceiling]


@dataclass(frozen=True)
class StudyMaps:
    """The maps of a study and their ceilings.

    Parameters
    ----------
    maps : xarray.Dataset
        ``density(image, y, x)``, ``density_by_expression(expression, y, x)``,
        ``density_by_participant(participant, expression, y, x)`` and ``mean_density(y, x)``,
        with the counts of fixations and participants and the mass on each picture.
    ceilings : pandas.DataFrame
        One row for each picture, each expression and all faces together.
    """

    maps: "xr.Dataset"
    ceilings: pd.DataFrame


@dataclass(frozen=True)
class _Sums:
    """Sums of each participant's maps over pictures, from which averages follow.

    Parameters
    ----------
    sums : ndarray, shape (n_participants, rows, columns)
        Sums of maps.
    counts : ndarray, shape (n_participants,)
        What was summed: pictures, or mass where participants are pooled.
    """

    sums: Map
    counts: Map

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether each participant saw any of the pictures."""
        return self.counts > 0

    def each(self) -> Map:
        """Give each participant's average map; NaN for who saw none of the pictures."""
        counts = np.where(self.seen, self.counts, np.nan)
        return self.sums / counts[:, None, None]

    def weights(self, rule: MapRule) -> Map:
        """Give what each participant who saw a picture counts in an average."""
        counts = self.counts[self.seen]
        return counts if rule.participants == "pooled" else np.ones_like(counts)

    def mean(self, rule: MapRule) -> Map:
        """Average over participants."""
        weights = self.weights(rule)
        mean: Map = np.tensordot(weights / weights.sum(), self.each()[self.seen], axes=1)
        return mean


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
    check_fixations(fixations, rule)
    fixations = fixations.assign(
        participant_id=fixations["participant_id"].astype(str),
        expression=fixations["expression"].fillna(UNNAMED),
    ).reset_index(drop=True)
    people = sorted(fixations["participant_id"].unique())
    pictures: dict[str, tuple[Map, float]] = {}
    by_expression: dict[str, _Sums] = {}
    ceilings: list[_CeilingRow] = []
    with bar("density maps", fixations["image_id"].nunique()) as advance:
        for expression in _present(fixations["expression"]):
            own = fixations[fixations["expression"] == expression]
            named = None if expression == UNNAMED else expression
            sums = _Sums(np.zeros((len(people), *rule.grid.shape)), np.zeros(len(people)))
            for image, made, agreement in _pictures_into(sums, own, people, rule):
                pictures[image] = made
                ceilings.append((image, named, agreement))
                advance(1)
            by_expression[expression] = sums
            if named:
                ceilings.append((None, named, _ceiling(sums, rule, named)))
    everything = _Sums(
        np.sum([sums.sums for sums in by_expression.values()], axis=0),
        np.sum([sums.counts for sums in by_expression.values()], axis=0),
    )
    ceilings.append((None, None, _ceiling(everything, rule, "all")))
    by_expression.pop(UNNAMED, None)
    maps = _dataset(pictures, by_expression, everything, fixations, people, rule)
    return StudyMaps(maps, _ceiling_table(ceilings))


def _pictures_into(
    sums: _Sums, fixations: pd.DataFrame, people: list[str], rule: MapRule
) -> Iterator[tuple[str, tuple[Map, float], Ceiling]]:
    """Make the map and the ceiling of each picture, and add all its participants' maps to sums."""
    counted = np.empty(len(fixations))
    for image, place in fixations.groupby("image_id", sort=True).indices.items():
        made = picture_maps(fixations.iloc[place], rule)
        counted[place] = made.counted
        sums.counts[np.searchsorted(people, made.names)] += made.weights
        rng = generator(rule.seed, "ceiling", str(image))
        agreement = gram_ceiling(made.gram(), rng, n_splits=rule.n_splits)
        yield str(image), (made.mean(), made.mass_inside), agreement
    # What a participant's maps on all pictures sum up to is one sum of kernels.
    x, y = (fixations[name].to_numpy(dtype=np.float64) for name in ("x_px", "y_px"))
    for name, own in fixations.groupby("participant_id").indices.items():
        sums.sums[np.searchsorted(people, str(name))] = kernel_sum(
            x[own], y[own], rule.grid, sigma_px=rule.sigma_px, weights=counted[own],
            reflected=rule.edges == "reflected",
        )  # fmt: skip


def maps_by_participant(
    fixations: pd.DataFrame, rule: MapRule, *, images: Collection[str] | None = None
) -> "xr.DataArray":
    """Make the map of each participant on each picture.

    These are many: 28 participants on 112 pictures at 224 x 224 points take 1.3 GB, so that a study
    keeps their averages, and these are made when they are wanted.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As for `study_maps`.
    rule : MapRule
        How to.
    images : collection of str, optional
        Which pictures. Defaults to all.

    Returns
    -------
    xarray.DataArray, dims (participant, image, y, x)
        NaN where a participant has no fixation on a picture; ``expression_of_image`` is among
        the coordinates.

    Raises
    ------
    InputError
        As `study_maps`, or if nobody looked at a picture that is asked for.
    """
    import xarray as xr

    check_fixations(fixations, rule)
    seen = sorted(fixations["image_id"].unique())
    chosen = seen if images is None else [image for image in seen if image in set(images)]
    if unseen := sorted(set(images or ()) - set(seen)):
        raise InputError(
            f"A picture with maps must have included fixations, but {', '.join(unseen)} has none. "
            "Choose among those of fixations.tsv."
        )
    by_image = dict(list(fixations.groupby("image_id")))
    people = sorted(fixations["participant_id"].astype(str).unique())
    maps = np.full((len(people), len(chosen), *rule.grid.shape), np.nan)
    for place, image in enumerate(chosen):
        made = picture_maps(by_image[image], rule)
        maps[np.searchsorted(people, made.names), place] = made.each()
    coordinates = picture_coordinates(fixations, chosen, rule) | {
        "participant": name_coordinate(people)
    }
    return xr.DataArray(
        maps, coordinates, ("participant", "image", "y", "x"), name="density",
        attrs=map_unit(rule) | map_attributes(rule),
    )  # fmt: skip


def check_fixations(fixations: pd.DataFrame, rule: MapRule) -> None:
    """Refuse fixations that no map can be made of.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As for `study_maps`.
    rule : MapRule
        Says whether durations are needed.

    Raises
    ------
    InputError
        If there is none, durations are wanted and missing, or an expression is unknown or not
        the only one of its picture.
    """
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
    labels = fixations.groupby("image_id")["expression"].nunique(dropna=False)
    if (labels > 1).any():
        raise InputError(
            f"A picture must show one expression, but {labels.idxmax()} has {labels.max()}. "
            "Correct the table of fixations."
        )


def _present(labels: pd.Series) -> list[str]:
    """List the expressions that were shown, in the order of all tables; those unnamed last."""
    found = set(labels)
    return [name for name in (*EXPRESSIONS, UNNAMED) if name in found]


def _ceiling(sums: _Sums, rule: MapRule, name: str) -> Ceiling:
    """Compute the ceiling of average maps, with a random stream of its own."""
    rng = generator(rule.seed, "ceiling", name)
    maps, weights = sums.each()[sums.seen], sums.weights(rule)
    return ceiling(maps, rng, n_splits=rule.n_splits, weights=weights)


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
    by_expression: dict[str, _Sums],
    everything: _Sums,
    fixations: pd.DataFrame,
    people: list[str],
    rule: MapRule,
) -> "xr.Dataset":
    """Label the maps with their dimensions, coordinates and units."""
    import xarray as xr

    images, unit = sorted(pictures), map_unit(rule)
    shape = rule.grid.shape
    by_image = fixations.groupby("image_id")
    of_expressions = [sums.mean(rule) for sums in by_expression.values()]
    of_people = np.empty((len(people), len(by_expression), *shape))
    for place, sums in enumerate(by_expression.values()):
        of_people[:, place] = sums.each()
    return xr.Dataset(
        {
            "density": (("image", "y", "x"), np.stack([pictures[i][0] for i in images]), unit),
            "density_by_expression": (
                ("expression", "y", "x"), np.array(of_expressions).reshape(-1, *shape), unit,
            ),
            "density_by_participant": (("participant", "expression", "y", "x"), of_people, unit),
            "mean_density": (("y", "x"), everything.mean(rule), unit),
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
        | {
            "expression": name_coordinate(list(by_expression)),
            "participant": name_coordinate(people),
        },
        attrs=map_attributes(rule),
    )  # fmt: skip
