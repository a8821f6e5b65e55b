"""Relevance maps (LRP): ours beside innvestigate, and zennit where torch is present."""

import tempfile
from pathlib import Path as File
from typing import Any

import lrp
import numpy as np
import peers

from hot_paths.rows import FACEOFF, FLOOR, NOT_SMALL, Path, Row, apart, is_installed, measured

# Of single precision, on maps that are sums over colours.
LIMIT = 1e-4
NO_TORCH = "not installed: torch; `python benchmarks/lrp.py --zennit` makes its environment (4 GB)"


def rows(small: bool) -> list[Row]:
    """Explain the same network with each engine, one process after the other."""
    network, side, batch, repeats = ("small", 32, 4, 3) if small else ("vgg16", 224, 4, 5)
    path = Path(f"LRP, {network}", f"{batch} pictures of {side} px", "forward passes")
    if not is_installed("innvestigate"):
        return [Row(path, "innvestigate", "not installed: `pip install 'faceoff[cnn]'`")]
    with_zennit = not small and peers.is_made(lrp.ZENNIT_PACKAGES)
    arguments = [f"--network={network}", f"--side={side}", f"--batch={batch}"]
    arguments += [f"--repeats={repeats}", *(["--zennit"] if with_zennit else [])]
    others = ["innvestigate", *(["zennit"] if with_zennit else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = File(name)
        found = {who: lrp.run(who, folder, arguments) for who in ("ours", *others)}
        results = {who: agreement(who, folder) for who in others}
    absent = [] if with_zennit else [Row(path, "zennit", NOT_SMALL if small else NO_TORCH)]
    return measured(path, results, seconds_of(found)) + absent


def agreement(who: str, folder: File) -> str:
    """Set maps against ours."""
    ours, theirs = lrp.maps(who, folder)
    r = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
    how = apart(ours, theirs, LIMIT, "the largest relevance")
    return f"{how}, r = {r:.6f} ({lrp.method_of(who)})"


def seconds_of(found: dict[str, dict[str, Any]]) -> dict[str, list[float]]:
    """Give the seconds of explanations, and of forward passes in the same process as ours."""
    seconds = {who: values["explain_s"] for who, values in found.items() if who != "ours"}
    own = found["ours"]
    return seconds | {FACEOFF: own["explain_s"], FLOOR: own["forward_s"]}
