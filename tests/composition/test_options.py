"""What is asked: sizes, assumptions in place of the file's, budgets; and the cache."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition import Options, cache, check, explore
from protoflow.errors import UsageError
from protoflow.language import read_text
from protoflow.program import Program, compile_protocol
from tests.composition.broken_deadline import BROKEN, CORRECT

if TYPE_CHECKING:
    from pathlib import Path


def program(text: str = CORRECT) -> Program:
    reading = read_text(text, "course.yaml")
    assert reading.protocol is not None
    return compile_protocol(reading.protocol, reading.parameters)


def test_sizes_that_are_asked_for_are_checked_and_no_more_is_said() -> None:
    found, verdict = check(program(), Options(everyone=(2, 3), cache=False))
    assert found == []
    assert (verdict.status, verdict.holds_for) == ("checked", "N = 2..3")
    assert check(program(), Options(sizes={"client": (4, 4)}, cache=False))[1].holds_for == "N = 4"


def test_assumptions_replace_those_of_the_file() -> None:
    text = BROKEN["no_timer"]
    assert [found.code for found in check(program(text), Options(cache=False))[0]] == ["PF202"]
    assert check(program(text), Options(crashes={}, cache=False))[0] == []
    unordered = check(program(), Options(fifo=False, everyone=(1, 1), cache=False))[0]
    assert [(found.code, found.trace[-1].trigger) for found in unordered] == [("PF205", "model")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(sizes={"clint": (1, 1)}), "`clint` is not a role of `fedavg_deadline`"),
        (Options(sizes={"server": (2, 2)}), "`server` has a count of 1: 2 of it cannot be checked"),
        (Options(everyone=(0, 2)), "`client` has a count of 1..: 0..2 of it cannot be checked"),
        (Options(crashes={"clint": 1}), "`clint` is not a role of `fedavg_deadline`, so it cannot crash"),
    ],
)
def test_what_makes_no_sense_is_said(options: Options, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check(program(), options)
    assert str(error.value) == message


def test_a_budget_that_ends_is_inconclusive_and_says_how_far_it_came() -> None:
    found, verdict = check(program(), Options(everyone=(1, 8), configurations=200, cache=False))
    assert [each.code for each in found] == ["PF210"]
    assert verdict.status == "inconclusive"
    assert verdict.line.startswith("inconclusive beyond N = 2")


PEER = """
protoflow: 1
name: peers
messages: {word: {from: peer, to: peer}}
links: {near: {from: peer, to: peer, shape: graph}}
roles:
  peer:
    count: 12
    states: {on: , off: {final: true, ignore: word}}
    events: {all_in: {received: word, from: all}}
    transitions:
      - {trigger: start, source: on, send: {word: TARGET}}
      - {trigger: word, source: on}
      - {trigger: all_in, source: on, dest: off}
"""


class Clock:
    """Time goes by the work done, so that a budget means the same on every machine: a second is so many calls."""

    CALLS = 1_000_000

    def __init__(self) -> None:
        self.calls = 0

    def thread_time(self) -> float:
        return self.calls / self.CALLS

    def _count(self, frame: object, event: str, argument: object) -> None:
        self.calls += event in ("call", "c_call")

    def __enter__(self) -> None:
        sys.setprofile(self._count)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def long_way(states: int) -> str:
    """A server that goes through so many states, in each up to four times, before it lets the clients go."""
    names = [*(f"s{number}" for number in range(states)), "over"]
    text = "protoflow: 1\nname: long_way\nmessages: {go: {from: client, to: server}, "
    text += "back: {from: server, to: client}, end: {from: server, to: client}}\nroles:\n  server:\n    states: {"
    text += ", ".join(f"{name}: " for name in names[:-1]) + ", over: {final: true, ignore: go}}\n    transitions:\n"
    for here, there in itertools.pairwise(names):
        text += f"      - {{trigger: go, source: {here}, times: 3, send: {{back: sender}}}}\n"
        send = "end: all" if there == "over" else "back: sender"
        text += f"      - {{trigger: go, source: {here}, dest: {there}, send: {{{send}}}}}\n"
    text += "  client:\n    count: 1..\n    states: {on: , off: {final: true, ignore: back}}\n    transitions:\n"
    text += "      - {trigger: start, source: on, send: go}\n      - {trigger: back, source: on, send: go}\n"
    return text + "      - {trigger: end, source: on, dest: off}\n"


@pytest.mark.parametrize(
    "text",
    [
        PEER.replace("TARGET", "all"),  # the names of twelve that are alike
        PEER.replace("TARGET", "near"),  # every relation among twelve
        long_way(1_000),  # large tables
    ],
    ids=["names", "links", "states"],
)
def test_the_budget_holds_whatever_takes_long(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    course = program(text)
    clock = Clock()
    monkeypatch.setattr(explore, "time", clock)
    with clock:
        found, verdict = check(course, Options(seconds=1, cache=False))
    assert clock.thread_time() < 1.5
    assert [each.code for each in found] == ["PF210"]
    assert verdict.status == "inconclusive"


def test_a_bounded_count_is_decided_when_every_size_has_been_searched() -> None:
    """The proof cannot tell three clients from five; three are all there are."""
    text = """
protoflow: 1
name: few
messages: {join: {from: client, to: server}, end: {from: server, to: client}}
roles:
  server:
    states: {open: , over: {final: true}}
    events: {five: {received: join, count: 5}, all_in: {received: join, from: all}}
    transitions:
      - {trigger: join, source: open}
      - {trigger: five, source: open, dest: over}
      - {trigger: all_in, source: open, dest: over, send: {end: all}}
  client:
    count: 1..3
    states: {on: , off: {final: true}}
    transitions: [{trigger: start, source: on, send: join}, {trigger: end, source: on, dest: off}]
"""
    found, verdict = check(program(text), Options(cache=False))
    assert "PF210" not in [each.code for each in found]
    assert (verdict.status, verdict.holds_for) == ("proved", "N = 1..3")


def test_progress_is_told() -> None:
    seen: list[int] = []
    check(program(), Options(everyone=(3, 3), cache=False, progress=seen.append))
    assert seen == sorted(seen)
    assert seen


def test_the_cache_gives_the_same_and_is_asked_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    course = program(BROKEN["no_timer"])
    first = check(course, Options())
    (kept,) = (tmp_path / "protoflow" / "composition").iterdir()
    monkeypatch.setattr("protoflow.checks.composition.whole.check", lambda *_: pytest.fail("searched again"))
    assert check(course, Options()) == first
    assert cache.key(course, Options()) == kept.stem
    others = [
        cache.key(program(BROKEN["no_timer"].replace("rounds: {", "rounds:  {")), Options()),  # another place
        cache.key(compile_protocol(course.protocol, {"rounds": 2}), Options()),
        cache.key(course, Options(loss=1)),
    ]
    assert len({kept.stem, *others}) == 4
    assert cache.key(course, Options(progress=print)) == kept.stem


@pytest.mark.parametrize("text", ["", "{", "[]", '{"verdict": {}, "findings": []}', '{"verdict": 1}'])
def test_a_result_that_cannot_be_read_is_searched_anew(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = check(program(), Options())
    (kept,) = (tmp_path / "protoflow" / "composition").iterdir()
    kept.write_text(text)
    assert check(program(), Options()) == first


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "protoflow").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert check(program(), Options())[1].status == "proved"
