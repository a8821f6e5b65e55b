"""Damaged files: the reader never fails, counts each line once, and loses no good one."""

from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings

from gaze_analysis.eyelink import Recording, read_asc
from gaze_analysis.tests.asc_text import HEADER, block
from study.errors import InputError

LINES = [
    *(HEADER + block("mono")).splitlines(),
    *(block("bino", 4000, rate_hz=500) + block("remote", 6000, rate_hz=250)).splitlines(),
    *block("input", 8000, missing="-32768").splitlines(),
]
TABLES = ("fixations", "saccades", "blinks", "starts", "messages", "inputs")
WORDS = {
    "EFIX": "fixations", "ESACC": "saccades", "EBLINK": "blinks", "SFIX": "starts",
    "SBLINK": "starts", "MSG": "messages", "INPUT": "inputs",
}  # fmt: skip

place = st.integers(0, len(LINES) - 1)
garbage = st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=30)
damage = st.one_of(
    st.tuples(st.just("delete"), place, place),
    st.tuples(st.just("swap"), place, place),
    st.tuples(st.just("cut"), place, st.integers(0, 40)),
    st.tuples(st.just("insert"), place, garbage),
    st.tuples(st.just("replace"), place, garbage),
    st.tuples(st.just("repeat"), place, place),
)


def damaged(steps: list[tuple[str, int, object]]) -> list[tuple[str, bool]]:
    """Apply damage to the lines; each result says whether the line is a good one."""
    lines = [(line, True) for line in LINES]
    for kind, i, value in steps:
        i = min(i, len(lines) - 1)
        text, good = lines[i]
        if kind == "delete":
            del lines[i]
        elif kind == "swap":
            j = min(int(value), len(lines) - 1)  # type: ignore[call-overload]
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == "cut":
            lines[i] = (text[: int(value)], False)  # type: ignore[call-overload]
        elif kind == "insert":
            lines[i] = (text[: len(text) // 2] + str(value) + text[len(text) // 2 :], False)
        elif kind == "replace":
            lines[i] = (str(value), False)
        else:
            lines.insert(i, (text, good))
    return lines


@given(st.lists(damage, max_size=8), st.integers(0, 30))
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking rereads the file for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damage_loses_no_good_line(
    tmp_path: Path, steps: list[tuple[str, int, object]], n_cut: int
) -> None:
    lines = damaged(steps)
    text = "\n".join(line for line, _ in lines)
    data = (text + "\n").encode("utf-8", errors="surrogatepass")
    if n_cut:
        data = data[:-n_cut]
        lines = lines[: data.count(b"\n")]
    path = tmp_path / "damaged.asc"
    path.write_bytes(data)
    try:
        recording = read_asc(path)
    except InputError:
        assert b"\x00" in data[:4096]  # a text has no such byte
        return
    counts = recording.info["line_counts"]
    assert sum(counts.values()) == recording.info["n_lines"]
    assert counts["skipped"] == len(recording.skipped)
    _check_good_lines(recording, lines)


def _check_good_lines(recording: Recording, lines: list[tuple[str, bool]]) -> None:
    """Look for each undamaged line in the table of its kind."""
    found = {name: set(getattr(recording, name)["line"]) for name in (*TABLES, "samples")}
    listed = [number for name in found for number in sorted(found[name])]
    assert len(listed) == len(set(listed))
    assert not set(listed) & set(recording.skipped["line"])
    for number, (line, good) in enumerate(lines, start=1):
        word = line.split()[0] if good and line.strip() else ""
        kind = "samples" if line[:1].isdigit() and good else WORDS.get(word)
        if kind is not None:
            assert number in found[kind], line


@given(st.binary(max_size=300))
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking rereads the file for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.asc"
    path.write_bytes(b"MSG\t1 begin\n" + data)
    try:
        recording = read_asc(path)
    except InputError:
        return
    assert sum(recording.info["line_counts"].values()) == recording.info["n_lines"]
