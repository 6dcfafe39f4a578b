"""The shipped protocols: proved for every N, with exact sizes of what was explored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition import Options, Verdict, check
from protoflow.checks.composition.domain import Exact
from protoflow.checks.composition.explore import Budget
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.language import read, shipped
from protoflow.program import Program, compile_protocol

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic


def program(name: str) -> Program:
    reading = read(name)
    assert reading.protocol is not None
    return compile_protocol(reading.protocol, reading.parameters)


def checked(name: str) -> tuple[list[Diagnostic], Verdict]:
    return check(program(name), Options(cache=False))


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_protocols_are_clean(name: str) -> None:
    found, verdict = checked(name)
    assert found == []
    assert verdict.status in ("proved", "checked")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hello", "proved for every N ≥ 1 (7 configurations), terminates always"),
        ("fedavg", "proved for every N ≥ 1 (24 configurations), terminates always"),
        ("fedavg_deadline", "proved for every N ≥ 1 (331 configurations), terminates always"),
        ("fedbuff", "proved for every N ≥ 1 (164 configurations), terminates always"),
        ("fedprox", "proved for every N ≥ 1 (24 configurations), terminates always"),
        ("gradient_exchange", "proved for every N ≥ 1 (29 configurations), terminates always"),
    ],
)
def test_verdicts_are_proofs_for_every_number_of_clients(name: str, line: str) -> None:
    _, verdict = checked(name)
    assert verdict.line == line
    assert verdict.terminates == "always"
    assert set(verdict.by_code.values()) == {"proved for every N ≥ 1"}


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
