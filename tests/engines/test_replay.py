"""Replay: the real participants follow a trace step by step, and arrive where it leads."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Crash, Span
from protoflow.engines.replay import Replayed, replay
from protoflow.errors import UsageError
from protoflow.program import Program, compile_protocol
from protoflow.trace import Outcome, SentMessage, Step, StepKind
from tests.engines.courses import ROUNDS, rounds
from tests.naive.explorer import sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate
from tests.naive.steps import Course
from tests.naive.variants import all_flags, all_links
from tests.runtime.driving import protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS = 40


def walk(seed: int) -> tuple[Program, Mapping[str, int], object, list[Step], Mapping[str, str], bool]:
    """A random run of a random course by the semantics, and where everybody is at its end."""
    rng = random.Random(seed)
    drawn = generate(seed // 2)
    if seed % 2:
        drawn, _ = mutate(drawn, seed)
    drawn = replace(drawn, messages={name: replace(each, payload={}) for name, each in drawn.messages.items()})
    program = compile_protocol(drawn)
    counts = rng.choice(list(sizes(program, (1, 2, 3))))
    links, flags = rng.choice(list(all_links(program, counts))), rng.choice(list(all_flags(program)))
    program = compile_protocol(drawn, {name: each.default for name, each in drawn.parameters.items()} | flags)
    course = Course(program, counts, links, flags)
    course.canonical_rounds = False
    config, steps, failed = course.initial(), [], False
    for _ in range(STEPS):
        moves = course.moves_and_time(config)
        if not moves:
            break
        move = rng.choice(moves)
        steps.append(replace(move.step, round=move.step.round or None))  # the explorer says 0 for no round
        if move.after is None:
            failed = True
            break
        config = move.after
    states = {who: course.local(config, who).state for who in course.ids if course.local(config, who).alive}
    return program, counts, links, steps, states, failed


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_every_run_of_the_semantics_can_be_replayed(seed: int) -> None:
    program, counts, links, steps, states, failed = walk(seed)
    done = replay(program, counts, steps, links)
    assert len(done.steps) == len(steps)
    assert (done.outcome == "unhandled") is failed
    if not failed:
        assert {who: state for who, state in done.states.items() if who in states} == states


TEXT = """
parameters: {rounds: 1}
messages:
  join:   {from: client, to: server, payload: {samples: int, names: list of str}}
  model:  {from: server, to: client, payload: {weights: tensors, mask: tensor}}
  update: {from: client, to: server, payload: {weights: tensors, note: optional any}}
roles:
  server:
    states: {joining: , training: , done: {final: true}}
    events:
      all_joined: {received: join, from: all}
      all_in: {received: update, for: model, from: all}
      patience: {after: 5s}
      stop: {raised: true}
    transitions:
      - {trigger: join, source: joining, conditions: trusted}
      - {trigger: join, source: joining, unless: trusted}
      - {trigger: all_joined, source: joining, dest: training, handler: begin, send: {model: cohort}}
      - {trigger: update, source: training, conditions: [fresh, good]}
      - {trigger: update, source: training}
      - {trigger: all_in, source: training, dest: training, times: rounds, handler: begin, send: {model: cohort}}
      - {trigger: all_in, source: training, dest: done, conditions: happy}
      - {trigger: [patience, stop], source: training, dest: done}
  client:
    count: 2..
    states: {idle: , busy: {final: true}}
    transitions:
      - {trigger: start, source: idle, dest: busy, handler: introduce, send: join}
      - {trigger: model, source: busy, handler: train, send: maybe update}
