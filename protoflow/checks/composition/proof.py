"""For every number of participants at once: the abstraction, in which counts are 0, .., k and many.

The finite picture that it gives contains every course of every size, so what is not in it is proved. An alarm may be of
the picture only: where one client has its turn at a time, k = 0 takes that one for many. Then a larger k knows better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition import sizes as numbers
from protoflow.checks.composition.analyses import Alarm, Used, alarms, used
from protoflow.checks.composition.configuration import CHANNEL, OUT, RUN
from protoflow.checks.composition.domain import Abstract
from protoflow.checks.composition.explore import OutOfBudgetError, endless
from protoflow.checks.composition.pumping import CAP
from protoflow.checks.composition.search import search

if TYPE_CHECKING:
    from protoflow.checks.composition.configuration import Work
    from protoflow.checks.composition.explore import Budget, Graph
    from protoflow.checks.composition.model import Model

LEVELS = 3
"""How many abstractions are tried: k, k + 1, k + 2."""

GLIMPSE = (4_000, 1_000, 1_000)
"""Configurations that the abstraction of each level gets at first: where a finer one knows better it has few."""

UNREDUCED = 10_000
"""The same for one in which nothing is postponed."""


class Proof(NamedTuple):
    """What the abstraction of a level shows: its alarms, whether every run comes to an end, and what runs use."""

    level: int
    alarms: set[Alarm]
    ends: bool
    used: set[Used]
    configurations: int


def prove(model: Model, level: int, budget: Budget) -> Proof | None:
    """The abstraction of that level; None where it does not finish. The model's `times` are unknown numbers."""
    found: set[Alarm] = set()
    taken: set[Used] = set()
    ends = True
    configurations = 0
    k = _k(model, level)
    try:
        for sizes in numbers.abstract(model, k):
            graph, steps, _ = search(model, sizes, Abstract(k), budget, cap=2 * CAP, looking=_capped)
            if graph.capped:
                return None
            found |= set(alarms(graph, model))
            taken |= used(graph, model)
            ends = ends and not endless(graph, steps, lambda label: True)
            configurations += len(graph)
    except OutOfBudgetError:
        return None
    return Proof(level, found, ends, taken, configurations)


def coarsest(model: Model, budget: Budget) -> Proof | None:
    """The first level that takes little; else the first of all, with the whole budget."""
    for level in range(LEVELS):
        found = prove(model, level, budget.limited(budget.seconds, GLIMPSE[level]))
        if found is not None:
            return found
    return prove(model, 0, budget)


def stays_bounded(model: Model, budget: Budget) -> bool:
    """PF204: in some abstraction with nothing postponed, and no channel abridged, all channels are short."""
    return any(_stays_bounded(model, level, budget.limited(budget.seconds, UNREDUCED)) for level in range(LEVELS))


def _stays_bounded(model: Model, level: int, budget: Budget) -> bool:
    k = _k(model, level)
    domain = Abstract(k, forgets=False)
    try:
        for sizes in numbers.abstract(model, k):
            graph, _, _ = search(model, sizes, domain, budget, reduced=False, cap=2 * CAP, looking=_grows)
            if graph.stopped or graph.capped:
                return False
    except OutOfBudgetError:
        return False
    return True


def _capped(graph: Graph, node: int, work: Work) -> bool:
    return bool(graph.capped)


def _grows(graph: Graph, node: int, work: Work) -> bool:
    """A channel is too long, or holds what stands for any number of messages."""
    return bool(graph.capped) or any(
        message >= 0 and message & RUN
        for entry in work.entries
        for pairs in entry[OUT:]
        for pair in pairs
        for message in pair[CHANNEL]
    )


def _k(model: Model, level: int) -> int:
    return max(0, numbers.least(model) - 1) + level
