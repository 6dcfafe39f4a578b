"""semantics.md, *Steps*: one test for every sentence that is about a single participant."""

from __future__ import annotations

import pytest

from protoflow.errors import UsageError
from protoflow.trace import Outcome, StepKind
from tests.runtime.driving import interpreters, message, sent, settle

MESSAGES = """
messages:
  ping: {from: client, to: server}
  pong: {from: client, to: server}
  reply: {from: server, to: client}
"""
CLIENT = """
  client:
    count: 1..
    states: {only: {final: true}}
    transitions:
      - {trigger: start, source: only, send: ping}
      - {trigger: reply, source: only, send: maybe pong}
"""


def course(server: str) -> str:
    return f"{MESSAGES}\nroles:\n  server:\n{server}\n{CLIENT}"


# 1. start


def test_start_takes_the_rows_for_start_in_the_initial_state() -> None:
    text = course("""
    states: {waiting: , done: {final: true, ignore: "*"}}
    transitions:
      - {trigger: start, source: waiting, dest: done, send: {reply: all}}
    """)
    server = interpreters(text, {"client": 2})["server"]
    assert not server.started
    effects = server.start(0.0)
    assert (effects.kind, effects.outcome, effects.row.index) == (StepKind.START, Outcome.HANDLED, 0)
    assert sent(effects) == [("reply", ("client1", "client2"))]
    assert (effects.state_before, server.state, server.started) == ("waiting", "done", True)


@pytest.mark.parametrize("row", ["", "- {trigger: start, source: waiting, dest: done, conditions: ready}"])
def test_start_without_a_row_that_holds_does_nothing(row: str) -> None:
    text = course(f"""
    states: {{waiting: {{ignore: "*"}}, done: {{final: true, ignore: "*"}}}}
    transitions:
      - {{trigger: ping, source: waiting}}
      {row}
    """)
    server = interpreters(text)["server"]
    effects = server.start(0.0)
    assert (effects.outcome, effects.row, server.state, server.started) == (Outcome.NOTHING, None, "waiting", True)
    assert effects.entered, "the timers of the initial state start all the same"


# 2. deliver


def test_a_deferred_message_is_not_to_be_delivered() -> None:
    text = course("""
    states: {early: {defer: ping}, late: {final: true, defer: "*"}}
    transitions:
      - {trigger: ping, source: late}
      - {trigger: pong, source: early, dest: late}
    """)
    server = interpreters(text)["server"]
    assert server.defers("ping")
    assert not server.defers("pong")
    server.deliver(message("pong", "client1"), 0.0)
    assert server.defers("ping")
    assert server.defers("pong")


def test_an_ignored_message_is_dropped_and_not_counted() -> None:
    text = course("""
    states: {deaf: {ignore: ping}, done: {final: true, ignore: "*"}}
    events: {came: {received: ping, count: 1}}
    transitions:
      - {trigger: ping, source: done}
      - {trigger: pong, source: deaf, dest: done}
      - {trigger: came, source: [deaf, done], dest: done}
    """)
    server = interpreters(text)["server"]
    effects = server.deliver(message("ping", "client1"), 0.0)
    assert (effects.outcome, effects.row) == (Outcome.IGNORED, None)
    assert settle(server) == []


def test_ignoring_goes_before_rows() -> None:
    text = course("""
    states: {one: {final: true, ignore: ping}}
    transitions:
      - {trigger: ping, source: one}
      - {trigger: pong, source: one}
    """)
    assert interpreters(text)["server"].deliver(message("ping", "client1"), 0.0).outcome is Outcome.IGNORED


def test_no_row_is_unhandled() -> None:
    text = course("""
    states: {one: , two: {final: true}}
    transitions:
      - {trigger: ping, source: one}
      - {trigger: pong, source: [one, two], dest: two}
    """)
    server = interpreters(text)["server"]
    server.start(0.0)
    server.deliver(message("pong", "client1"), 0.0)
    assert server.deliver(message("ping", "client1"), 0.0).outcome is Outcome.LATE, "in a final state"
    assert server.state == "two"


def test_no_row_that_holds_is_unhandled() -> None:
    text = course("""
    states: {one: , two: {final: true, ignore: "*"}}
    transitions:
      - {trigger: ping, source: one, dest: two, conditions: ready}
      - {trigger: pong, source: one, dest: two}
    """)
    effects = interpreters(text)["server"].deliver(message("ping", "client1"), 0.0)
    assert (effects.outcome, effects.row) == (Outcome.UNHANDLED, None)


