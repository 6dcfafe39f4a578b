"""What is to be changed in a base is to be typed anew in the file that extends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.checks import Report, validate
from protoflow.checks.anew import write_anew
from protoflow.checks.composition import Options
from protoflow.diagnostics import Diagnostic, Edit, Help, Span, apply
from protoflow.language import read
from protoflow.program import compile_protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = """\
protoflow: 1
name: base
messages:
  ask:  {from: server, to: client}
  word: {from: client, to: server}
roles:
  server:
    states:
      asking:
      over: {final: true, summary: All is said.}  # and done
    events:
      time_up: {after: 1s}
    transitions:
      - {trigger: start, source: asking, send: {ask: all}}
      - {trigger: word, source: asking}  # not the last
      - {trigger: time_up, source: asking, dest: over}
  client:
    count: 1..
    states: {idle: , over: {final: true}}
    transitions:
      - {trigger: ask, source: idle, dest: over}
"""
HEAD = "protoflow: 1\nname: mine\nextends: ./base.yaml\nroles:\n  client:\n    transitions:\n"
ANSWER = "      - {trigger: ask, source: idle, dest: over, send: word}\n"
IGNORED = "over: {final: true, summary: All is said., ignore: [word]}"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    monkeypatch.chdir(tmp_path)


def checked(folder: Path, text: str) -> Report:
    (folder / "mine.yaml").write_text(text)
    return validate(read("mine.yaml"), composition=Options(cache=False))


@pytest.mark.parametrize(
    ("server", "typed"),
    [
        ("    transitions:\n      - {trigger: word, source: asking}\n", f"    states:\n      {IGNORED}\n"),
        ("    states: {paused: }\n", f", {IGNORED}"),
        ("    states:\n      paused:\n", f"      {IGNORED}\n"),
        ("    events:\n      time_up: {after: 2s}\n", f"    states:\n      {IGNORED}\n"),
    ],
    ids=["no states", "on one line", "in lines", "events alone"],
)
def test_a_state_of_the_base_is_written_anew(server: str, typed: str, tmp_path: Path) -> None:
    report = checked(tmp_path, f"{HEAD}{ANSWER}  server:\n{server}")
    (found,) = (each for each in report.shown if each.code == "PF205")
    assert found.help is not None
    assert found.help.text == "if it is to be dropped, say so: `ignore` `word` in `over`, written anew in this file"
    assert [(edit.span.file, edit.replacement) for edit in found.help.edits] == [("mine.yaml", typed)]
    mended = checked(tmp_path, apply(found.help.edits, report.sources["mine.yaml"]))
    assert not [each for each in mended.diagnostics if each.code == "PF205"]


@pytest.mark.parametrize("server", ["", "  server: {events: {time_up: {after: 2s}}}\n"], ids=["no role", "in braces"])
def test_where_there_is_no_place_for_it_it_is_said(server: str, tmp_path: Path) -> None:
    report = checked(tmp_path, HEAD + ANSWER + server)
    (found,) = (each for each in report.shown if each.code == "PF205")
    assert found.help is not None
    assert not found.help.edits
    assert found.help.text.endswith(f"written anew in this file, under `states` of `server`: `{IGNORED}`")


def moved(folder: Path, text: str, *edits: tuple[str, str, str]) -> Help:
    """What becomes of a help with these edits of the base: the line with this text, what of it, and what instead."""
    (folder / "mine.yaml").write_text(text)
    reading = read("mine.yaml")
    assert reading.protocol is not None
    first, *more = _edits(edits)
    help_ = Help("do so", first.span, first.replacement, more=tuple(more))
    found = Diagnostic("PF201", "", Span("mine.yaml", 1, 1, 1, 2), help=help_)
    (anew,) = write_anew([found], compile_protocol(reading.protocol), reading.sources)
    assert anew.help is not None
    return anew.help


def _edits(edits: tuple[tuple[str, str, str], ...]) -> Iterator[Edit]:
    for part, old, new in edits:
        number, line = next((n, line) for n, line in enumerate(BASE.splitlines(), 1) if part in line)
        column = line.index(old) + 1
        yield Edit(Span("base.yaml", number, column, number, column + len(old)), new)


def test_a_row_of_the_base_is_written_anew(tmp_path: Path) -> None:
    mine = f"{HEAD}{ANSWER}  server:\n    transitions:\n      - {{trigger: start, source: asking}}\n"
    help_ = moved(tmp_path, mine, ("not the last", "asking", "[asking, over]"), ("not the last", "word", "[word]"))
    assert help_.text == "do so, written anew in this file"
    (edit,) = help_.edits
    assert edit == Edit(Span("mine.yaml", 11, 1, 11, 1), "      - {trigger: [word], source: [asking, over]}\n")


def test_what_is_not_one_thing_on_one_line_is_only_said(tmp_path: Path) -> None:
    two = ("not the last", "asking", "over"), ("time_up: {", "1s", "2s")
    assert moved(tmp_path, HEAD + ANSWER, *two) == Help("do so, written anew in this file")
    message = moved(tmp_path, HEAD + ANSWER, ("word: {", "client", "[client, server]"))
    assert message == Help(
        "do so, written anew in this file, under `messages`: `word: {from: [client, server], to: server}`"
    )
