"""The fast gradient sign method: accuracy when every pixel moves a little, the worst way."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, read_labels
from cnn.experiments.accuracy import ACCURACY, accuracy_of
from cnn.experiments.attack import Unit, attack, in_grey_levels, loss_gradient
from cnn.experiments.fgsm_figures import examples_figure, fgsm_figure
from cnn.experiments.pictures import (
    Floats,
    compiled_logits,
    experiments_dir,
    known_pictures,
    rows_of,
)
from cnn.network import Network, load_network, softmax
from cnn.preprocessing import Preprocessing
from study.errors import InputError
from study.figures import save_figure
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import write_table

#: Steps of the published study, in units of the network's input.
EPSILONS = (0.0, 0.001, 0.005, 0.007, 0.01, 0.05, 0.07, 0.1)
#: Steps at which it shows examples.
SHOWN = (0.01, 0.3)

_TOP = (1, 2, 3, 5)
FGSM = {
    "epsilon": "by how much each number of the input moves",
    "unit": "of epsilon: input (of the network's input, after its preprocessing) or grey (grey "
    "levels, 0 to 255)",
    "grey_levels": "the same in grey levels, mean over the colours",
    "clipped": "whether pixels are kept between black and white",
    **ACCURACY,
    **{
        f"top_{k}_error": f"share of the pictures whose expression is not among the {k} most "
        "probable answers; n/a where there are no more answers than that"
        for k in _TOP
    },
    "still_right": "share of all pictures that are named rightly before and after",
}
EXAMPLES = {
    "image_id": "picture, which is named rightly as it is",
    "expression": "expression that it shows",
    "epsilon": "by how much each number of the input moves; 0: the picture as it is",
    "predicted": "expression with the greatest probability",
    "probability": "that the network gives to it",
    "p_true": "probability that the network gives to the expression shown",
}


def fgsm_experiment(
    study: Study,
    model: str,
    epsilons: Sequence[float],
    shown: Sequence[float],
    images: Sequence[str],
    *,
    unit: Unit,
    clip: bool,
) -> None:
    """Attack a network's test pictures, and write tables and figures.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    epsilons : sequence of float
        Steps of the table.
    shown : sequence of float
        Steps of the examples.
    images : sequence of str
        Test pictures to show; by default two that are named rightly, drawn with the seed.
    unit : {"input", "grey"}
        What the steps are in.
    clip : bool
        Keep pixels between black and white.

    Raises
    ------
    InputError
        If the network was not trained, or a picture is not among the test pictures.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    test = known_pictures(study, read_labels(study), network)
    chosen = choose_examples(network, test, images, study.settings.study.seed)
    slopes = loss_gradient(network, network.prepare(test.pictures), test.labels)
    table = accuracy_under_attack(network, test, slopes, epsilons, unit=unit, clip=clip)
    examples, attacked = attack_examples(network, test, slopes, chosen, shown, unit=unit, clip=clip)
    stem = experiments_dir(study, model) / fgsm_stem(unit, clip=clip)
    beside = stem.with_name(f"{stem.name}_examples")
    write_table(stem.with_suffix(".tsv"), table, FGSM)
    write_table(beside.with_suffix(".tsv"), examples, EXAMPLES)
    save_figure(fgsm_figure(table, len(network.expressions)), stem)
    save_figure(examples_figure(test.pictures[chosen], attacked, examples), beside)
    for row in table.to_dict("records"):
        say(
            f"epsilon {row['epsilon']:g} ({row['grey_levels']:.2f} grey levels): "
            f"{100 * row['accuracy']:.1f} % of {row['n']} pictures named rightly"
        )


def fgsm_stem(unit: Unit, *, clip: bool) -> str:
    """Name the files of one form of the attack.

    Parameters
    ----------
    unit : {"input", "grey"}
        What the steps are in.
    clip : bool
        Whether pixels are kept between black and white.

    Returns
    -------
    str
        Without a suffix.

    Examples
    --------
    >>> fgsm_stem("input", clip=False), fgsm_stem("grey", clip=True)
    ('fgsm', 'fgsm_grey_clipped')
    """
    return "fgsm" + ("_grey" if unit == "grey" else "") + ("_clipped" if clip else "")