def test_rows_are_tried_in_the_order_written() -> None:
    text = course("""
    states: {one: , two: {final: true, ignore: "*"}}
    transitions:
      - {trigger: ping, source: one, conditions: first}
      - {trigger: ping, source: one, dest: two, unless: second}
      - {trigger: ping, source: one}
      - {trigger: pong, source: one}
    """)
    for first, second, row in [(True, True, 0), (True, False, 0), (False, False, 1), (False, True, 2)]:
        server = interpreters(text, calls={"first": lambda _, v=first: v, "second": lambda _, v=second: v})["server"]
        assert server.deliver(message("ping", "client1"), 0.0).row.index == row


def test_a_predicate_is_asked_once_within_a_choice() -> None:
    text = course("""
    states: {one: {final: true}}
    transitions:
      - {trigger: ping, source: one, conditions: odd}
      - {trigger: ping, source: one, unless: odd}
      - {trigger: pong, source: one}
    """)
    asked: list[str] = []

    def odd(msg: object) -> bool:
        asked.append("odd")
        return len(asked) % 2 == 1

    server = interpreters(text, calls={"odd": odd})["server"]
    assert [server.deliver(message("ping", "client1"), 0.0).row.index for _ in range(4)] == [0, 1, 0, 1]
    assert len(asked) == 4


def test_a_handled_message_is_counted_before_its_handler_runs() -> None:
    text = course("""
    states: {one: {final: true}}
    events: {all_in: {received: ping, from: all}}
    transitions:
      - {trigger: ping, source: one, handler: take, send: {reply: all_in}}
      - {trigger: pong, source: one}
      - {trigger: all_in, source: one}
    """)
    server = interpreters(text, {"client": 2})["server"]
    assert sent(server.deliver(message("ping", "client2"), 0.0)) == [("reply", ("client2",))]
    assert sent(server.deliver(message("ping", "client1"), 0.0)) == [("reply", ("client1", "client2"))]


def test_sends_leave_in_the_order_written_and_the_state_becomes_dest() -> None:
    text = """
messages:
  go: {from: client, to: server}
  here: {from: server, to: client}
  there: {from: server, to: client}
roles:
  server:
    states: {waiting: , done: {final: true, ignore: go}}
    transitions:
      - {trigger: go, source: waiting, dest: done, send: [{there: all}, here]}
  client:
    count: 1..
    states: {only: {final: true}}
    transitions:
      - {trigger: start, source: only, send: go}
      - {trigger: [here, there], source: only}
"""
    server = interpreters(text, {"client": 2})["server"]
    effects = server.deliver(message("go", "client2"), 0.0)
    assert sent(effects) == [("there", ("client1", "client2")), ("here", ("client2",))]
    assert (server.state, effects.entered) == ("done", True)


def test_without_dest_the_state_is_not_entered_again() -> None:
    text = course("""
    states: {one: {final: true}}
    transitions:
      - {trigger: ping, source: one}
      - {trigger: pong, source: one, dest: one}
    """)
    server = interpreters(text)["server"]
    assert not server.deliver(message("ping", "client1"), 0.0).entered
    assert server.deliver(message("pong", "client1"), 0.0).entered


def test_times_is_counted_per_participant_and_row() -> None:
    text = course("""
    states: {one: {final: true}}
    transitions:
      - {trigger: [ping, pong], source: one, times: 2}
      - {trigger: ping, source: one}
      - {trigger: pong, source: one}
    """)
    server = interpreters(text)["server"]
    taken = [server.deliver(message(name, "client1"), 0.0).row.index for name in ("ping", "pong", "ping", "pong")]
    assert taken == [0, 0, 1, 2], "a row with two triggers is one row"
    assert interpreters(text)["server"].deliver(message("ping", "client1"), 0.0).row.index == 0


# 3. raised events

RAISING = course("""
    states: {one: , two: {final: true, ignore: "*"}}
    events:
      full: {received: ping, count: 1}
      first: {raised: true}
      second: {raised: true}
      stop: {raised: true}
    transitions:
      - {trigger: ping, source: one, handler: work, raise: [first, maybe second]}
      - {trigger: pong, source: one}
      - {trigger: [first, second], source: one}
      - {trigger: full, source: one}
      - {trigger: stop, source: one, dest: two}
""")


