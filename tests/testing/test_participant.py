"""One participant in a unit test: what it gets is the test's, what it does is the interpreter's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from protoflow import CourseError, HandlerError, Participant, UsageError
from protoflow.testing import participant
from tests.runtime.driving import protocol

if TYPE_CHECKING:
    from pathlib import Path

    from protoflow import Message

COURSE = protocol("""
parameters: {patience: 10s, quorum: 50%}
messages:
  join:   {from: client, to: server, payload: {samples: int}}
  model:  {from: server, to: client, payload: {version: int, note: optional str}}
  update: {from: client, to: server, payload: {round: int, sender: str}}
  hint:   {from: [server, client], to: client}
  finish: {from: server, to: client}
links: {friends: {from: client, to: client, shape: graph}}
roles:
  server:
    states: {joining: {defer: update}, training: , finished: {final: true, ignore: join}}
    events:
      all_joined: {received: join, from: all}
      enough:     {received: update, for: model, from: quorum}
      slow:       {after: 1m}
      time_up:    {after: patience}
      stop:       {raised: true}
    transitions:
      - {trigger: join, source: joining, handler: admit}
      - {trigger: [all_joined, time_up], source: joining, dest: training, handler: ask, send: {model: chosen}}
      - {trigger: slow, source: joining, dest: finished}
      - {trigger: update, source: training, conditions: fresh, handler: collect}
      - {trigger: lost, source: [joining, training], handler: forget}
      - {trigger: [enough, time_up], source: training, dest: training, times: 2, handler: ask, send: {model: chosen}}
      - {trigger: [enough, time_up, stop], source: training, dest: finished, send: {finish: all}}
  client:
    count: 2..
    states: {starting: , idle: , over: {final: true}}
    transitions:
      - {trigger: start, source: starting, dest: idle, handler: introduce, send: join}
      - {trigger: model, source: idle, handler: train, send: [update, {message: hint, to: friends, maybe: true}]}
      - {trigger: hint, source: idle}
      - {trigger: finish, source: idle, dest: over}
