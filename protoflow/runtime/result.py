"""What a course came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.trace import Header, Step


@dataclass(frozen=True, slots=True)
class Logged:
    """What a participant logged in one step, and how far the course was: seconds, messages and bytes sent so far."""

    participant: str
    time: float
    messages: int
    bytes: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is `complete` or, where a time limit ended the course, `limit`.

    `states` has the state of every participant at the end, `crashed` those who had stopped for ever. `messages` and
    `bytes` are what was sent, a broadcast counted once per receiver. `time` is in (virtual) seconds. `warnings` has
    what was not as it should be and did no harm, late messages above all.
    """

    outcome: str
    header: Header = field(repr=False)
    trace: tuple[Step, ...] = field(repr=False)
    metrics: tuple[Logged, ...]
    states: Mapping[str, str]
    crashed: tuple[str, ...]
    messages: int
    bytes: int
    time: float
    warnings: tuple[str, ...]
