"""Which deliveries of a simulation can be made as one, and their handlers run as one.

A batch has messages that the same row of different participants is certain to take. Its answers are worked out ahead:
each participant gives its own when its delivery comes, in its turn and at its time, so that batches change how long a
simulation takes, and nothing in it. For that, nothing may reach a participant before the message does. So it must be at
rest, with nothing else in its inbox, and nothing planned for it; and where the message arrives only later, it must have
no timer running and only one peer, whose messages do not overtake each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.errors import HandlerError
from protoflow.runtime.answer import fault
from protoflow.runtime.batching import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.engines.conditions import Conditions
    from protoflow.engines.world import World
    from protoflow.program import Row
    from protoflow.runtime.batching import Together
    from protoflow.runtime.interpreter import Interpreter
    from protoflow.runtime.message import Message

    Pending = dict[int, tuple[Message, float]]
    """Number of a message -> the message, and when it arrives."""


class Batches:
    """Kept by a simulation: told of what is sent, asked before a message is delivered.

    `occupied` says until when each participant is; `fifo`, that channels keep their order; `until`, when the run ends.
    """

    def __init__(
        self,
        world: World,
        conditions: Conditions,
        occupied: Mapping[str, float],
        *,
        fifo: bool,
        until: float | None,
    ) -> None:
        self._world = world
        self._occupied = occupied
        self._fifo = fifo
        self._until = until
        self._disturbed = {crash.who for crash in conditions.crashes} | {signal.who for signal in conditions.signals}
        self.pending: dict[tuple[str, str], Pending] = {}  # (role of the receiver, type) -> what is under way
        self._formed: dict[tuple[str, str], bool] = {}  # whether a handler for that has a batched form

    def sent(self, number: int, message: Message, arrival: float) -> None:
        kind = self._world.directory.role_of[message.receiver], message.type
        formed = self._formed.get(kind)
        if formed is None:
            formed = self._formed[kind] = self._has_form(message)
        if formed:
            self.pending.setdefault(kind, {})[number] = message, arrival

    def before(self, interpreter: Interpreter, number: int, message: Message, now: float) -> None:
        """The message is about to be delivered. If others can be handled with it, that is done for all of them now."""
        pending = self.pending.get((interpreter.program.name, message.type))
        if pending is None or pending.pop(number, None) is None or not pending:
            return  # it was part of an earlier batch, or is alone
        row = interpreter.sure_row(message)
        if row is None or row.handler is None or (form := form_of(interpreter.calls[row.handler])) is None:
            return
        batch = [(interpreter, message, now)]
        for other_number, (other_message, arrival) in list(pending.items()):
            other = self._world.interpreters[other_message.receiver]
            if self._undisturbed(other, other_number, arrival, now) and _takes(other, other_message, row, form):
                batch.append((other, other_message, arrival))
                del pending[other_number]
        if len(batch) > 1:
            _handle(batch, row, form)

    def _has_form(self, message: Message) -> bool:
        receiving = self._world.interpreters[message.receiver]  # others of its role are likely to be of its class
        handlers = {row.handler for row in receiving.program.all_rows() if row.trigger == message.type}
        return any(name and form_of(receiving.calls[name]) for name in handlers)

    def _undisturbed(self, other: Interpreter, number: int, arrival: float, now: float) -> bool:
        """Nothing reaches this participant before the message does."""
        world, who = self._world, other.id
        if who in world.crashed or who in self._disturbed or self._occupied[who] > now or arrival < now:
            return False
        if world.inboxes[who].keys() != {number} or (self._until is not None and arrival > self._until):
            return False
        return arrival == now or (self._fifo and not other.timers_left and len(world.directory.peers(who)) == 1)


def _takes(other: Interpreter, message: Message, row: Row, form: Together) -> bool:
    return other.sure_row(message) is row and form_of(other.calls[str(row.handler)]) is form


def _handle(batch: list[tuple[Interpreter, Message, float]], row: Row, form: Together) -> None:
    """Raises HandlerError where the form fails, or does not give one answer for each."""
    first = batch[0][0]
    for interpreter, message, now in batch:
        interpreter.begin_ahead(row, message, now)
    what = f"the batched form of handler `{row.handler}`"
    calls: list[Any] = [interpreter.calls[str(row.handler)] for interpreter, _, _ in batch]
    try:
        answers = form([call.__self__ for call in calls], [message for _, message, _ in batch])
    except HandlerError:
        raise
    except Exception as error:
        fault(first.id, row, f"{what}, for {len(batch)} at once, raised {type(error).__name__}: {error}", error)
    if len(answers) != len(batch):
        fault(first.id, row, f"{what} gave {len(answers)} answers for {len(batch)} participants")
    for (interpreter, _, _), answer in zip(batch, answers, strict=True):
        interpreter.end_ahead(answer)
