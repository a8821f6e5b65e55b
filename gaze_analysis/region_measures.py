"""What people look at: dwell time, counts, visits and latencies by trial and region.

All measures are of included fixations in their order; what was left out between two of them is
passed over.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from stimuli.region_outlines import OTHER, Outlines, area_shares, region_names

OFF_PICTURE = "off_picture"
TRIAL_KEYS = ["participant_id", "session", "trial"]
_WHO = [*TRIAL_KEYS, "image_id", "expression"]
REGION_COLUMNS = {
    "participant_id": "Who looked.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session.",
    "image_id": "The picture that was shown.",
    "expression": "The expression that it shows.",
    "region": "The region; other is the rest of the picture, off_picture what is beside it.",
    "area_share": "Share of the picture that the region covers; n/a off the picture.",
    "dwell_ms": "Time of its included fixations, in ms; n/a where durations are not known.",
    "dwell_share": "Share of the trial's dwell time; the shares of a trial add to one.",
    "n_fixations": "Number of included fixations.",
    "fixation_share": "Share of the trial's included fixations.",
    "n_visits": "Number of visits: runs of fixations without one elsewhere between them.",
    "first_fixation_latency_ms": "Start of its first fixation after the picture's onset, in ms; "
    "n/a if never looked at.",
    "first_fixation_duration_ms": "Duration of its first fixation, in ms.",
    "first_visit_ms": "Dwell time of its first visit, in ms.",
    "mean_fixation_ms": "Mean duration of its fixations, in ms.",
    "mean_visit_ms": "Mean dwell time of its visits, in ms.",
}
BY_EXPRESSION_COLUMNS = {
    "expression": "The expression; all: every trial.",
    "region": "The region.",
    "n_participants": "Participants with such trials; each weighs the same.",
    "area_share": "Mean share of the picture that the region covers.",
    "dwell_share": "Mean share of the dwell time: over trials, then over participants.",
    "dwell_share_sd": "Its standard deviation over participants.",
    "dwell_share_low": "Lower end of its 95 % confidence interval (t, over participants).",
    "dwell_share_high": "Upper end.",
    "fixation_share": "Mean share of the fixations.",
    "fixation_share_sd": "Its standard deviation over participants.",
    "fixation_share_low": "Lower end of its 95 % confidence interval.",
    "fixation_share_high": "Upper end.",
    "dwell_ms": "Mean dwell time in a trial, in ms.",
    "n_fixations": "Mean number of fixations in a trial.",
    "n_visits": "Mean number of visits in a trial.",
    "looked_share": "Mean share of trials in which it was looked at.",
    "first_fixation_latency_ms": "Mean latency of the first fixation, in ms, over trials in which "
    "it was looked at.",
    "mean_fixation_ms": "Mean duration of its fixations, in ms.",
}
_SHARES = ("dwell_share", "fixation_share")
_MEANS = (
    "area_share", *_SHARES, "dwell_ms", "n_fixations", "n_visits", "looked_share",
    "first_fixation_latency_ms", "mean_fixation_ms",
)  # fmt: skip


def name_regions(
    fixations: pd.DataFrame,
    outlines: Mapping[tuple[str, str, int], Outlines],
    on_picture: Sequence[bool] | np.ndarray,
) -> pd.DataFrame:
    """Give each fixation its region, in the order in which they were made.

    Parameters
    ----------
    fixations : pandas.DataFrame
        Included rows of ``fixations.tsv``.
    outlines : mapping of tuple to Outlines
        The regions by participant, session and trial; fixations of other trials are left out.
    on_picture : sequence of bool
        Whether each fixation lies on the picture.

    Returns
    -------
    pandas.DataFrame
        With the column region, sorted by trial and index.
    """
    named = fixations.assign(trial_key=_trial_of(fixations), on_picture=on_picture)
    named = named[named["trial_key"].isin(list(outlines))].reset_index(drop=True)
    # Trials of one picture share their outlines, and are done at once.
    sharing = named["trial_key"].map(lambda key: id(outlines[key]))
    regions = np.full(len(named), OTHER, dtype=object)
    for rows in named.groupby(sharing, sort=False).indices.values():
        points = named[["x_px", "y_px"]].to_numpy(float)[rows]
        regions[rows] = region_names(points, outlines[named["trial_key"].iloc[rows[0]]])
    regions[~named["on_picture"].to_numpy(bool)] = OFF_PICTURE
    order = [*TRIAL_KEYS, *(["index"] if "index" in named else [])]
    named = named.assign(region=regions).drop(columns=["trial_key", "on_picture"])
    return named.sort_values(order, kind="stable", ignore_index=True)


def trial_keys(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Give each row's participant, session and trial.

    Parameters
    ----------
    frame : pandas.DataFrame
        With these columns.

    Returns
    -------
    list of tuple
        By which regions of trials are kept.
    """
    rows = frame[TRIAL_KEYS].itertuples(index=False, name=None)
    return [(str(person), str(session), int(trial)) for person, session, trial in rows]


