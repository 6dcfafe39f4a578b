"""The way of a validation: what is run, in which order, and what is imported for it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options
from protoflow.diagnostics import Severity
from protoflow.errors import ProtocolError, UsageError
from protoflow.language import load, read, read_text
from protoflow.runtime import Course
from tests.checks.test_rows import TEXT
from tests.composition.broken_deadline import BROKEN

ROOT = Path(__file__).parents[2]

WARNS = "protoflow: 1\nname: still\nroles: {solo: {states: {here: {final: true}, nowhere: }}}\n"


def test_all_ways_to_name_a_protocol_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "still.yaml"
    path.write_text(WARNS, encoding="utf-8")
    reports = [validate(path), validate(str(path)), validate(read(path)), validate(load(path))]
    assert all(report.diagnostics == reports[0].diagnostics for report in reports)
    assert [(found.code, found.implied_by) for found in reports[0].diagnostics] == [("PF101", None), ("PF105", "PF101")]
    assert reports[0].sources == {path.as_posix(): WARNS}


def test_warnings_fail_only_when_strict() -> None:
    report = validate(read_text(WARNS, "still.yaml"))
    assert (report.ok(), report.ok(strict=True)) == (True, False)
    assert (len(report.errors), len(report.warnings)) == (0, 2)


def test_an_error_in_the_file_is_all_there_is() -> None:
    report = validate(read_text(WARNS.replace("final: true", "finale: true"), "still.yaml"))
    assert report.protocol is None
    assert [found.code for found in report.diagnostics] == ["PF002"]
    assert not report.ok()


def test_findings_are_in_the_order_of_their_places() -> None:
    text = WARNS.replace("nowhere: ", "nowhere: , here_too: ").replace("final: true", "")
    report = validate(read_text(text, "still.yaml"), composition=False)
    assert [found.code for found in report.diagnostics] == ["PF102", "PF101", "PF105", "PF101", "PF105"]
    assert [found.sort_key for found in report.diagnostics] == sorted(found.sort_key for found in report.diagnostics)
    assert report.errors[0].severity is Severity.ERROR


def test_overrides_count(tmp_path: Path) -> None:
    path = tmp_path / "votes.yaml"
    path.write_text(
        TEXT.format(server="      - {trigger: answer, source: asking}", client="", asking=" ", count="clients")
        .replace("{strict: true}", "{clients: 3, quorum: 3}")
        .replace("from: all", "from: quorum")
        .replace(
            "{trigger: end, source", "{trigger: question, source: waiting, send: answer}\n      - {trigger: end, source"
        ),
        encoding="utf-8",
    )
    assert "PF108" not in {found.code for found in validate(path).diagnostics}
    few = validate(path, overrides={"clients": "2"})
    assert [found.message for found in few.diagnostics if found.code == "PF108"] == [
        "`all_answered` of `server` can never hold: it waits for 3 senders of `answer`, and there are at most 2"
    ]
    with pytest.raises(UsageError):
        validate(path, overrides={"client": "2"})


def test_a_file_full_of_mistakes_ends_with_a_word() -> None:
    states = ", ".join(f"s{number}" for number in range(150))
    report = validate(read_text(f"protoflow: 1\nname: many\nroles: {{solo: {{states: [{states}]}}}}\n", "many.yaml"))
    unreachable = [found for found in report.diagnostics if found.code == "PF101"]
    assert [found.notes for found in unreachable] == 99 * [()] + [("there are more of these; the first 100 are shown",)]


def test_a_report_prints_as_the_command_prints_it() -> None:
    report = validate(
        read_text("protoflow: 1\nname: one\nroles: {solo: {staets: {done: {final: true}}}}\n", "one.yaml")
    )
    assert str(report).splitlines()[0] == "error[PF002]: `staets` is not a key of a role; `states` is"
    assert str(report).splitlines()[-1] == "one.yaml: 1 error"


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        validate("nowhere.yaml")


def imported(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_what_is_imported() -> None:
    heavy = {"networkx", "numpy", "torch", "transitions", "graphviz"}
    assert not heavy & imported("import protoflow.checks, protoflow.checks.structure, protoflow.checks.behaviour")
    assert not heavy & imported("import protoflow.checks; protoflow.checks.validate('fedavg_deadline')")


def test_suggestions_are_tried_only_for_those_who_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = read_text(BROKEN["no_ignore"], "no_ignore.yaml")
    [late] = validate(reading).diagnostics
    assert late.help
    assert late.help.edits
    module = import_module("protoflow.checks.validate")
    monkeypatch.setattr(module, "keep_what_mends", lambda *_: pytest.fail("tried"))
    [words] = validate(reading, suggestions=False).diagnostics
    assert words.help
    assert (words.help.text, words.help.edits) == (late.help.text, ())
    path = tmp_path / "deaf.yaml"
    hello = (ROOT / "protocols" / "hello.yaml").read_text(encoding="utf-8")
    path.write_text("".join(line for line in hello.splitlines(True) if "handler: listen" not in line), encoding="utf-8")
    with pytest.raises(ProtocolError):
        Course.build(path, {"client": 2}).run()


def test_the_whole_file_of_the_language_page_is_clean() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    assert text.startswith("protoflow: 1\nname: fedavg_deadline\n")
    assert validate(read_text(text, "language.md")).diagnostics == ()


def test_a_course_fails_at_the_fewest_that_any_error_needs() -> None:
    """One alone waits for another for ever; of three, one comes when it is over."""
    text = """\
protoflow: 1
name: two_of_them
messages:
  word: {from: client, to: server}
  more: {from: server, to: client}
roles:
  server:
    states: {hearing: , telling: , over: {final: true}}
    events: {two: {received: word, from: 2}, soon: {after: 1s}}
    transitions:
      - {trigger: word, source: hearing}
      - {trigger: two, source: hearing, dest: telling, send: {more: all}}
      - {trigger: soon, source: telling, dest: over}
  client:
    count: 1..
    states: {starting: , idle: , over: {final: true}}
    transitions:
      - {trigger: start, source: starting, dest: idle, send: word}
      - {trigger: more, source: idle, dest: over}
"""
    report = validate(read_text(text, "two.yaml"), composition=Options(cache=False), suggestions=False)
    assert {found.code: found.participants["client"] for found in report.errors} == {"PF201": 3, "PF202": 1}
    assert report.verdict is not None
    assert report.verdict.line == "fails at N = 1"
