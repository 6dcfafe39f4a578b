"""Every finding proves itself: the real engine, driven along its run, arrives in the very state that it speaks of.

`watch` puts this behind the one entry of the composition check, so that whatever a test makes the checker say is
replayed, in every test there is. `arrive` asks the engine's participants, windows and channels what the finding told
people. What one run cannot show is asked of the naive explorer, where the run goes round: that completion has become
impossible (PF203), that nothing keeps a channel from growing on (PF204).
"""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING

from protoflow.checks import composition
from protoflow.engines.arrival import claimed
from protoflow.engines.replay import replay
from protoflow.program import compile_protocol
from protoflow.trace import Outcome, StepKind, encode
from tests.naive.explorer import Graph
from tests.naive.growth import again
from tests.naive.paths import shown
from tests.naive.steps import Course

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.checks.composition import Options, Verdict
    from protoflow.diagnostics import Diagnostic
    from protoflow.engines.replay import Replayed
    from protoflow.program import Program
    from protoflow.protocol import Assumptions
    from protoflow.runtime.interpreter import Interpreter
    from tests.naive.configuration import Config, Move

NO_RUN = frozenset({"PF207", "PF210"})
"""What never happens, and what is not known: all other findings have a run, and these have none."""

LIMIT = 20_000
"""Configurations that may be needed to see that no way leads out of a circle; more than that is an error."""

_seen: set[str] = set()


def watch() -> None:
    """Let every finding of every check from now on be replayed, each run once."""
    check = composition.check

    @wraps(check)
    def watched(program: Program, options: Options) -> tuple[list[Diagnostic], Verdict]:
        result = check(program, options)
        for found in result[0]:
            if not found.participants:
                arrive(program, found)
                continue
            again = f"{program.protocol.digest} {claimed(found)} {found.parameters} {[*map(encode, found.trace)]}"
            if again not in _seen:
                arrive(program, found, options.assumptions(program))
                _seen.add(again)
        return result

    composition.check = watched


def arrive(program: Program, found: Diagnostic, assumptions: Assumptions | None = None) -> None:
    """Replay a finding on the real engine. AssertionError where it does not arrive in the same bad state."""
    assert (found.code in NO_RUN) is not bool(found.participants), found
    if found.code in NO_RUN:
        assert not found.trace
        return
    program = compile_protocol(program.protocol, {**program.parameters, **found.parameters})  # type: ignore[dict-item]
    end = replay(program, found.participants, found.trace, found.links, claimed(found))
    assert end.same, f"{found.code} {found.message}, but: {end.words}\n{end.account}"
    assert len(end.steps) == len(found.trace)
    assert all(step.outcome is not Outcome.UNHANDLED for step in end.steps[:-1])
    about = dict(found.subject)
    told = set(re.findall(r"`(\w+)`", found.message))
    assert {name for kind, name in about.items() if kind in ("role", "state", "event", "property")} <= told
    SHOWS[found.code](found, end, about)
    if found.code in ON_AND_ON:
        ON_AND_ON[found.code](program, found, assumptions or program.protocol.assumptions)


