"""The steps of saliency pictures and of the transfer to another face set."""

from collections.abc import Sequence
from functools import partial

from cnn.experiments.pictures import SPLITS, experiments_dir
from cnn.experiments.steps import network_inputs
from study.errors import InputError
from study.folder import Study
from study.provenance import Step


def saliency_step(study: Study, images: Sequence[str]) -> Step:
    """Describe the making of saliency pictures.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    images : sequence of str
        Test pictures; some are drawn where there are none.

    Returns
    -------
    Step
        From the network to maps, a table and a figure.
    """
    from cnn.experiments.saliency import saliency_experiment

    model = study.settings.cnn.model
    stem = experiments_dir(study, model) / "saliency"
    return Step(
        "cnn saliency",
        network_inputs(study),
        tuple(stem.with_suffix(end) for end in (".tsv", ".nc", ".svg", ".png")),
        {"model": model, "images": list(images), "seed": study.settings.study.seed},
        partial(saliency_experiment, study, model, images),
        "cnn transfer --on OTHER_STUDY",
    )


def transfer_step(study: Study, other: Study, split: str) -> Step:
    """Describe the test of a network on another study's pictures.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    other : Study
        The other study.
    split : str
        Which of its pictures: one of `SPLITS`, or ``all`` of these.

    Returns
    -------
    Step
        From the network and the other study's tables to answers, scores and a figure.

    Raises
    ------
    InputError
        If both are the same study, or there is no such split.
    """
    from cnn.experiments.transfer import transfer_experiment, transfer_stem

    if other.root == study.root:
        raise InputError(
            f"A transfer must be to another study, but --on names {other.root}, which is the "
            "network's own. Name the study of the other face set."
        )
    if split not in (*SPLITS, "all"):
        raise InputError(
            f"The pictures must be those of {', '.join(SPLITS)} or all, but --split is {split!r}. "
            "Choose one of these."
        )
    model = study.settings.cnn.model
    folder, stem = experiments_dir(study, model), transfer_stem(other)
    names = [f"{stem}.tsv", f"{stem}_answers.tsv", f"{stem}_confusion.tsv"]
    names += [f"{stem}.svg", f"{stem}.png"]
    return Step(
        f"cnn transfer --on {other.root.name}",
        (*network_inputs(study), other.manifest_tsv, other.crops_tsv, other.splits_tsv),
        tuple(folder / name for name in names),
        {"model": model, "split": split},
        partial(transfer_experiment, study, model, other, split),
        "cnn groups",
    )
