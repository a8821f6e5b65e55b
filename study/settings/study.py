"""Settings of the study as a whole: its name, its seed, and who made it where."""

from pydantic import Field

from study.settings.base import Section

UNKNOWN = "n/a"


class StudySettings(Section):
    """What the study is called, the seed of all its randomness, and what BIDS asks of the lab."""

    name: str = Field("Eyes and networks on the same faces", description="title of the study")
    # BIDS's validator takes a single author for a forgotten list.
    authors: list[str] = Field(
        [UNKNOWN, UNKNOWN], description="who made it, for dataset_description.json, as all below"
    )
    seed: int = Field(1, ge=0, description="all randomness follows from this number")
    license: str = Field(UNKNOWN, description="what others may do with the data, such as CC0")
    acknowledgements: str = Field(UNKNOWN, description="who helped")
    ethics_approvals: list[str] = Field([], description="committees that approved it, and numbers")
    funding: list[str] = Field([], description="who paid, and the grants' numbers")
    institution: str = Field(UNKNOWN, description="where it was recorded, for each recording")
    institution_address: str = Field(UNKNOWN, description="its address")
    department: str = Field(UNKNOWN, description="the department there")
    cognitive_atlas_id: str = Field(
        UNKNOWN, description="the task in the Cognitive Atlas, as a URI (CogAtlasID)"
    )
    cogpo_id: str = Field(UNKNOWN, description="the task in CogPO, as a URI (CogPOID)")
