"""One participant, driven by the messages that a test gives it. The others keep the books of rounds, and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.engines.account import refused
from protoflow.engines.stepping import Stepper
from protoflow.errors import UsageError
from protoflow.ids import Lookup
from protoflow.language.suggest import quoted
from protoflow.protocol import LOST, START
from protoflow.runtime.behaviour import calls_of, names_of
from protoflow.runtime.directory import Directory
from protoflow.runtime.interpreter import Interpreter
from protoflow.runtime.loading import load_program
from protoflow.runtime.machine import RoleMachine
from protoflow.runtime.message import Message
from protoflow.runtime.payload import NOTHING, PayloadError
from protoflow.testing.driven import Driven, one_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from protoflow.engines.world import World
    from protoflow.protocol import Protocol
    from protoflow.runtime.effects import Effects
    from protoflow.runtime.participant import Participant
    from protoflow.trace import Outcome


class DrivenParticipant(Driven):
    """One participant, see `participant`. What it sends is in `sent`, and in what each call returns."""

    def __init__(
        self,
        role: str,
        protocol: Protocol | str | os.PathLike[str],
        behaviour: Participant,
        parameters: Mapping[str, object] | None,
        counts: Mapping[str, int],
        links: Mapping[str, Mapping[str, Iterable[str]]],
        functions: Mapping[str, Callable[..., object]],
    ) -> None:
        program, _ = load_program(protocol, parameters)
        for name in (role, *counts):
            one_of(program.roles, name, f"a role of `{program.protocol.name}`")
        least = {name: max(each.minimum, name == role) for name, each in program.roles.items()}
        directory = Directory(program, {**least, **counts}, links)
        self.id = directory.members[role][0]
        self.behaviour = behaviour
        calls = calls_of(role, names_of(program.roles[role]), behaviour, functions)
        machines = {name: RoleMachine(each, program.parameters) for name, each in program.roles.items()}

        def made(who: str) -> Interpreter:
            """The others keep the rounds that their messages belong to, and nothing else."""
            name = directory.role_of[who]
            return Interpreter(who, program.roles[name], machines[name], directory, calls if who == self.id else {})

        interpreters = Lookup(made)
        self._me = behaviour._interpreter = interpreters[self.id]
        super().__init__(Stepper(interpreters, directory, self._unhandled))
        self._seen = 0  # of what it sent, by the others
        if not self._me.started:
            with self:
                self._stepper.start(self.id)
        self._be_seen()

    @property
    def state(self) -> str:
        return self._me.state

    @property
    def sent(self) -> tuple[Message, ...]:
        """All that it has sent so far, one message for each receiver, in order."""
        return tuple(self._stepper.sent)

    @property
    def deferred(self) -> tuple[Message, ...]:
        """What it has received and its state defers: handled as soon as a state does not."""
        return tuple(self._stepper.world.inboxes.get(self.id, {}).values())

    @property
    def outcome(self) -> Outcome | None:
        """What became of the last message that it took: `handled`, `ignored`, `stale`, `late`; for `lost` without a
        row `nothing`. None if it has taken none."""
        return next((step.outcome for step in reversed(self._stepper.steps) if step.message is not None), None)

    def receive(self, message: str, sender: str | None = None, /, **payload: Any) -> tuple[Message, ...]:
        """A message comes, with these fields, and is handled, as is all that is urgent then. What it sent for that.

        `sender` may be left out where there is only one who can send it. A reply answers the last request that was
        sent to its sender; `lost` comes without fields. Raises CourseError where nobody handles it.
        """
        return self._receive(message, sender, payload)

    def receive_stale(self, message: str, sender: str | None = None, /, **payload: Any) -> tuple[Message, ...]:
        """The same with a reply to a request of an earlier round: one that comes late."""
        if message not in self._me.program.request_of:
            replies = quoted(self._me.program.request_of) or "none"
            raise UsageError(f"`{message}` cannot be stale: no event counts it `for` a request; of these: {replies}")
        return self._receive(message, sender, payload, stale=True)

    def lapse(self, event: str | None = None) -> tuple[Message, ...]:
        """The next timer of the state elapses, and what it triggers is done. `event` says which one that should be."""
        return self._do(lambda: self._elapse(self.id, event))

    def raise_event(self, event: str) -> tuple[Message, ...]:
        """The operator raises an event that no row raises."""
        return self._do(lambda: self._stepper.raise_event(self.id, event))

    def _receive(
        self, name: str, sender: str | None, fields: Mapping[str, object], *, stale: bool = False
    ) -> tuple[Message, ...]:
        receives = self._me.program.receives
        one_of((*receives, LOST), name, f"a message that `{self._me.program.name}` receives")
        if name == LOST:
            senders = self._directory.peers(self.id)
        else:
            senders = self._directory.senders(name, self.id)
        if sender is None:
            if len(senders) != 1:
                raise UsageError(f"say who `{name}` comes from: {quoted(senders, 'or')}")
            [sender] = senders
        one_of(senders, sender, f"a participant from whom `{name}` can come")
        if name == LOST:
            message = Message(LOST, sender, self.id, NOTHING)
        else:
            message = self._message(name, sender, fields, stale=stale)
        self._stepper.world.post([message])
        return self._do(self._take_all)

    def _message(self, name: str, sender: str, fields: Mapping[str, object], *, stale: bool) -> Message:
        """The message, with the rounds that it opens and answers by the books of its sender."""
        try:
            payload = self._directory.forms[name].seal(fields)
        except PayloadError as error:
            raise UsageError(str(error)) from None
        peer = self._stepper.world.interpreters[sender]
        request = self._me.program.request_of.get(name)
        answers = None if request is None else peer.windows.answers(request, self.id)
        if stale:
            answers = (answers or 1) - 1
        number = peer.windows.open_round(name, (self.id,)) if name in peer.program.request_of.values() else answers
        return Message(name, sender, self.id, payload, number, answers)

    def _take_all(self) -> None:
        """Handle what has come, and what a new state no longer defers."""
        while pending := sorted(self._stepper.heads(self.id)):
            self._stepper.deliver(pending[0])

    def _do(self, action: Callable[[], None]) -> tuple[Message, ...]:
        before = len(self._stepper.sent)
        action()
        self._take_all()
        self._be_seen()
        return tuple(self._stepper.sent[before:])

    def _be_seen(self) -> None:
        """The others have received what it sent: their replies are to that."""
        for message in self._stepper.sent[self._seen :]:
            self._stepper.world.interpreters[message.receiver].windows.receive(message)
        self._seen = len(self._stepper.sent)

    def _unhandled(self, world: World, who: str, effects: Effects, now: float) -> str:
        program, state = self._me.program, effects.state_before
        handled = [trigger for source, trigger in program.table if source == state and trigger != START]
        there = f"what it handles there: {quoted(handled)}" if handled else "it handles nothing there"
        return f"{refused(program, who, effects)}; {there}"
