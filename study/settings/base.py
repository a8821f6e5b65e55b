"""The base of every section of study.toml: frozen, and strict about names."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of study.toml; an unknown name in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
