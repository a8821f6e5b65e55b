"""Agreement on a scale: each map's values between what a control and what people reach."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
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
            wide = values.pivot_table(index="image_id", columns="map", values="value")
            rng = generator(seed, "agreement", group, metric)
            sample = _Sample(wide.reindex(columns=list(MAPS)), rng, confidence, resamples)
            rows += [{"expression": group, "metric": metric} | row for row in _rows(sample, metric)]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


class _Sample:
    """The values of all maps on some pictures, and their means over bootstrap samples of them.

    Means are computed once for each set of pictures that have all that is compared.
    """

    def __init__(
        self, wide: pd.DataFrame, rng: np.random.Generator, confidence: float, resamples: int
    ) -> None:
        self.values = wide.to_numpy(dtype=np.float64)
        self.place = {str(name): column for column, name in enumerate(wide.columns)}
        n = len(wide)
        self.counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
        self.tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        self._means: dict[bytes, tuple[Floats, Floats]] = {}

    def has(self, *names: str) -> npt.NDArray[np.bool_]:
        """Tell which pictures have values of all these maps."""
        columns = [self.place[name] for name in names]
        return np.isfinite(self.values[:, columns]).all(axis=1)

    def means(self, used: npt.NDArray[np.bool_], *names: str) -> tuple[Floats, Floats]:
        """Average maps over the used pictures, and over each sample of them."""
        key = used.tobytes()
        if key not in self._means:
            values, counts = self.values[used], self.counts[:, used]
            # A sample in which none of these pictures was drawn says nothing about them.
            counts = counts[counts.sum(axis=1) > 0]
            self._means[key] = (
                values.mean(axis=0),
                counts @ values / counts.sum(axis=1, keepdims=True),
            )
        columns = [self.place[name] for name in names]
        mean, drawn = self._means[key]
        return mean[columns], drawn[:, columns]


def _rows(sample: _Sample, metric: str) -> Iterator[dict[str, object]]:
    """Set all maps against each control."""
    ceiling = ceiling_of(metric)
    for control in CONTROLS:
        # Maps that the same pictures have are brought to the scale at once.
        together: dict[bytes, list[str]] = {}
        for name in MAPS:
            if name not in (*CEILINGS, control):
                whole = sample.has(name, control, ceiling)
                used = whole if whole.any() else sample.has(name, control)
                together.setdefault(used.tobytes(), []).append(name)
        for key, names in together.items():
            used = np.frombuffer(key, dtype=np.bool_)
            if used.any():
                yield from _scaled(sample, used, names, control, metric)


def _scaled(
    sample: _Sample,
    used: npt.NDArray[np.bool_],
    names: list[str],
    control: str,
    metric: str,
) -> Iterator[dict[str, object]]:
    """Bring maps to the scale between control and ceiling, or say why they cannot be."""
    means, drawn = sample.means(used, *names, control, ceiling_of(metric))
    *values, lower, upper = means
    sign = -1.0 if metric in LESS_IS_BETTER else 1.0
    room = sign * (drawn[:, -1] - drawn[:, -2])
    note = None
    if not np.isfinite(upper):
        note = NO_CEILING
    elif used.sum() < 2:
        note = ONE_PICTURE
    elif not (np.quantile(room, sample.tails[0]) > 0 and sign * (upper - lower) > 0):
        note = NOT_BEYOND
    ends = np.quantile(drawn[:, :-2], sample.tails, axis=0)
    share, shares = np.full(len(names), np.nan), np.full((2, len(names)), np.nan)
    if note is None:
        kept = room > 0
        share = (np.array(values) - lower) / (upper - lower)
        ratios = sign * (drawn[kept, :-2] - drawn[kept, -2:-1]) / room[kept, None]
        shares = np.quantile(ratios, sample.tails, axis=0)
    for place, name in enumerate(names):
        yield {
            "map": name, "n": int(used.sum()), "value": values[place],
            "ci_low": ends[0, place], "ci_high": ends[1, place],
            "control": control, "control_value": lower,
            "ceiling": ceiling_of(metric), "ceiling_value": upper, "normalised": share[place],
            "normalised_low": shares[0, place], "normalised_high": shares[1, place], "note": note,
        }  # fmt: skip
