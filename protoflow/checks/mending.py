"""Suggestions that mend: text to type is shown only where it was tried.

Each suggestion of a finding in the file itself is typed into its text, which is checked again as a whole. It mends when
the finding is gone and no error is there that was not there before. Of one that does not, or that could not be tried in
time, only the words are left.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protoflow.checks.validate import Report
    from protoflow.diagnostics import Diagnostic, Edit

SECONDS = 2.0
"""What all suggestions of a report may take together."""

TRIED = ("PF1", "PF2")
"""Findings of the file (PF0xx) hide what is wrong besides, and those of Python classes (PF3xx) are mended there."""


def keep_what_mends(report: Report, check: Callable[[str, float], Report]) -> Report:
    """The same report without the edits that do not mend.

    `check` validates another text of the file, in so many seconds.
    """
    text = report.sources.get(report.file)
    if text is None:
        return report
    ends = time.monotonic() + SECONDS
    known = {(found.code, found.message) for found in report.diagnostics}

    def mends(found: Diagnostic, edits: tuple[Edit, ...]) -> bool:
        if time.monotonic() > ends:
            return False
        again = check(apply(edits, text), ends - time.monotonic())
        if again.protocol is None or any(each.code == "PF210" for each in again.diagnostics):
            return False
        after = {(each.code, each.message) for each in again.diagnostics}
        new = {(each.code, each.message) for each in again.errors if each.implied_by is None} - known
        return (found.code, found.message) not in after and not new

    tried = []
    for found in report.diagnostics:
        edits = found.help.edits if found.help and found.implied_by is None and found.code.startswith(TRIED) else ()
        if found.help and edits and all(edit.span.file == report.file for edit in edits) and not mends(found, edits):
            found = words_only(found)
        tried.append(found)
    return replace(report, diagnostics=tuple(tried))


def words_only(found: Diagnostic) -> Diagnostic:
    """The same finding, with nothing to type."""
    return replace(found, help=found.help and replace(found.help, span=None, replacement=None, more=()))


def apply(edits: Iterable[Edit], text: str) -> str:
    """The text with the edits typed in. A place behind the last line is a new line."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, reverse=True):
        begin = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        missing = "\n" if begin > len(text) else ""
        text = text[:begin] + missing + edit.replacement + text[end:]
    return text
