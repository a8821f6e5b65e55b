import time

import numpy as np

from experiment.tests.asc_grammar import read_asc
from experiment.tests.desk import assert_each_millisecond_once, at_desk, blocks_of, desk_study


def test_the_pointer_is_held_between_frames_and_asked_only_by_the_window(tmp_path):
    study = desk_study(tmp_path)
    with at_desk("mouse", study) as desk:
        tracker, window = desk.tracker, desk.window
        (look,) = window.watchers
        tracker.message("TRIALID 1")
        tracker.start()
        moved_ms = []
        for step in range(12):
            time.sleep(0.03)
            window.pointer = 100.0 + 10 * step, 200.0
            look()
            moved_ms.append(tracker.newest_sample().time_ms)
        time.sleep(0.01)
        tracker.stop()
        # A frame between two blocks leaves one place, not a growing list.
        look()
        look()
        assert len(tracker._seen) == 1
        window.pointer = 5.0, 6.0
        tracker.start()
        time.sleep(0.1)
        tracker.stop()
        assert tracker.drift_check(5.0, 6.0, window) == 0.0
    assert window.watchers == []
    assert_each_millisecond_once(desk.path, 2)
    samples, _ = read_asc(desk.path.read_bytes())
    start_ms = blocks_of(desk.path)[1][0]
    first, second = samples[samples[:, 0] < start_ms], samples[samples[:, 0] >= start_ms]
    assert first[:, 1].tolist() == sorted(first[:, 1])
    assert first[0, 1] == first[5, 1] == 100.0
    for step, moved in enumerate(moved_ms):
        # A place that the thread learnt of late holds from then on.
        reached = first[first[:, 1] >= 100.0 + 10 * step, 0]
        assert moved - 1 <= reached[0] < moved + 45 or step == 0
    assert set(map(tuple, second[:, 1:3])) == {(5.0, 6.0)}
    assert np.all(samples[:, 3] == 0.0)
