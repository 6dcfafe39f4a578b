"""What a finding suggests to change in a base, to be written anew in the file that extends it.

A base is another file, perhaps a shipped one, and others may extend it too. What is declared in it under the same name,
or for the same source and trigger, is replaced by what the file itself says (`language.merge`): so that is where to
type it, with the change in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.structure import suggest
from protoflow.diagnostics import Edit, Help, Span, apply, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program
    from protoflow.protocol import Role


class _Written(NamedTuple):
    """Something on one line of a base: from where to where its words are, and the section it belongs to.

    `role` None: the section is one of the file.
    """

    line: int
    column: int
    section: str
    role: str | None = None


def write_anew(found: Iterable[Diagnostic], program: Program, sources: Mapping[str, str]) -> list[Diagnostic]:
    """The same findings, with nothing to type in a base."""
    file = program.protocol.file

    def anew(help_: Help) -> Help:
        if all(edit.span.file == file for edit in help_.edits):
            return help_
        text = f"{help_.text}, written anew in this file"
        written = _written(program, help_.edits)
        words = _words(written, help_.edits, sources) if written is not None else None
        if written is None or words is None:
            return Help(text)
        place = _place(program, written, words, sources.get(file, ""))
        if place is None:
            whose = f" of `{written.role}`" if written.role else ""
            return Help(f"{text}, under `{written.section}`{whose}: `{words}`")
        return Help(text, place.span, place.replacement)

    return [
        replace(each, help=one_of(anew(help_) for help_ in chain)) if (chain := list(_chain(each.help))) else each
        for each in found
    ]


def _chain(help_: Help | None) -> Iterator[Help]:
    while help_ is not None:
        yield help_
        help_ = help_.otherwise


def _written(program: Program, edits: Iterable[Edit]) -> _Written | None:
    """What all these edits are within; None where that is not one thing on one line."""
    places = {(edit.span.file, line) for edit in edits for line in (edit.span.line, edit.span.end_line)}
    if len(places) != 1 or any("\n" in edit.replacement for edit in edits):
        return None
    ((file, line),) = places

    def on_the_line(span: Span | None) -> bool:
        return span is not None and (span.file, span.line, span.end_line) == (file, line, line)

    protocol = program.protocol
    for role in protocol.roles.values():
        for row in role.transitions:
            if row.span is not None and on_the_line(row.span):
                return _Written(line, row.span.column, "transitions", role.name)
        for section, things in (("states", role.states), ("events", role.events)):
            for thing in things.values():
                if thing.span is not None and on_the_line(thing.span):
                    return _Written(line, thing.span.column, section, role.name)
    for section, others in (("messages", protocol.messages), ("parameters", protocol.parameters)):
        for other in others.values():
            if other.span is not None and on_the_line(other.span):
                return _Written(line, other.span.column, section)
    return None


def _words(written: _Written, edits: tuple[Edit, ...], sources: Mapping[str, str]) -> str | None:
    """The line's words with the edits in them, without the comment behind them; None where they have no braces."""
    file = edits[0].span.file
    line = apply(edits, sources.get(file, "")).split("\n")[written.line - 1 : written.line]
    words = line[0][written.column - 1 :] if line else ""
    end = words.rfind("}")
    return words[: end + 1] if end >= 0 else None


def _place(program: Program, written: _Written, words: str, text: str) -> Edit | None:
    """Where the file has, or can have, such a thing; None where that is not one line."""
    if written.role is None:
        return None
    role = program.protocol.roles[written.role]
    if written.section == "transitions":
        row = suggest.line_for_row(program, program.roles[written.role])
        return row and Edit(row[0], f"{row[1]}- {words}\n")
    return _in_section(role, written.section, words, program.protocol.file, text.split("\n"))


def _in_section(role: Role, section: str, words: str, file: str, lines: list[str]) -> Edit | None:
    """In the role's section, or in a new one before another of the role."""
    whole = role.spans.get(section)
    if whole is not None and whole.file == file:
        if lines[whole.line - 1][whole.column - 1] == "{":
            if whole.line != whole.end_line:
                return None
            end = whole.end_column - 1
            return Edit(Span(file, whole.line, end, whole.line, end), f", {words}")
        things = role.states if section == "states" else role.events
        spans = [span for each in things.values() for span in (each.span, *each.spans.values()) if span is not None]
        line = max(span.end_line for span in spans if span.file == file) + 1
        return Edit(Span(file, line, 1, line, 1), f"{' ' * (whole.column - 1)}{words}\n")
    for key in ("states", "events", "transitions"):
        other = role.spans.get(key)
        above = lines[other.line - 2] if other is not None and other.file == file and other.line > 1 else ""
        if other is not None and above.strip() == f"{key}:":
            line, indent = other.line - 1, " " * (len(above) - len(above.lstrip()))
            return Edit(Span(file, line, 1, line, 1), f"{indent}{section}:\n{indent}  {words}\n")
    return None
