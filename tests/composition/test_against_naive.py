"""The checker says what the naive explorer says: code, place, and length of the shortest run, size by size.

Generated protocols and mutated ones with all features mixed, N = 1..3, each explored naively once and held against
all there is: what users are told; the searches behind that, with reduction and without; the proof for every N, which
may not miss what is found; and what the tables prove bounded, which may not grow. What the naive explorer cannot finish
within its limit is left out, as are larger sizes of the same; a test holds that enough is left. A disagreement that was
found once is kept in `tests/naive/cases`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from protoflow.checks.composition import Options, check
from protoflow.checks.composition.growth import unstopped
from protoflow.checks.composition.model import Model
from protoflow.language import read
from tests.composition.compare import checked, explored, place, places, program_of, proof, protocol_of, searched, told
from tests.naive.explorer import sizes
from tests.naive.writing import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from protoflow.program import Program
    from protoflow.protocol import Protocol
    from tests.composition.compare import Found
    from tests.naive.explorer import Place, Result

CASES = Path(__file__).parent.parent / "naive" / "cases"

PROOF = 1_500
"""Configurations that the proof gets. One in three needs more, and is left out."""


def disagreements(program: Program, limit: int, cap: int = 4, *, proved: bool = True) -> Iterator[str]:
    """What the two say differently about a protocol; "" for a size on which they agree."""
    model = Model(program, program.protocol.assumptions)
    bounded = not unstopped(model)
    seen: set[Place] = set()
    sized: list[int] = []
    for participants in sizes(program, (1, 2, 3)):
        if too_large(sized, limit):
            break
        result = explored(program, participants, limit, cap)
        if result is None:
            break
        sized.append(result.configurations)
        if bounded and any(where[0] == "PF204" for where in result.found):
            yield f"{participants}: a channel grows that the tables prove bounded"
        expected = told(program, result)
        if expected is not None:
            yield as_users_see(program, participants, expected, result)
        found = places(program, result)
        if found is not None:
            for reduced in (False, True):
                got = searched(model, participants, reduced=reduced, cap=cap)
                if got.keys() != found.keys() or (got != found and not reduced):
                    yield f"{participants}, {'reduced' if reduced else 'plain'} search{beside(found, got)}"
            seen |= set(found)
    if proved and seen and (every := proof(program, PROOF)) is not None:
        missed = {where for where in seen if where[0] != "PF203"} - every.alarmed
        if missed:
            yield f"the proof misses {missed}"
        if every.ends and ("PF203",) in seen:
            yield "the proof says that every run ends"


def too_large(sized: Sequence[int], limit: int) -> bool:
    """Whether there is no use in trying the next size: it grows as it did, by four at least, far beyond the limit."""
    growth = max((after / before for before, after in pairwise(sized)), default=4)
    return bool(sized) and sized[-1] * max(growth, 4) > 1.5 * limit


def as_users_see(program: Program, participants: Mapping[str, int], expected: Found, result: Result) -> str:
    got, unused = checked(program, participants)
    if got != expected:
        return f"{participants}{beside(expected, got)}"
    if unused & result.used:
        return f"{participants}: said to be never used, but used: {sorted(unused & result.used)}"
    return ""


def beside(expected: Found, got: Found) -> str:
    return f"\n  naive:   {sorted(expected.items())}\n  checker: {sorted(got.items())}"


def agree(protocol: Protocol, limit: int, cap: int = 4, *, proved: bool = True, name: str = "") -> int:
    """How many sizes were compared. Fails at the first on which the two disagree, with the text of the protocol."""
    compared = 0
    for found in disagreements(program_of(protocol), limit, cap, proved=proved):
        if found:
            pytest.fail(f"{name}, {found}\n{to_yaml(protocol)}", pytrace=False)
        compared += 1
    return compared


@pytest.mark.parametrize("first", range(0, 500, 25))
def test_the_checker_says_what_the_naive_explorer_says(first: int) -> None:
    seeds = range(first, first + 25)
    assert sum(agree(protocol_of(s), limit=400, proved=s < 200, name=f"seed {s}") for s in seeds) >= 20


STRONGER: dict[str, dict[str, Any]] = {
    "unordered": {"fifo": False},
    "duplicates": {"duplicates": 1},
    "loss": {"loss": 1},
    "unordered_duplicates": {"fifo": False, "duplicates": 1},
    "unordered_loss": {"fifo": False, "loss": 1},
}


def stronger(seed: int, assumptions: dict[str, Any]) -> Protocol:
    """The course of that seed, with these assumptions beside its own."""
    protocol = protocol_of(seed)
    return replace(protocol, assumptions=replace(protocol.assumptions, **assumptions))


@pytest.mark.parametrize("name", STRONGER)
def test_the_same_under_stronger_assumptions(name: str) -> None:
    courses = ((seed, stronger(seed, STRONGER[name])) for seed in range(6000, 6020))
    assert sum(agree(course, limit=300, name=f"seed {seed}, {name}") for seed, course in courses) >= 12


@pytest.mark.long
@pytest.mark.parametrize("name", STRONGER)
@pytest.mark.parametrize("first", range(6040, 6540, 50))
def test_the_same_of_many_under_stronger_assumptions(name: str, first: int) -> None:
    courses = ((seed, stronger(seed, STRONGER[name])) for seed in range(first, first + 50))
    assert sum(agree(course, limit=2_000, name=f"seed {seed}, {name}") for seed, course in courses) >= 30


@pytest.mark.long
@pytest.mark.parametrize("first", range(500, 5500, 50))
def test_the_same_on_five_thousand(first: int) -> None:
    seeds = range(first, first + 50)
    assert sum(agree(protocol_of(s), limit=4_000, name=f"seed {s}") for s in seeds) >= 60


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_cases_that_were_once_wrong(path: Path) -> None:
    protocol = read(str(path)).protocol
    assert protocol is not None
    agree(protocol, limit=2_000, cap=4, name=path.stem)  # perhaps all are cut short, and nothing is left to compare
    assert agree(protocol, limit=2_000, cap=8, name=path.stem) > 0


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
            result = explored(program, participants, limit=400)
            known = result and told(program, result)
            if result is None or known is None or ("PF204",) in known:
                break
            numbers.append(max(participants.values()))
            used |= result.used
            for code, *_ in known:
                smallest.setdefault(code, numbers[-1])
        diagnostics, verdict = check(program, Options(cache=False, seconds=5))
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
        _, verdict = check(program, Options(cache=False, seconds=20))
        proved = {code for code, text in verdict.by_code.items() if text.startswith("proved")}
        largest = 3 if program.protocol.links else 5  # every assignment of the links is explored
        for participants in sizes(program, range(1, largest + 1)):
            exactly = Options(sizes={role: (n, n) for role, n in participants.items()}, cache=False, seconds=5)
            found = {each.code for each in check(program, exactly)[0]} - {"PF207"}  # that is of all sizes
            assert not found & proved, (seed, participants, found & proved)