def test_raised_events_wait_in_a_queue_before_events_that_hold() -> None:
    made = interpreters(RAISING)
    server = made["server"]

    def work(_: object) -> None:
        server.raise_event("second")
        server.raise_event("first")

    server.calls["work"] = work
    effects = server.deliver(message("ping", "client1"), 0.0)
    assert effects.raises == ("first", "second"), "in the order of the row"
    done = settle(server)
    assert [(step.kind, step.trigger) for step in done] == [
        (StepKind.RAISED, "first"),
        (StepKind.RAISED, "second"),
        (StepKind.FIRE, "full"),
    ]


def test_a_raised_event_that_no_row_takes_is_unhandled() -> None:
    text = course("""
    states: {one: , two: {final: true, ignore: "*"}}
    events: {over: {raised: true}}
    transitions:
      - {trigger: ping, source: one, dest: two, raise: over}
      - {trigger: pong, source: one}
      - {trigger: over, source: one}
    """)
    server = interpreters(text)["server"]
    server.deliver(message("ping", "client1"), 0.0)
    [step] = settle(server)
    assert (step.kind, step.trigger, step.outcome) == (StepKind.RAISED, "over", Outcome.UNHANDLED)


def test_an_event_that_no_row_raises_may_be_raised_from_outside_where_there_is_a_row() -> None:
    server = interpreters(RAISING)["server"]
    server.start(0.0)
    with pytest.raises(UsageError, match="`first` cannot be raised from outside while `server` is in state `one`"):
        server.raise_outside("first")
    server.raise_outside("stop")
    [step] = settle(server)
    assert (step.kind, step.trigger, server.state) == (StepKind.RAISED, "stop", "two")
    with pytest.raises(UsageError, match="`stop` cannot be raised from outside while `server` is in state `two`"):
        server.raise_outside("stop")


# 4. events that hold


def test_the_window_is_emptied_first_and_a_send_to_it_reads_it_before() -> None:
    text = course("""
    states: {one: {final: true}}
    events: {two_in: {received: ping, from: 2}}
    transitions:
      - {trigger: [ping, pong], source: one}
      - {trigger: two_in, source: one, send: {reply: two_in}}
    """)
    server = interpreters(text, {"client": 3})["server"]
    server.deliver(message("ping", "client3"), 0.0)
    assert settle(server) == []
    server.deliver(message("ping", "client1"), 0.0)
    [step] = settle(server)
    assert sent(step) == [("reply", ("client1", "client3"))]
    server.deliver(message("ping", "client2"), 0.0)
    assert settle(server) == [], "the window was emptied"


def test_an_event_fires_only_in_a_state_with_rows_for_it() -> None:
    text = course("""
    states: {one: , two: {final: true}}
    events: {came: {received: ping, count: 1}}
    transitions:
      - {trigger: ping, source: one}
      - {trigger: pong, source: one, dest: two}
      - {trigger: [ping, pong], source: two}
      - {trigger: came, source: two, dest: two}
    """)
    server = interpreters(text)["server"]
    server.deliver(message("ping", "client1"), 0.0)
    assert settle(server) == []
    server.deliver(message("pong", "client1"), 0.0)
    assert [step.trigger for step in settle(server)] == ["came"], "it still held"


BLOCKED = course("""
    states: {one: {final: true}}
    events:
      first: {received: ping, count: 1}
      second: {received: pong, count: 1}
    transitions:
      - {trigger: [ping, pong], source: one}
      - {trigger: first, source: one, conditions: ready}
      - {trigger: second, source: one}
""")


def test_an_event_whose_conditions_all_fail_does_not_fire_and_the_next_is_tried() -> None:
    asked: list[int] = []

    def ready() -> bool:
        asked.append(1)
        return len(asked) == 4

    server = interpreters(BLOCKED, calls={"ready": ready})["server"]
    server.deliver(message("ping", "client1"), 0.0)
    assert settle(server) == []
    assert settle(server) == []
    assert len(asked) == 1, "tried again only after the next thing that is handled"
    server.deliver(message("pong", "client1"), 0.0)
    assert [step.trigger for step in settle(server)] == ["second"]
    assert len(asked) == 3, "before `second` fired, and after"
    server.deliver(message("ping", "client1"), 0.0)
    assert [step.trigger for step in settle(server)] == ["first"], "its window had stayed"


def test_the_event_declared_first_is_tried_first() -> None:
    server = interpreters(BLOCKED, calls={"ready": lambda: True})["server"]
    server.deliver(message("pong", "client1"), 0.0)
    server.deliver(message("ping", "client1"), 0.0)
    assert [step.trigger for step in settle(server)] == ["first", "second"]


