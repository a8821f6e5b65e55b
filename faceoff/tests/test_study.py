"""The whole study, small: the report, what is out of date, and what a kill leaves behind."""

import html.parser
import math
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from faceoff.pipeline import report_step, run_everything
from faceoff.recovery import read_truth, recovery_table
from faceoff.report.latex import _run
from faceoff.report.marks import pieces
from faceoff.tests.test_report_formats import compile_chapter
from stimuli.regions import REGIONS
from study.folder import Study, open_study
from study.provenance import run_step
from study.tables import read_table

pytestmark = [pytest.mark.slow, pytest.mark.network]


class Page(html.parser.HTMLParser):
    """Collects headings, sources of pictures and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.anchors: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("src"):
            self.sources.append(str(values["src"]))
        if values.get("id"):
            self.anchors.append(str(values["id"]))
        if tag == "a":
            self.targets.append(str(values["href"]))


def contents(study: Study) -> dict[str, bytes]:
    return {
        path.relative_to(study.root).as_posix(): path.read_bytes()
        for path in sorted(study.root.rglob("*"))
        if path.is_file() and not path.name.endswith(".provenance.json")
    }


def test_the_report_is_one_file_with_everything(small_study: Study) -> None:
    page = Page()
    text = small_study.report_html.read_text("utf-8")
    page.feed(text)
    assert "Not there yet" not in text
    assert len(page.sources) >= 10
    assert all(source.startswith("data:image/") for source in page.sources)
    assert {target.removeprefix("#") for target in page.targets} <= set(page.anchors)
    assert all(target.startswith("#") for target in page.targets)


def test_every_figure_and_table_is_also_a_file(small_study: Study) -> None:
    figures, tables = (small_study.comparison_dir / name for name in ("figures", "tables"))
    names = {path.stem for path in figures.glob("*.svg")}
    assert names == {path.stem for path in figures.glob("*.png")}
    assert {"behaviour", "confusion", "scanpaths", "examples", "perturbation"} <= names
    for path in tables.glob("*.csv"):
        assert not pd.read_csv(path).empty


def test_the_chapter_tells_the_same_numbers(small_study: Study) -> None:
    for kind in ("latex", "docx"):
        run_step(small_study, report_step(small_study, kind))
    results, methods = (
        (small_study.chapter_dir / f"{name}.tex").read_text("utf-8")
        for name in ("results", "methods")
    )
    assert "Not there yet" not in results + methods
    assert f"seed {small_study.settings.study.seed}" in methods
    sentences = read_table(small_study.comparison_dir / "behaviour.tsv", what="it")["sentence"]
    for sentence in sentences:
        assert "".join(map(_run, pieces(sentence))) in results
    tables = {path.stem for path in (small_study.chapter_dir / "tables").glob("*.csv")}
    assert tables == {path.stem for path in (small_study.comparison_dir / "tables").glob("*.csv")}
    figures = {path.stem for path in (small_study.chapter_dir / "figures").glob("*.pdf")}
    assert figures == {path.stem for path in (small_study.comparison_dir / "figures").glob("*.svg")}
    assert zipfile.is_zipfile(small_study.chapter_docx)
    if shutil.which("pdflatex"):
        assert "undefined" not in compile_chapter(small_study.chapter_dir)


def test_what_was_planted_is_recovered(small_study: Study) -> None:
    table = recovery_table(small_study)
    assert table is not None
    assert set(table["expression"]) >= {"happy", "all"}
    exact = table[table["quantity"].str.startswith(("fixations for", "mean fixation"))]
    assert exact["agrees"].all()
    maps = table[table["quantity"].str.startswith("correlation")]
    assert (maps["found"] > 0.8).all()
    assert maps["agrees"].all()


def test_planted_shares_of_regions_are_recovered(small_study: Study) -> None:
    truth = read_truth(small_study)
    assert truth is not None
    regions = read_table(small_study.gaze_dir / "regions.tsv", what="regions")
    alike = (1 + truth.refixation) / (1 - truth.refixation)
    for _, own in regions.groupby("expression"):
        counts = own.groupby("region")["n_fixations"].sum()
        looked = own[own["n_fixations"] > 0]
        pairs = pd.MultiIndex.from_frame(looked[["participant_id", "image_id"]])
        weights = looked["n_fixations"].to_numpy(float)
        expected = truth.strategy.loc[pairs].mul(weights, axis=0).sum() / weights.sum()
        for region, planted in zip(REGIONS, expected[list(REGIONS)], strict=True):
            sampling = 3.29 * math.sqrt(alike * planted * (1 - planted) / counts.sum())
            # The calibration's offset and the noise carry some fixations over a border.
            found = counts[region] / counts.sum()
            assert found == pytest.approx(planted, abs=0.02 + sampling)


def test_nothing_is_done_twice(small_study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(small_study)
    run_everything(small_study)
    said = capsys.readouterr().err
    assert said.count("up to date, skipped") >= 10
    assert "wrote" not in said
    assert contents(small_study) == before


def test_a_changed_setting_redoes_what_depends_on_it_and_nothing_else(
    small_study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = copy_of(small_study, tmp_path)
    text = study.settings_toml.read_text("utf-8")
    study.settings_toml.write_text(
        text.replace("random_orders = 3", "random_orders = 4"), encoding="utf-8"
    )
    run_everything(open_study(study.root))
    said = capsys.readouterr().err
    for skipped in ("stimuli register", "gaze import", "gaze density", "cnn train", "cnn explain"):
        assert f"{skipped}: up to date" in said
    for done in ("compare perturb", "compare stats", "report"):
        assert f"{done}: wrote" in said


def copy_of(study: Study, tmp_path: Path) -> Study:
    shutil.copytree(study.root, tmp_path / "copy")
    return open_study(tmp_path / "copy")


def test_a_killed_run_is_finished_by_the_next(small_study: Study, tmp_path: Path) -> None:
    study = copy_of(small_study, tmp_path)
    shutil.rmtree(study.gaze_dir)
    command = [sys.executable, "-P", "-m", "faceoff", "run", "--study", str(study.root)]
    for seconds in (2.5, 4.0):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = contents(small_study), contents(study)
    left = {name for name in second if Path(name).name.startswith(".") and name not in first}
    assert {
        name: second[name] for name in first if "report" not in name and "comparison" not in name
    } == {name: first[name] for name in first if "report" not in name and "comparison" not in name}
    assert all(name.rsplit("/", 1)[-1] != "fixations.tsv" for name in left)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the browser chromium")
def test_a_real_browser_shows_every_figure(small_study: Study, tmp_path: Path) -> None:
    probe = tmp_path / "probe.html"
    script = (
        "<script>addEventListener('load', () => { document.body.innerHTML = "
        "[...document.images].map(i => i.complete && i.naturalWidth > 100).join(' '); });</script>"
    )
    page = small_study.report_html.read_text("utf-8")
    probe.write_text(page.replace("</body>", script + "</body>"), encoding="utf-8")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=10000", "--dump-dom",
        probe.as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    answers = shown[shown.index("<body>") + 6 : shown.index("</body>")].split()
    assert len(answers) >= 10
    assert set(answers) == {"true"}
