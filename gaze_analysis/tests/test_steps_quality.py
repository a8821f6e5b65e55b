"""From a study folder to quality tables, pages and the reporting checklist."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from gaze_analysis.importing import samples_path
from gaze_analysis.quality_report.checklist import checklist_table
from gaze_analysis.quality_report.facts import StudyFacts
from gaze_analysis.steps import events_step, import_step
from gaze_analysis.steps_quality import quality_step, read_sessions
from gaze_analysis.tests.small_study import recording_text, small_study
from gaze_analysis.tests.test_steps_density import table_study
from stimuli.frames import screen_from
from study.errors import InputError
from study.folder import create_study, open_study
from study.provenance import is_current, run_step
from study.tables import read_table
from study.writing import write_text


def measure(study):
    """Import, make events, and measure."""
    for step in (import_step, events_step, quality_step):
        run_step(study, step(study))
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return measure(small_study(tmp_path_factory.mktemp("quality") / "study"))


def table(study, name):
    columns = {"participant_id": str, "session": str}
    return read_table(study.gaze_dir / f"{name}.tsv", what=name, columns=columns)


class Page(HTMLParser):
    """Gathers the tags of a page, and checks that they are closed."""

    def __init__(self, text):
        super().__init__()
        self.images, self.links, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_table_and_page_is_an_output(study):
    step = quality_step(study)
    names = {path.relative_to(study.gaze_dir).as_posix() for path in step.outputs}
    assert {
        "quality.tsv", "quality_blocks.tsv", "quality_trials.tsv", "quality_validations.tsv",
        "flags.tsv", "quality/index.html", "quality/checklist.md", "quality/sub-01_ses-01.html",
    } <= names  # fmt: skip
    assert all(path.is_file() for path in step.outputs)
    written = {path.name for path in (study.gaze_dir / "quality").iterdir()}
    assert written == {path.name for path in step.outputs[5:]} | {"checklist.json"}
    assert not run_step(study, step)


def test_the_small_study_is_measured_as_it_was_made(study):
    quality = table(study, "quality")
    assert quality["participant_id"].tolist() == ["sub-01", "sub-02"]
    assert set(quality["accuracy_deg"]) == {0.38}
    # Gaze does not move, and no sample is lost between START and END.
    assert (quality[["rms_s2s_deg", "sd_deg", "bcea_deg2", "data_loss"]] < 1e-9).all(axis=None)
    assert (quality["effective_rate_hz"] == 100).all()
    blocks, trials = table(study, "quality_blocks"), table(study, "quality_trials")
    assert (len(blocks), len(trials)) == (6, 6)
    assert (blocks["recorded_s"] == 1).all()
    assert (trials["data_loss"] == 0).all()
    assert len(table(study, "quality_validations")) == 2


def test_pages_are_whole_and_say_what_figures_show(study):
    folder = study.gaze_dir / "quality"
    page = Page((folder / "sub-01_ses-01.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert len(page.images) >= 4
    for image in page.images:
        assert image["src"].startswith("data:image/")
        assert re.search(r"\d", image["alt"])
        assert len(image["alt"]) > 30
    assert "index.html" in page.links
    index = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert {"sub-01_ses-01.html", "sub-02_ses-01.html", "checklist.html"} <= set(index.links)
    for link in index.links:
        assert link.startswith("#") or (folder / link).is_file()
    assert Page((folder / "checklist.html").read_text(encoding="utf-8")).open == []


def test_the_same_recordings_give_the_same_bytes(study, tmp_path):
    again = measure(small_study(tmp_path / "study"))
    for path in sorted((study.gaze_dir / "quality").iterdir()):
        assert (again.gaze_dir / "quality" / path.name).read_bytes() == path.read_bytes(), path


def test_a_screen_that_is_not_the_recordings_is_a_failure(tmp_path, capsys):
    study = small_study(tmp_path / "study", participants=("sub-01",))
    text = study.settings_toml.read_text(encoding="utf-8")
    write_text(study.settings_toml, text.replace("# width_px = 1920", "width_px = 1280", 1))
    study = measure(open_study(study.root))
    flags = table(study, "flags").set_index("check")
    assert flags.loc["screen", "severity"] == "fail"
    assert "1920 x 1080 px" in flags.loc["screen", "sentence"]
    said = capsys.readouterr().err
    assert "fail: screen" in said
    assert "pages: derivatives/faceoff/gaze/quality/index.html" in said


def test_only_settings_that_quality_reads_make_it_stale(study):
    def changed(**gaze):
        sections = {
            name: getattr(study.settings.gaze, name).model_copy(update=fields)
            for name, fields in gaze.items()
        }
        settings = study.settings
        return replace(
            study,
            settings=settings.model_copy(
                update={"gaze": settings.gaze.model_copy(update=sections)}
            ),
        )

    assert is_current(study, quality_step(changed(regions={"margin_deg": 0.7})))
    assert is_current(study, quality_step(changed(density={"sigma": 2.0})))
    assert not is_current(study, quality_step(changed(exclude={"min_correct": 0.7})))


def test_a_session_in_two_files_with_one_clock_each(tmp_path):
    study = small_study(tmp_path / "study", participants=("sub-01",))
    folder = study.sourcedata / "sub-01" / "ses-01"
    (folder / "trials.tsv").unlink()
    second = recording_text(["AF04AFS", "AF05AFS"]).replace("0.38 avg.", "0.88 avg.")
    write_text(folder / "sub-01_ses-01_part2.asc", second)
    study = measure(study)
    blocks = table(study, "quality_blocks")
    assert blocks.groupby("part")["accuracy_deg"].unique().tolist() == [[0.38], [0.88]]
    quality = table(study, "quality").iloc[0]
    assert quality["accuracy_deg"] == pytest.approx((3 * 0.38 + 2 * 0.88) / 5)
    assert (quality["data_loss"], quality["n_blocks"], quality["recorded_s"]) == (0, 5, 5)
    flags = table(study, "flags").set_index("check")
    assert flags.loc["clock", "severity"] == "warning"
    assert flags.loc["time", "severity"] == "pass"


def test_a_recording_of_events_alone_has_a_page(tmp_path):
    study = small_study(tmp_path / "study", participants=("sub-01",))
    path = study.sourcedata / "sub-01" / "ses-01" / "sub-01_ses-01.asc"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line[:1].isdigit() and not line.startswith("SAMPLES")]
    write_text(path, "\n".join(kept) + "\n")
    measure(study)
    quality = table(study, "quality").iloc[0]
    assert quality["accuracy_deg"] == 0.38
    assert quality[["data_loss", "rms_s2s_deg", "effective_rate_hz"]].isna().all()
    page = study.gaze_dir / "quality" / "sub-01_ses-01.html"
    assert "no gaze samples to draw" in page.read_text(encoding="utf-8")


def test_pages_of_sessions_that_are_gone_go(tmp_path):
    study = measure(small_study(tmp_path / "study", participants=("sub-01",)))
    old = study.gaze_dir / "quality" / "sub-99_ses-01.html"
    old.write_text("old", encoding="utf-8")
    run_step(study, quality_step(study), force=True)
    assert not old.exists()


def test_quality_says_what_it_needs(tmp_path):
    study = table_study(tmp_path / "study")
    with pytest.raises(InputError, match="come from tables"):
        run_step(study, quality_step(study))
    bare = create_study(tmp_path / "bare")
    with pytest.raises(InputError, match="gaze import"):
        run_step(bare, quality_step(bare))
    imported = small_study(tmp_path / "imported")
    run_step(imported, import_step(imported))
    with pytest.raises(InputError, match="gaze events"):
        run_step(imported, quality_step(imported))


def test_missing_samples_make_the_result_stale(tmp_path):
    study = measure(small_study(tmp_path / "study", participants=("sub-01",)))
    path = samples_path(study, "sub-01_ses-01")
    frame = pd.read_parquet(path)
    frame.iloc[:-20].to_parquet(path)
    assert run_step(study, quality_step(study))
    assert table(study, "quality")["n_expected"].iloc[0] == 280


def facts_of(study, **gaze):
    """Gather what the study knows for its checklist."""
    settings = study.settings
    return StudyFacts(
        read_sessions(study),
        table(study, "quality"),
        table(study, "quality_validations"),
        read_table(study.gaze_dir / "exclusions.tsv", what="exclusions"),
        screen_from(settings.screen),
        settings.screen.refresh_hz,
        settings.gaze.model_dump(mode="json") | gaze,
    )


def test_the_checklist_has_every_item_of_the_guideline(study):
    checklist: Any = checklist_table(facts_of(study)).set_index("topic")
    items = [*(f"A{number}" for number in range(1, 13)), "B1", "C1"]
    assert checklist["dunn_2023"].dropna().tolist() == items
    aspects = checklist["holmqvist_2022"].dropna().astype(int)
    assert set(aspects) == set(range(1, 10))
    assert checklist.loc["Environment", "status"] == "author"
    assert checklist.loc["Data loss", "status"] == "filled"
    assert (checklist["status"] == "author").equals(checklist["answer"].isna())
    assert checklist.loc[checklist["status"] == "partly", "author"].notna().all()
    assert "100 Hz nominal" in checklist.loc["Sampling frequency", "answer"]
    assert "HV9" in checklist.loc["Calibration", "answer"]
    assert "wrong answer" in checklist.loc["Exclusion", "answer"]


def test_the_methods_text_has_the_numbers_of_the_tables(study):
    text = (study.gaze_dir / "quality" / "checklist.md").read_text(encoding="utf-8")
    assert "0.38 (range 0.38 to 0.38, SD 0.00) deg" in text
    assert "2 sessions of 2 participants" in text
    assert "1920 x 1080 px" in text
    assert "nan" not in text
    assert "None" not in text


def test_a_detector_is_named_with_its_parameters(study):
    settings = {"engbert_kliegl": {"factor": 6.0}, "blinks": {"merge_ms": 100.0}}
    facts = facts_of(study, events=settings)
    assert facts.detection().startswith("EyeLink's own events as recorded")
    events = facts.sessions[0].events.assign(detector="engbert-kliegl")
    sessions = [replace(facts.sessions[0], events=events), *facts.sessions[1:]]
    found = replace(facts, sessions=sessions).detection()
    assert "in 1 sessions" in found
    assert "the detector engbert-kliegl (factor 6.0) after blinks were taken out (merge" in found


def test_what_rules_leave_out_is_on_pages_and_in_the_methods(tmp_path):
    study = small_study(tmp_path / "study")
    text = study.settings_toml.read_text(encoding="utf-8")
    write_text(study.settings_toml, text.replace("# min_correct = 0.0", "min_correct = 0.9", 1))
    study = measure(open_study(study.root))
    flags = table(study, "flags").set_index("check")
    assert flags.loc["inclusion", "severity"].tolist() == ["fail", "fail"]
    assert flags.loc["inclusion", "sentence"].str.contains("left out .*: right answers.").all()
    text = (study.gaze_dir / "quality" / "checklist.md").read_text(encoding="utf-8")
    assert "right answers: 2 participants (" in text
    assert "What stays are 0 fixations in 0 trials of 0 participants." in text


def test_mounts_and_trackers_are_told_in_words(study):
    facts = facts_of(study)
    blocks = facts.sessions[0].blocks.assign(mount="BTABLER", tracking="CR 500 2 1 L", filter="2")
    told = replace(facts, sessions=[replace(facts.sessions[0], blocks=blocks)])
    assert told.mounts() == "desktop mount, head stabilised, monocular or binocular"
    assert told.method() == "pupil and corneal reflection"
    assert told.filters() == "heuristic file filter level 2"
    assert facts.mounts() == facts.method() == ""
