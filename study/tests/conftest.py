"""A new study in a temporary folder."""

from pathlib import Path

import pytest

from study.folder import Study, create_study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return create_study(tmp_path / "my_study")
