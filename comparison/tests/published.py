"""Small published data sets, and what R prints for them.

Penicillin: Davies and Goldsmith (1972), Statistical Methods in Research and Production, p. 140;
in lme4. Machines: Milliken and Johnson (1992), Analysis of Messy Data, p. 285; in nlme. cbpp:
Lesnoff et al. (2004), Preventive Veterinary Medicine, 62; in lme4.
"""

import numpy as np
import pandas as pd

# Diameters by plate and sample (signs), less 18 mm. A copy of the table in Rdatasets has 22 for
# plate u, sample B. The published mean, 22.9722 = 3308 / 144, needs one less somewhere, and of the
# 144 cells only this one then gives the published deviations: it is 21 here.
_PENICILLIN = """
958553 958553 737662 857552 748452 647541 625341 848663 636442 636541 858663 748662 868674 858552
857664 747552 736552 746551 635331 858663 736440 747442 636461 636430
"""
# Three scores of each of six workers with the machines A, B and C.
_MACHINES = """
52.0 52.8 53.1 51.8 52.8 53.1 60.0 60.2 58.4 51.1 52.3 50.3 50.9 51.8 51.4 46.4 44.8 49.2
62.1 62.6 64.0 59.7 60.0 59.0 68.6 65.8 69.7 63.2 62.8 62.2 64.8 65.0 65.4 43.7 44.2 43.0
67.5 67.2 66.9 61.5 61.7 62.3 70.8 70.6 71.0 64.1 66.2 64.0 72.1 72.0 71.1 62.0 61.4 60.5
"""
# Herd: incidence/size in periods 1 to 4 (- where there was none).
_CBPP = """
2/14 3/12 4/9 0/5  3/22 1/18 1/21 -  8/22 2/16 0/16 2/20  2/10 0/10 2/9 0/6  5/18 0/25 0/24 1/4
3/17 0/17 0/18 1/20  8/16 1/10 3/9 0/5  12/34 - - -  2/9 0/6 0/8 0/6  1/22 1/22 0/18 2/22
0/25 5/27 3/22 1/22  2/10 1/8 0/6 0/5  1/21 2/24 0/19 0/23  11/19 0/2 0/3 0/2  1/19 1/15 1/15 0/15
"""


def penicillin() -> pd.DataFrame:
    """Give diameter, plate and sample: 24 plates crossed with 6 samples."""
    rows = _PENICILLIN.split()
    return pd.DataFrame(
        {
            "diameter": [18.0 + int(sign) for row in rows for sign in row],
            "plate": np.repeat(np.arange(24), 6),
            "sample": np.tile(list("ABCDEF"), 24),
            "cell": "all",
        }
    )


def machines() -> pd.DataFrame:
    """Give score, worker and machine, three times each."""
    return pd.DataFrame(
        {
            "score": [float(value) for value in _MACHINES.split()],
            "machine": np.repeat(list("ABC"), 18),
            "worker": np.tile(np.repeat(np.arange(6), 3), 3),
        }
    )


def cbpp() -> pd.DataFrame:
    """Give a row for each animal: whether it fell ill, its herd and the period."""
    rows = []
    for place, text in enumerate(_CBPP.split()):
        if text == "-":
            continue
        ill, size = (int(number) for number in text.split("/"))
        herd, period = divmod(place, 4)
        rows += [(herd, str(period + 1), number < ill) for number in range(size)]
    return pd.DataFrame(rows, columns=["herd", "period", "ill"])
