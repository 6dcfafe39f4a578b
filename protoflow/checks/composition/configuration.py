"""A configuration of the whole course, as tuples of small integers.

Some participants are *columns*: everybody else keeps track of them by position. The other ones are *members*: they are
interchangeable, exchange messages with columns only, and are counted by what they are in. In a star (one or several
single roles, and many-roles that talk to nobody else) the single participants are the columns; in every other shape all
participants are.

    entry = (role, live, state, counters, timers, taken, raised, pending, out, inn)
    pair  = (channel, counted, expected, last, flags)

`out[c]` is the pair from this participant to column c, `inn[c]` (members only) the one from column c to this member.
The pair from i to j holds the messages that i has sent to j and j has not handled, and what i keeps track of about j:
the windows that have counted j, the rounds that j is expected to answer, whether the last R that i had from j is of j's
open round, whether i knows j to be lost, and on which links of i j is. So a member's entry holds its tag: what the
other side's bookkeeping says about it. An event `from: all` is then a test for zero, and the number of participants is
nowhere in the configuration but in the counts.

A message in a channel is `number << SHIFT`, with bits: OPEN on a request of a counted round, as long as that round is
the open one; FRESH on a reply, as long as it answers the open round. Opening a round clears these bits on all older
ones, which is exact: an older round never becomes the open one again. RUN, in the abstraction only: one or more of it.

A member's `pending` is the urgent row that it takes next: which row of which event that holds is decided when the step
before is over (`steps.settle`).

A whole configuration is `(globals, entry of each column, ..., entry of a group of members, its size, ...)`, entries as
numbers of the `Store`; groups are sorted and equal ones are merged. Without members, equal configurations up to
renaming of the participants of a role are made equal by `Store.rename`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from protoflow.checks.composition.domain import Domain

Entry = tuple[Any, ...]
Pair = tuple[Any, ...]
Code = tuple[int, ...]
"""A whole configuration."""

ROLE, LIVE, STATE, COUNTERS, TIMERS, TAKEN, RAISED, PENDING, OUT, INN = range(10)
CHANNEL, COUNTED, EXPECTED, LAST, FLAGS = range(5)

CRASHED, NOT_STARTED, STARTED = 0, 1, 2
"""`live`."""

BOOLS, EARLY, LOSS, DUPLICATES, CRASHES = range(5)
"""Globals: the values of the bool parameters as a mask, and what is left of each budget (crashes: per role)."""

NO_PAIR: Pair = ((), 0, 0, 0, 0)
FRESH, OPEN, RUN = 1, 2, 4
SHIFT = 3
LOST_MARK = -1
"""In a channel: nothing more will come, the sender has crashed."""


Sent = tuple[int, tuple[int, ...], bool, bool]
"""A message, its receivers, whether a round of it is counted, and whether it opens one."""


Late = tuple[int, int, int]
"""A role, a final state of it, and a message that may come there."""


class Work:
    """A configuration that a step works on: entries in lists; columns first, then groups of members."""

    __slots__ = ("counts", "entries", "globals", "late", "merged", "sent")

    def __init__(
        self,
        globals_: tuple[Any, ...],
        entries: list[Entry],
        counts: list[int],
        sent: tuple[Sent, ...] = (),
        *,
        merged: bool = False,
        late: tuple[Late, ...] = (),
    ) -> None:
        self.globals = globals_
        self.entries = entries
        self.counts = counts
        self.sent = sent  # by this step
        self.merged = merged  # places are not those of the configuration that the step began in
        self.late = late  # what this step has made forgotten, and may be late some day

    def copy(self) -> Work:
        return Work(
            self.globals, self.entries.copy(), self.counts.copy(), self.sent, merged=self.merged, late=self.late
        )

    def set(self, who: int, field: int, value: object) -> None:
        entry = self.entries[who]
        self.entries[who] = (*entry[:field], value, *entry[field + 1 :])


def unhurried() -> None:
    """No clock to look at."""


class Store:
    """Numbers for entries, and the one form that equal configurations share."""

    def __init__(self, columns: int, domain: Domain, look: Callable[[], None] = unhurried) -> None:
        self.columns = columns
        self._look = look
        self.domain = domain
        self.entries: list[Entry] = []
        self._numbers: dict[Entry, int] = {}
        self._globals: list[tuple[Any, ...]] = []
        self._global_numbers: dict[tuple[Any, ...], int] = {}

    def number(self, entry: Entry) -> int:
        found = self._numbers.get(entry)
        if found is None:
            found = self._numbers[entry] = len(self.entries)
            self.entries.append(entry)
        return found

    def _global(self, value: tuple[Any, ...]) -> int:
        found = self._global_numbers.get(value)
        if found is None:
            found = self._global_numbers[value] = len(self._globals)
            self._globals.append(value)
        return found

    def encode(self, work: Work) -> Code:
        """The configuration, the same for all that differ only in who is who."""
        columns = self.columns
        if columns == len(work.entries) and self._renames:
            return self.rename(work)
        numbers = [self.number(entry) for entry in work.entries]
        groups: dict[int, int] = {}
        domain = self.domain
        for number, count in zip(numbers[columns:], work.counts[columns:], strict=True):
            groups[number] = domain.add(groups[number], count) if number in groups else domain.close(count)
        code = [self._global(work.globals), *numbers[:columns]]
        for number in sorted(groups):
            code.append(number)
            code.append(groups[number])
        return tuple(code)

    def decode(self, code: Code) -> Work:
        columns = self.columns
        entries = self.entries
        groups = code[columns + 1 :]
        return Work(
            self._globals[code[0]],
            [entries[n] for n in code[1 : columns + 1]] + [entries[n] for n in groups[::2]],
            [1] * columns + list(groups[1::2]),
        )

    _renames: tuple[tuple[int, ...], ...] = ()
    """Columns that may trade places: those of each role with more than one participant."""

    def interchangeable(self, groups: Iterable[Sequence[int]]) -> None:
        self._renames = tuple(tuple(group) for group in groups if len(group) > 1)

    def rename(self, work: Work) -> Code:
        """The least configuration among those that differ only in the order of interchangeable columns.

        Columns are first told apart by what does not depend on the order; only those that are still alike are tried in
        every order, and of twins, which trade places without any change, one order stands for all.
        """
        entries = work.entries
        shape = [(entry[:OUT], tuple(sorted(entry[OUT]))) for entry in entries]
        marks = [
            (shape[i], tuple(sorted(entries[j][OUT][i] for j in range(len(entries))))) for i in range(len(entries))
        ]
        alike: list[tuple[list[int], list[list[int]]]] = []  # places, and who may have them: twins together
        for group in self._renames:
            classes: dict[Any, list[int]] = {}
            for member in group:
                classes.setdefault(marks[member], []).append(member)
            begin = 0
            for mark in sorted(classes):
                members = classes[mark]
                alike.append((list(group[begin : begin + len(members)]), _twins(entries, members)))
                begin += len(members)
        best: Code | None = None
        for order in _orders(alike, list(range(len(entries)))):
            self._look()
            numbers = tuple(
                self.number((*entries[i][:OUT], tuple([entries[i][OUT][j] for j in order]), ())) for i in order
            )
            if best is None or numbers < best:
                best = numbers
        assert best is not None
        return (self._global(work.globals), *best)


def _twins(entries: Sequence[Entry], members: Sequence[int]) -> list[list[int]]:
    """Members of a class, those together that can trade places without any change."""
    found: list[list[int]] = []
    for i in members:
        twins = next((twins for twins in found if _are_twins(entries, i, twins[0])), None)
        if twins is None:
            found.append([i])
        else:
            twins.append(i)
    return found


def _are_twins(entries: Sequence[Entry], i: int, j: int) -> bool:
    mine, other = entries[i][OUT], entries[j][OUT]
    return bool(mine[j] == other[i] and mine[i] == other[j]) and all(
        mine[k] == other[k] and entries[k][OUT][i] == entries[k][OUT][j] for k in range(len(entries)) if k not in (i, j)
    )


def _orders(alike: Sequence[tuple[list[int], list[list[int]]]], order: list[int]) -> Iterator[list[int]]:
    """Who stands in each place, in every way that can make a difference. The list that is given is used again."""
    if not alike:
        yield order
        return
    (places, twins), *others = alike
    for arranged in _arrangements(twins):
        for place, member in zip(places, arranged, strict=True):
            order[place] = member
        yield from _orders(others, order)


def _arrangements(twins: list[list[int]]) -> Iterator[list[int]]:
    if len(twins) == 1:
        yield twins[0]
        return
    for number, (first, *more) in enumerate(twins):
        left = [*twins[:number], *([more] if more else []), *twins[number + 1 :]]
        for rest in _arrangements(left):
            yield [first, *rest]
