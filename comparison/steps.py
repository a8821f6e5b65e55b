"""The comparison's steps: perturb and stats, each from files to files; maps in steps_maps."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from comparison import contrasts, inputs, questions, statistics
from comparison import curves as curve
from comparison.behaviour_step import behaviour_step, people_were_asked
from comparison.models_step import models_step
from comparison.orders import tied_shares, tile_orders
from comparison.perturbation import perturbation_logits, picture_noise
from comparison.steps_maps import maps_step, metrics_step
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
from study.provenance import Step
from study.tables import read_table, write_table
from study.writing import atomic_path

PERTURBATION_COLUMNS = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "condition": "whose order the tiles were removed in: gaze, relevance or random. For random, "
    "each repeat against the mean of the other repeats, averaged",
    "auc_signed": "area between the mean random curve and this one, of the probability of the "
    "true expression (trapezoids, spacing of one step); positive: these tiles matter more than "
    "random ones",
    "auc_absolute": "the same of the absolute difference",
    "aopc": "mean drop of that probability from the intact picture, over all steps and step 0",
    "auc_logit": "signed area of the logit of the true expression",
    "auc_accuracy": "signed area of the accuracy",
    "tied_share": "share of tiles whose score another tile has too; their order was drawn",
    "correct_intact": "whether the network names the intact picture rightly",
}
STATISTICS_COLUMNS = {
    "topic": "perturbation, agreement or accuracy",
    "question": "what is compared: the measure, a - b",
    "measure": "what was measured, as a column or metric is named",
    "a": "first condition",
    "b": "second condition",
    "expression": "pictures of one expression, or all",
    "n": "number of pictures",
    "mean_a": "mean of a over pictures",
    "sd_a": "standard deviation of a over pictures",
    "mean_b": "mean of b over pictures",
    "sd_b": "standard deviation of b over pictures",
    "estimate": "mean of a - b",
    "ci_low": "lower end of its BCa bootstrap interval over pictures",
    "ci_high": "upper end of its BCa bootstrap interval over pictures",
    "test": "sign-flip permutation (of the mean), paired t or Wilcoxon signed-rank (two-sided)",
    "statistic": "mean difference, t or W (the smaller rank sum)",
    "df": "degrees of freedom of t",
    "p": "p value",
    "p_holm": "p after Holm; the family is the questions of one measure over all pictures, or "
    "the expressions of one question",
    "effect_size": "size of the effect",
    "effect_size_name": "d_z (mean difference / its standard deviation) or r_rb (matched-pairs "
    "rank-biserial correlation)",
    "effect_ci_low": "lower end of the effect size's BCa bootstrap interval",
    "effect_ci_high": "upper end of the effect size's BCa bootstrap interval",
    "sentence": "the result as APA 7 prints it",
}


def steps(study: Study) -> Iterator[Step]:
    """Go through the comparison's steps in running order.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Step
        Behaviour, perturb, metrics, maps, stats, models; behaviour only where people were asked.
    """
    if people_were_asked(study):
        yield behaviour_step(study)
    yield perturb_step(study)
    yield metrics_step(study)
    yield maps_step(study)
    yield stats_step(study)
    yield models_step(study)


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
    return Step(
        command="compare perturb",
        inputs=(
            inputs.density_nc(study),
            inputs.relevance_nc(study),
            network / "weights.h5",
            network / "network.json",
            study.manifest_tsv,
            study.crops_tsv,
            study.splits_tsv,
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
            "grid": comparison.grid,
            "random_orders": comparison.random_orders,
            "network_answers": comparison.network_answers,
            "picture_px": study.settings.stimuli.picture_px,
            "model": study.settings.cnn.model,
            "seed": study.settings.study.seed,
        },
        run=lambda: _perturb(study),
        follows="compare metrics",
    )


def _perturb(study: Study) -> None:
    """Order the tiles, show the network every step, and write the curves."""
    from cnn.network import load_network
    from stimuli.pictures import load_pictures

    density, relevance = inputs.read_density(study), inputs.read_relevance(study)
    table = inputs.choose_pictures(study, density, relevance)
    inputs.say_left_out(table)
    say(f"  {inputs.answer_rules(study)}")
    used = table[table["used"]]
    image_ids, expressions = list(used["image_id"]), list(used["expression"])
    network = load_network(study, study.settings.cnn.model)
    _check_expressions(expressions, network.expressions)
    seed, tiles = study.settings.study.seed, study.settings.comparison.grid
    orders = tile_orders(study, image_ids, density, relevance, network.input_px)
    stacked = np.array([sheet.tolist() for _, sheet in orders.groupby("image_id")["tile"]])
    with bar("perturbation", len(image_ids)) as advance:
        logits = perturbation_logits(
            network,
            load_pictures(study, image_ids, network.input_px),
            [picture_noise(seed, name, network.input_px) for name in image_ids],
            stacked.reshape(len(image_ids), -1, tiles**2),
            tiles_per_side=tiles,
            advance=advance,
        )
    curves = curve.curve_table(image_ids, expressions, logits, network.expressions)
    summary = curve.summarise(curves, tied_shares(orders))
    folder = study.comparison_dir
    _write_parquet(folder / "curves.parquet", curves)
    _write_parquet(folder / "orders.parquet", orders)
    write_table(folder / "perturbation.tsv", summary, PERTURBATION_COLUMNS)
    write_table(folder / "pictures.tsv", table, inputs.PICTURE_COLUMNS)
    _say_areas(summary)


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
    means = summary.groupby("condition")[["auc_signed", "auc_absolute", "tied_share"]].mean()
    for condition in ("gaze", "relevance"):
        signed, absolute, tied = means.loc[condition]
        say(
            f"  {condition}: AUC of the difference to random {signed:.3f} "
            f"(absolute {absolute:.3f}), tied tiles {tied:.0%}"
        )


def stats_step(study: Study) -> Step:
    """Describe the step that tests.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes statistics.tsv.
    """
    folder, settings = study.comparison_dir, study.settings.comparison
    return Step(
        command="compare stats",
        inputs=(
            folder / "perturbation.tsv",
            folder / "metrics.tsv",
            study.gaze_dir / "trials.tsv",
            inputs.predictions_tsv(study),
        ),
        outputs=(folder / "statistics.tsv", folder / "statistics.json"),
        settings={
            "resamples": settings.resamples,
            "confidence": settings.confidence,
            "seed": study.settings.study.seed,
            "model": study.settings.cnn.model,
        },
        run=lambda: _stats(study),
        follows="compare models",
    )


def _stats(study: Study) -> None:
    """Read what was measured, test it, and write the results."""
    settings = study.settings.comparison
    draws = statistics.Draws(settings.resamples, settings.confidence, study.settings.study.seed)
    asked = read_contrasts(study)
    with bar("statistics", len(asked)) as advance:
        table = contrasts.answer_contrasts(asked, EXPRESSIONS, draws, advance)
    write_table(study.comparison_dir / "statistics.tsv", table, STATISTICS_COLUMNS)
    say(f"  {inputs.answer_rules(study)}")
    main = table[(table["expression"] == "all") & (table["test"] == statistics.PERMUTATION)]
    for text in main.loc[main["topic"] == "perturbation", "sentence"].head(3):
        say(f"  {text}")


def read_contrasts(study: Study) -> list[contrasts.Contrast]:
    """Build all questions from the study's tables.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of Contrast
        About perturbation, agreement and accuracy.

    Raises
    ------
    InputError
        If a table is missing; the message names the command that makes it.
    """
    folder = study.comparison_dir
    texts = {"image_id": str, "expression": str}
    perturbation = read_table(
        folder / "perturbation.tsv",
        what="The areas of the perturbation curves (faceoff compare perturb)",
        columns=texts | {"condition": str} | dict.fromkeys(questions.PERTURBATION_MEASURES, float),
    )
    values = read_table(
        folder / "metrics.tsv",
        what="The map metrics (faceoff compare metrics)",
        columns=texts | {"metric": str, "map": str, "reference": str, "value": float},
    )
    trials = read_table(
        study.gaze_dir / "trials.tsv",
        what="The trials of all sessions (faceoff gaze import)",
        columns=texts | {"phase": str, "correct": bool},
    )
    predictions = read_table(
        inputs.predictions_tsv(study),
        what="The network's predictions (faceoff cnn evaluate)",
        columns={"image_id": str, "split": str, "correct": bool},
    )
    return [
        *questions.perturbation_contrasts(perturbation),
        *questions.agreement_contrasts(values),
        *questions.accuracy_contrasts(trials, predictions[predictions["split"] == "test"]),
    ]