def accuracy_under_attack(
    network: Network,
    pictures: LabelledPictures,
    slopes: Floats,
    epsilons: Sequence[float],
    *,
    unit: Unit = "input",
    clip: bool = False,
) -> pd.DataFrame:
    """Count a network's right answers to attacked pictures.

    Parameters
    ----------
    network : Network
        The network.
    pictures : LabelledPictures
        Pictures and what they show.
    slopes : ndarray of float32, shape (n, side, side, 3)
        As `loss_gradient` gives them.
    epsilons : sequence of float
        The steps.
    unit : {"input", "grey"}, default "input"
        What they are in.
    clip : bool, default False
        Keep pixels between black and white.

    Returns
    -------
    pandas.DataFrame
        With the columns of `FGSM`.
    """
    labels, n_answers = pictures.labels, len(network.expressions)
    right_before = network.logits(pictures.pictures).argmax(axis=1) == labels
    rows = []
    for epsilon in track(epsilons, "attacked pictures"):
        logits = _attacked_logits(network, pictures.pictures, slopes, epsilon, unit, clip=clip)
        place = (logits > logits[np.arange(len(labels)), labels][:, None]).sum(axis=1)
        right = logits.argmax(axis=1) == labels
        errors = [float((place >= k).mean()) if k < n_answers else np.nan for k in _TOP]
        # The greatest logit may be shared, and the answer is then the first of them.
        errors[0] = float(1 - right.mean())
        rows.append(
            (epsilon, unit, _grey_levels(network.preprocessing, epsilon, unit), clip,
             *accuracy_of(right), *errors, float((right & right_before).mean()))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FGSM))


def choose_examples(
    network: Network, pictures: LabelledPictures, images: Sequence[str], seed: int
) -> list[int]:
    """Choose the pictures that are shown.

    Parameters
    ----------
    network : Network
        The network.
    pictures : LabelledPictures
        Pictures and what they show.
    images : sequence of str
        Their ids; where there are none, two are drawn that are named rightly and show different
        expressions, as far as there are such.
    seed : int
        Of the drawing.

    Returns
    -------
    list of int
        Rows of the pictures.

    Raises
    ------
    InputError
        If an id is not among the pictures, or none is named rightly where none is given.
    """
    if images:
        return rows_of(pictures, images)
    right = network.logits(pictures.pictures).argmax(axis=1) == pictures.labels
    if not right.any():
        raise InputError(
            f"An example must be a picture that is named rightly, but the network {network.name!r} "
            "names none. Train it better, or choose pictures with --image."
        )
    rows = generator(seed, "cnn", "fgsm", "examples").permutation(np.flatnonzero(right))
    by_label = {int(pictures.labels[row]): int(row) for row in rows[::-1]}
    return sorted(by_label.values(), key=list(rows).index)[:2]


def attack_examples(
    network: Network,
    pictures: LabelledPictures,
    slopes: Floats,
    chosen: Sequence[int],
    shown: Sequence[float],
    *,
    unit: Unit,
    clip: bool,
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Attack some pictures, and keep what they look like and what they are taken for.

    Parameters
    ----------
    network : Network
        The network.
    pictures : LabelledPictures
        Pictures and what they show.
    slopes : ndarray of float32, shape (n, side, side, 3)
        As `loss_gradient` gives them.
    chosen : sequence of int
        Rows of the pictures.
    shown : sequence of float
        The steps.
    unit : {"input", "grey"}
        What they are in.
    clip : bool
        Keep pixels between black and white.

    Returns
    -------
    examples : pandas.DataFrame
        With the columns of `EXAMPLES`: each picture as it is, and at each step.
    attacked : ndarray of float, shape (n_chosen, 1 + n_shown, side, side, 3)
        The pictures in the order of the table, RGB in grey levels; unclipped ones go beyond
        black and white.
    """
    rows = list(chosen)
    inputs, steps = network.prepare(pictures.pictures[rows]), [0.0, *shown]
    moved = np.stack(
        [attack(inputs, slopes[rows], network.preprocessing, e, unit=unit, clip=clip)
         for e in steps], axis=1,
    )  # fmt: skip
    answer, expressions, table = compiled_logits(network), network.expressions, []
    for row, versions in zip(rows, moved, strict=True):
        shows = int(pictures.labels[row])
        for epsilon, probabilities in zip(steps, softmax(answer(versions)), strict=True):
            best = int(probabilities.argmax())
            table.append(
                (pictures.table["image_id"].iloc[row], expressions[shows], epsilon,
                 expressions[best], round(float(probabilities[best]), 6),
                 round(float(probabilities[shows]), 6))
            )  # fmt: skip
    examples = pd.DataFrame(table, columns=list(EXAMPLES))
    return examples, in_grey_levels(moved, network.preprocessing)


def _grey_levels(preprocessing: Preprocessing, epsilon: float, unit: Unit) -> float:
    """Give a step in grey levels, the mean over the colours."""
    if unit == "grey":
        return float(epsilon)
    return round(float(np.mean(epsilon / np.abs(preprocessing.scale))), 6)


def _attacked_logits(
    network: Network,
    pictures: NDArray[np.uint8],
    slopes: Floats,
    epsilon: float,
    unit: Unit,
    *,
    clip: bool,
) -> Floats:
    """Answer to attacked pictures, batch by batch."""
    answer, parts = compiled_logits(network), []
    for start in range(0, len(pictures), 64):
        rows = slice(start, start + 64)
        inputs = network.prepare(pictures[rows])
        moved = attack(inputs, slopes[rows], network.preprocessing, epsilon, unit=unit, clip=clip)
        parts.append(answer(moved))
    return np.concatenate(parts)
