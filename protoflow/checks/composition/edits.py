"""Text to type, and where: in the style in which the place is written, or nothing where that is not one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import Edit, Span
from protoflow.language.suggest import listed
from protoflow.protocol import After

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from protoflow.program import RoleProgram
    from protoflow.protocol import MessageType, Send, State, Transition

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


def new_row(after: Transition | None, trigger: str, source: str, rest: str = "") -> tuple[Span | None, str | None]:
    """A whole new line below a row that is written on one line; without such a row, no more than the words say.

    `rest`: its other fields, with a comma before each.
    """
    if after is None or after.span is None or after.span.line != after.span.end_line:
        return None, None
    line = after.span.end_line + 1
    indent = " " * max(0, after.span.column - 3)
    return Span(after.span.file, line, 1, line, 1), f"{indent}- {{trigger: {trigger}, source: {source}{rest}}}\n"


def as_another(row: Transition, messages: Mapping[str, MessageType]) -> str:
    """The fields with which a row leads on as that one does: where to, and what is sent (by its handler where a message
    needs one).
    """
    fields = [f", dest: {row.dest}"] if row.dest else []
    if row.handler and any(not kind.optional for send in row.sends for kind in messages[send.message].payload.values()):
        fields.append(f", handler: {row.handler}")
    if row.sends:
        fields.append(f", send: {listed([_send(send) for send in row.sends])}")
    return "".join(fields)


def _send(send: Send) -> str:
    if send.target is None:
        return f"maybe {send.message}" if send.maybe else send.message
    target = f"one {send.target.name}" if send.one else send.target.name
    if send.maybe:
        return f"{{message: {send.message}, to: {send.target.name}, maybe: true{', one: true' if send.one else ''}}}"
    return f"{{{send.message}: {target}}}"


def time_limit(role: RoleProgram, events: Collection[str]) -> list[Edit]:
    """A timer, and the same rows for it as for these events; nothing where that cannot be typed line by line.

    The timer is one that the role has, or a new one with the name TIMER.
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
        edits.append(Edit(Span(whole.file, line, 1, line, 1), f"{' ' * (whole.column - 1)}{TIMER}: {{after: 30s}}\n"))
    for row in rows:
        place = row.spans.get("trigger")
        if place is None or place.line != place.end_line:
            return []
        if timer not in row.triggers:
            edits.append(Edit(place, f"[{', '.join([*row.triggers, timer or TIMER])}]"))
    return edits
