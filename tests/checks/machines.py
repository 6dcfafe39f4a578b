"""Small protocols for the tests of structure: one role whose rows are triggered by events from outside, and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from protoflow.checks import validate
from protoflow.language import read_text
from protoflow.program import Program, compile_protocol
from protoflow.protocol import Event, Name, Protocol, Raised, Role, State, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.diagnostics import Diagnostic

STATES = ("a", "b", "c", "d", "e")
CONDITIONS = ("p", "q", "r")
EVENTS = ("go", "stay")


def program(transitions: Iterable[Transition], finals: Iterable[str] = (), states: tuple[str, ...] = STATES) -> Program:
    role = Role(
        Name("solo"),
        {state: State(Name(state), final=state in finals) for state in states},
        Name(states[0]),
        {event: Event(Name(event), Raised()) for event in EVENTS},
        tuple(transitions),
    )
    return compile_protocol(Protocol(Name("test"), {}, {"solo": role}))


def _row(draw: st.DrawFn, states: tuple[str, ...]) -> Transition:
    sources = draw(st.one_of(st.just(["*"]), st.lists(st.sampled_from(states), min_size=1, max_size=3, unique=True)))
    wanted = draw(st.dictionaries(st.sampled_from(CONDITIONS), st.sampled_from(["conditions", "unless", "both"])))
    return Transition(
        tuple(map(Name, draw(st.lists(st.sampled_from(EVENTS), min_size=1, unique=True)))),
        tuple(map(Name, sources)),
        draw(st.one_of(st.none(), st.sampled_from(states).map(Name))),
        conditions=tuple(Name(name) for name, how in wanted.items() if how != "unless"),
        unless=tuple(Name(name) for name, how in wanted.items() if how != "conditions"),
        times=draw(st.sampled_from([None, None, 2])),
    )


@st.composite
def programs(draw: st.DrawFn, states: tuple[str, ...] = STATES, most: int = 8) -> Program:
    rows = [_row(draw, states) for _ in range(draw(st.integers(0, most)))]
    return program(rows, draw(st.sets(st.sampled_from(states))), states)


def findings(text: str) -> list[Diagnostic]:
    """What people are shown of a text that has no errors of its own."""
    reading = read_text(text, "test.yaml")
    assert reading.protocol is not None, [found.message for found in reading.diagnostics]
    return [found for found in validate(reading, composition=False).diagnostics if found.implied_by is None]


def shown(text: str) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in findings(text)]
