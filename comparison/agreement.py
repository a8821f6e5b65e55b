"""Agreement on a scale: each map's values between what a control and what people reach."""

import numpy as np
import pandas as pd

from comparison.map_metrics import LESS_IS_BETTER, METRICS, OF_FIXATIONS, Floats
from comparison.metrics import CEILINGS, MAPS
from stimuli.expressions import EXPRESSIONS
from study.seeds import generator

# Controls that a value is set against; the last two only a study of several expressions has.
CONTROLS = (
    "uniform", "centre", "mean_gaze", "other_gaze", "other_relevance", "shuffled_gaze",
    "expression_gaze",
)  # fmt: skip
AGREEMENT_COLUMNS = {
    "expression": "pictures of one expression, or all",
    "metric": "metric, as in metrics.tsv",
    "map": "the map that is judged",
    "n": "number of pictures that have map, control and ceiling (or map and control, where there "
    "is no ceiling)",
    "value": "mean of the metric over these pictures",
    "ci_low": "lower end of its bootstrap percentile interval over pictures",
    "ci_high": "upper end of it",
    "control": "the map that it is set against",
    "control_value": "the control's mean over the same pictures",
    "ceiling": "what people reach: people (halves; for maps) or one_person (leave one out; for "
    "metrics of fixations)",
    "ceiling_value": "the ceiling's mean over the same pictures",
    "normalised": "(value - control) / (ceiling - control) of the means: 0 like the control, 1 "
    "like people; missing where the note says why",
    "normalised_low": "lower end of its bootstrap percentile interval over pictures",
    "normalised_high": "upper end of it",
    "note": "why there is no normalised value: the ceiling does not lie beyond the control "
    "(the interval of their difference holds 0), there is no ceiling, or only one picture",
}
NO_CEILING = "no ceiling: fewer than two participants on these pictures"
ONE_PICTURE = "one picture only: it says nothing about how sure the difference is"
NOT_BEYOND = "the ceiling does not lie beyond this control"


def ceiling_of(metric: str) -> str:
    """Name the ceiling that values of a metric can reach.

    Parameters
    ----------
    metric : str
        One of `METRICS`.

    Returns
    -------
    str
        ``one_person`` for metrics of fixations: each fixation is told by the others' map, as it
        is by any other map. ``people`` for metrics of densities, whose reference is the mean of
        all participants and not a single one's map.
    """
    return "one_person" if metric in OF_FIXATIONS else "people"


def agreement_table(
    metrics: pd.DataFrame, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 1
) -> pd.DataFrame:
    """Set each map's values against every control and the ceiling.

    Parameters
    ----------
    metrics : pandas.DataFrame
        The columns of `METRIC_COLUMNS`.
    confidence : float, default 0.95
        Confidence of the intervals.
    resamples : int, default 2000
        Bootstrap samples of pictures; the same for value, control and ceiling.
    seed : int, default 1
        The samples follow from it.

    Returns
    -------
    pandas.DataFrame
        The columns of `AGREEMENT_COLUMNS`: over all pictures, then by expression.
    """
    own = metrics[metrics["reference"] == "gaze"]
    found = set(own["expression"])
    rows: list[dict[str, object]] = []
    for group in ("all", *(name for name in EXPRESSIONS if name in found)):
        sheet = own if group == "all" else own[own["expression"] == group]
        for metric in METRICS:
            values = sheet[sheet["metric"] == metric]
            if values.empty:
                continue
            wide = values.pivot(index="image_id", columns="map", values="value")
            wide = wide.reindex(columns=list(MAPS))
            rng = generator(seed, "agreement", group, metric)
            rows += _rows_of(wide, metric, group, rng, confidence, resamples)
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _rows_of(
    wide: pd.DataFrame,
    metric: str,
    group: str,
    rng: np.random.Generator,
    confidence: float,
    resamples: int,
) -> list[dict[str, object]]:
    """Set the maps of one metric and group against each control."""
    n = len(wide)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
    rows = []
    for name in (name for name in MAPS if name not in CEILINGS):
        for control in (control for control in CONTROLS if control != name):
            ceiling = ceiling_of(metric)
            whole = wide[[name, control, ceiling]].notna().all(axis=1)
            both = wide[[name, control]].notna().all(axis=1)
            used = whole if whole.any() else both
            if used.any():
                columns = wide.loc[used, [name, control, ceiling]].to_numpy(dtype=np.float64)
                scale = _normalised(columns, counts[:, used.to_numpy()], metric, confidence)
                fixed = {"expression": group, "metric": metric, "map": name}
                rows.append(fixed | {"control": control, "ceiling": ceiling, **scale})
    return rows


def _normalised(
    columns: Floats, counts: Floats, metric: str, confidence: float
) -> dict[str, object]:
    """Compute means and their ratio from value, control and ceiling of pictures."""
    # A sample in which none of these pictures was drawn says nothing about them.
    counts = counts[counts.sum(axis=1) > 0]
    means = columns.mean(axis=0)
    drawn = counts @ columns / counts.sum(axis=1, keepdims=True)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(drawn[:, 0], tails)
    row: dict[str, object] = {
        "n": len(columns), "value": means[0], "ci_low": low, "ci_high": high,
        "control_value": means[1], "ceiling_value": means[2],
        "normalised": np.nan, "normalised_low": np.nan, "normalised_high": np.nan, "note": None,
    }  # fmt: skip
    if not np.isfinite(means[2]):
        return row | {"note": NO_CEILING}
    if len(columns) < 2:
        return row | {"note": ONE_PICTURE}
    sign = -1.0 if metric in LESS_IS_BETTER else 1.0
    room = sign * (drawn[:, 2] - drawn[:, 1])
    if not (np.quantile(room, tails[0]) > 0 and sign * (means[2] - means[1]) > 0):
        return row | {"note": NOT_BEYOND}
    kept = room > 0
    ratios = sign * (drawn[kept, 0] - drawn[kept, 1]) / room[kept]
    ends = np.quantile(ratios, tails)
    return row | {
        "normalised": (means[0] - means[1]) / (means[2] - means[1]),
        "normalised_low": ends[0],
        "normalised_high": ends[1],
    }
