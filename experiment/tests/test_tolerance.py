"""Simulated observers answer worse the more a face is degraded."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiment.observers import draw_observer
from experiment.observers.tolerance import GUESS, Tolerance, draw_tolerances
from experiment.simulate import simulate_sample
from experiment.tests.made_up_study import make_study
from stimuli.catalog import read_splits
from stimuli.degraded import DEGRADED_COLUMNS, Degradation, Kind, degraded_tsv
from stimuli.expressions import EXPRESSIONS
from study.settings.observers import DegradedSettings, ObserversSettings
from study.tables import read_table, write_table


@pytest.mark.parametrize("kind", ["noise", "occlusion"])
def test_accuracy_falls_from_that_of_the_intact_face_to_chance(kind: Kind) -> None:
    observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
    intact = observer.facing("A", "sad")
    levels = [0.0, 0.05, 0.2, 0.4, 0.8, 5.0]
    found = [observer.facing("A", "sad", Degradation("A", kind, level)) for level in levels]
    accuracies = [facing.accuracy["sad"] for facing in found]
    assert accuracies[0] == pytest.approx(intact.accuracy["sad"])
    assert np.all(np.diff(accuracies) < 0)
    assert accuracies[-1] == pytest.approx(GUESS)
    assert found[2].accuracy["happy"] == observer.accuracy["happy"]


def test_half_of_what_is_above_chance_is_left_at_the_threshold() -> None:
    halfway = Tolerance(0.3, 1.5).accuracy(0.9, 0.3)
    assert halfway == pytest.approx((0.9 + GUESS) / 2)


def test_observers_spread_around_the_planted_thresholds() -> None:
    settings = DegradedSettings(noise_threshold=0.2, between_threshold=0.3)
    drawn = [draw_tolerances(settings, f"sub-{n:03d}", 1)["noise"] for n in range(400)]
    logs = np.log([one.threshold for one in drawn])
    assert np.mean(logs) == pytest.approx(np.log(0.2), abs=4 * 0.3 / 20)
    assert np.std(logs) == pytest.approx(0.3, rel=0.15)
    assert {one.slope for one in drawn} == {settings.noise_slope}


def test_the_truth_keeps_what_was_planted() -> None:
    observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
    kept = json.loads(json.dumps(observer.as_json()))["tolerances"]
    assert kept["noise"]["threshold"] == observer.tolerances["noise"].threshold


def test_a_hard_face_is_hard_at_every_level() -> None:
    observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
    first, second = (
        observer.facing(f"A_noise_{place}", "sad", Degradation("A", "noise", 0.0))
        for place in (1, 2)
    )
    whole = observer.facing("A", "sad")
    assert first.accuracy["sad"] == second.accuracy["sad"] == pytest.approx(whole.accuracy["sad"])
    assert first.strategy == second.strategy == whole.strategy


def test_a_simulated_session_shows_degraded_faces(tmp_path: Path) -> None:
    certain = dict.fromkeys(EXPRESSIONS, 1.0)
    settings: dict[str, dict[str, object]] = {
        "observers": {"accuracy": certain},
        "execution": {"jobs": 1},
    }
    study = make_study(tmp_path / "study", 6, **settings)
    splits = read_splits(study)
    test = splits["image_id"][splits["split"] == "test"].tolist()
    levels = [0.0 if place % 2 else 50.0 for place in range(len(test))]
    table = pd.DataFrame({"image_id": test, "face": test, "kind": "noise", "level": levels})
    write_table(degraded_tsv(study), table, DEGRADED_COLUMNS)
    simulate_sample(study, 1)
    kinds = {"image_id": str, "phase": str, "correct": bool}
    path = study.session_dir("sub-001", "01") / "trials.tsv"
    trials = read_table(path, what="trials", columns=kinds)
    right = trials[trials["phase"] == "main"].set_index("image_id")["correct"].astype(float)
    intact = [name for name, level in zip(test, levels, strict=True) if level == 0]
    assert (right[intact] == 1).all()
    # Of 21 guesses of one in seven, ten or more are right in one session of 3600.
    assert right.drop(intact).sum() < 10
