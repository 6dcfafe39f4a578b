"""The checker says what the naive explorer says: code, place, and length of the shortest run, size by size.

Generated protocols and mutated ones, N = 1..3. What the naive explorer cannot finish within its limit is left out, and
counted: a test holds that enough is left. A disagreement that was found once is kept in `tests/naive/cases`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protoflow.checks.composition import check as check_composition
from protoflow.checks.composition.options import Options
from protoflow.language import read
from protoflow.program import compile_protocol
from tests.naive import explorer
from tests.naive.explorer import Place, TooLargeError, length, sizes
from tests.naive.generate import generate
from tests.naive.mutate import mutate
from tests.naive.writing import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program
    from protoflow.protocol import Protocol

CASES = Path(__file__).parent.parent / "naive" / "cases"


SHIPPED = ("fedavg", "fedavg_deadline", "fedbuff", "fedprox", "gradient_exchange", "hello")

Found = dict[Place, int]
"""Place -> length of the shortest run there."""
Known = tuple[Found, set[Place]]
"""What is wrong, and what is used (the explorer) or said to be never used (the checker)."""


def protocol_of(seed: int) -> Protocol:
    """Generated ones, mutated generated ones, mutated shipped ones."""
    match seed % 5:
        case 0:
            return generate(seed)
        case 1:
            protocol = read(SHIPPED[seed // 5 % len(SHIPPED)]).protocol
            assert protocol is not None
            return mutate(protocol, seed)[0]
        case _:
            return mutate(generate(seed), seed)[0]


def program_of(protocol: Protocol) -> Program:
    return compile_protocol(protocol, {"rounds": 1} if "rounds" in protocol.parameters else {})


def naive(
    program: Program, participants: Mapping[str, int], limit: int, cap: int = 4
) -> tuple[Found, set[Place]] | None:
    """What is wrong and what is used; None where there is too much, or a channel grows beyond what is explored."""
    try:
        result = explorer.explore(program, participants, limit=limit, cap=cap)
    except TooLargeError:
        return None
    if any(place[0] == "PF204" for place in result.found):
        return {("PF204",): 0}, result.used
    if result.cut:
        return None
    return one_each_state({place: length(program, found.run) for place, found in result.found.items()}), result.used


def one_each_state(found: Found) -> Found:
    """PF205 is one finding for a state, of all messages that can come late there, told by the shortest run."""
    grouped = {place: steps for place, steps in found.items() if place[0] != "PF205"}
    for code, role, state in {place[:3] for place in found if place[0] == "PF205"}:
        messages = sorted(place[3] for place in found if place[:3] == (code, role, state))
        grouped[code, role, state, *messages] = min(found[code, role, state, message] for message in messages)
    return grouped


def checked(program: Program, participants: Mapping[str, int]) -> Known:
    """What is wrong, and what is said to be never used."""
    exactly = {role: (number, number) for role, number in participants.items()}
    diagnostics, _ = check_composition(program, Options(sizes=exactly, cache=False, seconds=60))
    if any(found.code == "PF204" for found in diagnostics):  # what else there is depends on how far one looks
        return {("PF204",): 0}, set()
    shortest: Found = {}
    unused = {place(found)[1:] for found in diagnostics if found.code == "PF207"}
    for found in diagnostics:
        if found.code != "PF207":  # PF202 is one finding for each state that waits
            steps = length(program, found.trace)
            shortest[place(found)] = min(steps, shortest.get(place(found), steps))
    return shortest, unused


def place(found: Diagnostic) -> Place:
    """Where a finding is, in the naive explorer's words."""
    what = dict(found.subject)
    match found.code:
        case "PF201":
            return (found.code, what["role"], what["state"], what.get("message") or what["event"])
        case "PF205":
            messages = sorted(name for kind, name in found.subject if kind == "message")
            return (found.code, what["role"], what["state"], *messages)
        case "PF206":
            return (found.code, what["property"])
        case "PF207":
            kind = next(kind for kind in ("row", "event", "state") if kind in what)
            return (found.code, kind, what["role"], what[kind])
        case "PF209":
            return (found.code, what["role"], what["row"], what["message"])
        case _:
            return (found.code,)


