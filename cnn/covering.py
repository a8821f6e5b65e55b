"""Explanations by covering parts of the picture: occlusion, and LIME on superpixels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.gradients import Floats, in_batches
from cnn.network import Network, softmax
from study.errors import InputError
from study.progress import track

_BATCH = 32


def occlusion(
    network: Network,
    inputs: Floats,
    targets: NDArray[np.int64],
    *,
    fill: float | str,
    patch: int | None = None,
    stride: int | None = None,
) -> Floats:
    """Cover the picture patch by patch, and see by how much the logit drops.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    fill : float or "mean"
        What covers: a grey level, 0 to 255, before preprocessing, or each picture's mean colour.
    patch : int, optional
        Side of the square patch in the network's pixels; by default a seventh of the picture's.
    stride : int, optional
        Pixels from one patch to the next, no more than the patch's side; by default a quarter of
        it. The last patch of a row or column ends at the picture's edge.

    Returns
    -------
    ndarray of float32, shape (n, side, side)
        Logits for each pixel: of every patch the drop divided by its number of pixels, averaged
        over the patches that cover the pixel. Positive where covering lowers the logit.

    Raises
    ------
    InputError
        If the patch is larger than the picture, or the stride larger than the patch.

    References
    ----------
    Zeiler, M. D. and Fergus, R. (2014). Visualizing and understanding convolutional networks.
    ECCV, section 4.2. They show the class's probability where the patch stands; here its drop is
    spread over what the patch covers, as Captum does.
    """
    side = inputs.shape[1]
    patch = patch or max(1, side // 7)
    stride = stride or max(1, patch // 4)
    if not stride <= patch <= side:
        raise InputError(
            f"A patch must be no larger than the picture and its stride no larger than the patch, "
            f"but the picture has {side} px, the patch {patch} and the stride {stride}. "
            "Correct --argument patch=... and stride=...."
        )
    starts = [*range(0, side - patch, stride), side - patch]
    corners = np.array([(top, left) for top in starts for left in starts])
    compute = _logit_of(network.model)
    covers = np.zeros((side, side))
    for top, left in corners:
        covers[top : top + patch, left : left + patch] += 1
    maps = np.zeros(inputs.shape[:3])
    for n, picture in track(list(enumerate(inputs)), "covered pictures"):
        colour = picture.mean(axis=(0, 1)) if fill == "mean" else _even_colour(network, fill)
        whole = in_batches(compute, picture[None], targets[n : n + 1], "")
        for first in range(0, len(corners), _BATCH):
            places = corners[first : first + _BATCH]
            covered = np.repeat(picture[None], len(places), axis=0)
            for one, (top, left) in zip(covered, places, strict=True):
                one[top : top + patch, left : left + patch] = colour
            drops = whole - in_batches(compute, covered, np.repeat(targets[n], len(places)), "")
            for drop, (top, left) in zip(drops, places, strict=True):
                maps[n, top : top + patch, left : left + patch] += drop / patch**2
    return (maps / covers).astype(np.float32)


def lime(
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    *,
    segments: int,
    compactness: float,
    samples: int,
    fill: int | str,
    kernel_width: float,
    positive: bool,
    probability: bool,
    seed: int,
) -> Floats:
    """Fit a linear model to the answers where random superpixels are covered.

    Parameters
    ----------
    network : Network
        The network.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Which output.
    segments : int
        How many superpixels SLIC is asked for; it makes about as many.
    compactness : float
        SLIC's weight of distance against colour.
    samples : int
        Pictures with each superpixel covered by chance (one half), the whole picture among them.
    fill : int or "mean"
        Grey level of what is covered, or each superpixel's own mean colour.
    kernel_width : float
        How fast a sample counts less with its cosine distance d from the whole picture, by
        exp(-d^2 / (2 kernel_width^2)).
    positive : bool
        Leave out weights below 0.
    probability : bool
        Explain the probability, as the package and the studies that use it do, not the logit.
    seed : int
        Of the samples; the same for every picture, so that its map hangs on no other one.

    Returns
    -------
    ndarray of float32, shape (n, side, side)
        Each pixel has the weight of its superpixel: by how much the answer (a logit, or a
        probability) is higher where the superpixel is seen. A large superpixel therefore counts
        for many pixels in the sum of the map, which says nothing of the logit's size.

    References
    ----------
    Ribeiro, M. T., Singh, S. and Guestrin, C. (2016). "Why should I trust you?" Explaining the
    predictions of any classifier. KDD. Superpixels, samples, kernel and ridge regression
    (alpha = 1) are those of its authors' package lime 0.2.0.1; Achanta, R. et al. (2012). SLIC
    superpixels compared to state-of-the-art superpixel methods. IEEE TPAMI 34(11), 2274-2282.
    """
    from skimage.segmentation import slic

    def answers(seen: NDArray[np.uint8]) -> NDArray[Any]:
        logits = network.logits(seen)
        return softmax(logits) if probability else logits.astype(np.float64)

    maps = np.zeros(pictures.shape[:3], np.float32)
    for n, picture in track(list(enumerate(pictures)), "lime"):
        places = slic(picture, n_segments=segments, compactness=compactness, start_label=0)
        explained = _explainer(kernel_width, seed).explain_instance(
            picture,
            answers,
            labels=(int(targets[n]),),
            top_labels=None,
            hide_color=None if fill == "mean" else fill,
            num_samples=samples,
            batch_size=_BATCH,
            segmentation_fn=lambda _, places=places: places,
            random_seed=0,  # of the segmentation, which has none
        )
        weights = dict(explained.local_exp[int(targets[n])])
        maps[n] = np.array([weights[place] for place in range(len(weights))])[places]
    return np.maximum(maps, 0) if positive else maps


def _explainer(kernel_width: float, seed: int) -> Any:
    """Make the lime package's explainer, without its own bar and with samples made at once."""
    try:
        from lime.lime_image import LimeImageExplainer
    except ImportError as error:
        raise InputError(
            f"lime must be able to import the package of that name, but it cannot ({error}). "
            "Install it: pip install 'faceoff[cnn]'."
        ) from error

    class Explainer(LimeImageExplainer):
        def data_labels(
            self,
            image: NDArray[np.uint8],
            fudged_image: NDArray[np.uint8],
            segments: NDArray[np.int64],
            classifier_fn: Callable[[NDArray[np.uint8]], NDArray[Any]],
            num_samples: int,
            batch_size: int = _BATCH,
        ) -> tuple[NDArray[np.int64], NDArray[Any]]:
            n_segments = int(segments.max()) + 1
            seen = self.random_state.randint(0, 2, (num_samples, n_segments))
            seen[0] = 1
            answers = []
            for first in range(0, num_samples, batch_size):
                shown = seen[first : first + batch_size][:, segments, None] == 1
                answers.append(classifier_fn(np.where(shown, image, fudged_image)))
            return seen, np.concatenate(answers)

    return Explainer(kernel_width=kernel_width, feature_selection="none", random_state=seed)


def _logit_of(model: Any) -> Callable[[Any, Any], Any]:
    """Compile one logit of each picture."""
    tf = import_tensorflow()

    @tf.function(reduce_retracing=True, autograph=False)
    def compute(inputs: Any, targets: Any) -> Any:
        return tf.gather(model(inputs, training=False), targets, axis=1, batch_dims=1)

    return compute


def _even_colour(network: Network, level: float | str) -> Floats:
    """Preprocess a grey level."""
    colour: Floats = network.preprocessing.apply(np.full(3, level, np.float32))
    return colour
