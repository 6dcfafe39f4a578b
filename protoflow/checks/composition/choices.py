"""Which row is taken: the first that holds, with every predicate true and false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.checks.composition.configuration import unhurried
from protoflow.program import GuardKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.tables import RowModel


class Choices:
    """Remembers what has been asked: the answers depend on little."""

    def __init__(self, model: Model, look: Callable[[], None] = unhurried) -> None:
        self.model = model
        self._look = look
        self._known: dict[object, tuple[RowModel | None, ...]] = {}

    def of(
        self, rows: tuple[RowModel, ...], bools: int, taken: tuple[int, ...], links: int, fresh: bool
    ) -> tuple[RowModel | None, ...]:
        """The rows that can be the first that holds, whatever the predicates say; None: all can fail."""
        key = (rows[0].uid, bools, taken, links, fresh)
        found = self._known.get(key)
        if found is None:
            asked = [self._asks(row, bools, taken, links, fresh) for row in rows]
            outcomes = sorted(_first_that_holds(asked, self._look), reverse=True)
            found = tuple(rows[n] if n < len(rows) else None for n in outcomes)
            self._known[key] = found
        return found

    def _asks(
        self, row: RowModel, bools: int, taken: tuple[int, ...], links: int, fresh: bool
    ) -> list[tuple[str, bool]] | None:
        """The names that must be true or false for the row to hold; None: it cannot."""
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
        return unknown if possible else None


def _first_that_holds(asked: list[list[tuple[str, bool]] | None], look: Callable[[], None]) -> set[int]:
    """Which rows can be the first that holds, by number; their count where all can fail.

    Row by row, with all that can have been decided before; names that no later row asks are forgotten.
    """
    found: set[int] = set()
    decided: set[frozenset[tuple[str, bool]]] = {frozenset()}
    for number, names in enumerate(asked):
        if names is None:
            continue
        later = {name for row in asked[number + 1 :] for name, _ in row or ()}
        failed: set[frozenset[tuple[str, bool]]] = set()
        for before in decided:
            look()
            known = dict(before)
            for name, wanted in names:
                if known.setdefault(name, wanted) is wanted:
                    if (name, wanted) not in before:
                        failed.add(_of({**known, name: not wanted}, later))
                else:
                    failed.add(_of(known, later))
                    break
            else:
                found.add(number)
        decided = failed
        if not decided:
            return found
    return found | {len(asked)}


def _of(known: Mapping[str, bool], names: Collection[str]) -> frozenset[tuple[str, bool]]:
    return frozenset((name, value) for name, value in known.items() if name in names)
