"""The methods paragraph, with every number from the settings and records, and the provenance."""

import json

import pandas as pd

from comparison.fills import FILLS
from faceoff.report.content import ReportSection, ReportTable
from gaze_analysis.density import EDGES
from stimuli.frames import screen_from
from study.folder import Study
from study.tables import read_table

_BANDWIDTHS = {
    "given": "given",
    "likelihood": "chosen by leave-one-participant-out likelihood",
    "scott": "Scott's rule, median of the pictures",
}


def methods_section(study: Study) -> ReportSection:
    """Write how the study was done, from its settings and records.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        One paragraph for each part.
    """
    return ReportSection(
        "Methods",
        (
            _session_methods(study), _gaze_methods(study), _network_methods(study),
            _map_methods(study),
        ),
    )  # fmt: skip


def _session_methods(study: Study) -> str:
    """Describe screen, picture and tracker."""
    screen, picture_px = screen_from(study.settings.screen), study.settings.stimuli.picture_px
    corners = [
        [screen.centre_px[0] + sign * picture_px / 2, screen.centre_px[1]] for sign in (-1, 1)
    ]
    width_deg = float(screen.distance_deg(corners[0], corners[1]))
    trackers = sorted(
        {
            str(json.loads(path.read_text(encoding="utf-8")).get("tracker", "n/a"))
            for path in study.sourcedata.glob("sub-*/ses-*/session.json")
        }
    )
    simulated = " The participants are simulated observers." if "simulated" in trackers else ""
    return (
        f"Faces were shown at {picture_px} x {picture_px} px ({width_deg:.1f} degrees) on a screen "
        f"of {screen.width_px} x {screen.height_px} px ({screen.width_cm:g} x "
        f"{screen.height_cm:g} cm) at {screen.distance_cm:g} cm; a degree at its centre is "
        f"{screen.px_per_deg:.1f} px. Gaze came from: {', '.join(trackers) or 'imported files'}."
        f"{simulated} The order of trials is constrained (no actor twice in a row, expressions "
        "balanced over blocks) and drawn with the study's seed before the first trial."
    )


def _gaze_methods(study: Study) -> str:
    """Describe how fixations became maps."""
    density = study.settings.gaze.density
    answers = (
        "trials with the right answer"
        if study.settings.gaze.exclude.wrong_answers
        else ("trials with any answer")
    )
    people = {
        "equal": "a participant's maps count the same as any other's",
        "pooled": "all participants' fixations are pooled",
    }
    return (
        f"Density maps are sums of Gaussians (sigma {_kernel_width(study)}) at the fixations of "
        f"{answers}, weighted by {density.weighting} and evaluated exactly; "
        f"{EDGES[density.edges]}; {people[density.participants]}."
    )


def _kernel_width(study: Study) -> str:
    """Give the width of the kernel that maps were made with, or that the settings ask for."""
    density, path = study.settings.gaze.density, study.gaze_dir / "bandwidth.tsv"
    if not path.is_file():
        width = f"{density.sigma:g} {density.sigma_unit}" if density.bandwidth == "given" else "n/a"
        return f"{width}, {_BANDWIDTHS[density.bandwidth]}"
    columns = {"sigma_px": float, "sigma_deg": float, "chosen": bool}
    table = read_table(path, what="The kernel's width (faceoff gaze density)", columns=columns)
    chosen = table[table["chosen"].astype(bool)].iloc[0]
    degrees = "" if pd.isna(chosen["sigma_deg"]) else f"{chosen['sigma_deg']:.2g} degrees, "
    return f"{degrees}{chosen['sigma_px']:.1f} px of the picture, {_BANDWIDTHS[density.bandwidth]}"


def _network_methods(study: Study) -> str:
    """Describe network, explanation and perturbation."""
    network, comparison = study.settings.cnn, study.settings.comparison
    compared = (
        "Only pictures that it names rightly"
        if comparison.network_answers == "correct"
        else ("All test pictures, whatever it names them,")
    )
    return (
        f"The network '{network.model}' was trained on other actors than those it was tested on "
        f"(at most {network.epochs} epochs, best validation loss kept) and explained by "
        f"{network.method} for the {network.target} expression, without its softmax. "
        f"{compared} are compared with gaze. For the "
        f"perturbation, the tiles of a {comparison.grid} x {comparison.grid} grid were replaced "
        f"cumulatively ({FILLS[comparison.fill]}), most relevant first and least relevant first; "
        "within a picture the fill and the "
        f"{comparison.random_orders} random orders are the same for every condition. "
        f"All randomness follows from the seed {study.settings.study.seed}."
    )


def _map_methods(study: Study) -> str:
    """Describe how maps were compared."""
    comparison = study.settings.comparison
    side, emd_side = comparison.cells_per_side, comparison.emd_cells
    return (
        f"Gaze and relevance were averaged over {side} x {side} cells of the picture (earth "
        f"mover's distance: {emd_side} x {emd_side}). Relevance was judged as it is and smoothed "
        "with the gaze density's Gaussian; in SIM, KL, EMD and information gain by its positive "
        "part. Ceilings are people predicted by people: the mean over "
        f"{comparison.halves} random halves of the participants (correlations stepped up by "
        "Spearman and Brown) for metrics of maps, leaving one participant out for metrics of "
        "fixations. Patterns of distances between expressions were compared by Kendall's tau-a "
        "and all relabellings (Kriegeskorte et al. 2008; Nili et al. 2014). Differences of gaze "
        "and smoothed relevance, both of sum 1, were tested cell by cell with cluster-based "
        f"permutation (at most {comparison.map_permutations} sign flips of whole pictures or "
        "participants, clusters of cells with two-sided p < .01, family-wise error 5 %)."
    )


def provenance_section(study: Study) -> ReportSection:
    """List the steps, when they were done, with which versions.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A table of the steps and one of the versions.
    """
    records = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(study.root.rglob("*.provenance.json"))
        if path.name != "report.provenance.json"
    ]
    steps = pd.DataFrame(
        [
            {
                "command": record["command"],
                "finished": record["finished"],
                "seconds": float(record["seconds"]),
                "seed": record["seed"],
                "inputs": len(record["inputs"]),
                "outputs": len(record["outputs"]),
                "commit": record["git_commit"][:10],
            }
            for record in records
        ]
    )
    if not steps.empty:
        steps = steps.sort_values("finished", kind="stable")
    versions: dict[str, str] = {}
    for record in records:
        versions |= record["versions"]
    table = pd.DataFrame({"package": list(versions), "version": list(versions.values())})
    text = (
        "Each result has a record beside it (*.provenance.json) with its settings, the SHA-256 of "
        "every file that it was made from, and the packages' versions."
    )
    return ReportSection(
        "Provenance",
        (text,),
        tables=(
            ReportTable("steps", "The steps, in the order in which they were done.", steps, 1),
            ReportTable("versions", "Versions of the software.", table),
        ),
    )
