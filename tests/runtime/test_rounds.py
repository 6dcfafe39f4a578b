"""language.md, *Rounds, replies and `fresh`*: who is expected, which round a message carries, what is stale."""

from __future__ import annotations

from protoflow.trace import Outcome
from tests.runtime.driving import interpreters, message, sent, settle

COURSE = """
messages:
  join: {from: client, to: server}
  next: {from: client, to: server}
  model: {from: server, to: client}
  update: {from: client, to: server}
roles:
  server:
    states: {open: {final: true}}
    events:
      all_in: {received: update, for: model, from: all}
      anybody: {received: update, from: 1}
    transitions:
      - {trigger: join, source: open, send: {model: sender}}
      - {trigger: next, source: open, send: {model: cohort}}
      - {trigger: update, source: open, conditions: fresh}
      - {trigger: update, source: open, conditions: stale_is_welcome}
      - {trigger: all_in, source: open}
  client:
    count: 1..
    states: {resting: {ignore: model}, idle: {final: true}}
    transitions:
      - {trigger: start, source: resting, dest: idle, send: [join, next]}
      - {trigger: model, source: idle, send: update}
"""


def server_with(cohort: tuple[str, ...], *, stale_is_welcome: bool = False):  # type: ignore[no-untyped-def]
    calls = {"cohort": lambda *_: cohort, "stale_is_welcome": lambda *_: stale_is_welcome}
    return interpreters(COURSE, {"client": 3}, calls)["server"]


def update(sender: str, answers: int | None):  # type: ignore[no-untyped-def]
    return message("update", sender, answers=answers)


def test_a_send_to_others_than_sender_opens_a_round_and_expects_its_receivers() -> None:
    server = server_with(("client1", "client3"))
    effects = server.deliver(message("next", "client2"), 0.0)
    assert [(out.to, out.round, out.answers) for out in effects.sends] == [(("client1", "client3"), 1, None)]
    server.deliver(update("client1", 1), 0.0)
    assert settle(server) == []
    server.deliver(update("client3", 1), 0.0)
    assert [step.trigger for step in settle(server)] == ["all_in"]


def test_a_new_round_empties_the_window() -> None:
    server = server_with(("client1", "client2"))
    server.deliver(message("next", "client1"), 0.0)
    server.deliver(update("client1", 1), 0.0)
    effects = server.deliver(message("next", "client1"), 0.0)
    assert effects.sends[0].round == 2
    server.deliver(update("client2", 2), 0.0)
    assert settle(server) == []
    server.deliver(update("client1", 2), 0.0)
    assert len(settle(server)) == 1


def test_a_send_to_sender_adds_the_receiver_to_the_open_round() -> None:
    server = server_with(("client1",))
    server.deliver(message("next", "client1"), 0.0)
    server.deliver(update("client1", 1), 0.0)
    assert len(settle(server)) == 1
    effects = server.deliver(message("join", "client2"), 0.0)
    assert [(out.to, out.round) for out in effects.sends] == [(("client2",), 1)]
    server.deliver(update("client1", 1), 0.0)
    assert settle(server) == [], "the round is open still, and client2 is expected too"
    server.deliver(update("client2", 1), 0.0)
    assert len(settle(server)) == 1


def test_who_has_been_counted_stays_counted() -> None:
    server = server_with(("client1", "client2"))
    server.deliver(message("next", "client1"), 0.0)
    server.deliver(update("client1", 1), 0.0)
    server.deliver(message("join", "client1"), 0.0)
    server.deliver(update("client2", 1), 0.0)
    assert len(settle(server)) == 1


def test_a_send_to_sender_opens_a_round_if_there_is_none() -> None:
    server = server_with(())
    assert server.deliver(message("join", "client2"), 0.0).sends[0].round == 1
    assert server.deliver(message("join", "client1"), 0.0).sends[0].round == 1
    server.deliver(update("client1", 1), 0.0)
    assert settle(server) == []
    server.deliver(update("client2", 1), 0.0)
    assert len(settle(server)) == 1


