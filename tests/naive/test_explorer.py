"""The naive explorer on protocols so small that one sees what is right: one rule of semantics.md each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.language import read, read_text
from protoflow.program import compile_protocol
from protoflow.trace import StepKind
from tests.naive.explorer import Place, Result, check, explore

if TYPE_CHECKING:
    from protoflow.protocol import Protocol

HEAD = "protoflow: 1\nname: small\n"


def protocol(text: str) -> Protocol:
    reading = read_text(HEAD + text, "small.yaml")
    assert reading.protocol is not None, reading.diagnostics
    return reading.protocol


def result(text: str, clients: int = 1) -> Result:
    program = compile_protocol(protocol(text))
    return explore(program, {role: 1 if table.single else clients for role, table in program.roles.items()})


def found(text: str, clients: int = 1) -> dict[Place, int]:
    """The findings, with the length of the shortest run."""
    return {place: len(it.run) for place, it in result(text, clients).found.items()}


ASK = """
messages: {ask: {from: server, to: client}, reply: {from: client, to: server}}
roles:
  server:
    states: {asking: , done: {final: true}}
    events: {all_in: {received: reply, for: ask, from: all}, time_up: {after: 5s}, later: {after: 9s}}
    transitions:
      - {trigger: start, source: asking, send: ask}
      - {trigger: reply, source: asking}
      - {trigger: all_in, source: asking, dest: done}
      %s
  client:
    count: 1..
    states: {idle: {final: true}}
    transitions:
      - {trigger: ask, source: idle, send: reply}
assumptions: {early_timeouts: 0, %s}
"""


@pytest.mark.parametrize(("clients", "configurations"), [(1, 5), (2, 11), (3, 29)])
def test_hello_is_small_enough_to_count_by_hand(clients: int, configurations: int) -> None:
    hello = read("hello").protocol
    assert hello is not None
    got = explore(compile_protocol(hello), {"server": 1, "client": clients})
    assert (got.found, got.configurations) == ({}, configurations)


def test_nothing_is_wrong() -> None:
    assert found(ASK % ("", ""), 2) == {}


def test_a_crash_is_no_progress() -> None:
    assert found(ASK % ("", "crashes: {client: 1}")) == {("PF202",): 2}


def test_a_timer_elapses_when_nothing_else_can_move() -> None:
    row = "- {trigger: time_up, source: asking, dest: done}"
    assert found(ASK % (row, "crashes: {client: 1}"), 2) == {}


def test_an_early_timer_makes_late_messages() -> None:
    row = "- {trigger: time_up, source: asking, dest: done}"
    text = (ASK % (row, "")).replace("early_timeouts: 0", "early_timeouts: 1")
    # start, ask, time_up elapses early and fires, reply is late
    assert found(text) == {("PF205", "server", "done", "reply"): 5}


def test_the_shorter_timer_elapses_first() -> None:
    rows = "- {trigger: later, source: asking, dest: done}\n      - {trigger: time_up, source: asking}"
    shown = result(ASK % (rows, "crashes: {client: 1}"))
    assert shown.found == {}
    assert ("event", "server", "time_up") in shown.used
    only = result(ASK % ("- {trigger: [time_up, later], source: asking, dest: done}", "crashes: {client: 1}"))
    assert ("event", "server", "later") not in only.used


def test_an_event_that_may_not_fire_is_no_progress() -> None:
    text = (ASK % ("", "")).replace("dest: done}", "dest: done, conditions: good}")
    assert found(text) == {("PF202",): 3}


def test_an_event_is_urgent() -> None:
    """The second reply cannot come before the event fires, so it is always late."""
    text = (ASK % ("", "")).replace("from: all", "from: 1")
    assert found(text, 2) == {("PF205", "server", "done", "reply"): 6}


def test_lost_comes_after_what_was_sent_and_ends_the_waiting() -> None:
    text = ASK % ("- {trigger: lost, source: asking}", "crashes: {client: 1}")
    # with two clients the other one is still expected; a single lost one leaves nobody to expect
    assert found(text, 1) == {("PF202",): 3}
    assert found(text, 2) == {}


def test_loss_and_duplicates() -> None:
    assert found(ASK % ("", "loss: 1")) == {("PF202",): 2}
    assert found(ASK % ("", "duplicates: 1"), 1) == {("PF205", "server", "done", "reply"): 5}


STALE = """
messages: {ask: {from: server, to: client}, reply: {from: client, to: server}}
roles:
  server:
    states: {asking: , done: {final: true, ignore: reply}}
    events: {all_in: {received: reply, for: ask, from: all}, time_up: {after: 5s}}
    transitions:
      - {trigger: start, source: asking, send: ask}
      - {trigger: reply, source: asking%s}
      - {trigger: [all_in, time_up], source: asking, dest: asking, times: 1, send: ask}
      - {trigger: [all_in, time_up], source: asking, dest: done}
  client: {count: 1.., states: {idle: {final: true}}, transitions: [{trigger: ask, source: idle, send: reply}]}
