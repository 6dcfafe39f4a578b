"""A configuration of a small course, and a move from one to another: plain data, all of it hashable.

Part of the naive explorer, see `steps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from protoflow.trace import Step

Links = "Mapping[str, Mapping[str, tuple[str, ...]]]"
Pairs = tuple[tuple[Any, Any], ...]
"""A small mapping that can be hashed: sorted pairs."""


def get(pairs: Pairs, key: object, default: Any = None) -> Any:
    return next((value for name, value in pairs if name == key), default)


def put(pairs: Pairs, key: object, value: object) -> Pairs:
    """With `key` set to `value`, or without `key` where `value` is None."""
    rest = [(name, old) for name, old in pairs if name != key]
    return tuple(rest) if value is None else tuple(sorted([*rest, (key, value)], key=lambda pair: pair[0]))


class Message(NamedTuple):
    type: str
    asks: int | None = None  # the round of its sender that it opens or extends
    answers: int | None = None  # the round of its receiver that it answers


class Local(NamedTuple):
    """One participant."""

    state: str
    started: bool = False
    alive: bool = True
    windows: Pairs = ()  # event -> frozenset of senders, or a number
    open: Pairs = ()  # request -> (round, frozenset of receivers)
    last: Pairs = ()  # (requester, request) -> round of the last one received
    taken: Pairs = ()  # row index -> how often
    timers: Pairs = ()  # timer of this state -> "holds" (elapsed) or "fired"
    raised: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()
    passed: bool = False  # time has passed since its last step: what might have fired has not


class Budgets(NamedTuple):
    crashes: Pairs
    early: float
    loss: float
    duplicates: float


class Config(NamedTuple):
    locals: tuple[Local, ...]
    channels: Pairs  # (sender, receiver) -> tuple of messages, never empty
    budgets: Budgets


class Move(NamedTuple):
    step: Step
    after: Config | None  # None: an error, which has no successors
    must: bool
    takes: tuple[str, str] | None = None  # the channel from which it takes something
    finding: tuple[str, ...] | None = None  # (code, role, ...) that this very step shows
    outside: bool = False  # an event that the program or operator raises

    @property
    def way_on(self) -> bool:
        return self.must or self.outside


DEAD = Local("", started=True, alive=False)
