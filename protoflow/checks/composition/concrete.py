"""From an alarm to a run that anyone can replay: configurations become steps of participants with names.

The search knows configurations up to the names of participants. A run is recovered by following its configurations with
every participant apart: of the steps that are possible, any that leads to the next one, up to names, will do.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import (
    BOOLS,
    CRASHED,
    EARLY,
    FLAGS,
    FRESH,
    LIVE,
    OPEN,
    RAISED,
    ROLE,
    STATE,
    Work,
)
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import ERROR, components
from protoflow.checks.composition.initial import Cast
from protoflow.checks.composition.steps import Label, Steps
from protoflow.trace import Outcome, SentMessage, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.analyses import Place
    from protoflow.checks.composition.explore import Graph
    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.tables import RoleModel


class Run:
    """A run with names: its steps, the configuration at its end, who takes part, and how the course was set up."""

    def __init__(self, model: Model, cast: Cast, walk: Steps, start: Work) -> None:
        self.model = model
        self.walk = walk
        self.cast = cast
        self.names = cast.names()
        self.steps: list[Step] = []
        self.works: list[Work] = [start]
        self.labels: list[Label] = []
        self.end = start
        self.start = start
        self.loop: int | None = None  # from which step on they can be repeated for ever
        self._rounds = _Rounds(model, self.names)

    @property
    def participants(self) -> dict[str, int]:
        return {role.name: self.cast.sizes[role.index] for role in self.model.roles}

    @property
    def bools(self) -> dict[str, bool]:
        return {name: bool(self.start.globals[BOOLS] >> bit & 1) for bit, name in enumerate(self.model.bools)}

    def role_of(self, who: str) -> str:
        return self.model.roles[self.start.entries[self.names.index(who)][ROLE]].name

    @property
    def relations(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Link -> id -> the ids on it."""
        places = range(len(self.names))
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for name, bit in self.model.link_bit.items():
            source = self.model.program.protocol.links[name].source
            found[name] = {
                self.names[i]: tuple(
                    self.names[j]
                    for j in self.walk.peers(self.start, i)
                    if i != j and self.walk.pair(self.start, i, j)[FLAGS] & bit
                )
                for i in places
                if self.model.roles[self.start.entries[i][ROLE]].name == source
            }
        return found

    def add(self, label: Label, new: Work) -> None:
        """`label` tells actor and sender by their places in the present end."""
        old, names, model = self.end, self.names, self.model
        role = model.roles[label.role]
        message = sender = None
        trigger: str | None = None
        if label.kind in (StepKind.DELIVER, StepKind.LOSE, StepKind.DUPLICATE):
            trigger = model.messages[label.trigger] if label.trigger >= 0 else "lost"
            message, sender = trigger, names[label.sender]
        elif label.trigger >= 0:
            trigger = role.event_names[label.trigger]
        elif label.kind is StepKind.START:
            trigger = "start"
        waiting = old.entries[label.actor][RAISED]
        if label.kind is StepKind.RAISED and not label.outside:
            waiting = waiting[1:]
        raised = new.entries[label.actor][RAISED][len(waiting) :]
        silent = label.kind in (StepKind.ELAPSE, StepKind.CRASH, StepKind.LOSE)
        number = self._rounds.taken(label, role)
        before: str | None = role.states[label.state]
        after: str | None = role.states[new.entries[label.actor][STATE]]
        if label.outcome is Outcome.UNHANDLED or label.kind is StepKind.CRASH:
            after = before
        elif label.kind is StepKind.LOSE:  # it is the network that does it
            before = after = None
        self.steps.append(
            Step(
                kind=label.kind,
                receiver=names[label.actor],
                trigger=trigger,
                message=message,
                sender=sender,
                round=number,
                state_before=before,
                state_after=after,
                outcome=None if silent else label.outcome,
                row=model.rows[label.row].row.index if label.row >= 0 else None,
                sends=tuple(self._rounds.sent(label.actor, new)),
                raises=tuple(role.event_names[event] for event in raised),
                early=label.early,
            )
        )
        self.end = new
        self.works.append(new)
        self.labels.append(label)

    def cut(self, length: int) -> None:
        """Leave out all but the first steps."""
        del self.steps[length:], self.labels[length:], self.works[length + 1 :]
        self.end = self.works[-1]


class _Letter(NamedTuple):
    """A message on its way: the round that is shown, the one that it asks about, the one that it answers."""

    message: int
    shown: int | None
    asks: int | None
    answers: int | None


