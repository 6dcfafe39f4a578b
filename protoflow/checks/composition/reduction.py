"""Partial-order reduction: where the steps of one participant commute with all others, only they are explored.

Chosen are all the steps of one participant (one of a group) that

- is about to handle a raised event or to fire: urgent steps read nothing that others write; or
- has yet to start; or
- over fifo channels, can handle something from everybody who may still send to it, none of its rows asking `fresh`:
  others only append behind that, and take from the far end of what it has sent.

Or a message that is dropped without effect, now and whatever happens first, is dropped. Of several that could be
chosen, members come before columns: a member has few ways to go on, a column one for each member that it hears from,
and what the members have not handled yet would be multiplied by those.

Each such step uses up a message, a start or an event, so nothing is postponed for ever. A participant is not chosen
where one of these steps is an error (others would not be explored any more) or changes what a declared property speaks
of. A crash is postponed to the moment at which the participant has something to do, except where a peer watches `lost`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import (
    CHANNEL,
    CRASHED,
    CRASHES,
    FRESH,
    LIVE,
    NOT_STARTED,
    PENDING,
    ROLE,
    SHIFT,
    STARTED,
    STATE,
    TIMERS,
    Work,
)
from protoflow.checks.composition.liveness import leading_to
from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.steps import Step, Steps
    from protoflow.checks.composition.tables import RowModel


class Reduction:
    """`drops`: messages that change nothing are dropped at once; which row takes them where is then not explored."""

    def __init__(self, steps: Steps, *, drops: bool = True) -> None:
        self.steps = steps
        self.drops = drops
        self.model = steps.model
        roles = self.model.roles
        self.asks_fresh = [any(row.speaks_of_fresh for row in self.model.rows if row.role == r.index) for r in roles]
        self.watched = [any(peer.watches_lost and role.index in peer.peers for peer in roles) for role in roles]
        self.later = [_roles_sent_to_later(self.model, role.index) for role in roles]
        self.visible = {row.uid for row in self.model.rows if self._changes_a_property(row)}

    def ample(self, work: Work) -> tuple[int, list[Step]] | None:
        """The participant whose steps stand for all, with these steps; None: all must be explored.

        The participant is -1 where the step is nobody's choice: its timers and its crash come later.
        """
        for who in range(self.steps.columns if self.drops else 0):
            dropped = self._drop(work, who)
            if dropped is not None:
                return -1, dropped
        columns = self.steps.columns
        everybody = (*range(columns, len(work.entries)), *range(columns))
        for fits in (self.steps.urgent, self._starts, self._can_handle_all):
            for who in everybody:
                if fits(work, who):
                    steps = list(self.steps.of_one(work, who))
                    if all(
                        label.row not in self.visible and label.outcome is not Outcome.UNHANDLED for label, _ in steps
                    ):
                        return who, steps
        return None

    def _drop(self, work: Work, who: int) -> list[Step] | None:
        """A message to that participant that no row of this or a later state takes, and that changes nothing."""
        entry = work.entries[who]
        if entry[LIVE] != STARTED or self.steps.urgent(work, who):
            return None
        role = self.model.roles[entry[ROLE]]
        always, stale = role.neutral[entry[STATE]], role.neutral_stale[entry[STATE]]
        if not always and not stale:
            return None
        for j in self.steps.peers(work, who):
            channel = self.steps.pair(work, j, who)[CHANNEL] if j != who else ()
            for position in self.steps.deliverable(work, who, j) if channel else ():
                message = channel[position]
                if message < 0 or message >> SHIFT not in (always if message & FRESH else stale):
                    continue
                steps = [
                    (label, new)
                    for alone, sender in self.steps.single_out(work, j)
                    for label, new in self.steps.delivery(alone, who, who, sender, j, position)
                    if label.kind is StepKind.DELIVER
                ]
                if all(not new.entries[who][PENDING] for _, new in steps):
                    return steps
        return None

    def all(self, work: Work) -> Iterator[Step]:
        """Every step, crashes postponed."""
        for who in range(len(work.entries)):
            idle = any(work.globals[CRASHES]) and self._has_nothing_to_do(work, who)
            for label, new in self.steps.of_one(work, who):
                if not (idle and label.kind is StepKind.CRASH):
                    yield label, new

    def _has_nothing_to_do(self, work: Work, who: int) -> bool:
        entry = work.entries[who]
        role = self.model.roles[entry[ROLE]]
        if self.watched[role.index] or entry[LIVE] == NOT_STARTED or self.steps.urgent(work, who):
            return False
        if role.outside_in[entry[STATE]] or any(entry[TIMERS][timer] == 0 for timer in role.timers_in[entry[STATE]]):
            return False
        return not any(self.steps.deliverable(work, who, j) for j in self.steps.peers(work, who) if j != who)

    def _starts(self, work: Work, who: int) -> bool:
        return bool(work.entries[who][LIVE] == NOT_STARTED)

    def _can_handle_all(self, work: Work, who: int) -> bool:
        entry = work.entries[who]
        role = entry[ROLE]
        if not self.steps.fifo or entry[LIVE] == CRASHED or self.asks_fresh[role]:
            return False
        something = False
        for j in self.steps.peers(work, who):
            if j == who:
                continue
            if self.steps.deliverable(work, who, j):
                something = True
            elif self._may_send(work, j, role):
                return False
        return something

    def _may_send(self, work: Work, j: int, role: int) -> bool:
        """Whether j, in its state or a later one, sends to that role; a crash sends `lost`."""
        entry = work.entries[j]
        if entry[LIVE] == CRASHED:
            return False
        peer = entry[ROLE]
        watches = self.model.roles[role].watches_lost and role in self.model.roles[peer].peers
        return role in self.later[peer][entry[STATE]] or (watches and bool(work.globals[CRASHES][peer]))

    def _changes_a_property(self, row: RowModel) -> bool:
        role = self.model.roles[row.role]
        before = role.states[row.source]
        after = role.states[row.dest] if row.dest >= 0 else before
        return any(
            role.name in declared.never
            and (before in declared.never[role.name]) != (after in declared.never[role.name])
            for declared in self.model.program.protocol.properties.values()
        )


def _roles_sent_to_later(model: Model, role: int) -> list[set[int]]:
    """For each state, the roles that get a message from some row of that state or of one after it."""
    rows = [row for row in model.rows if row.role == role]
    found: list[set[int]] = [set() for _ in model.roles[role].states]
    for receiver in range(len(model.roles)):
        for state in leading_to(rows, {row.source for row in rows for send in row.sends if receiver in send.roles}):
            found[state].add(receiver)
    return found
