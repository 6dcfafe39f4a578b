"""What a handler returns to give the receivers of one message payloads of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Send:
    """One payload and the ids (or the one id) it goes to.

    A list of these in place of a payload divides exactly the receivers that the row names. Where the row sends to
    `one` of several, a single `Send` says to which.
    """

    payload: Mapping[str, object]
    to: str | Iterable[str]

    @property
    def receivers(self) -> tuple[str, ...]:
        return (self.to,) if isinstance(self.to, str) else tuple(self.to)
