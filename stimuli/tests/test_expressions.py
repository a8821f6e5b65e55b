"""Expressions: one table, and no name outside it."""

import pytest

from stimuli.expressions import EXPRESSIONS, KDEF_CODES, expression_name
from study.errors import InputError


def test_the_table_is_in_its_order() -> None:
    assert list(KDEF_CODES.values()) == list(EXPRESSIONS) == sorted(EXPRESSIONS)


@pytest.mark.parametrize("label", ["happy", "HAPPY", "HA", "ha", "Happiness", " joy "])
def test_names_of_other_sets(label: str) -> None:
    assert expression_name(label) == "happy"


@pytest.mark.parametrize("label", ["XX", "", "contempt", "neutrall"])
def test_an_unknown_name_is_never_neutral(label: str) -> None:
    with pytest.raises(InputError, match="must be one of"):
        expression_name(label)
