"""What a finding says to type mends it: the finding is gone, and no error comes that was not there before.

Of the mistakes of issue 4, real courses, the pairs in `tests/golden` and mutated shipped protocols. A finding of the
file (PF0xx) hides the others, so that errors of its own kind only are counted against its suggestion.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks import mending, validate
from protoflow.checks.composition import Options
from protoflow.language import read, read_text
from tests.composition.broken_deadline import BROKEN, CORRECT
from tests.composition.compare import SHIPPED
from tests.naive.mutate import mutate
from tests.naive.writing import to_yaml

if TYPE_CHECKING:
    from protoflow.checks import Report
    from protoflow.diagnostics import Edit

TESTS = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _all_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "SECONDS", 60.0)


def typed(text: str, edits: tuple[Edit, ...]) -> str:
    """As a person would: from the last place to the first, so that the places before stay what they are."""
    lines = text.split("\n")
    for edit in reversed(edits):
        at = edit.span
        head, tail = lines[at.line - 1 : at.line], lines[at.end_line - 1 : at.end_line]
        changed = "".join(head)[: at.column - 1] + edit.replacement + "".join(tail)[at.end_column - 1 :]
        lines[at.line - 1 : at.end_line] = changed.split("\n")
    return "\n".join(lines)


EVERY = Options(cache=False, seconds=60)
SMALL = replace(EVERY, everyone=(1, 2), configurations=8_000)


def check(text: str, file: str, options: Options = EVERY) -> Report:
    return validate(read_text(text, file), composition=options)


def mended(text: str, file: str, options: Options = EVERY) -> Counter[str]:
    """How many suggestions of each code there were to type; fails at the first that does not mend."""
    report = check(text, file, options)
    before = {(found.code, found.message) for found in report.diagnostics}
    tried: Counter[str] = Counter()
    for found in report.diagnostics:
        if found.implied_by or found.help is None or not found.help.edits or found.help.edits[0].span.file != file:
            continue
        again = check(typed(text, found.help.edits), file, options)
        worse = {
            (error.code, error.message)
            for error in again.errors
            if error.implied_by is None and (again.protocol is None or not found.code.startswith("PF0"))
        }
        assert not worse - before, (found.message, found.help)
        assert found.message not in {each.message for each in again.diagnostics}, (found.message, found.help)
        tried[found.code] += 1
    return tried


WORDS = """
protoflow: 1
name: words
messages:
  ask:    {from: server, to: client}
  word:   {from: client, to: server}
  finish: {from: server, to: client}
roles:
  server:
    states: {opening: , open: , closing: , over: {final: true, ignore: word}}
    events: {all_in: {received: word, for: ask, from: all}, time_up: {after: 9s}}
    transitions:
      - {trigger: start, source: opening, dest: open, send: {ask: all}}
      - WORD
      - {trigger: [all_in, time_up], source: [open, closing], dest: over, send: {finish: all}}
  client:
    count: 1..
    states: {waiting: , over: {final: true, ignore: ask}}
    transitions:
      - {trigger: ask, source: waiting, send: word}
      - {trigger: finish, source: waiting, dest: over}
"""
ONE_BY_ONE = ("trigger: word", "source:", "  - opening", "  - open", "dest: closing", "handler: collect")
FIRST = """
protoflow: 1
name: first_things_first
messages:
  early: {from: server, to: client}
  late:  {from: server, to: client}
  word: {from: client, to: server}
roles:
  server:
    states: {open: , over: {final: true}}
    events: {all_in: {received: word, from: all}}
    transitions:
      - {trigger: start, source: open, send: [{early: all}, {late: all}]}
      - {trigger: word, source: open}
      - {trigger: all_in, source: open, dest: over}
  client:
    count: 1..
    states: {idle: , busy: , ready: , over: {final: true}}
    events: {done: {after: 1s}}
    transitions:
      - {trigger: early, source: idle, dest: busy}
      - {trigger: done, source: busy, dest: ready, send: word}
      - {trigger: late, source: ready, dest: over}
"""
LISTED = """
      - trigger: late
        source:
          - idle
          - ready
      - {trigger: done, source: ready, dest: over}
