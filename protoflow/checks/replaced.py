"""Rows that took the place of a base's: a note with the findings that may come from that.

A row of a protocol that extends another replaces the base's rows for each source and trigger that it names, and with
them goes what they sent and where they led. That is meant, or an accident, and cannot be seen in the file alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.language.suggest import quoted
from protoflow.protocol import EVERYTHING
from protoflow.trace import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.diagnostics import Diagnostic, Span
    from protoflow.protocol import Protocol, Transition

MOST = 3
"""Notes with one finding."""


def note_replaced(found: Iterable[Diagnostic], protocol: Protocol) -> list[Diagnostic]:
    """The same findings, with a note for each row that replaced others, if what they did may be what is missing."""
    rows = [
        (name, index, row)
        for name, role in protocol.roles.items()
        for index, row in enumerate(role.transitions)
        if any(_differs(base, row) for base in row.replaced)
    ]
    if not rows:
        return list(found)

    def noted(diagnostic: Diagnostic) -> Diagnostic:
        taken = set(_taken(diagnostic))
        may_be = (row for name, index, row in rows if (name, index) in taken or _about(diagnostic, name, index, row))
        notes = [_note(row) for row in may_be]
        return replace(diagnostic, notes=(*diagnostic.notes, *notes[:MOST]))

    return [noted(diagnostic) for diagnostic in found]


def _differs(base: Transition, row: Transition) -> bool:
    """Whether the row leads elsewhere, sends less, or holds less often."""
    lost = {send.message for send in base.sends} - {send.message for send in row.sends}
    return bool(lost) or base.dest != row.dest or _guards(base) != _guards(row)


def _guards(row: Transition) -> tuple[object, ...]:
    return set(row.conditions), set(row.unless), row.times


def _taken(diagnostic: Diagnostic) -> Iterator[tuple[str, int]]:
    """The rows that the run of a finding takes: role and place."""
    role_of = roles_of(diagnostic.participants, diagnostic.trace)
    for step in diagnostic.trace:
        if step.row is not None and step.receiver in role_of:
            yield role_of[step.receiver], step.row


def _about(diagnostic: Diagnostic, role: str, index: int, row: Transition) -> bool:
    """Whether the finding is about what the row is for, or about what is lost with those that it replaced."""
    named: dict[str, set[str]] = {}
    for kind, name in diagnostic.subject:
        named.setdefault(kind, set()).add(name)
    messages, states = named.get("message", set()), named.get("state", set())
    lost = {send.message for base in row.replaced for send in base.sends} - {send.message for send in row.sends}
    if not messages.isdisjoint(lost):
        return True
    if role not in named.get("role", set()):
        return False
    if str(index) in named.get("row", set()):
        return True
    if not states.isdisjoint({base.dest or "" for base in row.replaced} - {row.dest}):
        return True
    triggers = messages | named.get("event", set())
    here = not states.isdisjoint(row.sources) or EVERYTHING in row.sources
    this = not triggers.isdisjoint(row.triggers)
    return here and this if states and triggers else here or this


def _note(row: Transition) -> str:
    places = [_place(span) for base in row.replaced if (span := base.span)]
    whose = "a row of the base" if len(places) == 1 else "rows of the base"
    what = f"the row for {quoted(row.triggers)} in {quoted(row.sources)}"
    return f"{what}, at {_place(row.span)}, replaced {whose}, at {' and '.join(places)}"


def _place(span: Span | None) -> str:
    return f"{span.file}:{span.line}:{span.column}" if span else "another place"
