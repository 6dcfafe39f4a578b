"""Breadth-first search of all configurations, and the graph that the analyses read.

Timers elapse for free where nothing that must be possible is left, and where all that is possible, timers apart, only
goes round in a circle; besides that early, out of a budget. So the search goes in phases: explore; find the circles;
let the timers there elapse; go on until nothing is new.

The graph has an edge for each step. A must edge into a configuration in which somebody is about to fire an event that
might not fire is no way on (its sibling, in which nothing fires, stands for both); such configurations are `undecided`.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import (
    CHANNEL,
    CRASHED,
    EARLY,
    LIVE,
    OUT,
    PENDING,
    ROLE,
    STATE,
    Code,
    Store,
    Work,
)
from protoflow.checks.composition.steps import coming_late
from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from protoflow.checks.composition.reduction import Reduction
    from protoflow.checks.composition.steps import Label, Step, Steps

ERROR = -1
"""The target of a step into an error."""


TOLD = 64
"""Progress is told after so many configurations."""

EDGES = 16
"""So many edges take as much room as a configuration."""


class OutOfBudgetError(Exception):
    """The time or the number of configurations that the search may use is spent."""


class Budget:
    """Seconds, and configurations held at once (about 1 kB each). `progress` is told how many were seen in all.

    Seconds are those that this thread computes: what else the machine has to do does not change a verdict.
    """

    def __init__(self, seconds: float, configurations: int, progress: Callable[[int], None] | None = None) -> None:
        self.seconds = seconds
        self.ends = time.thread_time() + seconds
        self.configurations = configurations
        self._progress = progress
        self._seen = [0]  # shared with the parts of this budget

    @property
    def spent(self) -> float:
        """The part of the time that is gone, from 0 to 1."""
        return 1 - max(0.0, self.ends - time.thread_time()) / self.seconds

    def part(self, share: int) -> Budget:
        """One in `share` of the time that is left."""
        return self.limited((self.ends - time.thread_time()) / share, self.configurations)

    def limited(self, seconds: float, configurations: int) -> Budget:
        """A part of this budget, no longer than that."""
        left = self.ends - time.thread_time()
        part = Budget(min(seconds, left), min(configurations, self.configurations), self._progress)
        part._seen = self._seen
        return part

    def spend(self, held: int) -> None:
        """One configuration more, of which so many are held. Raises OutOfBudgetError."""
        if held > self.configurations:
            raise OutOfBudgetError
        self._seen[0] += 1
        if self._progress is not None and self._seen[0] % TOLD == 0:
            self._progress(self._seen[0])
        self.look()

    def look(self) -> None:
        """Look at the clock. Raises OutOfBudgetError."""
        if time.thread_time() > self.ends:
            raise OutOfBudgetError


Move = tuple[int, int]
"""One member went from one local configuration to another (numbers of the store), and nothing else changed."""

SHORTENS: Move = (-1, -1)
"""A message was taken out of a run of equal ones, and nothing else changed: in a real channel, runs end."""


class Graph:
    """What has been explored. `edges[n]` are (target, label); in an abstraction `moves[n]` tells which are moves."""

    def __init__(self, store: Store, look: Callable[[], None]) -> None:
        self.store = store
        self.look = look  # at the clock, while the graph is made and read
        self.codes: list[Code] = []
        self.index: dict[Code, int] = {}
        self.edges: list[list[tuple[int, Label]]] = []
        self.moves: list[list[Move | None]] = []
        self.complete: list[bool] = []
        self.undecided: list[bool] = []
        self.initial: list[int] = []
        self.timed: set[int] = set()
        self.capped: list[int] = []
        self.open: set[int] = set()  # not gone on from: capped, or behind the end of a search that stopped
        self.stopped = False
        self.steps = 0

    def __len__(self) -> int:
        return len(self.codes)

    def work(self, node: int) -> Work:
        return self.store.decode(self.codes[node])

    def ways_on(self, node: int) -> Iterator[tuple[int, int]]:
        """Where the course can go on to, each with the number of its edge: by progress, or by an event from outside.
        ERROR for a step into an error.

        Nobody may ever raise such an event, so time passes as if it were not there; but a course in which somebody can
        is not stuck.
        """
        for number, (target, label) in enumerate(self.edges[node]):
            if (label.must or label.outside) and (target == ERROR or not self.undecided[target]):
                yield target, number

    def shortest(self) -> tuple[list[int], list[tuple[int, int] | None]]:
        """Of each configuration: its distance from a beginning, and the (configuration, edge) before it on the way."""
        distance = [-1] * len(self.codes)
        before: list[tuple[int, int] | None] = [None] * len(self.codes)
        todo: deque[int] = deque()
        for node in self.initial:
            if distance[node] < 0:
                distance[node] = 0
                todo.append(node)
        while todo:
            node = todo.popleft()
            for number, (target, _) in enumerate(self.edges[node]):
                if target >= 0 and distance[target] < 0:
                    distance[target] = distance[node] + 1
                    before[target] = (node, number)
                    todo.append(target)
        return distance, before


def longest(work: Work) -> int:
    """The number of messages in the fullest channel."""
    return max((len(pair[CHANNEL]) for entry in work.entries for pairs in entry[OUT:] for pair in pairs), default=0)


def is_complete(steps: Steps, work: Work) -> bool:
    roles = steps.model.roles
    return all(entry[LIVE] == CRASHED or roles[entry[ROLE]].final[entry[STATE]] for entry in work.entries)


def is_undecided(work: Work) -> bool:
    """Somebody is about to fire an event that might as well not fire."""
    return any(entry[PENDING] and not entry[PENDING][1] for entry in work.entries)


def explore(
    steps: Steps,
    store: Store,
    beginnings: Iterable[Work],
    budget: Budget,
    reduction: Reduction | None = None,
    cap: int | None = None,
    enough: Callable[[Graph, int, Work], bool] | None = None,
) -> Graph:
    """All configurations, or with a reduction those that stand for all.

    Configurations with more than `cap` messages in a channel are not gone on from (`Graph.capped`). `enough` is asked
    after each configuration that has been gone on from, and ends the search.
    """
    graph = Graph(store, budget.look)
    frontier: deque[int] = deque()

    def add(work: Work) -> int:
        code = store.encode(work)
        node = graph.index.get(code)
        if node is None:
            node = len(graph.codes)
            budget.spend(node + graph.steps // EDGES)
            graph.index[code] = node
            graph.codes.append(code)
            graph.edges.append([])
            graph.moves.append([])
            graph.complete.append(is_complete(steps, work))
            graph.undecided.append(is_undecided(work))
            frontier.append(node)
        return node

    def link(node: int, old: Work, label: Label, work: Work) -> None:
        target = ERROR if label.outcome is Outcome.UNHANDLED else add(work)
        graph.edges[node].append((target, label))
        graph.steps += 1
        if store.domain.abstract:
            graph.moves[node].append(move(store, old, label, work))
        for late in work.late:
            graph.edges[node].append((ERROR, coming_late(*late)))
            graph.moves[node].append(None)

    for work in beginnings:
        budget.look()
        graph.initial.append(add(work))
    while frontier:
        while frontier:
            node = frontier.popleft()
            budget.look()
            work = graph.work(node)
            if cap is not None and longest(work) > cap:
                graph.capped.append(node)
                graph.open.add(node)
                continue
            ample = reduction.ample(work) if reduction is not None else None
            if ample is not None:
                ways: Iterable[Step] = ample[1]
            else:
                ways = steps.of(work) if reduction is None else reduction.all(work)
            moving = False
            for label, new in ways:
                moving |= label.must
                link(node, work, label, new)
            timers: Iterable[Step] = ()
            if not moving and not graph.undecided[node]:
                graph.timed.add(node)
                timers = steps.elapses(work, early=False)
            elif work.globals[EARLY] and ample is None:
                timers = steps.elapses(work, early=True)
            elif work.globals[EARLY] and ample is not None and ample[0] >= 0:
                timers = steps.elapses_of(work, ample[0], early=True)
            for label, new in timers:
                link(node, work, label, new)
            if enough is not None and enough(graph, node, work):
                graph.open.update(frontier)
                graph.stopped = True
                return graph
        for node in circling(graph, steps):
            budget.look()
            work = graph.work(node)
            graph.timed.add(node)
            for label, new in steps.elapses(work, early=False):
                link(node, work, label, new)
    return graph


def move(store: Store, old: Work, label: Label, new: Work) -> Move | None:
    """The one member that the step has moved, if that is all it did."""
    before, after = old.entries, new.entries
    if new.globals != old.globals or new.merged:
        return None
    changed = [place for place, entry in enumerate(before) if after[place] is not entry and after[place] != entry]
    if any(place < store.columns for place in changed):
        return None
    moved = len(changed) + len(after) - len(before)
    if moved == 0 and label.kind is StepKind.DELIVER and not new.sent:
        return SHORTENS
    if moved != 1:
        return None
    if changed:
        group, now = changed[0], after[changed[0]]
    else:
        group, now = label.actor if label.actor >= store.columns else label.sender, after[-1]
    if group < store.columns:
        return None
    if before[group] == now and label.kind is StepKind.DELIVER and not new.sent:
        return SHORTENS
    return store.number(before[group]), store.number(now)


def circling(graph: Graph, steps: Steps) -> list[int]:
    """Configurations from which progress, timers apart, only goes round in a circle; not those found before.

    With a fixed number of participants: bottom components. In an abstraction: all that can stand for one.
    """
    found: list[int] = []
    if graph.store.domain.abstract:
        for nodes in endless(graph, steps, lambda label: label.kind is not StepKind.ELAPSE and not label.outside):
            found += [node for node in nodes if node not in graph.timed]
        return found

    def ways(node: int) -> list[int]:
        return [
            target
            for target, label in graph.edges[node]
            if label.must and label.kind is not StepKind.ELAPSE and (target == ERROR or not graph.undecided[target])
        ]

    component = components(len(graph), ways)
    for number, nodes in enumerate(grouped(component)):
        if len(nodes) == 1 and nodes[0] not in ways(nodes[0]):
            continue
        if all(target != ERROR and component[target] == number for node in nodes for target in ways(node)):
            found += [node for node in nodes if node not in graph.timed]
    return found


def endless(graph: Graph, steps: Steps, counts: Callable[[Label], bool]) -> list[list[int]]:
    """Components of an abstract graph that a concrete run of the steps that `counts` could stay in for ever.

    Not those that every run must leave: a row with `times` is taken only so often; and where every step moves one
    member from one local configuration to another, and these moves never lead back, members run out.
    """
    rows = steps.model.rows

    def within(node: int) -> Iterator[tuple[int, int]]:
        for number, (target, label) in enumerate(graph.edges[node]):
            if target != ERROR and counts(label) and (label.row < 0 or rows[label.row].row.times is None):
                yield number, target

    component = components(len(graph), lambda node: [target for _, target in within(node)])
    found: list[list[int]] = []
    for number, nodes in enumerate(grouped(component)):
        graph.look()
        inside = [(node, edge) for node in nodes for edge, target in within(node) if component[target] == number]
        moves = [graph.moves[node][edge] for node, edge in inside]
        if inside and not _run_out(moves):
            found.append(nodes)
    return found


def _run_out(moves: list[Move | None]) -> bool:
    """All are moves, and there is no way round: then each member moves, so sends, only so often, and channels empty."""
    ways: dict[int, list[int]] = {}
    places: dict[int, int] = {}
    for step in moves:
        if step == SHORTENS:
            continue
        if step is None or step[0] == step[1]:
            return False
        a, b = (places.setdefault(place, len(places)) for place in step)
        ways.setdefault(a, []).append(b)
    return max(components(len(places), lambda place: ways.get(place, [])), default=-1) == len(places) - 1


def goes_round(graph: Graph) -> bool:
    """Whether some run never ends."""

    def ways(node: int) -> list[int]:
        return [target for target, _ in graph.edges[node] if target != ERROR]

    groups = grouped(components(len(graph), ways))
    return len(groups) < len(graph) or any(node in ways(node) for node in range(len(graph)))


def grouped(component: list[int]) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(max(component, default=-1) + 1)]
    for node, number in enumerate(component):
        groups[number].append(node)
    return groups


def components(size: int, ways: Callable[[int], list[int]]) -> list[int]:
    """The strongly connected component of each node, in reverse topological order (Tarjan, without recursion)."""
    number = [-1] * size
    low = [0] * size
    component = [-1] * size
    stack: list[int] = []
    count = found = 0
    for root in range(size):
        if number[root] >= 0:
            continue
        calls: list[tuple[int, Iterator[int]]] = []
        number[root] = low[root] = count
        count += 1
        stack.append(root)
        calls.append((root, iter(ways(root))))
        while calls:
            node, rest = calls[-1]
            for target in rest:
                if target < 0:
                    continue
                if number[target] < 0:
                    number[target] = low[target] = count
                    count += 1
                    stack.append(target)
                    calls.append((target, iter(ways(target))))
                    break
                if component[target] < 0:
                    low[node] = min(low[node], number[target])
            else:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                if low[node] == number[node]:
                    while True:
                        member = stack.pop()
                        component[member] = found
                        if member == node:
                            break
                    found += 1
    return component
