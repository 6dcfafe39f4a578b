"""Rows to type: the text that a finding suggests, in the style of the rows that are there.

A row is inserted whole, after the role's last row, when that row stands in the file that was read, in a list of one row
to a line; else only the text is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protoflow.checks.structure.facts import sendings
from protoflow.checks.structure.graphs import components, state_graph
from protoflow.diagnostics import Edit, Help, Span
from protoflow.language.suggest import listed, nearest
from protoflow.program import GuardKind
from protoflow.protocol import EVERYTHING, FRESH, Received

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.program import Program, RoleProgram, Row
    from protoflow.protocol import Event, Send, Transition

MOST_WAYS = 6
"""Ways on that are tried in turn."""


def meant_share(event: Event) -> str | None:
    """`80%` for an event that waits for `from: 80`: who writes so large a number may have meant a share."""
    number = event.condition.threshold if isinstance(event.condition, Received) else None
    return f"{number}%" if isinstance(number, int) and 10 <= number <= 100 else None


def meant_fresh(rows: Iterable[Transition]) -> list[Help]:
    """Help to write `fresh` where a condition is almost that: any name may be a predicate's."""
    names = [name for row in rows for name in (*row.conditions, *row.unless) if name != FRESH]
    return [Help(f"write `{FRESH}`", name.span, FRESH) for name in names if name.span and nearest(name, (FRESH,))]


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


