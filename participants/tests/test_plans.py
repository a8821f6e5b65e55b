"""Session plans."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from participants.plans import (
    answer_keys,
    check_session,
    make_plan,
    plan_path,
    read_plan,
    screen_layout,
    session_label,
    write_plan,
)
from participants.practice import first_round, next_round
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
    assert (len(practice), len(main)) == (18, 42)
    assert sorted(t.image_id for t in main) == sorted(
        f"A{actor}{code}S" for actor in TESTED for code in KDEF_CODES
    )
    assert not {actors[t.image_id] for t in practice} & set(TESTED)
    assert all(one != other for one, other in pairwise(shown))
    assert [t.block for t in plan.trials] == [0] * 18 + [1] * 14 + [2] * 14 + [3] * 14
    for block in (1, 2, 3):
        counts = Counter(t.expression for t in main if t.block == block)
        assert counts == dict.fromkeys(EXPRESSIONS, 2)
    for number in (1, 2):
        practised = Counter(t.expression for t in practice if t.practice_round == number)
        assert set(practised) == set(EXPRESSIONS)
        assert max(practised.values()) <= 2
    assert (plan.mode, plan.session, plan.design_row) == ("pilot", "pilot01", 0)
    assert {t.condition for t in plan.trials} == {""}


def test_fixation_targets_are_balanced_and_beside_the_picture(study):
    plan = make_plan(study, "sub-001")
    screen = screen_from(study.settings.screen)
    for expression in EXPRESSIONS:
        seen = [t for t in plan.trials if t.expression == expression and t.practice_round < 2]
        sides = [t.fixation_x_px > 960 for t in seen]
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


# What the first version planned for these settings, before there were more rounds of practice:
# actor, expression, and whether the fixation target is left or right.
FIRST_PLAN = """
M02AN-L F02SA-R M02NE-R F02AF-L M02DI-L
M01SA-R F01DI-R M01AN-L F01AF-R M01NE-L F01HA-L M01SU-R
F01NE-L M01DI-L F01SU-L M01HA-R F01AN-R M01AF-R F01SA-L
"""


def small_study(folder: Path, **participants: object) -> Study:
    settings = {"blocks": 2, "practice_trials": 5} | participants
    study = create_study(folder, {"participants": settings})
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01"])
    add_participant(study)
    return study


@pytest.mark.parametrize("rounds", [1, 2, 9])
def test_further_rounds_of_practice_change_nothing_else(tmp_path, rounds):
    trials = make_plan(small_study(tmp_path / "s", practice_rounds=rounds), "sub-001").trials
    assert [trial.trial for trial in trials] == list(range(1, 5 * rounds + 15))
    of_round = [number for number in range(1, rounds + 1) for _ in range(5)]
    assert [trial.practice_round for trial in trials] == of_round + [0] * 14
    shown = [
        f"{t.image_id[1:6]}-{'LR'[t.fixation_x_px > 960]}" for t in trials if t.practice_round < 2
    ]
    assert shown == FIRST_PLAN.split()


def test_a_second_round_of_practice_shows_other_pictures_if_there_are_enough(tmp_path):
    trials = make_plan(small_study(tmp_path / "s", practice_rounds=5), "sub-001").trials
    rounds = [[t.image_id for t in trials if t.practice_round == r] for r in range(1, 6)]
    # 42 training pictures do for eight rounds of five.
    assert len({image for one in rounds for image in one}) == 25
    actors = [image[1:4] for one in rounds for image in one]
    assert all(one != other for one, other in pairwise(actors))
    for number in range(1, 6):
        sides = [t.fixation_x_px > 960 for t in trials if t.practice_round == number]
        assert sum(sides) in (2, 3)


def test_a_second_round_repeats_the_pictures_of_a_small_pool(tmp_path):
    study = create_study(tmp_path / "s", {"participants": {"practice_trials": 22, "blocks": 2}})
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01"])
    add_participant(study)
    trials = make_plan(study, "sub-001").trials
    first, second = ([t.image_id for t in trials if t.practice_round == r] for r in (1, 2))
    assert sorted(first) == sorted(second)
    assert first != second
    assert all(one[1:4] != other[1:4] for one, other in pairwise([*first, *second]))


@pytest.mark.parametrize("actors", ["A", "AA", "AB", "ABA", "ABAA", "AABB", "ABC"])
def test_a_second_round_is_never_the_reason_for_which_there_is_no_plan(actors):
    pool = pd.DataFrame({"image_id": list("123456")[: len(actors)], "actor": list(actors)})
    pool = pool.assign(expression="happy")
    for n_trials in range(1, len(actors) + 1):
        rng = np.random.default_rng(n_trials)
        try:
            first = first_round(pool, n_trials, rng)
        except InputError:
            continue  # the first one already is impossible
        second = next_round(pool, first, n_trials, rng)
        assert len({trial.image_id for trial in second}) == n_trials
        assert all(one.actor != other.actor for one, other in pairwise(second))


@pytest.mark.parametrize("settings", [{"practice_criterion": 0.0}, {"practice_rounds": 1}])
def test_without_a_criterion_there_is_one_round_of_practice(tmp_path, settings):
    trials = make_plan(small_study(tmp_path / "s", **settings), "sub-001").trials
    assert [t.practice_round for t in trials] == [1] * 5 + [0] * 14


def test_without_practice_there_are_no_rounds(tmp_path):
    trials = make_plan(small_study(tmp_path / "s", practice_trials=0), "sub-001").trials
    assert {t.practice_round for t in trials} == {0}
    assert trials[0].phase == "main"


def conditions_study(folder: Path, names: list[str], **participants: object) -> Study:
    conditions = {name: {"face_ms": 100.0 * (i + 1)} for i, name in enumerate(names)}
    study = create_study(
        folder,
        {
            "participants": {"practice_trials": 2} | participants,
            "experiment": {"conditions": conditions},
        },
    )
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01", "F02"])
    return study


def test_conditions_are_counterbalanced_over_blocks_and_participants(tmp_path):
    names = ["brief", "long", "masked"]
    study = conditions_study(tmp_path / "s", names, blocks=6)
    plans = [make_plan(study, add_participant(study)) for _ in range(6)]
    assert [plan.design_row for plan in plans] == [1, 2, 3, 4, 5, 6]
    orders = []
    for plan in plans:
        of_block = {(t.block, t.condition) for t in plan.trials}
        assert len(of_block) == 7  # practice, which has none, and each block one
        assert (0, "") in of_block
        orders.append([name for _, name in sorted(of_block)][1:])
    for place in range(6):
        assert Counter(order[place] for order in orders) == dict.fromkeys(names, 2)
    assert all(order[:3] == order[3:] for order in orders)
    pairs = Counter(pair for order in orders for pair in pairwise(order[:3]))
    assert pairs == {(a, b): 2 for a in names for b in names if a != b}
    assert make_plan(study, add_participant(study)).design_row == 1


def test_conditions_change_no_order_of_pictures(tmp_path):
    plain = make_plan(small_study(tmp_path / "a"), "sub-001")
    study = conditions_study(tmp_path / "b", ["x", "y"], blocks=2, practice_trials=5)
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01"])
    plan = make_plan(study, add_participant(study))
    assert [t.image_id for t in plan.trials] == [t.image_id for t in plain.trials]


def test_blocks_that_the_conditions_do_not_fill_are_refused(tmp_path):
    study = conditions_study(tmp_path / "s", ["a", "b", "c"], blocks=4)
    with pytest.raises(InputError, match="4 blocks are no multiple of 3 conditions"):
        make_plan(study, add_participant(study))


def test_keys_and_conditions_are_not_tied(tmp_path):
    names = [f"c{i}" for i in range(7)]
    study = conditions_study(tmp_path / "s", names, blocks=7, counterbalance="latin")
    plans = [make_plan(study, add_participant(study)) for _ in range(14)]
    seen = {(plan.design_row, plan.keys["angry"]) for plan in plans}
    assert len(seen) == 14


@pytest.mark.parametrize(
    ("session", "mode", "label"),
    [
        ("01", "real", "01"),
        ("01", "pilot", "pilot01"),
        ("pilot2", "pilot", "pilot2"),
        ("Pilot2", "pilot", "pilot2"),
        ("01", "test", "test01"),
        ("retest", "real", "retest"),
    ],
)
def test_labels_say_the_mode(session, mode, label):
    assert session_label(session, mode) == label


@pytest.mark.parametrize(
    ("session", "mode"),
    [("pilot01", "real"), ("test1", "real"), ("test1", "pilot"), ("Pilot1", "test")],
)
def test_labels_of_other_modes_are_refused(session, mode):
    with pytest.raises(InputError, match=f"whose mode is {mode} must not begin with"):
        session_label(session, mode)


def test_pilots_and_tests_are_kept_apart(study):
    for mode in ("pilot", "test"):
        plan = make_plan(study, "sub-001", "01", mode)
        path = plan_path(study, "sub-001", plan.session)
        assert path.relative_to(study.root).as_posix() == (
            f"{mode}data/sub-001/ses-{mode}01/plan.json"
        )
        write_plan(path, plan)
        (path.parent / "trials.tsv").write_text("trial\n", encoding="utf-8")
    assert study.sessions() == []
    ignored = (study.root / ".bidsignore").read_text(encoding="utf-8").splitlines()
    assert {"pilotdata", "testdata"} <= set(ignored)


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
