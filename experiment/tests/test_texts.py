from importlib import resources

import pytest

from experiment.texts import SCREENS, parse_texts, read_texts
from study.errors import InputError
from study.folder import create_study


def text_of(language):
    file = resources.files("experiment.texts").joinpath(f"{language}.txt")
    return file.read_text(encoding="utf-8")


ENGLISH = text_of("english")


@pytest.mark.parametrize("language", ["english", "german"])
def test_each_language_is_complete_and_every_word_in_braces_is_filled_in(language):
    texts = parse_texts(text_of(language), source=language)
    for name, fields in SCREENS.items():
        values = {field: f"<{field}>" for field in fields}
        shown = texts.screen(name, **values)
        assert shown
        assert "{" not in shown
        # Keys and numbers stand where the screen needs them, whatever the language.
        needed = fields - {"keys", "n_trials"}
        assert all(f"<{field}>" in shown for field in needed if name not in ("right", "no_answer"))


def test_a_screen_before_a_condition_s_blocks_may_be_there(tmp_path):
    conditions = {"texts": "ours.txt", "conditions": {"brief": {"face_ms": 200}, "long": {}}}
    study = create_study(tmp_path / "study", {"experiment": conditions})
    ours = study.root / "ours.txt"
    ours.write_text(ENGLISH + "[condition:brief]\nNow they go soon.\n", encoding="utf-8")
    texts = read_texts(study)
    assert (texts.of_condition("brief"), texts.of_condition("long")) == ("Now they go soon.", "")
    ours.write_text(ENGLISH + "[condition:breif]\nNow.\n", encoding="utf-8")
    with pytest.raises(InputError, match="Did you mean 'brief'"):
        read_texts(study)


def test_what_comes_along_is_complete_and_fills_in():
    texts = parse_texts(ENGLISH, source="english.txt")
    assert "2 of 4 parts" in texts.screen("break", block=2, n_blocks=4)
    assert texts.screen("wrong", expression="sad") == "This face was sad."
    assert "#" not in texts.screen("instruction", keys="", n_trials=3)


def test_a_lab_can_have_its_own_file_in_the_study(tmp_path):
    study = create_study(tmp_path / "study", {"experiment": {"texts": "ours.txt"}})
    ours = ENGLISH.replace("happy = happy", "happy = glücklich")
    (study.root / "ours.txt").write_text(ours, encoding="utf-8")
    assert read_texts(study).expressions["happy"] == "glücklich"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(("[thanks]", "[thank]"), "Did you mean 'thanks'", id="unknown screen"),
        pytest.param(("[break]\n", ""), r"must have the section \[break\]", id="missing screen"),
        pytest.param(("{block}", "{blok}"), "Did you mean 'block'", id="unknown word in braces"),
        pytest.param(("{block}", "{block"), "close its braces", id="open brace"),
        pytest.param(("sad = sad\n", ""), "sad = sad", id="missing expression"),
        pytest.param(("sad = sad", "sad = sad\nsda = sad"), "'sad'", id="unknown expression"),
    ],
)
def test_a_wrong_file_is_refused_with_its_remedy(change, message):
    assert change[0] in ENGLISH
    with pytest.raises(InputError, match=message):
        parse_texts(ENGLISH.replace(*change), source="ours.txt")


def test_an_unknown_language_is_refused(tmp_path):
    study = create_study(tmp_path / "study", {"experiment": {"texts": "englisch"}})
    with pytest.raises(InputError, match="Did you mean 'english'"):
        read_texts(study)
