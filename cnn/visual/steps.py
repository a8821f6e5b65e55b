"""The steps of filters, feature maps and galleries."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cnn.experiments.steps import network_inputs
from study.folder import Study
from study.provenance import Step


def filters_step(study: Study, layer: str, most: int) -> Step:
    """Describe the drawing of a convolution's filters.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    layer : str
        Name of the convolution; empty for the first.
    most : int
        Filters that are drawn.

    Returns
    -------
    Step
        From the network to a figure.
    """
    from cnn.visual.filters import draw_filters

    model = study.settings.cnn.model
    stem = f"filters_{layer}" if layer else "filters"
    return Step(
        "cnn filters" + f" --layer {layer}" * bool(layer),
        network_inputs(study)[:2],
        _figure(study, model, stem),
        {"model": model, "most": most},
        partial(draw_filters, study, model, layer, most, stem),
        "cnn features",
    )


def features_step(study: Study, image: str, layers: Sequence[str]) -> Step:
    """Describe the drawing of feature maps.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    image : str
        A picture's id; empty for the first test picture.
    layers : sequence of str
        Names of convolutions; empty for all.

    Returns
    -------
    Step
        From the network and the picture to a figure.
    """
    from cnn.visual.features import draw_features

    model = study.settings.cnn.model
    stem = f"features_{image}" if image else "features"
    return Step(
        "cnn features" + f" --image {image}" * bool(image),
        network_inputs(study),
        _figure(study, model, stem),
        {"model": model, "layers": list(layers)},
        partial(draw_features, study, model, image, layers, stem),
        "cnn gallery",
    )


def gallery_step(
    study: Study, method: str, n_right: int, n_wrong: int, images: Sequence[str]
) -> Step:
    """Describe the drawing of right and wrong answers.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    method : str
        The explanation.
    n_right, n_wrong : int
        Pictures of each kind.
    images : sequence of str
        These in place of drawn ones.

    Returns
    -------
    Step
        From the network to a table and two figures.
    """
    from cnn.visual.gallery import draw_gallery

    model = study.settings.cnn.model
    figures = (*_figure(study, model, "gallery"), *_figure(study, model, "gallery_grid"))
    return Step(
        "cnn gallery",
        network_inputs(study),
        (study.cnn_dir(model) / "visual" / "gallery.tsv", *figures),
        {
            "model": model, "method": method, "right": n_right, "wrong": n_wrong,
            "images": list(images), "seed": study.settings.study.seed,
        },
        partial(draw_gallery, study, model, method, n_right, n_wrong, images),
    )  # fmt: skip


def _figure(study: Study, model: str, stem: str) -> tuple[Path, ...]:
    """Name the files of a figure."""
    return tuple(study.cnn_dir(model) / "visual" / f"{stem}.{end}" for end in ("svg", "png"))
