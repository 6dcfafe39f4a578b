"""PF207: rows, events and states that no run uses, not even with a little of a fault that the assumptions exclude.

What the searches of the check have used is used. For the rest, small courses are searched again, with no message
dropped before a row can take it: under the assumptions as they are, then with each budget that is zero at one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.checks.composition.analyses import used
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import OutOfBudgetError
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.protocol import LOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protoflow.checks.composition.analyses import Used
    from protoflow.checks.composition.explore import Budget
    from protoflow.checks.composition.sizes import Sizes
    from protoflow.program import Program
    from protoflow.protocol import Assumptions

SECONDS, CONFIGURATIONS = 1.0, 20_000
"""What each search may cost; where that is not enough, nothing is reported."""


def never_used(
    model: Model, lowered: Program, seen: set[Used], sizes: Sequence[Sizes], cap: int | None, budget: Budget
) -> set[Used]:
    """What no run uses, in courses of these sizes."""
    left = _everything(model) - seen
    as_they_are = model.assumptions
    for assumptions in (as_they_are, *_raised(model)):
        for program in (lowered, model.program) if assumptions is as_they_are else (lowered,):
            for size in sizes:
                if not left:
                    return left
                tried = Model(program, assumptions)
                try:
                    graph, _, _ = search(
                        tried, size, Exact(), budget.limited(SECONDS, CONFIGURATIONS), drops=False, cap=cap
                    )
                except OutOfBudgetError:
                    return set()
                left -= used(graph, tried)
    return left


def _everything(model: Model) -> set[Used]:
    """All that a run could use as the tables are: states that rows lead to, the rows there, and their events."""
    found: set[Used] = set()
    for row in model.rows:
        role = model.roles[row.role]
        excluded = row.row.trigger == LOST and not _can_crash(model, row.role)
        if row.row.source in role.program.reachable and not excluded:
            found.add(("row", row.role, row.row.index))
            if row.row.trigger in role.event_names:
                found.add(("event", row.role, role.event_names.index(row.row.trigger)))
    return found | {
        ("state", role.index, role.states.index(name)) for role in model.roles for name in role.program.reachable
    }


def _can_crash(model: Model, role: int) -> bool:
    return any(model.assumptions.crashes.get(model.roles[peer].name) for peer in model.roles[role].peers)


def _raised(model: Model) -> Iterator[Assumptions]:
    """The assumptions with one budget that is zero at one."""
    now = model.assumptions
    for role in model.roles:
        if not now.crashes.get(role.name):
            yield replace(now, crashes={**now.crashes, role.name: 1})
    if not now.early_timeouts:
        yield replace(now, early_timeouts=1)
    if not now.loss:
        yield replace(now, loss=1)
    if not now.duplicates:
        yield replace(now, duplicates=1)
