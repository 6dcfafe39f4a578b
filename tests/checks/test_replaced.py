"""A finding that comes from a row which replaced rows of a base says so, with both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.checks import Report, validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import apply
from protoflow.language import read

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
protoflow: 1
name: base
messages:
  ask:    {from: server, to: client}
  word:   {from: client, to: server}
  finish: {from: server, to: client}
roles:
  server:
    states: {asking: , over: {final: true}}
    events: {all_in: {received: word, for: ask, from: all}}
    transitions:
      - {trigger: start, source: asking, send: {ask: all}}
      - {trigger: word, source: asking}
      - {trigger: all_in, source: asking, dest: asking, times: 2, send: {ask: all}}
      - {trigger: all_in, source: asking, dest: over, send: {finish: all}}
  client:
    count: 1..
    states: {idle: , over: {final: true}}
    transitions:
      - {trigger: ask, source: idle, send: word}
      - {trigger: finish, source: idle, dest: over}
"""
ROW = "the row for `all_in` in `asking`, at mine.yaml:7:9"
BOTH = "replaced rows of the base, at base.yaml:14:9 and base.yaml:15:9"


def checked(folder: Path, row: str, base: str = BASE) -> Report:
    lines = [
        "protoflow: 1",
        "name: mine",
        "extends: ./base.yaml",
        "roles:",
        "  server:",
        "    transitions:",
        f"      - {row}",
    ]
    (folder / "base.yaml").write_text(base)
    (folder / "mine.yaml").write_text("".join(f"{line}\n" for line in lines))
    return validate(read("mine.yaml"), composition=Options(cache=False))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{trigger: all_in, source: asking, dest: over}", "PF202"),  # in the run that fails
        ("{trigger: all_in, source: asking, handler: look}", "PF102"),  # led on
        ("{trigger: all_in, source: asking, dest: over}", "PF104"),  # was the only one to send it
    ],
)
def test_it_is_said_with_both_places(row: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = checked(tmp_path, row)
    (found,) = (each for each in report.diagnostics if each.code == code)
    assert f"{ROW}, {BOTH}" in found.notes


AVERAGED = BASE.replace("dest: over, send: {finish: all}", "dest: over, handler: average, send: {finish: all}")
AGAIN = "      - {trigger: all_in, source: asking, dest: asking, send: {ask: all}, times: 2}\n"
OVER = "      - {trigger: all_in, source: asking, dest: over, handler: average, send: {finish: all}}\n"


@pytest.mark.parametrize(
    ("row", "code", "repeated"),
    [
        ("{trigger: all_in, source: asking, dest: over, conditions: bad, send: {finish: all}}", "PF202", AGAIN + OVER),
        ("{trigger: all_in, source: asking, dest: asking, send: {ask: all}, times: 1}", "PF102", OVER),
        ("{trigger: all_in, source: asking, dest: asking, send: {ask: all}, conditions: good}", "PF102", OVER),
    ],
)
def test_the_rows_that_it_replaced_are_to_be_repeated(
    row: str, code: str, repeated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that they did: those that lead where the new row does not, and where that does not do, all."""
    monkeypatch.chdir(tmp_path)
    report = checked(tmp_path, row, AVERAGED)
    (found,) = report.shown
    assert found.code == code
    assert found.help is not None
    assert [edit.replacement for edit in found.help.edits] == [repeated]
    (tmp_path / "mine.yaml").write_text(apply(found.help.edits, report.sources["mine.yaml"]))
    assert validate(read("mine.yaml"), composition=Options(cache=False)).shown == ()


UNTOLD = BASE.replace(", send: {finish: all}", "")


def test_nothing_is_said_of_a_row_that_does_as_those_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is in the base; the row that replaced another there leads where that did, and sends the same."""
    monkeypatch.chdir(tmp_path)
    report = checked(tmp_path, "{trigger: start, source: asking, handler: prepare, send: {ask: all}}", UNTOLD)
    assert report.errors
    assert not [note for found in report.diagnostics for note in found.notes if "replaced" in note]


def test_of_a_protocol_that_extends_nothing_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(UNTOLD)
    report = validate(read("mine.yaml"), composition=Options(cache=False))
    assert report.errors
    assert not [note for found in report.diagnostics for note in found.notes if "replaced" in note]