class _Rounds:
    """The numbers of rounds along a run: configurations only know whether a round is the open one."""

    def __init__(self, model: Model, names: tuple[str, ...]) -> None:
        self.model = model
        self.names = names
        self.open: dict[tuple[int, int], int] = {}  # (who, message R) -> its open round
        self.received: dict[tuple[int, int, int], int] = {}  # (who, from whom, R) -> the round of the last one
        self.channels: dict[tuple[int, int], list[_Letter]] = {}

    def taken(self, label: Label, role: RoleModel) -> int | None:
        """The round of the message that is delivered; it leaves the channel, and is remembered if a row takes it."""
        actor, sender = label.actor, label.sender
        if label.kind is StepKind.CRASH:
            self.channels = {pair: letters for pair, letters in self.channels.items() if pair[1] != actor}
        if label.sender < 0 or label.trigger < 0:
            return None
        letters = self.channels[sender, actor]
        place = next(place for place, letter in enumerate(letters) if self._is(letter, label, role))
        letter = letters[place]
        if label.kind is not StepKind.DUPLICATE:
            del letters[place]
        if label.row >= 0 and letter.asks is not None:
            self.received[actor, sender, label.trigger] = letter.asks
        return letter.shown

    def _is(self, letter: _Letter, label: Label, role: RoleModel) -> bool:
        if letter.message != label.trigger:
            return False
        asks_open = letter.asks is not None and letter.asks == self.open.get((label.sender, letter.message))
        request = self._request(role, letter.message)
        fresh = letter.answers is not None and letter.answers == self.open.get((label.actor, request))
        return label.bits == (OPEN if asks_open else 0) | (FRESH if fresh else 0)

    def _request(self, role: RoleModel, message: int) -> int:
        number = role.reply_to.get(message)
        return -1 if number is None else self.model.message_index[role.requests[number]]

    def sent(self, actor: int, new: Work) -> Iterator[SentMessage]:
        """What the step sent, grouped by the round that is shown."""
        for message, receivers, counted, opens in new.sent:
            asks: int | None = None
            if counted:
                if opens or (actor, message) not in self.open:
                    self.open[actor, message] = self.open.get((actor, message), 0) + 1
                asks = self.open[actor, message]
            groups: dict[int | None, list[int]] = {}
            for receiver in sorted(receivers):
                request = self._request(self.model.roles[new.entries[receiver][ROLE]], message)
                answers = self.received.get((actor, receiver, request))
                shown = answers if asks is None else asks
                groups.setdefault(shown, []).append(receiver)
                if new.entries[receiver][LIVE] != CRASHED:
                    self.channels.setdefault((actor, receiver), []).append(_Letter(message, shown, asks, answers))
            for shown, group in groups.items():
                yield SentMessage(self.model.messages[message], tuple(self.names[who] for who in group), shown)


def follow(graph: Graph, place: Place, model: Model, cast: Cast) -> Run:
    """The run to a place in an exact graph of `cast`, with names."""
    _, before = graph.shortest()
    path: list[tuple[int, int]] = [] if place.edge is None else [(place.node, place.edge)]
    node = place.node
    while before[node] is not None:
        step = before[node]
        assert step is not None
        path.append(step)
        node = step[0]
    path.reverse()
    named = Cast(model, cast.sizes, star=cast.star, named=True)
    steps = Steps(model, Exact(), len(named.columns))
    start = next(work for work in named.configurations() if graph.index.get(graph.store.encode(work)) == node)
    run = Run(model, named, steps, start)
    for source, edge in path:
        target, label = graph.edges[source][edge]
        found = _step(graph, steps, run.end, label, target)
        run.add(*found)
    return run


def go_round(graph: Graph, place: Place, run: Run) -> None:
    """Lead the run on until it goes round: the nearest way to where it can, and once round.

    The place is one from which the course goes on and on: whatever way it takes, it comes to where it has been, with
    the same names after some rounds at most.
    """
    way, circle = _lasso(graph, place.node)
    for node, edge in way:
        target, label = graph.edges[node][edge]
        run.add(*_step(graph, run.walk, run.end, label, target))
    seen = [run.end]
    begins = [len(run.steps)]
    while True:
        for node, edge in circle:
            target, label = graph.edges[node][edge]
            run.add(*_step(graph, run.walk, run.end, label, target))
        for work, begin in zip(seen, begins, strict=True):
            if (work.globals, work.entries) == (run.end.globals, run.end.entries):
                run.loop = begin
                return
        seen.append(run.end)
        begins.append(len(run.steps))


def _lasso(graph: Graph, node: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The nearest configuration that lies on a circle: the way there, and the shortest circle; (node, edge) each."""
    before = _reached(graph, node)
    component = components(len(graph), lambda each: [target for target, _ in _onward(graph, each)])
    sizes = Counter(component)
    for begin in before:  # nearest first
        if sizes[component[begin]] > 1 or any(target == begin for target, _ in _onward(graph, begin)):
            around = _reached(graph, begin)
            last = next((end, edge) for end in around for target, edge in _onward(graph, end) if target == begin)
            return _way(before, begin), [*_way(around, last[0]), last]
    raise AssertionError("a course that goes on without end goes round")


def _onward(graph: Graph, node: int) -> Iterator[tuple[int, int]]:
    """Ways on that are no errors."""
    return ((target, edge) for target, edge in graph.ways_on(node) if target != ERROR)


def _reached(graph: Graph, start: int) -> dict[int, tuple[int, int] | None]:
    """All that ways on lead to, nearest first, each with the (node, edge) before it."""
    before: dict[int, tuple[int, int] | None] = {start: None}
    todo = deque([start])
    while todo:
        node = todo.popleft()
        for target, edge in _onward(graph, node):
            if target not in before:
                before[target] = (node, edge)
                todo.append(target)
    return before


def _way(before: dict[int, tuple[int, int] | None], node: int) -> list[tuple[int, int]]:
    way = []
    while (step := before[node]) is not None:
        way.append(step)
        node = step[0]
    return way[::-1]


def _step(graph: Graph, steps: Steps, work: Work, wanted: Label, target: int) -> tuple[Label, Work]:
    work.sent = ()
    code = None if target < 0 else graph.codes[target]
    early = wanted.early and bool(work.globals[EARLY])
    ways = steps.elapses(work, early=early) if wanted.kind is StepKind.ELAPSE else steps.of(work)
    alike = wanted._replace(actor=0, sender=0)
    for label, new in ways:
        if label._replace(actor=0, sender=0) == alike and (code is None or graph.store.encode(new) == code):
            return label, new
    raise AssertionError("a step of the explored graph that nobody can take")
