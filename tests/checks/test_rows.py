"""PF106 and PF107 against brute force over all truth values."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoflow.checks.structure.choices import Choices
from protoflow.checks.structure.guards import assignment_without
from protoflow.checks.structure.rows import dead_rows, incomplete_choices
from protoflow.program import Guard, GuardKind, Row
from protoflow.protocol import EVERYTHING
from tests.checks.machines import CONDITIONS, programs, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.program import Program

WORLDS = [dict(zip(CONDITIONS, values, strict=True)) for values in product([False, True], repeat=len(CONDITIONS))]


def holds(row: Row, world: Mapping[str, bool]) -> bool:
    return all(world[guard.name] == guard.wanted for guard in row.guards)


def runs_out(program: Program, row: Row) -> bool:
    """Whether a row with `times` can be tried again after it was taken."""
    role = program.roles["solo"]
    found = {each.target_state for each in role.all_rows() if each.index == row.index}
    for _ in role.states:
        found |= {each.target_state for each in role.all_rows() if each.source in found}
    return row.times is not None and row.source in found


def taken(program: Program, rows: Iterable[Row]) -> set[Row]:
    """The rows that are taken in some world, whichever of the rows that may run out have run out."""
    found: set[Row] = set()
    for world in WORLDS:
        for row in rows:
            if holds(row, world):
                found.add(row)
                if not runs_out(program, row):
                    break
    return found


@given(programs(states=("a", "b"), most=6))
def test_pf106_agrees_with_brute_force(program: Program) -> None:
    role = program.roles["solo"]
    used = {row for rows in role.table.values() for row in taken(program, rows)}
    expected = set()
    for index in {row.index for row in role.all_rows()}:
        rows = [row for row in role.all_rows() if row.index == index]
        dead = [row for row in rows if row not in used]
        if EVERYTHING in rows[0].declared.sources and len(dead) < len(rows):
            dead = []
        expected |= {(str(index), row.source, row.trigger) for row in dead}
    found = set()
    for each in dead_rows(program):
        names = {kind: [name for k, name in each.subject if k == kind] for kind, _ in each.subject}
        found |= {(names["row"][0], state, event) for state in names["state"] for event in names["event"]}
    assert found == expected


@given(programs(states=("a", "b"), most=6))
def test_pf107_agrees_with_brute_force(program: Program) -> None:
    role = program.roles["solo"]
    for (state, trigger), rows in role.table.items():
        lasting = [row for row in rows if not runs_out(program, row)]
        complete = all(any(holds(row, world) for row in lasting) for world in WORLDS)
        expected = not complete and state not in role.finals
        assert (Choices(program, role).all_fail(state, trigger) is not None) == expected


@given(programs(states=("a", "b"), most=6))
def test_pf107_names_each_incomplete_choice_once(program: Program) -> None:
    role = program.roles["solo"]
    expected = [key for key in role.table if Choices(program, role).all_fail(*key)]
    pairs = [
        {(s, e) for kind, s in found.subject if kind == "state" for other, e in found.subject if other == "event"}
        for found in incomplete_choices(program)
    ]
    assert sorted(expected) == sorted(pair for each in pairs for pair in each)


guards = st.builds(Guard, st.just(GuardKind.PREDICATE), st.sampled_from("pqrs"), st.booleans())


@given(st.lists(st.lists(guards, max_size=3), max_size=6), st.dictionaries(st.sampled_from("pqrs"), st.booleans()))
def test_the_search_for_truth_values_is_brute_force(rows: list[list[Guard]], known: dict[str, bool]) -> None:
    worlds = [dict(zip("pqrs", values, strict=True)) for values in product([False, True], repeat=4)]
    fits = [
        world
        for world in worlds
        if world.items() >= known.items()
        and not any(all(world[guard.name] == guard.wanted for guard in row) for row in rows)
    ]
    found = assignment_without(rows, known)
    assert (found is None) == (not fits)
    if found is not None:
        assert found.items() >= known.items()
        assert all(any(found.get(g.name, g.wanted) != g.wanted for g in row) for row in rows)


TEXT = """\
protoflow: 1
name: quiz
parameters: {strict: true}
messages:
  question: {{from: server, to: client}}
  answer:   {{from: client, to: server}}
  end:      {{from: server, to: client}}
links: {{my_server: {{from: client, to: server, shape: one}}, neighbours: {{from: client, to: client, shape: ring}}}}
roles:
  server:
    states: {{asking: {asking}, finished: {{final: true}}}}
    events:
      all_answered: {{received: answer, for: question, from: all}}
      time_up: {{after: 30s}}
    transitions:
      - {{trigger: start, source: asking, send: question}}
{server}
      - {{trigger: all_answered, source: asking, dest: finished, send: end}}
  client:
    count: {count}
    states: {{waiting: , finished: {{final: true}}}}
    transitions:
{client}
      - {{trigger: end, source: waiting, dest: finished}}
