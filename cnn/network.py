"""A network on the disk and in memory: its layers, weights, input, and its answers."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.heads import without_softmax
from cnn.preprocessing import Preprocessing
from cnn.rebuilding import rebuild
from study.errors import InputError
from study.folder import Study
from study.writing import atomic_path, write_json

#: Pictures that are answered at once.
BATCH = 64
# More at once gain little and take memory; benchmarks/perturbation.py has the numbers.
_COVERED_BATCH = 32


@dataclass(frozen=True)
class Network:
    """A network that names expressions.

    Parameters
    ----------
    name : str
        Its name in the registry.
    input_px : int
        Side of the square picture that it takes.
    expressions : tuple of str
        What its outputs stand for, in order.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    model : keras.Model
        From preprocessed pictures to logits; it ends before the softmax.
    folder : Path
        Where its files are, if it has any; by default the current folder.
    """

    name: str
    input_px: int
    expressions: tuple[str, ...]
    preprocessing: Preprocessing
    model: Any
    folder: Path = Path()

    def logits(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the network's answer to pictures, before the softmax.

        Parameters
        ----------
        pictures : ndarray of uint8, shape (n, input_px, input_px, 3)
            RGB pictures.

        Returns
        -------
        ndarray of float32, shape (n, n_expressions)
            The logit of each expression.

        Raises
        ------
        InputError
            If the pictures have another size or are not of 8 bits.
        """
        self._check(pictures)
        starts = range(0, len(pictures), BATCH)
        answers = [self._answer(pictures[start : start + BATCH]) for start in starts]
        return np.concatenate([np.empty((0, len(self.expressions)), np.float32), *answers])

    def covered_logits(
        self,
        picture: NDArray[np.uint8],
        cover: NDArray[np.uint8],
        covered: NDArray[np.bool_],
        tile_of_pixel: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Compute the network's answer to a picture of which some tiles show something else.

        The pictures are put together where the network is, which is faster than to make and to
        move each of them.

        Parameters
        ----------
        picture : ndarray of uint8, shape (input_px, input_px, 3)
            The whole picture, RGB.
        cover : ndarray of uint8, shape (input_px, input_px, 3)
            What covered tiles show instead.
        covered : ndarray of bool, shape (n, n_tiles)
            For each answer, which tiles are covered.
        tile_of_pixel : ndarray of int, shape (input_px, input_px)
            The tile that each pixel belongs to.

        Returns
        -------
        ndarray of float32, shape (n, n_expressions)
            The logit of each expression.

        Raises
        ------
        InputError
            If picture or cover have another size or are not of 8 bits.
        """
        self._check(picture[None])
        self._check(cover[None])
        tile_of_strip = tile_of_pixel[:, :: _strip_px(tile_of_pixel)]
        parts = np.array_split(covered, max(1, -(-len(covered) // _COVERED_BATCH)))
        answers = [self._covered_answer(picture, cover, part, tile_of_strip) for part in parts]
        return np.concatenate([answer.numpy() for answer in answers])

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Compute the probability of each expression, the softmax of the logits.

        Parameters
        ----------
        pictures : ndarray of uint8, shape (n, input_px, input_px, 3)
            RGB pictures.

        Returns
        -------
        ndarray of float, shape (n, n_expressions)
            Each row sums to 1.
        """
        return softmax(self.logits(pictures))

    def prepare(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Check pictures and turn them into the numbers that the first layer takes.

        Parameters
        ----------
        pictures : ndarray of uint8, shape (n, input_px, input_px, 3)
            RGB pictures.

        Returns
        -------
        ndarray of float32, shape (n, input_px, input_px, 3)
            The network's input.

        Raises
        ------
        InputError
            If the pictures have another size or are not of 8 bits.
        """
        self._check(pictures)
        prepared: NDArray[np.float32] = self.preprocessing.apply(pictures.astype(np.float32))
        return prepared

    def _check(self, pictures: NDArray[np.uint8]) -> None:
        """Refuse pictures of another size or kind."""
        side = self.input_px
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (side, side, 3):
            raise InputError(
                f"The network {self.name!r} takes RGB pictures of 8 bits, {side} x {side} px, "
                f"but got {pictures.dtype} of shape {pictures.shape[1:]}. Resize or convert them."
            )

    @cached_property
    def _answer(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """The way from a batch of pictures to logits, compiled where TensorFlow can."""
        tf = import_tensorflow()
        if not tf.executing_eagerly():  # as in innvestigate's process
            return lambda pictures: self.model.predict_on_batch(self.prepare(pictures))

        @tf.function(
            input_signature=[tf.TensorSpec((None, self.input_px, self.input_px, 3), "uint8")]
        )
        def answer(pictures: Any) -> Any:
            inputs = self.preprocessing.apply(tf.cast(pictures, tf.float32))
            return self.model(inputs, training=False)

        return lambda pictures: answer(pictures).numpy()

    @cached_property
    def _covered_answer(self) -> Callable[..., Any]:
        """The way from a picture, its cover and masks to logits, compiled."""
        tf = import_tensorflow()
        side = self.input_px
        pixels = tf.TensorSpec((side, side, 3), "uint8")
        masks, tiles = tf.TensorSpec((None, None), "bool"), tf.TensorSpec((side, None), "int64")

        @tf.function(input_signature=[pixels, pixels, masks, tiles])
        def answer(picture: Any, cover: Any, covered: Any, tile_of_strip: Any) -> Any:
            # Each is prepared once, and the pictures are put together strip by strip: to choose
            # pixel by pixel takes ten times as long, and longer than a small network's answer.
            both = self.preprocessing.apply(tf.cast(tf.stack([picture, cover]), tf.float32))
            n_strips = tf.size(tile_of_strip)
            strips = tf.reshape(both, (2 * n_strips, -1))
            hidden = tf.gather(covered, tf.reshape(tile_of_strip, [-1]), axis=1)
            chosen = tf.range(n_strips) + n_strips * tf.cast(hidden, tf.int32)
            made = tf.reshape(tf.gather(strips, chosen), (-1, side, side, 3))
            return self.model(made, training=False)

        return answer


def _strip_px(tile_of_pixel: NDArray[np.int64]) -> int:
    """Find the widest strip of a row that, laid side by side, never crosses a tile's border."""
    borders = np.flatnonzero((np.diff(tile_of_pixel, axis=1) != 0).any(axis=0)) + 1
    return int(np.gcd.reduce(borders, initial=tile_of_pixel.shape[1]))


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Turn logits into probabilities.

    Parameters
    ----------
    logits : ndarray, shape (..., n)
        Any numbers.

    Returns
    -------
    ndarray of float, shape (..., n)
        Positive, with the sum 1 over the last axis.

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    logits = np.asarray(logits, dtype=np.float64)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def save_network(
    folder: Path,
    model: Any,
    *,
    name: str,
    expressions: Sequence[str],
    preprocessing: Preprocessing,
    seed: int,
    adopted: Mapping[str, Any] | None = None,
) -> None:
    """Write a trained network: its description, and its weights as HDF5.

    Parameters
    ----------
    folder : Path
        The network's folder.
    model : keras.Model
        The trained model.
    name : str
        Its name in the registry.
    expressions : sequence of str
        What its outputs stand for, in order.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    seed : int
        What its training started from.
    adopted : mapping, optional
        Where a network that was not trained here comes from, as `cnn.adoption.adopt` writes it.
    """
    # Keras chooses another layout for names that end in ".weights.h5", as temporary ones do.
    with tempfile.TemporaryDirectory(prefix="faceoff-") as elsewhere:
        model.save_weights(Path(elsewhere) / "network.h5", save_format="h5")
        with atomic_path(folder / "weights.h5") as temporary:
            shutil.copyfile(Path(elsewhere) / "network.h5", temporary)
    write_json(
        folder / "network.json",
        {
            "name": name,
            "input_px": model.input_shape[1],
            "expressions": list(expressions),
            "preprocessing": preprocessing.as_json(),
            "parameters": model.count_params(),
            "frozen_layers": [layer.name for layer in model.layers if not layer.trainable],
            "seed": seed,
            **({"adopted": dict(adopted)} if adopted else {}),
            "layers": json.loads(model.to_json()),
        },
    )


def read_network(folder: Path) -> Network:
    """Read a network from its folder.

    Parameters
    ----------
    folder : Path
        The folder that holds network.json and weights.h5.

    Returns
    -------
    Network
        The network, without its softmax.

    Raises
    ------
    InputError
        If a file is missing or damaged, or TensorFlow is not installed.
    """
    for file in (folder / "network.json", folder / "weights.h5"):
        if not file.is_file():
            raise InputError(
                f"The network must be at {file}, but there is no such file. "
                "Train it first: faceoff cnn train; or take your own in: faceoff cnn adopt."
            )
    try:
        stored = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        asked_for = bool(stored.get("adopted", {}).get("lambda_layers"))
        model = rebuild(
            stored["layers"], source=str(folder / "network.json"), allow_lambda=asked_for
        )
        model.load_weights(folder / "weights.h5")
        preprocessing = Preprocessing.from_json(stored["preprocessing"])
        name, expressions = stored["name"], tuple(stored["expressions"])
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise InputError(
            f"{folder} must hold a network that faceoff wrote, but it cannot be read ({error}). "
            "Train it anew: faceoff cnn train --force."
        ) from error
    side = model.input_shape[1]
    return Network(name, side, expressions, preprocessing, without_softmax(model), folder)


def load_network(study: Study, model: str) -> Network:
    """Load a network that was trained in a study.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Returns
    -------
    Network
        Ready to answer.

    Raises
    ------
    InputError
        If it was not trained yet, its files are damaged, or TensorFlow is not installed.
    """
    return read_network(study.cnn_dir(model))
