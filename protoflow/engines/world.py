"""All participants of a course and the channels between them, on one machine: a configuration of semantics.md.

A `World` carries out steps and keeps the books: channels, who has stopped for ever, the record of every step. It
decides nothing. Which step comes next, and when, is for its driver to say: `simulation` asks a virtual clock, `replay`
follows a trace, `stepping` is told. A message is known by its number; numbers follow the order of sending, over all
channels.

A participant is made when it has something to do: at once where its role begins something of its own accord
(`RoleProgram.begins`), else with the first step of it. Until then it rests in its initial state, started, and nobody
can tell it from one that has been made. What is said here of everybody therefore asks those who have been made, and
goes by the numbers of the others.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from protoflow.protocol import LOST
from protoflow.runtime.message import Message
from protoflow.runtime.payload import NOTHING
from protoflow.trace import Outcome, SentMessage, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from protoflow.ids import Lookup
    from protoflow.runtime.directory import Directory
    from protoflow.runtime.effects import Effects
    from protoflow.runtime.interpreter import Interpreter

_LOGGER = logging.getLogger("protoflow")

_START, _LATE = StepKind.START, Outcome.LATE  # here, as it takes Python 0.1 µs to find a member of an enum


class States(Mapping[str, str]):
    """The state of everybody: of those in `taken`, who may have left it, what stands there; else the initial one."""

    def __init__(self, directory: Directory, taken: Mapping[str, str]) -> None:
        self.taken = taken
        self._directory = directory

    def __eq__(self, other: object) -> bool:
        if isinstance(other, States):
            return all(self.get(who) == other.get(who) for who in {*self.taken, *other.taken})
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, who: str) -> str:
        state = self.taken.get(who)
        return self._directory.program.roles[self._directory.role_of[who]].initial if state is None else state

    def __iter__(self) -> Iterator[str]:
        return iter(self._directory.ids)

    def __len__(self) -> int:
        return len(self._directory.ids)

    def __repr__(self) -> str:
        more = len(self) - len(self.taken)
        return f"{dict(self.taken)}" + (f" and {more:,} in their initial states" if more else "")


class World:
    """`interpreters` makes participants, and has those that are made; `record` is given every step as it has been
    carried out."""

    def __init__(self, interpreters: Lookup[Interpreter], directory: Directory, record: Callable[[Step], None]):
        self.interpreters = interpreters
        self.directory = directory
        self.inboxes: dict[str, dict[int, Message]] = defaultdict(dict)  # in order of sending
        self.crashed: set[str] = set()
        self.warnings: list[str] = []
        self.messages = 0
        self.bytes = 0
        self._record = record
        self._overtaken: set[int] = set()  # messages that were deferred when their sender was reported lost
        self._number = 0
        self._restless = 0  # how many live participants do not rest in a final state
        for name, role in directory.program.roles.items():
            members = directory.members[name]
            if role.begins:
                for who in members:
                    self._restless += not _rests(interpreters[who])
            elif role.initial not in role.finals:
                self._restless += len(members)

    # -- steps

    def start(self, who: str, now: float | None) -> tuple[Effects, list[tuple[int, Message]]]:
        interpreter = self.interpreters[who]
        effects = interpreter.start(now or 0.0)
        return effects, self._conclude(interpreter, effects, now)

    def deliver(
        self, who: str, number: int, now: float | None, *, keep: bool = False
    ) -> tuple[Effects, list[tuple[int, Message]]]:
        """`keep`: the network duplicates it, so it stays in its channel."""
        inbox, interpreter = self.inboxes[who], self.interpreters[who]
        message = inbox[number] if keep else inbox.pop(number)
        if message.type == LOST:
            self._overtaken.update(n for n, other in inbox.items() if other.sender == message.sender)
        effects = interpreter.deliver(message, now or 0.0, overtaken=number in self._overtaken)
        if keep:
            effects.kind = StepKind.DUPLICATE
        if effects.outcome is _LATE:
            self.warn(
                f"`{message.type}` from `{message.sender}` reached `{who}` late, in the final state "
                f"`{interpreter.state}`, and was dropped"
            )
        return effects, self._conclude(interpreter, effects, now)

    def urgent(self, who: str, now: float | None) -> tuple[Effects, list[tuple[int, Message]]] | None:
        interpreter = self.interpreters[who]
        effects = interpreter.urgent(now or 0.0)
        return None if effects is None else (effects, self._conclude(interpreter, effects, now))

    def elapse(self, who: str, event: str, now: float | None) -> None:
        early, interpreter = self.busy(), self.interpreters[who]
        effects = interpreter.elapse(event, now or 0.0)
        effects.early = early
        self._conclude(interpreter, effects, now)

    def crash(self, who: str, now: float | None) -> list[tuple[int, Message]]:
        """It stops for ever. Those of its peers that watch for it get `lost`, after all that it had sent."""
        self.crashed.add(who)
        self.inboxes.pop(who, None)
        self._restless -= not _rests(self.interpreters[who])
        state = self.interpreters[who].state
        self._record(Step(StepKind.CRASH, who, state_before=state, state_after=state, time=now))
        return self.post(Message(LOST, who, peer, NOTHING) for peer in self.directory.watchers(who))

    def lose(self, who: str, number: int, now: float | None) -> None:
        """The network loses a message."""
        message = self.inboxes[who].pop(number)
        self._record(Step(StepKind.LOSE, who, message.type, message.type, message.sender, message.round, time=now))

    # -- the configuration

    @property
    def complete(self) -> bool:
        """Every live participant rests in a final state."""
        return not self._restless

    def busy(self) -> bool:
        """Somebody has something to do, timers apart: to start, or to take a message that its state does not defer."""
        if any(not each.started for who, each in self.interpreters.items() if who not in self.crashed):
            return True
        return any(
            not self.interpreters[who].defers(message.type)
            for who, inbox in self.inboxes.items()
            for message in inbox.values()
        )

    @property
    def states(self) -> States:
        made = self.interpreters
        return States(self.directory, {who: made[who].state for who in self.directory.in_order(made)})

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        _LOGGER.warning(text)

    # -- books

    def post(self, messages: Iterable[Message]) -> list[tuple[int, Message]]:
        """Put messages into their channels, and give them their numbers. What is sent to the crashed vanishes."""
        posted, number = [], self._number
        for message in messages:
            receiver = message.receiver
            if receiver not in self.crashed:
                number += 1
                self.inboxes[receiver][number] = message
                posted.append((number, message))
        self._number = number
        return posted

    def _conclude(self, interpreter: Interpreter, effects: Effects, now: float | None) -> list[tuple[int, Message]]:
        """Put what a step sends into the channels, keep count of who rests, and record the step."""
        who = interpreter.id
        if effects.entered:
            rested = effects.kind is not _START and effects.state_before in interpreter.program.finals
            self._restless += rested - _rests(interpreter)
        messages: list[Message] = []
        sends: tuple[SentMessage, ...] = ()
        size: int | None = None
        if effects.sends:
            size, written = 0, []
            for out in effects.sends:
                size += out.payload.size * len(out.to)
                written.append(SentMessage(out.message, out.to, out.round))
                messages += [Message(out.message, who, peer, out.payload, out.round, out.answers) for peer in out.to]
            self.bytes += size
            self.messages += len(messages)
            sends = tuple(written)
        row, taken = effects.row, effects.message
        name, sender, number = (None, None, None) if taken is None else (taken.type, taken.sender, taken.round)
        self._record(
            Step(
                effects.kind,
                who,
                effects.trigger,
                name,
                sender,
                number,
                effects.state_before,
                interpreter.state,
                effects.outcome,
                None if row is None else row.index,
                sends,
                effects.raises,
                size,
                effects.early,
                now,
                effects.metrics,
            )
        )
        return self.post(messages) if messages else []


def _rests(interpreter: Interpreter) -> bool:
    return interpreter.started and interpreter.final
