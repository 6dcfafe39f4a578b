"""What the page's script works on, as plain data: places, rows, findings, runs.

A place is named as the pictures name it: `role:server`, `state:server:idle`, `row:server:3`, `message:join`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protoflow.diagnostics import CODES, explanation
from protoflow.diagrams import words
from protoflow.diagrams.chart import Arrow, Note
from protoflow.diagrams.rounds import answered
from protoflow.diagrams.sequence import chart
from protoflow.program import compile_protocol
from protoflow.protocol import EVERYTHING
from protoflow.reports.steps import sentence
from protoflow.reports.text import to_type
from protoflow.trace import Outcome, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from protoflow.checks import Report
    from protoflow.diagnostics import Diagnostic
    from protoflow.diagrams.chart import Event
    from protoflow.program import Program, RoleProgram, Row
    from protoflow.protocol import Protocol
    from protoflow.trace import Step


@dataclass(frozen=True, slots=True)
class Run:
    """A run to step through. `finding` is the number of the one that it shows, from 1; 0: it was recorded. From step
    `loop` on (from 0) it goes on for ever.
    """

    title: str
    steps: Sequence[Step]
    participants: Mapping[str, int]
    finding: int = 0
    loop: int | None = None


def contents(report: Report, recorded: Sequence[Run] = ()) -> dict[str, Any]:
    """Everything about a protocol that has one, as JSON has it."""
    protocol = report.protocol
    assert protocol is not None
    program = compile_protocol(protocol)
    runs = [
        Run(f"{number} {found.code}", found.trace, found.participants, number, found.loop)
        for number, found in enumerate(report.shown, 1)
        if found.trace
    ]
    return {
        "places": dict(_places(program)),
        "touching": {place: sorted(others) for place, others in _touching(program).items()},
        "rows": [_table(role, program) for role in program.roles.values()],
        "findings": [_finding(found, number, program, report.sources) for number, found in enumerate(report.shown, 1)],
        "runs": [_run(run, protocol) for run in (*runs, *recorded)],
        "explanations": {code: explanation(code).strip() for code in sorted({found.code for found in report.shown})},
    }


def _places(program: Program) -> Iterator[tuple[str, str]]:
    """Each place, and what it is called."""
    for name, role in program.roles.items():
        yield f"role:{name}", f"role {name}"
        for state in role.states:
            yield f"state:{name}:{state}", f"state {state} of {name}"
        for number, row in enumerate(role.role.transitions):
            yield f"row:{name}:{number}", f"row for {', '.join(row.triggers)} of {name}"
    for message in program.protocol.messages:
        yield f"message:{message}", f"message {message}"


def _touching(program: Program) -> dict[str, set[str]]:
    """For each place all that it touches: a row its states and messages, a state also what it drops or puts off."""
    pairs: list[tuple[str, str]] = []
    for name, role in program.roles.items():
        for row in role.all_rows():
            here = f"row:{name}:{row.index}"
            pairs += [(here, f"state:{name}:{state}") for state in (row.source, row.target_state)]
            messages = [send.message for send in row.sends]
            messages += [row.trigger] if row.trigger in program.protocol.messages else []
            messages += [role.windows[row.trigger].message] if row.trigger in role.windows else []
            pairs += [(here, f"message:{message}") for message in messages]
        for state in role.states:
            aside = role.ignored[state] | role.deferred[state]
            pairs += [(f"state:{name}:{state}", f"message:{message}") for message in aside]
            pairs.append((f"role:{name}", f"state:{name}:{state}"))
        for message in (*role.sends, *role.receives):
            pairs.append((f"role:{name}", f"message:{message}"))
    found: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _table(role: RoleProgram, program: Program) -> dict[str, Any]:
    """The rows as they are written, with the states and messages in them as places."""
    compiled: dict[int, list[Row]] = defaultdict(list)
    for row in role.all_rows():
        compiled[row.index].append(row)
    rows = []
    for number, declared in enumerate(role.role.transitions):
        sends = words.sends(compiled[number][0], program) if compiled[number] else []
        conditions = [*declared.conditions, *(f"not {name}" for name in declared.unless)]
        if declared.times is not None:
            conditions.append(f"at most {words.number(declared.times, program.parameters)} times")
        states = ["any"] if EVERYTHING in declared.sources else list(declared.sources)
        rows.append(
            {
                "place": f"row:{role.name}:{number}",
                "at": words.place(declared.span),
                "cells": [
                    ", ".join(declared.triggers),
                    ", ".join(states),
                    ", ".join(conditions),
                    declared.handler or "",
                    " ".join(sends),
                    declared.dest or "",
                ],
            }
        )
    return {"role": words.many(role), "place": f"role:{role.name}", "rows": rows}


def _finding(found: Diagnostic, number: int, program: Program, sources: Mapping[str, str]) -> dict[str, Any]:
    return {
        "number": number,
        "code": found.code,
        "severity": found.severity.value,
        "title": CODES[found.code].title,
        "message": found.message,
        "notes": list(found.notes),
        "at": f"{found.span.file}:{found.span.line}:{found.span.column}",
        "help": found.help.text if found.help else "",
        "typed": to_type(found.help, sources) if found.help else "",
        "places": list(_about(found, program)),
    }


def _about(found: Diagnostic, program: Program) -> Iterator[str]:
    """Places that the finding names, the most particular first."""
    named: dict[str, list[str]] = defaultdict(list)
    for kind, name in sorted(found.subject):
        named[kind].append(name)
    roles = [role for role in named["role"] if role in program.roles] or list(program.roles)
    for role in roles:
        yield from (f"row:{role}:{row}" for row in named["row"])
        yield from (f"state:{role}:{state}" for state in named["state"] if state in program.roles[role].states)
    yield from (f"message:{message}" for message in named["message"] if message in program.protocol.messages)
    yield from (f"role:{role}" for role in named["role"] if role in program.roles)


def _run(run: Run, protocol: Protocol) -> dict[str, Any]:
    """`events` are those of the chart, whole: the page shows as many as there is room for. `begin` says how many of
    each role begin, and in which state; `roles` has the role of each who takes a step.
    """
    initial = {name: str(role.initial) for name, role in protocol.roles.items()}
    shown = chart(run.steps, run.participants, answers=answered(protocol), initial=initial, loop=run.loop, window=None)
    roles = roles_of(run.participants, run.steps)
    return {
        "title": run.title,
        "finding": run.finding,
        "begin": {role: [initial[role], number] for role, number in run.participants.items()},
        "roles": {step.receiver: roles[step.receiver] for step in run.steps},
        "lifelines": [line.name for line in shown.lifelines],
        "events": [_event(event) for event in shown.events],
        "steps": [_step(step, roles[step.receiver]) for step in run.steps],
    }


def _event(event: Event) -> list[Any]:
    """Its kind, and what the script needs of it: in a list, as there may be tens of thousands."""
    if isinstance(event, Note):
        return ["note", event.step, event.lifeline, event.text, event.mark]
    if isinstance(event, Arrow):
        return ["arrow", event.step, event.source, event.dest, event.text, event.lost, event.ends]
    return ["round", getattr(event, "step", -1), getattr(event, "text", "")]


def _step(step: Step, role: str) -> list[Any]:
    """Who, its state afterwards, the row taken, the message, the sentence, whether it goes wrong, and when."""
    row = f"row:{role}:{step.row}" if step.row is not None else ""
    message = f"message:{step.message}" if step.message else ""
    crashed = step.kind.value == "crash"
    after = "" if crashed else step.state_after or step.state_before or ""
    bad = crashed or step.outcome is Outcome.UNHANDLED
    return [step.receiver, after, row, message, sentence(step), bad, step.time]