""".replace("{strict: true}", "{{strict: true}}")
REPLY = "{trigger: question, source: waiting, send: answer}"
COLLECT = "{trigger: answer, source: asking}"


JUDGED = ("PF106", "PF107")


def quiz(server: str = COLLECT, client: str = REPLY, *, asking: str = "", count: str = "1..") -> list[tuple[str, str]]:
    rows = {
        name: "\n".join(f"      - {row}" for row in rows.split("; ")) for name, rows in locals().items() if "{" in rows
    }
    text = TEXT.format(server=rows["server"], client=rows["client"], asking=asking or " ", count=count)
    return [found for found in shown(text) if found[0] in JUDGED]


@pytest.mark.parametrize(
    "server",
    [
        COLLECT,
        "{trigger: answer, source: asking, conditions: fresh}",  # a stale answer is dropped
        "{trigger: answer, source: asking, conditions: right}; {trigger: answer, source: asking, unless: right}",
        "{trigger: answer, source: asking, conditions: strict}; {trigger: answer, source: asking, unless: strict}",
        "{trigger: answer, source: asking, conditions: [fresh, right]}; "
        "{trigger: answer, source: asking, conditions: fresh, unless: right}",
        "{trigger: answer, source: asking, conditions: [p, q]}; {trigger: answer, source: asking, unless: p}; "
        "{trigger: answer, source: asking, unless: q}",
        "{trigger: answer, source: asking, times: 3}; {trigger: answer, source: asking}",
        "{trigger: answer, source: asking, conditions: right, times: 1}; {trigger: answer, source: asking}",
        # only one of many ways on, and it wears off: no mistake
        "{trigger: answer, source: asking}; {trigger: time_up, source: asking, dest: asking, times: 2}",
        "{trigger: answer, source: asking}; {trigger: lost, source: asking, conditions: enough}",
        "{trigger: answer, source: '*'}; {trigger: lost, source: '*'}",
    ],
)
def test_what_is_no_mistake(server: str) -> None:
    rows = [row for row in server.split("; ") if row]
    assert quiz("; ".join(rows)) == []


def test_start_needs_no_row() -> None:
    assert quiz(client=f"{{trigger: start, source: waiting, conditions: early}}; {REPLY}") == []


def test_a_link_that_always_has_somebody_is_a_condition_that_always_holds() -> None:
    assert quiz(client="{trigger: question, source: waiting, conditions: my_server, send: answer}") == []
    assert quiz(client="{trigger: question, source: waiting, conditions: neighbours, send: answer}", count="2..") == []
    assert quiz(client="{trigger: question, source: waiting, conditions: neighbours, send: answer}") == [
        (
            "PF107",
            "`question` may find no row in `waiting` of `client`: "
            "none of its rows holds when there is nobody on `neighbours`",
        )
    ]
    assert quiz(client=f"{{trigger: question, source: waiting, unless: my_server}}; {REPLY}") == [
        ("PF106", "this row for `question` is never taken in `waiting` of `client`: `my_server` always has somebody")
    ]


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ("{trigger: answer, source: asking, conditions: right}", "when `right` does not hold"),
        ("{trigger: answer, source: asking, unless: strict}", "when `strict` is true"),
        ("{trigger: answer, source: asking, conditions: [fresh, right]}", "when `right` does not hold"),
        ("{trigger: answer, source: asking, times: 3}", "after one was taken 3 times"),
        (
            "{trigger: answer, source: asking, times: 3}; {trigger: answer, source: asking, unless: right}",
            "after one was taken 3 times, when `right` holds",
        ),
    ],
)
def test_when_all_can_fail(server: str, why: str) -> None:
    assert quiz(server) == [
        ("PF107", f"`answer` may find no row in `asking` of `server`: none of its rows holds {why}")
    ]


@pytest.mark.parametrize(
    ("server", "where", "why"),
    [
        (f"{COLLECT}; {COLLECT}", "`answer` is never taken in `asking`", "a row before it holds whenever it does"),
        (
            COLLECT + "; {trigger: time_up, source: asking}; {trigger: [lost, answer], source: asking}",
            "`answer` is never taken in `asking`",
            "a row before it holds whenever it does",
        ),
        (
            "{trigger: answer, source: asking, conditions: p, unless: p}; " + COLLECT,
            "`answer` is never taken in `asking`",
            "`p` would have to hold and not to hold",
        ),
        (
            COLLECT + "; {trigger: start, source: finished}",
            "`start` is never taken in `finished`",
            "it starts in `asking`",
        ),
    ],
)
def test_rows_never_taken(server: str, where: str, why: str) -> None:
    assert quiz(server) == [("PF106", f"this row for {where} of `server`: {why}")]


def test_a_general_row_after_an_exception_is_no_mistake() -> None:
    exception, general = "{trigger: lost, source: asking, dest: finished}", "{trigger: lost, source: '*'}"
    pausing = "{trigger: time_up, source: pausing, dest: asking}"
    assert quiz(f"{COLLECT}; {pausing}; {exception}; {general}", asking=", pausing: {ignore: '*'}") == []
    assert quiz(f"{COLLECT}; {exception}; {general}") == [
        ("PF106", "this row for `lost` is never taken in `asking` of `server`: a row before it holds whenever it does")
    ]


def test_an_event_that_wears_off_is_a_mistake_only_where_nothing_else_leads_on() -> None:
    client = f"{REPLY}; {{trigger: late, source: waiting, dest: waiting, times: 2}}"
    text = TEXT.format(
        server=f"      - {COLLECT}",
        client="\n".join(f"      - {row}" for row in client.split("; ")),
        asking=" ",
        count=3,
    ).replace("    count: 3\n", "    count: 3\n    events: {late: {after: 1s}}\n")
    assert [found for found in shown(text) if found[0] in JUDGED] == []
    alone = text.replace(
        "{trigger: end, source: waiting, dest: finished}",
        "{trigger: late, source: waiting, conditions: enough, dest: finished}",
    )
    assert [found for found in shown(alone) if found[0] in JUDGED] == [
        (
            "PF107",
            "`late` of `client` might never fire in `waiting`: "
            "none of its rows holds after one was taken 2 times, when `enough` does not hold",
        )
    ]
