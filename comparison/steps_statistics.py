"""The step of the statistics: from what was measured on each picture to tests."""

from typing import Any

import pandas as pd

from comparison import confirmatory, contrasts, inputs, plan, questions, resampling, statistics
from comparison.curve_clusters import CURVE_CLUSTER_COLUMNS, curve_clusters
from comparison.curve_figure import mean_curves
from comparison.equivalence import Bounds
from comparison.support import SUPPORT_COLUMNS
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
from study.provenance import Step
from study.tables import read_table, write_table

STATISTICS_COLUMNS = {
    "topic": "perturbation, agreement or accuracy",
    "question": "what is compared: the measure, a - b",
    "measure": "what was measured, as a column or metric is named",
    "a": "first condition",
    "b": "second condition",
    "expression": "pictures of one expression, or all",
    "status": "confirmatory (the registered test of a registered question) or exploratory",
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
    "p_bh": "p after Benjamini and Hochberg, of the same families",
    "effect_size": "size of the effect",
    "effect_size_name": "d_z (mean difference / its standard deviation) or r_rb (matched-pairs "
    "rank-biserial correlation)",
    "effect_ci_low": "lower end of the effect size's BCa bootstrap interval",
    "effect_ci_high": "upper end of the effect size's BCa bootstrap interval",
    **SUPPORT_COLUMNS,
    "sentence": "the result as APA 7 prints it",
}


def stats_step(study: Study) -> Step:
    """Describe the step that tests.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes statistics.tsv, curve_clusters.tsv, confirmatory.tsv and deviations.tsv.
    """
    folder, settings = study.comparison_dir, study.settings.comparison
    return Step(
        command="compare stats",
        inputs=(
            folder / "curves.parquet",
            folder / "perturbation.tsv",
            folder / "metrics.tsv",
            study.gaze_dir / "trials.tsv",
            inputs.predictions_tsv(study),
            *(path for path in (plan.registration_json(study),) if path.exists()),
        ),
        outputs=tuple(
            folder / f"{name}.{kind}"
            for name in ("statistics", "curve_clusters", "confirmatory", "deviations")
            for kind in ("tsv", "json")
        ),
        settings={
            "resamples": settings.resamples,
            "confidence": settings.confidence,
            "map_permutations": settings.map_permutations,
            "equivalence_d": settings.equivalence_d,
            "equivalence_raw": settings.equivalence_raw,
            "seed": study.settings.study.seed,
            "model": study.settings.cnn.model,
            "deviations": plan.deviations(study, plan.read_registration(study)),
        },
        run=lambda: _stats(study),
        follows="compare models",
    )


def _stats(study: Study) -> None:
    """Read what was measured, test it, and write the results."""
    settings = study.settings.comparison
    draws = resampling.Draws(settings.resamples, settings.confidence, study.settings.study.seed)
    bounds = Bounds(settings.equivalence_d, settings.equivalence_raw)
    asked = read_contrasts(study)
    with bar("statistics", len(asked)) as advance:
        table = contrasts.answer_contrasts(asked, EXPRESSIONS, draws, bounds, advance)
    registration = plan.read_registration(study)
    table["status"] = confirmatory.status(table, registration["questions"])
    write_table(study.comparison_dir / "statistics.tsv", table, STATISTICS_COLUMNS)
    _clusters(study)
    _answer_plan(study, registration, asked, draws)
    say(f"  {inputs.answer_rules(study)}")
    main = table[(table["expression"] == "all") & (table["test"] == statistics.PERMUTATION)]
    for text in main.loc[main["topic"] == "perturbation", "sentence"].head(3):
        say(f"  {text}")


def _answer_plan(
    study: Study,
    registration: dict[str, Any],
    asked: list[contrasts.Contrast],
    draws: resampling.Draws,
) -> None:
    """Answer the registered questions, list the deviations, and tell both."""
    correction = registration.get("plan", {}).get("correction", "holm")
    answers = confirmatory.answer_plan(registration["questions"], asked, draws, correction)
    rows = plan.deviations(study, registration) + confirmatory.unanswered(answers)
    found = pd.DataFrame(rows, columns=list(plan.DEVIATION_COLUMNS))
    folder = study.comparison_dir
    write_table(folder / "confirmatory.tsv", answers, confirmatory.CONFIRMATORY_COLUMNS)
    write_table(folder / "deviations.tsv", found, plan.DEVIATION_COLUMNS)
    for text in answers["sentence"]:
        say(f"  {text}")
    for text in found["sentence"]:
        say(f"  deviation: {text}")


def _clusters(study: Study) -> None:
    """Test the curves step by step."""
    path = study.comparison_dir / "curves.parquet"
    if not path.is_file():
        raise InputError(
            f"The perturbation curves must be at {path}, but there is no such file. "
            "Make it first: faceoff compare perturb."
        )
    curves = pd.read_parquet(path)
    shown = curves.drop_duplicates("image_id").set_index("image_id")["expression"]
    table = curve_clusters(
        mean_curves(curves),
        {str(name): str(expression) for name, expression in shown.items()},
        n_permutations=study.settings.comparison.map_permutations,
        seed=study.settings.study.seed,
    )
    write_table(study.comparison_dir / "curve_clusters.tsv", table, CURVE_CLUSTER_COLUMNS)


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
