"""Every shipped protocol completes, whatever takes how long, whoever crashes within its assumptions, whatever handlers
decide: predicates and selectors are chance, and payloads are the emptiest that their types allow."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Crash, Span, Stragglers
from protoflow.language import read, shipped
from protoflow.runtime import Course, Participant
from protoflow.runtime.behaviour import names_of

EMPTY = {"int": 0, "float": 0.0, "str": "", "tensors": {}}
SPANS = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda pair: Span(min(pair), max(pair)))


def handler_of(course, role, name):
    """Returns what the one message of this handler's rows needs; where they send different ones, these are alike."""
    rows = [row for row in course.program.roles[role].all_rows() if row.handler == name]
    fields = [course.protocol.messages[send.message].payload for row in rows for send in row.sends]
    payloads = [{field: EMPTY[kind.kind] for field, kind in each.items()} for each in fields]
    assert all(payload == payloads[0] for payload in payloads)
    return lambda *_: payloads[0] if payloads else None


def selector_of(course, random):
    def choose(participant, *_):
        peers = participant.peers("client")
        return random.sample(peers, random.randint(1, len(peers)))

    return choose


def course_of_chance(protocol, clients, seed, **parameters):
    course = Course(protocol, parameters, server=Participant(), client=[Participant() for _ in range(clients)])
    random = Random(seed)
    for role, program in course.program.roles.items():
        for name, kind in names_of(program).items():
            match kind:
                case "handler":
                    function = handler_of(course, role, name)
                case "predicate":
                    function = lambda *_: random.random() < 0.5  # noqa: E731
                case "selector":
                    function = selector_of(course, random)
            course.register(role, name, function)
    return course


@st.composite
def conditions(draw, protocol, clients):
    ids = [f"client{index}" for index in range(1, clients + 1)]
    may_crash = protocol.assumptions.crashes.get("client", 0)
    gone = draw(st.lists(st.sampled_from(ids), max_size=may_crash, unique=True))
    return Conditions(
        latency={("*", "*"): draw(SPANS), (draw(st.sampled_from(ids)), "server"): draw(SPANS)},
        compute={"*": draw(SPANS), draw(st.sampled_from(ids)): draw(SPANS)},
        stragglers={"client": Stragglers(draw(st.floats(0, 1)), draw(st.floats(1, 100)))},
        crashes=tuple(Crash(who, time=draw(st.floats(0, 300))) for who in gone),
    )


@pytest.mark.parametrize("name", sorted(shipped()))
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_it_completes(name, data):
    protocol = read(name).protocol
    clients, seed = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 2**32))
    parameters = {"rounds": data.draw(st.integers(1, 4))} if "rounds" in protocol.parameters else {}
    course = course_of_chance(protocol, clients, seed, **parameters)
    result = course.run(conditions=data.draw(conditions(protocol, clients)), seed=seed, validate=False)
    assert result.outcome == "complete"
    assert result.warnings == ()
    assert course.program.roles["server"].final(result.states["server"])