def flow(fields: Sequence[tuple[str, str]]) -> str:
    """A row on one line."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in fields)}}}"


def as_written(written: Transition) -> list[tuple[str, str]]:
    """All fields of a row, in the order in which rows are written."""
    fields = row(
        written.triggers,
        written.sources,
        dest=written.dest,
        conditions=written.conditions,
        unless=written.unless,
        handler=written.handler,
        sends=map(sent, written.sends),
    )
    if written.times is not None:
        fields.append(("times", str(written.times)))
    if written.raises:
        fields.append(("raise", listed(f"maybe {each.event}" if each.maybe else each.event for each in written.raises)))
    return fields


def exchanged(program: Program, first: Transition, second: Transition, text: str) -> Help | None:
    """Help to let two rows change places; None where they are not written on one line each, in this file."""
    spans = [span for span in (first.span, second.span) if span and span.file == program.protocol.file]
    if len(spans) < 2 or any(span.line != span.end_line for span in spans):
        return None
    back = Edit(spans[1], flow(as_written(first)))
    return Help(text, spans[0], flow(as_written(second)), more=(back,))


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


def add_row(program: Program, role: RoleProgram, text: str, fields: Sequence[tuple[str, str]]) -> Help:
    """Help to add a row after the last one of `role`."""
    place = line_for_row(program, role)
    if place is None:
        return Help(f"{text}: `- {flow(fields)}`")
    span, indent, in_block = place
    if in_block:
        lines = [f"{indent}{'- ' if i == 0 else '  '}{key}: {value}" for i, (key, value) in enumerate(fields)]
    else:
        lines = [f"{indent}- {flow(fields)}"]
    return Help(text, span, "\n".join(lines) + "\n")


def line_for_row(program: Program, role: RoleProgram) -> tuple[Span, str, bool] | None:
    """The line after the last row of `role` in the file itself, how it is indented, and whether its rows have a field
    to a line; None where a line cannot be added there.
    """
    file = program.protocol.file
    rows = [row for row in role.role.transitions if row.span is not None and row.span.file == file]
    last = max(rows, key=lambda row: row.span.line if row.span else 0, default=None)
    column = None if last is None else _dash_column(role, last)
    if last is None or last.span is None or column is None:
        return None
    line = last.span.end_line + 1
    return Span(file, line, 1, line, 1), " " * (column - 1), _in_block_style(last)


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


def counterpart(rows: Sequence[Row], *, fresh: bool = False) -> tuple[list[str], list[str]]:
    """The conditions, and what follows `unless`, of a row that holds whenever none of these does: none where that takes
    more than one row, or where it is `times` that ends. `fresh`: of fresh messages only.
    """
    asked = [[guard for guard in row.guards if guard.kind is not GuardKind.FRESH] for row in rows]
    conditions = [FRESH] if fresh or any(row.says_fresh for row in rows) else []
    if any(len(guards) != 1 for guards in asked) or any(row.times is not None for row in rows):
        return conditions, []
    names = {guards[0].name: guards[0].wanted for guards in asked}
    conditions += [name for name, wanted in names.items() if not wanted]
    return conditions, [name for name, wanted in names.items() if wanted]


Way: TypeAlias = "tuple[str | None, str | None, tuple[str, ...]]"
"""How a row leads on: its `dest`, its `handler`, and what it sends."""

NOTHING: Way = (None, None, ())


def ways_on(program: Program, role: RoleProgram, rows: Sequence[Row]) -> list[Way]:
    """How others could lead on in the place of these rows of one choice, and these themselves at the end.

    First those that lead where these do not, to a final state before others, for an event where these are for one, from
    the same state. A handler is named where what is sent needs one.
    """
    if not rows:
        return []
    state, event = rows[0].source, rows[0].trigger in role.role.events
    mine, dests = {row.index for row in rows}, {row.dest for row in rows}

    def order(index: int, row: Transition) -> tuple[bool, ...]:
        same = state in row.sources or EVERYTHING in row.sources
        alike = event == (row.triggers[0] in role.role.events)
        final = row.dest in role.finals
        return index in mine, row.dest in dests, not final, not alike, not same

    there = [(i, row) for i, row in enumerate(role.role.transitions) if i in mine or row.dest not in (None, state)]
    ordered = sorted(there, key=lambda each: order(*each))
    return list(dict.fromkeys(way(program, row) for _, row in ordered))[:MOST_WAYS]


def way(program: Program, row: Transition) -> Way:
    """How the row leads on."""
    payloads = [program.protocol.messages[send.message].payload for send in row.sends]
    filled = any(not kind.optional for payload in payloads for kind in payload.values())
    return row.dest, row.handler if filled else None, tuple(map(sent, row.sends))


def sent(send: Send) -> str:
    """A send as it is written in a file."""
    if send.target is None:
        return f"maybe {send.message}" if send.maybe else str(send.message)
    if send.maybe:
        return f"{{message: {send.message}, to: {send.target.name}, maybe: true{', one: true' if send.one else ''}}}"
    return f"{{{send.message}: {f'one {send.target.name}' if send.one else send.target.name}}}"


def taking_states(role: RoleProgram, message: str, dest: str | None) -> list[tuple[str, ...]]:
    """Where a message that is handled nowhere yet, and leads to `dest`, may be taken; the likeliest first.

    What leads to where nothing else does is taken where nothing else leads on.
    """
    usual = waiting_states(role, message)
    if dest is None or message in role.counted_by:
        return [usual]
    open_ends = [state for state in role.states if state in role.reachable and state not in role.finals]
    last = [part for part in components(state_graph(role, open_ends), sinks=True) if role.initial not in part]
    one_by_one = [(state,) for part in last for state in part]
    return list(dict.fromkeys([*one_by_one, usual]))[:MOST_WAYS]


def waiting_states(role: RoleProgram, message: str) -> tuple[str, ...]:
    """Where the role plausibly takes a message that it handles nowhere yet.

    In the states that wait for an event that counts it; else in those that are not final and handle some message
    (`EVERYTHING` where these are all that are not final, and several).
    """
    events = {window.event for window in role.counted_by.get(message, ())}
    waiting = [state for state in role.states if any((state, event) in role.table for event in events)]
    if waiting:
        return tuple(waiting)
    unfinished = [state for state in role.states if state not in role.finals] or list(role.states)
    receives = set(role.receives)
    handling = {state for state, trigger in role.table if trigger in receives}
    waiting = [state for state in unfinished if state in handling]
    if len(waiting) > 1 and waiting == unfinished:
        return (EVERYTHING,)
    return tuple(waiting or unfinished)


def next_state(role: RoleProgram) -> str | None:
    """The first state that nothing leads to: a row that is missing may well be the one that does."""
    return next((state for state in role.states if state not in role.reachable), None)
