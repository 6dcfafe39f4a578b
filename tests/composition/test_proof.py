"""The abstractions: which level proves what, and that what they call bounded does not grow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options, check
from protoflow.checks.composition.explore import Budget
from protoflow.checks.composition.growth import unstopped
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.proof import coarsest, prove, stays_bounded
from protoflow.checks.composition.shortfall import shortfall
from protoflow.checks.composition.tables import Times
from protoflow.checks.composition.verdict import Reach
from protoflow.language import read, read_text
from protoflow.program import Program, compile_protocol
from tests.composition.compare import program_of, protocol_of
from tests.naive import explorer as naive
from tests.naive.mutate import mutate

SPLIT = """
protoflow: 1
name: split
messages:
  join: {from: client, to: server}
  turn: {from: server, to: client}
  activations: {from: client, to: server}
  gradients: {from: server, to: client}
  done: {from: client, to: server}
  stop: {from: server, to: client}
roles:
  server:
    states: {joining: , training: , finished: {final: true}}
    events: {all_joined: {received: join, from: all}}
    transitions:
      - {trigger: join, source: joining}
      - {trigger: all_joined, source: joining, dest: training, handler: begin, send: {turn: one all}}
      - {trigger: activations, source: training, handler: step, send: {gradients: sender}}
      - {trigger: done, source: training, handler: pass_on, unless: over, send: {turn: one all}}
      - {trigger: done, source: training, dest: finished, handler: finish, conditions: over, send: {stop: all}}
  client:
    count: 1..
    states: {starting: , idle: , training: , finished: {final: true}}
    transitions:
      - {trigger: start, source: starting, dest: idle, send: join}
      - {trigger: turn, source: idle, dest: training, handler: begin, send: activations}
      - {trigger: gradients, source: training, handler: step, unless: turn_over, send: activations}
      - {trigger: gradients, source: training, dest: idle, handler: end, send: done}
      - {trigger: stop, source: idle, dest: finished}
"""


def split() -> Program:
    reading = read_text(SPLIT, "split.yaml")
    assert reading.protocol is not None
    return compile_protocol(reading.protocol)


def model_of(program: Program) -> Model:
    return Model(program, program.protocol.assumptions, Times.UNKNOWN)


def test_one_turn_at_a_time_is_proved_where_one_is_told_from_many() -> None:
    """With k = 0 the turn of one client is taken for that of many, and there is no end of turns."""
    model = model_of(split())
    assert prove(model, 0, Budget(600, 5_000)) is None
    proof = coarsest(model, Budget(600, 5_000))
    assert proof is not None
    assert (proof.level, proof.alarms, proof.ends, proof.configurations) == (1, set(), False, 34)


def test_turns_do_not_pile_up() -> None:
    """The tables alone cannot know that there is one turn only."""
    model = model_of(split())
    assert unstopped(model)
    assert stays_bounded(model, Budget(600, 5_000))


def test_what_is_proved_of_turns_is_said_code_by_code() -> None:
    found, verdict = check(split(), Options(cache=False, seconds=600))
    assert found == []
    assert verdict.line == "checked for N = 1..8 (156 configurations), terminates under fairness"
    assert {code for code, reach in verdict.by_code.items() if reach != "proved for every N ≥ 1"} == {"PF203"}
    assert verdict.shortfall == (
        "that it can still end, however long a handler keeps it going (PF203), is explored size by size; "
        "`--clients 9` explores a larger course"
    )


LINKED = [(name, seed) for name in ("hierarchical_rounds", "hierarchical", "gossip") for seed in range(12)]


def test_edges_that_go_round_with_their_clients_do_not_fill_channels() -> None:
    """A client is bound to one edge, which waits for all of its clients; how often it goes round is for a handler."""
    program = linked("hierarchical_rounds")
    assert unstopped(Model(program, program.protocol.assumptions)) == []
    found, verdict = check(program, Options(cache=False, seconds=600))
    assert found == []
    assert verdict.by_code["PF204"] == "proved for every edge ≥ 1, every client ≥ 1"
    assert verdict.line.startswith("checked for edge = 1..3, client = 1..3 (")
    assert verdict.shortfall == (
        "many participants send to each other, and such courses are explored size by size; "
        "`--clients 4` explores a larger course"
    )


@pytest.mark.parametrize(
    ("in_time", "said"),
    [
        (False, "the proof took longer than its quarter of the budget; `--budget 60s` gives it more"),
        (True, "the proof grew too large; `--clients 3` explores a larger course"),
    ],
)
def test_why_a_proof_did_not_finish(in_time: bool, said: str) -> None:
    model = model_of(split())
    reaches = {"PF203": Reach("checked", "N = 1..2")}
    covered = [(1, 1), (1, 2)]
    assert shortfall(model, Options(), reaches, (covered, covered), proved=False, in_time=in_time) == said


def test_the_report_says_why_where_sizes_were_not_asked_for() -> None:
    options = Options(cache=False, seconds=600)
    report = validate(read_text(SPLIT, "split.yaml"), composition=options)
    assert report.verdict is not None
    verdict, why = str(report).splitlines()
    assert verdict.startswith("split.yaml: clean; checked for N = 1..8 (")
    assert why == f"not proved for every number: {report.verdict.shortfall}"
    asked = validate(read_text(SPLIT, "split.yaml"), composition=replace(options, everyone=(1, 2)))
    assert len(str(asked).splitlines()) == 1


@pytest.mark.parametrize(("name", "seed"), LINKED)
def test_what_the_tables_prove_bounded_does_not_grow_along_links(name: str, seed: int) -> None:
    program = linked(name)
    mutant = mutate(program.protocol, seed)[0]
    program = compile_protocol(mutant, {"rounds": 1} if "rounds" in mutant.parameters else {})
    if unstopped(Model(program, mutant.assumptions)):
        return
    assert_nothing_grows(program, f"{name}, seed {seed}")


def assert_nothing_grows(program: Program, which: str) -> None:
    """The naive explorer comes by no channel that grows, in the smallest courses that it can look at."""
    for size in naive.sizes(program, (1, 2)):
        try:
            result = naive.explore(program, size, limit=300)
        except naive.TooLargeError:
            return
        assert not result.cut, f"{which} with {size}"
        assert not [key for key in result.found if key[0] == "PF204"], f"{which} with {size}"


def linked(name: str) -> Program:
    reading = read(str(Path(__file__).with_name("shapes") / f"{name}.yaml"))
    assert reading.protocol is not None
    return compile_protocol(reading.protocol)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_what_an_abstraction_shows_bounded_does_not_grow(first: int) -> None:
    for seed in range(first, first + 20):
        program = program_of(protocol_of(seed))
        model = model_of(program)
        if model.star and stays_bounded(model, Budget(20, 300)):
            assert_nothing_grows(program, f"seed {seed}")
