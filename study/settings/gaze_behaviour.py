"""Settings of behaviour that other programs wrote, within the section [gaze] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class BehaviourSettings(Section):
    """Columns of behaviour tables; those of PsychoPy and OpenSesame are found without names."""

    participant: str = Field("", description="who took part")
    session: str = Field("", description="label of the session")
    trial: str = Field(
        "", description="the trial, as the recording names it; empty: by picture, or by order"
    )
    image: str = Field("", description="file or name of the picture")
    expression: str = Field("", description="what the picture shows, by any name or code")
    response: str = Field("", description="the answer: an expression or a key")
    correct: str = Field("", description="whether the answer was right: 1 or 0, true or false")
    rt: str = Field("", description="response time")
    rt_unit: Literal["", "s", "ms"] = Field(
        "", description="its unit, s or ms; empty: s in PsychoPy's tables, ms in OpenSesame's"
    )

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are named, by what they mean."""
        named = self.model_dump(exclude={"rt_unit"})
        return {meaning: column for meaning, column in named.items() if column}
