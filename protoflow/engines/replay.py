"""Driving the participants along a trace: the counterexample of a check, or the record of a run.

The interpreter is the one that runs courses; what it calls are puppets in place of handlers, one for every row. A
puppet gives the answers that lead down the row that the step names: predicates such that this row is the first that
holds, the sends and raises of the step, payloads that are empty in all their fields. Every step that results is held
against the one that was to be followed, so a trace of another protocol, or a run that cannot be, ends in an error and
not somewhere else.

A step that names no round does not say which of several messages of one type it takes from an unordered channel. Where
that makes a difference (they belong to different rounds), the first is tried, then the others.

A counterexample claims something: the end of its run is held against that (`arrival`). Where its last steps can be
repeated for ever, they are repeated some times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NoReturn

from protoflow.engines.account import account
from protoflow.engines.arrival import LAPS, Followed, Standing, shows, words
from protoflow.engines.world import World
from protoflow.errors import HandlerError, UsageError
from protoflow.ids import Lookup
from protoflow.program import GuardKind, compile_protocol
from protoflow.protocol import START, Name, Shape, TargetKind
from protoflow.runtime.behaviour import names_of
from protoflow.runtime.directory import Directory
from protoflow.runtime.interpreter import Interpreter
from protoflow.runtime.machine import RoleMachine
from protoflow.runtime.send import Send
from protoflow.trace import Outcome, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from protoflow.program import Program, RoleProgram, Row
    from protoflow.protocol import Link, PayloadType, Protocol
    from protoflow.trace import Claim, SentMessage


@dataclass(frozen=True, slots=True)
class Replayed:
    """Where a trace leads to.

    `outcome`: `unhandled` (by its last step), `complete`, `stuck` (nobody can move, and it is not complete) or `open`.
    `words` says it; `account` says who was in which state and what lay in which channel. `same`: that is the bad state
    that was claimed; None where nothing was. `world` is as it is then, behind all that was repeated.
    """

    outcome: str
    steps: tuple[Step, ...]
    states: Mapping[str, str]
    words: str
    account: str
    world: World
    same: bool | None = None


def replay(
    program: Program,
    counts: Mapping[str, int],
    steps: Iterable[Step],
    relations: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    claim: Claim | None = None,
) -> Replayed:
    """Follow the steps of a trace, one by one. `relations` are the links, as a trace's header has them.

    Raises UsageError at the first step that the protocol does not allow where the trace has come to.
    """
    program = compile_protocol(_with_handlers(program.protocol), program.parameters)
    given = {name: each for name, each in (relations or {}).items() if _is_free(program.protocol.links.get(name))}
    directory, steps = Directory(program, counts, given), tuple(steps)
    if claim is not None and claim.loop is not None and claim.loop not in range(len(steps)):
        raise UsageError(f"the run has {len(steps)} steps: it cannot go round from step {claim.loop} on")
    choices: list[int] = []
    elsewhere: Replayed | None = None
    for _ in range(_MOST_ATTEMPTS):
        follower = _Follower(directory, choices)
        error = None
        try:
            end = follower.all(steps, claim)
            if end.same is not False:
                return end
            elsewhere = elsewhere or end
        except UsageError as refused:
            error = refused
        open_choices = [place for place, (taken, of) in enumerate(follower.choices) if taken + 1 < of]
        if not open_choices:
            break
        last = open_choices[-1]
        choices = [*(taken for taken, _ in follower.choices[:last]), follower.choices[last][0] + 1]
    else:
        error = UsageError("the trace cannot be followed: too many ways to read it were tried")
    if elsewhere is not None:
        return elsewhere
    assert error is not None
    raise error


_MOST_ATTEMPTS = 1000


class _Follower:
    """A world driven by the steps of a trace.

    `choices` has, for each delivery that could be of several messages, which one was taken and of how many. The first
    ones are as given, those that follow are 0.
    """

    def __init__(self, directory: Directory, choices: list[int]) -> None:
        self.choices: list[tuple[int, int]] = []
        self._given = choices
        self._followed: list[Step] = []
        program = directory.program
        self._fifo = program.protocol.assumptions.fifo
        machines = {name: RoleMachine(role, program.parameters) for name, role in program.roles.items()}
        self._puppets = Lookup(lambda who: _Puppet(program.roles[directory.role_of[who]], directory))

        def made(who: str) -> Interpreter:
            role, puppet = directory.role_of[who], self._puppets[who]
            puppet.interpreter = Interpreter(who, program.roles[role], machines[role], directory, puppet.calls)
            return puppet.interpreter

        self.world = World(Lookup(made), directory, self._followed.append)
        self._stale = False  # what the last step took was a stale reply

    def all(self, steps: Sequence[Step], claim: Claim | None) -> Replayed:
        loop = None if claim is None else claim.loop
        laps: list[Standing] = []
        for number, step in enumerate(steps, start=1):
            if number - 1 == loop:
                laps.append(Standing.of(self.world))
            self.follow(number, step)
        end = self._end(laps)
        if claim is None:
            return end
        if loop is not None:
            laps += self._laps(steps, loop)
        shown = shows(claim, Followed(self.world, end.steps, end.outcome, self._stale, laps))
        return replace(end, same=shown is not None, words=shown or end.words)

    def _laps(self, steps: Sequence[Step], loop: int) -> Iterator[Standing]:
        """Where everybody stands after the steps that can be repeated, and after each time that they are.

        It ends early where they cannot be.
        """
        yield Standing.of(self.world)
        for _ in range(LAPS):
            for number, step in enumerate(steps[loop:], start=loop + 1):
                try:
                    self.follow(number, replace(step, round=None))  # rounds are counted on
                except UsageError:
                    return
            yield Standing.of(self.world)

    def follow(self, number: int, step: Step) -> None:
        who, world = step.receiver, self.world
        if who not in world.directory.ids:
            _refuse(number, step, f"`{who}` does not take part")
        if who in world.crashed:
            _refuse(number, step, f"`{who}` has crashed")
        before = len(self._followed)
        if step.kind in (StepKind.CRASH, StepKind.LOSE):
            self._disturb(number, step)
        else:
            try:
                self._move(number, step)
            except HandlerError as error:  # a puppet that was led astray
                raise error.__cause__ or error from None
        [done] = self._followed[before:]
        for name in ("kind", "trigger", "round", "state_after", "outcome", "row", "raises"):
            wanted, found = getattr(step, name), getattr(done, name)
            if wanted is not None and wanted != found:
                _refuse(number, step, f"its {name.replace('_', ' ')} is {_show(found)}, not {_show(wanted)}")
        if _sent(step.sends) != _sent(done.sends):
            _refuse(number, step, f"it sends {_show(_sent(done.sends))}, not {_show(_sent(step.sends))}")

    def _end(self, laps: Sequence[Standing]) -> Replayed:
        if self._followed and self._followed[-1].outcome is Outcome.UNHANDLED:
            outcome = "unhandled"
        elif self.world.complete:
            outcome = "complete"
        else:
            outcome = "stuck" if self._stuck() else "open"
        steps = tuple(self._followed)
        said = words(Followed(self.world, steps, outcome, self._stale, laps))
        where = account(self.world, waits=outcome == "stuck")
        return Replayed(outcome, steps, self.world.states, said, where, self.world)

    def _stuck(self) -> bool:
        """Nobody can move. Whether an event that holds can fire is for predicates to say, unless a row is certain."""
        if self.world.busy():
            return False
        live = [each for who, each in self.world.interpreters.items() if who not in self.world.crashed]
        return not any(each.timers_left or each.certain for each in live)

    def _disturb(self, number: int, step: Step) -> None:
        if step.kind is StepKind.CRASH:
            self.world.crash(step.receiver, step.time)
        else:
            self.world.lose(step.receiver, self._find(number, step), step.time)

    def _move(self, number: int, step: Step) -> None:
        who, world, puppet = step.receiver, self.world, self._puppets[step.receiver]
        interpreter = world.interpreters[who]
        puppet.prepare(number, step)
        if not interpreter.started and step.kind is not StepKind.START:
            _refuse(number, step, f"`{who}` has not started")
        if step.kind in (StepKind.FIRE, StepKind.RAISED):
            if step.kind is StepKind.RAISED and step.trigger in interpreter.program.outside_in[interpreter.state]:
                interpreter.raise_outside(str(step.trigger))
            if world.urgent(who, step.time) is None:
                _refuse(number, step, f"`{step.trigger}` does not hold, or none of its rows does")
            return
        if step.kind is StepKind.ELAPSE:  # time passes, whatever is urgent
            if interpreter.timers_left[:1] != (step.trigger,):
                _refuse(number, step, f"the timer `{step.trigger}` is not the next in state `{interpreter.state}`")
            world.elapse(who, str(step.trigger), step.time)
            return
        first = world.urgent(who, step.time)
        if first is not None:
            _refuse(number, step, f"`{who}` does something else first: `{first[0].trigger}`")
        if step.kind is StepKind.START:
            if interpreter.started:
                before = interpreter.program.rows(interpreter.program.initial, START)
                _refuse(number, step, f"`{who}` has {'started before' if before else f'no row for `{START}`'}")
            world.start(who, step.time)
        else:
            place = self._find(number, step)
            self._stale = interpreter.windows.stale(world.inboxes[who][place])
            world.deliver(who, place, step.time, keep=step.kind is StepKind.DUPLICATE)

    def _find(self, number: int, step: Step) -> int:
        """The message of the step: the first of its type and round from its sender, or one of several if unordered."""
        found: dict[tuple[int | None, int | None], int] = {}
        for place, message in self.world.inboxes.get(step.receiver, {}).items():
            if (message.sender, message.type) == (step.sender, step.message) and step.round in (None, message.round):
                found.setdefault((message.round, message.answers), place)
        if not found:
            which = f"`{step.message}`" if step.round is None else f"`{step.message}` of round {step.round}"
            _refuse(number, step, f"no {which} from `{step.sender}` is on its way to `{step.receiver}`")
        places = list(found.values())[: 1 if self._fifo else None]
        taken = 0
        if len(places) > 1:
            taken = self._given[len(self.choices)] if len(self.choices) < len(self._given) else 0
            self.choices.append((taken, len(places)))
        return places[taken]


class _Puppet:
    """Answers for one participant so that it does what a step says."""

    interpreter: Interpreter

    def __init__(self, program: RoleProgram, directory: Directory) -> None:
        self._program = program
        self._directory = directory
        self._number: int
        self._step: Step
        self._chosen: list[tuple[str, ...]] = []  # what the selectors of the row will return, in turn
        kinds: dict[str, Callable[..., object]] = {
            "handler": self._handle,
            "predicate": self._holds,
            "selector": lambda *_: self._chosen.pop(0),
        }
        self.calls = {name: partial(kinds[kind], name) for name, kind in names_of(program).items()}

    def prepare(self, number: int, step: Step) -> None:
        self._number = number
        self._step = step

    def _holds(self, name: str, *_: object) -> bool:
        """The predicate's value in an assignment that makes the wanted row the first that holds."""
        trigger = self.interpreter.trying
        rows = self._program.rows(self.interpreter.state, trigger)
        wanted = self._step.row if trigger == self._step.trigger else None
        names = list(
            dict.fromkeys(guard.name for row in rows for guard in row.guards if guard.kind is GuardKind.PREDICATE)
        )
        for values in product((True, False), repeat=len(names)):
            truth = dict(zip(names, values, strict=True))
            if self._first(rows, truth) == wanted:
                return truth[name]
        return False

    def _first(self, rows: tuple[Row, ...], truth: Mapping[str, bool]) -> int | None:
        for row in rows:
            spent = row.times is not None and self.interpreter.rows_taken.get(row.index, 0) >= row.times
            if not spent and all(self._value(guard.kind, guard.name, truth) is guard.wanted for guard in row.guards):
                return row.index
        return None

    def _value(self, kind: GuardKind, name: str, truth: Mapping[str, bool]) -> bool:
        match kind:
            case GuardKind.PREDICATE:
                return truth[name]
            case GuardKind.PARAMETER:
                return bool(self.interpreter.parameters[name])
            case _:
                return self.interpreter.holds(name)

    def _handle(self, name: str, *_: object) -> object:
        trigger = self.interpreter.trying
        row = next(row for row in self._program.rows(self.interpreter.state, trigger) if row.handler == name)
        if (trigger, row.index) != (self._step.trigger, self._step.row):
            _refuse(self._number, self._step, f"a row for `{trigger}` in state `{row.source}` is taken instead")
        for event in self._step.raises:
            self.interpreter.raise_event(event)
        messages = self._directory.program.protocol.messages
        sent = _sent(self._step.sends)
        answers: dict[str, object] = {}
        self._chosen = []
        for send in row.sends:
            to = sent.get(send.message, ())
            if send.maybe and not to:
                continue
            if send.target.kind is TargetKind.SELECTOR:
                self._chosen.append(to)
            payload = {name: _empty(kind) for name, kind in messages[send.message].payload.items()}
            answers[send.message] = Send(payload, to=to) if to and send.one else payload
        return answers.get(row.sends[0].message) if len(row.sends) == 1 else answers or None