def trial_regions(
    fixations: pd.DataFrame,
    outlines: Mapping[tuple[str, str, int], Outlines],
    width_px: float,
    height_px: float,
) -> pd.DataFrame:
    """Measure each region of each trial, also those that nobody looked at.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `name_regions` gives them.
    outlines : mapping of tuple to Outlines
        The regions by participant, session and trial.
    width_px, height_px : float
        Size of the picture frame.

    Returns
    -------
    pandas.DataFrame
        The columns of `REGION_COLUMNS`. A trial in which any duration is missing has no dwell
        times.
    """
    table = _all_rows(fixations, outlines, width_px, height_px)
    places = [*TRIAL_KEYS, "region"]
    table = table.merge(_looked_at(fixations), on=places, how="left")
    table["n_fixations"] = table["n_fixations"].fillna(0).astype(int)
    table["n_visits"] = table["n_visits"].fillna(0).astype(int)
    trials = table.groupby(TRIAL_KEYS, sort=False)
    timed = fixations["duration_ms"].notna().groupby(_trial_of(fixations), sort=False).all()
    known = _trial_of(table).map(timed).to_numpy(bool)
    table["dwell_ms"] = table["dwell_ms"].where(table["n_fixations"] > 0, 0.0).where(known)
    table["dwell_share"] = table["dwell_ms"] / trials["dwell_ms"].transform("sum").where(known)
    table["fixation_share"] = table["n_fixations"] / trials["n_fixations"].transform("sum")
    table["mean_fixation_ms"] = _ratio(table["dwell_ms"], table["n_fixations"])
    table["mean_visit_ms"] = _ratio(table["dwell_ms"], table["n_visits"])
    table["first_visit_ms"] = table["first_visit_ms"].where(known)
    return table[list(REGION_COLUMNS)]


def _trial_of(frame: pd.DataFrame) -> pd.Series:
    """Give each row's trial as one value."""
    return pd.Series(trial_keys(frame), index=frame.index)


def _ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    """Divide where there is something to divide by."""
    return above / below.where(below > 0)


def _all_rows(
    fixations: pd.DataFrame,
    outlines: Mapping[tuple[str, str, int], Outlines],
    width_px: float,
    height_px: float,
) -> pd.DataFrame:
    """List every region of the picture of every trial."""
    shares: dict[int, Mapping[str, float]] = {}
    trials = fixations[_WHO].drop_duplicates(TRIAL_KEYS)
    rows = []
    for key, trial in zip(
        trial_keys(trials), trials.itertuples(index=False, name=None), strict=True
    ):
        regions = outlines[key]
        if id(regions) not in shares:
            shares[id(regions)] = area_shares(regions, width_px, height_px)
        rows += [(*trial, name, share) for name, share in shares[id(regions)].items()]
        rows.append((*trial, OFF_PICTURE, np.nan))
    return pd.DataFrame(rows, columns=[*_WHO, "region", "area_share"])


