"""Which courses a protocol stands for: every assignment of its links, every value of its bool parameters.

Part of the naive explorer, see `steps`.
"""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from protoflow.program import GuardKind, Program
from protoflow.protocol import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.naive.configuration import Links


def ids(program: Program, role: str, number: int) -> tuple[str, ...]:
    return (role,) if program.roles[role].single else tuple(f"{role}{n}" for n in range(1, number + 1))


def all_links(program: Program, participants: Mapping[str, int]) -> Iterator[Links]:
    """Every assignment of the links; `ring`, `next` and `chain` have one, the others differ from it in names only."""
    declared = program.protocol.links
    plain = [link for link in declared.values() if link.inverse is None]
    options = []
    for link in plain:
        sources = ids(program, link.source, participants[link.source])
        targets = ids(program, link.dest, participants[link.dest])
        options.append(list(_relations(link.shape, sources, targets)))
    for chosen in product(*options):
        relations = {str(link.name): relation for link, relation in zip(plain, chosen, strict=True)}
        for link in declared.values():
            if link.inverse is not None:
                forward = relations[link.inverse]
                members = ids(program, link.source, participants[link.source])
                relations[link.name] = {i: tuple(j for j in forward if i in forward[j]) for i in members}
        yield relations


def _relations(
    shape: Shape, sources: tuple[str, ...], targets: tuple[str, ...]
) -> Iterator[Mapping[str, tuple[str, ...]]]:
    n = len(sources)
    match shape:
        case Shape.ONE:
            for chosen in product(targets, repeat=n):
                yield {i: (j,) for i, j in zip(sources, chosen, strict=True)}
        case Shape.GRAPH:
            options = [subsets(tuple(j for j in targets if j != i)) for i in sources]
            for several in product(*options):
                yield dict(zip(sources, several, strict=True))
        case _:
            yield {i: _neighbours(shape, place, sources) for place, i in enumerate(sources)}


def subsets(group: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The empty one first."""
    return list(chain.from_iterable(combinations(group, size) for size in range(len(group) + 1)))


def _neighbours(shape: Shape, place: int, members: tuple[str, ...]) -> tuple[str, ...]:
    n = len(members)
    places = {Shape.NEXT: [place + 1], Shape.CHAIN: [place + 1], Shape.RING: [place - 1, place + 1]}[shape]
    if shape is Shape.CHAIN and place == n - 1:
        return ()
    return tuple(sorted({members[p % n] for p in places} - {members[place]}, key=members.index))


def all_flags(program: Program) -> Iterator[dict[str, bool]]:
    """Every value of the `bool` parameters that conditions use."""
    names = sorted(
        {
            guard.name
            for table in program.roles.values()
            for row in table.all_rows()
            for guard in row.guards
            if guard.kind is GuardKind.PARAMETER
        }
    )
    for values in product((True, False), repeat=len(names)):
        yield dict(zip(names, values, strict=True))
