"""The register of participants."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from participants.register import (
    add_participant,
    participant_number,
    read_participants,
    record_consent,
)
from study.errors import InputError
from study.folder import Study, create_study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return create_study(tmp_path / "s")


def test_ids_count_on_from_the_highest_number(study):
    assert read_participants(study).empty
    assert [add_participant(study) for _ in range(2)] == ["sub-001", "sub-002"]
    assert add_participant(study, "x7") == "sub-x7"
    assert add_participant(study, "sub-041") == "sub-041"
    assert add_participant(study) == "sub-042"
    assert participant_number(study, "sub-041") == 3


@pytest.mark.parametrize("place", ["sourcedata", "pilotdata", "testdata", "."])
@pytest.mark.parametrize("used", ["sub-001", "001", "1", "sub-01", "X7", "x7", "sub-099"])
def test_a_used_id_is_refused(study, used, place):
    add_participant(study)
    add_participant(study, "x7")
    (study.root / place / "sub-099").mkdir(parents=True)
    before = study.participants_tsv.read_bytes()
    with pytest.raises(InputError, match=r"is used already\. The next free one is sub-100"):
        add_participant(study, used)
    assert study.participants_tsv.read_bytes() == before


@pytest.mark.parametrize(
    ("age", "written"),
    [(23, "23"), (22.5, "22.5"), (88, "88"), (89, "89"), (104, "89"), (None, "n/a")],
)
def test_ages_end_at_89(study, age, written):
    add_participant(study, age=age)
    assert read_participants(study)["age"].tolist() == [written]
    assert f"sub-001\t{written}\t" in study.participants_tsv.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"sex": "femal"}, "Did you mean 'female'"),
        ({"handedness": "both"}, "handedness must be one of"),
        ({"vision": "contact"}, "vision must be one of"),
        ({"dominant_eye": "up"}, "dominant eye must be one of"),
        ({"age": -1}, "age must be in years, but it is -1"),
        ({"age": float("nan")}, "age must be in years"),
        ({"participant_id": "Anna B"}, "letters or digits"),
        ({"consent_version": "Anna Bianchi"}, "must be one word of letters, digits"),
        ({"consent_version": "Bianchi"}, "that has a digit"),
    ],
)
def test_wrong_answers_are_refused_and_nothing_is_written(study, answers, message):
    with pytest.raises(InputError, match=message):
        add_participant(study, **answers)
    assert not study.participants_tsv.exists()


def test_answers_are_stored_with_what_they_mean(study):
    add_participant(study, sex="other", handedness="left", consent_version="v2.1_May")
    row = read_participants(study).iloc[0]
    assert (row["sex"], row["handedness"], row["consent_version"]) == ("other", "left", "v2.1_May")
    assert row["consent_time"].startswith("20")
    meaning = json.loads(study.participants_tsv.with_suffix(".json").read_text(encoding="utf-8"))
    assert list(meaning) == list(read_participants(study).columns)
    assert set(meaning["handedness"]["Levels"]) == {"right", "left", "ambidextrous"}
    assert meaning["age"]["Units"] == "year"
    add_participant(study)
    assert read_participants(study)["consent_time"].tolist()[1] == "n/a"


def test_consent_is_recorded_in_the_participants_row_alone(study):
    add_participant(study, age=30)
    add_participant(study, age=40, consent_version="v1")
    before = read_participants(study)
    record_consent(study, "sub-002", "2026-11-03", "2026-11-04T09:30:01.250+01:00")
    after = read_participants(study)
    assert after.loc[1, "consent_version"] == "2026-11-03"
    assert after.loc[1, "consent_time"] == "2026-11-04T09:30:01+01:00"
    changed = ["consent_version", "consent_time"]
    assert after.drop(columns=changed).equals(before.drop(columns=changed))
    assert after.iloc[0].equals(before.iloc[0])


def test_consent_is_recorded_in_a_register_made_elsewhere(study):
    study.participants_tsv.write_text(
        "participant_id\tgroup\nsub-001\t01\nsub-002\t02\n", encoding="utf-8"
    )
    record_consent(study, "sub-002", "v1", "2026-11-04T09:30:01Z")
    register = read_participants(study)
    assert register["consent_version"].tolist() == ["n/a", "v1"]
    assert register["group"].tolist() == ["01", "02"]
    meaning = json.loads(study.participants_tsv.with_suffix(".json").read_text(encoding="utf-8"))
    assert "consent_version" in meaning


@pytest.mark.parametrize(
    ("participant_id", "version", "time", "message"),
    [
        ("sub-009", "v1", "2026-11-04T09:30:01Z", "sub-009 is not in participants.tsv"),
        ("sub-001", "Anna", "2026-11-04T09:30:01Z", "that has a digit"),
        ("sub-001", "", "2026-11-04T09:30:01Z", "but it is ''"),
        ("sub-001", "v1", "2026-11-04T09:30:01", "with a time zone"),
        ("sub-001", "v1", "yesterday", "must be ISO 8601"),
    ],
)
def test_a_consent_that_cannot_be_recorded_changes_nothing(
    study, participant_id, version, time, message
):
    add_participant(study)
    before = study.participants_tsv.read_bytes()
    with pytest.raises(InputError, match=message):
        record_consent(study, participant_id, version, time)
    assert study.participants_tsv.read_bytes() == before


def test_columns_of_others_are_kept(study):
    study.participants_tsv.write_text(
        "participant_id\tgroup\tage\nsub-001\t01\t30\n", encoding="utf-8"
    )
    meaning = study.participants_tsv.with_suffix(".json")
    meaning.write_text('{"group": {"Description": "mine"}}', encoding="utf-8")
    add_participant(study, age=40)
    register = read_participants(study)
    assert register["group"].tolist() == ["01", "n/a"]
    assert register["age"].tolist() == ["30", "40"]
    assert json.loads(meaning.read_text(encoding="utf-8"))["group"] == {"Description": "mine"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("participant_id\nsub-001\nSUB-001\n", "is there twice"),
        ("id\nsub-001\n", "must have the column 'participant_id'"),
        ("", "must be a tab-separated table"),
    ],
)
def test_a_damaged_register_is_refused(study, content, message):
    study.participants_tsv.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        add_participant(study)


def test_the_register_is_valid_bids(study):
    validator = shutil.which("bids-validator-deno", path=sysconfig.get_path("scripts"))
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    add_participant(study, age=23, sex="female", handedness="right")
    add_participant(study, age=95, sex="male", vision="glasses", consent_version="v1")
    done = subprocess.run(
        [validator, "--format", "json", "--max-rows", "-1", str(Path(study.root))],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    found = {issue["code"] for issue in issues if "participants" in issue.get("location", "")}
    # People are registered before they have data, of which the validator complains until then.
    assert found <= {"PARTICIPANT_ID_MISMATCH"}
