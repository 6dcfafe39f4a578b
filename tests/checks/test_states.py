"""PF101 and PF102 against the naive reading of what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from protoflow.checks.structure.states import states_without_end, unreachable_states
from protoflow.language import read_text, shipped
from protoflow.program import compile_protocol
from protoflow.protocol import Name, Transition
from tests.checks.machines import program, programs

if TYPE_CHECKING:
    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program


def naive_reach(program: Program, start: str) -> set[str]:
    role = program.roles["solo"]
    found = {start}
    for _ in role.states:
        found |= {row.target_state for row in role.all_rows() if row.source in found}
    return found


def states_of(found: Diagnostic) -> set[str]:
    return {name for kind, name in found.subject if kind == "state"}


@given(programs())
def test_pf101_names_exactly_the_states_that_naive_reachability_misses(program: Program) -> None:
    role = program.roles["solo"]
    named: set[str] = set().union(*map(states_of, unreachable_states(program)))
    assert named == set(role.states) - naive_reach(program, role.initial)
    assert named == set(role.states) - role.reachable


@given(programs())
def test_pf102_is_there_exactly_where_a_state_that_is_reached_has_no_way_to_a_final_one(program: Program) -> None:
    role = program.roles["solo"]
    finals = {state for state in role.states if state in role.finals}
    stuck = {s for s in naive_reach(program, role.initial) if not finals & naive_reach(program, s)}
    found = list(states_without_end(program))
    if not finals:
        assert len(found) == 1
        return
    named: set[str] = set().union(*map(states_of, found))
    assert named <= stuck
    assert bool(named) == bool(stuck)
    for state in stuck:  # each leads to one that is named, and the named lead nowhere else
        assert naive_reach(program, state) & named
    for each in found:
        assert all(naive_reach(program, state) == states_of(each) for state in states_of(each))


def test_what_a_row_leads_to_is_not_said_to_be_led_to_by_none() -> None:
    text = shipped()["fedavg"].read_text(encoding="utf-8").replace("source: starting, dest: idle,", "source: starting,")
    protocol = read_text(text, "fedavg.yaml").protocol
    assert protocol is not None
    (found,) = states_without_end(compile_protocol(protocol))
    assert "no path from `starting` leads here" in [label.text for label in found.related]


def row(source: str, dest: str | None) -> Transition:
    return Transition((Name("go"),), (Name(source),), Name(dest) if dest else None)


def test_one_finding_for_what_hangs_together() -> None:
    chain = program([row("b", "c"), row("c", "d"), row("e", "c")], "a")
    assert [found.message for found in unreachable_states(chain)] == [
        "`b` of `solo` can never be entered: no path leads there from `a`",
        "`e` of `solo` can never be entered: no path leads there from `a`",
    ]
    circle = program([row("b", "c"), row("c", "b"), row("d", "e")], "a")
    assert [found.message for found in unreachable_states(circle)] == [
        "`b` and `c` of `solo` can never be entered: no path leads there from `a`",
        "`d` of `solo` can never be entered: no path leads there from `a`",
    ]


def test_the_last_states_before_the_dead_end_are_named() -> None:
    found = states_without_end(program([row("a", "b"), row("b", "c"), row("c", "b"), row("a", "d")], "e"))
    assert [each.message for each in found] == [
        "`solo` can never finish once it is in `b` or `c`: no path leads from there to a final state",
        "`solo` can never finish once it is in `d`: no path leads from there to a final state",
    ]
