"""How the work is done: settings that change no result, and so make none stale."""

from pydantic import Field

from study.settings.base import Section


class ExecutionSettings(Section):
    """Workers and where they are."""

    jobs: int = Field(0, ge=0, description="number of parallel workers; 0 uses every core")
    block_mb: float = Field(
        128.0, ge=16, description="maps of single participants held at a time, in 10^6 bytes"
    )
    scheduler: str = Field("", description="address of a Dask scheduler, tcp://host:8786")
