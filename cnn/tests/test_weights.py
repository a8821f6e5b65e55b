from pathlib import Path

import h5py
import numpy as np
import pytest

from cnn.architectures import ARCHITECTURES, VGG_FACE_FILE, build
from cnn.backend import import_tensorflow
from cnn.layouts import VGG_FACE_BLOCKS
from study.errors import InputError

pytestmark = pytest.mark.network


def write_vgg_face(file: Path, *, without: str = "", wide: str = "", nested: bool = False) -> dict:
    """A file in the layout of keras-vggface, with names as bytes, as older h5py wrote them."""
    random = np.random.default_rng(1)
    kernels, channels = {}, 3
    for block, (filters, n) in enumerate(VGG_FACE_BLOCKS, start=1):
        for index in range(1, n + 1):
            shape = (3, 3, channels, filters)
            kernels[f"conv{block}_{index}"] = (
                random.normal(0, 0.05, shape).astype(np.float32),
                random.normal(0, 0.05, filters).astype(np.float32),
            )
            channels = filters
    kernels.pop(without, None)
    if wide:
        kernels[wide] = (np.ones((5, 5, 64, 64), np.float32), kernels[wide][1])
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as opened:
        root = opened.create_group("model_weights") if nested else opened
        names = ["input_1", *kernels, "pool5"]
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = root.create_group(name)
            weights = [f"{name}/kernel:0", f"{name}/bias:0"] if name in kernels else []
            group.attrs["weight_names"] = [weight.encode() for weight in weights]
            for weight, values in zip(weights, kernels.get(name, ()), strict=True):
                group.create_dataset(weight, data=values)
    return kernels


def test_vgg_face_has_the_published_number_of_parameters():
    model = build("vgg_face", 224, 7, "random")
    assert model.count_params() == 27_826_503
    heads = {name: model.get_layer(name).count_params() for name in ("fc6", "fc7", "fc8")}
    assert heads == {"fc6": 12_845_568, "fc7": 262_656, "fc8": 3_591}


@pytest.mark.parametrize("nested", [False, True])
def test_vgg_face_starts_from_the_weights_in_keras_cache(tmp_path, monkeypatch, nested):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    kernels = write_vgg_face(tmp_path / ".keras" / "models" / VGG_FACE_FILE, nested=nested)
    model = build("vgg_face", 64, 7)
    for name, arrays in kernels.items():
        for stored, found in zip(arrays, model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(stored, found)


def test_missing_weights_are_named_with_file_and_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(InputError, match=r"notop_vgg16.h5, but it is not in the folder .*vggface"):
        build("vgg_face", 64, 7)
    with pytest.raises(InputError, match=r"mine.h5, but it is not in the folder"):
        build("MobileNetV2", 64, 7, str(tmp_path / "mine.h5"))


def test_weights_that_cannot_be_fetched_are_named(tmp_path):
    from cnn.weights import load_imagenet

    def offline(**_: object) -> None:
        raise Exception("URL fetch failure on https://keras.example/a/net_no_top.h5: None -- gone")

    with pytest.raises(InputError, match=r"starts from net_no_top.h5, but it is not in the folder"):
        load_imagenet(offline, "Net", (64, 64, 3), "own")


def test_a_wrong_layout_is_named_and_nothing_is_loaded(tmp_path):
    file = tmp_path / "w.h5"
    write_vgg_face(file, without="conv3_2")
    with pytest.raises(InputError, match="none of conv3_2; it has conv1_1, conv1_2"):
        build("vgg_face", 64, 7, str(file))
    write_vgg_face(file, wide="conv1_2")
    with pytest.raises(InputError, match=r"conv1_2 must have weights of the shapes .*\(5, 5, 64"):
        build("vgg_face", 64, 7, str(file))
    file.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match="must hold Keras weights as HDF5"):
        build("vgg_face", 64, 7, str(file))


def test_a_file_of_another_application_is_refused(tmp_path):
    keras = import_tensorflow().keras
    file = tmp_path / "mobilenet.h5"
    source = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(64, 64, 3), pooling="avg"
    )
    source.save_weights(file)
    loaded = build("MobileNetV2", 64, 7, str(file))
    for stored, found in zip(source.get_weights(), loaded.get_weights(), strict=False):
        np.testing.assert_array_equal(stored, found)
    with pytest.raises(InputError, match="must hold the weights of VGG16 without its top"):
        build("VGG16", 64, 7, str(file))


def test_every_preprocessing_is_that_of_keras():
    keras = import_tensorflow().keras
    pixels = np.random.default_rng(2).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    for name, chosen in ARCHITECTURES.items():
        if not hasattr(keras.applications, name):  # ours, and those of published studies
            continue
        make = getattr(keras.applications, name)
        module = getattr(keras.applications, make.__module__.rsplit(".", 1)[-1])
        expected = module.preprocess_input(pixels.copy())
        np.testing.assert_allclose(
            chosen.preprocessing.apply(pixels), expected, rtol=1e-5, atol=1e-4, err_msg=name
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("VGG16", 14.7), ("VGG19", 20.0), ("ResNet50", 23.6), ("ResNet101V2", 42.6),
        ("InceptionV3", 21.8), ("Xception", 20.9), ("MobileNetV3Large", 3.0),
        ("EfficientNetV2B0", 5.9),
    ],
)  # fmt: skip
def test_networks_with_the_published_head_have_the_published_size(name, millions):
    # Gaya-Morey et al. (2024): ImageNet networks, global average pooling, six classes.
    model = build(name, 224, 6, "random")
    assert model.count_params() / 1e6 == pytest.approx(millions, abs=0.06)
    assert model.output_shape == (None, 6)


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(InputError, match="'Xception' needs pictures of at least 71 px"):
        build("Xception", 64, 7, "random")
