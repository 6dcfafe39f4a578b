"""How exact the abstraction is: the abstract image of all that N = 1..c participants reach is the whole abstract set.

Nothing in the image is missing from the set: the abstraction is sound on that protocol. Nothing in the set is missing
from the image: it is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition.configuration import CHANNEL, INN, OUT, RUN, SHIFT
from protoflow.checks.composition.domain import MANY, Abstract, Exact
from protoflow.checks.composition.explore import Budget
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.checks.composition.tables import Times
from tests.composition.test_shipped import program

if TYPE_CHECKING:
    from protoflow.checks.composition.configuration import Entry
    from protoflow.checks.composition.domain import Domain

Configuration = tuple[object, ...]


def runs(channel: tuple[int, ...]) -> tuple[int, ...]:
    """Equal messages one after the other as one that stands for one or more."""
    found: list[int] = []
    for message in channel:
        if found and found[-1] & ~RUN == message:
            found[-1] |= RUN
        else:
            found.append(message)
    return tuple(found)


def image(entry: Entry, stale: set[int]) -> Entry:
    """`stale` are messages that the abstraction forgets."""

    def pairs(side: int) -> tuple[object, ...]:
        return tuple((runs(tuple(m for m in p[CHANNEL] if m not in stale)), *p[1:]) for p in entry[side])

    return (*entry[:OUT], pairs(OUT), pairs(INN))


def reached(model: Model, clients: int, domain: Domain) -> set[Configuration]:
    """Abstract configurations, with k = 0: who is there at all."""
    sizes = tuple(1 if role.single else clients for role in model.roles)
    graph, steps, _ = search(model, sizes, domain, Budget(60, 100_000))
    stale = {reply << SHIFT for role in model.roles for reply in role.reply_to}
    found: set[Configuration] = set()
    for node in range(len(graph)):
        work = graph.work(node)
        entries = [image(entry, stale) for entry in work.entries]
        found.add((work.globals, *entries[: steps.columns], frozenset(entries[steps.columns :])))
    return found


@pytest.mark.parametrize(
    ("name", "enough", "size"),
    [("hello", 2, 7), ("fedavg", 3, 24), ("gradient_exchange", 3, 29)],
)
def test_abstraction_is_exact(name: str, enough: int, size: int) -> None:
    model = Model(program(name), program(name).protocol.assumptions, Times.UNKNOWN)
    whole = reached(model, MANY, Abstract(0))
    assert len(whole) == size
    seen: set[Configuration] = set()
    for clients in range(1, enough + 1):
        assert seen != whole
        seen |= reached(model, clients, Exact())
        assert seen <= whole
    assert seen == whole


@pytest.mark.parametrize("name", ["fedavg_deadline", "fedbuff"])
def test_abstraction_is_sound(name: str) -> None:
    """With a share as threshold, or runs of messages, it is larger than what is reached, and never smaller."""
    model = Model(program(name), program(name).protocol.assumptions, Times.UNKNOWN)
    whole = reached(model, MANY, Abstract(0))
    for clients in (1, 2, 3):
        assert reached(model, clients, Exact()) <= whole
