"""Perturbation: ours beside bare forward passes, a plain loop, innvestigate's tool and Quantus'."""

from typing import Any

import perturbation as script

from hot_paths.rows import (
    FACEOFF,
    FLOOR,
    NOT_SMALL,
    Path,
    Row,
    is_installed,
    measured,
)

# Of the largest logit; single precision.
LIMIT = 1e-4
# Network, pictures and orders of each, and whether the tools of others are tried on it.
FULL = (("small", 8, 6, True), ("MobileNetV2", 1, 12, False), ("VGG16", 1, 2, False))
SMALL = (("small", 1, 2, True),)


def rows(small: bool) -> list[Row]:
    """Remove tiles from pictures shown to each network."""
    if not is_installed("tensorflow"):
        path = Path("perturbation", "none")
        return [Row(path, "innvestigate", "not installed: `pip install 'faceoff[cnn]'`")]
    found = []
    for network, pictures, orders, tools in SMALL if small else FULL:
        arguments = [f"--network={network}", f"--pictures={pictures}", f"--orders={orders}"]
        arguments += [f"--repeats={2 if small else 3 if network == 'VGG16' else 5}"]
        arguments += ["--tools"] if tools else []
        arguments += ["--quantus"] if tools and not small else []
        values = script.run(arguments)
        found += of_loop(network, pictures, orders, values)
        found += of_tools(network, pictures, values)
        if tools and small:
            found.append(Row(tools_path(network, pictures), "Quantus", NOT_SMALL))
    return found


def of_loop(network: str, pictures: int, orders: int, values: dict[str, Any]) -> list[Row]:
    """Make the row of many orders of each picture."""
    given = f"{pictures} x {orders} orders: {values['n_shown']} different pictures"
    path = Path(f"perturbation, {network}", given, f"forward passes by {values['best']}")
    seconds = values["seconds"] | {
        FACEOFF: values["seconds"]["ours"],
        FLOOR: values["seconds"]["bare"],
        "plain loop": values["seconds"]["loop"],
    }
    return measured(path, {"plain loop": agreement(values, "loop")}, seconds)


def of_tools(network: str, pictures: int, values: dict[str, Any]) -> list[Row]:
    """Make the rows of one order of each picture."""
    tools = [name for name in values["tools"] if name != "ours"]
    if not tools:
        return []
    results = {name: agreement(values, name) for name in tools}
    return measured(
        tools_path(network, pictures),
        results,
        values["tools"] | {FACEOFF: values["tools"]["ours"]},
    )


def tools_path(network: str, pictures: int) -> Path:
    """Say what is given to the tools."""
    return Path(f"perturbation, {network}", f"{pictures} x 1 order of {script.N_TILES + 1}")


def agreement(values: dict[str, Any], name: str) -> str:
    """Say how far logits are apart."""
    off = values["differences"][name]
    return f"{'agrees' if off <= LIMIT else 'differs'}: by {off:.1e} of the largest logit at most"
