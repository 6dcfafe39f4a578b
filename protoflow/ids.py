"""The ids of participants: the role's name where a role has exactly one, else name and number: `client1`, `client2`.

A role may have a million participants of whom a few ever speak. So ids are a sequence that makes one when it is asked
for, and knows where one stands, without making the others; and what belongs to an id is made when first asked for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Value = TypeVar("Value")


class Group:
    """The participants of one role. `start` is where the first of them stands among all participants of the course."""

    __slots__ = ("count", "numbered", "role", "start")

    def __init__(self, role: str, count: int, start: int, *, numbered: bool) -> None:
        self.role = role
        self.count = count
        self.start = start
        self.numbered = numbered

    def name(self, place: int) -> str:
        """The id of the one at this place in the role, from 0."""
        return f"{self.role}{place + 1}" if self.numbered else self.role

    def names(self) -> Iterator[str]:
        """All ids, in order."""
        return map(self.name, range(self.count))

    def place(self, who: object) -> int | None:
        """Where an id stands in the role; None where it is not the id of one of them."""
        if not isinstance(who, str) or not who.startswith(self.role):
            return None
        digits = who[len(self.role) :]
        if not self.numbered:
            return 0 if self.count and not digits else None
        try:
            number = int(digits)
        except ValueError:
            return None
        return number - 1 if 0 < number <= self.count and f"{number}" == digits else None


class Ids(Sequence[str]):
    """The ids of some groups, in order, those that are left out apart. Equal to every sequence of the same ids."""

    __slots__ = ("_ends", "_groups", "_listed", "_without")

    def __init__(self, groups: Iterable[Group], without: Iterable[str] = ()) -> None:
        self._groups = tuple(groups)
        self._ends = tuple(accumulate(group.count for group in self._groups))
        self._without = sorted({place for who in without if (place := self._place(who)) is not None})
        self._listed: tuple[str, ...] | None = None

    @property
    def listed(self) -> tuple[str, ...]:
        """All of them, made once: for those that something is sent to."""
        if self._listed is None:
            self._listed = tuple(self)
        return self._listed

    def __len__(self) -> int:
        return (self._ends[-1] if self._ends else 0) - len(self._without)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        size, without = len(self), self._without
        if not -size <= index < size:
            raise IndexError(f"there are {size} ids, none at {index}")
        place = index % size
        if without:
            place += bisect_right(range(len(without)), place, key=lambda number: without[number] - number)
        number = bisect_right(self._ends, place)
        group = self._groups[number]
        return group.name(place - self._ends[number] + group.count)

    def __iter__(self) -> Iterator[str]:
        every = chain.from_iterable(group.names() for group in self._groups)
        if not self._without:
            return every
        without = set(self._without)
        return (who for place, who in enumerate(every) if place not in without)

    def __contains__(self, who: object) -> bool:
        place = self._place(who)
        return place is not None and (not self._without or place not in self._without)

    def index(self, who: object, start: int = 0, stop: int | None = None) -> int:
        place = self._place(who)
        index = -1 if place is None or place in self._without else place - bisect_left(self._without, place)
        if index not in range(len(self))[start:stop]:
            raise ValueError(f"{who!r} is not one of these ids")
        return index

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) or not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if len(self) <= 10:
            return repr(tuple(self))
        return f"({self[0]!r}, {self[1]!r}, ... {len(self) - 3:,} more ..., {self[-1]!r})"

    def _place(self, who: object) -> int | None:
        """Where an id stands among those of all groups, nobody left out."""
        for group, end in zip(self._groups, self._ends, strict=True):
            if (place := group.place(who)) is not None:
                return end - group.count + place
        return None


class Lookup(dict[str, Value], Generic[Value]):
    """What belongs to an id, made when it is first asked for and kept; what is in it is what has been made.

    `make` raises KeyError for what is no id.
    """

    def __init__(self, make: Callable[[str], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, who: str) -> Value:
        value = self[who] = self._make(who)
        return value
