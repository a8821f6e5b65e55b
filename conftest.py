"""What all tests share, and how they are dealt out to several processes."""

import os
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings

# Read when NumPy is loaded. On small matrices the library's threads wait for each other, and
# several processes share the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples each time, and no deadline: a busy machine is no failure.
settings.register_profile("faceoff", deadline=None, derandomize=True)
settings.load_profile("faceoff")

# Sessions in a window wait more than they compute: one process has them all, beside the others.
WINDOWS = "windows"
GROUPS = {
    "test_killed_session.py": WINDOWS,
    "test_seat.py": WINDOWS,
    "test_check_window.py": WINDOWS,
    "test_eyelink_window.py": WINDOWS,
    "test_opengaze_window.py": WINDOWS,
    "test_pygaze_window.py": WINDOWS,
    "test_session_window.py": WINDOWS,
    # They share a study.
    "test_cluster_run.py": "study",
    "test_columns.py": "study",
    "test_maps_page.py": "study",
    "test_study.py": "study",
}


def group_of(nodeid: str) -> str:
    """Name the group of a test, which one process runs: its file, or one of several files."""
    file = nodeid.partition("::")[0]
    return GROUPS.get(PurePosixPath(file).name, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give out whole groups: what their tests share is then made once.

    pytest-xdist 3.8 has marks for groups, but with pytest 9.2 they do nothing.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the windows and with the groups that have the most slow tests."""
    slow = Counter(group_of(item.nodeid) for item in items if item.get_closest_marker("slow"))

    def place(item: pytest.Item) -> tuple[bool, int, str]:
        group = group_of(item.nodeid)
        return group != WINDOWS, -slow[group], group

    items.sort(key=place)
