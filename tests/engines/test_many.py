"""A role may have a million participants: those that nothing reaches are not made, and it makes no difference."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Crash, Span, Stragglers
from protoflow.engines.host import simulate
from protoflow.engines.replay import replay
from protoflow.engines.world import States
from protoflow.errors import CourseError, ProtoflowError
from protoflow.runtime import Course, Participant, Setting
from protoflow.runtime.behaviour import Built
from protoflow.trace import read
from tests.runtime.driving import protocol
from tests.testing.test_as_simulated import STEPS, Enough, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from protoflow.ids import Lookup
    from protoflow.runtime import Message
    from protoflow.runtime.interpreter import Interpreter
    from protoflow.trace import Step

MILLION = 1_000_000
SAMPLED = """
parameters: {rounds: 3}
messages: {ask: {from: server, to: device, payload: {number: int}}, reply: {from: device, to: server}}
roles:
  server:
    states: {asking: , done: {final: true, ignore: reply}}
    events: {all_in: {received: reply, for: ask, from: all}, time_up: {after: 1h}}
    transitions:
      - {trigger: start, source: asking, handler: begin, send: {ask: some}}
      - {trigger: reply, source: asking}
      - {trigger: [all_in, time_up], source: asking, dest: asking, times: rounds, handler: begin, send: {ask: some}}
      - {trigger: [all_in, time_up], source: asking, dest: done}
  device:
    count: 1..
    states: {ready: {final: true}}
    transitions: [{trigger: ask, source: ready, handler: answer, send: reply}]
"""


class Server(Participant):
    def __init__(self) -> None:
        self.random = random.Random(0)

    def begin(self) -> dict[str, int]:
        return {"number": 7}

    def some(self) -> list[str]:
        return self.random.sample(self.peers("device"), 50)


class Device(Participant):
    def __init__(self) -> None:
        self.answered = 0

    def answer(self, message: Message) -> None:
        self.answered += message["number"]


class Remembering(Device):
    settings: ClassVar[list[Setting]] = []

    @classmethod
    def build(cls, setting: Setting) -> Remembering:
        cls.settings.append(setting)
        return cls()


def sampled(devices: int = MILLION) -> Course:
    return Course(protocol(SAMPLED), server=Server(), device=Built(lambda index: Device(), devices, at_once=False))


def run(course: Course, conditions: Conditions | None = None, path: Path | None = None) -> Lookup[Interpreter]:
    """What was made of the participants by the end."""
    directory, interpreters = course.assembled()
    simulate(interpreters, directory, conditions=conditions, seed=0, path=path, progress=None, until=None)
    return interpreters


def test_only_those_that_something_reaches_are_made() -> None:
    course = sampled()
    made = run(course)
    devices = course.participants["device"]
    assert isinstance(devices, Built)
    assert len(made) == 1 + 4 * 50
    assert len(devices._built) == 4 * 50 + 1, "the first of a role is built to be checked"
    assert sum(device.answered for device in devices._built.values()) == 4 * 50 * 7
    directory = next(iter(made.values())).directory
    assert max(map(len, (directory.role_of, directory.order))) <= 1 + 4 * 50


def test_what_happens_to_one_of_a_million() -> None:
    conditions = Conditions(
        latency={("*", "*"): Span(0.1, 0.5)},
        compute={"device": Span(1, 2), "device9": Span(5, 5)},
        stragglers={"device": Stragglers(0.001, 10)},
        crashes=(Crash("device77", time=0.5), Crash("device999999", time=1.0)),
    )
    result = sampled().run(conditions=conditions, validate=False)
    assert result.outcome == "complete"
    assert result.crashed == ("device77", "device999999")
    assert (len(result.states), result.states["device123456"], result.states["server"]) == (
        MILLION + 1,
        "ready",
        "done",
    )
    assert "device0" not in result.states
    assert repr(result.states).endswith(f"and {MILLION - 202:,} in their initial states")


def test_the_trace_of_a_million_names_those_that_took_a_step(tmp_path: Path) -> None:
    course = sampled()
    made = run(course, path=tmp_path / "run.jsonl")
    with (tmp_path / "run.jsonl").open() as stream:
        header, *steps, end = read(stream)
    assert header.participants == {"server": 1, "device": MILLION}  # type: ignore[union-attr]
    assert set(end.states) == set(made) == {step.receiver for step in steps}  # type: ignore[union-attr]
    assert len(steps) == 1 + 4 * (50 + 50 + 1), "a start, and for each round asks, replies and the end of it"
    done = replay(course.program, header.participants, steps)  # type: ignore[union-attr,arg-type]
    assert done.outcome == "complete"
    assert len(done.world.interpreters) == len(made) + 1, "one more, to say how the others stand"
    assert done.states == States(done.world.directory, end.states)  # type: ignore[union-attr]


def test_where_a_million_stand_when_it_is_stuck() -> None:
    text = SAMPLED.replace("ready: {final: true}", "ready: , gone: {final: true}")
    text = text.replace("source: ready, handler: answer", "source: ready, dest: gone, handler: answer")
    text = text.replace("[all_in, time_up]", "all_in").replace(", time_up: {after: 1h}", "")
    course = Course(protocol(text), server=Server(), device=Built(lambda index: Device(), MILLION, at_once=False))
    with pytest.raises(CourseError) as caught:
        course.run(validate=False)
    said = str(caught.value).splitlines()
    assert said[:3] == [
        "the course stopped before it was complete: nobody can move, at 0 s",
        "  who is where:",
        "    server in `done`",
    ]
    assert said[3].startswith("    device1..device")
    assert said[3].endswith("more in `ready`, waiting for `ask`")
    assert len(said[3]) < 1000
    assert said[4].endswith("and 180 more in `gone`")
    assert "the channels are empty" in said[5]


@pytest.mark.parametrize(
    ("device", "made"),
    [
        ("states: {ready: {final: true}}\n    transitions: [", 1 + 4 * 50),
        ("states: {ready: {final: true}}\n    transitions: [{trigger: start, source: ready}, ", 1 + 1000),
        ("states: {ready: {final: true}}\n    events: {wake: {after: 1s}}\n"
         "    transitions: [{trigger: wake, source: ready}, ", 1 + 1000),
        ("states: {ready: {final: true}, busy: {final: true}}\n    events: {wake: {after: 1s}}\n"
         "    transitions: [{trigger: wake, source: busy}, {trigger: ask, source: busy}, ", 1 + 4 * 50),
    ],
    ids=["at rest", "start", "a timer", "a timer of a later state"],
)  # fmt: skip
def test_all_of_a_role_that_begins_something_are_made(device: str, made: int) -> None:
    text = SAMPLED.replace("states: {ready: {final: true}}\n    transitions: [", device)
    course = Course(protocol(text), server=Server(), device=Built(lambda index: Device(), 1000, at_once=False))
    interpreters = run(course)
    if made < 1000:
        assert len(interpreters) <= made, "some are asked twice"
    else:
        assert len(interpreters) == made


def steps_of(course: Course, *, early: bool) -> tuple[Sequence[Step], str]:
    directory, interpreters = course.assembled()
    if early:
        for who in directory.ids:
            interpreters[who]
    steps: list[Step] = []

    def watch(step: Step) -> None:
        steps.append(step)
        if len(steps) == STEPS:
            raise Enough

    try:
        simulate(interpreters, directory, conditions=None, seed=0, path=None, progress=watch, until=None)
    except Enough:
        return steps, "enough"
    except ProtoflowError as error:
        return steps, str(error)
    return steps, "complete"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_it_makes_no_difference_when_they_are_made(seed: int) -> None:
    assert steps_of(drawn(seed), early=True) == steps_of(drawn(seed), early=False)


def test_who_waits_for_others_of_the_same_role_is_told_apart() -> None:
    text = """
