"""A whole course, whose steps a test chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.engines.account import folded
from protoflow.engines.stepping import Stepper
from protoflow.errors import CourseError, UsageError
from protoflow.protocol import LOST, START
from protoflow.runtime.message import Message
from protoflow.testing.driven import Driven, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from protoflow.runtime.course import Course
    from protoflow.runtime.participant import Participant
    from protoflow.trace import Step

_MOST_STEPS = 100_000
"""What `run` takes before it gives up on a course that does not come to an end."""
_MOST_LINES = 12
"""What an error lists of all that is possible."""


class DrivenCourse(Driven):
    """A whole course, see `course`. Every call returns the steps that were taken."""

    _standing = True

    def __init__(self, made: Course) -> None:
        directory, interpreters = made.assembled()
        super().__init__(Stepper(interpreters, directory))
        self._participants = made.participants

    # -- how it stands

    def state(self, who: str) -> str:
        return self._state(self._id(who))

    @property
    def states(self) -> Mapping[str, str]:
        return self._stepper.world.states

    def behaviour(self, who: str) -> Participant:
        """The object that plays this participant."""
        role, place = self._directory.place(self._id(who))
        return self._participants[role][place]

    @property
    def pending(self) -> tuple[Message, ...]:
        """What can be delivered now, in the order of sending: of each channel the first message that the receiver's
        state does not defer, or every one where channels are unordered."""
        messages = self._in_flight()
        return tuple(messages[place] for place in self._stepper.pending)

    @property
    def timers(self) -> tuple[tuple[str, str], ...]:
        """(participant, event): the timers that can lapse now, in the order in which they are due."""
        return tuple(self._stepper.timers)

    @property
    def crashed(self) -> tuple[str, ...]:
        return self._directory.in_order(self._stepper.world.crashed)

    @property
    def complete(self) -> bool:
        """Every live participant rests in a final state."""
        return self._stepper.world.complete

    # -- steps

    def start(self, *who: str) -> tuple[Step, ...]:
        """These participants start, or all that have not. Who has no row for `start` has started from the beginning."""
        starting = [self._live(each) for each in who] or self._stepper.unstarted
        for each in starting:
            if each not in self._stepper.unstarted:
                program = self._program.roles[self._directory.role_of[each]]
                before = program.rows(program.initial, START)
                why = "has started before" if before else "has no row for `start`: it has started from the beginning"
                raise UsageError(f"`{each}` {why}")
        return self._do(lambda: self._start(starting))

    def _start(self, starting: Iterable[str]) -> None:
        for who in starting:
            self._stepper.start(who)

    def deliver(
        self, message: str | Message, *, sender: str | None = None, receiver: str | None = None
    ) -> tuple[Step, ...]:
        """A message is delivered: the first sent of those of this type, from this sender and to this receiver where
        they are given, or one out of `pending`. Raises UsageError where there is none, and says which there are."""
        place = self._find(message, sender, receiver)
        return self._do(lambda: self._stepper.deliver(place))

    def duplicate(
        self, message: str | Message, *, sender: str | None = None, receiver: str | None = None
    ) -> tuple[Step, ...]:
        """A message is delivered, and a copy of it stays in its channel."""
        place = self._find(message, sender, receiver)
        return self._do(lambda: self._stepper.deliver(place, keep=True))

    def lose(
        self, message: str | Message, *, sender: str | None = None, receiver: str | None = None
    ) -> tuple[Step, ...]:
        """The network loses a message."""
        place = self._find(message, sender, receiver)
        return self._do(lambda: self._stepper.lose(place))

    def lapse(self, who: str, event: str | None = None) -> tuple[Step, ...]:
        """The next timer of this participant elapses, however much is under way, and what it triggers is done.

        `event` says which one that should be.
        """
        return self._do(lambda: self._elapse(self._live(who), event))

    def crash(self, who: str) -> tuple[Step, ...]:
        """A participant stops for ever. What it had sent is still delivered."""
        return self._do(lambda: self._stepper.crash(self._live(who)))

    def raise_event(self, who: str, event: str) -> tuple[Step, ...]:
        """The operator raises an event that no row raises."""
        return self._do(lambda: self._stepper.raise_event(self._live(who), event))

    def step(self) -> tuple[Step, ...]:
        """The next step, as the simulation takes it where nothing takes time: a start, the message sent first, the
        timer due first. Raises CourseError where nobody can move."""
        return self._do(self._stepper.next)

    def run(self, until: Callable[[], bool] | None = None) -> tuple[Step, ...]:
        """One step after the other, until this holds or, without it, until the course is complete and nothing is
        under way. Raises CourseError where nobody can move, or no end is in sight."""
        return self._do(lambda: self._run(until))

    def _run(self, until: Callable[[], bool] | None) -> None:
        for _ in range(_MOST_STEPS):
            if until is not None and until():
                return
            if self._stepper.over:
                if until is None:
                    return
                raise CourseError("the course is complete, and what it was to run until has not come about")
            self._stepper.next()
        raise CourseError(f"no end is in sight after {_MOST_STEPS:,} steps", "limit")

    def _do(self, action: Callable[[], object]) -> tuple[Step, ...]:
        before = len(self._stepper.steps)
        action()
        return tuple(self._stepper.steps[before:])

    # -- finding what the test names

    def _id(self, who: str) -> str:
        one_of(self._directory.ids, who, "a participant of this course")
        return who

    def _live(self, who: str) -> str:
        if self._id(who) in self._stepper.world.crashed:
            raise UsageError(f"`{who}` has crashed")
        return who

    def _in_flight(self) -> dict[int, Message]:
        inboxes = self._stepper.world.inboxes
        return {place: each for who in self._directory.in_order(inboxes) for place, each in inboxes[who].items()}

    def _find(self, wanted: str | Message, sender: str | None, receiver: str | None) -> int:
        if isinstance(wanted, str):
            one_of((*self._directory.forms, LOST), wanted, f"a message of `{self._program.protocol.name}`")
        for who in (sender, receiver):
            if who is not None:
                self._id(who)

        def fits(message: Message) -> bool:
            if isinstance(wanted, Message):
                return message is wanted
            named = message.type == wanted
            return named and sender in (None, message.sender) and receiver in (None, message.receiver)

        in_flight, pending = self._in_flight(), self._stepper.pending
        for place in pending:
            if fits(in_flight[place]):
                return place
        name = wanted if isinstance(wanted, str) else wanted.type
        what = f"`{name}`{f' from `{sender}`' if sender else ''}{f' to `{receiver}`' if receiver else ''}"
        why = next((self._why_not(each) for each in in_flight.values() if fits(each)), "there is none under way")
        raise UsageError(f"no {what} can be delivered: {why}\n{self._possible(in_flight, pending)}")

    def _why_not(self, message: Message) -> str:
        """Why a message that is under way cannot be delivered yet."""
        who = message.receiver
        interpreter = self._stepper.world.interpreters[who]
        if not interpreter.started:
            return f"`{who}` has not started"
        if interpreter.defers(message.type):
            return f"`{who}` defers it in state `{interpreter.state}`"
        first = next(each for each in self.pending if (each.sender, each.receiver) == (message.sender, who))
        return f"`{first.type}` comes before it in the channel from `{first.sender}` to `{who}`"

    def _possible(self, in_flight: Mapping[int, Message], pending: Iterable[int]) -> str:
        """What the test might have meant: all that can come next."""
        lines = [f"deliver `{m.type}`: {m.sender} -> {m.receiver}" for m in map(in_flight.__getitem__, pending)]
        lines += [f"lapse `{event}` of {who}" for who, event in self.timers]
        if unstarted := self._stepper.unstarted:
            lines.append(f"start {folded(unstarted)}")
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES - 1 :] = [f"and {len(lines) - _MOST_LINES + 1} more"]
        return "\n".join(["what can come next:", *lines] if lines else ["nothing can come next"]).replace("\n", "\n  ")
