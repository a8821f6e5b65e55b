"""What `faceoff gaze density` says of the maps that it made."""

import pandas as pd

from gaze_analysis.bandwidth import Bandwidth
from gaze_analysis.trial_maps import MapRule
from study.progress import say


def say_bandwidth(bandwidth: Bandwidth) -> None:
    """Say what the kernel's width was chosen from, where it was not given.

    Parameters
    ----------
    bandwidth : Bandwidth
        The width, and its candidates.
    """
    table = bandwidth.candidates
    chosen = table[table["chosen"]].iloc[0]
    if chosen["rule"] == "likelihood":
        say(
            f"kernel of {bandwidth.sigma_px:.1f} px by leave-one-participant-out likelihood: "
            f"{chosen['gain_bits']:.2f} bits a fixation over a uniform map ({len(table)} widths)"
        )
    elif chosen["rule"] == "scott":
        low, high = table.loc[~table["chosen"], "sigma_px"].agg(["min", "max"])
        say(
            f"kernel of {bandwidth.sigma_px:.1f} px by Scott's rule: the median of the pictures "
            f"({low:.1f} to {high:.1f} px)"
        )


def say_maps(rule: MapRule, per_deg: float | None, mass_inside: float, n_images: int) -> None:
    """Say what maps were made.

    Parameters
    ----------
    rule : MapRule
        How.
    per_deg : float or None
        Pixels of the picture in a degree of visual angle, where that is known.
    mass_inside : float
        Share of the kernels' mass on the pictures, 0 to 1.
    n_images : int
        Number of pictures.
    """
    in_deg = f", {rule.sigma_px / per_deg:.2f} deg" if per_deg else ""
    percent = 100 * rule.sigma_px / rule.grid.width_px
    say(
        f"{n_images} density maps: Gaussian of {rule.sigma_px:.1f} px{in_deg} "
        f"({percent:.1f} % of the width), weighted by {rule.weighting}, "
        f"participants {rule.participants}, edges {rule.edges} "
        f"({100 * mass_inside:.1f} % of the mass on the picture)"
    )


def say_ceilings(ceilings: pd.DataFrame) -> None:
    """Say how well people agree.

    Parameters
    ----------
    ceilings : pandas.DataFrame
        As `gaze_analysis.maps.study_maps` gives it.
    """
    say("inter-observer ceiling (split-half r, Spearman-Brown, leave-one-out r, people):")
    pictures = ceilings[ceilings["level"] == "image"].mean(numeric_only=True)
    say(f"  {'pictures (mean)':<16}{_ceiling_text(pictures)}")
    for _, row in ceilings[ceilings["level"] != "image"].iterrows():
        name = row["expression"] if row["level"] == "expression" else "all faces"
        say(f"  {name:<16}{_ceiling_text(row)}")


def _ceiling_text(row: pd.Series) -> str:
    """Write one ceiling."""
    columns = ("split_half_r", "spearman_brown_r", "leave_one_out_r")
    return "  ".join(
        [*(_two_digits(row[name]) for name in columns), f"{row['n_participants']:.0f}"]
    )


def _two_digits(r: float) -> str:
    """Write a correlation; n/a where there is none."""
    return "n/a" if pd.isna(r) else f"{r:.2f}"


def say_controls(controls: pd.DataFrame, centre_px: float) -> None:
    """Say how well maps that do not know a picture tell gaze on it.

    Parameters
    ----------
    controls : pandas.DataFrame
        As `gaze_analysis.controls.control_table` gives it.
    centre_px : float
        Width of the centre bias, in picture pixels.
    """
    means = controls.mean(numeric_only=True)
    say("controls (mean r with a picture's map):")
    for column, name in (
        ("class_mean_r", "other pictures of the expression"),
        ("mean_face_r", "all other pictures"),
        ("shuffled_r", "a picture of another expression"),
        ("centre_bias_r", f"centre bias (Gaussian of {centre_px:.1f} px)"),
    ):
        say(f"  {name:<40}{_two_digits(means[column])}")