""")


class Server(Participant):
    def __init__(self) -> None:
        self.admitted: dict[str, int] = {}
        self.collected: list[tuple[str, int]] = []
        self.version = 0

    def admit(self, message: Message) -> None:
        self.admitted[message.sender] = message["samples"]

    def forget(self, message: Message) -> None:
        self.admitted.pop(message.sender, None)

    def chosen(self) -> tuple[str, ...]:
        return self.peers("client")

    def ask(self) -> dict[str, int]:
        self.version += 1
        self.log(version=self.version, at=self.now)
        return {"version": self.version}

    def collect(self, message: Message) -> None:
        self.collected.append((message["sender"], message["round"]))


class Client(Participant):
    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def introduce(self) -> dict[str, int]:
        return {"samples": 3}

    def train(self, message: Message) -> dict[str, Any]:
        return self.answer or {"update": {"round": message["version"], "sender": self.id}, "hint": {}}


def client(answer: Any = None, **more: Any) -> Any:
    links = {"friends": {"client1": ["client2", "client3"]}}
    return participant("client", COURSE, Client(answer), counts={"client": 3}, links=links, **more)


def server(clients: int = 2, **more: Any) -> Any:
    links: dict[str, Any] = {"friends": {}}
    return participant("server", COURSE, Server(), counts={"client": clients}, links=links, **more)


def told(messages: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [(message.type, message.receiver, dict(message.payload)) for message in messages]


def test_what_a_client_sends_and_where_it_is() -> None:
    with client() as one:
        assert (one.id, one.state) == ("client1", "idle"), "it has started"
        assert told(one.sent) == [("join", "server", {"samples": 3})]
        sent = one.receive("model", version=7)
        update = {"round": 7, "sender": "client1"}
        assert told(sent) == [("update", "server", update), ("hint", "client2", {}), ("hint", "client3", {})]
        assert one.receive("hint", "client3") == ()
        assert one.outcome == "handled"
        one.receive("finish")
        assert one.state == "over"
        assert [message.type for message in one.sent] == ["join", "update", "hint", "hint"]
        assert [step.trigger for step in one.steps] == ["start", "model", "hint", "finish"]
        assert one.warnings == ()
        one.receive("hint", "server")
        assert one.outcome == "late"
        assert len(one.warnings) == 1


def test_rounds_are_those_of_a_run() -> None:
    with client() as one:
        [first, *_] = one.receive("model", version=1)
        [second, *_] = one.receive("model", version=2)
        assert (first.round, second.round) == (1, 2)


def test_a_server_counts_what_it_receives() -> None:
    with server() as one:
        assert one.sent == ()
        one.receive("join", "client2", samples=20)
        assert (one.state, one.behaviour.admitted) == ("joining", {"client2": 20})
        asked = one.receive("join", "client1", samples=10)
        assert told(asked) == [("model", each, {"version": 1, "note": None}) for each in ("client1", "client2")]
        assert one.state == "training"
        one.receive_stale("update", "client1", round=0, sender="late")
        assert (one.outcome, one.behaviour.collected) == ("stale", [])
        [model, _] = one.receive("update", "client1", round=1, sender="me")
        assert (model["version"], one.behaviour.collected) == (2, [("me", 1)])
        one.receive_stale("update", "client2", round=1, sender="late")
        assert (one.outcome, one.behaviour.collected) == ("stale", [("me", 1)])
        assert [step.trigger for step in one.steps[-3:]] == ["update", "enough", "update"]


def test_a_timer_lapses_when_it_is_told_to() -> None:
    with server(parameters={"patience": "20s"}) as one:
        assert told(one.lapse("time_up")) == [("model", f"client{n}", {"version": 1, "note": None}) for n in (1, 2)]
        assert one.now == 20.0
        one.lapse()
        assert one.now == 40.0
        assert [dict(each.values) for each in one.metrics] == [{"version": 1, "at": 20.0}, {"version": 2, "at": 40.0}]
        with pytest.raises(UsageError, match="the next timer of `server` is `time_up`, not `slow`: it is not one of"):
            one.lapse("slow")
        one.lapse()
        one.lapse()
        assert (one.state, one.now) == ("finished", 80.0)
        with pytest.raises(UsageError, match="no timer of `server` is running in state `finished`"):
            one.lapse()
    with (
        server() as one,
        pytest.raises(UsageError, match="next timer of `server` is `time_up`, not `slow`: a longer one"),
    ):
        one.lapse("slow")


def test_what_is_deferred_is_handled_later() -> None:
    with server() as one:
        one.receive("update", "client1", round=1, sender="early")
        assert [message.type for message in one.deferred] == ["update"]
        assert one.outcome is None
        one.lapse()
        assert one.deferred == ()
        assert one.outcome == "stale", "it answers no round of this server"


def test_a_peer_is_lost() -> None:
    with server(3) as one:
        for each in ("client1", "client2"):
            one.receive("join", each, samples=1)
        asked = one.receive("lost", "client3")
        assert [message.receiver for message in asked] == ["client1", "client2"]
        one.receive("lost", "client2")
        assert one.behaviour.admitted == {"client1": 1}


def test_the_operator_raises_an_event() -> None:
    with server() as one:
        with pytest.raises(UsageError, match="`stop` cannot be raised from outside while `server` is in state `join"):
            one.raise_event("stop")
        one.lapse()
        assert [message.type for message in one.raise_event("stop")] == ["finish", "finish"]


def test_functions_in_place_of_methods() -> None:
    with server(3, functions={"chosen": lambda server: server.peers("client")[:1]}) as one:
        assert [message.receiver for message in one.lapse()] == ["client1"]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda one: one.receive("modle", version=1), "`modle` is not a message that `client` receives; `model` is"),
        (lambda one: one.receive("join"), "that `client` receives; there is `model`, `hint`, `finish` and `lost`"),
        (lambda one: one.receive("model"), "`model` needs the field `version`"),
        (lambda one: one.receive("model", version="1"), "`version` of `model` must be an int, not a value of type str"),
        (lambda one: one.receive("model", version=1, vision=2), "`model` has no field `vision`"),
        (lambda one: one.receive("hint"), "say who `hint` comes from: `server`, `client2` or `client3`"),
        (lambda one: one.receive("model", "client2", version=1), "from whom `model` can come; there is `server`"),
        (
            lambda one: one.receive_stale("hint", "client2"),
            "`hint` cannot be stale: no event counts it `for` a request",
        ),
    ],
)
def test_a_request_that_makes_no_sense(call: Any, complaint: str) -> None:
    with client() as one, pytest.raises(UsageError, match=complaint):
        call(one)


def test_who_does_not_exist() -> None:
    with pytest.raises(UsageError, match="`cleint` is not a role of `small`; `client` is"):
        participant("cleint", COURSE, Client())
    with pytest.raises(UsageError, match="`clients` is not a role of `small`; `client` is"):
        participant("server", COURSE, Server(), counts={"clients": 3})
    with pytest.raises(HandlerError, match="Client, which plays role `server`, has no handler `admit`"):
        participant("server", COURSE, Client(), links={"friends": {}})


def test_a_message_that_nobody_handles() -> None:
    small = protocol(
        "messages: {a: {from: x, to: y}, b: {from: x, to: y}}\n"
        "roles:\n"
        "  x: {states: [s], transitions: [{trigger: start, source: s, send: [a, b]}]}\n"
        "  y: {states: [s, t], transitions: [{trigger: a, source: s, dest: t}, {trigger: b, source: s}]}\n"
    )
    with participant("y", small, Participant()) as one:
        one.receive("a")
        with pytest.raises(CourseError) as caught:
            one.receive("b")
        assert str(caught.value) == (
            "`b` from `x` reached `y` in state `t`, which does not handle it; it handles nothing there"
        )
        assert caught.value.outcome == "unhandled"


def test_a_handler_that_does_not_do_what_its_row_says() -> None:
    complaint = "`round` of `update` must be an int, not a value of type str"
    with client({"update": {"round": "one", "sender": "me"}}) as one, pytest.raises(HandlerError, match=complaint):
        one.receive("model", version=1)


FAILING = """
from protoflow import Participant
from protoflow.testing import course, participant

class Client(Participant):
    def reply(self, message):
        return {"text": message["text"].upper()}

def test_reply():
    with participant("client", "hello", Client()) as client:
        [answer] = client.receive("greeting", text="hi")
        assert answer["text"] == "hi"
"""


def test_a_failing_assertion_is_followed_by_what_had_happened(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "assert 'HI' == 'hi'" in done.stdout
    assert "what had happened in `hello`, up to 0 s:" in done.stdout
    assert "| greeting: waiting -> done" in done.stdout
