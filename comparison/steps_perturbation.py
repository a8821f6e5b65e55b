"""The step that removes tile after tile: from maps and pictures to curves and their areas."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cnn.placement import map_with_network
from comparison import inputs
from comparison.conditions import ConditionInputs, condition_scores
from comparison.curves import AREA_COLUMNS, curve_sheet, summarise
from comparison.map_inputs import explanation_files
from comparison.orders import (
    LEAST_FIRST,
    MOST_FIRST,
    order_table,
    picture_orders,
    tied_shares,
)
from comparison.perturbation import Removal
from comparison.picture_answers import PictureWork, digest, picture_answers
from comparison.tiles import tile_edges
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.settings.comparison import ComparisonSettings
from study.tables import write_table
from study.writing import atomic_path

PERTURBATION_COLUMNS = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "condition": "whose order the tiles were removed in; conditions are explained in "
    "comparison/README.md. For random, each repeat against the mean of the other repeats, averaged",
    **AREA_COLUMNS,
    "tied_share": "share of tiles whose score another tile has too; their order was drawn",
    "correct_intact": "whether the network names the intact picture rightly",
}
_ASKED = (
    "grid", "tile_score", "steps", "fill", "conditions", "random_orders", "network_answers",
    "centre_sigma", "cells_per_side",
)  # fmt: skip
# Conditions that need no further explanation, and no fixations.
_OF_OWN_MAPS = {
    "gaze", "expression_gaze", "class_gaze", "mean_gaze", "relevance", "ekman", "centre", "edges",
    "oracle",
}  # fmt: skip


def perturb_step(study: Study) -> Step:
    """Describe the step that removes tile after tile.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes curves.parquet, orders.parquet, perturbation.tsv and pictures.tsv.
    """
    folder, network = study.comparison_dir, study.cnn_dir(study.settings.cnn.model)
    comparison = study.settings.comparison
    marks = (study.landmarks_tsv,) if "ekman" in comparison.conditions else ()
    by_answer = {"gaze_right", "gaze_any"} & set(comparison.conditions)
    others = set(comparison.conditions) - _OF_OWN_MAPS - by_answer
    explanations = explanation_files(study).values() if others else [inputs.relevance_nc(study)]
    return Step(
        command="compare perturb",
        inputs=(
            inputs.density_nc(study),
            *explanations,
            network / "weights.h5",
            network / "network.json",
            study.manifest_tsv,
            study.crops_tsv,
            study.splits_tsv,
            *marks,
            *([study.gaze_dir / "fixations.tsv"] if by_answer else []),
            *inputs.answers_inputs(study),
        ),
        outputs=(
            folder / "curves.parquet",
            folder / "orders.parquet",
            folder / "perturbation.tsv",
            folder / "perturbation.json",
            folder / "pictures.tsv",
            folder / "pictures.json",
        ),
        settings={
            **{name: getattr(comparison, name) for name in _ASKED},
            "picture_px": study.settings.stimuli.picture_px,
            "model": study.settings.cnn.model,
            "seed": study.settings.study.seed,
        },
        run=lambda: _perturb(study),
        follows="compare metrics",
    )


def _perturb(study: Study) -> None:
    """Order the tiles, show the network every step, and write the curves."""
    read, network, table = read_for_perturbation(study)
    settings, folder = study.settings.comparison, study.comparison_dir
    parts = folder / "perturbation_parts"
    stored = study.cnn_dir(study.settings.cnn.model)
    weights = digest((stored / name).read_bytes() for name in ("weights.h5", "network.json"))
    orders, curves = perturb(read, network, settings, parts / weights.hex()[:16])
    summary = summarise(curves, tied_shares(orders))
    _write_parquet(folder / "curves.parquet", curves)
    _write_parquet(folder / "orders.parquet", orders)
    write_table(
        folder / "perturbation.tsv", summary[list(PERTURBATION_COLUMNS)], PERTURBATION_COLUMNS
    )
    write_table(folder / "pictures.tsv", table, inputs.PICTURE_COLUMNS)
    shutil.rmtree(parts, ignore_errors=True)
    _say_areas(summary)


def read_for_perturbation(study: Study) -> tuple[ConditionInputs, Any, pd.DataFrame]:
    """Read maps, pictures and network, and choose the pictures that are compared.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ConditionInputs, Network and pandas.DataFrame
        What maps are made of, the network, and which pictures are used and why others are not.

    Raises
    ------
    InputError
        If something is missing, or the network does not know an expression.
    """
    from cnn.network import load_network
    from stimuli.pictures import load_pictures

    density, relevance = inputs.read_density(study), inputs.read_relevance(study)
    table = inputs.choose_pictures(study, density, relevance)
    inputs.say_left_out(table)
    say(f"  {inputs.answer_rules(study)}")
    used = table[table["used"]]
    image_ids, expressions = list(used["image_id"]), list(used["expression"])
    chosen = study.settings.cnn.for_network(study.settings.cnn.model)
    network = load_network(study, chosen.model)
    _check_expressions(expressions, network.expressions)
    pictures = load_pictures(study, image_ids, network.input_px, chosen.resampling)
    read = ConditionInputs(study, image_ids, expressions, density, relevance, pictures)
    return read, network, table


def perturb(
    read: ConditionInputs,
    network: Any,
    settings: ComparisonSettings,
    parts: Path | None = None,
    *,
    shifted: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Remove the tiles of all pictures under all conditions.

    Parameters
    ----------
    read : ConditionInputs
        Pictures, and what maps are made of.
    network : Network
        Has ``logits``, ``covered_logits``, ``expressions`` and ``input_px``.
    settings : ComparisonSettings
        Tiles, scores, steps, fill and conditions.
    parts : Path, optional
        Where this network's answers are kept picture by picture: a run that was stopped goes on
        there.
    shifted : bool, default False
        Move the tiles by half of their width.

    Returns
    -------
    pandas.DataFrame
        Twice: the orders, and the curves.
    """
    edges = tile_edges(network.input_px, settings.grid, shifted=shifted)
    seed = read.study.settings.study.seed
    n_tiles = (len(edges) - 1) ** 2
    removal = Removal(edges, settings.fill, settings.steps or n_tiles, seed)
    scores = condition_scores(read, settings.conditions, edges, settings.tile_score)
    sheets = [
        picture_orders(
            image_id, {name: values[place] for name, values in scores.items()}, n_tiles,
            seed=seed, repeats=settings.random_orders,
        )
        for place, image_id in enumerate(read.image_ids)
    ]  # fmt: skip
    work = [
        PictureWork(
            image_id,
            read.pictures[place],
            network.expressions.index(read.expressions[place]),
            np.stack(sheets[place]["tiles"].to_list()),
        )
        for place, image_id in enumerate(read.image_ids)
    ]
    answer = partial(
        picture_answers, removal=removal, oracle="oracle" in settings.conditions, parts=parts
    )
    answers = map_with_network(answer, network, work, study=read.study, description="perturbation")
    curves = []
    for place, (best, logits) in enumerate(answers):
        sheets[place] = pd.concat([sheets[place], _oracle_sheet(best, n_tiles)], ignore_index=True)
        curves.append(
            curve_sheet(
                read.image_ids[place], read.expressions[place], sheets[place], logits,
                network.expressions,
            )
        )  # fmt: skip
    return order_table(list(read.image_ids), sheets), pd.concat(curves, ignore_index=True)


