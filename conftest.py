"""What all tests share, and how they are dealt out to several processes."""

from collections import Counter

import pytest
from hypothesis import settings

# The same examples each time, and no deadline: a busy machine is no failure.
settings.register_profile("faceoff", deadline=None, derandomize=True)
settings.load_profile("faceoff")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together, for what they share is made once; begin with the slow ones.

    Sessions in a window wait more than they compute. They are one group, the first, which runs
    beside the others from the beginning.
    """
    groups = {item: _group(item) for item in items}
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(groups[item]))
    slow = Counter(groups[item] for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (groups[item] != "window", -slow[groups[item]], groups[item]))


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    if marker is not None:
        return str(marker.args[0])
    return "window" if item.get_closest_marker("window") else item.nodeid.partition("::")[0]
