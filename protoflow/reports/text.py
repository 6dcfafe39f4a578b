"""Findings for people: what is wrong, the source line with a caret, why, and what to type instead.

The layout is that of rustc. Colours only repeat what the words and marks already say. Text from a file is shown as it
is, except that control characters are replaced (a file must not steer a terminal) and long lines are cut to a window
around the words in question.
"""

from __future__ import annotations

import shlex
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

from protoflow.assumed import assumed
from protoflow.diagnostics import Severity
from protoflow.trace import participant_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from protoflow.checks.validate import Report
    from protoflow.diagnostics import Diagnostic, Edit, Help, Span
    from protoflow.protocol import Protocol

WIDTH = 140
"""The most columns of a source line that are shown; a finding at column 70,000 of a line still gets its caret."""

_ABOUT_WHERE_ALL_STAND = ("PF202", "PF203", "PF206")
"""Findings about a situation, not about its last step: their charts end with the state of each participant."""

_CODES = {"error": "1;31", "warning": "1;33", "help": "1;36", "gutter": "1;34", "bold": "1"}


class _Paint:
    """Wraps words in ANSI colours, or leaves them alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, role: str) -> str:
        return f"\033[{_CODES[role]}m{text}\033[0m" if self.on and text else text


def render(report: Report, *, colour: bool = False, options: str = "") -> str:
    """All findings of one protocol, then a line that sums them up, and one on why it is not proved where it might be.
    Findings implied by another are left out.

    `options` is what was typed besides the file, as far as findings depend on it: commands that are shown repeat it.
    """
    again = f"{shlex.quote(plain(report.file))} {options}".rstrip()
    blocks = [
        render_diagnostic(diagnostic, report.sources, report.protocol, number=number, again=again, colour=colour)
        for number, diagnostic in enumerate(report.shown, 1)
    ]
    lines = [summary(report)]
    if report.verdict is not None and report.verdict.shortfall:
        lines.append(f"not proved for every number: {report.verdict.shortfall}")
    return "\n\n".join([*blocks, "\n".join(lines)]) + "\n"


def summary(report: Report) -> str:
    """`protocols/fedavg.yaml: 1 error, 2 warnings; fails at N = 2`.

    What was found and what was proved stand side by side, so it is said that the proof is of the rest. A course that
    fails needs no word on what was assumed: its run shows what goes wrong.
    """
    line = f"{report.file}: {tally(report.shown)}"
    if report.left_out:
        line += f", {report.left_out} left out"
    if report.verdict is None:
        return line
    if report.verdict.status == "failed":
        return f"{line}; {report.verdict.line}"
    rest = "otherwise " if report.shown else ""
    line += f"; {rest}{report.verdict.line}"
    if report.assumptions is None or report.protocol is None:
        return line
    return f"{line}, assuming {assumed(report.assumptions, report.protocol)}"


def tally(diagnostics: Iterable[Diagnostic]) -> str:
    """`1 error, 2 warnings`, or `clean`."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    parts = [plural(severities.count(severity), severity.value) for severity in Severity if severity in severities]
    return ", ".join(parts) or "clean"


def plural(number: int, noun: str) -> str:
    if number == 1:
        return f"{number} {noun}"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        noun = f"{noun[:-1]}ie"
    return f"{number} {noun}s"


