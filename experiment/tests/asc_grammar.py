"""EyeLink's ASC format as a grammar of lines, and a small reader that trusts nothing else."""

import re

import numpy as np

NUMBER = r"(?:-?\d+\.\d|\.)"
FIELD = rf" *{NUMBER}"
# Field widths as edf2asc writes them for one eye.
GRAMMAR = {
    "header": r"\*\*.*",
    "empty": r"",
    "calibration": r">>>>>>> CALIBRATION \((?P<type>\w+),P-CR\) FOR (LEFT|RIGHT): <<<<<<<<<",
    "message": r"MSG\t(?P<time>\d+) (?P<text>.+)",
    "start": r"START\t(?P<time>\d+) \t(LEFT|RIGHT)\tSAMPLES\tEVENTS",
    "prescaler": r"V?PRESCALER\t1",
    "pupil": r"PUPIL\tAREA",
    "layout": r"(EVENTS|SAMPLES)\tGAZE\t(LEFT|RIGHT)\tRATE\t *\d+\.\d\d\tTRACKING\tCR\tFILTER\t2",
    "end": r"END\t(?P<time>\d+) \tSAMPLES\tEVENTS\tRES\t +\d+\.\d\d\t +\d+\.\d\d",
    "SFIX": r"SFIX (L|R)   (?P<time>\d+)",
    "SSACC": r"SSACC (L|R)  (?P<time>\d+)",
    "SBLINK": r"SBLINK (L|R) (?P<time>\d+)",
    "EFIX": rf"EFIX (L|R)   (?P<values>\d+\t\d+\t\d+(\t(?=.{{7}}\t){FIELD}){{2}}\t {{0,6}}\d+)",
    "ESACC": (
        rf"ESACC (L|R)  (?P<values>\d+\t\d+\t\d+(\t(?=.{{7}}\t){FIELD}){{4}}"
        r"\t(?=.{7}\t) *\d+\.\d\d\t {0,6}\d+)"
    ),
    "EBLINK": r"EBLINK (L|R) (?P<values>\d+\t\d+\t\d+)",
    "sample": (
        r"(?P<time>\d+)\t(?:(?=.{7}\t)(?P<x> *-?\d+\.\d)\t(?=.{7}\t)(?P<y> *-?\d+\.\d)"
        r"|   \.\t   \.)\t(?=.{7}\t)(?P<pupil> *\d+\.\d)\t\.\.\."
    ),
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in GRAMMAR.items()}


def parse_line(line):
    """Name the kind of a line and its parts; None where it is no line of the grammar."""
    for name, pattern in _PATTERNS.items():
        found = pattern.fullmatch(line)
        if found:
            return name, found.groupdict()
    return None


def read_asc(data):
    """Read an ASC file: lists of (kind, values), each with the number of samples before it."""
    samples, lines = [], []
    for line in data.decode("ascii").split("\n")[:-1]:
        parsed = parse_line(line)
        assert parsed is not None, line
        kind, parts = parsed
        if kind == "sample":
            place = [float(parts[name]) if parts[name] else np.nan for name in ("x", "y")]
            samples.append((int(parts["time"]), *place, float(parts["pupil"])))
        elif "values" in parts:
            lines.append((kind, [float(value) for value in parts["values"].split("\t")]))
        else:
            lines.append((kind, [parts.get("time"), parts.get("text")]))
    return np.array(samples).reshape(-1, 4), lines
