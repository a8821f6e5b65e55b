"""The map metrics equal pysaliency's: `python benchmarks/map_metrics.py` prints these numbers."""

import numpy as np
import pytest

from comparison.fixation_metrics import auc_judd, auc_shuffled, information_gain, nss
from comparison.map_metrics import cc, kl, sim
from comparison.tests.formula_maps import N_PICTURES, SIDE, formula_fixations, formula_maps

# pysaliency 0.2.22: the maps smooth, steps and sparse, three pictures each.
PYSALIENCY = {
    "CC": (
        0.157582703527,
        -0.0746975419047,
        -0.538413983561,
        0.149052314108,
        -0.0842112368843,
        -0.499331755253,
        -0.043927776315,
        -0.107032830796,
        -0.14834674883,
    ),
    "SIM": (
        0.45021256831,
        0.395612632775,
        0.324280844009,
        0.442102790471,
        0.37164064566,
        0.285800250072,
        0.152663891236,
        0.136415489127,
        0.00196920816986,
    ),
    "KL": (
        0.899189083338,
        1.14153042887,
        1.57745067156,
        1.35245274727,
        3.86852076742,
        11.4356689196,
        24.6342670256,
        25.2778272204,
        31.0464577386,
    ),
    "NSS": (
        0.10617587087,
        0.107919140742,
        -0.0270409214786,
        0.227947338625,
        0.0746692024,
        -0.0432042050824,
        -0.245771624675,
        0.703819054477,
        0.240711874165,
    ),
    "AUC": (
        0.528843421427,
        0.525144106539,
        0.544232836738,
        0.562233589088,
        0.505764261578,
        0.521041314698,
        0.447001989201,
        0.59809183065,
        0.574335739518,
    ),
    "sAUC": (
        0.603703703704,
        0.426035502959,
        0.504010695187,
        0.685185185185,
        0.418639053254,
        0.494652406417,
        0.511111111111,
        0.502958579882,
        0.506684491979,
    ),
    "IG": (
        2.48655188154,
        1.9150738352,
        0.443813578534,
        2.53914048265,
        1.39284541441,
        -0.971611483142,
        -3.23163093149,
        -1.03689243237,
        -3.73873072463,
    ),
}


def _value(metric: str, name: str, picture: int) -> float:
    maps = {key: stack.reshape(N_PICTURES, -1) for key, stack in formula_maps().items()}
    cells = [row * SIDE + column for column, row in formula_fixations()]
    prediction, gaze, own = maps[name][picture], maps["gaze"][picture], cells[picture]
    elsewhere = np.concatenate([c for i, c in enumerate(cells) if i != picture])
    baseline = maps["gaze"][(picture + 1) % N_PICTURES]
    values = {
        "CC": lambda: cc(prediction, gaze),
        "SIM": lambda: sim(prediction, gaze),
        "KL": lambda: kl(prediction, gaze),
        "NSS": lambda: nss(prediction, own),
        "AUC": lambda: auc_judd(prediction, own),
        "sAUC": lambda: auc_shuffled(prediction, own, elsewhere),
        "IG": lambda: information_gain(prediction, baseline, own),
    }
    return float(values[metric]())


@pytest.mark.parametrize("metric", PYSALIENCY)
def test_metrics_equal_those_of_pysaliency(metric: str) -> None:
    found = [
        _value(metric, name, picture)
        for name in ("smooth", "steps", "sparse")
        for picture in range(N_PICTURES)
    ]
    np.testing.assert_allclose(found, PYSALIENCY[metric], rtol=1e-10, atol=1e-12)
