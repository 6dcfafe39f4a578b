"""A message as a handler sees it: what came, from whom, and what it carries. Immutable.

`round` is the round that the message opens or extends at its sender, or, of a reply, the round that it answers; None
where nobody counts rounds. `answers` is the latter alone: the two differ only for a message that does both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protoflow.runtime.payload import Payload


@dataclass(frozen=True, slots=True)
class Message:
    """`message["field"]` is a field of its payload. A `lost` has a type, a sender and a receiver, and no fields."""

    type: str
    sender: str
    receiver: str
    payload: Payload
    round: int | None = None
    answers: int | None = None

    def __getitem__(self, name: str) -> Any:
        return self.payload[name]
