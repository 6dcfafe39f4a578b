"""How many participants share one local configuration: exact integers, or {0, 1, .., k, many}.

A domain answers what counting needs: what is left when one is taken away, how a group can be split in two, the sum of
two groups, and bounds on a count. `MANY` stands for every number above k, so one abstract count covers them all.
A count of exactly one that is being worked on is the plain integer 1 in either domain; `close` maps it into the domain
when a step is over.
"""

from __future__ import annotations

from functools import lru_cache

MANY = 1 << 30
"""More than k: an integer larger than any number of participants, so that counts stay sortable."""


class Exact:
    """Plain integers: the number of participants is fixed."""

    abstract = False
    forgets = False

    def close(self, count: int) -> int:
        return count

    def add(self, left: int, right: int) -> int:
        return left + right

    def rest(self, count: int) -> tuple[int, ...]:
        """What may be left when one is taken away."""
        return (count - 1,)

    def splits(self, count: int) -> tuple[tuple[int, int], ...]:
        """All the ways to divide a group in two."""
        return tuple((chosen, count - chosen) for chosen in range(count + 1))

    def high(self, count: int) -> float:
        return count

    def low(self, count: int) -> int:
        return count


class Abstract:
    """{0, .., k, many}. `forgets`: messages that are stale and can do nothing any more are not kept in channels."""

    abstract = True

    def __init__(self, k: int, *, forgets: bool = True) -> None:
        self.k = k
        self.forgets = forgets
        self.splits = lru_cache(maxsize=None)(self._splits)

    def close(self, count: int) -> int:
        return count if count <= self.k else MANY

    def add(self, left: int, right: int) -> int:
        return self.close(left + right)

    def rest(self, count: int) -> tuple[int, ...]:
        return (MANY, self.k) if count >= MANY else (count - 1,)

    def _splits(self, count: int) -> tuple[tuple[int, int], ...]:
        if count < MANY:
            return tuple((chosen, count - chosen) for chosen in range(count + 1))
        values = (*range(self.k + 1), MANY)
        return tuple((a, b) for a in values for b in values if a + b > self.k)

    def high(self, count: int) -> float:
        return float("inf") if count >= MANY else count

    def low(self, count: int) -> int:
        return self.k + 1 if count >= MANY else count


Domain = Exact | Abstract
