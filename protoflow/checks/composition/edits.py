"""Text to type, and where: in the style in which the place is written, or nothing where that is not one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.diagnostics import Edit, Help, Span
from protoflow.language.suggest import listed
from protoflow.protocol import After, ParameterType, TargetKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from protoflow.program import Program, RoleProgram
    from protoflow.protocol import State, Transition

TIMER = "time_up"


def saying(state: State, key: str, messages: Sequence[str]) -> tuple[Span | None, str | None]:
    """Where to type `ignore` or `defer` (`key`), and what; (None, None) where the state is not written on one line."""
    written = state.spans.get(key)
    if written is not None:
        if written.line == written.end_line:
            return written, listed([*(state.ignore if key == "ignore" else state.defer), *messages])
        return None, None
    if state.span is None:
        return None, None
    if not state.spans:  # a name and a colon
        return _at(state.span, 1), f" {{{key}: {listed(messages)}}}"
    last = max(state.spans.values(), key=lambda span: (span.end_line, span.end_column))
    if last.end_line != state.span.line:
        return None, None
    return _at(last), f", {key}: [{', '.join(messages)}]"


def _at(span: Span, further: int = 0) -> Span:
    """The place behind these words."""
    column = span.end_column + further
    return Span(span.file, span.end_line, column, span.end_line, column)


def row_below(
    program: Program, role: RoleProgram, above: Transition, text: str, fields: Sequence[tuple[str, str]]
) -> Help:
    """Help to add a row below one that is written on one line of this file; else after the last row of the role."""
    span = above.span
    if span is None or span.line != span.end_line or span.file != program.protocol.file:
        return suggest.add_row(program, role, text, fields)
    return Help(text, *_line_below(above, fields))


def _line_below(above: Transition, fields: Sequence[tuple[str, str]]) -> tuple[Span, str]:
    assert above.span is not None
    line = above.span.end_line + 1
    indent = " " * max(0, above.span.column - 3)
    return Span(above.span.file, line, 1, line, 1), f"{indent}- {suggest.flow(fields)}\n"


def patience(program: Program) -> str:
    """How long to wait: a duration that is a parameter, one that nothing uses yet before others; else half a minute."""
    durations = [name for name, each in program.protocol.parameters.items() if each.type is ParameterType.DURATION]
    used = {
        event.condition.duration
        for role in program.protocol.roles.values()
        for event in role.events.values()
        if isinstance(event.condition, After)
    }
    return next((name for name in durations if name not in used), next(iter(durations), "30s"))


def guard_for(role: RoleProgram, event: str) -> str | None:
    """The condition of a row that goes on before `event` has come: whether there is anybody to whom what it sends could
    go. None where that is certain: nobody is selected there, or a round is open, whose receivers were.
    """
    window = role.windows.get(event)
    rows = [row for row in role.all_rows() if row.trigger == event]
    selects = any(send.target.kind is TargetKind.SELECTOR for row in rows for send in row.sends)
    if window is None or window.request is not None or not selects:
        return None
    return f"somebody_{event.removeprefix('all_')}"


def time_limit(program: Program, role: RoleProgram, events: Collection[str], *, guarded: bool) -> list[Edit]:
    """A timer, and the same rows for it as for these events; nothing where that cannot be typed line by line.

    The timer is one that the role has, or a new one with the name TIMER. `guarded`: rows that ask whether anybody is
    there (`guard_for`) are rows of their own, with one that ends the course where nobody is.
    """
    written = role.role
    rows = [row for row in written.transitions if set(row.triggers) & set(events)]
    timer = next((name for name, event in written.events.items() if isinstance(event.condition, After)), None)
    edits = []
    if timer is None:
        whole, last = written.spans.get("events"), list(written.events.values())[-1]
        lines = [span for span in (last.span, *last.spans.values()) if span is not None]
        in_block = whole is not None and last.span is not None and whole.column == last.span.column
        if not in_block or not whole or not lines or TIMER in (*written.events, *role.receives):
            return []
        line = max(span.end_line for span in lines) + 1
        indent = " " * (whole.column - 1)
        edits.append(Edit(Span(whole.file, line, 1, line, 1), f"{indent}{TIMER}: {{after: {patience(program)}}}\n"))
    for row in rows:
        place = row.spans.get("trigger")
        if place is None or place.line != place.end_line:
            return []
        if timer in row.triggers:
            continue
        guard = next(filter(None, (guard_for(role, str(name)) for name in row.triggers)), None)
        if not guarded or guard is None:
            edits.append(Edit(place, f"[{', '.join([*row.triggers, timer or TIMER])}]"))
            continue
        below = list(_guarded(program, role, row, timer or TIMER, guard))
        if not below or row.conditions or row.unless or row.span is None or row.span.line != row.span.end_line:
            return []
        edits.append(Edit(below[0][0], "".join(line for _, line in below)))
    return edits


def _guarded(
    program: Program, role: RoleProgram, row: Transition, timer: str, guard: str
) -> Iterator[tuple[Span, str]]:
    """The same row for the timer, where the guard holds; and one that ends the course where it does not."""
    ways = suggest.ways_on(program, role, [each for each in role.all_rows() if each.declared is row])
    ends = [way for way in ways if way[0] in role.finals]
    if not ends:
        return
    sends = map(suggest.sent, row.sends)
    yield _line_below(
        row,
        suggest.row([timer], row.sources, dest=row.dest, conditions=[guard], handler=row.handler, sends=sends),
    )
    dest, handler, last = ends[0]
    yield _line_below(row, suggest.row([timer], row.sources, dest=dest, unless=[guard], handler=handler, sends=last))
