"""The methods of the gaze maps: how fixations became densities, and what they are held against."""

import pandas as pd

from faceoff.report.content import ReportSection
from faceoff.report.needs import need
from gaze_analysis.density import EDGES
from study.folder import Study
from study.tables import read_table

_BANDWIDTHS = {
    "given": "given beforehand",
    "likelihood": "chosen by leave-one-participant-out likelihood",
    "scott": "Scott's rule, median of the pictures",
}


def gaze_methods_section(study: Study) -> ReportSection:
    """Write how fixations became maps.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        One paragraph.
    """
    need(study.gaze_dir / "bandwidth.tsv", "gaze density")
    density = study.settings.gaze.density
    answers = (
        "trials with the right answer"
        if study.settings.gaze.exclude.wrong_answers
        else "trials with any answer"
    )
    people = {
        "equal": "a participant's maps count the same as any other's",
        "pooled": "all participants' fixations are pooled",
    }
    ceilings = (
        "How well gaze can be predicted at all was estimated from people: maps of "
        f"{density.splits} random halves of the participants were correlated and stepped up to the "
        "whole sample (Spearman and Brown), and each participant was predicted by the others."
    )
    return ReportSection(
        "Fixations and gaze maps",
        (
            f"Density maps are sums of Gaussians (sigma {_kernel_width(study)}) at the fixations "
            f"of {answers}, weighted by {density.weighting} and evaluated exactly; "
            f"{EDGES[density.edges]}; {people[density.participants]}. {ceilings}",
        ),
    )


def _kernel_width(study: Study) -> str:
    """Give the width of the kernel that maps were made with."""
    density, path = study.settings.gaze.density, study.gaze_dir / "bandwidth.tsv"
    columns = {"sigma_px": float, "sigma_deg": float, "chosen": bool}
    table = read_table(path, what="The kernel's width (faceoff gaze density)", columns=columns)
    chosen = table[table["chosen"].astype(bool)].iloc[0]
    degrees = "" if pd.isna(chosen["sigma_deg"]) else f"{chosen['sigma_deg']:.2g} deg, "
    return f"{degrees}{chosen['sigma_px']:.1f} px of the picture, {_BANDWIDTHS[density.bandwidth]}"
