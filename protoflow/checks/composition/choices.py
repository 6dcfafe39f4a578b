"""Which row is taken: the first that holds, with every predicate true and false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.program import GuardKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.tables import RowModel


class Choices:
    """Remembers what has been asked: the answers depend on little."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._known: dict[object, tuple[RowModel | None, ...]] = {}

    def of(
        self, rows: tuple[RowModel, ...], bools: int, taken: tuple[int, ...], links: int, fresh: bool
    ) -> tuple[RowModel | None, ...]:
        """The rows that can be the first that holds, whatever the predicates say; None: all can fail."""
        key = (rows[0].uid, bools, taken, links, fresh)
        found = self._known.get(key)
        if found is None:
            found = tuple(dict.fromkeys(self._first_that_holds(rows, bools, taken, links, fresh, {})))
            self._known[key] = found
        return found

    def _first_that_holds(
        self,
        rows: tuple[RowModel, ...],
        bools: int,
        taken: tuple[int, ...],
        links: int,
        fresh: bool,
        known: Mapping[str, bool],
    ) -> Iterator[RowModel | None]:
        if not rows:
            yield None
            return
        row, later = rows[0], rows[1:]
        unknown: list[tuple[str, bool]] = []
        possible = True
        if row.slot >= 0:
            possible = taken[row.slot] < self.model.roles[row.role].slots[row.row.index][1]
        elif row.row.times is not None:
            unknown.append((f"times {row.row.index}", True))
        for guard in row.row.guards:
            match guard.kind:
                case GuardKind.PREDICATE:
                    unknown.append((guard.name, guard.wanted))
                case GuardKind.FRESH:
                    possible &= fresh is guard.wanted
                case GuardKind.PARAMETER:
                    possible &= bool(bools >> self.model.bool_index[guard.name] & 1) is guard.wanted
                case GuardKind.LINK:
                    possible &= bool(links & self.model.link_bit[guard.name]) is guard.wanted
        if not possible:
            yield from self._first_that_holds(later, bools, taken, links, fresh, known)
            return
        assumed = dict(known)
        for name, wanted in unknown:
            value = assumed.get(name)
            if value is None:
                yield from self._first_that_holds(later, bools, taken, links, fresh, {**assumed, name: not wanted})
                assumed[name] = wanted
            elif value is not wanted:
                yield from self._first_that_holds(later, bools, taken, links, fresh, assumed)
                return
        yield row
