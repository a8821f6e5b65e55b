"""How well and how fast people name the expressions, and what they take them for."""

import pandas as pd

from cnn.scores import wilson_interval
from comparison.behaviour_figure import behaviour_figure
from comparison.behaviour_step import people_were_asked
from faceoff.report.charts import confusion_table, draw_confusion, draw_shares, panel_places
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.expressions import EXPRESSIONS
from study.figures import NETWORK, PEOPLE, Columns, panel_figure
from study.folder import Study
from study.tables import read_table

_TRIALS = {
    "participant_id": str,
    "phase": str,
    "image_id": str,
    "expression": str,
    "response": str,
    "correct": bool,
    "rt_ms": float,
    "answer_known": bool,
}
_PREDICTIONS = {"image_id": str, "split": str, "expression": str, "predicted": str, "correct": bool}


def read_main_trials(study: Study) -> pd.DataFrame:
    """Read the trials of the main blocks of all participants in which an answer was asked for.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        One row for each trial, without practice.

    Raises
    ------
    InputError
        If the table is not there.
    """
    trials = read_table(
        study.gaze_dir / "trials.tsv", what="The trials (faceoff gaze events)", columns=_TRIALS
    )
    asked = trials["answer_known"].fillna(False).astype(bool)
    return trials[asked & (trials["phase"] != "practice")].reset_index(drop=True)


def read_test_predictions(study: Study) -> pd.DataFrame | None:
    """Read the network's answers to the test pictures.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame or None
        None where no network has been trained yet.
    """
    path = study.cnn_dir(study.settings.cnn.model) / "predictions.tsv"
    if not path.is_file():
        return None
    answers = read_table(path, what="The predictions (faceoff cnn evaluate)", columns=_PREDICTIONS)
    return answers[answers["split"] == "test"].reset_index(drop=True)


