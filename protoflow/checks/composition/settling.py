"""What follows a step of a participant: which events hold now, what fires, and what can be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import (
    COUNTERS,
    FLAGS,
    PENDING,
    RAISED,
    ROLE,
    STATE,
    TAKEN,
    TIMERS,
    Work,
)
from protoflow.checks.composition.pairs import Pairs
from protoflow.checks.composition.tables import LOST_FLAG, EventKind, EventModel, RoleModel, RowModel

if TYPE_CHECKING:
    from collections.abc import Iterator


class Settling(Pairs):
    def choose(
        self, work: Work, i: int, rows: tuple[RowModel, ...], *, fresh: bool = True
    ) -> tuple[RowModel | None, ...]:
        entry = work.entries[i]
        links = 0
        if self.model.link_bit:
            for j in self.peers(work, i):
                links |= self.pair(work, i, j)[FLAGS]
        return self.choices.of(rows, work.globals[0], entry[TAKEN], links, fresh)

    def settle(self, work: Work, i: int) -> Iterator[Work]:
        """The step is over: forget what is not needed, and decide which event that holds fires next, if any does.

        The conditions of the rows can decide either way, and so can a threshold in the abstraction. An event that
        might not fire after all is not progress: `pending` is (row, whether some event is certain to fire).
        """
        self._forget(work, i)
        entry = work.entries[i]
        role = self.model.roles[entry[ROLE]]
        events = role.events_in[entry[STATE]]
        if entry[RAISED] or not events:
            yield work
            return
        fires: list[RowModel] = []
        certain = False
        for event in events:
            holds = self.holds(work, i, role, event)
            if holds is False:
                continue
            outcomes = self.choose(work, i, role.on_event[entry[STATE], event.index])
            fires += [row for row in outcomes if row is not None]
            if holds and None not in outcomes:
                certain = True
                break
        for row in fires:
            new = work.copy()
            new.set(i, PENDING, (row.uid, int(certain)))
            yield new
        if not certain:
            yield work

    def holds(self, work: Work, i: int, role: RoleModel, event: EventModel) -> bool | None:
        """Whether the event holds; None where the abstraction does not know."""
        entry = work.entries[i]
        if event.kind is EventKind.TIMER:
            return bool(entry[TIMERS][event.position] == 1)
        if event.kind is EventKind.COUNTER:
            return bool(entry[COUNTERS][event.position] >= role.counters[event.position])
        window = role.windows[event.position]
        bit = 1 << event.position
        domain = self.domain
        low = high = missing_low = missing = 0.0
        for j in self.peers(work, i):
            if j == i:
                continue
            _, counted, expected, _, flags = self.pair(work, i, j)
            if flags & LOST_FLAG:
                continue
            if window.request >= 0:
                if not expected >> window.request & 1:
                    continue
            elif window.link:
                if not flags & window.link:
                    continue
            elif work.entries[j][ROLE] not in window.senders:
                continue
            count = work.counts[j]
            if counted & bit:
                low += domain.low(count)
                high += domain.high(count)
            else:
                missing_low += domain.low(count)
                missing += domain.high(count)
        if high + missing == 0 or not high:
            return False
        needed = window.window.needed
        if needed == 1 and not isinstance(needed, int):
            return missing == 0
        if isinstance(needed, int):
            return True if low >= needed else None if high >= needed else False
        assert needed is not None
        certain = missing != float("inf") and low * needed.denominator >= needed * (low + missing) * needed.denominator
        possible = high == float("inf") or high >= needed * (high + missing_low)
        return True if certain else None if possible else False

    def _forget(self, work: Work, i: int) -> None:
        """Clear what no path from this state reads before it is reset."""
        entry = work.entries[i]
        role = self.model.roles[entry[ROLE]]
        state = entry[STATE]
        windows, requests, answers = role.live_windows[state], role.live_requests[state], role.live_last[state]
        for j in self.peers(work, i):
            channel, counted, expected, last, flags = self.pair(work, i, j)
            if counted & ~windows or expected & ~requests or (last and not answers):
                kept = last if answers else 0
                self.put(work, i, j, (channel, counted & windows, expected & requests, kept, flags))
        counters = role.live_counters[state]
        totals = tuple([n if counters >> c & 1 else 0 for c, n in enumerate(entry[COUNTERS])])
        if totals != entry[COUNTERS]:
            work.set(i, COUNTERS, totals)
