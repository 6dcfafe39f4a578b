"""The naive explorer: every configuration of a small course, and what is wrong with it, straight from `semantics.md`.

No reduction, no symmetry, no cleverness: a graph of all configurations is built, then each finding is looked up in it.
It is bounded by `limit` configurations (`TooLargeError`) and by `cap` messages in a channel: a step that would put more
into one is cut, and what lies behind it is not known (`Result.cut`).

A finding is (code, role, place, ...) with the length of the shortest run that shows it:

    PF201, PF205  (code, role, state, message or event)        PF202, PF203  (code,)
    PF204         (code, sender's role, receiver's role)       PF206         (code, property)
    PF209         (code, role, row index, message)

What is never used (PF207) is asked of all courses of all sizes together: `Result.used` says what one course used.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import networkx

from protoflow.program import Program, count_bounds
from protoflow.protocol import START
from protoflow.trace import StepKind
from tests.naive.growth import growth
from tests.naive.steps import Course
from tests.naive.variants import all_flags, all_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from protoflow.protocol import Assumptions
    from protoflow.trace import Step
    from tests.naive.configuration import Config, Move

Place = tuple[str, ...]


class TooLargeError(Exception):
    """More configurations than the limit."""


@dataclass(frozen=True)
class Found:
    """A finding, with its shortest run and where that run happened."""

    place: Place
    run: tuple[Step, ...]
    participants: Mapping[str, int]
    links: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)


@dataclass
class Result:
    found: dict[Place, Found]
    used: set[Place]
    configurations: int = 0
    cut: bool = False
    undecided: set[Place] = field(default_factory=set)
    """What is perhaps never used: with a zero budget raised there was too much to explore."""


class Graph:
    """All configurations of one course that can be reached."""

    def __init__(self, course: Course, limit: int, cap: int) -> None:
        self.course, self.limit, self.cap = course, limit, cap
        self.moves: dict[Config, list[Move]] = {}
        self.cut: set[Config] = set()  # those with a step that would overfill a channel
        self.grow([course.initial()])
        while circling := [c for component in self.circles() for c in component if self.let_time_pass(c)]:
            self.grow([move.after for c in circling for move in self.moves[c] if move.after is not None])
        self.came_from = self.shortest()

    def grow(self, new: Iterable[Config]) -> None:
        todo = deque(new)
        while todo:
            config = todo.popleft()
            if config in self.moves:
                continue
            if len(self.moves) >= self.limit:
                raise TooLargeError
            moves = self.course.moves_and_time(config)
            self.moves[config] = [move for move in moves if not self.overfills(move)]
            if len(self.moves[config]) < len(moves):
                self.cut.add(config)
            todo.extend(move.after for move in self.moves[config] if move.after is not None)

    def overfills(self, move: Move) -> bool:
        return move.after is not None and any(len(messages) > self.cap for _, messages in move.after.channels)

    def circles(self) -> list[set[Config]]:
        """Bottom components of must steps other than timers, in which something still happens."""
        edges = networkx.DiGraph()
        leaves: set[Config] = set(self.cut)
        for config, moves in self.moves.items():
            for move in moves:
                if move.must and move.step.kind is not StepKind.ELAPSE:
                    if move.after is None:
                        leaves.add(config)
                    else:
                        edges.add_edge(config, move.after)
        found = []
        for component in networkx.strongly_connected_components(edges):
            successors = {after for config in component for after in edges.successors(config)}
            if successors and successors <= component and not leaves & component:
                found.append(component)
        return found

    def let_time_pass(self, config: Config) -> bool:
        """In a circle timers elapse without being early. True where that is new."""
        if any(move.must and move.step.kind is StepKind.ELAPSE for move in self.moves[config]):
            return False
        elapsing = [move for move in self.course.elapse(config, early=False) if not self.overfills(move)]
        self.moves[config] += elapsing
        return bool(elapsing)

    def shortest(self) -> dict[Config, tuple[Config, Move] | None]:
        """Breadth first: for each configuration, the last step of a shortest run to it; nearest ones first.

        A start for which the role has no rows does nothing and does not count as a step (see `length`).
        """
        start = self.course.initial()
        near: dict[Config, tuple[int, tuple[Config, Move] | None]] = {start: (0, None)}
        came_from: dict[Config, tuple[Config, Move] | None] = {}
        todo = deque([start])
        while todo:
            config = todo.popleft()
            if config in came_from:
                continue
            steps, came_from[config] = near[config]
            for move in self.moves[config]:
                counts = not idle(self.course.program, move.step)
                if move.after is not None and (move.after not in near or steps + counts < near[move.after][0]):
                    near[move.after] = (steps + counts, (config, move))
                    (todo.append if counts else todo.appendleft)(move.after)
        return came_from

    def run_to(self, config: Config) -> tuple[Step, ...]:
        steps: list[Step] = []
        while (last := self.came_from[config]) is not None:
            config, move = last
            steps.append(move.step)
        return tuple(reversed(steps))

    # --- findings -----------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[tuple[Place, tuple[Step, ...]]]:
        """Every finding with a run that shows it; shortest first for each place."""
        for config in self.came_from:  # in the order in which breadth-first search came by
            for move in self.moves[config]:
                if move.finding is not None:
                    yield move.finding, (*self.run_to(config), move.step)
            for name in self.violated(config):
                yield ("PF206", name), self.run_to(config)
            if self.stuck(config):
                yield ("PF202",), self.run_to(config)
        on = self.can_end()
        for config in self.came_from:
            if config not in on:
                yield ("PF203",), self.run_to(config)
        if self.cut:
            yield from growth(self)

    def stuck(self, config: Config) -> bool:
        return (
            config not in self.cut
            and not any(move.way_on for move in self.moves[config])
            and not self.course.complete(config)
        )

    def violated(self, config: Config) -> Iterator[str]:
        course = self.course
        for prop in course.program.protocol.properties.values():
            there = [
                any(
                    local.alive and course.role_of[i] == role and local.state in states
                    for i, local in zip(course.ids, config.locals, strict=True)
                )
                for role, states in prop.never.items()
            ]
            if all(there):
                yield str(prop.name)

    def can_end(self, *, unseen: bool = True) -> set[Config]:
        """Those from which must steps lead to a complete configuration, an error or a deadlock (`unseen`: or out of
        sight, where there may be one).
        """
        back: dict[Config, list[Config]] = {config: [] for config in self.moves}
        ends = set(self.cut) if unseen else set()
        for config, moves in self.moves.items():
            if self.course.complete(config) or self.stuck(config):
                ends.add(config)
            for move in moves:
                if move.way_on and move.after is None:
                    ends.add(config)
                elif move.way_on and move.after is not None:
                    back[move.after].append(config)
        todo = list(ends)
        while todo:
            for config in back[todo.pop()]:
                if config not in ends:
                    ends.add(config)
                    todo.append(config)
        return ends

    def used(self) -> Iterator[Place]:
        for config in self.came_from:
            for i, local in zip(self.course.ids, config.locals, strict=True):
                if local.alive:
                    yield ("state", self.course.role_of[i], local.state)
            for move in self.moves[config]:
                role = self.course.role_of[move.step.receiver]
                if move.step.row is not None:
                    yield ("row", role, str(move.step.row))
                if move.step.kind in (StepKind.FIRE, StepKind.RAISED):
                    yield ("event", role, str(move.step.trigger))


def idle(program: Program, step: Step) -> bool:
    """A start that no row is for."""
    role = program.roles.get(step.receiver) or program.roles[step.receiver.rstrip("0123456789")]
    return step.kind is StepKind.START and not role.rows(role.initial, START)


def length(program: Program, run: Iterable[Step]) -> int:
    """How long a run is: how many of its steps do something."""
    return sum(not idle(program, step) for step in run)


def explore(
    program: Program,
    participants: Mapping[str, int],
    assumptions: Assumptions | None = None,
    limit: int = 50_000,
    cap: int = 4,
) -> Result:
    """All courses of one size: every assignment of the links, every value of the bool parameters."""
    result = Result({}, set())
    for links in all_links(program, participants):
        for flags in all_flags(program):
            course = Course(program, participants, links, flags, assumptions)
            graph = Graph(course, limit - result.configurations, cap)
            result.configurations += len(graph.moves)
            result.cut = result.cut or bool(graph.cut)
            result.used |= set(graph.used())
            for place, run in graph.findings():
                old = result.found.get(place)
                if old is None or length(program, run) < length(program, old.run):
                    result.found[place] = Found(place, run, participants, links, flags)
    return result


def sizes(program: Program, numbers: Iterable[int]) -> Iterator[dict[str, int]]:
    """N participants in every role that has a range, as many of them as its `count` allows."""
    seen = []
    for number in numbers:
        size = {}
        for name, role in program.protocol.roles.items():
            least, most = count_bounds(role, program.parameters)
            size[str(name)] = max(least, number if most is None else min(number, most))
        if size not in seen:
            seen.append(size)
            yield size


def check(
    program: Program,
    several: Iterable[Mapping[str, int]],
    assumptions: Assumptions | None = None,
    limit: int = 50_000,
    cap: int = 4,
) -> Result:
    """The findings of several sizes, each at the first one that shows it, and what none of them uses (PF207)."""
    several = list(several)
    together = Result({}, set())
    for participants in several:
        result = explore(program, participants, assumptions, limit, cap)
        together.found = result.found | together.found
        together.used |= result.used
        together.configurations += result.configurations
        together.cut = together.cut or result.cut
    unused = set(everything(program)) - together.used
    for more in raised_budgets(assumptions or program.protocol.assumptions, program.roles):
        for participants in several:
            if unused:
                try:
                    unused -= explore(program, participants, more, limit, cap).used
                except TooLargeError:
                    together.undecided |= unused
    for place in sorted(unused):
        together.found["PF207", *place] = Found(("PF207", *place), (), {})
    return together


def everything(program: Program) -> Iterator[Place]:
    """All rows, states and events that a run could use."""
    for role, table in program.roles.items():
        yield from (("state", role, str(state)) for state in table.states)
        yield from (("row", role, str(index)) for index in {row.index for row in table.all_rows()})
        yield from (("event", role, str(event)) for event in table.role.events)


def raised_budgets(assumptions: Assumptions, roles: Iterable[str]) -> Iterator[Assumptions]:
    """Each budget that is zero, raised to one: what only a zero budget excludes is not PF207."""
    for role in roles:
        if not assumptions.crashes.get(role):
            yield replace(assumptions, crashes={**assumptions.crashes, role: 1})
    for name in ("early_timeouts", "loss", "duplicates"):
        if not getattr(assumptions, name):
            yield replace(assumptions, **{name: 1})
