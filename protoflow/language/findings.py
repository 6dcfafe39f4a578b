"""Where the findings of one reading are gathered.

One cause, one finding. What could not be read hides declarations, so every name that stands in an unreadable part is
*excused*: a reference to it is not reported as unknown, and a key of that name is not reported as missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import Diagnostic, Help, Label, Severity, Span
from protoflow.language.limits import MAX_FINDINGS
from protoflow.language.tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.language.tree import Node


class TooManyFindingsError(Exception):
    """Reading stops: there are `MAX_FINDINGS` findings already."""


class Findings:
    def __init__(self) -> None:
        self.excused: set[str] = set()
        self._found: dict[tuple[str, Span, str], Diagnostic] = {}

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        related: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: Help | None = None,
        subject: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Add a finding, unless it is there already (what an alias repeats is read more than once)."""
        key = (code, span, message)
        if key in self._found:
            return
        if len(self._found) == MAX_FINDINGS:
            raise TooManyFindingsError
        self._found[key] = Diagnostic(
            code, message, span, label, tuple(related), tuple(notes), help, frozenset(subject)
        )

    @property
    def errors(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._found.values(), key=lambda diagnostic: diagnostic.sort_key))

    def excuse(self, node: Node) -> None:
        """Excuse every name that stands in a part of the file that could not be read."""
        todo, seen = [node], set()
        while todo:
            node = todo.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            match node:
                case Scalar():
                    self.excused.add(node.text)
                case Sequence():
                    todo.extend(node.items)
                case Mapping():
                    for key, value in node.entries:
                        todo += (key, value)
