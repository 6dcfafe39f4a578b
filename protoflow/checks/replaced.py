"""Rows that took the place of a base's: a note with the findings that may come from that, and the base's rows to type.

A row of a protocol that extends another replaces the base's rows for each source and trigger that it names, and with
them goes what they sent and where they led. That is meant, or an accident, and cannot be seen in the file alone. Where
it is what is wrong, the first thing to suggest is what the base says: rows that lead where the new one does not, and if
that does not do, all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.diagnostics import Help, one_of
from protoflow.language.suggest import quoted
from protoflow.protocol import EVERYTHING
from protoflow.trace import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.diagnostics import Diagnostic, Span
    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Transition

MOST = 3
"""Notes with one finding."""


def note_replaced(found: Iterable[Diagnostic], program: Program) -> list[Diagnostic]:
    """The same findings, with a note for each row that replaced others, if what they did may be what is missing."""
    rows = [
        (role, index, row)
        for role in program.roles.values()
        for index, row in enumerate(role.role.transitions)
        if any(_differs(base, row) for base in row.replaced)
    ]
    if not rows:
        return list(found)

    def noted(diagnostic: Diagnostic) -> Diagnostic:
        taken = set(_taken(diagnostic))
        may_be = [
            (role, row)
            for role, index, row in rows
            if (role.name, index) in taken or _about(diagnostic, role.name, index, row)
        ][:MOST]
        notes = [_note(row) for _, row in may_be]
        helps = [help_ for role, row in may_be for help_ in _repeated(program, role, row)]
        return replace(diagnostic, notes=(*diagnostic.notes, *notes), help=one_of([*helps, *_chain(diagnostic.help)]))

    return [noted(diagnostic) for diagnostic in found]


def _chain(help_: Help | None) -> Iterator[Help]:
    """A help, and what may help otherwise."""
    while help_ is not None:
        yield help_
        help_ = help_.otherwise


def _repeated(program: Program, role: RoleProgram, row: Transition) -> Iterator[Help]:
    """The base's rows that `row` replaced, as far as it did, to be typed after it."""
    bases = [_common(base, row) for base in row.replaced]
    elsewhere = [base for base in bases if base.dest != row.dest]
    for chosen in dict.fromkeys((tuple(elsewhere), tuple(bases))):
        if chosen:
            text = "a row replaces all rows of the base for its source and trigger; repeat those still meant"
            first, *more = (suggest.add_row(program, role, text, suggest.as_written(base)) for base in chosen)
            if first.span is not None:
                yield replace(first, replacement="".join(help_.replacement or "" for help_ in (first, *more)))


def _common(base: Transition, row: Transition) -> Transition:
    """The base's row for what both rows are for."""
    triggers = tuple(name for name in base.triggers if name in row.triggers)
    sources = base.sources if EVERYTHING in row.sources else row.sources
    if EVERYTHING not in (*base.sources, *row.sources):
        sources = tuple(name for name in base.sources if name in row.sources)
    return replace(base, triggers=triggers, sources=sources)


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
