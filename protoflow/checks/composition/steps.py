"""The steps of semantics.md on one configuration: every outcome that a handler is declared to have.

`Steps.of(work)` yields `(label, configuration)` for each step that is possible now; timers come apart (`elapses`),
because whether one may elapse depends on what else can be done. A label says what was done, by whom, with which row;
`must` marks what is progress: not a crash, a loss, a duplicate, an early timer, an event from outside, or an event that
might not fire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition.configuration import (
    BOOLS,
    CHANNEL,
    COUNTED,
    COUNTERS,
    CRASHED,
    CRASHES,
    DUPLICATES,
    EARLY,
    FRESH,
    LIVE,
    LOSS,
    LOST_MARK,
    NOT_STARTED,
    OPEN,
    OUT,
    PENDING,
    RAISED,
    ROLE,
    RUN,
    SHIFT,
    STARTED,
    STATE,
    TAKEN,
    TIMERS,
    Work,
)
from protoflow.checks.composition.rows import Rows
from protoflow.checks.composition.tables import LOST_FLAG, RoleModel
from protoflow.program import Disposition
from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator


class Label(NamedTuple):
    """What a step does. `actor` and `sender` are positions in the configuration that it starts from.

    `trigger`: a message's number, or an event's in its role, by `kind`. `bits`: the round bits of the message.
    """

    kind: StepKind
    actor: int
    role: int
    state: int
    sender: int = -1
    trigger: int = -1
    bits: int = 0
    outcome: Outcome = Outcome.HANDLED
    row: int = -1
    must: bool = True
    early: bool = False
    outside: bool = False


Step = tuple[Label, Work]


def coming_late(role: int, state: int, message: int) -> Label:
    """What a forgotten message may still do, some day, to somebody."""
    return Label(StepKind.DELIVER, -1, role, state, trigger=message, outcome=Outcome.LATE, must=False)


class Steps(Rows):
    """Successors of a configuration."""

    # -- the steps of one participant ------------------------------------------------------------------------------

    def of(self, work: Work) -> Iterator[Step]:
        for who in range(len(work.entries)):
            yield from self.of_one(work, who)

    def of_one(self, work: Work, who: int) -> Iterator[Step]:
        """All that the participant (or one of the group) can do or undergo now, timers apart."""
        live = work.entries[who][LIVE]
        if live == CRASHED:
            return
        for alone, actor in self.single_out(work, who):
            yield from self.crash(alone, actor, who)
            entry = alone.entries[actor]
            if live == NOT_STARTED:
                yield from self.start(alone, actor, who)
            elif entry[RAISED]:
                yield from self.raised(alone, actor, who)
            else:
                ways = self.fire if entry[PENDING] else self.deliveries
                yield from ways(alone, actor, who)
                yield from self.outside(alone, actor, who)

    def urgent(self, work: Work, who: int) -> bool:
        entry = work.entries[who]
        return entry[LIVE] == STARTED and bool(entry[RAISED] or entry[PENDING])

    def crash(self, work: Work, i: int, who: int) -> Iterator[Step]:
        entry = work.entries[i]
        role = entry[ROLE]
        left = work.globals[CRASHES]
        if not left[role]:
            return
        new = work.copy()
        new.globals = (*work.globals[:CRASHES], (*left[:role], left[role] - 1, *left[role + 1 :]))
        model = self.model.roles[role]
        new.entries[i] = (
            role,
            CRASHED,
            0,
            (0,) * len(entry[COUNTERS]),
            (0,) * len(entry[TIMERS]),
            (0,) * len(entry[TAKEN]),
            (),
            (),
            *entry[OUT:],
        )
        for j in self.peers(new, i):
            if j == i:
                continue
            channel, _, _, _, flags = self.pair(new, i, j)
            peer = new.entries[j]
            watched = self.model.roles[peer[ROLE]].watches_lost and peer[ROLE] in model.peers and peer[LIVE] != CRASHED
            self.put(new, i, j, ((*channel, LOST_MARK) if watched else channel, 0, 0, 0, flags & ~LOST_FLAG))
            back = self.pair(new, j, i)
            if back[CHANNEL]:
                self.put(new, j, i, ((), *back[COUNTED:]))
        yield Label(StepKind.CRASH, who, role, entry[STATE], must=False), new

    def start(self, work: Work, i: int, who: int) -> Iterator[Step]:
        entry = work.entries[i]
        model = self.model.roles[entry[ROLE]]
        label = Label(StepKind.START, who, model.index, entry[STATE])
        work = work.copy()
        work.set(i, LIVE, STARTED)
        for row in self.choose(work, i, model.on_start):
            if row is None:
                for new in self.settle(work.copy(), i):
                    yield label._replace(outcome=Outcome.NOTHING), new
            else:
                for new in self.take(work.copy(), i, row, -1):
                    yield label._replace(row=row.uid), new

    def raised(self, work: Work, i: int, who: int) -> Iterator[Step]:
        entry = work.entries[i]
        event, *rest = entry[RAISED]
        work = work.copy()
        work.set(i, RAISED, tuple(rest))
        yield from self._on_event(work, i, who, event, outside=False)

    def outside(self, work: Work, i: int, who: int) -> Iterator[Step]:
        """Events that the program or operator raises: like all raised ones, before an event that holds fires."""
        entry = work.entries[i]
        if entry[PENDING]:
            work = work.copy()
            work.set(i, PENDING, ())
        for event in self.model.roles[entry[ROLE]].outside_in[entry[STATE]]:
            yield from self._on_event(work, i, who, event, outside=True)

    def _on_event(self, work: Work, i: int, who: int, event: int, *, outside: bool) -> Iterator[Step]:
        entry = work.entries[i]
        model = self.model.roles[entry[ROLE]]
        label = Label(StepKind.RAISED, who, model.index, entry[STATE], trigger=event, must=not outside, outside=outside)
        rows = model.on_event.get((entry[STATE], event))
        for row in self.choose(work, i, rows) if rows else (None,):
            if row is None:
                yield label._replace(outcome=Outcome.UNHANDLED), work
            else:
                for new in self.take(work.copy(), i, row, -1):
                    yield label._replace(row=row.uid), new

    def fire(self, work: Work, i: int, who: int) -> Iterator[Step]:
        """The event that holds and was decided to fire: its window is emptied, after a send has read it."""
        entry = work.entries[i]
        model = self.model.roles[entry[ROLE]]
        uid, must = entry[PENDING]
        row = self.model.rows[uid]
        event = model.events[row.row.trigger]
        label = Label(StepKind.FIRE, who, model.index, entry[STATE], trigger=event.index, row=uid, must=bool(must))
        work = work.copy()
        work.set(i, PENDING, ())
        for new in self.take(work, i, row, -1, event):
            yield label, new

    def elapses(self, work: Work, *, early: bool) -> Iterator[Step]:
        for who in range(len(work.entries)):
            yield from self.elapses_of(work, who, early=early)

    def elapses_of(self, work: Work, who: int, *, early: bool) -> Iterator[Step]:
        """The first timer of its state, shortest first, that has not elapsed since the state was entered."""
        entry = work.entries[who]
        if entry[LIVE] != STARTED or entry[RAISED] or entry[PENDING]:
            return
        role = self.model.roles[entry[ROLE]]
        timers = entry[TIMERS]
        timer = next((timer for timer in role.timers_in[entry[STATE]] if timers[timer] == 0), None)
        if timer is None:
            return
        event = role.events[role.timers[timer]].index
        label = Label(StepKind.ELAPSE, who, role.index, entry[STATE], trigger=event, must=not early, early=early)
        for alone, actor in self.single_out(work, who):
            new = alone.copy()
            new.set(actor, TIMERS, (*timers[:timer], 1, *timers[timer + 1 :]))
            if early:
                new.globals = (new.globals[BOOLS], new.globals[EARLY] - 1, *new.globals[LOSS:])
            for settled in self.settle(new, actor):
                yield label, settled

    # -- messages --------------------------------------------------------------------------------------------------

    def deliveries(self, work: Work, i: int, who: int) -> Iterator[Step]:
        for j in self.peers(work, i):
            if j == i:
                continue
            positions = self.deliverable(work, i, j)
            if not positions:
                continue
            for alone, sender in self.single_out(work, j):
                for position in positions:
                    yield from self.delivery(alone, i, who, sender, j, position)

    def delivery(self, work: Work, i: int, who: int, j: int, group: int, position: int) -> Iterator[Step]:
        channel, *tags = self.pair(work, j, i)
        message = channel[position]
        entry = work.entries[i]
        label = Label(
            StepKind.DELIVER,
            who,
            entry[ROLE],
            entry[STATE],
            group,
            -1 if message == LOST_MARK else message >> SHIFT,
            message & (OPEN | FRESH) if message >= 0 else 0,
        )
        left = [self.channel([*channel[:position], *channel[position + 1 :]])]
        if message >= 0 and message & RUN:
            left.append(channel)
        for rest in left:
            taken = work.copy()
            self.put(taken, j, i, (rest, *tags))
            if message == LOST_MARK:
                yield from self._lost(taken, i, j, label)
            else:
                yield from self._taken(taken, work, i, j, message, label)

    def _taken(self, taken: Work, work: Work, i: int, j: int, message: int, label: Label) -> Iterator[Step]:
        yield from self._message(taken.copy(), i, j, message, label)
        if work.globals[LOSS]:
            lost = taken.copy()
            g = lost.globals
            lost.globals = (*g[:LOSS], g[LOSS] - 1, *g[LOSS + 1 :])
            yield label._replace(kind=StepKind.LOSE, must=False), lost
        if work.globals[DUPLICATES]:
            kept = work.copy()
            g = kept.globals
            kept.globals = (*g[:DUPLICATES], g[DUPLICATES] - 1, *g[DUPLICATES + 1 :])
            yield from self._message(kept, i, j, message, label._replace(kind=StepKind.DUPLICATE, must=False))

    def _lost(self, work: Work, i: int, j: int, label: Label) -> Iterator[Step]:
        channel, _, _, last, flags = self.pair(work, i, j)
        self.put(work, i, j, (channel, 0, 0, last, flags | LOST_FLAG))
        model = self.model.roles[label.role]
        rows = model.on_lost.get(label.state)
        for row in self.choose(work, i, rows) if rows else (None,):
            if row is None:
                for new in self.settle(work.copy(), i):
                    yield label._replace(outcome=Outcome.NOTHING), new
            else:
                for new in self.take(work.copy(), i, row, j):
                    yield label._replace(row=row.uid), new

    def _message(self, work: Work, i: int, j: int, message: int, label: Label) -> Iterator[Step]:
        """What becomes of a message that is out of the channel."""
        model = self.model.roles[label.role]
        number = message >> SHIFT
        fresh = bool(message & FRESH)
        stale = number in model.reply_to and not fresh
        disposition = model.disposition[label.state, number]
        if disposition is Disposition.IGNORE:
            for new in self.settle(work, i):
                yield label._replace(outcome=Outcome.IGNORED), new
            return
        rows = model.on_message.get((label.state, number))
        for row in self.choose(work, i, rows, fresh=fresh) if rows else (None,):
            if row is None:
                if stale:
                    outcome = Outcome.STALE
                elif model.final[label.state]:
                    outcome = Outcome.LATE
                else:
                    yield label._replace(outcome=Outcome.UNHANDLED), work
                    continue
                for new in self.settle(work.copy(), i):
                    yield label._replace(outcome=outcome), new
                continue
            counted = work.copy()
            self._count(counted, i, j, model, message, stale)
            for new in self.take(counted, i, row, j):
                yield label._replace(row=row.uid), new

    def _count(self, work: Work, i: int, j: int, model: RoleModel, message: int, stale: bool) -> None:
        number = message >> SHIFT
        channel, counted, expected, last, flags = self.pair(work, i, j)
        windows, counters = model.counts.get(number, ((), ()))
        if not flags & LOST_FLAG:
            for window in windows:
                request, link = model.windows[window].request, model.windows[window].link
                if flags & link or not link if request < 0 else not stale and expected >> request & 1:
                    counted |= 1 << window
        if counters:
            totals = list(work.entries[i][COUNTERS])
            for counter in counters:
                totals[counter] = min(totals[counter] + 1, model.counters[counter])
            work.set(i, COUNTERS, tuple(totals))
        request = self.model.roles[work.entries[j][ROLE]].request_of_message.get(number, -1)
        if request >= 0:
            last = last | 1 << request if message & OPEN else last & ~(1 << request)
        self.put(work, i, j, (channel, counted, expected, last, flags))
