"""Rows to type: the text that a finding suggests, in the style of the rows that are there.

A row is inserted whole, after the role's last row, when that row stands in the file that was read, in a list of one row
to a line; else only the text is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure.facts import sendings
from protoflow.diagnostics import Help, Span
from protoflow.language.suggest import listed
from protoflow.protocol import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import Transition


def row(
    triggers: Iterable[str],
    sources: Iterable[str],
    *,
    dest: str | None = None,
    conditions: Iterable[str] = (),
    unless: Iterable[str] = (),
    handler: str | None = None,
    sends: Iterable[str] = (),
) -> list[tuple[str, str]]:
    """The fields of a row, in the order in which rows are written."""
    fields = [("trigger", listed(triggers)), ("source", listed(sources))]
    if dest is not None:
        fields.append(("dest", dest))
    if conditions := tuple(conditions):
        fields.append(("conditions", listed(conditions)))
    if unless := tuple(unless):
        fields.append(("unless", listed(unless)))
    if handler is not None:
        fields.append(("handler", handler))
    if sends := tuple(sends):
        fields.append(("send", listed(sends)))
    return fields


def missing_sends(program: Program) -> Mapping[str, list[str]]:
    """Role -> its messages that others wait for and nobody sends: a row that is missing may well be their sender."""
    sent = {message for message, _ in sendings(program)}
    awaited = {
        name
        for role in program.roles.values()
        for name in (*(trigger for _, trigger in role.table), *(window.message for window in role.windows.values()))
    }
    return {
        role.name: [message for message in role.sends if message in awaited and message not in sent]
        for role in program.roles.values()
    }


def add_row(program: Program, role: RoleProgram, text: str, fields: list[tuple[str, str]]) -> Help:
    """Help to add a row after the last one of `role`."""
    file = program.protocol.file
    rows = [row for row in role.role.transitions if row.span is not None and row.span.file == file]
    last = max(rows, key=lambda row: row.span.line if row.span else 0, default=None)
    flow = f"{{{', '.join(f'{key}: {value}' for key, value in fields)}}}"
    column = None if last is None else _dash_column(role, last)
    if last is None or last.span is None or column is None:
        return Help(f"{text}: `- {flow}`")
    indent = " " * (column - 1)
    if _in_block_style(last):
        lines = [f"{indent}{'- ' if i == 0 else '  '}{key}: {value}" for i, (key, value) in enumerate(fields)]
    else:
        lines = [f"{indent}- {flow}"]
    line = last.span.end_line + 1
    return Help(text, Span(file, line, 1, line, 1), "\n".join(lines) + "\n")


def add_field(transition: Transition, text: str, key: str, value: str) -> Help:
    """Help to add a field to a row: before the closing brace, or on a line of its own."""
    span = transition.span
    if span is None:
        return Help(f"{text}: `{key}: {value}`")
    if _in_block_style(transition):
        line = span.end_line + 1
        return Help(text, Span(span.file, line, 1, line, 1), f"{' ' * (span.column - 1)}{key}: {value}\n")
    end = span.end_column - 1
    return Help(text, Span(span.file, span.end_line, end, span.end_line, end), f", {key}: {value}")


def _in_block_style(transition: Transition) -> bool:
    """A field to a line, without braces."""
    span, lines = transition.span, [value.line for value in transition.spans.values()]
    return span is not None and span.end_line > span.line and len({*lines}) == len(lines)


def _dash_column(role: RoleProgram, row: Transition) -> int | None:
    """The column of the dashes of the list that the row stands in; None where a line cannot be added to it."""
    whole = role.role.spans.get("transitions")
    if row.span is None or whole is None or whole.file != row.span.file:
        return None
    return whole.column if row.span.column == whole.column + 2 else None


def waiting_states(role: RoleProgram, message: str) -> tuple[str, ...]:
    """Where the role plausibly takes a message that it handles nowhere yet.

    In the states that wait for an event that counts it; else in those that are not final and handle some message
    (`EVERYTHING` where these are all that are not final, and several).
    """
    events = {window.event for window in role.counted_by.get(message, ())}
    waiting = [state for state in role.states if any((state, event) in role.table for event in events)]
    if waiting:
        return tuple(waiting)
    unfinished = [state for state in role.states if not role.final(state)] or list(role.states)
    receives = set(role.receives)
    handling = {state for state, trigger in role.table if trigger in receives}
    waiting = [state for state in unfinished if state in handling]
    if len(waiting) > 1 and waiting == unfinished:
        return (EVERYTHING,)
    return tuple(waiting or unfinished)


def next_state(role: RoleProgram) -> str | None:
    """The first state that nothing leads to: a row that is missing may well be the one that does."""
    return next((state for state in role.states if state not in role.reachable), None)
