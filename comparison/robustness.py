"""Do conditions keep their ranks under other fills and grids? A table of rank agreement."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from comparison.conditions import WITHOUT_MAP, ConditionInputs
from comparison.curves import summarise
from comparison.orders import tied_shares
from comparison.steps_perturbation import perturb, perturb_step, read_for_perturbation
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.seeds import generator
from study.tables import write_table

_SETTING = {
    "fill": "what removed tiles show",
    "grid": "tiles in a row of the picture",
    "shifted": "whether the tiles are shifted by half of their width",
}
RANK_COLUMNS = {
    **_SETTING,
    "condition": "whose order the tiles were removed in",
    "auc_signed": "area of the difference to random, mean over pictures, divided by the number of "
    "steps so that grids can be compared",
    "rank": "1 for the greatest area under these settings; equal areas share a mean rank",
    "n_pictures": "number of pictures",
}
AGREEMENT_COLUMNS = {
    **{f"{name}_a": f"first settings: {what}" for name, what in _SETTING.items()},
    **{f"{name}_b": f"second settings: {what}" for name, what in _SETTING.items()},
    "n_conditions": "number of conditions that are ranked",
    "tau": "Kendall's tau-b of the conditions' areas under the two; missing for fewer than two "
    "conditions or equal areas",
}


def robustness_step(study: Study) -> Step:
    """Describe the step that ranks conditions under several settings.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes condition_ranks.tsv and rank_agreement.tsv.
    """
    folder, settings = study.comparison_dir, study.settings.comparison
    perturbed = perturb_step(study)
    asked = ("robustness_fills", "robustness_grids", "robustness_pictures")
    return Step(
        command="compare robustness",
        inputs=perturbed.inputs,
        outputs=tuple(
            folder / f"{name}.{kind}"
            for name in ("condition_ranks", "rank_agreement")
            for kind in ("tsv", "json")
        ),
        settings=dict(perturbed.settings) | {name: getattr(settings, name) for name in asked},
        run=lambda: _robustness(study),
        follows="report",
    )


def _robustness(study: Study) -> None:
    """Remove tiles under all settings, rank the conditions, and compare the ranks."""
    settings = study.settings.comparison
    read, network, _ = read_for_perturbation(study)
    read = drawn(read, settings.robustness_pictures)
    conditions = [name for name in settings.conditions if name not in WITHOUT_MAP]
    ranks = []
    for fill, grid, shifted in product(
        settings.robustness_fills, settings.robustness_grids, (False, True)
    ):
        say(f"  {fill}, {grid} x {grid} tiles{', shifted' if shifted else ''}")
        own = settings.model_copy(
            update={"fill": fill, "grid": grid, "steps": 0, "conditions": conditions}
        )
        orders, curves = perturb(read, network, own, shifted=shifted)
        ranks.append(condition_ranks(curves, tied_shares(orders), fill, grid, shifted=shifted))
    table = pd.concat(ranks, ignore_index=True)
    agreement = rank_agreement(table)
    write_table(study.comparison_dir / "condition_ranks.tsv", table, RANK_COLUMNS)
    write_table(study.comparison_dir / "rank_agreement.tsv", agreement, AGREEMENT_COLUMNS)
    taus = agreement["tau"].dropna()
    if len(taus):
        say(
            f"  ranks of {len(conditions)} conditions over {len(agreement)} pairs of settings: "
            f"tau has the median {taus.median():.2f} and lies within {taus.min():.2f} and "
            f"{taus.max():.2f}"
        )


def drawn(read: ConditionInputs, n_pictures: int) -> ConditionInputs:
    """Draw pictures evenly from the expressions.

    Parameters
    ----------
    read : ConditionInputs
        All pictures.
    n_pictures : int
        How many, 0 for all; the seed of the study draws them.

    Returns
    -------
    ConditionInputs
        With these pictures, in their order.
    """
    if not 0 < n_pictures < len(read.image_ids):
        return read
    rng = generator(read.study.settings.study.seed, "robustness pictures")
    shuffled = rng.permutation(len(read.image_ids))
    places = pd.Series(np.asarray(read.expressions)[shuffled])
    # The first picture of each expression, then the second of each, and so on.
    turn = places.groupby(places).cumcount().to_numpy()
    chosen = np.sort(shuffled[np.argsort(turn, kind="stable")[:n_pictures]])
    return replace(
        read,
        image_ids=[read.image_ids[place] for place in chosen],
        expressions=[read.expressions[place] for place in chosen],
        pictures=read.pictures[chosen],
    )


def condition_ranks(
    curves: pd.DataFrame,
    shares: dict[tuple[str, str], float],
    fill: str,
    grid: int,
    *,
    shifted: bool,
) -> pd.DataFrame:
    """Rank the conditions by their area under some settings.

    Parameters
    ----------
    curves : pandas.DataFrame
        The curves of all pictures.
    shares : dict
        Share of tied tiles by image_id and condition.
    fill : str
        The fill.
    grid : int
        Tiles in a row.
    shifted : bool
        Whether tiles are shifted.

    Returns
    -------
    pandas.DataFrame
        The columns of `RANK_COLUMNS`.
    """
    areas = summarise(curves, shares)
    areas = areas[areas["condition"] != "random"]
    means = areas.groupby("condition")["auc_signed"].mean() / curves["step"].max()
    table = means.reset_index().assign(
        rank=means.rank(ascending=False).to_numpy(), n_pictures=areas["image_id"].nunique()
    )
    table = table.assign(fill=fill, grid=grid, shifted=shifted)
    return table[list(RANK_COLUMNS)].sort_values("rank", kind="stable")


def rank_agreement(ranks: pd.DataFrame) -> pd.DataFrame:
    """Correlate the conditions' areas between every two settings.

    Parameters
    ----------
    ranks : pandas.DataFrame
        The columns of `RANK_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        The columns of `AGREEMENT_COLUMNS`.
    """
    wide = ranks.pivot_table(
        index=list(_SETTING), columns="condition", values="auc_signed", sort=False
    )
    rows = [
        (*a, *b, wide.shape[1], _tau(wide.loc[a], wide.loc[b]))
        for a, b in combinations(wide.index, 2)
    ]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _tau(a: pd.Series, b: pd.Series) -> float:
    """Compute Kendall's tau-b, missing where one side does not vary."""
    if len(a) < 2 or a.nunique() < 2 or b.nunique() < 2:
        return float("nan")
    return float(kendalltau(a, b).statistic)
