"""Every finding proves itself: the real engine, driven along the run, arrives in the same bad state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition import Options, check
from protoflow.engines.replay import replay
from protoflow.language import read_text
from protoflow.program import Program, compile_protocol
from tests.composition.broken_deadline import BROKEN
from tests.composition.test_agreement import protocol

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic

ENDS = {"PF201": "unhandled", "PF202": "stuck"}


def arrives(program: Program, found: Diagnostic) -> None:
    values = {**program.parameters, **found.parameters}
    done = replay(
        compile_protocol(program.protocol, values),  # type: ignore[arg-type]
        found.participants,
        found.trace,
        found.links,
    )
    if found.code in ENDS:
        assert done.outcome == ENDS[found.code], (found.message, done.account)


def findings(program: Program) -> list[Diagnostic]:
    found, _ = check(program, Options(seconds=2, configurations=20_000, cache=False))
    return [each for each in found if each.code not in ("PF207", "PF210")]


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_in_the_ways_of_the_issue(name: str) -> None:
    reading = read_text(BROKEN[name], f"{name}.yaml")
    assert reading.protocol is not None
    program = compile_protocol(reading.protocol, reading.parameters)
    found = findings(program)
    assert found
    for each in found:
        arrives(program, each)


@pytest.mark.parametrize("seeds", [range(start, start + 10) for start in range(0, 100, 10)], ids=str)
def test_generated(seeds: range) -> None:
    for seed in seeds:
        program = protocol(seed)
        for each in findings(program):
            arrives(program, each)
