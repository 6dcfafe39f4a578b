"""What a driven participant and a driven course have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.language.suggest import all_nearest, are, quoted

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType
    from typing import Self

    from protoflow.engines.stepping import Stepper
    from protoflow.runtime.result import Logged
    from protoflow.trace import Step


class Driven:
    """What both have: a stepper, the books, and what is said after an error."""

    _standing = False  # the chart ends with the state that everybody is in

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self._directory = stepper.world.directory
        self._program = self._directory.program

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step so far, as a trace has it."""
        return tuple(self._stepper.steps)

    @property
    def metrics(self) -> tuple[Logged, ...]:
        """What handlers have logged so far."""
        return tuple(self._stepper.metrics)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not as it should be and did no harm: messages that came late, in a final state."""
        return tuple(self._stepper.world.warnings)

    @property
    def now(self) -> float:
        """Virtual seconds; the clock moves on when a timer lapses."""
        return self._stepper.now

    def __str__(self) -> str:
        """What has happened, as a sequence chart."""
        from protoflow.diagrams.sequence import text

        numbers = {role: len(ids) for role, ids in self._directory.members.items()}
        initial = {name: role.initial for name, role in self._program.roles.items()}
        chart = text(self._stepper.steps, numbers, standing=self._standing, initial=initial)
        return "\n".join(f"  {line}" for line in chart)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and self._stepper.steps:
            error.add_note(f"what had happened in `{self._program.protocol.name}`, up to {self.now:g} s:\n{self}")

    def _elapse(self, who: str, event: str | None) -> None:
        timers = self._stepper.world.interpreters[who].timers_left
        if not timers:
            raise UsageError(f"no timer of `{who}` is running in state `{self._state(who)}`")
        if event is not None and event != timers[0]:
            later = "a longer one elapses later" if event in timers else "it is not one of this state, or has elapsed"
            raise UsageError(f"the next timer of `{who}` is `{timers[0]}`, not `{event}`: {later}")
        self._stepper.elapse(who)

    def _state(self, who: str) -> str:
        return self._stepper.world.interpreters[who].state


def one_of(names: Collection[str], name: str, what: str) -> None:
    if name not in names:
        known = tuple(names)
        close = all_nearest(name, known)
        listed = are(close) if close else f"there is {quoted(known)}" if known else "there is none"
        raise UsageError(f"`{name}` is not {what}; {listed}")
