"""The structural findings against an independent explorer: what they say is never seen to be false.

Of generated courses (most of them broken) all configurations are explored. A state that can never be entered is in none
of them, a row that is never taken takes no part, an event that never holds does not fire; and where a message finds
rows and none of them holds, PF107 has said so.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from protoflow.checks.structure import CHECKS
from protoflow.program import compile_protocol
from tests.naive.explorer import Result, TooLargeError, explore, sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program

LIMIT = 1_500
SEEDS = 60


def names(found: Diagnostic, kind: str) -> list[str]:
    return [name for what, name in found.subject if what == kind]


def contradicted(program: Program, result: Result) -> Iterator[tuple[str, str]]:
    """(code, what) for every finding that the exploration shows to be false, or to be missing."""
    findings = {code: list(CHECKS[code](program)) for code in ("PF101", "PF103", "PF106", "PF107", "PF108")}
    for found in findings["PF101"]:
        yield from (("PF101", s) for s in names(found, "state") if ("state", names(found, "role")[0], s) in result.used)
    for found in findings["PF106"]:
        row = ("row", names(found, "role")[0], names(found, "row")[0])
        if found.label == "never taken" and row in result.used:
            yield "PF106", found.message
    for found in findings["PF108"]:
        if ("event", names(found, "role")[0], names(found, "event")[0]) in result.used:
            yield "PF108", found.message
    said = {
        (role, state, trigger)
        for found in findings["PF107"]
        for role in names(found, "role")
        for state in names(found, "state")
        for trigger in (*names(found, "message"), *names(found, "event"))
    }
    unhandled = {(names(found, "role")[0], names(found, "message")[0]) for found in findings["PF103"]}
    for place in result.found:
        if place[0] == "PF201":
            _, role, state, trigger = place
            table = program.roles[role]
            if (state, trigger) in table.table and (role, state, trigger) not in said:
                yield "PF107 is missing", f"{role} {state} {trigger}"
            nowhere = trigger in table.receives and not any(key[1] == trigger for key in table.table)
            ignored = any(trigger in table.ignored[s] for s in table.states if s not in table.finals)
            if nowhere and not ignored and (role, trigger) not in unhandled:
                yield "PF103 is missing", f"{role} {trigger}"


@pytest.mark.parametrize("first", range(0, SEEDS, 30))
def test_no_finding_is_contradicted(first: int) -> None:
    judged: Counter[str] = Counter()
    for seed in range(first, first + 30):
        protocol = generate(seed)
        for each in (protocol, mutate(protocol, seed)[0]):
            program = compile_protocol(each)
            for participants in sizes(program, [1, 2]):
                try:
                    result = explore(program, participants, limit=LIMIT)
                except TooLargeError:
                    continue
                assert list(contradicted(program, result)) == [], (seed, participants)
                judged.update(code for code in CHECKS for _ in CHECKS[code](program))
                judged["explored"] += 1
    assert judged["explored"] > 40
    assert min(judged[code] for code in ("PF101", "PF106", "PF107", "PF108")) > 0
