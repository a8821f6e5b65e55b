import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.experiments.picture_steps import transfer_step
from cnn.experiments.transfer import CONFUSION, all_scores
from cnn.tests.tiny import tiny_study
from cnn.training import train
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.tables import read_table

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    folder = tmp_path_factory.mktemp("transfer")
    one = tiny_study(folder / "one")
    train(one, "small")
    # The other set lacks surprise.
    other = tiny_study(folder / "other.set")
    manifest = pd.read_csv(other.manifest_tsv, sep="\t", dtype=str)
    manifest[manifest["expression"] != "surprised"].to_csv(
        other.manifest_tsv, sep="\t", index=False
    )
    return one, other


def run(study: Study, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["transfer", "--study", str(study.root), *words])
    return done.exit_code, str(done.exception or done.output)


def test_the_command_scores_both_sets(studies):
    one, other = studies
    status, said = run(one, "--on", str(other.root))
    assert status == 0, said
    folder = one.cnn_dir("small") / "experiments"
    answers = pd.read_csv(folder / "transfer_other_set_answers.tsv", sep="\t")
    assert len(answers) == 5 * 2 * 6 - 6  # the test actor's other session is unused
    scores = read_table(
        folder / "transfer_other_set.tsv", what="x", columns={"pictures": str, "metric": str}
    )
    values = scores.set_index(["pictures", "metric"])["value"].astype(float)
    right = (answers["expression"] == answers["predicted"]).mean()
    assert values["other", "accuracy"] == pytest.approx(right)
    confusions = pd.read_csv(folder / "transfer_other_set_confusion.tsv", sep="\t")
    assert set(confusions.columns) == set(CONFUSION)
    assert confusions.loc[confusions["pictures"] == "own", "n"].sum() == 7
    assert (folder / "transfer_other_set.png").is_file()


def test_the_weighted_f1_is_that_of_its_definition():
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "expression": random.choice(EXPRESSIONS, 102),
            "predicted": random.choice(EXPRESSIONS[:5], 102),
            **{f"p_{name}": 1 / 7 for name in EXPRESSIONS},
        }
    )
    expected = 0.0
    for name in EXPRESSIONS:
        shown = table["expression"].to_numpy(str) == name
        said = table["predicted"].to_numpy(str) == name
        hits = int((shown & said).sum())
        expected += shown.mean() * (2 * hits / (shown.sum() + said.sum()) if hits else 0.0)
    scores = all_scores(table).set_index("metric")["value"]
    assert scores["weighted_f1"] == pytest.approx(expected)


def test_what_cannot_be_is_refused(studies):
    one, other = studies
    with pytest.raises(InputError, match="must be to another study"):
        transfer_step(one, one, "all")
    with pytest.raises(InputError, match="--split is 'tset'"):
        transfer_step(one, other, "tset")
    status, said = run(one, "--on", str(other.root / "nowhere"))
    assert status == 1
    assert "A study folder must hold study.toml" in said
