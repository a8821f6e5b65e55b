"""What the published study's own numbers give here, where they are printed in full."""

import numpy as np
import pandas as pd
import pytest

from cnn.experiments.accuracy import accuracy_of
from cnn.experiments.transfer import all_scores
from stimuli.expressions import EXPRESSIONS

# Rows are what is shown, of ResNet-50 on the 490 test pictures of KDEF.
CONFUSION = np.array(
    [
        [61, 0, 1, 0, 0, 3, 5], [1, 65, 2, 1, 1, 0, 0], [0, 0, 69, 0, 0, 1, 0],
        [0, 0, 0, 70, 0, 0, 0], [0, 0, 1, 0, 69, 0, 0], [0, 1, 1, 0, 3, 65, 0],
        [0, 0, 0, 0, 0, 0, 70],
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def answers():
    pairs = [
        (shown, said)
        for shown, row in zip(EXPRESSIONS, CONFUSION, strict=True)
        for said, n in zip(EXPRESSIONS, row, strict=True)
        for _ in range(n)
    ]
    table = pd.DataFrame(pairs, columns=["expression", "predicted"])
    certain = {f"p_{name}": (table["predicted"] == name).astype(float) for name in EXPRESSIONS}
    return table.assign(**certain)


def test_the_published_confusion_gives_the_published_scores(answers):
    scores = all_scores(answers).set_index("metric")["value"]
    assert scores["accuracy"] == pytest.approx(0.9571, abs=5e-5)
    assert scores["weighted_f1"] == pytest.approx(0.9567, abs=5e-5)


def test_the_published_accuracy_has_an_interval(answers):
    accuracy, low, high, n = accuracy_of(answers["expression"] == answers["predicted"])
    assert n == 490
    assert (round(accuracy, 3), round(low, 3), round(high, 3)) == (0.957, 0.935, 0.972)
