"""Text to type, and where: in the style in which the place is written, or nothing where that is not one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import Span

if TYPE_CHECKING:
    from protoflow.protocol import State, Transition


def ignoring(state: State, message: str) -> tuple[Span | None, str | None]:
    """Where to type `ignore`, and what; (None, None) where the state is not written on one line."""
    written = state.spans.get("ignore")
    if written is not None:
        if written.line == written.end_line:
            return written, f"[{', '.join([*state.ignore, message])}]"
        return None, None
    last = max(state.spans.values(), default=None, key=lambda span: (span.end_line, span.end_column))
    if last is None or state.span is None or last.end_line != state.span.line:
        return None, None
    at = Span(last.file, last.end_line, last.end_column, last.end_line, last.end_column)
    return at, f", ignore: [{message}]"


def new_row(after: Transition | None, trigger: str, source: str) -> tuple[Span | None, str | None]:
    """A whole new line below a row that is written on one line; without such a row, no more than the words say."""
    if after is None or after.span is None or after.span.line != after.span.end_line:
        return None, None
    line = after.span.end_line + 1
    indent = " " * max(0, after.span.column - 3)
    return Span(after.span.file, line, 1, line, 1), f"{indent}- {{trigger: {trigger}, source: {source}}}\n"
