"""Events of sessions: the recording's own, or a detector's, as [gaze.events] wants them."""

from pathlib import Path

import pandas as pd
import pytest

from gaze_analysis.events import make_events
from gaze_analysis.importing import import_sessions, recorded_sessions
from gaze_analysis.session_events import detection_settings, session_events
from gaze_analysis.steps import events_step, import_step
from gaze_analysis.tests.synthetic_gaze import synthetic_samples
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.provenance import is_current, run_step
from study.settings import parse_settings
from study.tables import read_table
from study.writing import write_text

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink" / "asc"


def asc_text(samples: pd.DataFrame, events: str = "") -> str:
    """Write a recording of the right eye; events are the tracker's own lines."""
    head = (
        "MSG\t1 DISPLAY_COORDS 0 0 1919 1079\nMSG\t900 TRIALID 1\n"
        f"START\t1000 \tRIGHT\tSAMPLES{chr(9) + 'EVENTS' if events else ''}\nPUPIL\tAREA\n"
        "SAMPLES\tGAZE\tRIGHT\tRATE\t 500.00\tTRACKING\tCR\tFILTER\t2\n"
    )
    columns = ["time_ms", "x_right_px", "y_right_px", "pupil_right"]
    rows = []
    for time, x_px, y_px, pupil in samples[columns].itertuples(index=False):
        gaze = "   .\t   ." if x_px != x_px else f"{x_px:7.1f}\t{y_px:7.1f}"
        rows.append(f"{int(time) + 1000}\t{gaze}\t{pupil:7.1f}\t...\n")
    end = int(samples["time_ms"].iloc[-1]) + 1002
    return head + "".join(rows) + events + f"END\t{end} \tSAMPLES\tRES\t 44.00\t 44.00\n"


