"""Keras' own files: a network's description and its weights, read without running what is in it."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn.backend import import_tensorflow
from cnn.rebuilding import rebuild
from study.errors import InputError

_SAVE = "Save it from Keras 2 with model.save('network.h5')"


@dataclass(frozen=True)
class KerasFile:
    """A network as it was read from a file.

    Parameters
    ----------
    kind : {"h5", "keras", "SavedModel"}
        Which of Keras' formats it has.
    keras_version : str
        Version of Keras that wrote it, or ``unknown``.
    model : keras.Model
        The network with its weights.
    """

    kind: str
    keras_version: str
    model: Any


def files_of(path: Path) -> list[Path]:
    """List the files that make up a stored network.

    Parameters
    ----------
    path : Path
        A file, or the folder of a SavedModel.

    Returns
    -------
    list of Path
        The file itself, or every file in the folder.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file())
    if not path.is_file():
        raise InputError(
            f"A network to adopt must be a file or a SavedModel folder, but there is no {path}. "
            "Correct its name."
        )
    return [path]


def read_keras_file(path: Path, *, allow_lambda: bool = False) -> KerasFile:
    """Read a network from one of Keras' files.

    What the file says of layers is read as text and built anew from Keras' own layers
    (`cnn.rebuilding`); functions in it, whether packed Python code or TensorFlow graphs, are
    never called.

    Parameters
    ----------
    path : Path
        An HDF5 file with layers and weights, a ``.keras`` file, or the folder of a SavedModel
        that Keras wrote.
    allow_lambda : bool, default False
        Whether Lambda layers may be built, and their Python code run.

    Returns
    -------
    KerasFile
        The network, and what wrote it.

    Raises
    ------
    InputError
        If the file is of another kind, was written by Keras 3 or 1, holds no layers, or holds
        what `rebuild` refuses; or its weights do not fit its layers.
    """
    import h5py

    files_of(path)
    if path.is_dir():
        return _read_saved_model(path, allow_lambda)
    if h5py.is_hdf5(path):
        return _read_h5(path, allow_lambda)
    if zipfile.is_zipfile(path):
        return _read_keras(path, allow_lambda)
    hint = f" Name its folder: {path.parent}." if path.suffix == ".pb" else f" {_SAVE}."
    raise InputError(
        "A network to adopt must be an HDF5 file (.h5), a .keras file or a SavedModel folder, "
        f"but {path} is none of them.{hint}"
    )


def _read_h5(path: Path, allow_lambda: bool) -> KerasFile:
    """Read Keras' HDF5 file."""
    import h5py

    with h5py.File(path) as file:
        texts = {
            name: value.decode("utf-8") if isinstance(value, bytes) else str(value)
            for name, value in file.attrs.items()
            if name in ("model_config", "keras_version")
        }
    if "model_config" not in texts:
        raise InputError(
            f"A network to adopt must come with its layers, but {path} holds weights alone. "
            f"{_SAVE}, not with save_weights."
        )
    version = texts.get("keras_version", "unknown")
    description = _decoded(texts["model_config"], path, version)
    model = rebuild(description, source=str(path), allow_lambda=allow_lambda)
    # Keras goes by the file's name to tell its formats apart.
    plain_name = path.suffix in (".h5", ".hdf5") and not path.name.endswith(".weights.h5")
    with tempfile.TemporaryDirectory(prefix="faceoff-") as elsewhere:
        named = path if plain_name else Path(shutil.copyfile(path, Path(elsewhere) / "network.h5"))
        with _fitting_weights(path):
            model.load_weights(named)
    return KerasFile("h5", version, model)


