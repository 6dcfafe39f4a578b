"""The checker's searches beside the naive explorer's, in the same words: places, and lengths of shortest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.analyses import alarms
from protoflow.checks.composition.domain import Abstract, Exact
from protoflow.checks.composition.explore import Budget, endless
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.checks.composition.sizes import abstract, least
from protoflow.checks.composition.tables import Times
from tests.naive import explorer as naive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.program import Program

Places = dict[tuple[str, ...], int]


class Proof(NamedTuple):
    """What the abstraction says: its alarms, and whether every run comes to an end."""

    alarms: set[Alarm]
    ends: bool


def place(alarm: Alarm, model: Model) -> tuple[str, ...]:
    if alarm.code in ("PF202", "PF203"):
        return (alarm.code,)
    if alarm.code == "PF206":
        return (alarm.code, alarm.trigger)
    role = model.roles[alarm.role]
    if alarm.code == "PF209":
        return (alarm.code, role.name, str(alarm.row), alarm.trigger)
    return (alarm.code, role.name, role.states[alarm.state], alarm.trigger)


def ours(program: Program, participants: Mapping[str, int], *, reduced: bool, cap: int = 4) -> tuple[Places, int]:
    """Places with the length of the shortest run to each, and the number of configurations."""
    model = Model(program, program.protocol.assumptions)
    sizes = tuple(participants[role.name] for role in model.roles)
    graph, _, _ = search(model, sizes, Exact(), Budget(60, 200_000), reduced=reduced, cap=cap)
    found: Places = {}
    for alarm, where in alarms(graph, model).items():
        key = place(alarm, model)
        found[key] = min(found.get(key, where.distance), where.distance)
    return found, len(graph)


def theirs(program: Program, participants: Mapping[str, int], limit: int) -> Places | None:
    """The same of the naive explorer, PF204 apart; None where it is too large or a channel grows."""
    try:
        result = naive.explore(program, participants, limit=limit)
    except naive.TooLargeError:
        return None
    if result.cut:
        return None
    return {
        tuple(map(str, key)): naive.length(program, found.run)
        for key, found in result.found.items()
        if key[0] != "PF204"
    }


def proof(program: Program, level: int = 0, configurations: int = 5_000, cap: int = 8) -> Proof | None:
    """The abstraction's alarms; None where it does not finish or the shape is no star. Raises OutOfBudgetError."""
    model = Model(program, program.protocol.assumptions, Times.UNKNOWN)
    if not model.star:
        return None
    k = max(0, least(model) - 1) + level
    found: set[Alarm] = set()
    ends = True
    for sizes in abstract(model, k):
        graph, steps, _ = search(model, sizes, Abstract(k), Budget(20, configurations), cap=cap)
        if graph.capped:
            return None
        found |= set(alarms(graph, model))
        ends = ends and not endless(graph, steps, lambda label: True)
    return Proof(found, ends)
