"""The report: every result with methods and literature, as a page, a LaTeX chapter or for Word."""

from faceoff.report.build import Format, report_file, report_inputs, write_report

__all__ = ["Format", "report_file", "report_inputs", "write_report"]
