"""Is a trace a path of the semantics? With unlimited budgets every run of an engine must be one.

The steps of the trace are followed one by one. What a step does not show (which of two equal outcomes it was) is kept
open: all configurations in which the course may be are followed.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from protoflow.trace import End, Header, Step, StepKind
from tests.naive.steps import Course

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protoflow.program import Program
    from protoflow.trace import Record
    from tests.naive.configuration import Config


class NotAPathError(AssertionError):
    """A step that the semantics does not allow here."""


def follow(program: Program, records: Iterable[Record]) -> tuple[Course, list[Config]]:
    """Where the course may be at the end of the trace. Raises NotAPathError at the first step that is none."""
    records = list(records)
    header = records[0]
    assert isinstance(header, Header)
    unlimited = replace(
        program.protocol.assumptions,
        crashes=dict.fromkeys(program.roles, inf),
        early_timeouts=inf,
        loss=inf,
        duplicates=inf,
    )
    flags = {name: value for name, value in header.parameters.items() if isinstance(value, bool)}
    course = Course(program, header.participants, header.links, flags, unlimited)
    course.canonical_rounds = False
    possible = [course.initial()]
    for number, step in enumerate(record for record in records if isinstance(record, Step)):
        after: list[Config] = []
        for config in possible:
            for move in [*course.moves_of(config, step.receiver), *course.elapse(config, early=True)]:
                if move.step.receiver == step.receiver and shown(move.step) == shown(step):
                    if move.after is None:
                        return course, [config]
                    if move.after not in after:
                        after.append(move.after)
        if not after:
            allowed = [
                move.step
                for config in possible
                for move in [*course.moves_of(config, step.receiver), *course.elapse(config, early=True)]
                if move.step.kind not in (StepKind.CRASH, StepKind.LOSE) and move.step.receiver == step.receiver
            ]
            texts = "\n  ".join(str(shown(other)) for other in allowed)
            raise NotAPathError(f"step {number} is not possible here:\n  {shown(step)}\npossible:\n  {texts}")
        possible = after
    for record in records:
        if isinstance(record, End) and record.outcome in ("complete", "stuck"):
            complete = any(course.complete(config) for config in possible)
            if complete is not (record.outcome == "complete"):
                raise NotAPathError(f"the end is not {record.outcome}: {record.states}")
    return course, possible


def shown(step: Step) -> tuple[object, ...]:
    """What of a step an engine and the semantics must agree on (not times and sizes)."""
    if step.kind in (StepKind.CRASH, StepKind.ELAPSE):
        return (step.kind, step.receiver, step.trigger)
    happened = (step.kind, step.receiver, step.message or step.trigger, step.sender)
    if step.kind is StepKind.LOSE:
        return happened
    sends: dict[str, list[str]] = {}
    for sent in step.sends:  # what divides its receivers is several records of one send
        sends.setdefault(sent.message, []).extend(sent.to)
    to_whom = tuple((message, tuple(sorted(to))) for message, to in sends.items())
    return (*happened, step.state_before, step.state_after, step.outcome, step.row, to_whom, step.raises)
