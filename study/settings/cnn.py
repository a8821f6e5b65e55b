"""Settings of the section [cnn] of study.toml."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section

Expression = Literal["afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised"]
ALL_EXPRESSIONS: list[Expression] = [
    "afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised",
]  # fmt: skip


class TrainingSettings(Section):
    """How a network is built and trained."""

    architecture: str = Field(
        "",
        description="what is built, of those that faceoff cnn networks lists; empty: that of the "
        "network's name",
    )
    expressions: list[Expression] = Field(
        ALL_EXPRESSIONS,
        min_length=2,
        description="what its outputs stand for; pictures of others are left out",
    )
    weights: str = Field(
        "own",
        min_length=1,
        description="what the training starts from: own (those that the registry names), random, "
        "or a file in their layout, from the study folder or absolute",
    )
    preprocessing: Literal["own", "rgb_255", "torch"] = Field(
        "own",
        description="what is done to pixels first: own (as the network's weights were trained), "
        "rgb_255 (RGB divided by 255, as in Bartnik, 2020), or torch (less ImageNet's means, "
        "divided by its standard deviations)",
    )
    grey: bool = Field(
        False, description="pictures are made grey first; the network sees three equal colours"
    )
    freeze: list[str] = Field(
        [], description='layers that are not trained, by name or pattern, such as "conv*"'
    )
    input_px: int = Field(224, ge=16, description="side of the square picture that it sees")
    resampling: Literal["antialiased", "nearest"] = Field(
        "antialiased",
        description="how pictures are brought to that side: antialiased (Lanczos), or by the "
        "nearest pixel, as Keras' and some studies' loaders do",
    )
    epochs: int = Field(24, ge=1, description="most passes over the training pictures")
    patience: int = Field(
        10, ge=1, description="stop after so many epochs without a lower validation loss"
    )
    batch_size: int = Field(16, ge=1, description="pictures in one training step")
    optimiser: Literal["adam", "sgd", "rmsprop", "adamax"] = Field(
        "adam", description="adam, sgd (without momentum), rmsprop or adamax, each as Keras has it"
    )
    learning_rate: float = Field(0.0015, gt=0, description="the optimiser's first step size")
    schedule: Literal["cosine", "constant", "plateau"] = Field(
        "cosine",
        description="the step size falls to 0 along a cosine, or stays, or falls when the "
        "validation loss has not fallen for plateau_patience epochs",
    )
    plateau_patience: int = Field(3, ge=1, description="epochs, with the schedule plateau")
    plateau_factor: float = Field(
        0.5, gt=0, lt=1, description="what the step size is multiplied by then"
    )
    smallest_rate: float = Field(0.0, ge=0, description="it falls no further than this")
    keep: Literal["best", "last"] = Field(
        "best",
        description="weights that are kept: those with the lowest validation loss, or the last",
    )
    fold_validation: Literal["next", "test"] = Field(
        "next",
        description="what the network of a fold is validated on: the next fold, which it is then "
        'not trained on, or its own test pictures, as some do; "test" needs "last" for keep',
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
    rotation_deg: float = Field(
        0.0, ge=0, le=180, description="training pictures are turned by up to this angle"
    )
    brightness: float = Field(
        0.15, ge=0, lt=1, description="training pictures get brighter or darker by up to this part"
    )
    contrast: float = Field(
        0.0, ge=0, lt=1, description="their contrast changes by up to this part"
    )
    saturation: float = Field(
        0.0, ge=0, lt=1, description="their colours become paler or stronger by up to this part"
    )
    flip: bool = Field(True, description="mirror every second training picture")
    flip_vertical: bool = Field(False, description="turn every second one upside down")

    @field_validator("expressions")
    @classmethod
    def _check_expressions(cls, expressions: list[Expression]) -> list[Expression]:
        """Refuse an expression that is named twice."""
        if len(set(expressions)) < len(expressions):
            raise ValueError(f"expressions must differ, but are {', '.join(expressions)}")
        return expressions


class _Named(Section):
    """The network that is meant where none is named; the first line of the section."""

    model: str = Field(
        "small", min_length=1, description="name of the network: faceoff cnn networks lists them"
    )


class CnnSettings(TrainingSettings, _Named):
    """The network, how it is trained and how it is explained."""

    method: str = Field(
        "lrp.sequential_preset_a_flat",
        description="explanation: faceoff cnn methods lists them; innvestigate's have the prefix "
        "innvestigate.",
    )
    method_arguments: dict[str, float | int | str] = Field(
        {}, description="arguments of the method, in place of its defaults"
    )
    target: Literal["true", "predicted"] | Expression = Field(
        "true",
        description="which logit the maps explain: that of the true or of the predicted "
        "expression, or always that of one expression",
    )
    networks: dict[str, TrainingSettings] = Field(
        {},
        description="networks of the study, by name, each with what differs from the above, such "
        "as [cnn.networks.VGG16] and below it epochs=2; --all takes all of them",
    )

    @model_validator(mode="after")
    def _check_kept_weights(self) -> Self:
        """Refuse to choose weights by the pictures that they are tested on."""
        for chosen in (self, *map(self.for_network, self.networks)):
            if chosen.fold_validation == "test" and chosen.keep != "last":
                raise ValueError(
                    f'fold_validation = "test" needs keep = "last", but keep is "best" for '
                    f"{chosen.model}: weights chosen by their test pictures would look better "
                    "than they are"
                )
        return self

    def for_network(self, name: str) -> Self:
        """Give the settings of one network, with those of its own table in place of the common.

        Parameters
        ----------
        name : str
            Name of the network; what follows a slash, such as that of a fold, changes nothing.

        Returns
        -------
        CnnSettings
            With that network as its ``model``, and its kind as ``architecture``.

        Examples
        --------
        >>> settings = CnnSettings(networks={"VGG16": TrainingSettings(epochs=2)})
        >>> settings.for_network("VGG16").epochs, settings.for_network("small").epochs
        (2, 24)
        """
        kind = name.partition("/")[0]
        own = self.networks.get(kind, TrainingSettings())
        different = {key: getattr(own, key) for key in own.model_fields_set}
        chosen = {"architecture": self.architecture or kind} | different | {"model": name}
        return self.model_copy(update=chosen)
