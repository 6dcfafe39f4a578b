"""Realistic mistakes, made in a protocol: a row forgotten, a timer dropped, a message sent to the wrong place.

`mutate(protocol, seed)` makes one to three of them. Each mutation takes a protocol and returns another that is still
valid (no PF0xx), or None where it does not apply.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from protoflow.protocol import (
    EVERYTHING,
    FRESH,
    START,
    After,
    Counted,
    Event,
    Name,
    Protocol,
    Raised,
    Received,
    Role,
    Send,
    State,
    Target,
    TargetKind,
    Transition,
)

Mutation = Callable[[random.Random, Protocol], "Protocol | None"]


def mutate(protocol: Protocol, seed: int) -> tuple[Protocol, list[str]]:
    """The protocol with one to three mistakes, and their names."""
    rng = random.Random(seed)
    made: list[str] = []
    wanted = rng.choice((1, 1, 1, 2, 2, 3))
    while len(made) < wanted:
        mutation = rng.choice(MUTATIONS)
        changed = mutation(rng, protocol)
        if changed is not None:
            protocol = changed
            made.append(mutation.__name__)
    name = f"{str(protocol.name).split('__')[0]}__{seed}"
    return replace(protocol, name=Name(name)), made


# --- changing one thing -----------------------------------------------------------------------------------------


def with_role(protocol: Protocol, role: Role) -> Protocol:
    return replace(protocol, roles={**protocol.roles, role.name: role})


def with_rows(protocol: Protocol, role: Role, rows: list[Transition]) -> Protocol:
    return with_role(protocol, replace(role, transitions=tuple(rows)))


def any_role(rng: random.Random, protocol: Protocol) -> Role:
    return rng.choice(list(protocol.roles.values()))


def change_row(
    rng: random.Random, protocol: Protocol, wanted: Callable[[Role, Transition], bool],
    change: Callable[[Role, Transition], Transition],
) -> Protocol | None:  # fmt: skip
    """Some row that is `wanted`, changed."""
    places = [(r, n) for r in protocol.roles.values() for n, row in enumerate(r.transitions) if wanted(r, row)]
    if not places:
        return None
    role, n = rng.choice(places)
    rows = list(role.transitions)
    rows[n] = change(role, rows[n])
    return None if rows[n] == role.transitions[n] else with_rows(protocol, role, rows)


def change_state(
    rng: random.Random, protocol: Protocol, wanted: Callable[[State], bool], change: Callable[[State], State]
) -> Protocol | None:
    places = [(role, state) for role in protocol.roles.values() for state in role.states.values() if wanted(state)]
    if not places:
        return None
    role, state = rng.choice(places)
    return with_role(protocol, replace(role, states={**role.states, state.name: change(state)}))


def change_event(
    rng: random.Random,
    protocol: Protocol,
    wanted: Callable[[Role, Event], bool],
    change: Callable[[Role, Event], Event],
) -> Protocol | None:
    places = [
        (role, event) for role in protocol.roles.values() for event in role.events.values() if wanted(role, event)
    ]
    if not places:
        return None
    role, event = rng.choice(places)
    return with_role(protocol, replace(role, events={**role.events, event.name: change(role, event)}))


def used_events(role: Role) -> set[str]:
    rows = {trigger for row in role.transitions for trigger in row.triggers}
    raised = {raised.event for row in role.transitions for raised in row.raises}
    targets = {s.target.name for row in role.transitions for s in row.sends if s.target is not None}
    return rows | raised | targets


# --- the mistakes -----------------------------------------------------------------------------------------------


def drop_row(rng: random.Random, protocol: Protocol) -> Protocol | None:
    role = any_role(rng, protocol)
    if not role.transitions:
        return None
    rows = list(role.transitions)
    rows.pop(rng.randrange(len(rows)))
    return with_rows(protocol, role, rows)


def drop_timer(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """The event of a timer with all its rows."""
    timers = [(r, e) for r in protocol.roles.values() for e in r.events.values() if isinstance(e.condition, After)]
    if not timers:
        return None
    role, event = rng.choice(timers)
    rows = []
    for row in role.transitions:
        triggers = tuple(trigger for trigger in row.triggers if trigger != event.name)
        if triggers:
            rows.append(replace(row, triggers=triggers))
    events = {name: other for name, other in role.events.items() if name != event.name}
    return with_role(protocol, replace(role, events=events, transitions=tuple(rows)))


def drop_ignore(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_state(rng, protocol, lambda s: bool(s.ignore), lambda s: replace(s, ignore=()))


def drop_defer(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_state(rng, protocol, lambda s: bool(s.defer), lambda s: replace(s, defer=()))


def add_defer(rng: random.Random, protocol: Protocol) -> Protocol | None:
    role = any_role(rng, protocol)
    heard = [m.name for m in protocol.messages.values() if role.name in m.receivers]
    state = rng.choice(list(role.states.values()))
    if not heard or EVERYTHING in (*state.defer, *state.ignore):
        return None
    message = rng.choice(heard)
    if message in (*state.defer, *state.ignore):
        return None
    return with_role(
        protocol, replace(role, states={**role.states, state.name: replace(state, defer=(*state.defer, message))})
    )


def add_ignore(rng: random.Random, protocol: Protocol) -> Protocol | None:
    deferred = add_defer(rng, protocol)
    if deferred is None:
        return None
    for name, role in deferred.roles.items():
        for state_name, state in role.states.items():
            old = protocol.roles[name].states[state_name]
            if state != old:
                new = replace(old, ignore=(*old.ignore, state.defer[-1]))
                return with_role(protocol, replace(role, states={**role.states, state_name: new}))
    return None


def not_final(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_state(rng, protocol, lambda s: s.final, lambda s: replace(s, final=False))


def change_dest(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_row(
        rng,
        protocol,
        lambda role, row: True,
        lambda role, row: replace(row, dest=rng.choice([None, *(state.name for state in role.states.values())])),
    )


def change_source(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """One of a row's sources forgotten, or another state instead."""

    def change(role: Role, row: Transition) -> Transition:
        if len(row.sources) > 1:
            return replace(row, sources=tuple(s for s in row.sources if s != rng.choice(row.sources)) or row.sources)
        return replace(row, sources=(rng.choice([state.name for state in role.states.values()]),))

    return change_row(rng, protocol, lambda role, row: START not in row.triggers, change)


