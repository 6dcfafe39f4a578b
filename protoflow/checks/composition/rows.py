"""Taking a row: what its handler may send and raise, to whom, and the state that comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import (
    CHANNEL,
    COUNTED,
    COUNTERS,
    CRASHED,
    FLAGS,
    FRESH,
    LIVE,
    OPEN,
    RAISED,
    ROLE,
    SHIFT,
    STATE,
    TAKEN,
    TIMERS,
    Work,
)
from protoflow.checks.composition.settling import Settling
from protoflow.checks.composition.tables import LOST_FLAG, EventKind, EventModel, RowModel, SendModel
from protoflow.protocol import TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.configuration import Entry
    from protoflow.checks.composition.tables import Outdated

READ = 32
"""While a row is taken, `counted` has a copy of its window bits, this far up: as they were when it began."""


class Rows(Settling):
    def take(self, work: Work, i: int, row: RowModel, sender: int, fired: EventModel | None = None) -> Iterator[Work]:
        """Run the row's handler: every way it can send and raise, then the new state. `work` is used up.

        Whom an event as target stands for is read first: before its window is emptied, or a send opens a round.
        """
        entry = work.entries[i]
        targets = {send.window for send in row.sends if send.window >= 0}
        if targets:
            for j in self.peers(work, i):
                channel, counted, *tags = self.pair(work, i, j)
                if counted:
                    read = sum(1 << window + READ for window in targets if counted >> window & 1)
                    self.put(work, i, j, (channel, counted | read, *tags))
        if fired is not None:
            self._empty(work, i, fired)
        if row.slot >= 0:
            taken = entry[TAKEN]
            work.set(i, TAKEN, (*taken[: row.slot], taken[row.slot] + 1, *taken[row.slot + 1 :]))
        works = [work]
        for send in row.sends:
            works = [new for old in works for new in self._send(old, i, send, sender)]
        for event, maybe in row.raises:
            raised = works
            works = []
            for old in raised:
                if maybe:
                    works.append(old.copy())
                old.set(i, RAISED, (*old.entries[i][RAISED], event))
                works.append(old)
        for new in works:
            if row.dest >= 0:
                self._enter(new, i, row.dest)
            yield from self.settle(new, i)

    def _empty(self, work: Work, i: int, event: EventModel) -> None:
        entry = work.entries[i]
        if event.kind is EventKind.WINDOW:
            bit = 1 << event.position
            for j in self.peers(work, i):
                channel, counted, expected, last, flags = self.pair(work, i, j)
                if counted & bit:
                    self.put(work, i, j, (channel, counted & ~bit, expected, last, flags))
        elif event.kind is EventKind.COUNTER:
            counters = entry[COUNTERS]
            work.set(i, COUNTERS, (*counters[: event.position], 0, *counters[event.position + 1 :]))
        else:
            timers = entry[TIMERS]
            work.set(i, TIMERS, (*timers[: event.position], 2, *timers[event.position + 1 :]))

    def _enter(self, work: Work, i: int, state: int) -> None:
        role, live, _, counters, timers, *rest = work.entries[i]
        work.entries[i] = (role, live, state, counters, (0,) * len(timers), *rest)

    def _send(self, work: Work, i: int, send: SendModel, sender: int) -> Iterator[Work]:
        if send.maybe:
            yield work.copy()
        for new, receivers in self._receivers(work, i, send, sender):
            if receivers:
                self._append(new, i, send, receivers)
            yield new

    def _receivers(self, work: Work, i: int, send: SendModel, sender: int) -> Iterator[tuple[Work, list[int]]]:
        entries = work.entries
        match send.kind:
            case TargetKind.SENDER:
                yield work, [sender] if entries[sender][ROLE] in send.roles else []
                return
            case TargetKind.EVENT:
                read = 1 << send.window + READ
                targets = [
                    j
                    for j in self.peers(work, i)
                    if self.pair(work, i, j)[COUNTED] & read and entries[j][ROLE] in send.roles
                ]
            case TargetKind.LINK:
                targets = [j for j in self.peers(work, i) if self.pair(work, i, j)[FLAGS] & send.link]
            case _:
                targets = [j for j in self.peers(work, i) if j != i and entries[j][ROLE] in send.roles]
        selected = send.kind is TargetKind.SELECTOR
        if selected:  # `one` of a target may be one that is lost: the engine leaves that to the handler
            targets = [j for j in targets if not self.pair(work, i, j)[FLAGS] & LOST_FLAG]
        if not targets or not (selected or send.one):
            yield work, targets
        elif send.one:
            for target in targets:
                for new, one in self.single_out(work.copy(), target):
                    yield new, [one]
        else:
            if self.domain.abstract and send.opens and sender < self.columns and i < self.columns:
                work, targets = self._alike(work, i, send, targets)
            for new, chosen in self._subsets(work, targets):
                if chosen:
                    yield new, chosen

    def _alike(self, work: Work, i: int, send: SendModel, targets: list[int]) -> tuple[Work, list[int]]:
        """The round begins whoever is chosen, and that makes many groups alike: those are chosen from as one."""
        work = work.copy()
        self._open(work, i, send)
        columns = self.columns
        groups: dict[tuple[Entry, bool], int] = {}
        for j in range(columns, len(work.entries)):
            key = (work.entries[j], j in targets)
            groups[key] = self.domain.add(groups.get(key, 0), work.counts[j])
        if len(groups) == len(work.entries) - columns:
            return work, targets
        merged = Work(
            work.globals,
            work.entries[:columns] + [entry for entry, _ in groups],
            work.counts[:columns] + list(groups.values()),
            work.sent,
            merged=True,
            late=work.late,
        )
        members = [columns + place for place, (_, target) in enumerate(groups) if target]
        return merged, [j for j in targets if j < columns] + members

    def _subsets(self, work: Work, targets: list[int]) -> Iterator[tuple[Work, list[int]]]:
        if not targets:
            yield work.copy(), []
            return
        first, *others = targets
        for new, chosen in self._subsets(work, others):
            self.look()
            count = new.counts[first]
            if count == 1:
                yield new.copy(), chosen
                yield new.copy(), [first, *chosen]
                continue
            for inside, out in self.domain.splits(count):
                part = new.copy()
                if not inside:
                    yield part, chosen
                elif not out:
                    yield part, [first, *chosen]
                else:
                    part.counts[first] = out
                    part.entries.append(part.entries[first])
                    part.counts.append(inside)
                    yield part, [len(part.entries) - 1, *chosen]

    def _append(self, work: Work, i: int, send: SendModel, receivers: list[int]) -> None:
        if send.opens:
            self._open(work, i, send)
        message = send.message
        opened = OPEN if send.request >= 0 else 0
        for j in receivers:
            channel, counted, expected, last, flags = self.pair(work, i, j)
            if send.request >= 0 and not flags & LOST_FLAG:
                expected |= 1 << send.request
            peer = work.entries[j]
            if peer[LIVE] != CRASHED:
                asked = self.model.roles[peer[ROLE]].reply_to.get(message, -1)
                fresh = FRESH if asked >= 0 and last >> asked & 1 else 0
                if fresh or not self._forgotten(work, j, message):
                    channel = self.channel([*channel, message << SHIFT | opened | fresh])
            self.put(work, i, j, (channel, counted, expected, last, flags))
        work.sent = (*work.sent, (message, tuple(receivers), bool(opened), send.opens))

    def _open(self, work: Work, i: int, send: SendModel) -> None:
        """A new round: nobody is expected or counted yet, and all that belongs to an older one is stale."""
        model = self.model.roles[work.entries[i][ROLE]]
        round_bit = 1 << send.request
        windows = sum(1 << bit for bit, window in enumerate(model.windows) if window.request == send.request)
        replies = {m for m, request in model.reply_to.items() if request == send.request}
        forgotten = {m for m in replies if self._forgotten(work, i, m)}
        for j in self.peers(work, i):
            if j == i:
                continue
            channel, counted, expected, last, flags = self.pair(work, i, j)
            if channel:
                if outdated := self._outdated(work, i, j, send.message):
                    late = {(work.entries[j][ROLE], state, send.message) for state in outdated.late}
                    work.late = tuple(sorted({*work.late, *late}))
                    channel = tuple([m for m in channel if m < 0 or m >> SHIFT != send.message])
                channel = self.channel([m & ~OPEN if m >= 0 and m >> SHIFT == send.message else m for m in channel])
            self.put(work, i, j, (channel, counted & ~windows, expected & ~round_bit, last, flags))
            channel, counted, expected, last, flags = self.pair(work, j, i)
            if channel:
                channel = self.channel(
                    [
                        m & ~FRESH if m >= 0 and m >> SHIFT in replies else m
                        for m in channel
                        if m < 0 or m >> SHIFT not in forgotten
                    ]
                )
            self.put(work, j, i, (channel, counted, expected, last & ~round_bit, flags))

    def _forgotten(self, work: Work, i: int, message: int) -> bool:
        """Whether a stale message to i needs not even be remembered, as no row will ever take it.

        Of an abstraction only: a run has to say what becomes of it. To drop it changes nothing, but that an event whose
        conditions have failed is tried again; and what i handled before it had that tried in all ways already.
        """
        entry = work.entries[i]
        role = self.model.roles[entry[ROLE]]
        return self.domain.forgets and message in role.reply_to and message in role.neutral_stale[entry[STATE]]

    def _outdated(self, work: Work, i: int, j: int, request: int) -> Outdated | None:
        """What a stale request from i to j can still do, if it can be forgotten at once: it then gets no answer that
        anybody remembers.

        That it may be late is kept apart, as an alarm (`Work.late`). It may be a false one where a channel keeps its
        order: there the request is remembered.
        """
        receiver = work.entries[j]
        found = self.model.roles[receiver[ROLE]].outdated[receiver[STATE]].get(request)
        if not self.domain.forgets or found is None or (self.fifo and found.late) or receiver[LIVE] == CRASHED:
            return None
        held = [m >> SHIFT for m in self.pair(work, i, j)[CHANNEL] if m >= 0]
        answered = all(self._forgotten(work, i, message) for message in found.answers)
        return found if request in held and answered else None
