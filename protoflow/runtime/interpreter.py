"""The interpreter of one participant: the steps of semantics.md, for one machine, with real handlers.

It has no clock, socket, thread, random source or tensor library. An engine calls one method per step and gets the
effects: what was decided, what is to be sent, whether the state was entered anew (timers start). The engine brings
messages and time:

- `start` once, first, where the initial state has rows for it (else it has `started` from the beginning); then any of
  `deliver`, `elapse`, `raise_outside`;
- after each of these `urgent` until it returns None, before the next: raised events, then events that hold;
- it must not deliver a message that the present state `defers`.

A participant's rows are fired by the `transitions.Machine` of its role, see `machine.py`: the interpreter is the model.
There may be very many participants, so what most of them never need (timers, raised events) is empty without a
container of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protoflow.errors import HandlerError, UsageError
from protoflow.program import Disposition
from protoflow.protocol import FRESH, LOST, START, TargetKind
from protoflow.runtime.answer import answers_by_message, chosen, fault, raised_by, selected, shares
from protoflow.runtime.effects import Effects, Outgoing
from protoflow.runtime.machine import RowModel
from protoflow.runtime.windows import Windows
from protoflow.trace import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.ids import Ids
    from protoflow.program import RoleProgram, Row, RowSend
    from protoflow.protocol import Value
    from protoflow.runtime.answer import Shares
    from protoflow.runtime.behaviour import Calls
    from protoflow.runtime.directory import Directory
    from protoflow.runtime.machine import RoleMachine
    from protoflow.runtime.message import Message

_OUTCOMES = {
    Disposition.IGNORE: Outcome.STALE,
    Disposition.LATE: Outcome.LATE,
    Disposition.UNHANDLED: Outcome.UNHANDLED,
}
_NONE: frozenset[str] = frozenset()

# A step asks for these several times, and it takes Python 0.1 µs to find a member of an enum.
_DELIVER, _FIRE = StepKind.DELIVER, StepKind.FIRE
_HANDLED, _IGNORED = Outcome.HANDLED, Outcome.IGNORED
_ALL, _EVENT, _LINK, _ROLE, _SELECTOR, _SENDER = (
    TargetKind.ALL, TargetKind.EVENT, TargetKind.LINK, TargetKind.ROLE, TargetKind.SELECTOR, TargetKind.SENDER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What a handler that has been run before its message is delivered has come to."""

    answer: object
    raised: frozenset[str]
    logged: dict[str, Any]


