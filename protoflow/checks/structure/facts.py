"""What the checks of structure ask about a program again and again, and how they point at places.

Nothing here judges. "Sent" and "handled" mean by some row, whatever its conditions and wherever its source: a state
that nobody enters is a finding of its own (PF101), and must not make all that its rows do look missing as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.diagnostics import Span
from protoflow.protocol import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.program import Program, RoleProgram, Row, RowSend


@dataclass(frozen=True, slots=True)
class Sending:
    """`role` sends a message in `row`."""

    role: str
    row: Row
    send: RowSend


def rows_by_declaration(role: RoleProgram) -> Mapping[int, list[Row]]:
    """The compiled rows of each transition, by its place in the role; one for each (source, trigger) of it."""
    found: dict[int, list[Row]] = {}
    for row in role.all_rows():
        found.setdefault(row.index, []).append(row)
    return dict(sorted(found.items()))


def sendings(program: Program) -> Mapping[tuple[str, str], list[Sending]]:
    """(message, role that it can reach) -> where it is sent: each place once for each trigger of its row."""
    found: dict[tuple[str, str], dict[tuple[int, str], Sending]] = {}
    for role in program.roles.values():
        for rows in rows_by_declaration(role).values():
            for row in rows:
                for send in row.sends:
                    for receiver in send.roles:
                        places = found.setdefault((send.message, receiver), {})
                        places.setdefault((id(send.declared), row.trigger), Sending(role.name, row, send))
    return {key: list(places.values()) for key, places in found.items()}


def states_that_handle(role: RoleProgram, trigger: str) -> tuple[str, ...]:
    """States with a row for `trigger`, in order of declaration."""
    return tuple(state for state in role.states if (state, trigger) in role.table)


def first_rows(role: RoleProgram) -> Mapping[str, Row]:
    """Trigger -> the first row, as written, that it triggers."""
    found: dict[str, Row] = {}
    for row in role.all_rows():
        if row.trigger not in found or row.index < found[row.trigger].index:
            found[row.trigger] = row
    return found


def trigger_span(row: Row) -> Span | None:
    """Where the row's trigger is written."""
    written = next((name for name in row.declared.triggers if name == row.trigger), None)
    return span_or_none(written, row.declared)


def source_span(row: Row) -> Span | None:
    """Where the row's source is written."""
    written = next((name for name in row.declared.sources if name in (row.source, EVERYTHING)), None)
    return span_or_none(written, row.declared)


def span_or_none(*things: object) -> Span | None:
    """The place of the first of `things` (names, elements, spans) that has one."""
    for thing in things:
        span = thing if isinstance(thing, Span) else getattr(thing, "span", None)
        if isinstance(span, Span):
            return span
    return None


def place(program: Program, *things: object) -> Span:
    """The same, and where none has one (a protocol that was built in Python) the start of the file."""
    file = program.protocol.file or f"<{program.protocol.name}>"
    return span_or_none(*things) or Span(file, 1, 1, 1, 1)


def role_triggers(role: RoleProgram) -> list[tuple[str, str]]:
    """(state, trigger) pairs that have rows, states in order of declaration, triggers in order of their rows."""
    order = {state: place for place, state in enumerate(role.states)}
    return sorted(role.table, key=lambda key: order[key[0]])


def together(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in groups that "in these states, for these triggers" describes exactly: all of them, or by trigger."""
    if len(rows) == len({row.source for row in rows}) * len({row.trigger for row in rows}):
        return [list(rows)]
    return [[row for row in rows if row.trigger == trigger] for trigger in dict.fromkeys(row.trigger for row in rows)]
