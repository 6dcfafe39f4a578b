"""The tables of a Program in small integers, as the exploration looks them up in its innermost loop.

Messages are numbered over the whole protocol; states, events, windows, requests and timers within their role; rows
(a `program.Row` each) over the whole protocol again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protoflow.program import Disposition, RoleProgram, Row, RowSend, Window
    from protoflow.protocol import TargetKind


class Times(Enum):
    """How `times` is taken: counted as written, or (a proof for every N) unknown where one participant has the role."""

    COUNTED = "counted"
    UNKNOWN = "unknown"


TIMES_KEPT = 3
"""A many-role's `times` is counted up to this in a proof for every N."""


@dataclass(frozen=True, slots=True, eq=False)
class SendModel:
    message: int
    maybe: bool
    one: bool
    kind: TargetKind
    roles: frozenset[int]
    link: int  # bit of the link in a pair's flags, 0 where the target is no link
    window: int  # the window that is the target, -1 where it is no event
    request: int  # the round that it opens or extends, -1 where no round is counted
    opens: bool
    declared: RowSend


@dataclass(frozen=True, slots=True, eq=False)
class RowModel:
    uid: int
    role: int
    source: int
    dest: int  # -1: it stays
    slot: int  # where the number of times it was taken is counted, -1 where it is not
    sends: tuple[SendModel, ...]
    raises: tuple[tuple[int, bool], ...]
    speaks_of_fresh: bool
    row: Row


class EventKind(Enum):
    WINDOW = 0
    COUNTER = 1
    TIMER = 2


@dataclass(frozen=True, slots=True, eq=False)
class EventModel:
    """An event of a role; `position` is its window, counter or timer."""

    index: int
    name: str
    kind: EventKind
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class WindowModel:
    """Distinct senders. `senders` are roles; `link` a bit of the pair's flags, or 0; `request` a round, or -1."""

    senders: frozenset[int]
    link: int
    request: int
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class Outdated:
    """Whatever happens first, a stale request has no effect but these stale answers, and to be late in these states."""

    answers: frozenset[int]
    late: tuple[int, ...]


@dataclass(slots=True, eq=False)
class RoleModel:
    index: int
    program: RoleProgram
    states: tuple[str, ...]
    initial: int
    final: tuple[bool, ...]
    windows: list[WindowModel] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)  # how many messages each counts up to
    timers: list[str] = field(default_factory=list)
    events: dict[str, EventModel] = field(default_factory=dict)
    event_names: tuple[str, ...] = ()
    requests: list[str] = field(default_factory=list)
    request_of_message: dict[int, int] = field(default_factory=dict)  # R -> its round
    reply_to: dict[int, int] = field(default_factory=dict)  # M -> the round that it answers
    counts: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)  # M -> windows, counters
    disposition: dict[tuple[int, int], Disposition] = field(default_factory=dict)
    on_message: dict[tuple[int, int], tuple[RowModel, ...]] = field(default_factory=dict)
    on_event: dict[tuple[int, int], tuple[RowModel, ...]] = field(default_factory=dict)
    on_lost: dict[int, tuple[RowModel, ...]] = field(default_factory=dict)
    on_start: tuple[RowModel, ...] = ()
    events_in: list[tuple[EventModel, ...]] = field(default_factory=list)
    timers_in: list[tuple[int, ...]] = field(default_factory=list)
    outside_in: list[tuple[int, ...]] = field(default_factory=list)
    slots: dict[int, tuple[int, int]] = field(default_factory=dict)  # transition -> (slot, times)
    live_windows: list[int] = field(default_factory=list)  # state -> mask of windows that are read before they reset
    live_requests: list[int] = field(default_factory=list)
    live_counters: list[int] = field(default_factory=list)
    live_last: list[bool] = field(default_factory=list)  # state -> an answer may follow to a request received before
    neutral: list[frozenset[int]] = field(default_factory=list)  # state -> messages that change nothing from here on
    neutral_stale: list[frozenset[int]] = field(default_factory=list)  # the same of stale ones
    outdated: list[dict[int, Outdated]] = field(default_factory=list)  # state -> what stale requests still do
    peers: frozenset[int] = frozenset()  # roles that it can send to or receive from
    watches_lost: bool = False

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def single(self) -> bool:
        return self.program.single


LOST_FLAG = 1
"""In a pair's flags: the peer is known to be lost. Higher bits are the links."""