def accuracy_by_expression(trials: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of right answers to each expression, with Wilson's interval.

    Parameters
    ----------
    trials : pandas.DataFrame
        Columns ``expression`` and ``correct``; rows without an answer count as wrong.

    Returns
    -------
    pandas.DataFrame
        ``value``, ``ci_low``, ``ci_high`` and ``n``, indexed by expression and by ``all``.
    """
    rows = {}
    for name in (*EXPRESSIONS, "all"):
        correct = trials.loc[(trials["expression"] == name) | (name == "all"), "correct"]
        n, right = len(correct), int(correct.fillna(False).sum())
        if n:
            rows[name] = (right / n, *wilson_interval(right, n), n)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "ci_low", "ci_high", "n"])


def behaviour_section(study: Study) -> ReportSection | None:
    """Show accuracy, reaction times and confusions of people, and the network's beside them.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        Two figures and a table; None where nobody was asked for an answer.
    """
    trials, columns = read_main_trials(study), study.settings.report.columns
    if trials.empty:
        return None
    predictions = read_test_predictions(study)
    people = accuracy_by_expression(trials)
    n_people = trials["participant_id"].nunique()
    right, low, high = (100 * people[name]["all"] for name in ("value", "ci_low", "ci_high"))
    text = (
        f"{n_people} participants named the expression in {len(trials)} trials; "
        f"{right:.1f} % of the answers were right (95% CI {low:.1f} to {high:.1f}, Wilson). "
    )
    if predictions is not None:
        text += (
            f"The network was right on {100 * predictions['correct'].mean():.1f} % of the "
            f"{len(predictions)} test pictures of actors that it had never seen."
        )
    return ReportSection(
        "Naming the expression",
        (text,),
        (
            _accuracy_figure(trials, people, predictions, columns),
            _confusion_figure(trials, predictions, columns),
        ),
        (_behaviour_table(trials, people),),
    )


def _accuracy_figure(
    trials: pd.DataFrame, people: pd.DataFrame, predictions: pd.DataFrame | None, columns: Columns
) -> ReportFigure:
    """Draw accuracy and reaction time by expression."""
    figure, [[left, right]] = panel_figure(2, columns, row_cm=(6.0, 7.0))
    draw_shares(left, people, label="people", colour=PEOPLE, shift=-0.12)
    if predictions is not None:
        network = accuracy_by_expression(predictions)
        draw_shares(left, network, label="network", colour=NETWORK, shift=0.12)
    left.axhline(1 / len(EXPRESSIONS), color="0.6", lw=0.8, ls=":")
    left.set(ylim=(0, 1.02), ylabel="share right", title="Accuracy")
    left.legend(loc="lower left")
    answered = trials[trials["correct"].fillna(False) & trials["rt_ms"].notna()]
    times = [answered.loc[answered["expression"] == name, "rt_ms"] for name in EXPRESSIONS]
    right.boxplot(times, showfliers=False, medianprops={"color": PEOPLE}, widths=0.6)
    right.set_xticks(range(1, len(EXPRESSIONS) + 1), EXPRESSIONS, rotation=30, ha="right")
    right.set(ylabel="reaction time (ms)", title="Reaction time, right answers", ylim=(0, None))
    first, last = panel_places(2, columns)
    caption = (
        f"{first}: share of right answers by expression with 95% Wilson intervals; the dotted line "
        f"is guessing. {last}: reaction times of right answers; box from quartile to quartile, "
        "line at the median, whiskers to 1.5 times the interquartile range."
    )
    return ReportFigure("behaviour", caption, figure)


def _confusion_figure(
    trials: pd.DataFrame, predictions: pd.DataFrame | None, columns: Columns
) -> ReportFigure:
    """Draw the confusion matrices of people and, where there is one, of the network."""
    tables = {"People": confusion_table(trials["expression"], trials["response"])}
    if predictions is not None:
        table = confusion_table(predictions["expression"], predictions["predicted"])
        tables["Network, test pictures"] = table
    figure, [panels] = panel_figure(len(tables), columns, row_cm=(8.0, 8.5))
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        draw_confusion(axes, table, title)
    caption = "Answers to each expression, in per cent of its row; cells below 0.5 % are empty."
    return ReportFigure("confusion", caption, figure)


def _behaviour_table(trials: pd.DataFrame, people: pd.DataFrame) -> ReportTable:
    """Put accuracy and reaction times of people in a table."""
    right = trials[trials["correct"].fillna(False)]
    medians = right.groupby("expression")["rt_ms"].median()
    medians.loc["all"] = right["rt_ms"].median()
    frame = pd.DataFrame(
        {
            "expression": people.index,
            "trials": people["n"].astype(int).to_numpy(),
            "accuracy": people["value"].to_numpy(),
            "ci_low": people["ci_low"].to_numpy(),
            "ci_high": people["ci_high"].to_numpy(),
            "median RT (ms)": medians.reindex(people.index).round().astype("Int64").to_numpy(),
        }
    )
    caption = "People: accuracy with 95% Wilson intervals, and median reaction time if right."
    return ReportTable("behaviour", caption, frame)


def side_by_side_section(study: Study) -> ReportSection | None:
    """Show whether people and network err alike.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        The sentences, a figure and a table; None where people were not asked.
    """
    if not people_were_asked(study):
        return None
    columns = study.settings.report.columns
    folder, what = study.comparison_dir, "People beside the network (faceoff compare behaviour)"
    tables = {
        name: read_table(folder / f"{name}.tsv", what=what)
        for name in ("confusions", "behaviour_pictures", "error_consistency", "behaviour")
    }
    results = tables["behaviour"]
    first, middle, last = panel_places(3, columns)
    figure = behaviour_figure(*tables.values(), columns=columns)
    caption = (
        f"{first}: each cell of the two confusion matrices without their diagonals. "
        f"{middle}: each picture. {last}: error consistency (Cohen's kappa of right and wrong) of "
        "each person with the others and with the network; squares are means with bootstrap "
        "intervals over pictures."
    )
    frame = results[["question", "measure", "estimate", "ci_low", "ci_high", "p", "n", "note"]]
    return ReportSection(
        "People beside the network",
        tuple(results["sentence"]),
        (ReportFigure("people_and_network", caption, figure),),
        (ReportTable("people_and_network", "People and network on the pictures that both named.",
                     frame, decimals=3),),
    )  # fmt: skip