def render_diagnostic(
    diagnostic: Diagnostic,
    sources: Mapping[str, str],
    protocol: Protocol | None = None,
    *,
    number: int = 1,
    again: str = "",
    colour: bool = False,
) -> str:
    """One finding, without a line break at the end.

    `number` is its place in the report, from 1; `again` is what a command must be given to find it again; `protocol`
    tells where those are who never moved.
    """
    paint = _Paint(colour)
    severity = diagnostic.severity.value
    places = [diagnostic.span, *(label.span for label in diagnostic.related)]
    if diagnostic.help:
        places += [edit.span for edit in diagnostic.help.edits]
    gutter = max(len(str(place.end_line)) for place in places) + 1

    lines = [paint(f"{severity}[{diagnostic.code}]", severity) + paint(f": {plain(diagnostic.message)}", "bold")]
    lines.append(paint(f"{'-->':>{gutter + 3}} ", "gutter") + _place(diagnostic.span))
    lines.append(paint(f"{'|':>{gutter + 1}}", "gutter"))
    lines += _snippet(diagnostic.span, diagnostic.label, "^", severity, sources, gutter, paint)
    for label in diagnostic.related:
        lines.append(paint(f"{':::':>{gutter + 3}} ", "gutter") + _place(label.span))
        lines += _snippet(label.span, label.text, "-", "gutter", sources, gutter, paint)
    for note in diagnostic.notes:
        first, *rest = note.splitlines()
        lines.append(paint(f"{'=':>{gutter + 1}} ", "gutter") + plain(first))
        lines += [" " * (gutter + 2) + plain(line) for line in rest]
    if diagnostic.participants:
        lines += _run(diagnostic, protocol, gutter, paint)
    if diagnostic.help:
        lines += _help(diagnostic.help, sources, gutter, paint)
    lines.append(paint(f"{'=':>{gutter + 1}} ", "gutter") + _hint(diagnostic, number, again))
    return "\n".join(line.rstrip() for line in lines)


def to_type(help_: Help, sources: Mapping[str, str]) -> str:
    """The lines that the help adds, or as they then read, marked and numbered as in the report; empty without any."""
    gutter = max((len(str(edit.span.end_line)) for edit in help_.edits), default=0) + 1
    return "\n".join(line.rstrip() for line in _edits(help_, sources, gutter, _Paint(False)))


def _place(span: Span) -> str:
    return f"{plain(span.file)}:{span.line}:{span.column}"


def _hint(diagnostic: Diagnostic, number: int, again: str) -> str:
    hint = f"protoflow explain {diagnostic.code}"
    if not diagnostic.trace or not again:
        return hint
    return f"{hint}      protoflow diagram {again} --kind sequence --finding {number}"


def _run(diagnostic: Diagnostic, protocol: Protocol | None, gutter: int, paint: _Paint) -> Iterator[str]:
    """The shortest run that shows the finding, as a sequence chart."""
    from protoflow.diagrams.rounds import answered
    from protoflow.diagrams.sequence import text

    ids = participant_ids(diagnostic.participants, diagnostic.trace)
    many = " and ".join(plural(len(who), role) for role, who in ids.items() if who != (role,)) or "one of each"
    values = ", ".join(f"{name} = {value}" for name, value in diagnostic.parameters.items())
    ever = ", then for ever" if diagnostic.loop is not None else ""
    before = len(diagnostic.trace) if diagnostic.loop is None else diagnostic.loop
    when = f"after {plural(before, 'step')}" if before else "from the beginning on"
    verb = "fails" if diagnostic.severity is Severity.ERROR else "happens"
    colon = ":" if diagnostic.trace else ""
    head = f"{verb} with {many}{f' and {values}' if values else ''}, {when}{ever}{colon}"
    yield paint(f"{'=':>{gutter + 1}} ", "gutter") + head
    if not diagnostic.trace:
        return
    standing = diagnostic.code in _ABOUT_WHERE_ALL_STAND
    initial = {name: role.initial for name, role in protocol.roles.items()} if protocol else {}
    answers = answered(protocol) if protocol else {}
    steps, loop = diagnostic.trace, diagnostic.loop
    for line in text(steps, diagnostic.participants, standing=standing, answers=answers, initial=initial, loop=loop):
        yield " " * (gutter + 4) + line


def _help(help_: Help, sources: Mapping[str, str], gutter: int, paint: _Paint) -> Iterator[str]:
    yield paint("help", "help") + f": {plain(help_.text)}"
    if help_.edits:
        yield paint(f"{'|':>{gutter + 1}}", "gutter")
    yield from _edits(help_, sources, gutter, paint)


def _edits(help_: Help, sources: Mapping[str, str], gutter: int, paint: _Paint) -> Iterator[str]:
    for _, edits in groupby(help_.edits, key=_line_of):
        first, *others = edits
        if others:
            yield from _line_edited([first, *others], sources, gutter, paint)
        else:
            yield from _edit(first, sources, gutter, paint)


