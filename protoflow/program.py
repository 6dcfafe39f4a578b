"""Protocol -> Program: the compiled tables, the one place that says what happens next.

The runtime executes these tables, the checker explores them, diagrams and exports show them; none of them decides
anything that is not here. Compiling cannot fail for a protocol that was read without errors.

For each role: `table[state, trigger]` is the rows to try in order; `disposition` says what becomes of a message;
`windows` are the events that count messages; `events_in[state]` are the events that can fire there, first declared
first; `timers_in[state]` are its timers, shortest first.

Names are plain `str` here, without the place where they were written: Python looks those up twice as fast. What a
parameter says is looked up here, once: a `Program` is a protocol together with a value for every parameter. The
one thing left open is a `bool` parameter used as a condition (`GuardKind.PARAMETER`): the checker tries both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from protoflow.protocol import (
    EVERYTHING,
    FRESH,
    LOST,
    START,
    After,
    Counted,
    Name,
    Protocol,
    Raised,
    Received,
    Role,
    Send,
    Target,
    TargetKind,
    Transition,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Disposition(Enum):
    """What becomes of a message that is delivered in a state, before any condition is asked."""

    DEFER = "deferred"  # it stays in the channel
    IGNORE = "ignored"  # it is dropped, uncounted
    HANDLE = "handled"  # there are rows; whether one holds is for their guards to say
    LATE = "late"  # no row, and the state is final: dropped with a warning
    UNHANDLED = "unhandled"  # no row: an error


class GuardKind(Enum):
    PREDICATE = "predicate"  # a registered function; the checker takes it true and false
    FRESH = "fresh"  # the message answers the open round
    PARAMETER = "parameter"  # a bool parameter, one value for the whole course
    LINK = "link"  # true when the participant has somebody on that link


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of a row: it holds when what `name` says is `wanted`."""

    kind: GuardKind
    name: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class RowSend:
    """A send with its target known. `roles` are the roles whose participants it can reach.

    `opens`: it begins a new round of its message. `extends`: it goes to `sender` and adds the receiver to the open
    round (and opens one if there is none).
    """

    message: str
    target: Target
    maybe: bool
    one: bool
    roles: tuple[str, ...]
    opens: bool
    extends: bool
    declared: Send


@dataclass(frozen=True, slots=True)
class Row:
    """A transition for one (source, trigger). `index` is the transition's place in the role: `times` counts by it.

    `dest` None: the state stays and its timers run on. The same state: it is left and entered again.
    """

    index: int
    source: str
    trigger: str
    dest: str | None
    guards: tuple[Guard, ...]
    times: int | None
    handler: str | None
    sends: tuple[RowSend, ...]
    answered: tuple[str, ...]  # events to whose senders something is sent
    raises: tuple[tuple[str, bool], ...]  # (event, maybe)
    declared: Transition

    @property
    def certain(self) -> bool:
        """It holds whenever it is tried."""
        return not self.guards and self.times is None

    @property
    def target_state(self) -> str:
        return self.source if self.dest is None else self.dest

    @property
    def says_fresh(self) -> bool:
        return any(guard.kind is GuardKind.FRESH and guard.wanted for guard in self.guards)


