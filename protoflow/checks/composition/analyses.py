"""What is wrong in a graph: each alarm once, with the nearest configuration that shows it.

An alarm is told by its code and what it is about, so that the same one at another size, or in the
abstraction, is equal.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import CRASHED, LIVE, PENDING, ROLE, STATE, Code, Work
from protoflow.checks.composition.explore import ERROR, Graph
from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.steps import Label


class Alarm(NamedTuple):
    """`trigger` is a message, event or property; `row` the transition in the role; -1 and "" where it has none."""

    code: str
    role: int
    state: int
    trigger: str = ""
    row: int = -1


class Place(NamedTuple):
    """Where it shows: `distance` steps from a beginning, at a configuration, or on one of the steps out of it."""

    distance: int
    node: int
    edge: int | None


def alarms(graph: Graph, model: Model) -> dict[Alarm, Place]:
    """All alarms of a graph. PF203 is not told by an abstraction, which has a proof of its own (`explore.endless`), nor
    by a search that stopped early.
    """
    distance, _ = graph.shortest()
    nodes = sorted(range(len(graph)), key=distance.__getitem__)
    found: dict[Alarm, Place] = {}
    stuck = {node for node in nodes if is_stuck(graph, node)}
    endless = set() if graph.store.domain.abstract or graph.stopped else never_done(graph, stuck)
    for node in nodes:
        graph.look()
        for number, (_, label) in enumerate(graph.edges[node]):
            alarm = of_step(model, label)
            if alarm is not None:
                place = Place(distance[node] + 1, node, number)
                if alarm not in found or place < found[alarm]:
                    found[alarm] = place
        here = [("PF202", node in stuck), ("PF203", node in endless)]
        for code, shows in here:
            if shows:
                found.setdefault(Alarm(code, *waiting(model, graph.work(node))), Place(distance[node], node, None))
        if model.program.protocol.properties:
            for name in violated(model, graph.work(node)):
                found.setdefault(Alarm("PF206", -1, -1, name), Place(distance[node], node, None))
    return found


class Looking:
    """Ends a breadth-first search when it has come by all alarms that are wanted; PF203 needs the whole graph."""

    def __init__(self, model: Model, wanted: Iterable[Alarm]) -> None:
        self.model = model
        self.left = set(wanted)

    def __call__(self, graph: Graph, node: int, work: Work) -> bool:
        self.left.difference_update(of_step(self.model, label) for _, label in graph.edges[node])
        if is_stuck(graph, node):
            self.left.discard(Alarm("PF202", *waiting(self.model, work)))
        if self.model.program.protocol.properties:
            self.left.difference_update(Alarm("PF206", -1, -1, name) for name in violated(self.model, work))
        return not self.left


def of_step(model: Model, label: Label) -> Alarm | None:
    """What a step by itself shows."""
    if label.kind not in (StepKind.DELIVER, StepKind.DUPLICATE, StepKind.RAISED):
        return None
    role = model.roles[label.role]
    if label.kind is StepKind.RAISED:
        trigger = role.event_names[label.trigger]
    else:
        trigger = model.messages[label.trigger] if label.trigger >= 0 else "lost"
    if label.outcome is Outcome.UNHANDLED:
        return Alarm("PF201", label.role, label.state, trigger)
    if label.outcome is Outcome.LATE:
        return Alarm("PF205", label.role, label.state, trigger)
    if label.row >= 0 and label.trigger in role.reply_to and label.kind is not StepKind.RAISED and not label.bits & 1:
        row = model.rows[label.row]
        if not row.speaks_of_fresh:
            return Alarm("PF209", label.role, label.state, trigger, row.row.index)
    return None


def is_stuck(graph: Graph, node: int) -> bool:
    """Nobody can move, and the course is not complete."""
    if graph.complete[node] or graph.undecided[node] or node in graph.open:
        return False
    return not any(True for _ in graph.ways_on(node))


def never_done(graph: Graph, stuck: set[int]) -> set[int]:
    """Configurations that go on, but from which neither a complete one nor another end can be reached."""
    before: list[list[int]] = [[] for _ in range(len(graph))]
    ends = set()
    for node in range(len(graph)):
        graph.look()
        ways = {target for target, _ in graph.ways_on(node)}
        if graph.complete[node] or node in stuck or node in graph.open or ERROR in ways:
            ends.add(node)
        for target in ways:
            if target != ERROR:
                before[target].append(node)
    todo = list(ends)
    while todo:
        for node in before[todo.pop()]:
            if node not in ends:
                ends.add(node)
                todo.append(node)
    never = {node for node in range(len(graph)) if node not in ends and not graph.undecided[node]}
    return _whatever_fires(graph, never)


def _whatever_fires(graph: Graph, never: set[int]) -> set[int]:
    """Those of the configurations that are as bad with every other row that could have been decided to fire next."""
    if not never:
        return never
    alike: dict[Code, list[int]] = {}
    for node in range(len(graph)):
        graph.look()
        work = graph.work(node)
        for who, entry in enumerate(work.entries):
            if entry[PENDING]:
                work.set(who, PENDING, (-1, entry[PENDING][1]))
        alike.setdefault(graph.store.encode(work), []).append(node)
    return {node for nodes in alike.values() if never.issuperset(nodes) for node in nodes}


def going_on(graph: Graph, node: int, model: Model) -> list[str]:
    """What is done again and again from there: each trigger and its role, in order of first occurrence."""
    names: dict[str, None] = {}
    seen, todo = {node}, deque([node])
    while todo:
        for target, label in graph.edges[todo.popleft()]:
            if not (label.must or label.outside) or target == ERROR:
                continue
            if label.row >= 0:
                names.setdefault(f"`{model.rows[label.row].row.trigger}` at `{model.roles[label.role].name}`")
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return list(names)


def waiting(model: Model, work: Work) -> tuple[int, int]:
    """The role and state of the participant that a stop is told by: the first role with one that is not done."""
    unfinished = [
        (entry[ROLE], entry[STATE])
        for entry in work.entries
        if entry[LIVE] != CRASHED and not model.roles[entry[ROLE]].final[entry[STATE]]
    ]
    return min(unfinished)


def violated(model: Model, work: Work) -> Iterator[str]:
    """The properties that do not hold here."""
    there = {
        (model.roles[entry[ROLE]].name, model.roles[entry[ROLE]].states[entry[STATE]])
        for entry in work.entries
        if entry[LIVE] != CRASHED
    }
    for name, declared in model.program.protocol.properties.items():
        if all(any((role, state) in there for state in states) for role, states in declared.never.items()):
            yield name


Used = tuple[str, int, int]
"""("row", role, transition), ("event", role, event) or ("state", role, state)."""


def used(graph: Graph, model: Model) -> set[Used]:
    """What some run uses: rows that are taken, events that fire or are raised, states that somebody is in."""
    taken = {label.row for edges in graph.edges for _, label in edges if label.row >= 0}
    found: set[Used] = set()
    for uid in taken:
        row = model.rows[uid]
        role = model.roles[row.role]
        found |= {("row", row.role, row.row.index), ("state", row.role, row.source)}
        if row.dest >= 0:
            found.add(("state", row.role, row.dest))
        if row.row.trigger in role.event_names:
            found.add(("event", row.role, role.event_names.index(row.row.trigger)))
    return found | {("state", role.index, role.initial) for role in model.roles}