def _line_of(edit: Edit) -> tuple[str, int] | Edit:
    """The line that the edit is within; itself where it changes lines."""
    within = edit.span.line == edit.span.end_line and "\n" not in edit.replacement
    return (edit.span.file, edit.span.line) if within else edit


def _line_edited(edits: Sequence[Edit], sources: Mapping[str, str], gutter: int, paint: _Paint) -> Iterator[str]:
    """One line as it reads with several edits in it."""
    line = _line(sources, edits[0].span)
    marked, shift = [], 0
    for edit in edits:
        start = edit.span.column - 1 + shift
        line = line[:start] + edit.replacement + line[edit.span.end_column - 1 + shift :]
        marked.append((start, start + max(1, len(edit.replacement))))
        shift += len(edit.replacement) - (edit.span.end_column - edit.span.column)
    yield from _numbered(line, edits[0].span.line, marked, "~", "", "help", gutter, paint)


def _edit(edit: Edit, sources: Mapping[str, str], gutter: int, paint: _Paint) -> Iterator[str]:
    """The lines that are new, or the line as it then reads."""
    span, source = edit.span, _line(sources, edit.span)
    if edit.replacement.endswith("\n"):
        for line in edit.replacement.splitlines():
            yield paint(f"{'+':>{gutter + 1}} ", "help") + plain(line)
        return
    if not edit.replacement and span.line == span.end_line and not _without(source, span).strip():
        yield paint(f"{span.line:<{gutter}}- ", "help") + plain(source)
        return
    tail = _line(sources, span, span.end_line)[span.end_column - 1 :]
    changed = source[: span.column - 1] + edit.replacement + tail
    first, *rest = changed.split("\n")
    start = span.column - 1
    end = start + max(1, len(edit.replacement.split("\n")[0]))
    yield from _numbered(first, span.line, [(start, end)], "~", "", "help", gutter, paint)
    for line in rest:
        yield paint(f"{'+':>{gutter + 1}} ", "help") + plain(line)


def _without(source: str, span: Span) -> str:
    return source[: span.column - 1] + source[span.end_column - 1 :]


def _snippet(
    span: Span, label: str, mark: str, role: str, sources: Mapping[str, str], gutter: int, paint: _Paint
) -> Iterator[str]:
    source = _line(sources, span)
    start = min(span.column - 1, len(source))
    end = span.end_column - 1 if span.end_line == span.line else len(source)
    yield from _numbered(source, span.line, [(start, max(end, start + 1))], mark, label, role, gutter, paint)


def _numbered(
    source: str,
    line: int,
    marked: Sequence[tuple[int, int]],
    mark: str,
    label: str,
    role: str,
    gutter: int,
    paint: _Paint,
) -> Iterator[str]:
    """A source line with its number, and marks under each part [start, end) of it, in order."""
    begin, end = marked[0][0], marked[-1][1]
    source, start, end = _window(source, begin, end)
    shown, marks = plain(source), ""
    for each in marked:
        first, last = (min(place + start - begin, end) for place in each)
        marks += " " * (_columns(shown[:first]) - len(marks)) + mark * max(1, _columns(shown[first:last]))
    indent = len(marks) - len(marks.lstrip())
    yield paint(f"{line:<{gutter}}|", "gutter") + f" {shown}"
    marks = paint(f"{marks[indent:]} {plain(label)}".rstrip(), role)
    yield paint(f"{'|':>{gutter + 1}}", "gutter") + " " * (indent + 1) + marks


def _window(source: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a long line around [start, end), with the marks moved along."""
    if len(source) <= WIDTH:
        return source, start, end
    left = max(0, min(start - WIDTH // 3, len(source) - WIDTH))
    right = min(len(source), left + WIDTH)
    head, tail = "…" if left else "", "…" if right < len(source) else ""
    shift = len(head) - left
    return head + source[left:right] + tail, start + shift, min(end, right) + shift


def _line(sources: Mapping[str, str], span: Span, line: int | None = None) -> str:
    lines: Sequence[str] = sources.get(span.file, "").split("\n")
    number = span.line if line is None else line
    return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


def plain(text: str) -> str:
    """The text with what is not printable replaced; tabs become one column, as they count one character."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _columns(text: str) -> int:
    """Terminal columns: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
