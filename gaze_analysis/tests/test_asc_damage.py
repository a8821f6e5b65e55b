"""Damaged files: the reader never fails, counts each line once, and neither loses nor alters a
good one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.tests.asc_text import HEADER, block
from gaze_analysis.tests.reference_reader import is_flag, number
from study.errors import InputError

FILES = {
    "desktop and remote": HEADER
    + block("mono")
    + block("bino", 4000, rate_hz=500)
    + block("remote", 6000, rate_hz=250)
    + block("input", 8000, missing="-32768"),
    "old tracker without flags": block("no_flags", rate_hz=250)
    + block("no_flags", 3000, rate_hz=250),
    "all columns": HEADER
    + block("bino_both", missing="NA")
    + block("remote_bino", 4000, rate_hz=500, missing="NA")
    + block("buttons", 6000)
    + block("href", 8000),
    "2000 Hz": block("mono", rate_hz=2000, n_samples=0)
    + "".join(f"{2000 + i // 2}\t  504.1\t  395.7\t 1138.0\t...\n" for i in range(1, 40))
    + "MSG\t2030 -7 Größe\n",
}
TABLES = {
    "EFIX": "fixations", "ESACC": "saccades", "EBLINK": "blinks", "SFIX": "starts",
    "SBLINK": "starts", "MSG": "messages", "INPUT": "inputs",
}  # fmt: skip
NOT_IN_THE_LINE = {"line", "block", "eye", "event", "flags", "target_flags"}


@dataclass
class Line:
    """One line of a file, and whether it still is as edf2asc wrote it."""

    data: bytes
    good: bool = True


place = st.floats(0, 1, exclude_max=True)
garbage = st.one_of(
    st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=30).map(str.encode),
    st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b"")),
    st.sampled_from([b"\t", b".", b"...", b"-", b"7", b"MSG\t1 a", b"EFIX L 1 2 2", b"1e999"]),
)
damage = st.one_of(
    st.tuples(st.sampled_from(["delete", "repeat", "join"]), place, st.none()),
    st.tuples(st.sampled_from(["swap", "cut", "split", "drop"]), place, place),
    st.tuples(st.sampled_from(["insert", "replace"]), place, garbage),
)


def damaged(lines: list[Line], steps: Sequence[tuple[str, float, Any]]) -> list[Line]:
    """Damage lines; each step says what to do, where, and with what."""
    for kind, at, value in steps:
        if not lines:
            break
        i = int(at * len(lines))
        data = lines[i].data
        k = int(value * len(data)) if isinstance(value, float) else len(data) // 2
        if kind == "delete":
            del lines[i]
        elif kind == "repeat":
            lines.insert(i, Line(data, lines[i].good))
        elif kind == "swap":
            j = int(value * len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == "join":
            after = lines.pop(i + 1).data if i + 1 < len(lines) else b""
            lines[i] = Line(data + after, good=not after and lines[i].good)
        elif kind == "cut":
            lines[i] = Line(data[:k], good=False)
        elif kind == "drop":
            lines[i] = Line(data[:k] + data[k + 1 :], good=False)
        elif kind == "split":
            lines[i : i + 1] = [Line(data[:k], good=False), Line(data[k:], good=False)]
        elif kind == "insert":
            lines[i] = Line(data[:k] + value + data[k:], good=False)
        else:
            lines[i] = Line(value, good=False)
    return lines


many_times = settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking rereads the file for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(
    st.sampled_from(list(FILES)),
    st.lists(damage, max_size=8),
    st.integers(0, 60),
    st.sampled_from([b"\n", b"\r\n"]),
)
@many_times
def test_damage_neither_loses_nor_alters_a_good_line(
    tmp_path: Path,
    name: str,
    steps: Sequence[tuple[str, float, Any]],
    n_cut: int,
    line_end: bytes,
) -> None:
    lines = damaged([Line(text.encode()) for text in FILES[name].split("\n")[:-1]], steps)
    data = b"".join(line.data + line_end for line in lines)
    if n_cut:
        data = data[:-n_cut]
        lines = lines[: data.count(b"\n")]
    path = tmp_path / "damaged.asc"
    path.write_bytes(data)
    try:
        recording = read_asc(path)
    except InputError:
        # Damage may make it look like a picture or an EDF file.
        assert b"\x00" in data[:4096] or not lines or not lines[0].good
        return
    counts = recording.info["line_counts"]
    assert sum(counts.values()) == recording.info["n_lines"]
    assert counts["skipped"] == len(recording.skipped)
    _check_good_lines(recording, lines)


def _check_good_lines(recording: Recording, lines: list[Line]) -> None:
    """Look for each undamaged line in the table of its kind, and compare its values."""
    rows: dict[int, tuple[str, dict[str, Any]]] = {}
    for kind in {*TABLES.values(), "samples"}:
        for row in getattr(recording, kind).to_dict("records"):
            assert row["line"] not in rows
            rows[row["line"]] = kind, row
    assert not rows.keys() & set(recording.skipped["line"])
    for n, line in enumerate(lines, start=1):
        text = line.data.decode(errors="replace")
        word = "samples" if text[:1].isdigit() else next(iter(text.split()), "")
        if line.good and word in ("samples", *TABLES):
            kind, row = rows[n]
            assert kind == TABLES.get(word, "samples"), text
            _compare(word, row, text)


def _compare(word: str, row: dict[str, Any], text: str) -> None:
    """Compare a row with the line that it comes from."""
    fields = text.split()
    if word == "MSG":
        assert row["stamp_ms"] == float(fields[1])
        words = text.split(" ", 1)[1].strip() if " " in text else ""
        assert row["text"].startswith(words.removeprefix("-7 "))
        return
    expected = [number(field) for field in fields if not is_flag(field) and not field.isalpha()]
    expected = sorted(value for value in expected if not math.isnan(value) and value != -32768)
    found = [value for name, value in row.items() if name not in NOT_IN_THE_LINE]
    found = sorted(value for value in found if not math.isnan(value))
    if word == "samples":
        found = [math.floor(value) if value == row["time_ms"] else value for value in found]
        flags = [field for field in fields[1:] if is_flag(field)]
        own = [row.get(name) for name in ("flags", "target_flags")]
        assert [value for value in own if isinstance(value, str)] == flags, text
    assert found == expected, text


@given(st.binary(max_size=300))
@many_times
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.asc"
    path.write_bytes(b"MSG\t1 begin\n" + data)
    try:
        recording = read_asc(path)
    except InputError:
        return
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]


def test_pieces_of_any_size_give_the_same_recording(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "a.asc"
    for name, text in FILES.items():
        path.write_text(text[:-20], encoding="utf-8")
        whole = read_asc(path)
        for n_bytes in (64, 1000, 3001):
            monkeypatch.setattr("gaze_analysis.eyelink.source.PIECE_BYTES", n_bytes)
            parts = read_asc(path)
            assert parts.samples.equals(whole.samples), (name, n_bytes)
            for table in (*TABLES.values(), "blocks", "skipped", "validations"):
                assert getattr(parts, table).equals(getattr(whole, table)), (name, n_bytes, table)
            assert parts.info == whole.info
        monkeypatch.undo()
