"""How the work is done: settings that change no result, and so make none stale."""

from pydantic import Field

from study.settings.base import Section


class ExecutionSettings(Section):
    """Workers and where they are."""

    jobs: int = Field(0, ge=0, description="number of parallel workers; 0 uses every core")
    scheduler: str = Field("", description="address of a Dask scheduler, tcp://host:8786")
