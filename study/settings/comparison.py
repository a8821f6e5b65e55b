"""Settings of the section [comparison] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class ComparisonSettings(Section):
    """How gaze and network are set against each other."""

    network_answers: Literal["all", "correct"] = Field(
        "all",
        description="pictures that are compared: all, or those that the network names rightly; "
        "the same rule for people is wrong_answers in [gaze.exclude]",
    )
    grid: int = Field(4, ge=2, le=28, description="tiles in a row and in a column of the picture")
    random_orders: int = Field(
        10, ge=2, le=1000, description="random orders of the tiles for each picture"
    )
    cells_per_side: int = Field(
        56, ge=8, le=448, description="cells in a row of the grid on which maps are compared"
    )
    centre_sigma: float = Field(
        0.25, gt=0, le=2, description="sigma of the centre map, as a share of the picture's width"
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
        description="sign flips of the cluster tests of maps; all of them where there are fewer",
    )
    resamples: int = Field(
        9999, ge=99, le=999_999, description="draws of the permutation tests and the bootstrap"
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="confidence of all intervals, between 0.5 and 1"
    )
