"""The configurations in which a course can begin: one per value of the bool parameters and per shape of the links.

In a star the participants of many-roles are groups; in every other shape each participant is a column, and every
relation that a link's shape allows is tried (equal ones, up to the names of participants, are found equal later).
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import (
    NO_PAIR,
    NOT_STARTED,
    STARTED,
    Entry,
    Store,
    Work,
    unhurried,
)
from protoflow.protocol import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from protoflow.checks.composition.domain import Domain
    from protoflow.checks.composition.model import Model
    from protoflow.protocol import Link

Relation = frozenset[tuple[int, int]]


class Cast:
    """Who takes part: `sizes` says how many of each role (in a star, abstract counts of the many-roles)."""

    def __init__(self, model: Model, sizes: Mapping[int, int], *, star: bool, named: bool = False) -> None:
        self.model = model
        self.star = star
        self.sizes = dict(sizes)
        self.columns: list[int] = []  # the role of each column
        self.members: list[tuple[int, int]] = []  # (role, how many) of each group
        for role in model.roles:
            size = sizes[role.index]
            if not star or role.single:
                self.columns += [role.index] * size
            elif named:
                self.members += [(role.index, 1)] * size
            elif size:
                self.members.append((role.index, size))

    def store(self, domain: Domain, look: Callable[[], None] = unhurried) -> Store:
        """`look` at the clock is called wherever something takes long."""
        store = Store(len(self.columns), domain, look)
        if not self.members:
            places: dict[int, list[int]] = {}
            for position, role in enumerate(self.columns):
                places.setdefault(role, []).append(position)
            store.interchangeable(places.values())
        return store

    def names(self) -> tuple[str, ...]:
        """The ids of columns, then of members where each group is one participant."""
        seen: dict[int, int] = {}
        names = []
        for role in (*self.columns, *(role for role, _ in self.members)):
            seen[role] = seen.get(role, 0) + 1
            model = self.model.roles[role]
            names.append(model.name if model.single else f"{model.name}{seen[role]}")
        return tuple(names)

    def configurations(self) -> Iterator[Work]:
        for bools in range(1 << len(self.model.bools)):
            for relations in self._relations():
                yield self._configuration(bools, relations)

    def _configuration(self, bools: int, relations: Mapping[str, Relation]) -> Work:
        assumptions = self.model.assumptions
        crashes = tuple(assumptions.crashes.get(role.name, 0) for role in self.model.roles)
        globals_ = (bools, assumptions.early_timeouts, assumptions.loss, assumptions.duplicates, crashes)
        entries = [self._entry(role, place, relations, member=False) for place, role in enumerate(self.columns)]
        entries += [self._entry(role, -1, relations, member=True) for role, _ in self.members]
        return Work(globals_, entries, [1] * len(self.columns) + [count for _, count in self.members])

    def _entry(self, role: int, place: int, relations: Mapping[str, Relation], *, member: bool) -> Entry:
        model = self.model.roles[role]

        def pair(i: int, j: int, from_role: int, to_role: int) -> tuple[object, ...]:
            flags = 0
            for name, bit in self.model.link_bit.items():
                if member:
                    link = self.model.program.protocol.links[name]
                    linked = (self.model.role_index[link.source], self.model.role_index[link.dest])
                    flags |= bit if linked == (from_role, to_role) else 0
                elif (i, j) in relations[name]:
                    flags |= bit
            return (*NO_PAIR[:-1], flags)

        out = tuple(pair(place, j, role, other) for j, other in enumerate(self.columns))
        inn = tuple(pair(j, place, other, role) for j, other in enumerate(self.columns)) if member else ()
        return (
            role,
            NOT_STARTED if model.on_start else STARTED,
            model.initial,
            (0,) * len(model.counters),
            (0,) * len(model.timers),
            (0,) * len(model.slots),
            (),
            (),
            out,
            inn,
        )

    def _relations(self) -> Iterator[Mapping[str, Relation]]:
        """Every assignment of the links among columns; an inverse link follows the one that it inverts."""
        links = self.model.program.protocol.links
        own = [link for link in links.values() if link.inverse is None]
        for relations in self._chosen(own):
            for link in links.values():
                if link.inverse is not None:
                    relations[str(link.name)] = frozenset((j, i) for i, j in relations[link.inverse])
            yield relations

    def _chosen(self, links: Sequence[Link]) -> Iterator[dict[str, Relation]]:
        """One by one: there can be more than memory holds."""
        if not links:
            yield {}
            return
        for chosen in self._chosen(links[:-1]):
            for relation in self._shapes(links[-1]):
                yield {**chosen, str(links[-1].name): relation}

    def _shapes(self, link: Link) -> Iterator[Relation]:
        index = self.model.role_index
        sources = [place for place, role in enumerate(self.columns) if role == index[link.source]]
        dests = [place for place, role in enumerate(self.columns) if role == index[link.dest]]
        pairs = [(i, j) for i in sources for j in dests if i != j]
        match link.shape:
            case Shape.GRAPH:
                for mask in range(1 << len(pairs)):
                    yield frozenset(pair for bit, pair in enumerate(pairs) if mask >> bit & 1)
            case Shape.ONE:
                options: Sequence[Sequence[tuple[int, int]]] = [[p for p in pairs if p[0] == i] for i in sources]
                for chosen in product(*(option for option in options if option)):
                    yield frozenset(chosen)
            case _:
                following = list(pairwise(sources))
                if link.shape is not Shape.CHAIN and len(sources) > 1:
                    following.append((sources[-1], sources[0]))
                if link.shape is Shape.RING:
                    following += [(j, i) for i, j in following]
                yield frozenset(following)
