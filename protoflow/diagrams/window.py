"""A long run in a short chart: its first and its last events, and between them how many are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protoflow.diagrams.chart import Arrow, Omitted, Round

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.diagrams.chart import Event


def windowed(events: Sequence[Event], window: int | None) -> tuple[Event, ...]:
    """At most `window` of them (None: all), one half from the beginning, the other from the end.

    Where what follows the gap is in the middle of a round, it begins by saying of which.
    """
    if window is None or len(events) <= window + 1:
        return tuple(events)
    first, last = window // 2, len(events) - (window - window // 2)
    while first and isinstance(events[first - 1], Round):
        first -= 1
    before = [event for event in events[:last] if isinstance(event, Round)]
    bridge: list[Event] = [Omitted(last - first)]
    if before and not isinstance(events[last], Round):
        bridge.append(replace(before[-1], text=f"{before[-1].text}, continued", time=events[last].time))
    moved = [_moved(event, first, last, len(bridge)) for event in (*events[:first], *events[last:])]
    return (*moved[:first], *bridge, *moved[first:])


def _moved(event: Event, first: int, last: int, between: int) -> Event:
    """An arrow knows the place where it is taken: that moves up, or is out of sight."""
    if not isinstance(event, Arrow) or event.taken is None or event.taken < first:
        return event
    return replace(event, taken=event.taken - last + first + between if event.taken >= last else None)
