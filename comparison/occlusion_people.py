"""People under occlusion: their accuracy by step beside the network's, as table and figure."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.curve_figure import LINES
from comparison.figures import COLOURS, MARKERS, mean_interval
from comparison.occlusion import INTACT, occlusions_tsv
from comparison.occlusion_thresholds import occlusion_counts, occlusion_points
from comparison.orders import MOST_FIRST
from comparison.people_trials import read_occlusions, read_people_trials, trial_tables
from comparison.psychometric_figure import psychometric_figure
from comparison.psychometric_tables import (
    PSYCHOMETRIC_COLUMNS,
    network_guess,
    psychometric_table,
    threshold_lines,
)
from stimuli.expressions import EXPRESSIONS
from study.figures import BLACK, ORANGE, new_figure, save_figure
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
LEVEL = "share of the face removed"
PEOPLE_COLUMNS = {
    "condition": "whose order the tiles were removed in, most relevant first; intact at step 0",
    "step": "removal step",
    "share_removed": "share of the tiles that is removed",
    "n_participants": "number of people with such trials",
    "n_trials": "number of their trials; a trial without an answer in time counts as not right",
    "people": "share of right answers of people, over trials",
    "people_low": "lower end of its bootstrap interval: people and faces are both drawn anew "
    "(Owen, 2007); missing with one person or one face",
    "people_high": "upper end of that interval",
    "n_faces": "number of faces of the occlusion study",
    "network": "share of these faces, without the same tiles, that the network names rightly",
    "network_low": "lower end of its bootstrap interval over faces",
    "network_high": "upper end of that interval",
}


def occlusion_step(study: Study, occlusion: Study) -> Step:
    """Describe the step that sets people's accuracy under occlusion beside the network's.

    Parameters
    ----------
    study : Study
        The main study; its curves are current.
    occlusion : Study
        The study that `write_occlusion_study` made, with trials.

    Returns
    -------
    Step
        Makes occlusion_people.tsv, occlusion_psychometric.tsv, and a figure of each.
    """
    folder = study.comparison_dir
    figures = [folder / "figures" / f"occlusion_{name}" for name in ("people", "psychometric")]
    tables = [folder / f"occlusion_{name}.tsv" for name in ("people", "psychometric")]
    comparison = study.settings.comparison
    return Step(
        command="compare perturb --with-experiment",
        inputs=(
            folder / "curves.parquet",
            folder / "orders.parquet",
            occlusions_tsv(occlusion),
            *trial_tables(occlusion),
        ),
        outputs=(
            *tables,
            *(table.with_suffix(".json") for table in tables),
            *(stem.with_suffix(f".{kind}") for stem in figures for kind in ("svg", "png")),
        ),
        settings={
            "seed": study.settings.study.seed,
            "psychometric": comparison.psychometric,
            "confidence": comparison.confidence,
        },
        run=lambda: _compare(study, occlusion, tables, figures),
        follows="report",
    )


def _compare(study: Study, occlusion: Study, tables: list[Path], figures: list[Path]) -> None:
    """Read both studies, write the tables and draw the figures."""
    seed, comparison = study.settings.study.seed, study.settings.comparison
    orders = pd.read_parquet(study.comparison_dir / "orders.parquet")
    curves = pd.read_parquet(study.comparison_dir / "curves.parquet")
    shown = read_occlusions(occlusion, orders)
    trials = read_people_trials(occlusion, shown)
    result = people_and_network(shown, trials, curves, seed=seed)
    names = [name for name in result["condition"].unique() if name != INTACT]
    answers = {name: network_answers(curves, name) for name in names}
    fits = psychometric_table(
        occlusion_counts(shown, trials, answers, network_guess(study)),
        shape=comparison.psychometric, confidence=comparison.confidence, seed=seed,
    )  # fmt: skip
    write_table(tables[0], result, PEOPLE_COLUMNS)
    write_table(tables[1], fits, PSYCHOMETRIC_COLUMNS)
    save_figure(occlusion_figure(result, curves, seed=seed), figures[0])
    points = occlusion_points(result)
    save_figure(psychometric_figure(points, fits, level=LEVEL), figures[1])
    for row in result.itertuples():
        say(
            f"  {row.condition}, step {row.step}: people {row.people:.0%} of {row.n_trials} "
            f"trials, network {row.network:.0%} of {row.n_faces} faces"
        )
    for line in threshold_lines(fits):
        say(f"  {line}")


def people_and_network(
    shown: pd.DataFrame, trials: pd.DataFrame, curves: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Set people's accuracy beside the network's, for each condition and step.

    Parameters
    ----------
    shown : pandas.DataFrame
        What was done to each picture.
    trials : pandas.DataFrame
        People's answers, as `read_people_trials` gives them.
    curves : pandas.DataFrame
        The main study's curves.parquet.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of `PEOPLE_COLUMNS`; conditions without trials have no row.
    """
    rows = []
    for (name, place), own in trials.groupby(["condition", "step"], sort=False):
        condition, step = str(name), int(str(place))
        faces = shown["face"][(shown["condition"] == condition) & (shown["step"] == step)]
        network = network_answers(curves, condition).loc[list(faces), [step]].to_numpy(float)
        rng = generator(seed, "occlusion interval", condition, step)
        low, high = crossed_interval(own, rng)
        network_mean, network_low, network_high = mean_interval(network, seed=seed)
        rows.append(
            {
                "condition": condition,
                "step": step,
                "share_removed": own["share_removed"].iloc[0],
                "n_participants": own["participant_id"].nunique(),
                "n_trials": len(own),
                "people": own["right"].mean(),
                "people_low": low,
                "people_high": high,
                "n_faces": len(faces),
                "network": network_mean[0],
                "network_low": network_low[0],
                "network_high": network_high[0],
            }
        )
    table = pd.DataFrame(rows)
    intact_first = table["condition"] != INTACT
    order = np.lexsort([table["step"], table["condition"], intact_first])
    return table.iloc[order].reset_index(drop=True)


