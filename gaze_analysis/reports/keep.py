"""Rows of a report written as they stand, tabs between cells."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from gaze_analysis.reports.table import Table
from study.writing import atomic_path


def write_rows(path: Path, table: Table) -> None:
    """Write rows as they stand in the report, those of a wrong width among them."""
    import pyarrow as pa

    bounds = np.searchsorted(table.line, table.skipped["line"].to_numpy()).tolist()
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(_line(table.header))
        begin = 0
        for end, row in [*zip(bounds, table.odd_rows(), strict=True), (len(table.cells), [])]:
            if end > begin:
                arrow = pa.Table.from_pandas(table.cells.iloc[begin:end], preserve_index=False)
                arrow = arrow.cast(pa.schema([(name, pa.string()) for name in arrow.column_names]))
                try:
                    buffer = _csv_bytes(arrow, "none")
                except pa.ArrowInvalid:  # a cell holds a tab, a quote or a line's end
                    buffer = _csv_bytes(arrow, "needed")
                file.write(buffer)
            file.write(_line(row) if row else b"")
            begin = end


def _csv_bytes(table: Any, quoting: str) -> bytes:
    """Write rows with tabs between cells."""
    from pyarrow import csv as arrow_csv

    options = arrow_csv.WriteOptions(include_header=False, delimiter="\t", quoting_style=quoting)
    buffer = io.BytesIO()
    arrow_csv.write_csv(table, buffer, options)
    return buffer.getvalue()


def _line(cells: list[str]) -> bytes:
    """Write one row with tabs between cells."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8")
