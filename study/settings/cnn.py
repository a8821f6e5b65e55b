"""Settings of the section [cnn] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class CnnSettings(Section):
    """The network, how it is trained and how it is explained."""

    model: str = Field(
        "small", min_length=1, description="name of the network: faceoff cnn networks lists them"
    )
    weights: str = Field(
        "own",
        min_length=1,
        description="what the training starts from: own (those that the registry names), random, "
        "or a file in their layout, from the study folder or absolute",
    )
    preprocessing: Literal["own", "rgb_255"] = Field(
        "own",
        description="what is done to pixels first: own (as the network's weights were trained), "
        "or rgb_255 (RGB divided by 255, as in Bartnik, 2020)",
    )
    freeze: list[str] = Field(
        [], description='layers that are not trained, by name or pattern, such as "conv*"'
    )
    input_px: int = Field(224, ge=16, description="side of the square picture that it sees")
    epochs: int = Field(24, ge=1, description="most passes over the training pictures")
    patience: int = Field(
        10, ge=1, description="stop after so many epochs without a lower validation loss"
    )
    batch_size: int = Field(16, ge=1, description="pictures in one training step")
    learning_rate: float = Field(0.0015, gt=0, description="Adam's first step size")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="the step size falls to 0 along a cosine, or stays"
    )
    shift: float = Field(
        0.04, ge=0, lt=1, description="training pictures move by up to this part of their side"
    )
    zoom: float = Field(
        0.06, ge=0, lt=1, description="training pictures grow or shrink by up to this part"
    )
    zoom_apart: bool = Field(
        False, description="width and height grow or shrink each by its own amount"
    )
    shear_deg: float = Field(
        0.0, ge=0, lt=45, description="training pictures are sheared by up to this angle"
    )
    brightness: float = Field(
        0.15, ge=0, lt=1, description="training pictures get brighter or darker by up to this part"
    )
    flip: bool = Field(True, description="mirror every second training picture")
    method: str = Field(
        "lrp.sequential_preset_a_flat",
        description="explanation: faceoff cnn methods lists them; innvestigate's have the prefix "
        "innvestigate.",
    )
    method_arguments: dict[str, float | int | str] = Field(
        {}, description="arguments of the method, in place of its defaults"
    )
    target: Literal[
        "true", "predicted", "afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised"
    ] = Field(
        "true",
        description="which logit the maps explain: that of the true or of the predicted "
        "expression, or always that of one expression",
    )
