"""The checker and the naive explorer on one protocol, in the same words: places, and lengths of shortest runs.

What users see (`checked`, beside `told`), and what that is made of: searches (`searched`, beside `places`), the proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.checks.composition import Options
from protoflow.checks.composition import check as check_composition
from protoflow.checks.composition.analyses import alarms
from protoflow.checks.composition.domain import Abstract, Exact
from protoflow.checks.composition.explore import Budget, OutOfBudgetError, endless
from protoflow.checks.composition.model import Model
from protoflow.checks.composition.search import search
from protoflow.checks.composition.sizes import abstract, least
from protoflow.checks.composition.tables import Times
from protoflow.language import read
from protoflow.program import compile_protocol
from tests.naive import explorer
from tests.naive.explorer import Place, TooLargeError, length
from tests.naive.generate import generate
from tests.naive.mutate import mutate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.checks.composition.analyses import Alarm
    from protoflow.diagnostics import Diagnostic
    from protoflow.program import Program
    from protoflow.protocol import Protocol
    from tests.naive.explorer import Result

SHIPPED = ("fedavg", "fedavg_deadline", "fedbuff", "fedprox", "gradient_exchange", "hello")

Found = dict[Place, int]
"""Place -> length of the shortest run there. PF203 has no length: its runs have more than one natural end (where
completion has become impossible, where it goes round).
"""


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


# -- the naive explorer ------------------------------------------------------------------------------------------------


def explored(program: Program, participants: Mapping[str, int], limit: int, cap: int = 4) -> Result | None:
    """None where there is too much."""
    try:
        return explorer.explore(program, participants, limit=limit, cap=cap)
    except TooLargeError:
        return None


def places(program: Program, result: Result) -> Found | None:
    """What is wrong, channels that grow apart; None where not everything was seen."""
    if result.cut:
        return None
    return {
        tuple(map(str, place)): 0 if place[0] == "PF203" else length(program, found.run)
        for place, found in result.found.items()
        if place[0] != "PF204"
    }


def told(program: Program, result: Result) -> Found | None:
    """What users are to be told: PF204, or all else that is wrong, PF205 as one finding for a state, of all messages
    that can come late there, by the shortest run.
    """
    if any(place[0] == "PF204" for place in result.found):  # what else there is depends on how far one looks
        return {("PF204",): 0}
    found = places(program, result)
    if found is None:
        return None
    grouped = {place: steps for place, steps in found.items() if place[0] != "PF205"}
    for code, role, state in {place[:3] for place in found if place[0] == "PF205"}:
        messages = sorted(place[3] for place in found if place[:3] == (code, role, state))
        grouped[code, role, state, *messages] = min(found[code, role, state, message] for message in messages)
    return grouped


# -- the checker -------------------------------------------------------------------------------------------------------


def checked(program: Program, participants: Mapping[str, int]) -> tuple[Found, set[Place]]:
    """What is wrong, and what is said to be never used."""
    exactly = {role: (number, number) for role, number in participants.items()}
    diagnostics, _ = check_composition(program, Options(sizes=exactly, cache=False, seconds=600))
    if any(found.code == "PF204" for found in diagnostics):
        return {("PF204",): 0}, set()
    shortest: Found = {}
    for found in diagnostics:
        if found.code != "PF207":  # PF202 is one finding for each state that waits
            steps = 0 if found.code == "PF203" else length(program, found.trace)
            shortest[place(found)] = min(steps, shortest.get(place(found), steps))
    return shortest, {place(found)[1:] for found in diagnostics if found.code == "PF207"}


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


def place_of(alarm: Alarm, model: Model) -> Place:
    if alarm.code in ("PF202", "PF203"):
        return (alarm.code,)
    if alarm.code == "PF206":
        return (alarm.code, alarm.trigger)
    role = model.roles[alarm.role]
    if alarm.code == "PF209":
        return (alarm.code, role.name, str(alarm.row), alarm.trigger)
    return (alarm.code, role.name, role.states[alarm.state], alarm.trigger)


def searched(model: Model, participants: Mapping[str, int], *, reduced: bool, cap: int = 4) -> Found:
    sizes = tuple(participants[role.name] for role in model.roles)
    graph, _, _ = search(model, sizes, Exact(), Budget(600, 200_000), reduced=reduced, cap=cap)
    found: Found = {}
    for alarm, where in alarms(graph, model).items():
        key = place_of(alarm, model)
        steps = 0 if alarm.code == "PF203" else where.distance
        found[key] = min(found.get(key, steps), steps)
    return found


class Proof(NamedTuple):
    """What the abstraction says: where its alarms are, and whether every run comes to an end."""

    alarmed: set[Place]
    ends: bool


def proof(program: Program, configurations: int, cap: int = 8) -> Proof | None:
    """None where it does not finish, or the shape is no star."""
    model = Model(program, program.protocol.assumptions, Times.UNKNOWN)
    if not model.star:
        return None
    k = max(0, least(model) - 1)
    found: set[Alarm] = set()
    ends = True
    try:
        for sizes in abstract(model, k):
            graph, steps, _ = search(model, sizes, Abstract(k), Budget(600, configurations), cap=cap)
            if graph.capped:
                return None
            found |= set(alarms(graph, model))
            ends = ends and not endless(graph, steps, lambda label: True)
    except OutOfBudgetError:
        return None
    return Proof({place_of(alarm, model) for alarm in found}, ends)