class Interpreter(RowModel):
    """One participant. `calls` is its behaviour: name of a handler, predicate or selector -> the callable."""

    __slots__ = (
        "_ahead",
        "_arguments",
        "_due",
        "_effects",
        "_elapsed",
        "_events",
        "_events_in",
        "_logged",
        "_predicates",
        "_raised",
        "_waiting",
        "calls",
        "directory",
        "id",
        "now",
        "program",
        "settled",
        "started",
        "windows",
    )

    def __init__(
        self,
        who: str,
        program: RoleProgram,
        machine: RoleMachine,
        directory: Directory,
        calls: Calls | Mapping[str, Callable[..., object]],
    ) -> None:
        self.id = who
        self.program = program
        self.directory = directory
        self.calls = calls
        self.state = program.initial
        self.rows_taken: dict[int, int] = {}
        self.windows = Windows(who, program, directory)
        self.started = not program.rows(program.initial, START)
        self.settled = True  # nothing has happened since `urgent` last found nothing to do
        self.now = 0.0
        self._events = machine.events
        self._events_in = program.events_in
        self._elapsed: frozenset[str] = _NONE  # timers that have elapsed since the present state was entered
        self._due: frozenset[str] = _NONE  # those of them that have not fired
        self._waiting: list[str] = []  # raised events
        self._arguments: tuple[Message, ...] = ()  # what handler, predicates and selectors of this step are called with
        self._predicates: dict[str, bool] = {}  # each is asked once within a choice among rows
        self._effects: Effects | None = None  # of the step that is being taken
        self._raised: frozenset[str] = _NONE  # by the handler that is running
        self._logged: dict[str, Any] = {}
        self._ahead: _Ahead | None = None

    # -- steps, called by the engine

    def start(self, now: float) -> Effects:
        """The rows for `start`, if there are any and one holds."""
        self.now = now
        self.started = True
        self.settled = False
        effects = Effects(StepKind.START, START, self.state)
        self._take(effects, ())
        effects.entered = True
        return effects

    def deliver(self, message: Message, now: float, *, overtaken: bool = False) -> Effects:
        """A message, or `lost`. `overtaken`: it was deferred when its sender was reported lost: no sign of life."""
        self.now = now
        self.settled = False
        name, sender, state, program = message.type, message.sender, self.state, self.program
        effects = Effects(_DELIVER, name, state, message)
        if name == LOST:
            self.windows.lost.add(sender)
            self._take(effects, (message,))
            return effects
        if self.windows.lost and not overtaken:
            self.windows.lost.discard(sender)
        if name in program.ignored[state]:
            effects.outcome = _IGNORED
        elif not self._take(effects, (message,)):
            effects.outcome = _OUTCOMES[program.unmatched(state, stale=self.windows.stale(message))]
        self.settled = not self._waiting and not (self._events_in[self.state] and self.holding)
        return effects

    def elapse(self, event: str, now: float) -> Effects:
        """A timer of the present state has run out: its event holds until it fires or the state is left."""
        self.now = now
        self.settled = False
        self._elapsed |= {event}
        self._due |= {event}
        return Effects(StepKind.ELAPSE, event, self.state)

    def raise_outside(self, event: str) -> None:
        """The program or operator raises an event that no row raises; it waits its turn among those raised."""
        if event not in self.program.outside_in[self.state]:
            raise UsageError(f"`{event}` cannot be raised from outside while `{self.id}` is in state `{self.state}`")
        self.settled = False
        self._waiting.append(event)

    def urgent(self, now: float) -> Effects | None:
        """The next thing to be done before anything else is handled; None if there is nothing.

        An event whose rows' conditions all fail is tried again only after the next step.
        """
        if self.settled:
            return None
        self.now = now
        if self._waiting:
            effects = Effects(StepKind.RAISED, self._waiting.pop(0), self.state)
            if not self._take(effects, ()):
                effects.outcome = Outcome.UNHANDLED
            return effects
        for event in self._events_in[self.state]:
            if self._holds_now(event):
                effects = Effects(_FIRE, event, self.state)
                if self._take(effects, ()):
                    return effects
        self.settled = True
        return None

    # -- a handler that is run before its message is delivered, with those of others (engines/batches.py)

    def sure_row(self, message: Message) -> Row | None:
        """The row that is certain to take a message, if that is the next thing that happens here; None if none is."""
        if not (self.started and self.settled) or self.windows.lost or self._ahead or not message.payload.intact:
            return None
        if self.program.disposition(self.state, message.type) is not Disposition.HANDLE:
            return None
        row = self.program.rows(self.state, message.type)[0]
        return row if row.certain else None

    def begin_ahead(self, row: Row, message: Message, now: float) -> None:
        """Its `sure_row`'s handler is about to be run for the message, which will be delivered at `now`."""
        self.now = now
        self._effects, self._arguments = Effects(_DELIVER, message.type, self.state, message), (message,)
        self._effects.row = row

    def end_ahead(self, answer: object) -> None:
        """What the handler returned; that, and what it logged and raised, is taken up when the message comes."""
        self._ahead = _Ahead(answer, self._raised, self._logged)
        self._effects, self._raised, self._logged = None, _NONE, {}

    def defers(self, message: str) -> bool:
        """The message stays in its channel while the participant is in its present state."""
        return message in self.program.deferred[self.state]

    @property
    def timers_left(self) -> tuple[str, ...]:
        """The timers of the present state that have not elapsed since it was entered, in the order in which they do."""
        timers = self.program.timers_in[self.state] if self.started else ()
        return tuple(timer.event for timer in timers if timer.event not in self._elapsed)

    @property
    def trying(self) -> str:
        """While predicates, handlers and selectors are called: what triggers the rows that are being tried."""
        return "" if self._effects is None else self._effects.trigger

    @property
    def certain(self) -> bool:
        """Something urgent is certain to happen: a raised event waits, or one holds and has a row that is certain."""
        return bool(self._waiting) or any(
            self._holds_now(event) and any(row.certain for row in self.program.rows(self.state, event))
            for event in self._events_in[self.state]
        )

    @property
    def holding(self) -> tuple[str, ...]:
        """The events of the present state that hold; once `urgent` finds nothing, those whose conditions all fail."""
        return tuple([event for event in self._events_in[self.state] if self._holds_now(event)])

    @property
    def final(self) -> bool:
        return self.state in self.program.finals

    # -- the model of the role's machine

    def holds(self, name: str) -> bool:
        value = self._predicates.get(name)
        if value is None:
            if name == FRESH:
                value = self.windows.fresh(self._arguments[0])
            elif name in self.directory.links:
                value = bool(self.directory.linked(name, self.id))
            else:
                value = bool(self._call(name, "predicate", self._asking(name)))
            self._predicates[name] = value
        return value

    def _asking(self, predicate: str) -> Row:
        """The first row, of those that are being tried, that asks this predicate."""
        assert self._effects is not None
        rows = self.program.rows(self.state, self._effects.trigger)
        return next(row for row in rows if any(guard.name == predicate for guard in row.guards))

    def perform(self, row: Row) -> None:
        effects, arguments = self._effects, self._arguments
        assert effects is not None
        effects.row = row
        effects.outcome = _HANDLED
        windows, message = self.windows, arguments[0] if arguments else None
        if message is not None:
            if not message.payload.intact:
                found = f"the payload of `{message.type}` from `{message.sender}`"
                fault(self.id, row, f"{found} was written into after it was sent, which others share")
            windows.receive(message)
            windows.count(message)
        counted = {event: windows.counted(event) for event in row.answered} if row.answered else {}
        if effects.kind is _FIRE:
            if effects.trigger in self._due:
                self._due -= {effects.trigger}
            if effects.trigger in self.program.windows:
                windows.empty(effects.trigger)
        answer = None
        if row.handler is not None:
            answer = self._call(row.handler, "handler", row) if self._ahead is None else self._take_up(self._ahead)
            if message is not None and not message.payload.intact:
                found = f"the payload of `{message.type}` from `{message.sender}`"
                fault(self.id, row, f"handler `{row.handler}` wrote into {found}, which others share")
        if row.sends or answer is not None:
            effects.sends = tuple(self._outgoing(row, answer, counted))
        if row.raises:
            effects.raises = raised_by(row, self._raised, self.id)
            self._waiting.extend(effects.raises)
            self._raised = _NONE
        if self._logged:
            effects.metrics, self._logged = self._logged, {}

    def _holds_now(self, event: str) -> bool:
        return event in self._due or (event in self.program.windows and self.windows.holds(event))

    def _take(self, effects: Effects, arguments: tuple[Message, ...]) -> bool:
        """Let the role's machine try the rows for this trigger in the present state. Whether one was taken."""
        event = self._events.get(effects.trigger)
        if event is None:
            return False
        self._effects, self._arguments = effects, arguments
        if self._predicates:
            self._predicates = {}
        taken = event.trigger(self, *arguments)
        self._effects = None
        if taken and effects.row.dest is not None:  # type: ignore[union-attr]
            effects.entered = True
            self._elapsed = self._due = _NONE
        return bool(taken)

    def _take_up(self, ahead: _Ahead) -> object:
        """What the handler has come to ahead of time, as if it had been run now. Its answer."""
        self._ahead = None
        self._raised, self._logged = ahead.raised, ahead.logged
        return ahead.answer

    def _call(self, name: str, kind: str, row: Row) -> object:
        try:
            return self.calls[name](*self._arguments)
        except HandlerError:
            raise
        except Exception as error:
            fault(self.id, row, f"{kind} `{name}` raised {type(error).__name__}: {error}", error)

    # -- sending

    def _outgoing(self, row: Row, answer: object, counted: Mapping[str, set[str]]) -> list[Outgoing]:
        """What the row sends, to whom, with the payloads that its handler returned."""
        forms = self.directory.forms
        answers = answers_by_message(row, answer, forms, self.id)
        sends: list[Outgoing] = []
        for send in row.sends:
            if send.message not in answers:
                continue
            given = answers[send.message]
            receivers = self._receivers(send, row, counted)
            if send.one and send.target.kind is not _SELECTOR:
                receivers = chosen(send, given, receivers, row, self.id)
            divided = shares(send, given, receivers, forms[send.message], row, self.id)
            if receivers:
                self._post(send, receivers, divided, sends)
        return sends

    def _receivers(self, send: RowSend, row: Row, counted: Mapping[str, set[str]]) -> tuple[str, ...]:
        directory, kind, name = self.directory, send.target.kind, send.target.name
        if kind is _ROLE:
            return directory.others(name, self.id).listed
        if kind is _SENDER:
            sender = self._arguments[0].sender
            return (sender,) if directory.role_of[sender] in send.roles else ()
        if kind is _ALL:
            return directory.receivers(send.message, self.id).listed
        if kind is _LINK:
            return directory.linked(name, self.id)
        if kind is _EVENT:
            return directory.in_order(who for who in counted[name] if directory.role_of[who] in send.roles)
        returned = self._call(name, "selector", row)
        candidates = directory.receivers(send.message, self.id)
        return directory.in_order(selected(send, returned, candidates, self.windows.lost, row, self.id))

    def _post(self, send: RowSend, receivers: tuple[str, ...], divided: Shares, sends: list[Outgoing]) -> None:
        """Put payloads into envelopes, with the rounds that they open, extend or answer."""
        message = send.message
        number: int | None = None
        if send.opens:
            number = self.windows.open_round(message, receivers)
        elif send.extends:
            number = self.windows.extend_round(message, receivers[0])
        requests = self.directory.requests.get(message)
        for payload, ids in divided:
            if requests is None:
                sends.append(Outgoing(message, ids, payload, number, None))
                continue
            for answers, group in self._by_answer(requests, ids):
                sends.append(Outgoing(message, group, payload, answers if number is None else number, answers))

    def _by_answer(self, requests: Mapping[str, str], ids: tuple[str, ...]) -> list[tuple[int | None, tuple[str, ...]]]:
        """The receivers of a reply, grouped by the round that it answers. `requests`: role -> what it answers there."""
        if len(ids) == 1:
            return [(self._answered(requests, ids[0]), ids)]
        groups: dict[int | None, list[str]] = {}
        for who in ids:
            groups.setdefault(self._answered(requests, who), []).append(who)
        return [(answers, tuple(group)) for answers, group in groups.items()]

    def _answered(self, requests: Mapping[str, str], who: str) -> int | None:
        request = requests.get(self.directory.role_of[who])
        return None if request is None else self.windows.answers(request, who)

    # -- what a Participant asks and tells, see participant.py

    @property
    def parameters(self) -> Mapping[str, Value]:
        return self.directory.program.parameters

    def peers(self, role: str) -> Ids:
        if role not in self.directory.members:
            raise UsageError(f"`{role}` is not a role of `{self.directory.program.protocol.name}`")
        lost = self.windows.lost
        return self.directory.among(role, {self.id, *lost}) if lost else self.directory.others(role, self.id)

    def linked(self, link: str) -> tuple[str, ...]:
        if self.id not in self.directory.links.get(link, ()):
            raise UsageError(f"`{link}` is not a link from role `{self.program.name}`")
        return self.directory.linked(link, self.id)

    def raise_event(self, event: str) -> None:
        row = self._effects.row if self._effects else None
        if row is None:
            raise UsageError("only a handler can raise an event")
        if all(event != name for name, _ in row.raises):
            fault(self.id, row, f"handler `{row.handler}` raised `{event}`, which its row does not raise")
        self._raised |= {event}

    def log(self, metrics: Mapping[str, Any]) -> None:
        if self._effects is None:
            raise UsageError("only a handler can log metrics")
        self._logged.update(metrics)
