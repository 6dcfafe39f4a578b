"""Courses at random, run: protocols are generated (and mutated), and handlers, predicates and selectors do anything
that their rows allow. What a participant does by chance follows from the seed, its id and what it has done before.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protoflow import trace
from protoflow.engines.conditions import Conditions, Crash, Signal, Span
from protoflow.errors import CourseError
from protoflow.program import Program, compile_protocol
from protoflow.protocol import Name, Protocol, Role, Shape, TargetKind, Transition
from protoflow.runtime.batching import batched
from protoflow.runtime.course import Course
from protoflow.runtime.participant import Participant
from protoflow.runtime.send import Send
from tests.naive.explorer import sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate
from tests.naive.variants import all_links, ids

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from pathlib import Path

    from protoflow.runtime import Message

STEPS = 300
"""Courses that go on for ever are followed that far."""


class EnoughError(Exception):
    """The course has been followed far enough."""


def with_handlers(protocol: Protocol) -> Protocol:
    """Each row has a handler of its own (but where that could not know among whom `one` chooses), each send a selector.

    Payloads are empty: what is in them is not what is tested here.
    """

    def handled(index: int, row: Transition) -> Transition:
        sends = tuple(
            replace(send, target=replace(send.target, name=Name(f"pick_{index}_{send.message}")))
            if send.target is not None and send.target.kind is TargetKind.SELECTOR
            else send
            for send in row.sends
        )
        blind = any(send.one and send.target and send.target.kind is TargetKind.EVENT for send in sends)
        return replace(row, sends=sends, handler=None if blind else Name(f"do_{index}"))

    roles = {
        name: replace(role, transitions=tuple(handled(*numbered) for numbered in enumerate(role.transitions)))
        for name, role in protocol.roles.items()
    }
    messages = {name: replace(message, payload={}) for name, message in protocol.messages.items()}
    return replace(protocol, roles=roles, messages=messages)


class Player(Participant):
    """Does what it does at random, and logs how often it has done something, and when."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.done = 0


def handler(program: Program, row: Transition) -> Callable[..., object]:
    """It does anything that its row allows."""

    def do(me: Player, *_: object) -> object:
        rng = me.random
        me.done += 1
        me.log(done=me.done, now=me.now)
        for raised in row.raises:
            if not raised.maybe or rng.random() < 0.5:
                me.raise_event(raised.event)
        answer: dict[str, object] = {}
        for send in row.sends:
            if send.maybe and rng.random() < 0.5:
                answer[send.message] = None
            elif send.one and send.target is not None and send.target.kind is not TargetKind.SELECTOR:
                link = send.target.kind is TargetKind.LINK
                roles = program.protocol.messages[send.message].receivers
                group = me.linked(send.target.name) if link else [j for role in roles for j in me.peers(role)]
                answer[send.message] = Send({}, to=rng.choice(list(group))) if group else {}
            else:
                answer[send.message] = {}
        return next(iter(answer.values())) if len(answer) == 1 else answer or None

    return do


def selector(program: Program, send: Any) -> Callable[..., object]:
    """Some of those who are left, or one where the send wants one."""

    def select(me: Player, *_: object) -> object:
        rng = me.random
        group = [j for role in program.protocol.messages[send.message].receivers for j in me.peers(role)]
        return rng.sample(group, k=1 if send.one else rng.randint(1, len(group))) if group else []

    return select


def conditions(rng: random.Random, program: Program, members: dict[str, tuple[str, ...]]) -> Conditions:
    everybody = [who for those in members.values() for who in those]
    signals = tuple(
        Signal(who, event, rng.uniform(0, 20))
        for role, table in program.roles.items()
        for event in sorted({event for events in table.outside_in.values() for event in events})
        for who in members[role]
        if rng.random() < 0.5
    )
    crashes = tuple(Crash(who, rng.uniform(0, 15)) for who in everybody if rng.random() < 0.2)
    return Conditions(
        latency={("*", "*"): Span(0.1, rng.choice((0.1, 3.0, 12.0)))},
        compute={"*": Span(0.0, rng.choice((0.0, 4.0)))},
        crashes=crashes,
        loss={"*": 0.1} if rng.random() < 0.3 else {},
        signals=signals,
    )


def behaviour(program: Program, role: Role, batches: Counter[int] | None) -> type[Player]:
    """A class for a role. With `batches` its handlers have batched forms, which count there how large batches are."""
    methods: dict[str, Any] = {}

    def together(do: Callable[..., object]) -> Callable[..., object]:
        def form(players: list[Player], messages: list[Message]) -> list[object]:
            assert batches is not None
            batches[len(players)] += 1
            return [do(player, message) for player, message in zip(players, messages, strict=True)]

        return form

    for name in predicates(role, program.protocol):
        methods[name] = lambda me, *_: me.random.random() < 0.6
    for row in role.transitions:
        if row.handler:
            methods[row.handler] = do = handler(program, row)
            if batches is not None:
                batched(do)(together(do))
        for send in row.sends:
            if send.target is not None and send.target.kind is TargetKind.SELECTOR:
                methods[send.target.name] = selector(program, send)
    return type("Behaviour", (Player,), methods)


def run(seed: int, path: Path, batches: Counter[int] | None = None) -> tuple[Program, list[trace.Record]]:
    """A random course, run once: its program and its trace."""
    rng = random.Random(seed)
    protocol = generate(seed // 2)
    if seed % 2:
        protocol, _ = mutate(protocol, seed)
    counts = rng.choice(list(sizes(compile_protocol(protocol), (1, 2, 3))))
    return play(rng, protocol, counts, path, batches=batches)


def play(
    rng: random.Random,
    protocol: Protocol,
    counts: dict[str, int],
    path: Path,
    faults: bool = True,
    batches: Counter[int] | None = None,
) -> tuple[Program, list[trace.Record]]:
    protocol = with_handlers(protocol)
    program = compile_protocol(protocol)
    members = {role: ids(program, role, number) for role, number in counts.items()}
    seed = rng.getrandbits(63)
    classes = {role: behaviour(program, table.role, batches) for role, table in program.roles.items()}
    people: dict[str, Any] = {
        role: [classes[role](f"{seed}/{who}") for who in those] for role, those in members.items()
    }
    course = Course(protocol, {}, **people)
    links = rng.choice(list(all_links(program, counts)))
    for name, link in protocol.links.items():
        if link.inverse is None and link.shape in (Shape.GRAPH, Shape.ONE):
            course.link(name, links[name])
    taken = 0

    def watch(_: trace.Step) -> None:
        nonlocal taken
        taken += 1
        if taken >= STEPS:
            raise EnoughError

    happening = conditions(rng, program, members) if faults else None
    with suppress(CourseError, EnoughError):
        course.run(conditions=happening, trace=path, progress=watch, until=500, validate=False)
    with path.open(encoding="utf-8") as stream:
        return program, list(trace.read(stream))


def predicates(role: Role, protocol: Protocol) -> set[str]:
    known = {"fresh", *protocol.parameters, *protocol.links}
    return {name for row in role.transitions for name in (*row.conditions, *row.unless) if name not in known}
