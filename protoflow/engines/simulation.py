"""The simulation engine: one process, a virtual clock.

Everything that sets an order is a total order, (time, priority, number): what comes at one moment comes by priority
(faults, starts, messages, then timers), and then in the order in which it came about. Chance comes from one seeded
source. So the same seed gives the same trace, byte for byte.

- A message takes its channel's latency; where channels are fifo it never overtakes.
- A participant whose handler takes time is occupied until it is done: its sends leave and its timers start then, and
  what reaches it meanwhile waits. Its step stands in the trace at the moment at which it began.
- Whatever waits for a participant is handled in the order of arrival, deferred messages apart.
- Handlers that many participants can run as one are run so where nothing is changed by it, see `batches`.
- A timer elapses at its time, however much is still under way; the trace marks it `early` then.

The run ends when nothing is left to do, or nothing but timers and faults in a course that is complete.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from protoflow.engines.account import stuck, unhandled
from protoflow.engines.batches import Batches
from protoflow.engines.conditions import EVERYBODY, Conditions, Timing
from protoflow.errors import CourseError
from protoflow.protocol import LOST
from protoflow.trace import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.engines.world import World
    from protoflow.runtime.effects import Effects
    from protoflow.runtime.interpreter import Interpreter
    from protoflow.runtime.message import Message

_FAULT, _START, _ARRIVAL, _TIMER = range(4)
_WORK = (_START, _ARRIVAL)
_UNHANDLED = Outcome.UNHANDLED


class Simulation:
    """Drives a world by a virtual clock. `until` (seconds) ends a course that would go on."""

    def __init__(
        self, world: World, conditions: Conditions, seed: int, *, fifo: bool = True, until: float | None = None
    ) -> None:
        self.world = world
        self.now = 0.0
        self._conditions = conditions
        self._loss = conditions.loss
        self._instant = not (conditions.latency or conditions.compute)  # everything arrives when it is sent
        self._random = Random(seed)
        self._timing = Timing(conditions, world.directory, self._random)
        self._fifo = fifo
        self._until = until
        self._agenda: list[tuple[float, int, int, Callable[..., None], str, Any]] = []
        self._number = 0
        self._work = 0  # entries of the agenda that are neither timers nor faults
        self._waiting: dict[str, list[int]] = defaultdict(list)  # arrived, not handled
        self._occupied: dict[str, float] = defaultdict(float)  # until when
        self._entered: dict[str, int] = defaultdict(int)  # how many states were entered
        self._last_arrival: dict[tuple[str, str], float] = {}
        self._signals: dict[str, list[str]] = {}  # raised from outside, and waiting for a state that has a row for it
        self._batches = Batches(world, conditions, self._occupied, fifo=fifo, until=until)
        self._crash_rounds = {(c.who, c.round) for c in conditions.crashes if c.round is not None}

    def run(self) -> str:
        """Run to the end: `complete` or `limit`. Raises CourseError and HandlerError."""
        self._warn_of_what_cannot_hold()
        for crash in self._conditions.crashes:
            if crash.time is not None:
                self._plan(crash.time, _FAULT, self._crash, crash.who)
        for signal in self._conditions.signals:
            self._plan(signal.time, _FAULT, self._signal, signal.who, signal.event)
        for who, interpreter in self.world.interpreters.items():  # those that do something of their own accord
            if interpreter.started:
                self._enter(who, 0.0)
            else:
                self._plan(0.0, _START, self._start, who)
        agenda = self._agenda
        while agenda:
            if not self._work and self.world.complete:
                break
            time, priority, _, action, who, what = heappop(agenda)
            if priority == _TIMER and self._left(who, what):
                continue  # time does not pass for a timer of a state that is left
            if priority in _WORK:
                self._work -= 1
            if self._until is not None and time > self._until:
                self.now = self._until
                return "limit"
            self.now = time
            action(who, what)
        if not self.world.complete:
            raise CourseError(stuck(self.world, self.now))
        self._warn_of_what_never_came_about()
        return "complete"

    def _warn_of_what_cannot_hold(self) -> None:
        directory = self.world.directory
        for role, program in directory.program.roles.items():
            waited_for = {event for events in program.events_in.values() for event in events}
            for window in program.windows.values():
                there = len(directory.senders(window.message, directory.members[role][0]))
                if isinstance(window.needed, int) and window.needed > there and window.event in waited_for:
                    self.world.warn(
                        f"`{window.event}` of `{role}` cannot hold: it waits for {window.needed} senders of "
                        f"`{window.message}`, and {there} take{'s' if there == 1 else ''} part"
                    )

    def _warn_of_what_never_came_about(self) -> None:
        over = f"the course was over at {self.now:g} s"
        for time, priority, _, _, who, event in sorted(self._agenda):
            if priority == _FAULT:
                what = f"`{event}` was to be raised at `{who}`" if event else f"`{who}` was to crash"
                self.world.warn(f"{what} at {time:g} s, but {over}")
        for who, number in sorted(self._crash_rounds):
            self.world.warn(f"`{who}` was to crash in round {number}, but no message of that round reached it")
        for who, events in self._signals.items():
            for event in events:
                self.world.warn(f"`{event}` was never raised: `{who}` came to no state that has a row for it")

    # -- what stands on the agenda

    def _plan(self, time: float, priority: int, action: Callable[[str, Any], None], who: str, what: Any = None) -> None:
        if priority in _WORK:
            self._work += 1
        self._number += 1
        heappush(self._agenda, (time, priority, self._number, action, who, what))

    def _start(self, who: str, _: None) -> None:
        if who not in self.world.crashed:
            self._after(who, *self.world.start(who, self.now))
            self._settle(who)

    def _arrive(self, who: str, number: int) -> None:
        if number in self.world.inboxes.get(who, ()):  # it is not where the receiver has crashed meanwhile
            self._waiting[who].append(number)
            self._settle(who)

    def _wake(self, who: str, _: None) -> None:
        self._settle(who)

    def _left(self, who: str, timer: tuple[str, int]) -> bool:
        return who in self.world.crashed or self._entered[who] != timer[1]

    def _timer(self, who: str, what: tuple[str, int]) -> None:
        event, _ = what
        if self._occupied[who] > self.now:
            self._plan(self._occupied[who], _TIMER, self._timer, who, what)
            return
        self.world.elapse(who, event, self.now)
        self._settle(who)

    def _crash(self, who: str, _: None = None) -> None:
        if who not in self.world.crashed:
            self._waiting.pop(who, None)
            for number, message in self.world.crash(who, self.now):
                self._send(number, message, self.now)

    def _signal(self, who: str, event: str) -> None:
        self._signals.setdefault(who, []).append(event)
        self._settle(who)

    # -- one participant

    def _settle(self, who: str) -> None:
        """Let a participant do all that it can do now: what is urgent, then what waits, in the order of arrival."""
        world, now, waiting = self.world, self.now, self._waiting[who]
        interpreter = world.interpreters[who]
        while self._occupied[who] <= now and who not in world.crashed:
            if not interpreter.settled:
                urgent = world.urgent(who, now)
                if urgent is not None:
                    self._after(who, *urgent)
                    continue
            if self._signals and self._raise_signal(interpreter):
                continue
            if not waiting or not self._take_waiting(interpreter, waiting):
                return

    def _take_waiting(self, interpreter: Interpreter, waiting: list[int]) -> bool:
        """Handle the first message that waits and is not deferred."""
        world, who = self.world, interpreter.id
        inbox = world.inboxes[who]
        for place, number in enumerate(waiting):
            message = inbox[number]
            if interpreter.defers(message.type):
                continue
            if self._crash_rounds and (who, message.round) in self._crash_rounds:
                self._crash_rounds.discard((who, message.round))
                self._crash(who)
            else:
                del waiting[place]
                if self._batches.pending:
                    self._batches.before(interpreter, number, message, self.now)
                self._after(who, *world.deliver(who, number, self.now))
            return True
        return False

    def _raise_signal(self, interpreter: Interpreter) -> bool:
        """Raise an event from outside, if one waits for this state."""
        waiting = self._signals.get(interpreter.id, [])
        for event in waiting:
            if interpreter.started and event in interpreter.program.outside_in[interpreter.state]:
                interpreter.raise_outside(event)
                waiting.remove(event)
                return True
        return False

    def _after(self, who: str, effects: Effects, posted: list[tuple[int, Message]]) -> None:
        """What a step leads to: messages on their way, timers, time in which the participant is occupied."""
        if effects.outcome is _UNHANDLED:
            raise CourseError(unhandled(self.world, who, effects, self.now), "unhandled")
        done = self.now
        if self._conditions.compute and effects.row is not None and effects.row.handler is not None:
            done += self._timing.compute(who)
            if done > self.now:
                self._occupied[who] = done
                self._plan(done, _START, self._wake, who)
        for number, message in posted:
            self._send(number, message, done)
        if effects.entered:
            self._enter(who, done)

    def _enter(self, who: str, when: float) -> None:
        """The timers of the state that it is in now begin."""
        self._entered[who] += 1
        interpreter = self.world.interpreters[who]
        for timer in interpreter.program.timers_in[interpreter.state]:
            self._plan(when + timer.duration, _TIMER, self._timer, who, (timer.event, self._entered[who]))

    def _send(self, number: int, message: Message, leaves: float) -> None:
        if self._loss and message.type != LOST:
            rate = self._loss.get(message.type, self._loss.get(EVERYBODY, 0.0))
            if rate and self._random.random() < rate:
                self.world.lose(message.receiver, number, self.now)
                return
        arrival = leaves
        if not self._instant:
            channel = (message.sender, message.receiver)
            arrival, last = leaves + self._timing.latency(*channel), self._last_arrival.get(channel, 0.0)
            if arrival < last:
                if self._fifo or message.type == LOST:
                    arrival = last
            else:
                self._last_arrival[channel] = arrival
        self._batches.sent(number, message, arrival)
        self._plan(arrival, _ARRIVAL, self._arrive, message.receiver, number)