OWN_EVENTS = (
    "EFIX R   1000\t1500\t502\t  640.0\t  540.0\t 1000\n"
    "EBLINK R 3000\t3148\t150\n"
    "EFIX R   3300\t3500\t202\t  700.0\t  540.0\t 1000\n"
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Make a study of two sessions: sub-01 has events of its own, sub-02 samples alone."""
    create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    for name, events in (("sub-01", OWN_EVENTS), ("sub-02", "")):
        samples, _ = synthetic_samples(500, 6)
        folder = tmp_path / "study" / "sourcedata" / name / "ses-01"
        write_text(folder / f"{name}_ses-01.asc", asc_text(samples, events))
    made = open_study(tmp_path / "study")
    import_sessions(made)
    return made


def with_events(study: Study, **values: object) -> Study:
    """Change [gaze.events]."""
    gaze = study.settings.gaze.model_dump()
    gaze["events"] |= values
    changed = study.settings.model_dump() | {"gaze": gaze}
    return Study(study.root, parse_settings(changed, source="test"))


def events_of(study: Study) -> pd.DataFrame:
    make_events(study)
    kinds: dict[str, type] = {"participant_id": str, "session": str, "detector": str}
    return read_table(study.gaze_dir / "events.tsv", what="events", columns=kinds)


def test_samples_without_any_header_have_fixations_in_their_trial(tmp_path: Path) -> None:
    create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    samples, _ = synthetic_samples(500, 6)
    lines = asc_text(samples).splitlines(keepends=True)
    bare = "".join(line for line in lines if line[0].isdigit())
    write_text(tmp_path / "study" / "sourcedata" / "sub-01" / "ses-01" / "a.asc", bare)
    made = open_study(tmp_path / "study")
    import_sessions(made)
    events = events_of(made)
    fixations = read_table(made.gaze_dir / "fixations.tsv", what="fixations")
    assert len(fixations) == (events["event"] == "fixation").sum() > 5


def test_auto_detects_where_a_recording_has_no_events_and_says_so(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    events = events_of(study)
    detectors = events.groupby("participant_id")["detector"].unique().str.join(" ")
    assert detectors.to_dict() == {"sub-01": "eyelink", "sub-02": "adaptive"}
    said = capsys.readouterr().err
    assert "detected by adaptive, for they have no events of their own: sub-02_ses-01" in said
    found = events[events["participant_id"] == "sub-02"]["event"].value_counts()
    assert found["fixation"] >= 10 and found["saccade"] >= 10 and found["blink"] == 2


def test_own_events_alone_are_refused_where_there_are_none(study: Study) -> None:
    with pytest.raises(InputError, match=r"sub-02_ses-01 has samples alone.*method 'auto'"):
        make_events(with_events(study, method="eyelink"))
    assert not (study.gaze_dir / "events.tsv").exists()


@pytest.mark.parametrize("method", ["adaptive", "engbert-kliegl", "i2mc"])
def test_a_detector_finds_the_events_of_all_sessions(study: Study, method: str) -> None:
    events = events_of(with_events(study, method=method))
    assert set(events["detector"]) == {method}
    first, second = (
        events[events["participant_id"] == name].drop(columns=["participant_id"])
        for name in ("sub-01", "sub-02")
    )
    # The same samples; but the tracker found only one of the two blinks of the first.
    assert (first["event"] == "blink").sum() == 1
    assert (second["event"] == "blink").sum() == 2
    assert set(first["trial"].dropna()) == {1}


def test_blinks_are_the_trackers_or_detected(study: Study) -> None:
    own = session_events(with_events(study, method="adaptive"), recorded_sessions(study)[0])
    blinks = own[own["event"] == "blink"]
    assert blinks[["onset_ms", "offset_ms", "duration_ms"]].to_numpy().tolist() == [
        [3000.0, 3148.0, 150.0]
    ]
    changed = with_events(study, method="adaptive", blinks={"source": "detected"})
    found = session_events(changed, recorded_sessions(study)[0])
    assert found.loc[found["event"] == "blink", "onset_ms"].tolist() == [3000.0, 6000.0]


def test_only_what_decides_the_events_makes_them_stale(study: Study) -> None:
    sessions = recorded_sessions(study)
    settings = detection_settings(study, sessions)
    assert set(settings) == {"method", "blinks", "screen", "adaptive"}
    of_tracker = detection_settings(with_events(study, method="eyelink"), sessions)
    assert of_tracker == {"method": "eyelink"}
    chosen = with_events(study, method="ivt")
    assert set(detection_settings(chosen, sessions)) == {"method", "blinks", "screen", "ivt"}
    run_step(chosen, import_step(chosen))
    run_step(chosen, events_step(chosen))
    assert is_current(chosen, events_step(chosen))
    other = with_events(study, method="ivt", idt={"dispersion_deg": 2.0})
    assert is_current(other, events_step(other))
    own = with_events(study, method="ivt", ivt={"velocity_deg_s": 40.0})
    assert not is_current(own, events_step(own))


def test_a_recording_without_samples_cannot_be_detected(study: Study) -> None:
    session = recorded_sessions(study)[0]
    write_text(session.files[0], "START\t1000 \tRIGHT\tEVENTS\n" + OWN_EVENTS + "END\t7000 \n")
    import_sessions(study)
    with pytest.raises(InputError, match="needs samples in screen pixels, but sub-01_ses-01"):
        session_events(with_events(study, method="idt"), session)
    assert len(session_events(study, session)) == 3


def test_files_without_events_beside_others_are_told_of(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    session = recorded_sessions(study)[0]
    later, _ = synthetic_samples(500, 2)
    write_text(session.files[0].with_name("sub-01_ses-01_b.asc"), asc_text(later))
    import_sessions(study)
    session_events(study, recorded_sessions(study)[0])
    assert "sub-01_ses-01_b.asc has no events of its own" in capsys.readouterr().err


def test_sessions_that_are_not_imported_are_named(study: Study) -> None:
    (study.gaze_dir / "raw_events" / "sub-01_ses-01.parquet").unlink()
    with pytest.raises(InputError, match="sub-01_ses-01 is not imported"):
        session_events(study, recorded_sessions(study)[0])


@pytest.mark.skipif(not REAL.is_dir(), reason="the real recordings are not beside this checkout")
def test_detected_events_are_near_those_of_eyelink(tmp_path: Path) -> None:
    create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    for name in ("data1", "left_eye"):
        folder = tmp_path / "study" / "sourcedata" / f"sub-{name.replace('_', '')}" / "ses-01"
        folder.mkdir(parents=True)
        (folder / f"{folder.parent.name}_ses-01.asc.gz").write_bytes(
            (REAL / f"{name}.asc.gz").read_bytes()
        )
    study = open_study(tmp_path / "study")
    import_sessions(study)
    for session in recorded_sessions(study):
        own = session_events(study, session)
        found = session_events(with_events(study, method="adaptive"), session)
        assert set(found["detector"]) == {"adaptive"} and set(own["detector"]) == {"eyelink"}
        for kind in ("fixation", "saccade", "blink"):
            a = own.loc[own["event"] == kind, "onset_ms"].to_numpy(float)
            b = found.loc[found["event"] == kind, "onset_ms"].to_numpy(float)
            assert abs(len(a) - len(b)) <= 0.15 * len(a)
            nearest = abs(a[:, None] - b[None, :]).min(axis=1)
            assert (nearest <= 25).mean() >= 0.85
