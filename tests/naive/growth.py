"""PF204: a channel that can grow without bound.

There is a path from c to c' that differ in nothing but longer channels, and it takes nothing from those. It must be a
path from c' too, so that it can be taken again and again: where time passes on it, it must pass with longer channels as
well, which may give somebody something to do, or an end to what went round in a circle.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import networkx

from protoflow.trace import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.naive.configuration import Config, Move
    from tests.naive.explorer import Graph
    from tests.naive.steps import Course

Channels = frozenset[tuple[str, str]]

FAR = 2_000
"""A circle of more configurations than this is not looked for."""


def growth(graph: Graph) -> Iterator[tuple[tuple[str, ...], tuple[Step, ...]]]:
    """(PF204, sender's role, receiver's role) with a run to c'."""
    role = graph.course.role_of
    alike: dict[object, list[Config]] = {}
    for config in graph.came_from:
        alike.setdefault((config.locals, config.budgets), []).append(config)
    for group in alike.values():
        for shorter in group:
            by_channels: dict[Channels, list[Config]] = {}
            for longer in group:
                if channels := extended(graph.course, shorter, longer):
                    by_channels.setdefault(channels, []).append(longer)
            for channels, targets in by_channels.items():
                reached = reached_without_taking(graph, shorter, channels)
                for longer in targets:
                    if longer in reached and again(graph.course, longer, reached[longer]):
                        run = (*graph.run_to(shorter), *(move.step for _, move in reached[longer]))
                        for i, j in sorted(channels):
                            yield ("PF204", role[i], role[j]), run


def extended(course: Course, shorter: Config, longer: Config) -> Channels:
    """The channels that are longer, if every channel of `shorter` goes on in `longer` (up to freshness); else none."""
    before, after = dict(shorter.channels), dict(longer.channels)
    found = set()
    for channel in before | after:
        old = [message.type for message in before.get(channel, ())]
        new = [message.type for message in after.get(channel, ())]
        if course.assumptions.fifo:
            goes_on = new[: len(old)] == old
        else:
            goes_on = all(old.count(message) <= new.count(message) for message in old)
        if not goes_on:
            return frozenset()
        if len(new) > len(old):
            found.add(channel)
    return frozenset(found)


def reached_without_taking(
    graph: Graph, start: Config, channels: Channels
) -> dict[Config, tuple[tuple[Config, Move], ...]]:
    """What can be reached from `start` without taking anything from the channels, and how."""
    reached: dict[Config, tuple[tuple[Config, Move], ...]] = {start: ()}
    todo = deque([start])
    while todo:
        config = todo.popleft()
        for move in graph.moves[config]:
            if move.after is not None and move.takes not in channels and move.after not in reached:
                reached[move.after] = (*reached[config], (config, move))
                todo.append(move.after)
    return reached


def again(course: Course, start: Config, path: tuple[tuple[Config, Move], ...]) -> bool:
    """Whether the same steps are possible from `start` on, and make the channels longer once more."""
    config = start
    for _, move in path:
        moves = course.moves(config)
        if move.step.kind is StepKind.ELAPSE and not move.step.early:
            if any(other.must for other in moves) and not goes_round(course, config):
                return False
            moves = list(course.elapse(config, early=False))
        elif move.step.kind is StepKind.ELAPSE:
            moves = list(course.elapse(config, early=True))
        config = next((m.after for m in moves if m.after and same(m.step, move.step)), start)
        if config is start:
            return False
    alike = (config.locals, config.budgets) == (start.locals, start.budgets)
    return alike and bool(extended(course, start, config))


def goes_round(course: Course, start: Config) -> bool:
    """Whether the steps that must be possible, timers apart, always lead back here, whatever is done: a circle."""
    edges = networkx.DiGraph()
    seen, todo = {start}, deque([start])
    while todo:
        config = todo.popleft()
        for move in course.moves(config):
            if move.must:
                if move.after is None or len(seen) > FAR:
                    return False
                edges.add_edge(config, move.after)
                if move.after not in seen:
                    seen.add(move.after)
                    todo.append(move.after)
    return bool(edges) and networkx.is_strongly_connected(edges)


def same(a: Step, b: Step) -> bool:
    """The same but for the rounds of messages."""
    return (a.kind, a.receiver, a.trigger, a.sender, a.row, a.raises, sent(a)) == (
        (b.kind, b.receiver, b.trigger, b.sender, b.row, b.raises, sent(b))
    )


def sent(step: Step) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((send.message, send.to) for send in step.sends)
