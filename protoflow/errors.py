"""Who is at fault is in the type.

`ProtocolError`: the file. `HandlerError`: the user's Python. `CourseError`: the course as it ran (an unhandled message,
nobody can move). `UsageError`: what was asked of protoflow. Anything else that escapes is a defect of protoflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.diagnostics import Diagnostic


class ProtoflowError(Exception):
    """The base of all errors that protoflow raises on purpose."""


class ProtocolError(ProtoflowError):
    """A protocol that cannot be used. `diagnostics` has every finding; the message is about those that others do not
    explain, and says the first of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        causes = [found for found in self.diagnostics if found.implied_by is None] or self.diagnostics
        first = causes[0]
        more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
        where = f"{first.span.file}:{first.span.line}:{first.span.column}"
        super().__init__(f"{where}: {first.code} {first.message}{more}")


class HandlerError(ProtoflowError):
    """A handler, predicate or selector that does not do what its row in the table says, or that raised."""


class CourseError(ProtoflowError):
    """A course that ended wrongly. `outcome` is how, as in the trace's `End`: `unhandled` or `stuck`."""

    def __init__(self, message: str, outcome: str = "stuck") -> None:
        self.outcome = outcome
        super().__init__(message)


class UsageError(ProtoflowError):
    """A request that makes no sense: an unknown parameter, a file that is not there, a wrong number of participants."""
