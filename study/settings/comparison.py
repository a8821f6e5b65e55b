"""Settings of the section [comparison] of study.toml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from study.settings.base import Section

Fill = Literal["uniform", "gaussian", "mean", "black", "blur", "linear", "inpaint"]
# The perturbation of Bartnik (2020), as far as it is known.
BARTNIK_2020 = {
    "grid": 4, "tile_score": "mean", "fill": "uniform", "steps": 0,
    "conditions": ["gaze", "relevance"],
}  # fmt: skip


class ComparisonSettings(Section):
    """How gaze and network are set against each other."""

    preset: Literal["", "bartnik2020"] = Field(
        "",
        description='"bartnik2020" sets grid, tile_score, fill, steps and conditions as that study '
        "had them; its areas are those of the absolute difference (auc_absolute)",
    )
    network_answers: Literal["all", "correct"] = Field(
        "all",
        description="pictures that are compared: all, or those that the network names rightly; "
        "the same rule for people is wrong_answers in [gaze.exclude]",
    )
    grid: int = Field(4, ge=2, le=28, description="tiles in a row and in a column of the picture")
    tile_score: Literal["mean", "positive", "absolute", "maximum"] = Field(
        "mean",
        description="what of the map within a tile is its score: the mean, signed; the mean of "
        "its positive part, or of its size; the maximum",
    )
    steps: int = Field(
        0,
        ge=0,
        le=784,
        description="steps until nothing is left of a picture, as many tiles at each; 0 for one "
        "tile at each step",
    )
    fill: Fill = Field(
        "uniform",
        description="what removed tiles show: uniform or Gaussian noise, the mean colour, black, "
        "the picture blurred, noisy linear imputation (ROAD), or inpainting; the last two take "
        "the longest",
    )
    conditions: list[str] = Field(
        ["gaze", "mean_gaze", "relevance", "centre"],
        min_length=1,
        description="whose maps order the tiles, beside random orders: gaze, expression_gaze, "
        "class_gaze, mean_gaze, gaze_right, gaze_any, relevance, explanations (all others), a "
        "method's name, ekman, centre, edges, oracle",
    )
    robustness_fills: list[Fill] = Field(
        ["uniform", "mean", "blur"],
        min_length=1,
        description="fills under which faceoff compare robustness ranks the conditions",
    )
    robustness_grids: list[int] = Field(
        [4, 7],
        min_length=1,
        description="its grids, each also shifted by half a tile; one tile goes at each step",
    )
    robustness_pictures: int = Field(
        28, ge=0, description="its pictures, drawn evenly from the expressions; 0 for all"
    )
    random_orders: int = Field(
        10, ge=2, le=1000, description="random orders of the tiles for each picture"
    )
    cells_per_side: int = Field(
        56, ge=8, le=448, description="cells in a row of the grid on which maps are compared"
    )
    centre_sigma: float = Field(
        0.25, gt=0, le=2, description="sigma of the centre map, as a share of the picture's width"
    )
    mask_smoothing: bool = Field(
        True,
        description="before faceoff compare masks averages maps, explanations and edges are "
        "smoothed by the kernel of gaze",
    )
    mask_weight: Literal["equal", "as_given"] = Field(
        "equal",
        description="how much a picture counts in those averages: as much as any other, or as "
        "much as the values of its map, so that confident answers count more",
    )
    emd_cells: int = Field(
        8,
        ge=2,
        le=20,
        description="cells in a row of the coarser grid of the earth mover's distance, whose work "
        "grows with the fourth power",
    )
    halves: int = Field(
        20,
        ge=1,
        le=1000,
        description="random halves of the participants for the ceilings of map metrics",
    )
    map_permutations: int = Field(
        2000,
        ge=99,
        le=99_999,
        description="sign flips of the cluster tests of maps and of curves; all of them where "
        "there are fewer",
    )
    resamples: int = Field(
        9999, ge=99, le=999_999, description="draws of the permutation tests and the bootstrap"
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="confidence of all intervals, between 0.5 and 1"
    )
    psychometric: Literal["weibull", "logistic"] = Field(
        "weibull",
        description="function of accuracy under noise and occlusion: weibull, or logistic (of the "
        "level's logarithm); half is left at its threshold",
    )
    equivalence_d: float = Field(
        0.0,
        ge=0,
        le=5,
        description="difference that would matter, in standard deviations of the differences "
        "(d_z): paired differences are tested for being smaller; 0: they are not",
    )
    equivalence_raw: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="the same in the units of a measure, by measure, such as {auc_signed=0.2}; "
        "counts before equivalence_d",
    )

    @model_validator(mode="after")
    def _check_conditions(self) -> "ComparisonSettings":
        """Refuse conditions that are named twice, and steps that tiles cannot have."""
        if len(set(self.conditions)) < len(self.conditions):
            raise ValueError(f"conditions must differ, but are {', '.join(self.conditions)}")
        if "random" in self.conditions:
            raise ValueError("conditions always have random orders beside them: leave it out")
        if self.steps > self.grid**2:
            raise ValueError(f"steps must be at most the number of tiles, {self.grid**2}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, values: object) -> object:
        """Set what a preset stands for; what is given and differs from it is refused."""
        if not isinstance(values, dict) or values.get("preset") != "bartnik2020":
            return values
        for name, preset in BARTNIK_2020.items():
            if values.get(name, preset) != preset:
                raise ValueError(
                    f"{name} must be {preset!r} with the preset bartnik2020, but is "
                    f"{values[name]!r}: leave it out, or the preset"
                )
        return values | BARTNIK_2020