def unhandled(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """That very message (or raised event) came to that role in that state, and no row of it holds for certain."""
    last, what = end.steps[-1], about.get("message") or about["event"]
    assert (last.outcome, last.trigger, last.state_before) == (Outcome.UNHANDLED, what, about["state"])
    assert (last.kind is StepKind.RAISED) is ("event" in about)
    participant = at(end, last.receiver, about["role"])
    assert participant.state == about["state"]
    assert not any(row.certain for row in participant.program.rows(about["state"], what))


def late(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """The message of the last step was dropped in that final state, which has no word on it."""
    last = end.steps[-1]
    assert last.outcome is Outcome.LATE
    assert ("message", last.message) in found.subject
    participant = at(end, last.receiver, about["role"])
    assert (participant.state, participant.final) == (about["state"], True)
    assert last.message not in participant.program.ignored[about["state"]]


def stale(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """The row that took the last message does not ask for `fresh`, and the message answers no round that is open."""
    last = end.steps[-1]
    assert (last.outcome, last.message, str(last.row)) == (Outcome.HANDLED, about["message"], about["row"])
    participant = at(end, last.receiver, about["role"])
    row = participant.program.role.transitions[int(about["row"])]
    assert "fresh" not in (*row.conditions, *row.unless)
    before = replay(end.world.directory.program, found.participants, found.trace[:-1], found.links)
    there = before.world.inboxes[last.receiver].values()
    windows = before.world.interpreters[last.receiver].windows
    taken = [each for each in there if (each.sender, each.type, each.round) == (last.sender, last.message, last.round)]
    assert any(windows.stale(message) for message in taken)


def violated(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """In each of the roles that the property names somebody is alive, and where it says that not all may be."""
    directory = end.world.directory
    for role, states in directory.program.protocol.properties[about["property"]].never.items():
        live = [who for who in directory.members[role] if who not in end.world.crashed]
        assert any(end.states[who] in states for who in live)


def grows(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """Each time round there is more of it in the channel, and as much more each time."""
    assert found.loop is not None
    world = end.world
    channels = [
        [message.type for message in inbox.values() if message.sender == sender].count(about["message"])
        for sender in world.directory.members[about["role"]]
        for receiver, inbox in world.inboxes.items()
        if world.directory.role_of[receiver] == about["receiver"]
    ]
    times = 3  # in the run, and repeated
    assert max(channels) >= times


def goes_round(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """Nothing is over (only who might be called from outside can stand still), and it goes on as before."""
    assert found.loop is not None
    assert end.outcome in ("open", "stuck")
    assert [shown(step) for step in end.steps] == [shown(step) for step in found.trace]


def stuck(found: Diagnostic, end: Replayed, about: Mapping[str, str]) -> None:
    """Nobody can move; each is where the notes say, and waits for what they say."""
    world = end.world
    assert end.outcome == "stuck"
    waiting = {who for who in world.directory.ids if who not in world.crashed and not world.interpreters[who].final}
    assert any(end.states[who] == about["state"] for who in waiting & {*world.directory.members[about["role"]]})
    told = [match for note in found.notes if (match := WAITS.match(note))]
    assert {match["state"] for match in told} == {end.states[who] for who in waiting}
    for match in told:
        for who in ids(match["who"]):
            assert who in waiting
            assert end.states[who] == match["state"]
            waits_for(end, world.interpreters[who], match["what"])


WAITS = re.compile(r"(?P<who>.+?), in `(?P<state>\w+)`, waits? (?P<what>.+)")
COUNTED = re.compile(r"for `(?P<event>\w+)`: it has (?P<have>\d+) of (?P<total>\d+) `\w+`")
MISSING = re.compile(r"for `(?P<message>\w+)` from (?P<whom>.+?)(?: \((?P<have>\d+) of (?P<needed>\d+) counted\))?$")
FAILING = re.compile(r"although (?:its time is up: )?`(?P<event>\w+)` (?:holds|has come)")
TOO_MANY = re.compile(
    r"for (?P<needed>\d+) participants to send `(?P<message>\w+)`, but no more than (?P<most>\d+) can"
)
NOBODY = re.compile(r"for `(?P<event>\w+)`, but nobody is left whose `\w+` would count")
NEVER = re.compile(r"for (?P<messages>.+), which nobody is going to send|for nothing: no row leads on from here")


def waits_for(end: Replayed, who: Interpreter, what: str) -> None:
    """A reason that a note gives, asked of the windows and the inbox of the participant."""
    if found := FAILING.match(what):
        assert found["event"] in who.holding
    elif found := COUNTED.fullmatch(what):
        assert who.windows.lacking(found["event"]) == (int(found["total"]) - int(found["have"]), set())
    elif found := NOBODY.fullmatch(what):
        assert not who.windows.lacking(found["event"])[1]
        assert found["event"] not in who.holding
    elif found := TOO_MANY.fullmatch(what):
        lacking = [who.windows.lacking(event) for event in counting(who, found["message"])]
        assert any(number > len(senders) for number, senders in lacking)
    elif found := MISSING.fullmatch(what):
        named = {name for part in found["whom"].split("; and ") for name in ids(part.rsplit(", ", 1)[0])}
        gone = {name for part in found["whom"].split("; and ") if "crashed" in part for name in ids(part)}
        assert named
        assert gone == named & end.world.crashed
        lacking = [who.windows.lacking(event) for event in counting(who, found["message"])]
        assert any(
            named <= senders and (not found["needed"] or number == int(found["needed"]) - int(found["have"]))
            for number, senders in lacking
        )
    else:
        found = NEVER.fullmatch(what)
        assert found, what
        for message in ids(found["messages"] or ""):
            assert (who.state, message) in who.program.table
            assert message not in {each.type for each in end.world.inboxes[who.id].values()}


def counting(who: Interpreter, message: str) -> list[str]:
    """The events of its state that count the message and do not hold."""
    events = who.program.events_in[who.state]
    windows = who.program.windows
    return [e for e in events if e in windows and windows[e].message == message and e not in who.holding]


def ids(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def at(end: Replayed, who: str, role: str) -> Interpreter:
    assert end.world.directory.role_of[who] == role
    return end.world.interpreters[who]


SHOWS: Mapping[str, Callable[[Diagnostic, Replayed, Mapping[str, str]], None]] = {
    "PF201": unhandled,
    "PF202": stuck,
    "PF203": goes_round,
    "PF204": grows,
    "PF205": late,
    "PF206": violated,
    "PF209": stale,
}


def no_way_out(program: Program, found: Diagnostic, assumptions: Assumptions) -> None:
    """No way leads from the circle to a complete course or to another end, says the naive explorer."""
    course, way = walked(program, found, assumptions)
    course.begin = way[found.loop or 0][0]
    assert course.begin not in Graph(course, LIMIT, cap=4).can_end(unseen=False)


def more_each_time(program: Program, found: Diagnostic, assumptions: Assumptions) -> None:
    """The same steps can be taken again and make the channel longer once more, says the naive explorer."""
    course, way = walked(program, found, assumptions)
    after = way[-1][1].after
    assert after is not None
    assert again(course, after, tuple(way[found.loop :]))


def walked(
    program: Program, found: Diagnostic, assumptions: Assumptions
) -> tuple[Beginning, list[tuple[Config, Move]]]:
    """The run in the naive explorer's words: each step, and the configuration that it is taken in."""
    flags = {name: value for name, value in found.parameters.items() if isinstance(value, bool)}
    course = Beginning(program, found.participants, found.links, flags, assumptions)
    config, way = course.begin, []
    for step in found.trace:
        moves = [*course.moves_of(config, step.receiver), *course.elapse(config, early=step.early)]
        move = next(move for move in moves if move.after is not None and shown(move.step) == shown(step))
        way.append((config, move))
        assert move.after is not None
        config = move.after
    return course, way


class Beginning(Course):
    """A course that begins in a configuration of its own, everybody started who does nothing then."""

    begin: Config

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.begin = super().initial()
        for who in self.ids:
            table = self.table(who)
            if not table.rows(table.initial, "start"):
                [move] = self.start(self.begin, who, self.local(self.begin, who))
                assert move.after is not None
                self.begin = move.after

    def initial(self) -> Config:
        return self.begin


ON_AND_ON: Mapping[str, Callable[[Program, Diagnostic, Assumptions], None]] = {
    "PF203": no_way_out,
    "PF204": more_each_time,
}
