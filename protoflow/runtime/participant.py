"""What users subclass: the behaviour of one participant.

A handler, predicate or selector is the method of the name that the protocol uses. It gets the message that triggers its
row, or nothing where an event or `start` does. Handlers return payloads (see docs/python.md); predicates return what is
true or not; selectors, asked after the handler, return ids.

`__init__` belongs to the subclass. The course binds the participant to its place before it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from protoflow.runtime.interpreter import Interpreter
    from protoflow.runtime.setting import Setting


class Participant:
    """The base of all behaviours."""

    _interpreter: Interpreter | None = None

    @classmethod
    def build(cls, setting: Setting) -> Participant:
        """One participant for `protoflow run`. A class whose `__init__` takes arguments says here what they are."""
        del setting
        return cls()

    @property
    def id(self) -> str:
        """`server`, or `client3`: the role, with an index from 1 where the role may have several."""
        return self._place.id

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The protocol's parameters, by name; durations in seconds."""
        return self._place.parameters

    @property
    def now(self) -> float:
        """Seconds since the course began; virtual ones in a simulation."""
        return self._place.now

    def peers(self, role: str) -> Sequence[str]:
        """The ids of a role's participants, without this one and those known to be lost.

        There may be a great many: take some of them (`random.sample`, `[0]`, `in`) and none of the others is made.
        """
        return self._place.peers(role)

    def linked(self, link: str) -> tuple[str, ...]:
        """The ids on that link of this participant: fixed for the course, lost or not."""
        return self._place.linked(link)

    def raise_event(self, event: str) -> None:
        """Raise an event that the row of the running handler raises. Raising it twice is raising it once."""
        self._place.raise_event(event)

    def log(self, **metrics: Any) -> None:
        """Numbers to remember: they stand in the trace and in the result. Zero-dimensional tensors become numbers.

        A step that logs `round` ends a row of the table that `protoflow run` prints; its other numbers are columns.
        """
        self._place.log({name: value.item() if hasattr(value, "item") else value for name, value in metrics.items()})

    @property
    def _place(self) -> Interpreter:
        if self._interpreter is None:
            raise UsageError(f"this {type(self).__name__} takes part in no course yet")
        return self._interpreter