def test_a_reply_carries_the_round_of_the_last_request_received() -> None:
    client = interpreters(COURSE, {"client": 3})["client1"]
    effects = client.deliver(message("model", "server", "client1", round=3), 0.0)
    assert effects.outcome is Outcome.IGNORED
    client.start(0.0)
    effects = client.deliver(message("model", "server", "client1", round=4), 0.0)
    assert [(out.message, out.round, out.answers) for out in effects.sends] == [("update", 4, 4)]


def test_an_ignored_request_is_not_received() -> None:
    text = """
messages:
  model: {from: server, to: client}
  wake: {from: server, to: client}
  update: {from: client, to: server}
roles:
  server:
    states: {open: {final: true}}
    events: {all_in: {received: update, for: model, from: all}}
    transitions:
      - {trigger: start, source: open, send: [model, wake]}
      - {trigger: update, source: open, conditions: fresh}
      - {trigger: all_in, source: open}
  client:
    states: {idle: {final: true}, resting: {ignore: model}}
    transitions:
      - {trigger: model, source: idle, dest: resting}
      - {trigger: wake, source: resting, dest: idle, send: update}
"""
    client = interpreters(text)["client"]
    for request in (1, 2):
        client.deliver(message("model", "server", "client", round=request), 0.0)
    effects = client.deliver(message("wake", "server", "client"), 0.0)
    assert [out.answers for out in effects.sends] == [1]


def test_fresh_is_the_open_round_and_nothing_else() -> None:
    for answers in (None, 1, 3):
        server = server_with(("client1", "client2"))
        server.deliver(message("next", "client1"), 0.0)
        server.deliver(message("next", "client1"), 0.0)
        assert server.deliver(update("client1", answers), 0.0).outcome is Outcome.STALE
    assert server.deliver(update("client1", 2), 0.0).row.index == 2


def test_before_any_round_every_reply_is_stale() -> None:
    assert server_with(()).deliver(update("client1", None), 0.0).outcome is Outcome.STALE


def test_a_stale_reply_that_a_row_takes_counts_where_no_round_is_asked_for() -> None:
    server = server_with(("client1",), stale_is_welcome=True)
    server.deliver(message("next", "client1"), 0.0)
    effects = server.deliver(update("client1", None), 0.0)
    assert effects.row.index == 3
    assert server.windows.counted("all_in") == set()
    assert server.windows.counted("anybody") == {"client1"}


def test_a_stale_reply_is_dropped_in_a_final_state_too() -> None:
    server = server_with(("client1",))
    effects = server.deliver(update("client1", None), 0.0)
    assert (server.final, effects.outcome) == (True, Outcome.STALE)


def test_a_round_that_is_sent_to_nobody_does_not_begin() -> None:
    server = server_with(("client1",))
    server.deliver(message("next", "client1"), 0.0)
    for client in ("client1", "client2", "client3"):
        server.windows.lost.add(client)
    server.calls["cohort"] = lambda *_: ()
    effects = server.deliver(message("next", "client1"), 0.0, overtaken=True)
    assert sent(effects) == []
    assert server.deliver(update("client1", 1), 0.0, overtaken=True).row.index == 2, "round 1 is open still"


def test_replies_of_one_payload_carry_the_round_of_each_receiver() -> None:
    text = """
messages:
  ask: {from: peer, to: peer}
  answer: {from: peer, to: peer}
roles:
  peer:
    count: 2..
    states: {on: {final: true}}
    events: {all_in: {received: answer, for: ask, from: all}}
    transitions:
      - {trigger: start, source: on, send: ask}
      - {trigger: ask, source: on, send: {answer: all}}
      - {trigger: answer, source: on}
      - {trigger: all_in, source: on}
"""
    peer = interpreters(text, {"peer": 4})["peer1"]
    peer.deliver(message("ask", "peer2", "peer1", round=7), 0.0)
    effects = peer.deliver(message("ask", "peer4", "peer1", round=1), 0.0)
    assert [(out.to, out.answers) for out in effects.sends] == [(("peer2",), 7), (("peer3",), None), (("peer4",), 1)]
