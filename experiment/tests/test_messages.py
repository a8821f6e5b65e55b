import pytest

from experiment import messages
from stimuli.frames import Rect
from study.errors import InputError


def test_a_message_longer_than_the_tracker_takes_is_refused_and_one_at_the_limit_is_not():
    assert messages.check_length("x" * 128) == "x" * 128
    with pytest.raises(InputError, match="128 characters"):
        messages.check_length("x" * 129)
    with pytest.raises(InputError, match="one line"):
        messages.check_length("two\nlines")


def test_a_picture_with_too_long_a_name_is_found_before_the_trial():
    with pytest.raises(InputError, match="shorter names"):
        messages.image_load("A" * 90, Rect(0, 0, 448, 448))


def test_image_load_names_the_centre_of_the_picture():
    text = messages.image_load("AF01AFS", Rect(100, 50, 448, 300))
    assert text.split()[4:] == ["324", "200", "448", "300"]


def test_path_of_the_shown_picture_has_neither_spaces_nor_backslashes():
    path = messages.shown_picture("AF01AFS")
    assert " " not in path
    assert "\\" not in path
