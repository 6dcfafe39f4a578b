"""Suggestions that mend: text to type is shown only where it was tried.

Each suggestion of a finding in the file itself is typed into its text, which is checked again as a whole. It mends when
the finding is gone and no error is there that was not there before. Where it does not, or leads to a warning of the
same message, or to an error that the finding explained, what may help otherwise is tried in its place; where nothing
mends, or the time is over, only words are left: those that name nothing to type, else those of the first. Nothing is
tried for a course that could not be decided: it could not be then either.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.diagnostics import Severity, apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.checks.validate import Report
    from protoflow.diagnostics import Diagnostic, Edit, Help

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
    ends = time.thread_time() + SECONDS
    known = {(found.code, found.message) for found in report.diagnostics}
    shown = {(found.code, found.message) for found in report.shown}

    def mends(found: Diagnostic, edits: tuple[Edit, ...]) -> tuple[bool, bool]:
        """Whether it does; and whether what the finding had explained is gone too, without a new warning of the same
        message."""
        if time.thread_time() > ends:
            return False, False
        again = check(apply(edits, text), ends - time.thread_time())
        if again.protocol is None or any(each.code == "PF210" for each in again.diagnostics):
            return False, False
        gone = all((each.code, each.message) != (found.code, found.message) for each in again.diagnostics)
        new = [each for each in again.shown if (each.code, each.message) not in shown]
        errors = [(each.code, each.message) for each in new if each.severity is Severity.ERROR]
        good = gone and known.issuperset(errors)
        return good, good and not errors and not any(_same_message(each, found) for each in new)

    undecided = any(found.code == "PF210" for found in report.diagnostics)

    def tried(found: Diagnostic) -> Diagnostic:
        if found.implied_by is not None or not found.code.startswith(TRIED):
            return found
        best: Help | None = None
        words: Help | None = None
        help_ = found.help
        while help_ is not None and not undecided:
            if any(edit.span.file != report.file for edit in help_.edits):
                return found
            good, clean = mends(found, help_.edits) if help_.edits else (False, False)
            if good and (clean or best is None):
                best = replace(help_, otherwise=None)
            words = words if help_.edits else help_
            help_ = None if clean else help_.otherwise
        best = best or words
        return words_only(found) if best is None else replace(found, help=best)

    return replace(report, diagnostics=tuple(map(tried, report.diagnostics)))


def _same_message(one: Diagnostic, other: Diagnostic) -> bool:
    return any(kind == "message" for kind, _ in one.subject & other.subject)


def words_only(found: Diagnostic) -> Diagnostic:
    """The same finding, with nothing to type."""
    return replace(found, help=found.help and replace(found.help, span=None, replacement=None, more=(), otherwise=None))
