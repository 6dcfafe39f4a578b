"""Exact sizes of what is explored of shipped protocols; `tests/courses` pins their verdicts."""

from __future__ import annotations

import pytest

from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import Budget
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.language import read
from protoflow.program import Program, compile_protocol


def program(name: str) -> Program:
    reading = read(name)
    assert reading.protocol is not None
    return compile_protocol(reading.protocol, reading.parameters)


@pytest.mark.parametrize(
    ("name", "clients", "reduced", "count"),
    [
        ("hello", 1, False, 5),
        ("hello", 8, False, 47),
        ("hello", 8, True, 19),
        ("fedavg", 1, False, 17),
        ("fedavg", 3, False, 58),
        ("fedavg", 8, True, 150),
        ("fedavg_deadline", 1, False, 78),
        ("fedavg_deadline", 2, True, 133),
        ("fedbuff", 2, False, 546),
        ("fedbuff", 4, True, 349),
    ],
)
def test_exact_numbers_of_configurations(name: str, clients: int, reduced: bool, count: int) -> None:
    """With `rounds` at 1: exactly this many configurations can be reached.

    Of `hello` by hand: before the server starts, and after it is done, 1 each; between, N clients in three groups
    (greeted, answered, counted): (N + 2)(N + 1) / 2; or reduced, one after the other: 2N + 1.
    """
    protocol = program(name).protocol
    model = Model(
        compile_protocol(protocol, {"rounds": 1} if "rounds" in protocol.parameters else {}), protocol.assumptions
    )
    sizes = tuple(1 if role.single else clients for role in model.roles)
    graph, _, _ = search(model, sizes, Exact(), Budget(60, 100_000), reduced=reduced)
    assert len(graph) == count
