"""What the figures of quality draw: extremes, gaps, panels, and the trials that are chosen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.quality_report.figures import (
    MOST_PANELS,
    arrow_scale,
    movements_figure,
    shown_validations,
    trials_figure,
    validation_figure,
)
from gaze_analysis.quality_report.gaze_figures import (
    TrialView,
    chosen_trials,
    heat_figure,
    thinned,
    traces_figure,
)
from gaze_analysis.tests.small_session import rows
from gaze_analysis.trace import Trace
from stimuli.frames import Rect


@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.floats(0, 1))
def test_a_thinned_line_keeps_its_extremes_its_ends_and_its_gaps(seed, n, lost):
    rng = np.random.default_rng(seed)
    times, values = np.arange(float(n)), rng.normal(size=n)
    start = int(rng.integers(0, n))
    values[start : start + int(lost * n)] = np.nan
    shown, kept = thinned(times, values, 100)
    assert len(shown) <= max(100, 50 * 3)
    assert (np.diff(shown) > 0).all()
    if np.isfinite(values).any():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))
    assert np.isnan(kept).any() == np.isnan(values).any()


def test_the_most_the_middle_and_the_least_loss_are_chosen():
    trials = pd.DataFrame({"trial": range(6), "data_loss": [0.2, 0.9, np.nan, 0.0, 0.1, 0.4]})
    chosen = chosen_trials(trials)
    assert chosen["trial"].tolist() == [1, 0, 3]
    assert chosen_trials(trials.iloc[:2])["why"].tolist() == ["most loss", "least loss"]
    assert chosen_trials(trials.iloc[2:3]).empty


def test_arrows_are_as_long_as_can_be_seen():
    offsets = pd.DataFrame({"offset_x_px": [3.0, 300.0, 3.0], "offset_y_px": [4.0, 0.0, 4.0]})
    assert arrow_scale(offsets, 1000) == 10
    assert arrow_scale(offsets * 100, 1000) == 1


@pytest.mark.parametrize("n_validations", [1, 5, 30])
def test_each_validation_has_a_panel_up_to_a_number(n_validations):
    numbers = range(1, n_validations + 1)
    made = pd.DataFrame(
        {"validation": numbers, "error_avg_deg": 0.3, "error_max_deg": 0.6, "result": "GOOD",
         "n_blocks": 1, "recalibrated": [pd.NA] + [True] * (n_validations - 1)}
    )  # fmt: skip
    points = pd.concat(
        [
            rows("validation_points", {"target_x_px": 640.0, "target_y_px": 512.0,
                                       "offset_x_px": 12.0, "offset_deg": 0.3})
            .assign(validation=number)
            for number in numbers
        ]
    )  # fmt: skip
    shown = shown_validations(made)
    assert len(shown) == min(n_validations, MOST_PANELS)
    assert shown["validation"].iloc[-1] == n_validations
    figure: Any = validation_figure(shown, points, Rect(0, 0, 1280, 1024), 5)
    drawn = [axes for axes in figure.axes if axes.collections]
    assert len(drawn) == len(shown)
    arrows = drawn[0].collections[0]
    assert (arrows.U.tolist(), arrows.V.tolist()) == ([60.0], [0.0])
    assert drawn[0].texts[0].get_text() == "0.30"


def test_loss_is_stacked_and_precision_marked():
    trials = pd.DataFrame(
        {"data_loss_blink": [0.1, 0.0], "data_loss_other": [0.0, 0.2], "sd_deg": [0.1, np.nan],
         "rms_s2s_deg": [0.02, 0.03], "accuracy_deg": np.nan}
    )  # fmt: skip
    figure: Any = trials_figure(trials)
    upper, lower = figure.axes
    assert [bar.get_height() for bar in upper.patches] == [10, 0, 0, 20]
    assert len(lower.lines) == 2


def test_fixations_and_blinks_are_shaded_beside_the_line():
    trace = Trace(np.arange(2000.0), np.zeros((2000, 2)), np.zeros(2000, np.int64), 1000.0)
    events = rows(
        "events",
        {"onset_ms": 400.0, "offset_ms": 600.0},
        {"onset_ms": 700.0, "offset_ms": 5000.0},
        {"event": "blink", "onset_ms": 610.0, "offset_ms": 690.0},
    )
    views = [TrialView("one", 500.0, 1500.0, trace, np.ones(2000), events)]
    figure: Any = traces_figure(views)
    upper, lower = figure.axes
    fixations, blinks = upper.collections
    edges = [path.vertices[:, 0] for path in fixations.get_paths()]
    assert [(each.min(), each.max()) for each in edges] == [(-0.1, 0.1), (0.2, 1.3)]
    assert len(blinks.get_paths()) == 1
    assert len(lower.lines) == 3


def test_all_gaze_is_counted_in_its_cells():
    points = np.array([[10.0, 10.0], [10.0, 10.0], [1270.0, 1000.0], [5000.0, 10.0]])
    picture = Rect(400, 300, 448, 448)
    figure: Any = heat_figure({"left": points}, Rect(0, 0, 1280, 1024), [picture], 1)
    image = figure.axes[0].images[0].get_array()
    assert np.nansum(image.filled(0)) == pytest.approx(0.75)
    assert image[1, 1] == 0.5
    assert figure.axes[0].patches[0].get_width() == 448


def test_eye_movements_without_saccades_have_a_figure():
    fixations = rows("events", {"duration_ms": 200.0}, {"duration_ms": 300.0})
    assert len(movements_figure(fixations).axes) == 2
    saccade = {"event": "saccade", "amplitude_deg": 3.0, "peak_velocity_deg_s": 150.0}
    left, _ = movements_figure(rows("events", saccade)).axes
    assert left.get_xscale() == "log"
