"""Noise: how accuracy falls when Gaussian noise is added to the test pictures."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import read_labels
from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.pictures import Floats, compiled_logits, experiments_dir, known_pictures
from cnn.network import Network, load_network
from cnn.preprocessing import TORCH, Preprocessing
from cnn.scores import wilson_interval
from stimuli.noise import add_gaussian_noise
from study.figures import NETWORK, panel_figure, save_figure
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Variances of the published study, in units of a picture from 0 to 1 (or of its normalised one).
VARIANCES = (0.0, 0.01, 0.05, 0.07, 0.1, 0.15, 0.2)
NOISE = {
    "placed": "none: the pictures as they are; before: noise in the picture, from 0 to 1, before "
    "the network's preprocessing, cut at 0 and 1; after: noise in the picture normalised by "
    "ImageNet's means and standard deviations, cut at -1 and 1",
    "variance": "of the Gaussian noise, in those units; with 0 after normalisation, what is left "
    "is the cut alone",
    "repeat": "number of the draw of noise, from 1",
    **ACCURACY,
}
_BATCH = 64


def noise_experiment(
    study: Study,
    model: str,
    variances: Sequence[float],
    repeats: int,
    box: float,
    *,
    after: bool,
) -> None:
    """Let a network name noisy test pictures, and write table and figure.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    variances : sequence of float
        Of the noise.
    repeats : int
        Draws of noise for each variance, 1 or more.
    box : float
        The variance whose repeats are shown as a box plot.
    after : bool
        Add the noise after normalisation, as published, and not before it.

    Raises
    ------
    InputError
        If the network was not trained, or there are no test pictures.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    test = known_pictures(study, read_labels(study), network)
    seed = study.settings.study.seed
    table = accuracy_under_noise(
        network, test.pictures, test.labels, variances, repeats, seed, after=after
    )
    stem = experiments_dir(study, model) / ("noise_after" if after else "noise")
    write_table(stem.with_suffix(".tsv"), table, NOISE)
    save_figure(noise_figure(table, box, len(network.expressions)), stem)
    for line in summaries(table):
        say(line)


def accuracy_under_noise(
    network: Network,
    pictures: NDArray[np.uint8],
    labels: NDArray[np.int64],
    variances: Sequence[float],
    repeats: int,
    seed: int,
    *,
    after: bool = False,
) -> pd.DataFrame:
    """Count a network's right answers to noisy pictures.

    Parameters
    ----------
    network : Network
        The network.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    labels : ndarray of int, shape (n,)
        Index in ``network.expressions`` of what each picture shows.
    variances : sequence of float
        Of the noise, 0 or greater.
    repeats : int
        Draws of noise for each variance, 1 or more; one is enough where there is none.
    seed : int
        Of the noise.
    after : bool, default False
        Add it after normalisation, as published.

    Returns
    -------
    pandas.DataFrame
        With the columns of `NOISE`; the first row is that of the pictures as they are.
    """
    answer = compiled_logits(network)
    plain = network.logits(pictures).argmax(axis=1)
    rows: list[tuple[Any, ...]] = [("none", 0.0, 1, *accuracy_of(plain == labels))]
    placed = "after" if after else "before"
    runs = [(v, k) for v in variances for k in range(1, repeats + 1 if v else 2)]
    for variance, repeat in track(runs, "noise"):
        random = generator(seed, "cnn", "noise", placed, str(variance), repeat)
        named = [
            answer(noisy_input(part, network.preprocessing, variance, random, after=after))
            for part in _parts(pictures)
        ]
        right = np.concatenate(named).argmax(axis=1) == labels
        rows.append((placed, variance, repeat, *accuracy_of(right)))
    return pd.DataFrame(rows, columns=list(NOISE))


