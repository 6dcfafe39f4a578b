"""Every shipped protocol completes, whatever takes how long, whoever crashes within its assumptions, whatever handlers
decide: predicates and selectors are chance, and payloads are the emptiest that their types allow."""

from random import Random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.engines.conditions import Conditions, Crash, Span, Stragglers
from protoflow.language import read, shipped
from protoflow.protocol import TargetKind
from protoflow.runtime import Course, Participant
from protoflow.runtime.behaviour import names_of

EMPTY = {
    **{"int": 0, "float": 0.0, "str": "", "bytes": b"", "list": [], "dict": {}},
    **{"tensor": numpy.zeros(0), "tensors": {}, "any": None},
}
SPANS = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda pair: Span(min(pair), max(pair)))


def handler_of(course, role, name):
    """Returns what this handler's rows send, and raises what they raise; where they differ, their fields are alike."""
    rows = [row for row in course.program.roles[role].all_rows() if row.handler == name]
    returned = []
    for row in rows:
        types = {send.message: course.protocol.messages[send.message].payload for send in row.sends}
        payloads = {
            message: {key: EMPTY[each.kind] for key, each in fields.items()} for message, fields in types.items()
        }
        returned.append(payloads if len(payloads) > 1 else next(iter(payloads.values()), None))
    assert all(str(each) == str(returned[0]) for each in returned), (role, name)
    (raised,) = {tuple(event for event, _ in row.raises) for row in rows}

    def handle(participant, *_):
        for event in raised:
            participant.raise_event(event)
        return returned[0]

    return handle


def selector_of(course, role, name, random):
    sends = [send for row in course.program.roles[role].all_rows() for send in row.sends]
    mine = [send for send in sends if send.target.kind is TargetKind.SELECTOR and send.target.name == name]
    ((receivers, one),) = {(course.protocol.messages[send.message].receivers, send.one) for send in mine}

    def choose(participant, *_):
        peers = [peer for other in receivers for peer in participant.peers(other)]
        return random.sample(peers, 1 if one else random.randint(1, len(peers)))

    return choose


def course_of_chance(protocol, sizes, seed, **parameters):
    crowd = {role: [Participant() for _ in range(size)] for role, size in sizes.items()}
    singles = {role: Participant() for role in protocol.roles if role not in sizes}
    course = Course(protocol, parameters, **singles, **crowd)
    random = Random(seed)
    for role, program in course.program.roles.items():
        for name, kind in names_of(program).items():
            match kind:
                case "handler":
                    function = handler_of(course, role, name)
                case "predicate":
                    function = lambda *_: random.random() < 0.5  # noqa: E731
                case "selector":
                    function = selector_of(course, role, name, random)
            course.register(role, name, function)
    return course


@st.composite
def conditions(draw, protocol, sizes):
    ids = {role: [f"{role}{index}" for index in range(1, size + 1)] for role, size in sizes.items()}
    anybody = st.sampled_from([each for several in ids.values() for each in several])
    gone = []
    for role, most in protocol.assumptions.crashes.items():
        gone += draw(st.lists(st.sampled_from(ids[role]), max_size=most, unique=True))
    return Conditions(
        latency={("*", "*"): draw(SPANS), (draw(anybody), "*"): draw(SPANS)},
        compute={"*": draw(SPANS), draw(anybody): draw(SPANS)},
        stragglers={draw(st.sampled_from(list(sizes))): Stragglers(draw(st.floats(0, 1)), draw(st.floats(1, 100)))},
        crashes=tuple(Crash(who, time=draw(st.floats(0, 300))) for who in gone),
    )


@pytest.mark.parametrize("name", sorted(shipped()))
@settings(deadline=None, max_examples=12)
@given(st.data())
def test_it_completes(name, data):
    protocol = read(name).protocol
    few = {
        role: each.count.minimum for role, each in protocol.roles.items() if each.count.maximum != each.count.minimum
    }
    sizes = {role: data.draw(st.integers(least, 6), role) for role, least in few.items()}
    parameters = {"rounds": data.draw(st.integers(1, 4))} if "rounds" in protocol.parameters else {}
    course = course_of_chance(protocol, sizes, data.draw(st.integers(0, 2**32)), **parameters)
    result = course.run(conditions=data.draw(conditions(protocol, sizes)), seed=0, validate=False)
    assert result.outcome == "complete"
    assert [each for each in result.warnings if "was to crash" not in each] == [], "but that it was over before"
