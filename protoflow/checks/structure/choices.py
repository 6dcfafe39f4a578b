"""Choices among rows: for one state and one trigger, which rows are ever taken, and whether one always is.

Conditions are taken as truth values (`guards`), so a pair `conditions: x` and `unless: x` is complete, and a row behind
it is never taken. A row with `times` that may come again holds only so often: it makes no choice complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.structure.graphs import reachable_from
from protoflow.checks.structure.guards import assignment_without, constant_links, holding, in_words
from protoflow.program import Disposition
from protoflow.protocol import FRESH, LOST, START, Raised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.checks.structure.guards import Truth
    from protoflow.program import Program, RoleProgram, Row

MAX_NAMES = 8
MAX_ROWS = 32
"""Larger choices are not judged: the search is exponential in the names, and each row is held against all before it."""


class Dead(NamedTuple):
    """Why a row is never taken, and the transitions before it (by place in the role) that are to blame."""

    why: str
    blamed: tuple[int, ...] = ()


class Choices:
    """What the choices of one role are asked; whatever it takes to answer is worked out once."""

    def __init__(self, program: Program, role: RoleProgram) -> None:
        self.role = role
        self.known = constant_links(program, role)
        self._leading_on: dict[str, set[str]] = {}  # state -> triggers that lead to another one
        for row in role.all_rows():
            if row.target_state != row.source:
                self._leading_on.setdefault(row.source, set()).add(row.trigger)

    def never_taken(self, row: Row) -> Dead | None:
        """Why the row is never taken; None where it may be."""
        role, state = self.role, row.source
        if row.trigger == START and state != role.initial:
            return Dead(f"it starts in `{role.initial}`")
        if row.trigger in role.deferred[state]:
            return Dead(f"`{state}` defers it")
        if row.trigger in role.ignored[state]:
            return Dead(f"`{state}` ignores it")
        choice = role.rows(state, row.trigger)
        if not _small(choice):
            return None
        truth = holding(row.guards, self.known)
        if truth is None:
            return Dead(_contradiction(row, self.known))
        before = [other for other in choice if other.index < row.index and not self._may_run_out(other)]
        if assignment_without([other.guards for other in before], truth) is not None:
            return None
        for other in before:
            if assignment_without([other.guards], truth) is None:
                return Dead("a row before it holds whenever it does", (other.index,))
        return Dead("one of the rows before it always holds", tuple(other.index for other in before))

    def all_fail(self, state: str, trigger: str) -> str | None:
        """When no row of the choice holds, in words; None where one always does, or where that is no mistake."""
        role, rows = self.role, self.role.rows(state, trigger)
        if state in role.finals or trigger in (START, LOST) or not _small(rows):
            return None
        event = role.role.events.get(trigger)
        if event is None and role.disposition(state, trigger) is not Disposition.HANDLE:
            return None
        known = {**self.known, FRESH: True} if trigger in role.request_of else self.known
        guards = [guard for row in rows for guard in row.guards if guard.name != FRESH]
        fails = assignment_without([row.guards for row in rows], known)
        if fails is not None:
            return f"when {in_words(fails, guards)}"
        fails = assignment_without([row.guards for row in rows if not self._may_run_out(row)], known)
        if fails is None:
            return None
        if (
            event is not None
            and not isinstance(event.condition, Raised)
            and self._leading_on.get(state, set()) - {trigger}
        ):
            return None  # an event that fires a few times and then no more is no mistake where something else leads on
        limited = max(row.times for row in rows if row.times is not None)
        words = in_words(fails, guards)
        return f"after one was taken {limited} times" + (f", when {words}" if words else "")

    def _may_run_out(self, row: Row) -> bool:
        """Whether the row can be tried after it was taken as often as its `times` says: it lies on a circle."""
        return row.times is not None and row.source in reachable_from(self.role, [row.target_state])


def _small(rows: Sequence[Row]) -> bool:
    return len(rows) <= MAX_ROWS and len({guard.name for row in rows for guard in row.guards}) <= MAX_NAMES


def _contradiction(row: Row, known: Truth) -> str:
    for guard in row.guards:
        if known.get(guard.name, guard.wanted) != guard.wanted:
            return f"`{guard.name}` {'always' if known[guard.name] else 'never'} has somebody"
    both = {guard.name for guard in row.guards if guard.wanted} & {
        guard.name for guard in row.guards if not guard.wanted
    }
    return f"`{min(both)}` would have to hold and not to hold"