@dataclass(frozen=True, slots=True)
class Window:
    """An event that counts messages: distinct senders (`needed` of those expected), or `total` messages.

    Exactly one of `needed` and `total` is set. `needed`: `Fraction(1)` is every one, a Fraction a share of the
    expected rounded up, an int that many. `request`: only replies to the open round of that message count.
    """

    event: str
    message: str
    needed: Fraction | int | None
    total: int | None
    link: str | None
    request: str | None

    def threshold(self, expected: int) -> int:
        """How many of `expected` senders must have been counted."""
        if isinstance(self.needed, Fraction):
            numerator, denominator = self.needed.as_integer_ratio()
            return -(-numerator * expected // denominator)
        return cast("int", self.needed)


@dataclass(frozen=True, slots=True)
class Timer:
    event: str
    duration: float


@dataclass(frozen=True)
class RoleProgram:
    """The compiled tables of one role. All tuples are in order of declaration unless said otherwise."""

    role: Role
    name: str
    states: tuple[str, ...]
    initial: str
    finals: frozenset[str]
    single: bool
    minimum: int
    maximum: int | None
    receives: tuple[str, ...]
    sends: tuple[str, ...]
    table: Mapping[tuple[str, str], tuple[Row, ...]]
    ignored: Mapping[str, frozenset[str]]
    deferred: Mapping[str, frozenset[str]]
    windows: Mapping[str, Window]
    counted_by: Mapping[str, tuple[Window, ...]]  # message -> the windows that count it
    request_of: Mapping[str, str]  # reply -> the message whose open round it answers
    events_in: Mapping[str, tuple[str, ...]]  # state -> window events and timers that have rows there
    timers_in: Mapping[str, tuple[Timer, ...]]  # state -> timers that have rows there, shortest first
    outside_in: Mapping[str, tuple[str, ...]]  # state -> events that the program or operator may raise there
    watches_lost: bool
    _reachable: list[frozenset[str]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def begins(self) -> bool:
        """Its participants do something of their own accord: they start, or a timer of their initial state runs.

        All others rest in the initial state until something reaches them.
        """
        return bool(self.rows(self.initial, START) or self.timers_in[self.initial])

    def rows(self, state: str, trigger: str) -> tuple[Row, ...]:
        """The rows to try, in order; the first whose guards hold is taken."""
        return self.table.get((state, trigger), ())

    def all_rows(self) -> Iterator[Row]:
        for rows in self.table.values():
            yield from rows

    def disposition(self, state: str, message: str) -> Disposition:
        """What becomes of `message` in `state`. Deferring comes first: it happens while the message is queued."""
        if message in self.deferred[state]:
            return Disposition.DEFER
        if message in self.ignored[state]:
            return Disposition.IGNORE
        if (state, message) in self.table:
            return Disposition.HANDLE
        return self.unmatched(state)

    def unmatched(self, state: str, *, stale: bool = False) -> Disposition:
        """What becomes of a message that no row takes: a stale one is dropped, as if it had been ignored."""
        if stale:
            return Disposition.IGNORE
        return Disposition.LATE if state in self.finals else Disposition.UNHANDLED

    @property
    def reachable(self) -> frozenset[str]:
        """States that some path of rows leads to from the initial state, whatever the guards say."""
        if not self._reachable:
            successors: dict[str, set[str]] = {state: set() for state in self.states}
            for row in self.all_rows():
                successors[row.source].add(row.target_state)
            found, todo = {self.initial}, [self.initial]
            while todo:
                new = successors[todo.pop()] - found
                found |= new
                todo.extend(new)
            self._reachable.append(frozenset(found))
        return self._reachable[0]


@dataclass(frozen=True)
class Program:
    protocol: Protocol
    parameters: Mapping[str, Value]
    roles: Mapping[str, RoleProgram]


def compile_protocol(protocol: Protocol, parameters: Mapping[str, Value] | None = None) -> Program:
    """The tables of every role. `parameters` override defaults; they must already have the declared types."""
    values = {name: parameter.default for name, parameter in protocol.parameters.items()} | dict(parameters or {})
    roles = {str(name): _Compiler(protocol, role, values).compile() for name, role in protocol.roles.items()}
    return Program(protocol, values, roles)


class _Compiler:
    """Builds the tables of one role."""

    def __init__(self, protocol: Protocol, role: Role, values: Mapping[str, Value]) -> None:
        self.protocol = protocol
        self.role = role
        self.values = values
        self.receives = tuple(str(m.name) for m in protocol.messages.values() if role.name in m.receivers)
        self.request_of: dict[str, str] = {}
        for event in role.events.values():
            if isinstance(event.condition, Received) and event.condition.request is not None:
                self.request_of.setdefault(str(event.condition.message), str(event.condition.request))

    def compile(self) -> RoleProgram:
        role = self.role
        states = {str(name): state for name, state in role.states.items()}
        windows = {str(name): window for name in role.events if (window := self._window(name))}
        counted_by: dict[str, tuple[Window, ...]] = {}
        for window in windows.values():
            counted_by[window.message] = (*counted_by.get(window.message, ()), window)
        table = self._table()
        raised_inside = {raised.event for row in role.transitions for raised in row.raises}
        events_in, timers_in, outside_in = {}, {}, {}
        for state in states:
            used = [str(name) for name in role.events if (state, name) in table]
            timers = [
                Timer(name, cast("float", self._value(condition.duration)))
                for name in used
                if isinstance(condition := role.events[name].condition, After)
            ]
            events_in[state] = tuple(n for n in used if not isinstance(role.events[n].condition, Raised))
            timers_in[state] = tuple(sorted(timers, key=lambda timer: timer.duration))
            outside_in[state] = tuple(
                n for n in used if isinstance(role.events[n].condition, Raised) and n not in raised_inside
            )
        minimum, maximum = count_bounds(role, self.values)
        return RoleProgram(
            role=role,
            name=str(role.name),
            states=tuple(states),
            initial=str(role.initial),
            finals=frozenset(name for name, state in states.items() if state.final),
            single=is_single(role, self.values),
            minimum=minimum,
            maximum=maximum,
            receives=self.receives,
            sends=tuple(str(m.name) for m in self.protocol.messages.values() if role.name in m.senders),
            table=table,
            ignored={name: self._messages(state.ignore) for name, state in states.items()},
            deferred={name: self._messages(state.defer) for name, state in states.items()},
            windows=windows,
            counted_by=counted_by,
            request_of=self.request_of,
            events_in=events_in,
            timers_in=timers_in,
            outside_in=outside_in,
            watches_lost=any(LOST in row.triggers for row in role.transitions),
        )

    def _value(self, written: object) -> Value:
        return self.values[written] if isinstance(written, Name) else cast("Value", written)

    def _messages(self, names: tuple[Name, ...]) -> frozenset[str]:
        return frozenset(self.receives if EVERYTHING in names else map(str, names))

    def _window(self, name: str) -> Window | None:
        match self.role.events[name].condition:
            case Received(message, threshold, link, request):
                needed = cast("Fraction | int", self._value(threshold))
                return Window(str(name), str(message), needed, None, _plain(link), _plain(request))
            case Counted(message, count):
                return Window(str(name), str(message), None, cast("int", self._value(count)), None, None)
            case _:
                return None

    def _table(self) -> dict[tuple[str, str], tuple[Row, ...]]:
        table: dict[tuple[str, str], tuple[Row, ...]] = {}
        for index, transition in enumerate(self.role.transitions):
            guards = tuple(self._guard(name, True) for name in transition.conditions)
            guards += tuple(self._guard(name, False) for name in transition.unless)
            times = None if transition.times is None else cast("int", self._value(transition.times))
            for source in self._sources(transition):
                for trigger in map(str, transition.triggers):
                    sends = tuple(self._send(send, trigger) for send in transition.sends)
                    row = Row(
                        index=index,
                        source=source,
                        trigger=trigger,
                        dest=_plain(transition.dest),
                        guards=guards,
                        times=times,
                        handler=_plain(transition.handler),
                        sends=sends,
                        answered=tuple(str(send.target.name) for send in sends if send.target.kind is TargetKind.EVENT),
                        raises=tuple((str(raised.event), raised.maybe) for raised in transition.raises),
                        declared=transition,
                    )
                    table[source, trigger] = (*table.get((source, trigger), ()), row)
        return table

    def _sources(self, transition: Transition) -> tuple[str, ...]:
        if EVERYTHING in transition.sources:
            return tuple(str(name) for name, state in self.role.states.items() if not state.final)
        return tuple(map(str, transition.sources))

    def _guard(self, name: str, wanted: bool) -> Guard:
        if name == FRESH:
            kind = GuardKind.FRESH
        elif name in self.protocol.parameters:
            kind = GuardKind.PARAMETER
        elif name in self.protocol.links:
            kind = GuardKind.LINK
        else:
            kind = GuardKind.PREDICATE
        return Guard(kind, str(name), wanted)

    def _send(self, send: Send, trigger: str) -> RowSend:
        target = send.target or self.default_target(send, trigger)
        counted = send.message in self.request_of.values()
        to_sender = target.kind is TargetKind.SENDER
        return RowSend(
            message=str(send.message),
            target=target,
            maybe=send.maybe,
            one=send.one,
            roles=tuple(map(str, self._receiving_roles(send, target, trigger))),
            opens=counted and not to_sender,
            extends=counted and to_sender,
            declared=send,
        )

    def default_target(self, send: Send, trigger: str) -> Target:
        """A target left out: the only participant of the receiving role; else the sender; else all."""
        receivers = self.protocol.messages[send.message].receivers
        if len(receivers) == 1 and is_single(self.protocol.roles[receivers[0]], self.values):
            return Target(TargetKind.ROLE, Name(receivers[0]))
        message = self.protocol.messages.get(trigger)
        if message is not None and set(message.senders) & set(receivers):
            return Target(TargetKind.SENDER, Name("sender"))
        return Target(TargetKind.ALL, Name("all"))

    def _receiving_roles(self, send: Send, target: Target, trigger: str) -> tuple[str, ...]:
        receivers: tuple[str, ...] = self.protocol.messages[send.message].receivers
        match target.kind:
            case TargetKind.ROLE:
                return (target.name,)
            case TargetKind.LINK:
                return (self.protocol.links[target.name].dest,)
            case TargetKind.EVENT:
                condition = self.role.events[target.name].condition
                counted = condition.message if isinstance(condition, Received | Counted) else None
                senders = self.protocol.messages[counted].senders if counted else ()
                return tuple(role for role in senders if role in receivers)
            case TargetKind.SENDER if trigger in self.protocol.messages:
                return tuple(role for role in self.protocol.messages[trigger].senders if role in receivers)
            case _:
                return receivers


def _plain(name: str | None) -> str | None:
    return None if name is None else str(name)


def count_bounds(role: Role, values: Mapping[str, Value]) -> tuple[int, int | None]:
    """The least and the greatest number of participants that the role's `count` allows."""

    def bound(written: int | Name) -> int:
        return cast("int", values[written]) if isinstance(written, Name) else written

    maximum = role.count.maximum
    return bound(role.count.minimum), None if maximum is None else bound(maximum)


def is_single(role: Role, values: Mapping[str, Value]) -> bool:
    """Exactly one participant, which is then called by the role's name."""
    return count_bounds(role, values) == (1, 1)
