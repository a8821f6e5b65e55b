"""KDEF's file names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.expressions import KDEF_CODES
from stimuli.names import VIEWS, KdefName, parse_name
from study.errors import InputError


def parsed(file_name: str) -> KdefName:
    name = parse_name(file_name)
    assert name is not None
    return name


@given(
    session=st.sampled_from("AB"),
    sex=st.sampled_from("FM"),
    number=st.integers(1, 35),
    code=st.sampled_from(sorted(KDEF_CODES)),
    view=st.sampled_from(sorted(VIEWS)),
    suffix=st.sampled_from([".JPG", ".jpg", ".jpeg", ".png", ""]),
    lower=st.booleans(),
)
def test_every_name_of_kdef_is_read_back(session, sex, number, code, view, suffix, lower):
    stem = f"{session}{sex}{number:02d}{code}{view}"
    name = parsed((stem.lower() if lower else stem) + suffix)
    assert name.image_id == stem
    assert (name.session, name.actor) == (session, f"{sex}{number:02d}")
    assert name.sex == {"F": "female", "M": "male"}[sex]
    assert name.expression == KDEF_CODES[code]
    assert name.is_straight == (view == "S")


@pytest.mark.parametrize(
    "file_name",
    [
        "holiday.jpg", "AF01AF.JPG", "AF36AFS.JPG", "AF00AFS.JPG", "CF01AFS.JPG", "AX01AFS.JPG",
        "AF01AFS copy.JPG", "xAF01AFS.JPG", "AF1AFS.JPG", "AF01AFX.JPG", "AF01AFSS.JPG", "",
    ],
)  # fmt: skip
def test_other_names_are_none_of_kdef(file_name):
    assert parse_name(file_name) is None


def test_afraid_is_not_confused_with_session_and_sex():
    # "AF" at the start is session A and female; the code stands behind the number.
    assert parsed("AF01SAS.JPG").expression == "sad"
    assert parsed("BM05AFS.JPG").expression == "afraid"
    assert parsed("BM05AFS.JPG").session == "B"


def test_the_two_misnamed_files_of_kdef_are_known():
    assert parsed("AF31V.JPG").image_id == "AF31SAHL"
    assert parsed("AM31H.JPG").view == "half right profile"


@pytest.mark.parametrize("file_name", ["AF01XXS.JPG", "bm35nrs.jpg"])
def test_an_unknown_code_is_refused_and_never_neutral(file_name):
    with pytest.raises(InputError, match=r"expression code must be one of .* but it is"):
        parse_name(file_name)