"""
NO_MORE = FIRST.replace("      - {trigger: late, source: ready, dest: over}\n", LISTED[1:])


@pytest.mark.parametrize(
    ("text", "typed_in"),
    [
        (
            WORDS.replace("WORD", "{trigger: word, source: open, conditions: [fresh, good], handler: collect}"),
            "      - {trigger: word, source: open, conditions: fresh, unless: good}\n",
        ),
        (
            WORDS.replace("WORD", "\n        ".join(ONE_BY_ONE)),
            "      - {trigger: word, source: closing, conditions: fresh, handler: collect}\n",
        ),
        (FIRST, " {defer: late}"),
        (NO_MORE, " {ignore: late}"),
    ],
    ids=["rows_that_can_fail", "a_row_in_a_block", "too_early", "not_any_more"],
)
def test_of_a_message_that_is_not_handled(text: str, typed_in: str) -> None:
    [found] = [each for each in check(text, "words.yaml").shown if each.code == "PF201"]
    assert found.help
    assert [edit.replacement for edit in found.help.edits] == [typed_in]
    assert mended(text, "words.yaml")["PF201"] == 1


def test_nothing_is_tried_for_a_course_that_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = read_text(BROKEN["no_ignore"], "no_ignore.yaml")
    hurried = Options(cache=False, everyone=(1, 8), configurations=400)
    monkeypatch.setattr(mending, "apply", lambda *_: pytest.fail("tried"))
    report = validate(reading, composition=hurried)
    assert [found.code for found in report.diagnostics] == ["PF210", "PF205"]
    assert not any(found.help and found.help.edits for found in report.diagnostics)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("no_timer", ["PF202"]),
        ("no_fresh", ["PF209"]),
        ("no_ignore", ["PF205"]),
        ("five_of_three", ["PF108"]),
        ("no_finish_row", ["PF103"]),
        ("no_unless", ["PF202"]),
        ("join_not_handled_while_training", ["PF201"]),
    ],
)
def test_of_the_mistakes_in_fedavg_deadline(name: str, codes: list[str]) -> None:
    assert list(mended(BROKEN[name], f"{name}.yaml").elements()) == codes


def test_of_real_courses() -> None:
    tried: Counter[str] = Counter()
    for path in sorted((TESTS / "courses").glob("*.yaml")):
        tried += mended(path.read_text(), path.name)
    assert tried == {"PF103": 1, "PF108": 1, "PF201": 2, "PF202": 5, "PF205": 1, "PF209": 1}


@pytest.mark.parametrize(
    ("digit", "expected"),
    [
        (0, {"PF002": 1, "PF003": 1}),
        (1, {"PF102": 1, "PF103": 2, "PF106": 1, "PF107": 2, "PF108": 3, "PF109": 1, "PF111": 1, "PF201": 2}),
    ],
)
def test_of_golden_files(digit: int, expected: dict[str, int]) -> None:
    tried: Counter[str] = Counter()
    for path in sorted((TESTS / "golden").glob(f"PF{digit}*.yaml")):
        tried += mended(path.read_text(), path.name)
    assert tried == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (0, {"PF201": 2, "PF202": 1, "PF205": 1}),
        (10, {"PF103": 1, "PF201": 2, "PF202": 1, "PF205": 1}),
        (20, {"PF108": 1, "PF201": 2, "PF205": 1, "PF209": 1}),
        (30, {"PF102": 2, "PF103": 3, "PF209": 1}),
        (40, {"PF103": 2, "PF107": 1}),
        (50, {"PF103": 3, "PF108": 1, "PF201": 1, "PF202": 1, "PF205": 1}),
    ],
)
def test_of_mutated_shipped_protocols(first: int, expected: dict[str, int]) -> None:
    tried: Counter[str] = Counter()
    for seed in range(first, first + 10):
        protocol = read(SHIPPED[seed % len(SHIPPED)]).protocol
        assert protocol is not None
        tried += mended(to_yaml(mutate(protocol, seed)[0]), "mutated.yaml", SMALL)
    assert tried == expected


def test_a_reply_that_nothing_waits_for_is_dropped_rather_than_handled() -> None:
    """A round stays open until the next begins: what comes between them is fresh, and too late to be counted."""
    row = next(line for line in CORRECT.splitlines(keepends=True) if "source: training, dest: training" in line)
    rest = row.replace("dest: training", "dest: resting").replace(", send: {model: cohort}", "")
    again = "      - {trigger: rested, source: resting, dest: training, handler: start_round, send: {model: cohort}}\n"
    text = (
        CORRECT.replace(row, rest + again)
        .replace("      training:\n", "      training:\n      resting:\n")
        .replace("    events:\n", "    events:\n      rested: {after: 1s}\n", 1)
        .replace("source: [joining, training], handler: admit", "source: [joining, training, resting], handler: admit")
    )
    (found,) = validate(read_text(text, "rest.yaml"), composition=EVERY).shown
    assert (found.code, found.message.split(",")[0]) == ("PF201", "`update` can reach `server` in state `resting`")
    assert found.help is not None
    assert found.help.text == "if it is to be dropped, say so: `ignore` `update` in `resting`"
    mended = validate(read_text(typed(text, found.help.edits), "rest.yaml"), composition=EVERY)
    assert mended.ok(strict=True)


@pytest.mark.parametrize(("number", "typed_instead"), [(5, "all"), (80, "80%")])
def test_who_waits_for_more_than_there_are_is_told_once(number: int, typed_instead: str) -> None:
    """The deadlock explains that the event might never hold; a large number may have been meant as a share."""
    text = CORRECT.replace("received: update, for: model, from: all", f"received: update, for: model, from: {number}")
    text = text.replace("[all_received, time_up], source: training", "all_received, source: training")
    text = text.replace("crashes: {client: 1}", "crashes: {}")
    assert text.count(f"from: {number}") == 1
    report = check(text, "mine.yaml")
    assert [(each.code, each.implied_by) for each in report.diagnostics if each.code == "PF107"] == [("PF107", "PF202")]
    (stuck,) = [each for each in report.shown if each.code == "PF202"]
    assert stuck.help is not None
    assert stuck.help.replacement == typed_instead
    assert mended(text, "mine.yaml")["PF202"] == 1
