"""Which map is judged by which: relevance, controls and people against where people looked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.ceilings import leave_one_out, split_half
from comparison.common_maps import ComparedMaps, PeopleMaps, centre_map
from comparison.judging import Reference, judge, prepare, tile_means
from comparison.map_metrics import METRICS, Floats, emd
from gaze_analysis.controls import mean_of_others
from study.errors import InputError
from study.parallel import parallel_map
from study.seeds import generator
from study.settings.execution import ExecutionSettings

# The maps that are judged, and what each stands for.
MAPS = {
    "relevance": "the network's relevance for this picture",
    "relevance_smooth": "the same, smoothed like the gaze density (matched bandwidth)",
    "uniform": "the same everywhere",
    "centre": "a Gaussian in the middle of the picture",
    "other_gaze": "gaze on another picture, mean over all others",
    "shuffled_gaze": "gaze on a picture of another expression, mean over all of them (shuffled "
    "class)",
    "expression_gaze": "mean gaze on the other pictures of the same expression",
    "mean_gaze": "mean gaze on all other pictures",
    "other_relevance": "relevance for another picture, mean over all others",
    "people": "ceiling: half of the participants, judged by the other half, mean over random "
    "halves; correlations are stepped up to all participants (Spearman-Brown)",
    "one_person": "ceiling: gaze of one person, predicted by the others, mean over persons",
}
CEILINGS = ("people", "one_person")
METRIC_COLUMNS = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "metric": "; ".join(f"{name}: {what}" for name, what in METRICS.items())
    + ". SIM, KL, EMD and IG take the positive part of signed maps; IG mixes 1 % of the uniform "
    "map into every density. rho_regions is there if the study has regions of each picture",
    "map": "the map that is judged: " + "; ".join(f"{name}: {what}" for name, what in MAPS.items()),
    "reference": "what it is judged by: gaze (on this picture) or other_gaze (on another "
    "picture, mean over all others)",
    "value": "value of the metric; missing where there is no other picture, or fewer than two "
    "participants. EMD of other_gaze, shuffled_gaze and other_relevance is the mean over three "
    "drawn pictures, and that of one_person and by other_gaze is not computed",
}
# Other pictures that are drawn for the earth mover's distance, which takes long.
_EMD_DRAWS = 3
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class JudgeRule:
    """How maps are judged beside what the maps themselves say.

    Parameters
    ----------
    n_halves : int
        Random halves of the participants for the ceilings.
    emd_cells : int
        Cells in a row of the grid of the earth mover's distance.
    seed : int
        Halves and drawn pictures follow from it.
    """

    n_halves: int = 20
    emd_cells: int = 8
    seed: int = 1


@dataclass(frozen=True)
class _Task:
    """All that is judged on one picture by itself."""

    image_id: str
    reference: Reference
    judged: dict[str, Floats]
    others: dict[str, Floats]
    people: PeopleMaps


def metrics_table(
    maps: ComparedMaps,
    people: Sequence[PeopleMaps],
    rule: JudgeRule,
    execution: ExecutionSettings,
) -> pd.DataFrame:
    """Judge relevance, all controls and people by the gaze on each picture.

    Parameters
    ----------
    maps : ComparedMaps
        Gaze and relevance.
    people : sequence of PeopleMaps
        What each participant looked at on each of the pictures.
    rule : JudgeRule
        Halves, the grid of the earth mover's distance, the seed.
    execution : ExecutionSettings
        Number of workers.

    Returns
    -------
    pandas.DataFrame
        The columns of `METRIC_COLUMNS`.

    Raises
    ------
    InputError
        If a picture has no fixation.
    """
    for image_id, cells in zip(maps.image_ids, maps.fixated_cells, strict=True):
        if cells.size == 0:
            raise InputError(
                f"A picture with a density map must have fixations on it, but {image_id} has "
                "none in fixations.tsv. Make both anew: faceoff gaze density --force."
            )
    references = maps.references()
    own = parallel_map(
        partial(_judge_picture, rule=rule),
        _tasks(maps, references, people, rule),
        description="map metrics",
        execution=execution,
    )
    values: dict[_Key, Floats] = {}
    for place, of_picture in enumerate(own):
        for key, value in of_picture.items():
            values.setdefault(key, np.full(len(own), np.nan))[place] = value
    _add_crossed(values, maps, references)
    return _tidy(maps, values)


def _tasks(
    maps: ComparedMaps, references: list[Reference], people: Sequence[PeopleMaps], rule: JudgeRule
) -> Iterator[_Task]:
    """Collect what is judged on each picture."""
    n_pictures, n_cells = maps.gaze.shape
    labels = np.array(maps.expressions, dtype=object)
    judged = {
        "relevance": maps.relevance,
        "relevance_smooth": maps.relevance_smooth,
        "uniform": np.ones((n_pictures, n_cells)),
        "centre": np.tile(centre_map(maps.cells_per_side, maps.centre_sigma), (n_pictures, 1)),
        "expression_gaze": mean_of_others(maps.gaze, maps.expressions),
        "mean_gaze": mean_of_others(maps.gaze, np.zeros(n_pictures)),
    }
    for i, image_id in enumerate(maps.image_ids):
        rng = generator(rule.seed, "map metrics", "others", image_id)
        other, shuffled = np.arange(n_pictures) != i, labels != labels[i]
        drawn = [_draw(np.flatnonzero(which), rng) for which in (other, shuffled, other)]
        yield _Task(
            image_id,
            references[i],
            {name: stack[i] for name, stack in judged.items() if np.isfinite(stack[i]).all()},
            {
                "other_gaze": maps.gaze[drawn[0]],
                "shuffled_gaze": maps.gaze[drawn[1]],
                "other_relevance": maps.relevance[drawn[2]],
            },
            people[i],
        )


def _draw(candidates: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw a few of the other pictures."""
    return rng.permutation(candidates)[:_EMD_DRAWS]


