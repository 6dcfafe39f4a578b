"""What a step of one participant comes to: the interpreter says it, the engine does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.trace import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.program import Row
    from protoflow.runtime.message import Message
    from protoflow.runtime.payload import Payload
    from protoflow.trace import StepKind

_NO_METRICS: Mapping[str, Any] = {}
_NOTHING = Outcome.NOTHING


class Outgoing:
    """One payload on its way to all who share it. `round` and `answers` are those of the messages, see Message."""

    __slots__ = ("answers", "message", "payload", "round", "to")

    def __init__(
        self, message: str, to: tuple[str, ...], payload: Payload, number: int | None, answers: int | None
    ) -> None:
        self.message = message
        self.to = to
        self.payload = payload
        self.round = number
        self.answers = answers


class Effects:
    """What one step of one participant came to.

    `row` is the row taken, if one was. `entered`: the state was entered, anew or for the first time, so its timers
    start. The engine turns it into a trace record and does the sending.
    """

    __slots__ = (
        "early", "entered", "kind", "message", "metrics", "outcome", "raises", "row", "sends", "state_before",
        "trigger",
    )  # fmt: skip

    def __init__(self, kind: StepKind, trigger: str, state: str, message: Message | None = None) -> None:
        self.kind = kind
        self.trigger = trigger
        self.state_before = state
        self.message = message
        self.outcome = _NOTHING
        self.row: Row | None = None
        self.entered = False
        self.early = False
        self.sends: tuple[Outgoing, ...] = ()
        self.raises: tuple[str, ...] = ()
        self.metrics = _NO_METRICS