def swap_message(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """Another message of the same direction is sent."""

    def others(send: Send) -> list[Name]:
        kind = protocol.messages[send.message]
        return [
            m.name
            for m in protocol.messages.values()
            if m.name != kind.name and (m.senders, m.receivers) == (kind.senders, kind.receivers)
        ]

    def change(role: Role, row: Transition) -> Transition:
        n = rng.choice([n for n, send in enumerate(row.sends) if others(send)])
        message = rng.choice(others(row.sends[n]))
        if any(send.message == message for send in row.sends):
            return row
        sends = list(row.sends)
        sends[n] = replace(sends[n], message=message)
        return replace(row, sends=tuple(sends))

    return change_row(rng, protocol, lambda role, row: any(others(send) for send in row.sends), change)


def drop_send(rng: random.Random, protocol: Protocol) -> Protocol | None:
    def change(role: Role, row: Transition) -> Transition:
        n = rng.randrange(len(row.sends))
        return replace(row, sends=row.sends[:n] + row.sends[n + 1 :])

    return change_row(rng, protocol, lambda role, row: bool(row.sends), change)


def maybe_send(rng: random.Random, protocol: Protocol) -> Protocol | None:
    def change(role: Role, row: Transition) -> Transition:
        n = rng.randrange(len(row.sends))
        return replace(row, sends=(*row.sends[:n], replace(row.sends[n], maybe=True), *row.sends[n + 1 :]))

    return change_row(rng, protocol, lambda role, row: bool(row.sends), change)


def change_target(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """To all instead of some, to some instead of all, to one only."""

    def change(role: Role, row: Transition) -> Transition:
        n = rng.randrange(len(row.sends))
        target, one = rng.choice(
            (
                (Target(TargetKind.ALL, Name("all")), False),
                (Target(TargetKind.SELECTOR, Name("chosen")), False),
                (Target(TargetKind.SELECTOR, Name("chosen")), True),
                (Target(TargetKind.ALL, Name("all")), True),
                (None, False),
            )
        )
        if target is None and protocol.roles[protocol.messages[row.sends[n].message].receivers[0]] == role:
            return row
        changed = replace(row.sends[n], target=target, one=one)
        return replace(row, sends=(*row.sends[:n], changed, *row.sends[n + 1 :]))

    return change_row(rng, protocol, lambda role, row: bool(row.sends), change)


def drop_fresh(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_row(
        rng,
        protocol,
        lambda role, row: FRESH in row.conditions,
        lambda role, row: replace(row, conditions=tuple(name for name in row.conditions if name != FRESH)),
    )


def drop_guard(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_row(
        rng,
        protocol,
        lambda role, row: bool(row.conditions or row.unless),
        lambda role, row: replace(row, conditions=(), unless=()),
    )


def add_guard(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """A new condition, and nothing for when it fails."""
    return change_row(
        rng,
        protocol,
        lambda role, row: "ready" not in (*row.conditions, *row.unless),
        lambda role, row: rng.choice(
            (
                replace(row, conditions=(*row.conditions, Name("ready"))),
                replace(row, unless=(*row.unless, Name("ready"))),
            )
        ),
    )


def drop_times(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_row(
        rng, protocol, lambda role, row: row.times is not None, lambda role, row: replace(row, times=None)
    )


def add_times(rng: random.Random, protocol: Protocol) -> Protocol | None:
    return change_row(rng, protocol, lambda role, row: row.times is None, lambda role, row: replace(row, times=1))


def change_threshold(rng: random.Random, protocol: Protocol) -> Protocol | None:
    def change(role: Role, event: Event) -> Event:
        condition = event.condition
        if isinstance(condition, Counted):
            return replace(event, condition=replace(condition, count=rng.choice((1, 2, 3))))
        assert isinstance(condition, Received)
        threshold = rng.choice((1, 2, 3, Fraction(1), Fraction(1, 2)))
        return replace(event, condition=replace(condition, threshold=threshold, link=None))

    return change_event(rng, protocol, lambda role, event: isinstance(event.condition, Received | Counted), change)


def drop_for(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """Replies are counted whatever they answer; only where no row of theirs says `fresh`."""

    def wanted(role: Role, event: Event) -> bool:
        condition = event.condition
        if not isinstance(condition, Received) or condition.request is None:
            return False
        message = condition.message
        return not any(message in row.triggers and FRESH in (*row.conditions, *row.unless) for row in role.transitions)

    return change_event(
        rng, protocol, wanted, lambda role, event: replace(event, condition=replace(event.condition, request=None))
    )


def count_instead(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """Messages are counted instead of senders."""

    def wanted(role: Role, event: Event) -> bool:
        condition = event.condition
        targets = {send.target.name for row in role.transitions for send in row.sends if send.target is not None}
        return isinstance(condition, Received) and condition.request is None and event.name not in targets

    def change(role: Role, event: Event) -> Event:
        assert isinstance(event.condition, Received)
        return replace(event, condition=Counted(event.condition.message, rng.choice((1, 2, 3))))

    return change_event(rng, protocol, wanted, change)


def swap_rows(rng: random.Random, protocol: Protocol) -> Protocol | None:
    role = any_role(rng, protocol)
    if len(role.transitions) < 2:
        return None
    rows = list(role.transitions)
    n = rng.randrange(len(rows) - 1)
    rows[n], rows[n + 1] = rows[n + 1], rows[n]
    return with_rows(protocol, role, rows)


def add_outside(rng: random.Random, protocol: Protocol) -> Protocol | None:
    """The operator may take a row of an event or `start` at any moment."""
    role = any_role(rng, protocol)
    rows = [row for row in role.transitions if row.triggers[0] in role.events and "operator" not in row.triggers]
    if not rows or "operator" in role.events:
        return None
    row = replace(rng.choice(rows), triggers=(Name("operator"),))
    events = {**role.events, Name("operator"): Event(Name("operator"), Raised())}
    return with_role(protocol, replace(role, events=events, transitions=(*role.transitions, row)))


def add_lost(rng: random.Random, protocol: Protocol) -> Protocol | None:
    role = any_role(rng, protocol)
    states = list(role.states.values())
    if any("lost" in row.triggers for row in role.transitions):
        return None
    row = Transition((Name("lost"),), (rng.choice(states).name,), rng.choice([None, *(s.name for s in states)]))
    return with_rows(protocol, role, [*role.transitions, row])


def change_assumption(rng: random.Random, protocol: Protocol) -> Protocol | None:
    old = protocol.assumptions
    role = any_role(rng, protocol).name
    new = rng.choice(
        (
            replace(old, crashes={role: 1}),
            replace(old, crashes={}),
            replace(old, early_timeouts=1 - min(old.early_timeouts, 1)),
            replace(old, fifo=not old.fifo),
            replace(old, loss=1 - min(old.loss, 1)),
            replace(old, duplicates=1 - min(old.duplicates, 1)),
        )
    )
    return None if new == old else replace(protocol, assumptions=new)


MUTATIONS: tuple[Mutation, ...] = (
    drop_row,
    drop_row,
    drop_timer,
    drop_ignore,
    drop_defer,
    add_defer,
    add_ignore,
    not_final,
    change_dest,
    change_source,
    swap_message,
    drop_send,
    maybe_send,
    change_target,
    drop_fresh,
    drop_guard,
    add_guard,
    drop_times,
    add_times,
    change_threshold,
    drop_for,
    count_instead,
    swap_rows,
    add_outside,
    add_lost,
    change_assumption,
)
