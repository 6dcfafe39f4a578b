"""The role's `transitions.Machine`: shared by the runtime's participants, and usable with a model of one's own."""

from __future__ import annotations

from typing import Any

import pytest
import transitions

import protoflow
from protoflow.runtime.machine import RoleMachine, RowEvent, RowModel, RowTransition
from tests.runtime.driving import interpreters, message, protocol

COURSE = """
messages:
  ping: {from: client, to: server}
  pong: {from: client, to: server}
  ask: {from: server, to: client}
links: {near: {from: server, to: client, shape: graph}}
parameters: {strict: false, most: 2}
roles:
  server:
    states: {idle: , busy: , done: {final: true}}
    events: {enough: {received: pong, for: ask, from: all}}
    transitions:
      - {trigger: ping, source: idle, dest: busy, handler: begin, conditions: [ready, near], times: most, send: ask}
      - {trigger: ping, source: idle, dest: done, unless: strict}
      - {trigger: pong, source: busy, conditions: fresh, handler: collect}
      - {trigger: enough, source: busy, dest: idle, handler: aggregate}
      - {trigger: pong, source: done, dest: done}
  client:
    count: 1..
    states: {only: {final: true}}
    transitions:
      - {trigger: start, source: only, send: [ping, pong]}
      - {trigger: ask, source: only}
"""


class Model:
    """What a user of pytransitions would write."""

    def __init__(self, *, ready: bool = True, near: tuple[str, ...] = ("client1",), fresh: bool = True) -> None:
        self.ready = ready
        self.near = near
        self.fresh = fresh
        self.seen: list[tuple[str, tuple[object, ...]]] = []

    def begin(self, *arguments: object) -> None:
        self.seen.append(("begin", arguments))

    def collect(self, *arguments: object) -> None:
        self.seen.append(("collect", arguments))

    def aggregate(self) -> None:
        self.seen.append(("aggregate", ()))

    def on_enter_busy(self, *_: object) -> None:
        self.seen.append(("entered", ()))


def test_it_is_a_machine_of_the_library() -> None:
    machine = protoflow.machine(protocol(COURSE), "server")
    assert isinstance(machine, transitions.Machine)
    assert list(machine.states) == ["idle", "busy", "done"]
    assert machine.initial == "idle"
    assert machine.get_state("done").final
    assert machine.get_triggers("idle") == ["ping"]
    assert [(t.source, t.dest) for t in machine.get_transitions("pong")] == [("busy", None), ("done", "done")]


def test_a_model_of_the_user_s_is_driven_in_the_ordinary_way() -> None:
    machine, model = protoflow.machine(protocol(COURSE), "server"), Model()
    machine.add_model(model)
    driven: Any = model
    assert driven.state == "idle"
    assert driven.may_ping("hello")
    assert driven.ping("hello")
    assert driven.is_busy()
    assert driven.trigger("pong", 1)
    assert driven.trigger("enough")
    assert driven.state == "idle"
    assert model.seen == [("begin", ("hello",)), ("entered", ()), ("collect", (1,)), ("aggregate", ())]
    with pytest.raises(transitions.MachineError, match="Can't trigger event pong from state idle"):
        driven.pong()


@pytest.mark.parametrize(("ready", "near", "strict", "state"), [
    (True, ("client1",), False, "busy"),
    (True, (), False, "done"),
    (False, ("client1",), False, "done"),
    (False, (), True, "idle"),
])  # fmt: skip
def test_conditions_links_and_parameters(ready: bool, near: tuple[str, ...], strict: bool, state: str) -> None:
    machine = protoflow.machine(protocol(COURSE), "server", {"strict": strict})
    model: Any = Model(ready=ready, near=near)
    machine.add_model(model)
    assert model.ping("hello") is (state != "idle")
    assert model.state == state


def test_fresh_is_the_model_s_own() -> None:
    machine = protoflow.machine(protocol(COURSE), "server")
    model: Any = Model(fresh=False)
    machine.add_model(model, initial="busy")
    assert not model.pong(1)
    model.fresh = True
    assert model.pong(1)


def test_times_is_counted_on_the_model() -> None:
    machine = protoflow.machine(protocol(COURSE), "server", {"most": 1})
    one, other = Model(), Model()
    machine.add_model([one, other])
    models: list[Any] = [one, other]
    for model in models:
        model.ping(1)
        model.enough()
        model.ping(2)
    assert [model.state for model in models] == ["done", "done"]
    assert [model.rows_taken for model in models] == [{0: 1}, {0: 1}]


def test_transitions_carry_their_rows() -> None:
    machine = protoflow.machine(protocol(COURSE), "server")
    rows = [t.row.index for t in machine.get_transitions() if isinstance(t, RowTransition)]
    assert sorted(rows) == [0, 1, 2, 3, 4]


def test_a_role_that_is_not_there() -> None:
    with pytest.raises(protoflow.UsageError, match="`sever` is not a role of `small`"):
        protoflow.machine(protocol(COURSE), "sever")


def test_a_shipped_protocol_by_name() -> None:
    assert list(protoflow.machine("fedavg", "client").states) == ["starting", "idle", "finished"]


def test_the_runtime_fires_its_rows_through_one_machine_of_each_role() -> None:
    fired: list[tuple[str, str]] = []

    class Spying(RowTransition):
        def take(self, model: RowModel, event: RowEvent, arguments: tuple[object, ...]) -> bool:
            done = super().take(model, event, arguments)
            fired.append((model.id, event.name))  # type: ignore[attr-defined]
            return done

    made = interpreters(COURSE, {"client": 2}, {"ready": lambda *_: True}, {"near": {"server": ["client1"]}})
    machines = {id(one._events[next(iter(one._events))].machine) for one in made.values()}
    assert len(machines) == 2
    machine = made["server"]._events["ping"].machine
    assert isinstance(machine, RoleMachine)
    assert machine.models == [], "no participant is added to it"
    for event in machine.events.values():
        for rows in event.transitions.values():
            for row in rows:
                row.__class__ = Spying
    entered: list[str] = []
    machine.on_enter_busy(lambda *_: entered.append("busy"))
    made["server"].deliver(message("ping", "client1"), 0.0)
    assert fired == [("server", "ping")]
    assert entered == ["busy"], "the library's own callbacks of states are called"
    assert made["server"].state == "busy"
