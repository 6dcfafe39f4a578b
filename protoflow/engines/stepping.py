"""A course whose steps somebody chooses, one after another: a test, say, or a debugger.

A `Stepper` says what may come next, and does what it is told. Each call is one step of one participant and then all
that is urgent for it (semantics.md, *Steps*), so that between two calls nobody has anything urgent to do. `next` is the
step that the simulation would take where nothing takes time and nothing goes wrong.

The clock stands still, except that it moves on to the moment at which a timer would elapse. A timer may elapse while
messages are under way: they are late then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.engines.account import stuck, unhandled
from protoflow.engines.host import Recorder
from protoflow.engines.world import World
from protoflow.errors import CourseError, UsageError
from protoflow.protocol import LOST
from protoflow.trace import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protoflow.ids import Lookup
    from protoflow.runtime.directory import Directory
    from protoflow.runtime.effects import Effects
    from protoflow.runtime.interpreter import Interpreter
    from protoflow.runtime.message import Message
    from protoflow.runtime.result import Logged
    from protoflow.trace import Step

    Explain = Callable[[World, str, Effects, float], str]


class Stepper:
    """`explain` words the CourseError of a message, or a raised event, that nobody handles."""

    def __init__(self, interpreters: Lookup[Interpreter], directory: Directory, explain: Explain = unhandled) -> None:
        recorder = Recorder(None, None)
        self.world = World(interpreters, directory, recorder)
        recorder.world = self.world
        self.steps: list[Step] = recorder.steps
        self.metrics: list[Logged] = recorder.metrics
        self.sent: list[Message] = []
        self.now = 0.0
        self._explain = explain
        self._fifo = directory.program.protocol.assumptions.fifo
        self._deadlines: dict[str, dict[str, tuple[float, int]]] = {}  # who -> timer -> when, and in which order set
        self._timers_set = 0
        for who, interpreter in interpreters.items():
            if interpreter.started:
                self._enter(who)

    # -- what may come next

    @property
    def unstarted(self) -> list[str]:
        world = self.world
        return [who for who, each in world.interpreters.items() if not each.started and who not in world.crashed]

    @property
    def pending(self) -> list[int]:
        """The messages that can be delivered now, to those who have started, in the order of sending."""
        return sorted(place for who in self.world.inboxes for place in self.heads(who))

    @property
    def timers(self) -> list[tuple[str, str]]:
        """(who, event): the next timer of everybody who has one, in the order in which they are due."""
        due = []
        for who, interpreter in self.world.interpreters.items():
            if interpreter.timers_left and who not in self.world.crashed:
                event = interpreter.timers_left[0]
                due.append((self._deadlines[who][event], who, event))
        return [(who, event) for _, who, event in sorted(due)]

    def receiver(self, place: int) -> str:
        """Who has this message in the inbox."""
        return next(who for who, inbox in self.world.inboxes.items() if place in inbox)

    def heads(self, who: str) -> Iterator[int]:
        """What can be delivered to a participant: the first message of each of its channels that its state does not
        defer; unordered, all of them, `lost` last.
        """
        interpreter = self.world.interpreters[who]
        if not interpreter.started:
            return
        before: set[str] = set()
        for place, message in self.world.inboxes.get(who, {}).items():
            if interpreter.defers(message.type):
                continue
            if message.sender not in before or not (self._fifo or message.type == LOST):
                yield place
            before.add(message.sender)

    # -- steps

    def start(self, who: str) -> None:
        self._after(who, *self.world.start(who, self.now))

    def deliver(self, place: int, *, keep: bool = False) -> None:
        """`keep`: the network duplicates it, so it stays in its channel."""
        who = self.receiver(place)
        self._after(who, *self.world.deliver(who, place, self.now, keep=keep))

    def lose(self, place: int) -> None:
        self.world.lose(self.receiver(place), place, self.now)

    def elapse(self, who: str) -> None:
        """The next timer of a participant elapses."""
        event = self.world.interpreters[who].timers_left[0]
        self.now = max(self.now, self._deadlines[who][event][0])
        self.world.elapse(who, event, self.now)
        self._settle(who)

    def crash(self, who: str) -> None:
        self.sent += [message for _, message in self.world.crash(who, self.now)]

    def raise_event(self, who: str, event: str) -> None:
        """The operator raises it. Raises UsageError where the state has no row for it."""
        self.world.interpreters[who].raise_outside(event)
        self._settle(who)

    def next(self) -> None:
        """The step that the simulation would take: a start, the message sent first, or the timer due first.

        Raises CourseError where nobody can move, UsageError where the course is complete and nothing is under way.
        """
        if unstarted := self.unstarted:
            self.start(unstarted[0])
        elif pending := self.pending:
            self.deliver(pending[0])
        elif self.world.complete:
            raise UsageError("the course is complete, and nothing is under way")
        elif timers := self.timers:
            self.elapse(timers[0][0])
        else:
            raise CourseError(stuck(self.world, self.now))

    @property
    def over(self) -> bool:
        """The course is complete and nothing is under way."""
        return self.world.complete and not self.pending

    def _after(self, who: str, effects: Effects, posted: list[tuple[int, Message]]) -> None:
        self._conclude(who, effects, posted)
        self._settle(who)

    def _settle(self, who: str) -> None:
        """All that is urgent, until nothing is."""
        while (urgent := self.world.urgent(who, self.now)) is not None:
            self._conclude(who, *urgent)

    def _conclude(self, who: str, effects: Effects, posted: list[tuple[int, Message]]) -> None:
        if effects.outcome is Outcome.UNHANDLED:
            raise CourseError(self._explain(self.world, who, effects, self.now), "unhandled")
        self.sent += [message for _, message in posted]
        if effects.entered:
            self._enter(who)

    def _enter(self, who: str) -> None:
        """The timers of the state that it is in now begin."""
        interpreter = self.world.interpreters[who]
        self._deadlines[who] = {}
        for timer in interpreter.program.timers_in[interpreter.state]:
            self._timers_set += 1
            self._deadlines[who][timer.event] = (self.now + timer.duration, self._timers_set)
