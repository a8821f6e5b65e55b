"""The step `compare models`: from trials, dwell times and perturbation areas to models.tsv."""

from collections.abc import Callable
from functools import partial

import pandas as pd

from comparison.model_rows import MODEL_COLUMNS, Row, model_table, no_model_row
from comparison.picture_models import area_by_condition
from comparison.questions import PERTURBATION_MEASURES
from comparison.trial_models import (
    ANOVA,
    BINOMIAL,
    LINEAR,
    accuracy_by_expression,
    anova_by_expression,
    dwell_by_region,
    reaction_time_by_expression,
)
from stimuli.expressions import EXPRESSIONS
from stimuli.region_outlines import OTHER
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
from study.provenance import Step
from study.tables import read_table, write_table

# Not regions of a face: without them the shares of a trial do not add to one.
_NO_REGIONS = (OTHER, "off_picture")
_TEXTS = {"participant_id": str, "image_id": str, "expression": str}


def models_step(study: Study) -> Step:
    """Describe the step that fits mixed models.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes models.tsv; dwell times and perturbation areas are used where they are there.
    """
    trials = study.gaze_dir / "trials.tsv"
    others = (study.gaze_dir / "regions.tsv", study.comparison_dir / "perturbation.tsv")
    return Step(
        command="compare models",
        inputs=(trials, *(path for path in others if path.is_file())),
        outputs=(study.comparison_dir / "models.tsv", study.comparison_dir / "models.json"),
        settings={"confidence": study.settings.comparison.confidence},
        run=lambda: _models(study),
        follows="report",
    )


def _models(study: Study) -> None:
    """Fit every model that the tables allow, and write the results."""
    from threadpoolctl import threadpool_limits

    asked = questions(study)
    rows: list[Row] = []
    # The fits multiply small matrices, on which several threads wait for each other.
    with threadpool_limits(1, user_api="blas"), bar("models", len(asked)) as advance:
        for (question, model), answer in asked.items():
            try:
                rows += answer()
            except InputError as error:
                rows.append(no_model_row(question, model, str(error)))
            advance(1)
    table = model_table(rows, study.settings.comparison.confidence)
    write_table(study.comparison_dir / "models.tsv", table, MODEL_COLUMNS)
    for text in table.loc[table["kind"].isin(["omnibus", "none"]), "sentence"]:
        say(f"  {text}")


def questions(study: Study) -> dict[tuple[str, str], Callable[[], list[Row]]]:
    """List what is asked, by question and model, each with the function that answers it.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        A question's function raises `InputError` where the data do not allow its model.

    Raises
    ------
    InputError
        If a table is missing or wrong.
    """
    confidence = study.settings.comparison.confidence
    answers = read_answers(study)
    right = answers[answers["right"] & (answers["rt_ms"] > 0)].reset_index(drop=True)
    accuracy, speed = "accuracy by expression", "reaction time by expression"
    asked: dict[tuple[str, str], Callable[[], list[Row]]] = {
        (accuracy, BINOMIAL): lambda: accuracy_by_expression(answers, EXPRESSIONS, confidence),
        (accuracy, ANOVA): lambda: anova_by_expression(
            answers.assign(right=answers["right"].astype(float)), "right", accuracy,
            "mean accuracy", EXPRESSIONS,
        ),
        (speed, LINEAR): lambda: reaction_time_by_expression(right, EXPRESSIONS, confidence),
        (speed, ANOVA): lambda: anova_by_expression(
            right, "rt_ms", speed, "mean reaction time", EXPRESSIONS
        ),
    }  # fmt: skip
    if (study.gaze_dir / "regions.tsv").is_file():
        dwell = read_dwell(study)
        name = "dwell share by region and expression"
        asked[name, LINEAR] = lambda: dwell_by_region(dwell, EXPRESSIONS, confidence)
    else:
        say("  no dwell times: faceoff gaze regions makes them")
    if (study.comparison_dir / "perturbation.tsv").is_file():
        areas = read_table(
            study.comparison_dir / "perturbation.tsv",
            what="The areas of the perturbation curves (faceoff compare perturb)",
            columns={"image_id": str, "expression": str, "condition": str}
            | dict.fromkeys(PERTURBATION_MEASURES, float),
        )
        for measure, label in PERTURBATION_MEASURES.items():
            asked[f"{measure} by condition and expression", LINEAR] = partial(
                area_by_condition, areas, measure, label, EXPRESSIONS, confidence
            )
    else:
        say("  no perturbation areas: faceoff compare perturb makes them")
    return asked


def read_answers(study: Study) -> pd.DataFrame:
    """Read the answers of the main blocks.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        participant_id, image_id, expression, right (no answer in time counts as wrong) and rt_ms.

    Raises
    ------
    InputError
        If the table is missing or wrong.
    """
    trials = read_table(
        study.gaze_dir / "trials.tsv",
        what="The trials of all sessions (faceoff gaze import)",
        columns=_TEXTS | {"phase": str, "answer_known": bool, "correct": bool},
    )
    asked = trials["answer_known"].fillna(False).astype(bool) & (trials["phase"] == "main")
    answers = trials[asked & trials["image_id"].notna() & trials["expression"].notna()]
    times = pd.to_numeric(answers["rt_ms"]) if "rt_ms" in answers else float("nan")
    right = answers["correct"].fillna(False).astype(bool)
    return answers.assign(right=right, rt_ms=times)[[*_TEXTS, "right", "rt_ms"]].reset_index(
        drop=True
    )


def read_dwell(study: Study) -> pd.DataFrame:
    """Read the shares of dwell time, a row for each trial and a column for each region.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        participant_id, image_id, expression and the face's regions; trials that lack a region or
        have no dwell time are left out.

    Raises
    ------
    InputError
        If the table is missing or wrong.
    """
    regions = read_table(
        study.gaze_dir / "regions.tsv",
        what="The regions of all trials (faceoff gaze regions)",
        columns=_TEXTS | {"session": str, "trial": int, "region": str, "dwell_share": float},
    )
    regions = regions[~regions["region"].isin(_NO_REGIONS)]
    names = list(dict.fromkeys(regions["region"]))
    keys = [*_TEXTS, "session", "trial"]
    wide = regions.pivot_table(index=keys, columns="region", values="dwell_share", sort=False)
    return wide.reindex(columns=names).dropna().reset_index().drop(columns=["session", "trial"])
