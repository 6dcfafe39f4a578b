"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

The form is GitHub's ("Workflow commands for GitHub Actions", setting a warning or error message): properties escape
`%`, line breaks, `:` and `,`; the message `%` and line breaks. Columns count only within one line, so a place that is
longer has none. After the findings of a protocol comes the line that sums it up, for the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import CODES
from protoflow.reports.paths import relative
from protoflow.reports.text import plain, summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.checks import Report
    from protoflow.diagnostics import Diagnostic


def render(reports: Iterable[Report]) -> str:
    lines = []
    for report in reports:
        lines += [*map(_command, report.shown), plain(summary(report))]
    return "".join(f"{line}\n" for line in lines)


def _command(found: Diagnostic) -> str:
    span = found.span
    properties = {"file": relative(span.file), "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:
        properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = f"{found.code}: {CODES[found.code].title}"
    said = plain(found.message)
    if found.help:
        said += f"\nhelp: {plain(found.help.text)}"
    values = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{found.severity.value} {values}::{_data(said)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