messages: {hi: {from: peer, to: peer}}
links: {before: {from: peer, to: peer, shape: chain}}
roles:
  peer:
    count: 1..
    states: {waiting: , done: {final: true}}
    events: {greeted: {received: hi, from: before}}
    transitions: [{trigger: hi, source: waiting, send: hi}, {trigger: greeted, source: waiting, dest: done}]
"""
    with pytest.raises(CourseError) as caught:
        Course(protocol(text), peer=[Participant() for _ in range(3)]).run(validate=False)
    assert str(caught.value).splitlines()[2:5] == [
        "    peer1 in `waiting`, waiting for `hi` from peer2",
        "    peer2 in `waiting`, waiting for `hi` from peer3",
        "    peer3 in `waiting`, waiting for `hi` (nobody is left to send it)",
    ]


def test_built_participants_are_built_once_and_by_their_index() -> None:
    built: list[int] = []

    def build(index: int) -> Participant:
        built.append(index)
        return Device()

    late = Built(build, 10**9, at_once=False)
    assert built == [1]
    assert late[41] is late[41]
    assert late[-1] is late[10**9 - 1]
    assert built == [1, 42, 10**9]
    assert len(Built(build, 0, at_once=True)) == 0
    assert len([*Built(build, 3, at_once=True)]) == 3
    assert built[3:] == [1, 2, 3]


def test_everybody_is_built_with_a_seed_of_their_own_and_shares_one_dict() -> None:
    settings_of = Remembering.settings
    settings_of.clear()
    text = SAMPLED.replace("    count: 1..", f"    class: {__name__}:Remembering\n    count: 1..")
    text = text.replace("    states: {asking", f"    class: {__name__}:Server\n    states: {{asking")
    course = Course.build(protocol(text), {"device": MILLION}, seed=3)
    assert [each.index for each in settings_of] == [1]
    course.participants["device"][76]
    first, other = settings_of
    assert (other.index, other.count) == (77, MILLION)
    assert first.seed != other.seed
    assert first.shared is other.shared
