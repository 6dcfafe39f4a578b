"""The searches beside the naive explorer, on generated and mutated protocols with all features mixed.

`test_against_naive` compares what users see. Here it is the parts: the search, with reduction and without, finds the
same places at every size; the proof for every N never misses what is found at N = 1..3; and what the tables prove
bounded does not grow.
"""

from __future__ import annotations

import pytest

from protoflow.checks.composition.explore import OutOfBudgetError
from protoflow.checks.composition.growth import unstopped
from protoflow.checks.composition.model import Model
from protoflow.program import Program, compile_protocol
from tests.composition.compare import ours, place, proof, theirs
from tests.naive import explorer as naive
from tests.naive.generate import generate
from tests.naive.mutate import mutate

CI = [range(start, start + 20) for start in range(0, 200, 20)]
LONG = [range(start, start + 50) for start in range(500, 5_000, 50)]


def protocol(seed: int) -> Program:
    made = generate(seed)
    return compile_protocol(mutate(made, seed)[0] if seed % 2 else made)


def agree(seed: int, limit: int) -> None:
    program = protocol(seed)
    model = Model(program, program.protocol.assumptions)
    seen: set[tuple[str, ...]] = set()
    for size in naive.sizes(program, (1, 2, 3)):
        expected = theirs(program, size, limit)
        if expected is None:
            break
        plain, _ = ours(program, size, reduced=False)
        assert plain.keys() == expected.keys(), f"seed {seed} with {size}"
        for key in expected:  # a run to PF203 has more than one natural end
            assert key == ("PF203",) or plain[key] == expected[key], f"seed {seed} with {size}: length of {key}"
        reduced, _ = ours(program, size, reduced=True)
        assert set(reduced) == set(expected), f"seed {seed} with {size}, reduced"
        seen |= set(expected)
    try:
        proved = proof(program, configurations=1_500)
    except OutOfBudgetError:
        proved = None
    if proved is not None:
        alarmed = {place(alarm, model) for alarm in proved.alarms}
        assert {key for key in seen if key[0] != "PF203"} <= alarmed, f"seed {seed}: the proof misses something"
        assert not (proved.ends and ("PF203",) in seen), f"seed {seed}: not every run ends"


@pytest.mark.parametrize("seeds", CI, ids=str)
def test_same_as_the_naive_explorer(seeds: range) -> None:
    for seed in seeds:
        agree(seed, limit=400)


@pytest.mark.long
@pytest.mark.parametrize("seeds", LONG, ids=str)
def test_same_as_the_naive_explorer_on_many_more(seeds: range) -> None:
    for seed in seeds:
        agree(seed, limit=4_000)


@pytest.mark.parametrize("seeds", CI, ids=str)
def test_what_the_tables_prove_bounded_does_not_grow(seeds: range) -> None:
    for seed in seeds:
        program = protocol(seed)
        if unstopped(Model(program, program.protocol.assumptions)):
            continue
        for size in naive.sizes(program, (1, 2)):
            try:
                result = naive.explore(program, size, limit=300)
            except naive.TooLargeError:
                break
            assert not [key for key in result.found if key[0] == "PF204"], f"seed {seed} with {size}"
