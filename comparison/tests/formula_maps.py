"""Maps and fixations made from a formula, the same on every machine and in every version."""

import numpy as np
import numpy.typing as npt

SIDE = 20
N_PICTURES = 3


def formula_maps() -> dict[str, npt.NDArray[np.float64]]:
    """Three non-negative maps over SIDE x SIDE cells for each picture, by name.

    ``smooth`` has no equal values, ``steps`` has five levels, ``sparse`` is zero on most cells,
    ``gaze`` is what they are judged by.
    """
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    maps: dict[str, list[npt.NDArray[np.float64]]] = {}
    for picture in range(N_PICTURES):
        wave = np.sin(5 * x + picture) * np.cos(4 * y - picture) + 0.3 * np.sin(17 * x * y)
        blob = np.exp(-((x - 0.4 - 0.05 * picture) ** 2 + (y - 0.35) ** 2) / 0.03)
        maps.setdefault("smooth", []).append(1.5 + wave)
        maps.setdefault("steps", []).append(np.floor(2.5 + 1.9 * wave))
        maps.setdefault("sparse", []).append(np.clip(wave - 0.6, 0, None))
        maps.setdefault("gaze", []).append(blob + 0.2 * np.exp(-((x - 0.6) ** 2) / 0.01) + 1e-3)
    return {name: np.stack(stack) for name, stack in maps.items()}


def formula_fixations() -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Column and row of the fixations on each picture; some fall on one cell."""
    fixations = []
    for picture in range(N_PICTURES):
        i = np.arange(9 + 4 * picture)
        fixations.append(((3 * i * i + 5 * i + picture) % SIDE, (7 * i + 2 * picture) % 11 + 3))
    return fixations
