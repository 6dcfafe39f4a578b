"""How many participants: which numbers are explored, and how they are said."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from protoflow.checks.composition.domain import MANY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protoflow.checks.composition.model import Model
    from protoflow.checks.composition.options import Options
    from protoflow.checks.composition.tables import RoleModel

Sizes = tuple[int, ...]
"""How many participants, by role."""

LARGEST = 8
"""How many sizes are explored of the one many-role of a star, from the least that its `count` allows."""

FAR = 19
"""How far beyond the least number one that is large may lie."""

SMALL = 3
"""How many sizes of each many-role are explored where there are several, or where the shape is no star."""


def to_explore(model: Model, options: Options) -> list[Sizes]:
    """The sizes to explore exactly, smallest first."""
    most = LARGEST if model.star and len(many(model)) == 1 else SMALL
    ranges = []
    for role in model.roles:
        least, greatest = role.program.minimum, role.program.maximum
        asked = options.asked(role.program)
        if asked is not None:
            ranges.append(range(asked[0], asked[1] + 1))
        else:
            last = least + most - 1
            ranges.append(range(least, (last if greatest is None else min(last, greatest)) + 1))
    return sorted(product(*ranges), key=lambda sizes: (sum(sizes), sizes))


def abstract(model: Model, k: int) -> Iterator[Sizes]:
    """All that the counts allow: exact up to k, and many."""
    ranges = []
    for role in model.roles:
        least, greatest = role.program.minimum, role.program.maximum
        exact = range(least, (k if greatest is None else min(k, greatest)) + 1)
        beyond = [MANY] if greatest is None or greatest > k else []
        ranges.append([1] if role.single else [*exact, *beyond])
    yield from product(*ranges)


def least(model: Model) -> int:
    return max((role.program.minimum for role in many(model)), default=1)


def all_are(model: Model, covered: Sequence[Sizes]) -> bool:
    """Whether these are all the sizes that there are."""
    return all(
        role.program.maximum is not None
        and {*range(role.program.minimum, role.program.maximum + 1)} <= {sizes[role.index] for sizes in covered}
        for role in model.roles
    )


def many(model: Model) -> list[RoleModel]:
    return [role for role in model.roles if not role.single]


def larger(model: Model) -> int:
    """A number, larger than is explored unasked, that every count allows."""
    most = [role.program.maximum for role in many(model) if role.program.maximum is not None]
    return max(least(model), min([least(model) + FAR, *most]))


def beyond(model: Model, covered: Sequence[Sizes]) -> int | None:
    """The first number that is larger than all of these; None where not every count allows it."""
    roles = many(model)
    number = 1 + max((sizes[role.index] for sizes in covered for role in roles), default=0)
    return number if all(number <= (role.program.maximum or number) for role in roles) else None


def fewer(model: Model, sizes: Sequence[Sizes]) -> str:
    """The smaller half of these sizes, as an option says it; nothing where one range cannot say it."""
    roles = many(model)
    if len(roles) != 1 or len(sizes) < 2:
        return ""
    numbers = [each[roles[0].index] for each in sizes]
    return _span(numbers[0], numbers[len(numbers) // 2 - 1])


def every(model: Model) -> str:
    """All sizes that the counts allow: `every N ≥ 1`."""
    parts = []
    for role in many(model):
        name = _name(model, role)
        low, high = role.program.minimum, role.program.maximum
        parts.append(f"every {name} ≥ {low}" if high is None else f"{name} = {_span(low, high)}")
    return ", ".join(parts) or "one of each role"


def these(model: Model, covered: Sequence[Sizes]) -> str:
    """Sizes that were explored: `N = 1..8`, or `edge = 1..2, client = 1..3`."""
    parts = []
    for role in many(model):
        numbers = [sizes[role.index] for sizes in covered] or [0]
        parts.append(f"{_name(model, role)} = {_span(min(numbers), max(numbers))}")
    return ", ".join(parts) or "one of each role"


def _name(model: Model, role: RoleModel) -> str:
    return "N" if len(many(model)) == 1 else role.name


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}..{high}"
