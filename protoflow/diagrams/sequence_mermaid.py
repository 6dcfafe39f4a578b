"""A sequence chart as Mermaid text. Virtual time, for which Mermaid has no gutter, stands before the words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from protoflow.diagrams.chart import LEGEND, SIGNS, Arrow, Note, Omitted, Round, time_text
from protoflow.diagrams.mermaid import escaped
from protoflow.diagrams.model import WIDTH
from protoflow.diagrams.words import unquoted, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.diagrams.chart import Chart, Event

_SHADE = "rgba(127, 127, 127, 0.12)"


def text(chart: Chart) -> str:
    """The Mermaid text, byte-stable. A message that is taken later than the next line has an open arrow."""
    everyone = f"p0,p{len(chart.lifelines) - 1}" if len(chart.lifelines) > 1 else "p0"
    lines = [
        "---",
        f"title: {json.dumps(chart.title)}",
        "---",
        "sequenceDiagram",
        f"  accTitle: {escaped(chart.title)}",
        f"  accDescr: {escaped(chart.description)}",
        *(f"  participant p{place} as {escaped(line.name)}" for place, line in enumerate(chart.lifelines)),
    ]
    in_round, before = False, ""
    for event in chart.events:
        if isinstance(event, Round | Omitted):
            lines += ["  end"] if in_round else []
            in_round = isinstance(event, Round)
            lines += [f"  rect {_SHADE}"] if in_round else []
        now = time_text(event.time)
        lines += _statement(event, everyone, f"{now} " if now != before else "")
        before = now
    lines += ["  end"] if in_round else []
    if chart.verdict:
        lines += [
            f"  Note over p{place}: in {escaped(line.state)}"
            for place, line in enumerate(chart.lifelines)
            if line.state
        ]
        words = wrapped(unquoted(" ".join(chart.verdict)), 2 * WIDTH)
        lines.append(f"  Note over {everyone}: {'<br/>'.join(map(escaped, words))}")
    if chart.left_out:
        lines.append(f"  Note over {everyone}: not shown: {escaped(', '.join(chart.left_out))}")
    legend = [f"{SIGNS[mark]} {LEGEND[mark]}" for mark in chart.marks]
    lines += [f"  Note over {everyone}: {escaped(', '.join(legend))}"] if legend else []
    return "\n".join(lines) + "\n"


def _statement(event: Event, everyone: str, time: str) -> Iterator[str]:
    match event:
        case Note(place, words, mark):
            yield f"  Note over p{place}: {escaped(' '.join(filter(None, (time.strip(), SIGNS[mark], words))))}"
        case Arrow(source, dest, words, lost, taken):
            arrow = "-x" if lost else "->>" if taken is None else "-)"
            yield f"  p{source}{arrow}p{dest}: {escaped(time + words)}"
        case Round(words):
            yield f"  Note over {everyone}: {escaped(time + words)}"
        case Omitted(count):
            yield f"  Note over {everyone}: … {count} lines omitted"
