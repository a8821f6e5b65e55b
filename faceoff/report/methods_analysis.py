"""The methods of the analysis: network, explanations, perturbation, comparison, statistics."""

import json
from pathlib import Path

from cnn.architectures import ARCHITECTURES
from comparison.conditions import CONDITIONS
from comparison.fills import FILLS
from faceoff.report.content import ReportSection
from faceoff.report.needs import need
from faceoff.report.wording import counted, listed
from study.folder import Study
from study.settings.cnn import TrainingSettings
from study.tables import read_table

_SCORES = {
    "mean": "its signed mean",
    "positive": "the mean of its positive part",
    "absolute": "the mean of its absolute values",
    "maximum": "its maximum",
}
_OPTIMISERS = {
    "adam": "Adam [@kingma2015]", "sgd": "stochastic gradient descent", "rmsprop": "RMSprop",
    "adamax": "Adamax [@kingma2015]",
}  # fmt: skip
_SCHEDULES = {
    "cosine": ", which fell to zero along a cosine", "constant": "",
    "plateau": ", which fell when the validation loss no longer did",
}  # fmt: skip
_KEPT = {"best": "the weights of the lowest validation loss", "last": "the last weights"}
# By the beginning of a network's or method's name; the longest that fits counts.
_NETWORK_SOURCES = {
    "vgg_face": " [@parkhi2015; @bartnik2020]", "VGG": " [@simonyan2015]", "ResNet": " [@he2016]",
}  # fmt: skip
_METHOD_SOURCES = {
    "lrp.": " [@bach2015; @montavon2019]", "innvestigate.": " [@alber2019]",
    "integrated_gradients": " [@sundararajan2017]", "smoothgrad": " [@smilkov2017]",
    "guided_backprop": " [@springenberg2015]", "deconvnet": " [@zeiler2014]",
    "grad_cam": " [@selvaraju2017]", "occlusion": " [@zeiler2014]", "lime": " [@ribeiro2016]",
}  # fmt: skip
_CONDITION_SOURCES = {"ekman": " [@gayamorey2024]"}


def _source(name: str, sources: dict[str, str]) -> str:
    """Give the citation of a name by its beginning; empty where none is known."""
    fitting = [start for start in sources if name.startswith(start)]
    return sources[max(fitting, key=len)] if fitting else ""


def network_methods_section(study: Study) -> ReportSection:
    """Write how the network was built and trained.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        One paragraph.
    """
    settings = study.settings.cnn.for_network(study.settings.cnn.model)
    path = study.cnn_dir(settings.model) / "network.json"
    need(path, "cnn train")
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored.get("adopted"):
        text = (
            f"The network '{settings.model}' was trained elsewhere and adopted from the file "
            f"{stored['adopted']['file']}. [Its architecture and training.]"
        )
    else:
        kind = settings.architecture
        described = f" ({ARCHITECTURES[kind].description})" if kind in ARCHITECTURES else ""
        frozen = (
            f"; these layers were not trained: {listed(settings.freeze)}" if settings.freeze else ""
        )
        text = (
            f"The network '{settings.model}'{_source(kind, _NETWORK_SOURCES)} with "
            f"{stored['parameters']:,} parameters{described} saw pictures of "
            f"{settings.input_px} px. It was trained by {_OPTIMISERS[settings.optimiser]} with a "
            f"step size of {settings.learning_rate:g}{_SCHEDULES[settings.schedule]}, "
            f"{settings.batch_size} pictures in a step, for at most {settings.epochs} epochs, and "
            f"stopped after {settings.patience} without a lower validation loss; "
            f"{_KEPT[settings.keep]} were kept{frozen}. {_augmentation(settings)}"
        )
    return ReportSection("Network and training", (text,))


def _augmentation(cnn: TrainingSettings) -> str:
    """Say what was done to training pictures."""
    shares = {
        "moved": cnn.shift, "zoomed": cnn.zoom, "made brighter or darker": cnn.brightness,
        "changed in contrast": cnn.contrast, "changed in saturation": cnn.saturation,
    }  # fmt: skip
    done = [f"{what} by up to {100 * share:g} %" for what, share in shares.items() if share]
    done += [f"sheared by up to {cnn.shear_deg:g} degrees"] * bool(cnn.shear_deg)
    done += [f"turned by up to {cnn.rotation_deg:g} degrees"] * bool(cnn.rotation_deg)
    done += ["mirrored at random"] * cnn.flip
    done += ["turned upside down at random"] * cnn.flip_vertical
    return (
        f"Training pictures were {listed(done)}; validation and test pictures were left as they "
        "are."
        if done
        else "Training pictures were shown as they are."
    )


