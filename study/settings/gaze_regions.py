"""Settings of regions and scanpaths, within the section [gaze] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section

RegionName = Literal[
    "left_brow", "right_brow", "left_eye", "right_eye", "nose", "mouth",
    "left_cheek", "right_cheek", "forehead", "chin",
]  # fmt: skip


class RegionSettings(Section):
    """Which regions of the picture are told apart, and how they are drawn."""

    source: Literal["auto", "landmarks", "drawn", "recordings"] = Field(
        "auto",
        description="landmarks of each face; drawn in stimuli/regions.tsv; interest areas of the "
        "recordings (!V IAREA); auto: drawn ones, else landmarks, else recordings",
    )
    shape: Literal["polygon", "ellipse", "voronoi"] = Field(
        "polygon",
        description="regions from landmarks: polygons; ellipses for eyes, brows, nose and mouth; "
        "or Voronoi cells, where the nearest region's centre counts",
    )
    margin_deg: float = Field(
        0.0, ge=0, description="polygons and ellipses grow by this many degrees on every side"
    )
    radius_deg: float = Field(
        2.0, ge=0, description="how far a Voronoi cell reaches from its centre; 0: no limit"
    )
    regions: list[RegionName] = Field(
        [
            "left_brow", "right_brow", "left_eye", "right_eye", "nose", "mouth",
            "left_cheek", "right_cheek", "forehead", "chin",
        ],
        min_length=1,
        description="regions from landmarks that are told apart; the rest of the picture is other",
    )  # fmt: skip
    merge_sides: bool = Field(
        False, description="both eyes as one region, and so with brows and cheeks"
    )
    entropy_min_fixations: int = Field(
        5, ge=2, description="trials with fewer fixations have no entropies"
    )
