"""A sequence chart in characters: a lifeline is a column of bars, an event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagrams.chart import Arrow, Note, Omitted, Round, time_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.diagrams.chart import Chart, Event

ROOM = 88
"""Characters between the first and the last lifeline, shared among the gaps, where notes do not need more."""


def lines(chart: Chart, *, standing: bool) -> list[str]:
    """The chart in lines without an indent; a run with times has them in a gutter on the left."""
    names = [line.name for line in chart.lifelines]
    columns = _columns(chart)
    gutter = max((len(time_text(event.time)) for event in chart.events), default=0)
    drawn = [_centred(names, columns)]
    for number, event in enumerate(chart.events):
        ends = number + 1 == len(chart.events) and not standing
        drawn.append(_drawn(event, columns, ends))
    if standing:
        drawn.append(_centred([line.state for line in chart.lifelines], columns))
    if not gutter:
        return drawn
    times = ["", *(time_text(event.time) for event in chart.events), *([""] if standing else [])]
    # The same moment is said once.
    said = [now if now != before else "" for before, now in zip(["", *times], times, strict=False)]
    return [f"{time.rjust(gutter)}  {line}".rstrip() for time, line in zip(said, drawn, strict=True)]


def _columns(chart: Chart) -> list[int]:
    """Where the lifelines stand: each has room for its notes and its name beside the next."""
    count = len(chart.lifelines)
    room = ROOM // max(2, count)
    columns = [len(chart.lifelines[0].name) // 2] if count else []
    for place in range(count - 1):
        here, following = chart.lifelines[place], chart.lifelines[place + 1]
        notes = [len(e.text) + 3 for e in chart.events if isinstance(e, Note) and e.lifeline == place]
        loops = [len(e.text) + 8 for e in chart.events if isinstance(e, Arrow) and e.source == e.dest == place]
        arrows = [
            len(e.text) + 6 for e in chart.events if isinstance(e, Arrow) and {e.source, e.dest} == {place, place + 1}
        ]
        beside = [len(line) // 2 + 1 for line in (here.name, here.state, following.name, following.state)]
        columns.append(columns[-1] + 1 + max([room, *notes, *loops, *arrows, max(beside[:2]) + max(beside[2:])]))
    return columns


def _centred(words: Sequence[str], columns: Sequence[int]) -> str:
    line = ""
    for word, column in zip(words, columns, strict=True):
        line = line.ljust(max(0, column - len(word) // 2)) + word
    return line.rstrip()


def _drawn(event: Event, columns: Sequence[int], ends: bool) -> str:
    line = [" "] * (columns[-1] + 1)
    for column in columns:
        line[column] = "|"
    match event:
        case Note(place, text):
            following = "" if ends else "".join(line[columns[place] + len(text) + 2 :])
            return f"{''.join(line[: columns[place]])}| {text}{following}".rstrip()
        case Arrow(source, dest, text) if source == dest:
            # A message among participants that share a lifeline.
            written = f"<-> {text}"
            column = columns[source]
            return ("".join(line[: column + 1]) + written + "".join(line[column + 1 + len(written) :])).rstrip()
        case Arrow(source, dest, text, lost):
            left, right = sorted((columns[source], columns[dest]))
            line[left + 1 : right] = _shaft(text, right - left - 1, rightwards=source < dest, lost=lost)
            return "".join(line)
        case Round(text):
            return f"{'':{columns[0]}}+-- {text} ".ljust(columns[-1], "-") + "+"
        case Omitted(count):
            return f"{'':{columns[0]}}: … {count} lines omitted"


def _shaft(text: str, width: int, *, rightwards: bool, lost: bool) -> str:
    """`------- text ------>` in that many characters; a lost one stops short, with an x."""
    dashes = width - 1 - len(text) - 2
    left = max(0, dashes // 2)
    middle = f"{'-' * left} {text} {'-' * max(0, dashes - left)}"
    if not lost:
        return f"{middle}>" if rightwards else f"<{middle}"
    return f"{middle[:-3]}x   " if rightwards else f"   x{middle[3:]}"