def explanation_section(study: Study) -> ReportSection:
    """Write how the network was explained.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        One paragraph.
    """
    cnn = study.settings.cnn
    need(study.cnn_dir(cnn.model) / "relevance.nc", "cnn explain")
    arguments = ", ".join(f"{name} = {value}" for name, value in cnn.method_arguments.items())
    target = {"true": "the true expression", "predicted": "the expression that it named"}.get(
        cnn.target, f"the expression '{cnn.target}'"
    )
    relevance = (
        " Relevance starts from that logit, so that a map's sum can be held against it."
        if cnn.method.startswith(("lrp.", "innvestigate.lrp."))
        else ""
    )
    return ReportSection(
        "Explanations",
        (
            f"Each answer was explained by {cnn.method}{_source(cnn.method, _METHOD_SOURCES)}"
            f"{f' ({arguments})' if arguments else ''}: a signed map of how much each pixel spoke "
            f"for {target}. The softmax was taken off, and the logit explained.{relevance}",
        ),
    )


def perturbation_methods_section(study: Study) -> ReportSection:
    """Write how pictures were perturbed.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two paragraphs.
    """
    settings = study.settings.comparison
    need(study.comparison_dir / "curves.parquet", "compare perturb")
    rule = (
        "Only pictures that the network names rightly"
        if settings.network_answers == "correct"
        else "All test pictures, whatever the network named them,"
    )
    steps = settings.steps or settings.grid**2
    conditions = [
        f"{name} ({CONDITIONS.get(name, 'an explanation by that method')}"
        f"{_source(name, _CONDITION_SOURCES)})"
        for name in (*settings.conditions, "random")
    ]
    fill = FILLS[settings.fill].replace(" (Bartnik, 2020)", " [@bartnik2020]")
    fill = fill.replace("; Rong et al., 2022)", ") [@rong2022]")
    return ReportSection(
        "Perturbation",
        (
            f"A map that names what matters to the network should order the parts of a picture by "
            f"how much their loss hurts [@samek2017]. {rule} were cut into {settings.grid} x "
            f"{settings.grid} tiles. A tile's score was {_SCORES[settings.tile_score]} of the map "
            f"within it; equal scores were ordered by chance. In {counted(steps, 'step')} tiles "
            f"were replaced one after the other, most relevant first and, in a second run, least "
            f"relevant first, by {fill}, before any preprocessing. The orders came from: "
            f"{listed(conditions)}. Within a picture the fill and the {settings.random_orders} "
            "random orders were the same for every condition.",
            "At each step the probability and logit of the true expression were recorded, for each "
            "picture. The area between the random curve and a condition's (trapezoids with a "
            "spacing of one step) is its AUC, signed; the mean drop over steps is AOPC "
            "[@samek2017]; the area between the two directions is the symmetric relevance gain "
            "[@bluecher2024].",
        ),
    )


def map_methods_section(study: Study) -> ReportSection:
    """Write how maps were compared.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two paragraphs.
    """
    comparison = study.settings.comparison
    need(study.comparison_dir / "metrics.tsv", "compare metrics")
    side, emd_side = comparison.cells_per_side, comparison.emd_cells
    return ReportSection(
        "Comparison of maps",
        (
            f"Gaze and relevance were averaged over {side} x {side} cells of the picture (earth "
            f"mover's distance: {emd_side} x {emd_side}) and compared by correlation (CC), "
            "similarity (SIM), Kullback-Leibler divergence (KL), earth mover's distance (EMD) "
            "[@bylinskii2019], normalised scanpath saliency (NSS) [@peters2005], the area under "
            "the ROC curve after Judd and its shuffled form [@judd2009], and information gain over "
            "the centre (IG) [@kummerer2015]. Relevance was judged as it is and smoothed with the "
            "gaze density's Gaussian; in SIM, KL, EMD and IG by its positive part. Ceilings are "
            f"people predicted by people: the mean over {comparison.halves} random halves of the "
            "participants (correlations stepped up by Spearman and Brown) for metrics of maps, "
            "leaving one participant out for metrics of fixations.",
            "Patterns of distances between expressions were compared by Kendall's tau-a and all "
            "relabellings [@kriegeskorte2008; @nili2014]. Differences of gaze and smoothed "
            "relevance, both of sum 1, were tested cell by cell, in the manner of iMap4 "
            "[@lao2017], with cluster-based permutation [@maris2007] (at most "
            f"{comparison.map_permutations} sign flips of whole pictures or participants, clusters "
            "of cells with two-sided p < .01, family-wise error 5 %).",
        ),
    )


