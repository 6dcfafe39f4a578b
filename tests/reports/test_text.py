"""The text report: exact layouts, and laws for lines that no terminal was made for."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from protoflow.diagnostics import Diagnostic, Help, Label, Span
from protoflow.reports.text import WIDTH, plural, render_diagnostic, tally

SOURCE = """\
roles:
  server:
    states: {training: , finished: {final: true}}
    transitions:
      - {trigger: updat, source: training}
"""
SOURCES = {"mine.yaml": SOURCE}


def span(line: int, column: int, end_column: int, end_line: int | None = None) -> Span:
    return Span("mine.yaml", line, column, end_line or line, end_column)


def test_several_parties_and_relays_and_one_of_each() -> None:
    assert [plural(number, role) for role in ("client", "party", "relay") for number in (1, 2)] == [
        *("1 client", "2 clients", "1 party", "2 parties", "1 relay", "2 relays")
    ]


def test_a_finding_with_everything() -> None:
    diagnostic = Diagnostic(
        "PF003",
        "`updat` is not a message; `update` is",
        span(5, 19, 24),
        "not declared",
        related=(Label(span(2, 3, 9), "in this role"),),
        notes=("first line\nsecond line",),
        help=Help("write the declared name", span(5, 19, 24), "update", certain=True),
    )
    assert render_diagnostic(diagnostic, SOURCES) == (
        "error[PF003]: `updat` is not a message; `update` is\n"
        "  --> mine.yaml:5:19\n"
        "  |\n"
        "5 |       - {trigger: updat, source: training}\n"
        "  |                   ^^^^^ not declared\n"
        "  ::: mine.yaml:2:3\n"
        "2 |   server:\n"
        "  |   ------ in this role\n"
        "  = first line\n"
        "    second line\n"
        "help: write the declared name\n"
        "  |\n"
        "5 |       - {trigger: update, source: training}\n"
        "  |                   ~~~~~~\n"
        "  = protoflow explain PF003"
    )


def test_help_that_removes_a_line_shows_the_line_that_goes() -> None:
    gone = Help("remove the row", span(5, 7, len(SOURCE.splitlines()[4]) + 1), "")
    shown = render_diagnostic(Diagnostic("PF104", "never sent", span(5, 19, 24), help=gone), SOURCES)
    assert "5 -       - {trigger: updat, source: training}" in shown


def test_help_that_adds_lines_shows_them_with_a_plus() -> None:
    added = Help("add a row", span(6, 1, 1), "      - {trigger: join, source: training}\n")
    shown = render_diagnostic(Diagnostic("PF103", "not handled", span(5, 19, 24), help=added), SOURCES)
    assert "  +       - {trigger: join, source: training}" in shown


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    shown = render_diagnostic(Diagnostic("PF002", "m", span(2, 3, 5, end_line=4)), SOURCES)
    assert "2 |   server:\n  |   ^^^^^^^\n" in shown


def test_colour_changes_nothing_but_the_escapes() -> None:
    import re

    diagnostic = Diagnostic("PF104", "m", span(2, 3, 9), "label", help=Help("text"))
    coloured = render_diagnostic(diagnostic, SOURCES, colour=True)
    assert coloured != (plain := render_diagnostic(diagnostic, SOURCES))
    assert re.sub("\033\\[[0-9;]*m", "", coloured) == plain


def test_tally_counts_by_severity() -> None:
    error, warning = (Diagnostic(code, "m", span(1, 1, 2)) for code in ("PF103", "PF104"))
    assert tally([]) == "clean"
    assert tally([error, warning, warning]) == "1 error, 2 warnings"


@given(st.text(st.characters(exclude_characters="\n"), max_size=400), st.data())
def test_any_line_gives_a_bounded_snippet_with_the_caret_under_its_words(line: str, data: st.DataObject) -> None:
    line = line.rstrip("\r")
    start = data.draw(st.integers(0, max(0, len(line) - 1)))
    end = data.draw(st.integers(start + 1, max(start + 1, len(line))))
    finding = Diagnostic("PF002", "m", Span("f", 1, start + 1, 1, end + 1))
    shown = render_diagnostic(finding, {"f": line}).split("\n")
    code, marks = shown[3].removeprefix("1 |"), shown[4].removeprefix("  |")
    assert all(c.isprintable() for c in code)
    assert len(code) <= WIDTH + 3
    before = marks[: marks.index("^")] if "^" in marks else marks

    def columns(text: str) -> int:
        return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)

    if len(line) <= WIDTH:
        visible = "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in line)
        assert columns(" " + visible[:start]) == len(before)
