"""PF204 by example: a run along which a channel grows, and can go on growing.

Small courses are explored, nothing postponed, up to a length of channels. A run to a configuration beyond that passed
one that differs from it only in shorter channels, and took nothing from those since: it can be repeated without end, if
time passes again where it has passed because nothing else could be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.analyses import Alarm, Place
from protoflow.checks.composition.concrete import follow
from protoflow.checks.composition.configuration import CHANNEL, OUT, SHIFT, Work
from protoflow.trace import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.concrete import Run
    from protoflow.checks.composition.explore import Graph
    from protoflow.checks.composition.initial import Cast
    from protoflow.checks.composition.model import Model

CAP = 4
"""Messages in a channel that the search goes up to."""

TRIED = 20
"""Configurations beyond the cap, nearest first, whose runs are looked at."""


def find_growth(graph: Graph, model: Model, cast: Cast) -> Iterator[tuple[Alarm, Run]]:
    """The channels that grow, each with a run: an alarm's role sends, and its `state` is the role that receives."""
    distance, _ = graph.shortest()
    for node in sorted(graph.capped, key=distance.__getitem__)[:TRIED]:
        run = follow(graph, Place(distance[node], node, None), model, cast)
        grown = _grown(run)
        if grown is None:
            continue
        start, end, (sender, receiver) = grown
        run.cut(end)
        run.loop = start
        step, message = next(
            (step, sent.message)
            for step in run.steps[start:]
            for sent in step.sends
            if step.receiver == run.names[sender] and run.names[receiver] in sent.to
        )
        sends, receives = (model.role_index[run.role_of(run.names[who])] for who in (sender, receiver))
        yield Alarm("PF204", sends, receives, message, -1 if step.row is None else step.row), run


def _grown(run: Run) -> tuple[int, int, tuple[int, int]] | None:
    """From which of the run's configurations to which a channel grows, and which channel.

    It grows to the end of the run, beyond what is explored; where the steps that make it grow were taken several times,
    the first time is told.
    """
    last = len(run.works) - 1
    for start in range(last - 1, -1, -1):
        channels = _growing(run, start, last)
        if not channels:
            continue
        length = last - start
        begin = start
        while run.labels[max(0, begin - length) : begin] == run.labels[start:last]:
            before = channels & _growing(run, begin - length, begin)
            if not before:
                break
            channels, begin = before, begin - length
        return begin, begin + length, min(channels)
    return None


def _growing(run: Run, start: int, end: int) -> set[tuple[int, int]]:
    """The channels that have grown between two configurations, if that can be repeated: nothing was taken from them,
    and what is in them keeps no timer from elapsing.
    """
    channels = _extended(run, run.works[start], run.works[end])
    taken = {
        (label.sender, label.actor)
        for label in run.labels[start:end]
        if label.kind in (StepKind.DELIVER, StepKind.LOSE, StepKind.DUPLICATE)
    }
    return set() if taken & channels or not _time_passes_again(run, start, end, channels) else channels


def _time_passes_again(run: Run, start: int, end: int, channels: set[tuple[int, int]]) -> bool:
    """Whether nobody has something to do about the longer channels where a timer has elapsed as nobody had."""
    longer = run.works[end]
    for place in range(start, end):
        label, work = run.labels[place], run.works[place]
        if label.kind is not StepKind.ELAPSE or label.early or any(each.must for each, _ in run.walk.of(work)):
            continue
        for sender, receiver in channels:
            grown = work.copy()
            rest = run.walk.pair(work, sender, receiver)[CHANNEL + 1 :]
            run.walk.put(grown, sender, receiver, (run.walk.pair(longer, sender, receiver)[CHANNEL], *rest))
            if run.walk.deliverable(grown, receiver, sender):
                return False
    return True


def _extended(run: Run, before: Work, after: Work) -> set[tuple[int, int]]:
    """The channels that have grown, if nothing else is different."""
    if before.globals != after.globals:
        return set()
    if any(a[:OUT] != b[:OUT] for a, b in zip(before.entries, after.entries, strict=True)):
        return set()
    longer: set[tuple[int, int]] = set()
    for i in range(len(before.entries)):
        for j in run.walk.peers(before, i):
            a, b = run.walk.pair(before, i, j), run.walk.pair(after, i, j)
            old, new = [m >> SHIFT for m in a[CHANNEL]], [m >> SHIFT for m in b[CHANNEL]]
            if a[CHANNEL + 1 :] != b[CHANNEL + 1 :] or not _goes_on(old, new, fifo=run.walk.fifo):
                return set()
            if len(new) > len(old):
                longer.add((i, j))
    return longer


def _goes_on(old: list[int], new: list[int], *, fifo: bool) -> bool:
    return new[: len(old)] == old if fifo else all(old.count(m) <= new.count(m) for m in old)