# 5. timers

TIMED = course("""
    states: {one: , two: {final: true, ignore: "*"}}
    events: {soon: {after: 1s}, later: {after: 2s}}
    transitions:
      - {trigger: ping, source: one, dest: one}
      - {trigger: pong, source: one}
      - {trigger: later, source: one, dest: two, conditions: ready}
      - {trigger: soon, source: one, conditions: ready}
""")


def test_an_elapsed_timer_holds_until_it_fires() -> None:
    now = [False]
    server = interpreters(TIMED, calls={"ready": lambda: now[0]})["server"]
    server.start(0.0)
    assert [timer.event for timer in server.program.timers_in["one"]] == ["soon", "later"], "the shorter first"
    effects = server.elapse("soon", 1.0)
    assert (effects.kind, effects.trigger, effects.row) == (StepKind.ELAPSE, "soon", None)
    assert settle(server) == []
    now[0] = True
    server.deliver(message("pong", "client1"), 1.5)
    assert [step.trigger for step in settle(server)] == ["soon"]
    assert settle(server) == []


def test_an_elapsed_timer_holds_no_longer_when_the_state_is_left() -> None:
    now = [False]
    server = interpreters(TIMED, calls={"ready": lambda: now[0]})["server"]
    server.start(0.0)
    server.elapse("soon", 1.0)
    assert settle(server) == []
    server.deliver(message("ping", "client1"), 1.5)  # leaves `one` and enters it again
    now[0] = True
    server.deliver(message("pong", "client1"), 1.5)
    assert settle(server) == []


# 6. lost

LOSING = course("""
    states: {one: {defer: pong}, two: {final: true, ignore: pong}}
    events: {all_in: {received: ping, from: all}}
    transitions:
      - {trigger: ping, source: one, send: reply}
      - {trigger: lost, source: one, conditions: mourn, handler: note, send: {reply: sender}}
      - {trigger: all_in, source: one, dest: two}
      - {trigger: ping, source: two}
""")


def test_lost_without_a_row_that_holds_is_bookkeeping_only() -> None:
    server = interpreters(LOSING, {"client": 2})["server"]
    effects = server.deliver(message("lost", "client2"), 0.0)
    assert (effects.outcome, effects.row, server.windows.lost) == (Outcome.NOTHING, None, {"client2"})


def test_the_lost_are_expected_no_more() -> None:
    server = interpreters(LOSING, {"client": 2})["server"]
    server.deliver(message("ping", "client1"), 0.0)
    assert settle(server) == []
    server.deliver(message("lost", "client2"), 0.0)
    assert [step.trigger for step in settle(server)] == ["all_in"]


def test_the_lost_are_counted_no_more() -> None:
    server = interpreters(LOSING, {"client": 2})["server"]
    server.deliver(message("ping", "client2"), 0.0)
    server.deliver(message("lost", "client2"), 0.0)
    assert settle(server) == []
    server.deliver(message("ping", "client1"), 0.0)
    assert [step.trigger for step in settle(server)] == ["all_in"]


def test_with_everybody_lost_nothing_is_expected_and_nothing_holds() -> None:
    server = interpreters(LOSING, {"client": 1})["server"]
    server.deliver(message("lost", "client1"), 0.0)
    assert settle(server) == []


def test_who_sends_again_is_lost_no_more() -> None:
    server = interpreters(LOSING, {"client": 2})["server"]
    server.deliver(message("lost", "client2"), 0.0)
    server.deliver(message("ping", "client2"), 0.0)
    assert server.windows.lost == set()
    assert settle(server) == []


def test_a_message_that_was_deferred_does_not_bring_its_sender_back() -> None:
    server = interpreters(LOSING, {"client": 2})["server"]
    server.deliver(message("lost", "client2"), 0.0)
    server.deliver(message("ping", "client2"), 0.0, overtaken=True)
    assert server.windows.lost == {"client2"}


def test_lost_has_rows_like_a_message() -> None:
    seen: list[tuple[str, str]] = []
    server = interpreters(
        LOSING,
        {"client": 2},
        {"mourn": lambda _: True, "note": lambda lost: seen.append((lost.type, lost.sender)) or {}},
    )["server"]
    effects = server.deliver(message("lost", "client2"), 0.0)
    assert (effects.outcome, effects.row.index, sent(effects)) == (Outcome.HANDLED, 1, [("reply", ("client2",))])
    assert seen == [("lost", "client2")]
