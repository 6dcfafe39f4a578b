"""What real courses get wrong: the table at the end of checker.md, a file a row, named after the issue in the field.

Each is a plausible small course with the mistake that was reported. Pinned is what is wrong with it in exactly which
number of participants; the naive explorer and the checker must both say so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from protoflow.checks import validate
from protoflow.checks.composition import Options, check
from protoflow.language import read
from protoflow.program import Program, compile_protocol
from tests.naive.explorer import explore, length

FOLDER = Path(__file__).parent

# file -> role of which there are many, smallest number of it that fails, place of each finding -> steps of a run there
CAUGHT = {
    "fedml_121": ("client", 2, {("PF202",): 4}),
    "flower_4147": ("client", 2, {("PF202",): 4}),
    "fedml_719": ("client", 1, {("PF202",): 7}),
    "fedml_623": ("client", 1, {("PF201", "client", "idle", "evaluate"): 5}),
    "flower_4519": ("client", 3, {("PF205", "server", "finished", "update"): 8}),
    "nvflare_5311": ("executor", 1, {("PF209", "controller", "1", "result"): 5}),
    "nvflare_1221": ("client", 1, {("PF201", "client", "registering", "task"): 3}),
    "disco_610": ("peer", 2, {("PF202",): 7}),
    "fedscale_208": ("executor", 1, {("PF202",): 9, ("PF203",): 2}),
    "truxify_13968": ("client", 3, {("PF202",): 13}),
    # FederatedScope's own, as read in v0.3; mended they are vertical_lr and secret_sharing among the shipped protocols
    "federatedscope_vertical_lr": ("party", 1, {("PF202",): 19}),
    "federatedscope_secret_sharing": ("client", 2, {("PF201", "client", "idle", "ss_model_para"): 8}),
}

# what the structure of the file alone shows
STATIC = {
    "fedml_623": {"PF103", "PF104", "PF108"},
    "flower_4147": {"PF108"},
    "truxify_13968": {"PF107"},
    "federatedscope_vertical_lr": {"PF104"},
}

# a handler that nothing reaches, in a course that is otherwise right; mended it is fedsage_plus
UNREACHABLE = "federatedscope_fedsage_plus"


def test_every_file_is_there() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*CAUGHT, UNREACHABLE}


def test_a_handler_that_nothing_reaches() -> None:
    report = validate(str(FOLDER / f"{UNREACHABLE}.yaml"))
    (found,) = report.diagnostics
    assert found.code == "PF104"
    assert found.message == "`client` handles `clf_para`, but it is sent to `server` only"


@pytest.mark.parametrize("name", CAUGHT)
def test_the_naive_explorer_catches_it(name: str) -> None:
    many, smallest, expected = CAUGHT[name]
    program = program_of(name)
    participants = {role: smallest if role == many else 1 for role in program.roles}
    found = explore(program, participants).found
    assert {place: length(program, it.run) for place, it in found.items()} == expected
    for fewer in range(max(1, program.roles[many].minimum), smallest):
        assert not explore(program, participants | {many: fewer}).found


@pytest.mark.parametrize("name", CAUGHT)
def test_validation_catches_it(name: str) -> None:
    many, smallest, expected = CAUGHT[name]
    report = validate(str(FOLDER / f"{name}.yaml"))
    codes = {place[0] for place in expected}
    assert {found.code for found in report.diagnostics} == codes | STATIC.get(name, set())
    for found in report.diagnostics:
        if found.code in codes:
            assert found.participants[many] == smallest
            steps = {place[0]: steps for place, steps in expected.items()}[found.code]
            # to PF203 the checker may go on to where it goes round
            assert len(found.trace) == steps or (found.code == "PF203" and len(found.trace) > steps)


def test_from_five_clients_on_truxify_ends() -> None:
    program = program_of("truxify_13968")
    for number, codes in ((3, {"PF202"}), (4, {"PF202"}), (5, set())):
        found, _ = check(program, Options(sizes={"client": (number, number)}, cache=False))
        assert {each.code for each in found} == codes


def program_of(name: str) -> Program:
    reading = read(str(FOLDER / f"{name}.yaml"))
    assert reading.protocol is not None, reading.diagnostics
    return compile_protocol(reading.protocol)
