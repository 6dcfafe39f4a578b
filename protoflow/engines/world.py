"""All participants of a course and the channels between them, on one machine: a configuration of semantics.md.

A `World` carries out steps and keeps the books: channels, who has stopped for ever, the record of every step. It
decides nothing. Which step comes next, and when, is for its driver to say: `simulation` asks a virtual clock, `replay`
follows a trace, `stepping` is told. A message is known by its number; numbers follow the order of sending, over all
channels.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from protoflow.protocol import LOST
from protoflow.runtime.message import Message
from protoflow.runtime.payload import NOTHING
from protoflow.trace import Outcome, SentMessage, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protoflow.runtime.directory import Directory
    from protoflow.runtime.effects import Effects
    from protoflow.runtime.interpreter import Interpreter

_LOGGER = logging.getLogger("protoflow")


class World:
    """`record` is given every step as it has been carried out."""

    def __init__(self, interpreters: Mapping[str, Interpreter], directory: Directory, record: Callable[[Step], None]):
        self.interpreters = interpreters
        self.directory = directory
        self.inboxes: dict[str, dict[int, Message]] = {who: {} for who in interpreters}  # in order of sending
        self.crashed: set[str] = set()
        self.warnings: list[str] = []
        self.messages = 0
        self.bytes = 0
        self._record = record
        self._overtaken: set[int] = set()  # messages that were deferred when their sender was reported lost
        self._number = 0

    # -- steps

    def start(self, who: str, now: float | None) -> tuple[Effects, list[tuple[int, Message]]]:
        effects = self.interpreters[who].start(now or 0.0)
        return effects, self._conclude(who, effects, now)

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
        if effects.outcome is Outcome.LATE:
            self.warn(
                f"`{message.type}` from `{message.sender}` reached `{who}` late, in the final state "
                f"`{interpreter.state}`, and was dropped"
            )
        return effects, self._conclude(who, effects, now)

    def urgent(self, who: str, now: float | None) -> tuple[Effects, list[tuple[int, Message]]] | None:
        effects = self.interpreters[who].urgent(now or 0.0)
        return None if effects is None else (effects, self._conclude(who, effects, now))

    def elapse(self, who: str, event: str, now: float | None) -> None:
        early = self.busy()
        effects = self.interpreters[who].elapse(event, now or 0.0)
        effects.early = early
        self._conclude(who, effects, now)

    def crash(self, who: str, now: float | None) -> list[tuple[int, Message]]:
        """It stops for ever. Those of its peers that watch for it get `lost`, after all that it had sent."""
        self.crashed.add(who)
        self.inboxes[who].clear()
        state = self.interpreters[who].state
        self._record(Step(StepKind.CRASH, who, state_before=state, state_after=state, time=now))
        posted: list[tuple[int, Message]] = []
        for peer in self.directory.peers(who):
            if self.interpreters[peer].program.watches_lost:
                self._post(Message(LOST, who, peer, NOTHING), posted)
        return posted

    def lose(self, who: str, number: int, now: float | None) -> None:
        """The network loses a message."""
        message = self.inboxes[who].pop(number)
        self._record(Step(StepKind.LOSE, who, message.type, message.type, message.sender, message.round, time=now))

    # -- the configuration

    @property
    def complete(self) -> bool:
        """Every live participant rests in a final state."""
        return all(each.started and each.final for who, each in self.interpreters.items() if who not in self.crashed)

    def busy(self) -> bool:
        """Somebody has something to do, timers apart: to start, or to take a message that its state does not defer."""
        for who, interpreter in self.interpreters.items():
            if who in self.crashed:
                continue
            if not interpreter.started:
                return True
            if any(not interpreter.defers(message.type) for message in self.inboxes[who].values()):
                return True
        return False

    @property
    def states(self) -> dict[str, str]:
        return {who: interpreter.state for who, interpreter in self.interpreters.items()}

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        _LOGGER.warning(text)

    # -- books

    def post(self, message: Message) -> int:
        """Put a message into its channel, and give it its number."""
        self._number += 1
        self.inboxes[message.receiver][self._number] = message
        return self._number

    def _post(self, message: Message, posted: list[tuple[int, Message]]) -> None:
        """What is sent to the crashed vanishes."""
        if message.receiver not in self.crashed:
            posted.append((self.post(message), message))

    def _conclude(self, who: str, effects: Effects, now: float | None) -> list[tuple[int, Message]]:
        """Put what a step sends into the channels, and record the step."""
        sends: tuple[SentMessage, ...] = ()
        posted: list[tuple[int, Message]] = []
        size: int | None = None
        if effects.sends:
            size = 0
            written = []
            for out in effects.sends:
                size += out.payload.size * len(out.to)
                self.messages += len(out.to)
                written.append(SentMessage(out.message, out.to, out.round))
                for peer in out.to:
                    self._post(Message(out.message, who, peer, out.payload, out.round, out.answers), posted)
            self.bytes += size
            sends = tuple(written)
        row, message = effects.row, effects.message
        self._record(
            Step(
                effects.kind,
                who,
                effects.trigger,
                None if message is None else message.type,
                None if message is None else message.sender,
                None if message is None else message.round,
                effects.state_before,
                self.interpreters[who].state,
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
        return posted
