import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score
from statsmodels.stats.proportion import proportion_confint

from cnn.evaluation import macro_f1, score, wilson_interval
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

answers = st.lists(
    st.tuples(st.sampled_from(EXPRESSIONS), st.sampled_from(EXPRESSIONS)), min_size=1, max_size=40
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_is_wilsons(counts):
    n_right, n = counts
    low, high = wilson_interval(n_right, n)
    expected = proportion_confint(n_right, n, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert 0 <= low <= n_right / n <= high <= 1


@given(answers)
def test_scores_are_those_of_scikit_learn(pairs):
    table = pd.DataFrame(pairs, columns=["expression", "predicted"])
    shown, said = table["expression"], table["predicted"]
    scores = score(table).set_index("metric")
    assert scores.loc["accuracy", "value"] == pytest.approx(accuracy_score(shown, said))
    assert scores.loc["accuracy", "n"] == len(pairs)
    assert macro_f1(table) == pytest.approx(f1_score(shown, said, average="macro"))
    assert np.isnan(scores["ci_low"].to_numpy()[1]) and np.isnan(scores["ci_high"].to_numpy()[1])
    recalls = recall_score(
        shown, said, labels=list(EXPRESSIONS), average=None, zero_division=np.nan
    )
    for name, recall in zip(EXPRESSIONS, recalls, strict=True):
        if math.isnan(recall):
            assert f"recall_{name}" not in scores.index
        else:
            assert scores.loc[f"recall_{name}", "value"] == pytest.approx(recall)


def test_no_test_pictures_are_refused():
    with pytest.raises(InputError, match="splits name none"):
        score(pd.DataFrame(columns=["expression", "predicted"]))