def _judge_picture(task: _Task, rule: JudgeRule) -> dict[_Key, float]:
    """Judge the maps of which a picture has one, and people by each other."""
    reference, values = task.reference, {}
    coarse = tile_means(reference.density, rule.emd_cells)

    def distance(values: Floats) -> float:
        return emd(tile_means(values, rule.emd_cells), coarse, rule.emd_cells)

    names = list(task.judged)
    prepared = prepare(np.stack(list(task.judged.values())), reference.tiles_per_side)
    for metric, column in judge(prepared, reference).items():
        for name, value in zip(names, column, strict=True):
            values[name, "gaze", metric] = float(value)
    for name in names:
        values[name, "gaze", "EMD"] = distance(task.judged[name])
    for name, stack in task.others.items():
        if len(stack):
            values[name, "gaze", "EMD"] = float(np.mean([distance(row) for row in stack]))
    rng = generator(rule.seed, "map metrics", "halves", task.image_id)
    halves = split_half(
        task.people, reference, rng, n_halves=rule.n_halves, emd_cells=rule.emd_cells
    )
    for name, found in (
        ("people", halves),
        ("one_person", leave_one_out(task.people, reference)),
    ):
        values |= {(name, "gaze", metric): value for metric, value in found.items()}
    return values


def _add_crossed(
    values: dict[_Key, Floats], maps: ComparedMaps, references: list[Reference]
) -> None:
    """Judge the maps of every picture by the gaze on every other one."""
    n = len(references)
    labels = np.array(maps.expressions, dtype=object)
    other, shuffled = ~np.eye(n, dtype=bool), labels[:, None] != labels
    gaze, relevance = (
        _crossed(stack, references, maps.tiles_per_side) for stack in (maps.gaze, maps.relevance)
    )
    for metric in gaze:
        values["other_gaze", "gaze", metric] = _mean_over(gaze[metric], other)
        values["shuffled_gaze", "gaze", metric] = _mean_over(gaze[metric], shuffled)
        values["other_relevance", "gaze", metric] = _mean_over(relevance[metric], other)
        values["relevance", "other_gaze", metric] = _mean_over(relevance[metric].T, other)


def _crossed(stack: Floats, references: list[Reference], tiles_per_side: int) -> dict[str, Floats]:
    """Judge each map of a stack by each reference: (n_maps, n_references) for each metric."""
    prepared = prepare(stack, tiles_per_side)
    judged = [judge(prepared, reference) for reference in references]
    return {name: np.stack([row[name] for row in judged], axis=-1) for name in judged[0]}


def _mean_over(matrix: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Average the chosen rows of each column; missing where there is none."""
    counts = chosen.sum(axis=0)
    sums = np.where(chosen, matrix, 0.0).sum(axis=0)
    return np.asarray(sums / np.where(counts > 0, counts, np.nan))


def _tidy(maps: ComparedMaps, values: dict[_Key, Floats]) -> pd.DataFrame:
    """Put the values in one row each, picture by picture."""
    metrics, names = list(METRICS), list(MAPS)
    present = {metric for (_, _, metric), column in values.items() if np.isfinite(column).any()}
    order = sorted(
        (key for key in values if key[2] in present),
        key=lambda key: (metrics.index(key[2]), key[1], names.index(key[0])),
    )
    rows = [
        {
            "image_id": image_id,
            "expression": expression,
            "metric": metric,
            "map": name,
            "reference": reference,
            "value": float(values[name, reference, metric][i]),
        }
        for i, (image_id, expression) in enumerate(
            zip(maps.image_ids, maps.expressions, strict=True)
        )
        for name, reference, metric in order
    ]
    return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))