def noisy_input(
    pictures: NDArray[np.uint8],
    preprocessing: Preprocessing,
    variance: float,
    random: np.random.Generator,
    *,
    after: bool = False,
) -> Floats:
    """Add Gaussian noise to pictures, and turn them into a network's input.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    preprocessing : Preprocessing
        What the network takes.
    variance : float
        Of the noise, 0 or greater.
    random : numpy.random.Generator
        Where the noise comes from.
    after : bool, default False
        False: the picture goes from 0 to 1 and is cut there, and its grey levels are rounded to
        whole numbers, as people see it (`stimuli.noise`). True: it is normalised by ImageNet's
        means and standard deviations first, so that black is near -2 and white near 2.5, and is
        cut at -1 and 1, as ``skimage.util.random_noise`` cuts what has negative numbers.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        The network's input.

    Examples
    --------
    >>> from cnn.preprocessing import RGB_255
    >>> grey = np.full((1, 2, 2, 3), 51, np.uint8)
    >>> noisy_input(grey, RGB_255, 0.0, np.random.default_rng(1))[0, 0, 0].round(3).tolist()
    [0.20000000298023224, 0.20000000298023224, 0.20000000298023224]
    """
    if after:
        noise = random.normal(0.0, np.sqrt(variance), pictures.shape)
        mean, scale = np.array(TORCH.mean), np.array(TORCH.scale)
        levels: NDArray[Any] = ((pictures - mean) * scale + noise).clip(-1, 1) / scale + mean
    else:
        levels = add_gaussian_noise(pictures, variance, random).astype(np.float64)
    return np.asarray(preprocessing.apply(levels), np.float32)


def summaries(table: pd.DataFrame) -> list[str]:
    """Say what each variance costs.

    Parameters
    ----------
    table : pandas.DataFrame
        As `accuracy_under_noise` gives it.

    Returns
    -------
    list of str
        A line for the pictures as they are, and one for each variance.
    """
    plain, noisy = table.iloc[0], table.iloc[1:]
    said = [f"as they are: {100 * plain['accuracy']:.1f} % of {plain['n']} pictures named rightly"]
    for (placed, variance), group in noisy.groupby(["placed", "variance"]):
        values = 100 * group["accuracy"]
        cut = " (the cut at -1 and 1 alone)" if placed == "after" and not variance else ""
        spread = f", {values.min():.1f} to {values.max():.1f} in {len(values)} draws"
        said.append(
            f"variance {variance:g} {placed} normalisation{cut}: {values.mean():.1f} %"
            f"{spread if len(values) > 1 else ''}"
        )
    return said


def noise_figure(table: pd.DataFrame, box: float, n_expressions: int) -> "Figure":
    """Draw accuracy over variance, and the repeats at one variance as a box plot.

    Parameters
    ----------
    table : pandas.DataFrame
        As `accuracy_under_noise` gives it.
    box : float
        The variance of the box plot; it must be in the table.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels: a bar is the 95 % Wilson interval of the mean accuracy, a dot one repeat.
    """
    figure, [[left, right]] = panel_figure(2, row_cm=(7.0, 7.5), width_ratios=(2.4, 1))
    noisy = table.iloc[1:]
    means = pd.DataFrame(
        [_mean_row(group) for _, group in noisy.groupby("variance")],
        columns=["variance", *ACCURACY],
    )
    plot_accuracy(left, list(means["variance"]), means, label="mean of repeats, 95 % CI")
    left.plot(noisy["variance"], noisy["accuracy"], ".", ms=2.5, color="0.4", label="repeats")
    where = "after normalisation" if noisy["placed"].iloc[0] == "after" else "from 0 to 1"
    frame_accuracy(left, n_expressions, xlabel=f"variance of noise, {where}")
    left.axhline(table["accuracy"].iloc[0], color=NETWORK, lw=0.8, ls=":", label="without noise")
    left.legend()
    values = noisy.loc[noisy["variance"] == box, "accuracy"]
    right.boxplot([values.to_numpy()], widths=0.5, medianprops={"color": NETWORK})
    right.set(xticks=[1], xlabel="variance", ylabel="accuracy", title=f"{len(values)} repeats")
    right.set_xticklabels([f"{box:g}"])
    return figure


def _mean_row(group: pd.DataFrame) -> tuple[float, float, float, float, int]:
    """Give the mean accuracy of repeats with the interval that as many pictures give."""
    n, mean = int(group["n"].iloc[0]), float(group["accuracy"].mean())
    return float(group["variance"].iloc[0]), mean, *wilson_interval(round(mean * n), n), n


def _parts(pictures: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Go through pictures in parts that fit into memory as double numbers."""
    for start in range(0, len(pictures), _BATCH):
        yield pictures[start : start + _BATCH]