def statistical_methods_section(study: Study) -> ReportSection:
    """Write which tests were done.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two or three paragraphs; only what was done is told.
    """
    settings, folder = study.settings.comparison, study.comparison_dir
    need(folder / "statistics.tsv", "compare stats")
    confidence = f"{100 * settings.confidence:g} %"
    texts = [
        "Conditions were compared over pictures, whose two values belong together: by sign-flip "
        f"permutation of the mean difference ({settings.resamples} draws, all where there are "
        "fewer), paired t and Wilcoxon's signed-rank tests, all two-sided; with "
        f"{confidence} BCa bootstrap intervals [@efron1987], d_z (of differences) or the "
        "rank-biserial correlation, JZS Bayes factors with a Cauchy prior of scale 0.707 "
        "[@rouder2009], and p values corrected within each family by Holm [@holm1979], beside "
        "Benjamini and Hochberg's [@benjamini1995]. Curves were compared step by step with "
        "cluster-based permutation [@maris2007]. Intervals of shares are Wilson's [@wilson1927]."
        + _equivalence_text(study),
    ]
    if (folder / "models.tsv").is_file():
        texts.append(_models_text(folder / "models.tsv"))
    if (folder / "behaviour.tsv").is_file():
        texts.append(
            "People and network were set side by side on the pictures that both named: by the "
            "correlation of their confusions with a permutation test, McNemar's test "
            "[@mcnemar1947] and error consistency [@geirhos2020]."
        )
    texts.append(_registration_text(study))
    return ReportSection("Statistical analysis", tuple(texts))


def _equivalence_text(study: Study) -> str:
    """Say the bounds of equivalence, where they are set."""
    settings = study.settings.comparison
    bounds = [f"{settings.equivalence_d:g} in d_z"] * bool(settings.equivalence_d)
    bounds += [f"{bound:g} in {name}" for name, bound in settings.equivalence_raw.items()]
    if not bounds:
        return ""
    return (
        " Whether differences are too small to matter was tested by two one-sided tests "
        f"[@schuirmann1987; @lakens2017] with the bounds {listed(bounds)}."
    )


def _models_text(models_tsv: Path) -> str:
    """Say which models of trials were fitted."""
    models = read_table(models_tsv, what="The mixed models", columns={"model": str})
    anova = (
        " Repeated-measures ANOVAs with Greenhouse and Geisser's correction [@greenhouse1959] "
        "stand beside them; they take pictures as fixed."
        if models["model"].str.contains("ANOVA", case=False).any()
        else ""
    )
    return (
        "Trials were modelled with participants and pictures as crossed random effects "
        "[@baayen2008]: accuracy by a binomial model with a logit link, logarithms of "
        "reaction times and shares of dwell time by linear models with Satterthwaite's degrees "
        "of freedom [@satterthwaite1946]."
        f"{anova}"
    )


def _registration_text(study: Study) -> str:
    """Say whether a plan was registered, and what all randomness hangs on."""
    answers = study.comparison_dir / "confirmatory.tsv"
    what = "The registered plan (faceoff compare stats)"
    registered = answers.is_file() and len(read_table(answers, what=what))
    plan = (
        f"{counted(int(registered), 'question')} had been registered before the data were "
        "analysed; they are reported first, with every deviation. All other tests are exploratory."
        if registered
        else "No plan was registered: all tests are exploratory."
    )
    return f"{plan} All randomness follows from the seed {study.settings.study.seed}."
