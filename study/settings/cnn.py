"""Settings of the section [cnn] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class CnnSettings(Section):
    """The network, how it is trained and how it is explained."""

    model: str = Field("small", description="name of the network in the registry: small")
    input_px: int = Field(224, ge=16, description="side of the square picture that it sees")
    epochs: int = Field(24, ge=1, description="most passes over the training pictures")
    patience: int = Field(
        10, ge=1, description="stop after so many epochs without a lower validation loss"
    )
    batch_size: int = Field(16, ge=1, description="pictures in one training step")
    learning_rate: float = Field(
        0.0015, gt=0, description="Adam's first step size; it falls to 0 along a cosine"
    )
    shift: float = Field(
        0.04, ge=0, lt=1, description="training pictures move by up to this part of their side"
    )
    zoom: float = Field(
        0.06, ge=0, lt=1, description="training pictures grow or shrink by up to this part"
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