def _is_free(link: Link | None) -> bool:
    """The program says who is on it; the other links follow from their shapes."""
    return link is None or (link.inverse is None and link.shape in (Shape.ONE, Shape.GRAPH))


def _with_handlers(protocol: Protocol) -> Protocol:
    """The protocol with a handler for every row, by a name that no file can have."""
    roles = {
        name: replace(
            role,
            transitions=tuple(replace(row, handler=Name(f"row {index}")) for index, row in enumerate(role.transitions)),
        )
        for name, role in protocol.roles.items()
    }
    return replace(protocol, roles=roles)


class _Tensor:
    """Nothing, in the form of a tensor."""

    shape = (0,)
    dtype = "float32"
    nbytes = 0


_EMPTY: Mapping[str, Any] = {
    "int": 0,
    "float": 0.0,
    "bool": False,
    "str": "",
    "bytes": b"",
    "tensor": _Tensor(),
    "tensors": {},
    "any": None,
    "list": [],
    "dict": {},
}


def _empty(kind: PayloadType) -> object:
    return None if kind.optional else _EMPTY[kind.kind]


def _sent(sends: Iterable[SentMessage]) -> dict[str, tuple[str, ...]]:
    """Message -> all its receivers, sorted."""
    receivers: dict[str, set[str]] = {}
    for sent in sends:
        receivers.setdefault(sent.message, set()).update(sent.to)
    return {message: tuple(sorted(to)) for message, to in receivers.items() if to}


def _show(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"`{message}` to {', '.join(to)}" for message, to in value.items()) or "nothing"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value is None else f"`{value}`"


def _refuse(number: int, step: Step, why: str) -> NoReturn:
    what = f" `{step.trigger}`" if step.trigger else f" `{step.message}`" if step.message else ""
    raise UsageError(f"the trace cannot be followed: step {number} ({step.receiver}: {step.kind}{what}): {why}")