"""


def step(kind: str, receiver: str, trigger: str, row: int | None = None, **more: Any) -> Step:
    sends = tuple(SentMessage(name, to) for name, to in more.pop("sends", {}).items())
    if kind == "deliver":
        more |= {"message": trigger, "sender": more.get("sender", "server")}
    outcome = Outcome(more.pop("outcome", "handled")) if kind != "elapse" else None
    return Step(StepKind(kind), receiver, trigger, row=row, outcome=outcome, sends=sends, **more)


JOINED = [
    step("start", "client1", "start", 0, sends={"join": ("server",)}),
    step("start", "client2", "start", 0, sends={"join": ("server",)}),
    step("deliver", "server", "join", 1, sender="client2"),
    step("deliver", "server", "join", 0, sender="client1"),
    step("fire", "server", "all_joined", 2, state_after="training", sends={"model": ("client2",)}),
]


def follow(*steps: Step) -> Replayed:
    return replay(compile_protocol(protocol(TEXT)), {"server": 1, "client": 2}, [*JOINED, *steps])


def test_puppets_choose_rows_receivers_and_what_may_be_sent() -> None:
    done = follow(
        step("deliver", "client2", "model", 1, sends={"update": ("server",)}),
        step("deliver", "server", "update", 4, sender="client2"),
        step("fire", "server", "all_in", 5, sends={"model": ("client1", "client2")}),
        step("deliver", "client1", "model", 1),
        step("raised", "server", "stop", 7, state_after="done"),
    )
    assert done.outcome == "complete"
    assert done.states == {"server": "done", "client1": "busy", "client2": "busy"}
    assert [taken.row for taken in done.steps] == [0, 0, 1, 0, 2, 1, 4, 5, 1, 7]
    assert "server -> client2: `model`" in done.account


def test_where_a_trace_leads() -> None:
    assert follow().outcome == "open"
    handled = [step("deliver", "client2", "model", 1), step("elapse", "server", "patience")]
    assert follow(*handled).outcome == "open", "the timer is certain to fire"
    assert follow(*handled, step("fire", "server", "patience", 7)).outcome == "complete"
    text = TEXT.replace("dest: done, conditions: happy", "dest: done").replace("[patience, stop]", "stop")
    done = replay(
        compile_protocol(protocol(text)), {"server": 1, "client": 2}, [*JOINED, step("deliver", "client2", "model", 1)]
    )
    assert done.outcome == "stuck"
    assert done.account == (
        "  who is where:\n"
        "    server in `training`, waiting for `update` from client2 or `stop` (raised from outside)\n"
        "    client1..client2 in `busy`\n"
        "  the channels are empty"
    )


def test_an_unhandled_message_at_the_end() -> None:
    text = TEXT.replace("      - {trigger: update, source: training}\n", "")
    update = step("deliver", "client2", "model", 1, sends={"update": ("server",)})
    last = step("deliver", "server", "update", sender="client2", outcome="unhandled")
    done = replay(compile_protocol(protocol(text)), {"server": 1, "client": 2}, [*JOINED, update, last])
    assert done.outcome == "unhandled"
    assert "server in `training`" in done.account


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([step("deliver", "client3", "model", 1)], "step 6 (client3: deliver `model`): `client3` does not take part"),
        (
            [step("deliver", "client1", "model", 1)],
            "step 6 (client1: deliver `model`): no `model` from `server` is on its way to `client1`",
        ),
        (
            [step("deliver", "client2", "model", 1, state_after="idle")],
            "step 6 (client2: deliver `model`): its state after is `busy`, not `idle`",
        ),
        (
            [step("deliver", "client2", "model", 1, outcome="ignored")],
            "step 6 (client2: deliver `model`): its outcome is `handled`, not `ignored`",
        ),
        (
            [step("deliver", "client2", "model", 1, sends={"join": ("server",)})],
            "step 6 (client2: deliver `model`): it sends nothing, not `join` to server",
        ),
        (
            [step("fire", "server", "all_in", 6)],
            "step 6 (server: fire `all_in`): `all_in` does not hold, or none of its rows does",
        ),
        ([step("start", "client1", "start", 0)], "step 6 (client1: start `start`): `client1` has started before"),
        ([step("start", "server", "start")], "step 6 (server: start `start`): `server` has no row for `start`"),
        (
            [step("elapse", "server", "all_in")],
            "step 6 (server: elapse `all_in`): the timer `all_in` is not the next in state `training`",
        ),
        (
            [Step(StepKind.CRASH, "client2"), step("deliver", "client2", "model", 1)],
            "step 7 (client2: deliver `model`): `client2` has crashed",
        ),
        (
            [step("deliver", "client2", "model", 1, sends={"update": ("server",)}),
             step("deliver", "server", "update", 3, sender="client2"), step("start", "server", "start")],
            "step 8 (server: start `start`): a row for `all_in` in state `training` is taken instead",
        ),
    ],
)  # fmt: skip
def test_traces_that_cannot_be_followed(steps: list[Step], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        follow(*steps)
    assert str(caught.value) == f"the trace cannot be followed: {complaint}"


def test_the_trace_of_a_real_run_can_be_followed() -> None:
    conditions = Conditions(
        latency={("*", "*"): Span(0, 8)},
        compute={"*": Span(0, 2)},
        loss={"update": 0.2},
        crashes=(Crash("client1", 9),),
    )
    result = rounds(4, rounds=3).run(conditions=conditions, seed=5, validate=False)
    kinds = {taken.kind for taken in result.trace}
    assert kinds == set(StepKind) - {StepKind.DUPLICATE, StepKind.RAISED}
    program = compile_protocol(protocol(ROUNDS), {"rounds": 3})
    done = replay(program, result.header.participants, result.trace)
    assert done.outcome == "complete"
    assert done.states == result.states
    assert [replace(taken, metrics={}, bytes=None, early=False) for taken in done.steps] == [
        replace(taken, metrics={}, bytes=None, early=False) for taken in result.trace
    ]
