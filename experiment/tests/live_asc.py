"""The recordings of trackers that send samples: a grammar that each of their lines must fit."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

PLACE = r"(?: *-?\d+\.\d\t *-?\d+\.\d|   \.\t   \.)\t *\d+\.\d+"
SAMPLE = re.compile(rf"(\d+\.\d)\t({PLACE})(?:\t({PLACE}))?\t(?:\.{{3}}|\.{{5}})")
MESSAGE = re.compile(r"MSG\t(\d+(?:\.\d)?) (.+)")
START = re.compile(r"START\t(\d+\.\d)\t((?:LEFT|RIGHT|LEFT\tRIGHT))\tSAMPLES")
END = re.compile(r"END\t(\d+\.\d)\tSAMPLES")
LAYOUT = re.compile(r"SAMPLES\tGAZE\t(?:LEFT|RIGHT|LEFT\tRIGHT)(?:\tRATE\t *(\d+\.\d\d))?")
OTHER = re.compile(r"\*\*.*||V?PRESCALER\t1|PUPIL\tDIAMETER")
VALIDATION = re.compile(r"!CAL VALIDATION HV9 [LR] (LEFT|RIGHT) \w+ ERROR (\S+) avg\. .*")


@dataclass(frozen=True)
class LiveAsc:
    """What a recording holds, line by line."""

    messages: pd.DataFrame
    samples: pd.DataFrame
    blocks: pd.DataFrame

    @property
    def validations(self) -> pd.DataFrame:
        found = [VALIDATION.fullmatch(text) for text in self.messages["text"]]
        rows = [(match[1].lower(), float(match[2])) for match in found if match]
        return pd.DataFrame(rows, columns=["eye", "error_avg_deg"])


def read_live_asc(path: Path) -> LiveAsc:
    """Read a recording; a line that does not fit is an error."""
    messages, samples = [], []
    blocks: list[dict[str, Any]] = []
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    for line in text.splitlines():
        if match := SAMPLE.fullmatch(line):
            assert "end_ms" not in blocks[-1]
            places = [match[2], match[3]] if match[3] else [match[2]]
            samples.append(_sample(float(match[1]), len(blocks), blocks[-1]["eyes"], places))
        elif match := MESSAGE.fullmatch(line):
            messages.append({"time_ms": float(match[1]), "text": match[2]})
        elif match := START.fullmatch(line):
            blocks.append({"start_ms": float(match[1]), "eyes": match[2].lower().split("\t")})
        elif match := END.fullmatch(line):
            blocks[-1]["end_ms"] = float(match[1])
        elif match := LAYOUT.fullmatch(line):
            blocks[-1]["rate_hz"] = float(match[1] or math.nan)
        else:
            assert OTHER.fullmatch(line), line
    return LiveAsc(pd.DataFrame(messages), pd.DataFrame(samples), pd.DataFrame(blocks))


def _sample(time_ms: float, block: int, eyes: list[str], places: list[str]) -> dict[str, float]:
    row = {"time_ms": time_ms, "block": block}
    for eye, place in zip(eyes, places, strict=True):
        x, y, pupil = place.split("\t")
        for name, value in ((f"x_{eye}_px", x), (f"y_{eye}_px", y), (f"pupil_{eye}", pupil)):
            row[name] = math.nan if value.strip() == "." else float(value)
    return row
