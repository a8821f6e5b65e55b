"""A second reader of ASC files, line by line and slow, for comparison with the fast one."""

import gzip
import math
from dataclasses import dataclass, field
from pathlib import Path

EYES = {"L": "left", "R": "right"}


@dataclass
class Reference:
    """What stands in a file, by the first word of its lines."""

    samples: list[tuple[float, ...]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    events: dict[str, list[tuple[str, tuple[float, ...]]]] = field(default_factory=dict)
    messages: list[tuple[float, str]] = field(default_factory=list)
    n_lines: int = 0


def read_reference(path: Path) -> Reference:
    """Read a file whose lines are whole."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    found = Reference()
    lines = data.decode("utf-8", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    found.n_lines = len(lines)
    for line in lines:
        words = line.replace("\r", "").split()
        if not words:
            continue
        if line[0].isdigit():
            numbers = tuple(number(word) for word in words if not is_flag(word))
            found.samples.append(numbers)
            found.flags.append(next((word for word in words[1:] if is_flag(word)), ""))
        elif words[0] in ("EFIX", "ESACC", "EBLINK"):
            numbers = tuple(number(word) for word in words[2:])
            found.events.setdefault(words[0], []).append((EYES[words[1]], numbers))
        elif words[0] == "MSG":
            rest = " ".join(words[2:])
            found.messages.append((float(words[1]), rest))
    return found


def is_flag(word: str) -> bool:
    return len(word) >= 3 and all(sign in ".ICRMANFTBL" for sign in word)


def number(word: str) -> float:
    """Read a field; "." and NA stand for nothing."""
    return math.nan if word in (".", "NA") else float(word)
