"""PF106 and PF107: rows that are never taken, and choices among rows in which none may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.structure import suggest
from protoflow.checks.structure.choices import Choices
from protoflow.checks.structure.facts import (
    place,
    role_triggers,
    rows_by_declaration,
    source_span,
    together,
    trigger_span,
)
from protoflow.diagnostics import Diagnostic, Help, Label, one_of
from protoflow.language.suggest import quoted
from protoflow.protocol import EVERYTHING, Raised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protoflow.checks.structure.choices import Dead
    from protoflow.program import Program, RoleProgram, Row


def dead_rows(program: Program) -> Iterator[Diagnostic]:
    """PF106, once for each row as written and reason. With `source: "*"` only if it is never taken in any state:
    a row for one state before the row for all of them is how an exception is written."""
    for role in program.roles.values():
        choices = Choices(program, role)
        for rows in rows_by_declaration(role).values():
            reasons: dict[Dead, list[Row]] = {}
            for row in rows:
                if reason := choices.never_taken(row):
                    reasons.setdefault(reason, []).append(row)
            if EVERYTHING in rows[0].declared.sources and sum(map(len, reasons.values())) < len(rows):
                continue
            for reason, dead in reasons.items():
                for part in together(dead):
                    yield _dead(program, role, part, reason, whole=len(part) == len(rows))


def _dead(program: Program, role: RoleProgram, dead: list[Row], reason: Dead, *, whole: bool) -> Diagnostic:
    first = dead[0]
    triggers, sources = _triggers(dead), _sources(dead)
    if whole:
        span = first.declared.span
    elif len(triggers) == 1 and len(first.declared.triggers) > 1:
        span = trigger_span(first)
    else:
        span = source_span(first)
    before = [written for other in reason.blamed if (written := role.role.transitions[other].span)]
    help = Help("move it up, give what is tried before it a condition, or take it out") if before else None
    if whole and len(reason.blamed) == 1:
        earlier = role.role.transitions[reason.blamed[0]]
        change = suggest.exchanged(
            program, earlier, first.declared, "let the two change places, so that it is tried first"
        )
        help = one_of(each for each in (change, help) if each)
    named = {("event" if trigger in role.role.events else "message", trigger) for trigger in triggers}
    return Diagnostic(
        "PF106",
        f"this row for {quoted(triggers)} is never taken in {quoted(sources)} of `{role.name}`: {reason.why}",
        place(program, span, first.declared),
        label="never taken" if whole else "never taken here",
        related=tuple(Label(written, "tried before it") for written in before),
        help=help,
        subject=frozenset(
            {("role", role.name), ("row", str(first.index)), *named, *(("state", state) for state in sources)}
        ),
    )


def incomplete_choices(program: Program) -> Iterator[Diagnostic]:
    """PF107, once for each set of rows as written.

    A stale message for which no row holds is dropped, so of replies only fresh ones count. Nothing is said of `start`
    and `lost`, which need no row, and of final states, where a participant may rest.
    """
    for role in program.roles.values():
        choices = Choices(program, role)
        found: dict[tuple[tuple[int, ...], str], list[Row]] = {}
        for state, trigger in role_triggers(role):
            why = choices.all_fail(state, trigger)
            if why is not None:
                rows = role.rows(state, trigger)
                found.setdefault((tuple(row.index for row in rows), why), []).append(rows[-1])
        for (_, why), lasts in found.items():
            for part in together(lasts):
                yield _incomplete(program, role, part, why)


def _incomplete(program: Program, role: RoleProgram, lasts: list[Row], why: str) -> Diagnostic:
    """`lasts` are the last rows of choices that consist of the same rows as written."""
    triggers, states = _triggers(lasts), _sources(lasts)
    last = lasts[0]
    rows = role.rows(last.source, last.trigger)
    event = role.role.events.get(last.trigger)
    if event is None or isinstance(event.condition, Raised):
        what = f"{quoted(triggers)} may find no row in {quoted(states)} of `{role.name}`"
    else:
        what = f"{quoted(triggers)} of `{role.name}` might never fire in {quoted(states)}"
    return Diagnostic(
        "PF107",
        f"{what}: none of its rows holds {why}",
        place(program, *(last.declared.spans.get(key) for key in ("conditions", "unless", "times")), last.declared),
        label=f"{'this can fail, and no row' if last.guards else 'no row'} says what happens then",
        related=tuple(Label(span, "this one may fail too") for row in rows[:-1] if (span := row.declared.span)),
        help=one_of(_otherwise(program, role, rows, triggers, states)),
        subject=frozenset(
            {
                ("role", role.name),
                *(("event" if event else "message", trigger) for trigger in triggers),
                *(("state", state) for state in states),
            }
        ),
    )


def _otherwise(
    program: Program, role: RoleProgram, rows: Sequence[Row], triggers: Sequence[str], states: Sequence[str]
) -> Iterator[Help]:
    """A row that holds whenever these do not. Of an event it leads on as another row does; what a message brings is
    handled, and answered as these rows do."""
    event = rows[0].trigger in role.role.events
    conditions, unless = suggest.counterpart(rows)
    named = f"on_{rows[0].trigger}"
    ways = suggest.ways_on(program, role, rows)
    if not event:
        own = suggest.way(program, rows[-1].declared)
        ways = [(dest, named, sends) for dest, _, sends in dict.fromkeys([own, *ways])]
    for dest, handler, sends in [*ways, (None, named, ())]:
        fields = suggest.row(
            triggers, states, dest=dest, conditions=conditions, unless=unless, handler=handler, sends=sends
        )
        yield suggest.add_row(program, role, "say what happens then", fields)


def _triggers(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.trigger for row in rows))


def _sources(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.source for row in rows))
