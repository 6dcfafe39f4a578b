"""What a sequence chart shows, before any notation: lifelines and, beneath each other, what happened, as notes on a
lifeline and arrows between two.

Every event knows by which step of the run (from 0) it came about. A renderer decides nothing about content.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One participant, or several that were alike. `state`: where it is at the end, "" if no step tells."""

    name: str
    members: tuple[str, ...]
    state: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happens on a lifeline. `mark`: "" or "timer", "crash", "dropped", "bad"."""

    lifeline: int
    text: str
    mark: str = ""
    time: float | None = None
    step: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message. `taken` is the place of the note where it is taken, None if at once or not at all.

    `lost`: the network lost it, or its receiver crashed before it came. `ends`: the step that takes or loses it, if one
    does.
    """

    source: int
    dest: int
    text: str
    lost: bool = False
    taken: int | None = None
    time: float | None = None
    step: int = field(default=-1, compare=False)
    ends: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a message begins, or what is repeated for ever."""

    text: str
    time: float | None = None
    step: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Omitted:
    """Where the middle of a long run was left out; the frame of a round ends there."""

    count: int
    time: float | None = None


Event = Note | Arrow | Round | Omitted

SIGNS = {"": "", "timer": "○", "crash": "■", "dropped": "▽", "bad": "!", "lost": "✗"}
"""No two marks share one. The cross is a lost message's, as Mermaid's arrow for it ends in a cross."""

LEGEND = {"timer": "a timer elapsed", "dropped": "dropped", "crash": "crashed", "lost": "never arrives"}
"""What the marks of notes, and that of a lost message, mean; `bad` speaks for itself."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A whole sequence chart. `verdict`: the code and message of the finding that the run shows, if it shows one.

    `left_out`: participants for whom there was no room.
    """

    title: str
    description: str
    lifelines: tuple[Lifeline, ...]
    events: tuple[Event, ...]
    verdict: tuple[str, str] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks that occur and need a word, in the legend's order."""
        occurring = {event.mark for event in self.events if isinstance(event, Note)}
        occurring |= {"lost" for event in self.events if isinstance(event, Arrow) and event.lost}
        return tuple(mark for mark in LEGEND if mark in occurring)


def time_text(time: float | None) -> str:
    """Virtual time as the gutter has it; "" where a run has none."""
    return "" if time is None else f"{time:.2f}s"