def _oracle_sheet(best: np.ndarray, n_tiles: int) -> pd.DataFrame:
    """Describe the oracle's orders as `picture_orders` does those of maps."""
    rows = [
        ("oracle", direction, 0, order, np.full(n_tiles, np.nan), np.zeros(n_tiles, dtype=bool))
        for direction, order in zip((MOST_FIRST, LEAST_FIRST), best, strict=False)
    ]
    return pd.DataFrame(
        rows, columns=["condition", "direction", "repeat", "tiles", "scores", "tied"]
    )


def _check_expressions(expressions: list[str], known: tuple[str, ...]) -> None:
    """Refuse a network that has no output for an expression of the pictures."""
    odd = sorted(set(expressions) - set(known))
    if odd:
        raise InputError(
            f"A network must name every expression of the pictures, but it does not know "
            f"{', '.join(odd)}. Train it on this face set: faceoff cnn train."
        )


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    with atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False)


def _say_areas(summary: pd.DataFrame) -> None:
    """Tell the mean areas and the ties."""
    columns = ["auc_signed", "auc_absolute", "srg", "share_of_oracle", "tied_share"]
    means = summary.groupby("condition", sort=False)[columns].mean()
    for condition, row in means.drop(index="random").iterrows():
        oracle = "" if np.isnan(row["share_of_oracle"]) else (
            f", {row['share_of_oracle']:.0%} of the oracle's"
        )  # fmt: skip
        say(
            f"  {condition}: AUC of the difference to random {row['auc_signed']:.3f} "
            f"(absolute {row['auc_absolute']:.3f}){oracle}, symmetric relevance gain "
            f"{row['srg']:.3f}, tied tiles {row['tied_share']:.0%}"
        )