def _looked_at(fixations: pd.DataFrame) -> pd.DataFrame:
    """Measure the regions that were looked at."""
    places = [*TRIAL_KEYS, "region"]
    before = fixations[places].shift()
    fixations = fixations.assign(visit=(fixations[places] != before).any(axis=1).cumsum())
    visits = fixations.groupby([*places, "visit"], sort=True)["duration_ms"].sum().reset_index()
    first_visit = visits.drop_duplicates(places).rename(columns={"duration_ms": "first_visit_ms"})
    first = fixations.drop_duplicates(places).rename(
        columns={
            "onset_ms": "first_fixation_latency_ms", "duration_ms": "first_fixation_duration_ms"
        }
    )  # fmt: skip
    measures = fixations.groupby(places, sort=False).agg(
        n_fixations=("region", "size"),
        n_visits=("visit", "nunique"),
        dwell_ms=("duration_ms", "sum"),
    )
    first_columns = [*places, "first_fixation_latency_ms", "first_fixation_duration_ms"]
    return (
        measures.reset_index()
        .merge(first[first_columns], on=places)
        .merge(first_visit[[*places, "first_visit_ms"]], on=places)
    )


def regions_by_expression(regions: pd.DataFrame) -> pd.DataFrame:
    """Average over trials, and then over participants, who weigh the same.

    Parameters
    ----------
    regions : pandas.DataFrame
        As `trial_regions` gives them.

    Returns
    -------
    pandas.DataFrame
        The columns of `BY_EXPRESSION_COLUMNS`: expressions in their order, and ``all``.
    """
    people = participant_means(regions)
    order = list(dict.fromkeys(regions["region"]))
    rows = []
    for (expression, region), own in people.groupby(["expression", "region"], sort=False):
        row: dict[str, object] = {"expression": expression, "region": region}
        row |= {"n_participants": own["participant_id"].nunique()}
        row |= {name: own[name].mean() for name in _MEANS}
        for name in _SHARES:
            spread = t_interval(own[name].to_numpy(float))
            row |= dict(zip([f"{name}_sd", f"{name}_low", f"{name}_high"], spread, strict=True))
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(BY_EXPRESSION_COLUMNS))
    table["place"] = table["region"].map(order.index)
    last = table["expression"] == "all"
    table = table.assign(last=last).sort_values(["last", "expression", "place"], kind="stable")
    return table[list(BY_EXPRESSION_COLUMNS)].reset_index(drop=True)


def participant_means(regions: pd.DataFrame) -> pd.DataFrame:
    """Average each participant's trials of each expression, and of all.

    Parameters
    ----------
    regions : pandas.DataFrame
        As `trial_regions` gives them.

    Returns
    -------
    pandas.DataFrame
        One row for each participant, expression and region; durations and latencies are means
        over trials in which the region was looked at.
    """
    looked = regions.assign(looked_share=(regions["n_fixations"] > 0).astype(float))
    both = pd.concat([looked.dropna(subset=["expression"]), looked.assign(expression="all")])
    keys = ["participant_id", "expression", "region"]
    return both.groupby(keys, sort=False)[list(_MEANS)].mean().reset_index()


def t_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Give standard deviation and 95 % confidence interval of a mean.

    Parameters
    ----------
    values : ndarray, shape (n,)
        One value for each participant; missing ones are left out.

    Returns
    -------
    tuple of float
        Standard deviation, lower and upper end; NaN for fewer than two values.

    Examples
    --------
    >>> [round(number, 3) for number in t_interval(np.array([1.0, 2.0, 3.0]))]
    [1.0, -0.484, 4.484]
    """
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return float("nan"), float("nan"), float("nan")
    sd, mean = float(values.std(ddof=1)), float(values.mean())
    half = float(stats.t.ppf(0.975, len(values) - 1)) * sd / np.sqrt(len(values))
    return sd, mean - half, mean + half
