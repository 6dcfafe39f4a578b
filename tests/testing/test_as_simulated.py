"""Left to itself, a driven course takes the very steps of the simulation in which nothing takes time."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow import Course, Participant, ProtoflowError
from protoflow.program import Program, compile_protocol
from protoflow.protocol import Shape
from protoflow.runtime.behaviour import names_of
from protoflow.testing import course
from tests.naive.explorer import sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate
from tests.naive.variants import all_flags, all_links

if TYPE_CHECKING:
    from protoflow.trace import Step

STEPS = 200


class Enough(Exception):  # noqa: N818  not an error
    """So many steps will do."""


class Stub(Participant):
    """Its predicates toss a coin, its selectors choose the first or all."""

    def __init__(self, program: Program, role: str, seed: str) -> None:
        self._random = random.Random(seed)
        for name, kind in names_of(program.roles[role]).items():
            setattr(self, name, self._toss if kind == "predicate" else partial(self._select, name))

    def _toss(self, *_: object) -> bool:
        return self._random.random() < 0.5

    def _select(self, name: str, *_: object) -> list[str]:
        """Those that every message of the row which asks this selector can go to, or the first of them."""
        place = self._place
        sends = [send for send in place._effects.row.sends if send.target.name == name]  # type: ignore[union-attr]
        groups = [set(place.directory.receivers(send.message, self.id)) for send in sends]
        here = sorted(set.intersection(*groups) - place.windows.lost)
        return here[:1] if any(send.one for send in sends) else here


def drawn(seed: int) -> Course:
    """A random course without handlers or payloads, many of them broken."""
    rng = random.Random(seed)
    protocol = generate(seed // 2)
    if seed % 2:
        protocol, _ = mutate(protocol, seed)
    roles = {
        name: replace(role, transitions=tuple(replace(row, handler=None) for row in role.transitions))
        for name, role in protocol.roles.items()
    }
    messages = {name: replace(each, payload={}) for name, each in protocol.messages.items()}
    protocol = replace(protocol, roles=roles, messages=messages)
    program = compile_protocol(protocol)
    counts = rng.choice(list(sizes(program, (1, 2, 3))))
    links: Any = rng.choice(list(all_links(program, counts)))
    made = Course(
        protocol,
        rng.choice(list(all_flags(program))),
        **{role: [Stub(program, role, f"{seed}/{role}/{n}") for n in range(number)] for role, number in counts.items()},
    )
    for name, relation in links.items():
        link = protocol.links[name]
        if link.inverse is None and link.shape in (Shape.ONE, Shape.GRAPH):
            made.link(name, relation)
    return made


def simulated(made: Course) -> tuple[list[Step], str]:
    steps: list[Step] = []

    def watch(step: Step) -> None:
        steps.append(step)
        if len(steps) == STEPS:
            raise Enough

    try:
        made.run(validate=False, progress=watch)
    except Enough:
        return steps, "enough"
    except ProtoflowError as error:
        return steps, without_time(error)
    return steps, "complete"


def driven(made: Course) -> tuple[list[Step], str]:
    running = course(made)
    try:
        running.run(until=lambda: len(running.steps) >= STEPS or (running.complete and not running.pending))
    except ProtoflowError as error:
        end = without_time(error)
    else:
        end = "complete"
    return (list(running.steps), end) if len(running.steps) < STEPS else (list(running.steps[:STEPS]), "enough")


def without_time(error: ProtoflowError) -> str:
    """The clock of the simulation also goes on to the moments of timers that were left before."""
    return re.sub(r", at [^ ]+ s\n", "\n", str(error))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_a_course_left_to_itself_is_the_simulation(seed: int) -> None:
    assert driven(drawn(seed)) == simulated(drawn(seed))
