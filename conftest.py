"""What all tests share, and how they are dealt out to several processes."""

from collections import Counter

import pytest
from hypothesis import settings

# The same examples each time, and no deadline: a busy machine is no failure.
settings.register_profile("faceoff", deadline=None, derandomize=True)
settings.load_profile("faceoff")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep a file's tests in one process, for what they share is made once.

    Sessions in a window wait more than they compute. They are one group, which runs beside the
    others.
    """
    if item.get_closest_marker("xdist_group") is None:
        file = item.nodeid.partition("::")[0]
        item.add_marker(
            pytest.mark.xdist_group("window" if item.get_closest_marker("window") else file)
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the windows and with the groups that have the most slow tests."""
    groups = {item: _group(item) for item in items}
    slow = Counter(groups[item] for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (groups[item] != "window", -slow[groups[item]], groups[item]))


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    assert marker is not None
    return str(marker.args[0])