"""


def test_a_stale_reply() -> None:
    # start, time_up elapses early and fires; the first ask is stale by then, and so is its reply
    assert found(STALE % "") == {("PF209", "server", "1", "reply"): 5}
    assert found(STALE % ", conditions: fresh") == {}
    both = ", conditions: fresh}\n      - {trigger: reply, source: asking, unless: fresh"
    assert found(STALE % both) == {}


TALK = """
messages: {hi: {from: client, to: client}}
links: {near: {from: client, to: client, shape: %s}}
roles:
  client:
    count: 1..
    states: {new: , done: {final: true}}
    transitions:
      - {trigger: start, source: new, dest: done, send: {hi: near}}
      - {trigger: hi, source: [new, done]}
"""


def test_every_relation_of_a_graph() -> None:
    """Two clients: four relations, of 4 (none), 5, 5 and 7 configurations; who has not started takes nothing."""
    assert result(TALK % "graph", 2).configurations == 4 + 5 + 5 + 7
    assert result(TALK % "chain", 2).configurations == 5
    assert result(TALK % "ring", 2).configurations == 7
    assert result(TALK % "ring", 1).configurations == 2


LOOP = """
messages: {tick: {from: server, to: client}, tock: {from: client, to: server}, end: {from: client, to: server}}
roles:
  server:
    states: {on: , off: {final: true}}
    events: {time_up: {after: 5s}}
    transitions:
      - {trigger: start, source: on, send: tick}
      - {trigger: tock, source: on, send: {tick: sender}}
      %s
  client: {count: 1.., states: {idle: {final: true, %s}}, transitions: [{trigger: tick, source: idle, send: %s}]}
assumptions: {early_timeouts: 0}
"""


def test_going_round_for_ever() -> None:
    assert found(LOOP % ("", "ignore: []", "tock")) == {("PF203",): 0}


def test_timers_elapse_where_all_goes_round_in_a_circle() -> None:
    row = "- {trigger: time_up, source: on, dest: off}"
    shown = result(LOOP % (row, "ignore: []", "tock"))
    assert {place: len(it.run) for place, it in shown.found.items()} == {("PF205", "server", "off", "tock"): 5}
    assert StepKind.ELAPSE in [step.kind for step in shown.found["PF205", "server", "off", "tock"].run]


def test_a_channel_that_grows() -> None:
    text = LOOP.replace("start, source: on, send: tick", "poke, source: on, send: tick").replace(
        "events: {", "events: {poke: {raised: true}, "
    )
    shown = found(text % ("", "defer: tick", "tock"))
    assert ("PF204", "server", "client") in shown


def test_a_property() -> None:
    text = STALE % ", conditions: fresh" + "properties: {never_both: {never: {server: done, client: idle}}}\n"
    assert found(text) == {("PF206", "never_both"): 6}


def test_never_used_but_for_a_zero_budget() -> None:
    text = ASK % ("- {trigger: lost, source: asking}\n      - {trigger: later, source: done}", "")
    # `later` in `done` is used when time passes there; `time_up` has no row; `lost` would need a crash
    assert set(check(compile_protocol(protocol(text)), [{"server": 1, "client": 1}]).found) == {
        ("PF207", "event", "server", "time_up")
    }


def test_an_unhandled_raised_event() -> None:
    text = (
        (ASK % ("", ""))
        .replace("send: reply}", "send: reply, raise: [moved]}")
        .replace(
            "states: {idle: {final: true}}",
            "states: {idle: {final: true}, other: {final: true}}\n    events: {moved: {raised: true}}",
        )
    )
    text = text.replace(
        "- {trigger: ask, source: idle,", "- {trigger: moved, source: other}\n      - {trigger: ask, source: idle,"
    )
    assert found(text) == {("PF201", "client", "idle", "moved"): 3}
