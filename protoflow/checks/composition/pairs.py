"""Who is who in a configuration, and what lies between two: pairs, groups and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.choices import Choices
from protoflow.checks.composition.configuration import (
    CHANNEL,
    INN,
    LOST_MARK,
    OUT,
    ROLE,
    RUN,
    SHIFT,
    STATE,
    Pair,
    Work,
    unhurried,
)
from protoflow.program import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protoflow.checks.composition.domain import Domain
    from protoflow.checks.composition.model import Model


class Pairs:
    """One model, with one domain of counts; `columns` as in `configuration`."""

    def __init__(self, model: Model, domain: Domain, columns: int, look: Callable[[], None] = unhurried) -> None:
        self.model = model
        self.domain = domain
        self.columns = columns
        self.fifo = model.assumptions.fifo
        self.runs = domain.abstract
        self.look = look
        self.choices = Choices(model, look)

    def pair(self, work: Work, i: int, j: int) -> Pair:
        """What i has sent to j, and keeps track of about it."""
        pair: Pair = work.entries[i][OUT][j] if j < self.columns else work.entries[j][INN][i]
        return pair

    def put(self, work: Work, i: int, j: int, pair: Pair) -> None:
        who, field, at = (i, OUT, j) if j < self.columns else (j, INN, i)
        entry = work.entries[who]
        pairs = entry[field]
        work.entries[who] = (*entry[:field], (*pairs[:at], pair, *pairs[at + 1 :]), *entry[field + 1 :])

    def peers(self, work: Work, i: int) -> range:
        """All that i can exchange messages with, itself included where it is a column."""
        return range(len(work.entries)) if i < self.columns else range(self.columns)

    def single_out(self, work: Work, who: int) -> Iterator[tuple[Work, int]]:
        """Take one out of a group: each way the rest of the group can be, and where the one is then."""
        count = work.counts[who]
        if count == 1:
            yield work, who
            return
        for rest in self.domain.rest(count):
            new = work.copy()
            if rest == 0:
                new.counts[who] = 1
                yield new, who
            else:
                new.counts[who] = rest
                new.entries.append(new.entries[who])
                new.counts.append(1)
                yield new, len(new.entries) - 1

    def deliverable(self, work: Work, i: int, j: int) -> list[int]:
        """Positions in the channel from j to i of what can be handled next."""
        channel = self.pair(work, j, i)[CHANNEL]
        if not channel:
            return []
        entry = work.entries[i]
        role = self.model.roles[entry[ROLE]]
        state = entry[STATE]
        found: list[int] = []
        for position, message in enumerate(channel):
            if message == LOST_MARK:
                return found or [position]
            if role.disposition[state, message >> SHIFT] is not Disposition.DEFER:
                if self.fifo:
                    return [position]
                if all(channel[p] != message for p in found):
                    found.append(position)
        return found

    def channel(self, messages: list[int]) -> tuple[int, ...]:
        """The one form of a channel: sorted where its order means nothing; runs of one message are one in `runs`."""
        if not self.fifo:
            messages = sorted(messages, key=lambda message: (message == LOST_MARK, message))
        if self.runs:
            joined: list[int] = []
            for message in messages:
                if joined and message >= 0 and (joined[-1] ^ message) & ~RUN == 0:
                    joined[-1] |= RUN
                else:
                    joined.append(message)
            messages = joined
        return tuple(messages)
