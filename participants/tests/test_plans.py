"""Session plans."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from participants.plans import (
    answer_keys,
    check_session,
    make_plan,
    plan_path,
    read_plan,
    screen_layout,
    write_plan,
)
from participants.register import add_participant
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from stimuli.frames import screen_from
from stimuli.tests.faces import write_catalog
from study.errors import InputError
from study.folder import Study, create_study, open_study

ACTORS = [f"{sex}{number:02d}" for sex in "FM" for number in range(1, 9)]
TESTED = ["F01", "F02", "F03", "M01", "M02", "M03"]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = create_study(tmp_path / "s", {"participants": {"blocks": 3, "practice_trials": 9}})
    write_catalog(study, ACTORS, TESTED)
    for _ in range(3):
        add_participant(study)
    return study


def test_a_plan_fulfils_every_constraint(study):
    plan = make_plan(study, "sub-002", "01", "pilot")
    actors = read_manifest(study).set_index("image_id")["actor"]
    main = [trial for trial in plan.trials if trial.phase == "main"]
    practice = [trial for trial in plan.trials if trial.phase == "practice"]
    shown = [actors[trial.image_id] for trial in plan.trials]
    assert [trial.trial for trial in plan.trials] == list(range(1, len(plan.trials) + 1))
    assert (len(practice), len(main)) == (9, 42)
    assert sorted(t.image_id for t in main) == sorted(
        f"A{actor}{code}S" for actor in TESTED for code in KDEF_CODES
    )
    assert not {actors[t.image_id] for t in practice} & set(TESTED)
    assert all(one != other for one, other in pairwise(shown))
    assert [t.block for t in plan.trials] == [0] * 9 + [1] * 14 + [2] * 14 + [3] * 14
    for block in (1, 2, 3):
        counts = Counter(t.expression for t in main if t.block == block)
        assert counts == dict.fromkeys(EXPRESSIONS, 2)
    practised = Counter(t.expression for t in practice)
    assert set(practised) == set(EXPRESSIONS)
    assert max(practised.values()) <= 2
    assert plan.mode == "pilot"


def test_fixation_targets_are_balanced_and_beside_the_picture(study):
    plan = make_plan(study, "sub-001")
    screen = screen_from(study.settings.screen)
    for expression in EXPRESSIONS:
        sides = [t.fixation_x_px > 960 for t in plan.trials if t.expression == expression]
        assert abs(2 * sum(sides) - len(sides)) <= 1
    first = plan.trials[0]
    rect = first.picture_rect
    assert (rect.x_px, rect.y_px, rect.width_px, rect.height_px) == (736, 316, 448, 448)
    targets = {(t.fixation_x_px, t.fixation_y_px) for t in plan.trials}
    assert len(targets) == 2
    for x, y in targets:
        edge = rect.x_px if x < 960 else rect.x_px + rect.width_px - 1
        # Along the horizontal through the screen's centre eccentricities add up.
        degrees = screen.to_deg([[x, y], [edge, y]])
        assert abs(degrees[0, 0] - degrees[1, 0]) == pytest.approx(2.0, abs=0.005)
        assert not rect.contains([[x, y]]).any()
        assert y == screen.centre_px[1]


def test_a_plan_follows_from_seed_person_and_session_alone(study):
    plan = make_plan(study, "sub-001")
    assert make_plan(open_study(study.root), "sub-001") == plan
    orders = {
        tuple(t.image_id for t in make_plan(study, name, session).trials)
        for name, session in (("sub-001", "01"), ("sub-001", "02"), ("sub-002", "01"))
    }
    assert len(orders) == 3
    add_participant(study)
    assert make_plan(study, "sub-001") == plan


def test_keys_rotate_so_that_each_expression_gets_each_key(study):
    assert make_plan(study, "sub-001").keys == dict(zip(EXPRESSIONS, "1234567", strict=True))
    assert make_plan(study, "sub-002").keys["angry"] == "1"
    seven = [answer_keys(list("sdfghjk"), shift) for shift in range(7)]
    for expression in EXPRESSIONS:
        assert {keys[expression] for keys in seven} == set("sdfghjk")
    assert all(list(keys.values()) == list("sdfghjk") for keys in seven)


def test_a_plan_is_read_back_as_it_was_written(study):
    plan = make_plan(study, "sub-001")
    path = plan_path(study, "sub-001", "01")
    write_plan(path, plan)
    assert read_plan(path) == plan
    before = path.read_bytes()
    write_plan(path, make_plan(study, "sub-001"))
    assert path.read_bytes() == before


def test_the_plan_of_a_begun_session_stays(study):
    path = plan_path(study, "sub-001", "01")
    plan = make_plan(study, "sub-001")
    write_plan(path, plan)
    (path.parent / "trials.tsv").write_text("trial\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"session 01 of sub-001 has begun"):
        write_plan(path, plan)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, "{}", '{"keys": 3}', "no json", '{"participant_id":'])
def test_a_damaged_plan_is_refused(tmp_path, content):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="session's plan"):
        read_plan(path)


@pytest.mark.parametrize(
    ("participant_id", "session", "message"),
    [
        ("sub-009", "01", "sub-009 is not in participants.tsv"),
        ("2", "01", "Did you mean 'sub-002'"),
        ("sub-001", "0/1", "label must be letters and digits"),
        ("Anna B", "01", "must be 'sub-' and letters or digits"),
    ],
)
def test_wrong_names_are_refused(study, participant_id, session, message):
    with pytest.raises(InputError, match=message):
        make_plan(study, participant_id, session)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"participants": {"practice_trials": 999}}, "there are 140"),
        ({"participants": {"blocks": 99}}, "each of its 99 blocks"),
        ({"screen": {"width_px": 500}}, "must fit on the screen of 500 x 1080 px"),
        ({"participants": {"fixation_gap_deg": 30.0}}, "must fit on the screen"),
    ],
)
def test_settings_that_allow_no_plan_are_refused(tmp_path, settings, message):
    study = create_study(tmp_path / "t", settings)
    write_catalog(study, ACTORS, TESTED)
    add_participant(study)
    with pytest.raises(InputError, match=message):
        make_plan(study, "sub-001")


def test_a_set_without_test_pictures_is_refused(tmp_path):
    study = create_study(tmp_path / "t")
    write_catalog(study, ACTORS, [])
    add_participant(study)
    with pytest.raises(InputError, match="needs test pictures"):
        make_plan(study, "sub-001")


def test_the_picture_is_at_the_centre_also_of_odd_screens(tmp_path):
    study = create_study(tmp_path / "t", {"screen": {"width_px": 1281, "height_px": 801}})
    picture, fixations = screen_layout(study)
    left, right = np.array(fixations)
    centre = picture.x_px + (picture.width_px - 1) / 2
    assert abs(centre - 640) <= 0.5
    assert left[0] < picture.x_px < right[0]


@pytest.mark.parametrize("session", ["", "0 1", "ä1", "../x"])
def test_session_labels_are_portable(session):
    with pytest.raises(InputError, match="label"):
        check_session(session)
