"""The same network, trained on shuffled labels: what maps show that owe nothing to the labels."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cnn.backend import import_tensorflow
from cnn.data import LabelledPictures, load_split, read_labels
from cnn.learning import fit
from cnn.network import Network
from study.folder import Study
from study.progress import say
from study.seeds import generator

#: Part of the shuffled labels from which on they are learnt (Adebayo et al., 2018: over 95 %).
FITTED = 0.95
# Labels without meaning are learnt by heart, which takes longer than learning what faces show.
_TIMES_EPOCHS = 5


def train_on_shuffled_labels(study: Study, network: Network) -> tuple[Network, float]:
    """Train a network anew, with the training pictures' labels in a random order.

    So that they can be learnt by heart, pictures are not moved, lit or mirrored, and there is no
    dropout. Training ends when 95 % of them are named as told, or after five times the study's
    epochs. Layers that are frozen keep their weights, as when the network itself was trained.

    Parameters
    ----------
    study : Study
        The study: its training pictures, seed and training settings.
    network : Network
        The network; it is left as it is.

    Returns
    -------
    network : Network
        Of the same layers, with the weights that fit the shuffled labels best.
    accuracy : float
        Part of the training pictures that it names as told, without dropout.

    Raises
    ------
    InputError
        If there are no training pictures.

    References
    ----------
    Adebayo, J., Gilmer, J., Muelly, M., Goodfellow, I., Hardt, M. and Kim, B. (2018). Sanity
    checks for saliency maps. Advances in Neural Information Processing Systems, 31, section 4.2.
    """
    tf = import_tensorflow()
    seed = study.settings.study.seed
    pictures = shuffled(load_split(study, read_labels(study), "train", network.input_px),
                        network.expressions, seed)  # fmt: skip
    tf.keras.utils.set_random_seed(seed)
    logits = tf.keras.models.clone_model(network.model)
    for new, old in zip(_layers(logits), _layers(network.model), strict=True):
        if not old.trainable:
            new.set_weights(old.get_weights())
        if hasattr(new, "rate"):
            new.rate = 0.0
    probabilities = tf.keras.layers.Softmax()(logits.outputs[0])
    learner = tf.keras.Model(logits.inputs, probabilities)
    settings = study.settings.cnn.for_network(study.settings.cnn.model)
    epochs = _TIMES_EPOCHS * settings.epochs
    plain = settings.model_copy(
        update={
            "input_px": network.input_px, "epochs": epochs, "patience": epochs,
            "keep": "best",
            "shift": 0.0, "zoom": 0.0, "brightness": 0.0, "shear_deg": 0.0, "flip": False,
        }
    )  # fmt: skip
    history = fit(
        learner, pictures, pictures, plain, network.preprocessing, seed, lambda _: None,
        until=FITTED,
    )  # fmt: skip
    accuracy = float(history.loc[history["best"], "val_accuracy"].iloc[-1])
    say(
        f"shuffled labels: {100 * accuracy:.1f} % of {len(pictures.table)} training pictures "
        f"named as told after {len(history)} epochs"
    )
    return replace(network, model=logits), accuracy


def shuffled(
    pictures: LabelledPictures, expressions: tuple[str, ...], seed: int
) -> LabelledPictures:
    """Give pictures each other's labels.

    Parameters
    ----------
    pictures : LabelledPictures
        Pictures.
    expressions : tuple of str
        Those that the network knows; pictures of others are left out.
    seed : int
        Of the order.

    Returns
    -------
    LabelledPictures
        The pictures in their order, with labels in a random one: as many of each as before.
    """
    known = pictures.table["expression"].isin(expressions).to_numpy()
    table = pictures.table[known].reset_index(drop=True)
    random = generator(seed, "cnn", "sanity", "labels")
    labels = random.permutation(table["expression"].to_numpy(dtype=object))
    return LabelledPictures(
        table.assign(expression=labels), pictures.pictures[known], tuple(expressions)
    )


def _layers(model: Any) -> Iterator[Any]:
    """Go through the layers of a network, and of those within it."""
    for layer in model.layers:
        if isinstance(layer, import_tensorflow().keras.Model):
            yield from _layers(layer)
        else:
            yield layer