def _read_keras(path: Path, allow_lambda: bool) -> KerasFile:
    """Read a .keras file, which is a zip archive."""
    parts = ("metadata.json", "config.json", "model.weights.h5")
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="faceoff-") as name:
        missing = sorted(set(parts) - set(archive.namelist()))
        if missing:
            raise InputError(
                f"A .keras file must hold {', '.join(parts)}, but {path} lacks "
                f"{', '.join(missing)}. {_SAVE}."
            )
        version = json.loads(archive.read("metadata.json")).get("keras_version", "unknown")
        description = _decoded(archive.read("config.json").decode("utf-8"), path, version)
        model = rebuild(description, source=str(path), allow_lambda=allow_lambda)
        weights = Path(archive.extract("model.weights.h5", name))
        with _fitting_weights(path):
            model.load_weights(weights)
    return KerasFile("keras", version, model)


def _read_saved_model(path: Path, allow_lambda: bool) -> KerasFile:
    """Read the folder of a SavedModel that Keras wrote, without restoring its functions."""
    metadata = _saved_metadata(path)
    version = metadata.get("keras_version", "unknown")
    if not metadata.get("is_graph_network", True) or "layers" not in metadata.get("config", {}):
        raise InputError(
            f"A network to adopt must be a Sequential or functional model, but {path} holds the "
            f"class {metadata.get('class_name')!r}, whose layers are connected by Python code that "
            "is not in the file. Build it as a functional model, take the weights over, and save "
            "it again."
        )
    description = {"class_name": metadata["class_name"], "config": metadata["config"]}
    model = rebuild(description, source=str(path), allow_lambda=allow_lambda)
    with _fitting_weights(path):
        status = model.load_weights(path / "variables" / "variables")
        status.assert_existing_objects_matched()
        status.expect_partial()
    return KerasFile("SavedModel", version, model)


def _saved_metadata(path: Path) -> dict[str, Any]:
    """Read what Keras wrote of the whole network into a SavedModel folder."""
    import_tensorflow()
    from google.protobuf.message import DecodeError
    from keras.protobuf.saved_metadata_pb2 import SavedMetadata
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    texts = []
    try:
        if (path / "keras_metadata.pb").is_file():
            nodes = SavedMetadata.FromString((path / "keras_metadata.pb").read_bytes()).nodes
            texts = [node.metadata for node in nodes if node.node_path == "root"]
        elif (path / "saved_model.pb").is_file():  # TensorFlow before 2.5
            saved = SavedModel.FromString((path / "saved_model.pb").read_bytes())
            root = saved.meta_graphs[0].object_graph_def.nodes[0].user_object
            texts = [root.metadata] if root.identifier.startswith("_tf_keras") else []
        metadata: dict[str, Any] = json.loads(texts[0]) if texts and texts[0] else {}
    except (DecodeError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} must be a SavedModel folder, but it cannot be read ({error}). {_SAVE}."
        ) from error
    if "class_name" not in metadata:
        raise InputError(
            f"A SavedModel must hold Keras' description of the layers, but in {path} there is none"
            ": such a folder is no SavedModel, or holds TensorFlow functions alone, as Keras 3 and "
            f"tf.saved_model.save write them. {_SAVE}."
        )
    return metadata


def _decoded(text: str, path: Path, version: str) -> Any:
    """Decode a description, and refuse those of other Keras generations."""
    if version.startswith("3"):
        raise InputError(
            f"A network to adopt must come from Keras 2, but {path} was written by Keras "
            f"{version}, whose files Keras 2 cannot read. Build the same layers with the package "
            "tf_keras, which is Keras 2, give them the weights (new.set_weights(old.get_weights()))"
            ", and save that as network.h5."
        )
    if version.startswith("1"):
        raise InputError(
            f"A network to adopt must come from Keras 2, but {path} was written by Keras "
            f"{version}. Load it with Keras 2.2 and save it again."
        )
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(
            f"{path} must describe its layers as JSON, but cannot be read ({error}). {_SAVE}."
        ) from error


@contextmanager
def _fitting_weights(path: Path) -> Iterator[None]:
    """Say in one message where weights do not fit the layers."""
    tf = import_tensorflow()
    try:
        yield
    except (AssertionError, KeyError, OSError, ValueError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise InputError(
            f"The weights in {path} must fit the layers in it, but they do not ({reason}). {_SAVE}."
        ) from error
