"""TensorFlow, imported late, without its noise, and with the same result for the same seed."""

import os
import warnings
from typing import Any

from study.errors import InputError


def import_tensorflow() -> Any:
    """Import TensorFlow, and keep its remarks about drivers and processors from the user.

    Returns
    -------
    module
        TensorFlow.

    Raises
    ------
    InputError
        If it is not installed.
    """
    # Read by TensorFlow's C++ part when it is loaded; 3 leaves fatal errors only.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import tensorflow as tf
    except ImportError as error:
        raise InputError(
            f"Networks need TensorFlow, but it cannot be imported ({error}). "
            "Install it: pip install 'faceoff[cnn]'."
        ) from error
    tf.get_logger().setLevel("ERROR")
    return tf


def make_deterministic(seed: int) -> None:
    """Seed TensorFlow and let it use only operations that give the same bits each time.

    Parameters
    ----------
    seed : int
        For the first weights of a network, 0 or greater.
    """
    tf = import_tensorflow()
    tf.keras.backend.clear_session()
    # Dropout then draws from generators that can be seeded anew at each epoch.
    tf.keras.backend.experimental.enable_tf_random_generator()
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
