"""A power analysis from its question to its answer: simulate, keep, test, write."""

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from comparison.inputs import read_relevance, relevance_nc
from faceoff.power.design import Design
from faceoff.power.estimate import (
    POWER_COLUMNS,
    Answer,
    answers,
    power_table,
    to_matrices,
    try_studies,
)
from faceoff.power.plot import power_figure
from faceoff.power.studies import Source, make_source, network_shares, simulate_study
from study.figures import save_figure
from study.folder import Study
from study.parallel import parallel_map
from study.progress import say
from study.tables import write_table
from study.writing import atomic_path, write_json

# What a session and a trial of it take, from simulation to measure, on one core.
_S_SESSION, _S_TRIAL = 0.15, 0.009


def power_dir(study: Study) -> Path:
    """Name the folder of a study's power analyses."""
    return study.derivatives / "power"


def run_power(study: Study, design: Design) -> pd.DataFrame:
    """Answer a question about power, and write table, figure and sentences.

    Studies that were simulated before, from the same settings and faces, are taken as they are.

    Parameters
    ----------
    study : Study
        A study with registered pictures.
    design : Design
        The question.

    Returns
    -------
    pandas.DataFrame
        What ``power.tsv`` holds.

    Raises
    ------
    InputError
        If faces are missing or the effect cannot be planted.
    """
    design = _with_spread(study, design)
    source = make_source(study, design)
    folder = power_dir(study) / "studies" / source.key()
    numbers = range(1, design.n_studies + 1)
    missing = [number for number in numbers if not _values_path(folder, number).is_file()]
    _say_work(study, design, len(missing))
    parallel_map(
        _SimulateAndKeep(source, folder),
        missing,
        description="simulated studies",
        execution=study.settings.execution,
    )
    tables = [pd.read_parquet(_values_path(folder, number)) for number in numbers]
    results = try_studies([to_matrices(table, design) for table in tables], design)
    table, found = power_table(results, design), answers(results, design)
    _write(study, design, table, found)
    for answer in found:
        say(answer_text(answer, design))
    say(f"wrote {power_dir(study) / 'power.tsv'}, power_answers.json, power.svg and power.png")
    return table


@dataclass(frozen=True)
class _SimulateAndKeep:
    """Simulates a study in a worker, and keeps its values."""

    source: Source
    folder: Path

    def __call__(self, number: int) -> None:
        values = simulate_study(self.source, number)
        with atomic_path(_values_path(self.folder, number)) as temporary:
            values.to_parquet(temporary, index=False)


def _values_path(folder: Path, number: int) -> Path:
    """Name the file of a simulated study's values."""
    return folder / f"study-{number:04d}.parquet"


def _with_spread(study: Study, design: Design) -> Design:
    """Take the spread of the network's shares from its relevance maps, where there are any."""
    if design.contrast != "network" or not relevance_nc(study).is_file():
        return design
    shares = network_shares(study, read_relevance(study), design)
    if len(shares) < 3:
        return design
    spread = float(shares.std(ddof=1))
    say(
        f"The network's share on {design.region} is {shares.mean():.3f} (standard deviation "
        f"{spread:.3f}) over {len(shares)} pictures of {relevance_nc(study).name}: that spread "
        "is used."
    )
    return replace(design, network_spread=spread)


def _say_work(study: Study, design: Design, n_missing: int) -> None:
    """Say what will be done, and about how long it takes."""
    jobs = study.settings.execution.jobs or os.cpu_count() or 1
    n_sessions = n_missing * design.participants[-1]
    seconds = (n_sessions * _S_SESSION + n_missing * design.n_trials * _S_TRIAL) / jobs
    there = design.n_studies - n_missing
    say(
        f"{design.label}: {design.n_studies} studies of {design.participants[-1]} participants, "
        f"{design.n_trials // design.participants[-1]} pictures each"
        + (f"; {there} are there already" if there else "")
        + (f"; about {max(1, math.ceil(seconds / 60))} min on {jobs} cores" if n_missing else "")
    )


def answer_text(answer: Answer, design: Design) -> str:
    """Write the sentence that answers the question.

    Parameters
    ----------
    answer : Answer
        For one test and number of pictures.
    design : Design
        The question.

    Returns
    -------
    str
        With the interval of the number of participants.
    """
    most = design.participants[-1]
    what = f"a difference of {design.effect:g} ({design.label}) with a power of "
    what += f"{design.wanted_power:.2f}"
    beginning = f"With {answer.n_pictures} pictures of each expression, "
    if math.isinf(answer.n_participants):
        return (
            f"{beginning}more than {most} participants are needed to find {what}, tested by "
            f"{answer.test}."
        )
    count = f"{math.ceil(answer.n_participants)} participants"
    if answer.n_participants <= design.participants[0]:
        count = f"{design.participants[0]} participants or fewer"
    high = f"more than {most}" if math.isinf(answer.high) else f"{math.ceil(answer.high)}"
    return (
        f"{beginning}{count} find {what}, tested by {answer.test} (interpolated; 95 % interval "
        f"{math.ceil(answer.low)} to {high})."
    )


def _write(study: Study, design: Design, table: pd.DataFrame, found: list[Answer]) -> None:
    """Write the table, the question with its answers, and the figure."""
    folder = power_dir(study)
    numbers = table.select_dtypes("float").columns
    write_table(folder / "power.tsv", table.round(dict.fromkeys(numbers, 5)), POWER_COLUMNS)
    answered: list[dict[str, Any]] = [
        {
            "test": answer.test,
            "n_pictures": answer.n_pictures,
            "n_participants": _number(answer.n_participants),
            "interval": [_number(answer.low), _number(answer.high)],
            "sentence": answer_text(answer, design),
        }
        for answer in found
    ]
    write_json(folder / "power_answers.json", {"question": design.as_json(), "answers": answered})
    save_figure(power_figure(table, design), folder / "power", dpi=study.settings.report.figure_dpi)


def _number(value: float) -> float | None:
    """Give a number as JSON knows it; none where no number of participants is enough."""
    return value if math.isfinite(value) else None
