"""What a handled message costs: the engine, with handlers that do nothing, next to plain state-machine libraries.

    python tools/bench/dispatch.py [--rounds 20000]

The exchange is the same for all: two participants with two states each; one asks, the other answers, each changes its
state with every message and calls one handler. The libraries only trigger their machines. The engine does all that a
course needs as well: channels, virtual clock, payloads checked and sealed, the trace kept in memory.

The last rows are a course of the usual kind, one server and clients whose replies it counts in rounds.
"""

from __future__ import annotations

import argparse
import logging
import time
from typing import TYPE_CHECKING, Any

import protoflow
from protoflow.language import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protoflow.protocol import Protocol

EXCHANGE = """
protoflow: 1
name: exchange
parameters: {rounds: 10}
messages:
  ask:    {from: server, to: client, payload: {number: int}}
  answer: {from: client, to: server, payload: {number: int}}
roles:
  server:
    states: {odd: , even: , done: {final: true}}
    transitions:
      - {trigger: start,  source: odd, handler: begin, send: ask}
      - {trigger: answer, source: odd,  dest: even, handler: again, send: ask, times: rounds}
      - {trigger: answer, source: even, dest: odd,  handler: again, send: ask, times: rounds}
      - {trigger: answer, source: [odd, even], dest: done}
  client:
    states: {left: {final: true}, right: {final: true}}
    transitions:
      - {trigger: ask, source: left,  dest: right, handler: reply, send: answer}
      - {trigger: ask, source: right, dest: left,  handler: reply, send: answer}
"""

ROUNDS = """
protoflow: 1
name: rounds
parameters: {rounds: 10}
messages:
  model:  {from: server, to: client, payload: {version: int}}
  update: {from: client, to: server, payload: {samples: int}}
roles:
  server:
    states: {training: , done: {final: true}}
    events: {all_updated: {received: update, for: model, from: all}}
    transitions:
      - {trigger: start,       source: training, handler: begin, send: {model: cohort}}
      - {trigger: update,      source: training, handler: collect, conditions: fresh}
      - {trigger: all_updated, source: training, dest: training, handler: begin, send: {model: cohort}, times: rounds}
      - {trigger: all_updated, source: training, dest: done}
  client:
    count: 1..
    states: {idle: {final: true}}
    transitions:
      - {trigger: model, source: idle, handler: train, send: update}
"""

NUMBER = {"number": 1}
SAMPLES = {"samples": 1}
VERSION = {"version": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20_000, help="round trips of the exchange")
    rounds = parser.parse_args().rounds
    logging.getLogger("transitions").setLevel(logging.ERROR)
    engine = exchange(rounds)
    print(f"{'one exchange of two messages, microseconds':<58}{'':>8}  ratio")
    for name, seconds in (
        ("protoflow, whole engine", engine),
        ("pytransitions, two triggers", pytransitions(rounds)),
        ("python-statemachine, two triggers", statemachine(rounds // 10) * 10),
        ("sismic, two events", sismic(rounds // 20) * 20),
    ):
        print(f"  {name:<56}{seconds / rounds * 1e6:>8.1f}  {seconds / engine:>5.2f}")
    print("one client's round trip in a course of rounds, microseconds")
    for clients, cohort in ((1, 1), (10, 10), (100, 10), (1000, 100)):
        seconds, trips = course(clients, cohort, rounds)
        print(f"  {f'protoflow, {cohort} of {clients} clients':<56}{seconds / trips * 1e6:>8.1f}")


def measured(work: Callable[[], object]) -> float:
    """Seconds, the best of three."""
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def protocol(text: str) -> Protocol:
    found = read_text(text, "bench.yaml").protocol
    assert found is not None
    return found


class Asker(protoflow.Participant):
    def begin(self) -> dict[str, int]:
        return NUMBER

    def again(self, message: protoflow.Message) -> dict[str, int]:
        return NUMBER


class Answerer(protoflow.Participant):
    def reply(self, message: protoflow.Message) -> dict[str, int]:
        return NUMBER


def exchange(rounds: int) -> float:
    read = protocol(EXCHANGE)

    def run() -> None:
        course = protoflow.Course(read, {"rounds": rounds // 2}, server=Asker(), client=Answerer())
        result = course.run(validate=False)
        assert result.messages == 2 * (rounds // 2 * 2) + 2

    return measured(run)


class Trainer(protoflow.Participant):
    def train(self, message: protoflow.Message) -> dict[str, int]:
        return SAMPLES


class Aggregator(protoflow.Participant):
    def __init__(self, cohort: int) -> None:
        self.size = cohort

    def cohort(self) -> Sequence[str]:
        return self.peers("client")[: self.size]

    def begin(self) -> dict[str, int]:
        return VERSION

    def collect(self, message: protoflow.Message) -> None: ...


def course(clients: int, cohort: int, trips: int) -> tuple[float, int]:
    read, rounds = protocol(ROUNDS), trips // cohort

    def run() -> None:
        participants = [Trainer() for _ in range(clients)]
        course = protoflow.Course(read, {"rounds": rounds - 1}, server=Aggregator(cohort), client=participants)
        assert course.run(validate=False).messages == 2 * rounds * cohort

    return measured(run), rounds * cohort


class Toggling:
    """A model for pytransitions: two states, one handler."""

    state: str

    def handle(self, message: object) -> None: ...


def pytransitions(rounds: int) -> float:
    import transitions

    machine = transitions.Machine(
        model=None,
        states=["left", "right"],
        initial="left",
        auto_transitions=False,
        transitions=[
            {"trigger": "ask", "source": "left", "dest": "right", "before": "handle"},
            {"trigger": "ask", "source": "right", "dest": "left", "before": "handle"},
        ],
    )
    one, other = Toggling(), Toggling()
    machine.add_model([one, other])

    def run() -> None:
        for _ in range(rounds):
            one.ask(None)  # type: ignore[attr-defined]
            other.ask(None)  # type: ignore[attr-defined]

    return measured(run)


def statemachine(rounds: int) -> float:
    from statemachine import State, StateMachine

    class Machine(StateMachine):  # type: ignore[misc,unused-ignore]  # Any where the library is not installed
        left = State(initial=True)
        right = State()
        ask = left.to(right, on="handle") | right.to(left, on="handle")

        def handle(self, message: object) -> None: ...

    one, other = Machine(), Machine()

    def run() -> None:
        for _ in range(rounds):
            one.ask(None)
            other.ask(None)

    return measured(run)


def sismic(rounds: int) -> float:
    from sismic.interpreter import Interpreter
    from sismic.io import import_from_yaml

    chart = import_from_yaml("""
        statechart:
          name: toggling
          root state:
            name: root
            initial: left
            states:
              - name: left
                transitions: [{event: ask, target: right, action: handle()}]
              - name: right
                transitions: [{event: ask, target: left, action: handle()}]
        """)

    def handle() -> None: ...

    machines: list[Any] = [Interpreter(chart, initial_context={"handle": handle}) for _ in range(2)]
    for machine in machines:
        machine.execute()

    def run() -> None:
        for _ in range(rounds):
            for machine in machines:
                machine.queue("ask").execute()

    return measured(run)


if __name__ == "__main__":
    main()
