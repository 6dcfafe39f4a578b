"""Conditions as boolean formulas.

What a row asks for is a conjunction of names that must hold or must not: predicates, `fresh`, `bool` parameters, links.
Within one choice among rows each name has one value, so the questions "can all of these rows fail?" and "is this row
ever reached?" are about assignments of truth values to names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protoflow.program import GuardKind
from protoflow.protocol import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protoflow.program import Guard, Program, RoleProgram

Guards: TypeAlias = "Sequence[Guard]"
Truth: TypeAlias = "Mapping[str, bool]"


def assignment_without(rows: Sequence[Guards], known: Truth) -> Truth | None:
    """Truth values that extend `known` and under which none of `rows` holds; None where there are none.

    Only names that matter are in the answer. Branches on the names of the first row that still may hold.
    """
    for guards in rows:
        if any(known.get(guard.name, guard.wanted) != guard.wanted for guard in guards):
            continue
        fixed = dict(known)
        for guard in guards:
            if guard.name not in known:
                found = assignment_without(rows, {**fixed, guard.name: not guard.wanted})
                if found is not None:
                    return found
                fixed[guard.name] = guard.wanted
        return None
    return known


def holding(guards: Guards, known: Truth) -> Truth | None:
    """`known` and what makes all of `guards` hold; None where they contradict each other or `known`."""
    truth = dict(known)
    for guard in guards:
        if truth.setdefault(guard.name, guard.wanted) != guard.wanted:
            return None
    return truth


def constant_links(program: Program, role: RoleProgram) -> Truth:
    """Links of which the role's participants always, or never, have somebody: what their shape and numbers say."""
    known = {}
    for name, link in program.protocol.links.items():
        if link.source != role.name or link.inverse is not None:
            continue
        if link.shape is Shape.ONE or (link.shape in (Shape.RING, Shape.NEXT) and role.minimum >= 2):
            known[str(name)] = True
        elif link.shape is not Shape.GRAPH and role.maximum == 1:
            known[str(name)] = False
    return known


def in_words(truth: Truth, guards: Iterable[Guard]) -> str:
    """ "`enough` does not hold and the message is not fresh"."""
    kinds = {guard.name: guard.kind for guard in guards}
    words = []
    for name, value in truth.items():
        if name not in kinds:
            continue
        match kinds[name]:
            case GuardKind.FRESH:
                words.append(f"the message is {'' if value else 'not '}fresh")
            case GuardKind.PARAMETER:
                words.append(f"`{name}` is {'true' if value else 'false'}")
            case GuardKind.LINK:
                words.append(f"there is {'somebody' if value else 'nobody'} on `{name}`")
            case GuardKind.PREDICATE:
                words.append(f"`{name}` {'holds' if value else 'does not hold'}")
    return " and ".join(words)
