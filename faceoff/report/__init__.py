"""The report: one HTML file with every result, figures as SVG and PNG, tables as CSV and LaTeX."""

from faceoff.report.build import report_inputs, write_report

__all__ = ["report_inputs", "write_report"]