def disagreement(protocol: Protocol, limit: int, cap: int = 4) -> tuple[str, int]:
    """What the two say differently about a protocol, if anything, and how many sizes were compared."""
    program = program_of(protocol)
    compared = 0
    for participants in sizes(program, (1, 2, 3)):
        known = naive(program, participants, limit, cap)
        if known is None:
            continue
        compared += 1
        (expected, used), (got, unused) = known, checked(program, participants)
        if without_lengths(got) != without_lengths(expected):
            return f"{participants}\n  naive:   {sorted(expected.items())}\n  checker: {sorted(got.items())}", compared
        if unused & used:
            return f"{participants}: said to be never used, but used: {sorted(unused & used)}", compared
    return "", compared


def without_lengths(found: Found) -> Found:
    """A run to PF203 has more than one natural end (where completion has become impossible, where it goes round)."""
    return {place: 0 if place[0] == "PF203" else steps for place, steps in found.items()}


def compare(seeds: range, limit: int) -> int:
    """How many sizes were compared. Fails with the text of the first protocol on which the two disagree."""
    compared = 0
    for seed in seeds:
        protocol = protocol_of(seed)
        found, sizes_compared = disagreement(protocol, limit)
        compared += sizes_compared
        if found:
            pytest.fail(f"seed {seed}, {found}\n{to_yaml(protocol)}", pytrace=False)
    return compared


@pytest.mark.parametrize("first", range(0, 500, 25))
def test_the_checker_says_what_the_naive_explorer_says(first: int) -> None:
    assert compare(range(first, first + 25), limit=400) >= 20


@pytest.mark.long
@pytest.mark.parametrize("first", range(500, 5500, 50))
def test_the_same_on_five_thousand(first: int) -> None:
    assert compare(range(first, first + 50), limit=1_500) >= 60


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_cases_that_were_once_wrong(path: Path) -> None:
    protocol = read(str(path)).protocol
    assert protocol is not None
    found, compared = disagreement(protocol, limit=2_000, cap=8)
    assert (found, compared > 0) == ("", True)


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_the_verdict_for_every_number(first: int) -> None:
    """What is proved is not found by the naive explorer; what fails, fails first at the number at which it finds it;
    what is said to be never used is used in none of its runs."""
    decided = 0
    for seed in range(first, first + 20):
        program = program_of(protocol_of(seed))
        smallest: dict[str, int] = {}
        used: set[Place] = set()
        numbers = []
        for participants in sizes(program, (1, 2, 3)):
            known = naive(program, participants, limit=400)
            if known is None or ("PF204",) in known[0]:
                break
            numbers.append(max(participants.values()))
            used |= known[1]
            for code, *_ in known[0]:
                smallest.setdefault(code, numbers[-1])
        diagnostics, verdict = check_composition(program, Options(cache=False, seconds=5))
        for code, text in verdict.by_code.items():
            if text.startswith(("proved", "checked for N")):
                assert code not in smallest or text == f"checked for N = {smallest[code] - 1}", (seed, code, text)
            failed = re.fullmatch(r"fails at N = (\d+)", text)
            if failed and code != "PF207" and int(failed[1]) in numbers:
                assert smallest.get(code) == int(failed[1]), (seed, code, text)
                decided += 1
        assert not used & {place(found)[1:] for found in diagnostics if found.code == "PF207"}, seed
    assert decided >= 5


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_what_is_proved_is_not_found_up_to_five(first: int) -> None:
    for seed in range(first, first + 50):
        program = program_of(protocol_of(seed))
        _, verdict = check_composition(program, Options(cache=False, seconds=20))
        proved = {code for code, text in verdict.by_code.items() if text.startswith("proved")}
        largest = 3 if program.protocol.links else 5  # every assignment of the links is explored
        for participants in sizes(program, range(1, largest + 1)):
            exactly = Options(sizes={role: (n, n) for role, n in participants.items()}, cache=False, seconds=5)
            found = {each.code for each in check_composition(program, exactly)[0]} - {"PF207"}  # that is of all sizes
            assert not found & proved, (seed, participants, found & proved)
