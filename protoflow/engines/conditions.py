"""What happens to a simulated course from outside: latencies, computing times, crashes, losses. Data, all of it.

A pattern names participants: an id (`client3`), a role (`client`), or `*`. Where several match, the most specific says
what holds: an id goes before a role, a role before `*`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from random import Random

    from protoflow.runtime.directory import Directory

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Span:
    """A time in seconds: fixed, or drawn evenly between two bounds each time."""

    low: float
    high: float

    def draw(self, random: Random) -> float:
        return self.low if self.low == self.high else random.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Stragglers:
    """A share of a role's participants, at least one, chosen by the seed: their handlers take so many times as long."""

    share: float
    slower: float


@dataclass(frozen=True, slots=True)
class Crash:
    """`who` stops for ever: at `time` (seconds), or instead of handling the first message of round `round`."""

    who: str
    time: float | None = None
    round: int | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """The operator raises an event at `time`, or as soon after as the participant's state has a row for it."""

    who: str
    event: str
    time: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """The default is a perfect world: no latency, no time to compute, no faults.

    `latency` is by (sender, receiver) patterns, `compute` (per handler that runs) by pattern, `loss` by message type
    or `*`: the share of messages that the network loses.
    """

    latency: Mapping[tuple[str, str], Span] = field(default_factory=dict)
    compute: Mapping[str, Span] = field(default_factory=dict)
    stragglers: Mapping[str, Stragglers] = field(default_factory=dict)
    crashes: tuple[Crash, ...] = ()
    loss: Mapping[str, float] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()

    def __or__(self, other: Conditions) -> Conditions:
        """Both; where both say something, `other` holds."""
        return Conditions(
            {**self.latency, **other.latency},
            {**self.compute, **other.compute},
            {**self.stragglers, **other.stragglers},
            self.crashes + other.crashes,
            {**self.loss, **other.loss},
            self.signals + other.signals,
        )

    def check(self, directory: Directory) -> None:
        """Raises UsageError for a name that is not one of this course."""
        ids = directory.ids
        for pattern in (*(end for pair in self.latency for end in pair), *self.compute):
            _known(pattern, "a participant or role", (EVERYBODY, *directory.members), ids)
        for role in self.stragglers:
            _known(role, "a role", directory.members)
        for who in (*(crash.who for crash in self.crashes), *(signal.who for signal in self.signals)):
            _known(who, "a participant", ids)
        for message in self.loss:
            _known(message, "a message", (EVERYBODY, *directory.forms))
        for signal in self.signals:
            program = directory.program.roles[directory.role_of[signal.who]]
            outside = {event for events in program.outside_in.values() for event in events}
            _known(signal.event, f"an event that may be raised from outside at `{signal.who}`", outside)


class Timing:
    """Conditions applied to one course: how long what takes. All chance comes from `random`."""

    def __init__(self, conditions: Conditions, directory: Directory, random: Random) -> None:
        self._random = random
        self._directory = directory
        self._latency = conditions.latency
        self._pairs: dict[tuple[str, str], Span | None] = {}
        self._compute = conditions.compute
        self._takes: dict[str, tuple[Span, float]] = {}  # who -> how long, times what
        self._stragglers: dict[str, tuple[float, set[int]]] = {}  # role -> how much slower, and the places of those
        for role, stragglers in conditions.stragglers.items():
            members = len(directory.members[role])
            number = min(members, max(1, round(stragglers.share * members)))
            self._stragglers[role] = (stragglers.slower, set(random.sample(range(members), number)))

    def latency(self, sender: str, receiver: str) -> float:
        if not self._latency:
            return 0.0
        pair = (sender, receiver)
        if pair not in self._pairs:
            # of two patterns that both match, the one whose less specific end is the more specific goes first
            ranked = sorted(
                ((max(i, j), i + j, i), (a, b))
                for i, a in enumerate(self._names(sender))
                for j, b in enumerate(self._names(receiver))
            )
            self._pairs[pair] = next((self._latency[names] for _, names in ranked if names in self._latency), None)
        span = self._pairs[pair]
        return 0.0 if span is None else span.draw(self._random)

    def compute(self, who: str) -> float:
        if who not in self._takes:
            span = next((self._compute[name] for name in self._names(who) if name in self._compute), Span(0.0, 0.0))
            role, place = self._directory.place(who)
            slower, places = self._stragglers.get(role, (1.0, ()))
            self._takes[who] = (span, slower if place in places else 1.0)
        span, times = self._takes[who]
        return span.draw(self._random) * times

    def _names(self, who: str) -> tuple[str, str, str]:
        """The patterns that match a participant, most specific first."""
        return (who, self._directory.role_of[who], EVERYBODY)


def _known(name: str, kind: str, *known: Collection[str]) -> None:
    """Raise UsageError for a name that is in none of these, with some of those that are."""
    if not any(name in names for names in known):
        some = {each for names in known for each in islice(names, 12)} - {EVERYBODY}
        listed = ", ".join(f"`{each}`" for each in sorted(some)[:12]) or "none"
        raise UsageError(f"`{name}` is not {kind} of this course; there is {listed}")