def network_answers(curves: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Tell whether the network names each face rightly at each step.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in curves.parquet.
    condition : str
        Whose order; of random ones the first repeat, as people see it; intact is step 0 of any.

    Returns
    -------
    pandas.DataFrame, shape (n_faces, n_steps + 1)
        Rows are faces, columns steps.
    """
    own = curves[(curves["direction"] == MOST_FIRST) & (curves["repeat"] <= 1)]
    name = own["condition"].iloc[0] if condition == INTACT else condition
    own = own[own["condition"] == name]
    return own.astype({"correct": float}).pivot_table(
        index="image_id", columns="step", values="correct"
    )


def crossed_interval(
    trials: pd.DataFrame,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, float]:
    """Bootstrap an accuracy over people and faces at once.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, face and right.
    rng : numpy.random.Generator
        Where the chance comes from.
    confidence : float, default 0.95
        Confidence of the interval.
    resamples : int, default 2000
        Number of bootstrap samples.

    Returns
    -------
    low, high : float
        NaN with one person or one face, which tell nothing of others. Each trial counts as often
        as its person was drawn times its face; samples that hold no trial are left out.

    References
    ----------
    Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1(2):386-411.
    """
    right = trials.pivot_table(
        index="participant_id", columns="face", values="right", aggfunc="sum", fill_value=0
    ).to_numpy(float)
    counts = trials.pivot_table(
        index="participant_id", columns="face", values="right", aggfunc="count", fill_value=0
    ).to_numpy(float)
    if min(counts.shape) < 2:
        return float("nan"), float("nan")
    people, faces = (
        rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float) for n in counts.shape
    )
    drawn = np.einsum("bp,pf,bf->b", people, counts, faces, optimize=True)
    hits = np.einsum("bp,pf,bf->b", people, right, faces, optimize=True)
    shares = hits[drawn > 0] / drawn[drawn > 0]
    tail = (1 - confidence) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    return float(low), float(high)


def occlusion_figure(table: pd.DataFrame, curves: pd.DataFrame, *, seed: int = 1) -> "Figure":
    """Draw people's accuracy by removal step beside the network's.

    Parameters
    ----------
    table : pandas.DataFrame
        As `people_and_network` gives it.
    curves : pandas.DataFrame
        The main study's curves.parquet.
    seed : int, default 1
        Seed of the network's intervals.

    Returns
    -------
    matplotlib.figure.Figure
        Left people at the steps that they saw, right the network at every step. Bars and bands
        are bootstrap intervals of 95 %; the dotted line is chance.
    """
    figure = new_figure(height_cm=7.5)
    left, right = figure.subplots(1, 2, sharey=True, sharex=True)
    intact = table[table["condition"] == INTACT]
    faces = None
    names = [name for name in table["condition"].unique() if name != INTACT]
    # Moved apart, so that bars do not hide each other.
    for place, condition in enumerate(names):
        shift = 0.24 * (place - (len(names) - 1) / 2)
        colour = COLOURS.get(condition, ORANGE)
        style = {"color": colour, "linestyle": LINES.get(condition, "-")}
        own = pd.concat([intact, table[table["condition"] == condition]])
        bars = np.abs(own[["people_low", "people_high"]].to_numpy().T - own["people"].to_numpy())
        left.errorbar(
            own["step"] + shift, own["people"], bars, capsize=2, marker=MARKERS.get(condition, "^"),
            label=condition.replace("_", " "), **style,
        )  # fmt: skip
        answers = network_answers(curves, condition)
        mean, low, high = mean_interval(answers.to_numpy(), seed=seed)
        right.fill_between(answers.columns, low, high, color=colour, alpha=0.25, linewidth=0)
        right.plot(answers.columns, mean, **style)
        faces = len(answers)
    for axes in (left, right):
        axes.axhline(1 / len(EXPRESSIONS), color=BLACK, linewidth=0.8, linestyle=":")
        axes.set(xlabel="removal step", ylim=(0, 1.02))
    left.set(ylabel="share of right answers")
    left.set_title(f"People (n = {table['n_participants'].max()})")
    right.set_title(f"Network ({faces} faces)")
    left.legend()
    return figure
