"""PF101 and PF102: states that nobody enters, and states from which nobody finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.checks.structure.choices import Choices
from protoflow.checks.structure.facts import place, role_triggers
from protoflow.checks.structure.graphs import components, reachable_from, state_graph
from protoflow.diagnostics import Diagnostic, Help, Label, one_of
from protoflow.language.suggest import quoted
from protoflow.protocol import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.program import Program, RoleProgram


def unreachable_states(program: Program) -> Iterator[Diagnostic]:
    """PF101. Of states that are reached only from each other, the ones that the others hang on are reported."""
    for role in program.roles.values():
        missing = [state for state in role.states if state not in role.reachable]
        if not missing:
            continue
        order = {state: number for number, state in enumerate(role.states)}
        graph = state_graph(role, missing)
        for part in components(graph, sinks=False):
            behind = sorted(reachable_from(role, part).intersection(missing).difference(part), key=order.__getitem__)
            states = role.role.states
            alone = not any(graph.pred[state] for state in part)
            yield Diagnostic(
                "PF101",
                f"{quoted(part)} of `{role.name}` can never be entered: no path leads there from `{role.initial}`",
                place(program, states[part[0]]),
                label="no row leads here" if alone else f"only rows of {quoted(part)} lead here",
                related=tuple(
                    Label(span, "entered only from there") for state in behind if (span := states[state].span)
                ),
                help=Help(f"name `{part[0]}` as the `dest` of a row, or take it out"),
                subject=frozenset(
                    {
                        ("role", role.name),
                        *(("state", state) for state in (*part, *behind)),
                        *(("event", event) for event in _waited_for_only_in(role, {*part, *behind})),
                    }
                ),
            )


def _waited_for_only_in(role: RoleProgram, states: set[str]) -> set[str]:
    """Events whose rows are all in these states."""
    rows = [(state, trigger) for state, trigger in role.table if trigger in role.role.events]
    return {event for state, event in rows if state in states} - {event for state, event in rows if state not in states}


def states_without_end(program: Program) -> Iterator[Diagnostic]:
    """PF102. Of states that lead to no final state, the last ones are reported: the others lead only to them."""
    for role in program.roles.values():
        finals = [state for state in role.states if state in role.finals]
        if not finals:
            yield _no_final_state(program, role)
            continue
        to_end = reachable_from(role, finals, backwards=True)
        stuck = [state for state in role.states if state in role.reachable and state not in to_end]
        for part in components(state_graph(role, stuck), sinks=True) if stuck else ():
            yield _stuck(program, role, part, finals)


def _no_final_state(program: Program, role: RoleProgram) -> Diagnostic:
    last = role.states[-1]
    return Diagnostic(
        "PF102",
        f"`{role.name}` has no final state, so the course is never complete",
        place(program, role.role),
        label="none of its states is final",
        help=Help(f"say in which state it may rest when the course is over: `{last}: {{final: true}}`"),
        subject=frozenset({("role", role.name), *(("state", state) for state in role.states)}),
    )


def _stuck(program: Program, role: RoleProgram, part: list[str], finals: list[str]) -> Diagnostic:
    states = role.role.states
    led_to = {row.dest for row in role.role.transitions}
    related = [
        Label(span, f"no path from `{role.initial}` leads here" if state in led_to else "nothing leads here")
        for state in finals
        if state not in role.reachable and (span := states[state].span)
    ]
    unused = _unused_events(role)
    related += [Label(span, "no row has this trigger") for name in unused if (span := role.role.events[name].span)]
    goal = suggest.next_state(role) or finals[0]
    triggers = _missing_triggers(program, role, part, unused)
    if not triggers:
        help: Help | None = Help(
            f"give a row of `{part[0]}` a `dest` that leads on, `{goal}` say, or make it `final: true`"
        )
    else:
        sends = tuple(suggest.missing_sends(program)[role.name])
        ways: list[suggest.Way] = [(goal, f"on_{triggers[0]}", sends)]
        if not sends:  # then what is sent on the way there is sent elsewhere too
            rows = role.rows(part[0], triggers[0])
            ways[:0] = [way for way in suggest.ways_on(program, role, rows) if way[0] == goal]
        help = one_of(
            suggest.add_row(
                program,
                role,
                f"lead on from `{part[0]}`, to `{goal}` say",
                suggest.row(triggers, part[:1], dest=dest, handler=handler, sends=sends),
            )
            for dest, handler, sends in ways
        )
    return Diagnostic(
        "PF102",
        f"`{role.name}` can never finish once it is in {quoted(part, 'or')}: no path leads from there to a final state",
        place(program, states[part[0]]),
        label="no way on to a final state from here",
        related=tuple(related),
        help=help,
        subject=frozenset({("role", role.name), *(("state", state) for state in part)}),
    )


def _unused_events(role: RoleProgram) -> list[str]:
    triggers = {trigger for _, trigger in role.table}
    return [name for name in role.role.events if name not in triggers]


def _missing_triggers(program: Program, role: RoleProgram, part: list[str], unused: list[str]) -> list[str]:
    """What the row that leads on was probably triggered by: the one event without a row, `start` where nothing happens
    at the beginning, or what the same rows are for that can all fail."""
    if len(unused) == 1:
        return unused
    if part == [role.initial] and not any(state == role.initial for state, _ in role.table):
        return [START]
    choices = Choices(program, role)
    incomplete = [
        trigger for state, trigger in role_triggers(role) if state == part[0] and choices.all_fail(state, trigger)
    ]
    rows = {tuple(row.index for row in role.rows(part[0], trigger)) for trigger in incomplete}
    return incomplete if len(rows) == 1 else []
