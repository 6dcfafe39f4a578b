"""Findings, one line each: `file:line:column: CODE message`. Editors and grep read it; nothing is printed for clean.

Findings implied by another are left out, as they are in text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.reports.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.checks import Report


def render(reports: Iterable[Report]) -> str:
    return "".join(
        plain(f"{found.span.file}:{found.span.line}:{found.span.column}: {found.code} {found.message}") + "\n"
        for report in reports
        for found in report.diagnostics
        if found.implied_by is None
    )
