"""The compiled tables: what a row, a message and a number come to, straight from language.md and semantics.md."""

from __future__ import annotations

from fractions import Fraction
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.language import read_text
from protoflow.program import Disposition, GuardKind, Program, Window, compile_protocol
from protoflow.protocol import TargetKind, Value


def program(server: str, *, client: str = "", top: str = "", parameters: dict[str, Value] | None = None) -> Program:
    """A course of a server and many clients, from the parts that a test is about."""
    text = f"""\
protoflow: 1
name: sample
messages:
  ask:   {{from: server, to: client}}
  reply: {{from: client, to: server}}
{top}
roles:
  server:
{indent(server, "    ")}
  client:
    count: 1..
{indent(client or "states: {idle: {final: true, ignore: ask}}", "    ")}
"""
    reading = read_text(text, "sample.yaml")
    assert reading.protocol is not None, reading.diagnostics
    return compile_protocol(reading.protocol, parameters)


STATES = "states: {waiting: , busy: {defer: reply}, over: {final: true}, resting: {final: true, ignore: '*'}}\n"


def test_what_becomes_of_a_message_in_each_state() -> None:
    server = program(STATES + "transitions:\n  - {trigger: reply, source: waiting, dest: over}").roles["server"]
    assert [server.disposition(state, "reply") for state in server.states] == [
        Disposition.HANDLE,
        Disposition.DEFER,
        Disposition.LATE,
        Disposition.IGNORE,
    ]
    assert server.unmatched("waiting") is Disposition.UNHANDLED
    assert server.unmatched("waiting", stale=True) is Disposition.IGNORE
    assert server.unmatched("over") is Disposition.LATE


def test_a_star_source_is_every_state_that_is_not_final() -> None:
    server = program(STATES + "transitions:\n  - {trigger: reply, source: '*', dest: over}").roles["server"]
    assert [row.source for row in server.all_rows()] == ["waiting", "busy"]
    assert server.reachable == {"waiting", "over"}


def test_rows_of_one_state_and_trigger_keep_their_order() -> None:
    server = program(
        STATES + "transitions:\n"
        "  - {trigger: reply, source: [waiting, busy], conditions: first}\n"
        "  - {trigger: reply, source: waiting, unless: second, times: 3, dest: over}"
    ).roles["server"]
    first, second = server.rows("waiting", "reply")
    assert (first.index, second.index, second.times) == (0, 1, 3)
    assert [(guard.kind, guard.name, guard.wanted) for row in (first, second) for guard in row.guards] == [
        (GuardKind.PREDICATE, "first", True),
        (GuardKind.PREDICATE, "second", False),
    ]
    assert (first.target_state, second.target_state) == ("waiting", "over")
    assert not first.certain
    assert server.rows("over", "reply") == ()


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [("reply", TargetKind.SENDER), ("start", TargetKind.ALL)],
)
def test_a_target_left_out_is_the_sender_of_a_message_and_else_all(trigger: str, expected: TargetKind) -> None:
    server = program(STATES + f"transitions:\n  - {{trigger: {trigger}, source: waiting, send: ask}}").roles["server"]
    (send,) = server.rows("waiting", trigger)[0].sends
    assert (send.target.kind, send.roles, send.opens, send.extends) == (expected, ("client",), False, False)


def test_a_target_left_out_is_the_only_participant_of_a_role_with_one() -> None:
    client = "states: [idle, done]\ntransitions:\n  - {trigger: ask, source: idle, dest: done, send: reply}"
    (row,) = program(STATES.strip(), client=client).roles["client"].rows("idle", "ask")
    assert (row.sends[0].target.kind, row.sends[0].target.name) == (TargetKind.ROLE, "server")


ROUNDS = (
    STATES
    + """\
events:
  all_in: {received: reply, for: ask, from: all}
  most_in: {received: reply, for: ask, from: 80%}
  late: {after: 30s}
  sooner: {after: 500ms}
  shout: {raised: true}
  whisper: {raised: true}
transitions:
  - {trigger: reply, source: waiting, raise: whisper}
  - {trigger: all_in, source: waiting, send: {ask: all}}
  - {trigger: reply, source: resting, send: {ask: sender}}
  - {trigger: [late, sooner, shout, whisper], source: waiting, dest: over}
"""
)


def test_rounds_open_by_a_send_to_many_and_grow_by_a_send_to_the_sender() -> None:
    server = program(ROUNDS).roles["server"]
    assert server.request_of == {"reply": "ask"}
    (opening,) = server.rows("waiting", "all_in")[0].sends
    (growing,) = server.rows("resting", "reply")[0].sends
    assert (opening.opens, opening.extends) == (True, False)
    assert (growing.opens, growing.extends) == (False, True)


def test_events_are_tried_in_order_of_declaration_and_timers_elapse_by_length() -> None:
    server = program(ROUNDS).roles["server"]
    assert server.events_in["waiting"] == ("all_in", "late", "sooner")
    assert [(timer.event, timer.duration) for timer in server.timers_in["waiting"]] == [("sooner", 0.5), ("late", 30.0)]
    assert server.outside_in["waiting"] == ("shout",), "`whisper` is raised by a row, so nobody outside raises it"
    assert [window.event for window in server.counted_by["reply"]] == ["all_in", "most_in"]


@given(st.integers(1, 100), st.integers(1, 60))
def test_a_share_is_rounded_up(percent: int, expected: int) -> None:
    window = Window("e", "m", Fraction(percent, 100), None, None, None)
    need = window.threshold(expected)
    assert 100 * (need - 1) < percent * expected <= 100 * need


def test_a_number_is_that_many_however_few_there_are() -> None:
    assert Window("e", "m", 5, None, None, None).threshold(3) == 5


def test_parameters_are_looked_up_once_and_may_be_overridden() -> None:
    server = (
        STATES
        + "events: {enough: {received: reply, from: quorum}, slow: {after: patience}}\n"
        + "transitions:\n  - {trigger: [enough, slow], source: waiting, dest: over, times: most, conditions: strict}"
    )
    top = "parameters: {quorum: 80%, patience: 2m, most: 4, strict: true}"
    role = program(server, top=top).roles["server"]
    (row,) = role.rows("waiting", "enough")
    assert (row.times, role.windows["enough"].needed, role.timers_in["waiting"][0].duration) == (4, Fraction(4, 5), 120)
    assert row.guards[0].kind is GuardKind.PARAMETER
    changed = program(server, top=top, parameters={"quorum": Fraction(1, 2), "most": 9}).roles["server"]
    assert (changed.rows("waiting", "slow")[0].times, changed.windows["enough"].needed) == (9, Fraction(1, 2))
