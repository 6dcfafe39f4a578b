"""A sequence chart as DOT text: everything has its place (in points), so the engine `neato` has nothing to lay out.

Time runs downwards, a row an event. An arrow leads from the row where its message is sent to that where it is taken:
late and reordered messages slope and cross.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import graphviz

from protoflow.diagrams.chart import LEGEND, SIGNS, Arrow, Note, Omitted, Round, time_text
from protoflow.diagrams.dot import FRAME
from protoflow.diagrams.labels import LARGE, NORMAL, SMALL, bold, grid, html, small
from protoflow.diagrams.model import BLUE, VERMILLION

if TYPE_CHECKING:
    from protoflow.diagrams.chart import Chart, Event
    from protoflow.diagrams.look import Look

ROW = 24.0
CHARACTER = 4.4  # the width of one at the small size, with some to spare
NARROWEST = 120.0
HEADER = 26.0
SHORT = 26.0
"""So far before its receiver's lifeline a lost message ends: past every other one, as those are `NARROWEST` apart."""

PAPER = "#ffffffb8"


def text(chart: Chart, look: Look) -> str:
    """The DOT text, byte-stable; for the engine `neato`, which it names."""
    return _Sheet(chart, look).drawn()


def _columns(chart: Chart) -> list[float]:
    """Where the lifelines stand: the notes of each have room before the next."""
    columns = [0.0]
    for place in range(len(chart.lifelines) - 1):
        texts = [_signed(chart, event) for event in chart.events if isinstance(event, Note) and event.lifeline == place]
        names = (chart.lifelines[place].name, chart.lifelines[place + 1].name)
        widths = [_width(text) + 24 for text in texts] + [sum(map(_width, names)) / 2 * 1.5 + 20]
        columns.append(columns[-1] + max(NARROWEST, *widths))
    return columns


def _width(words: str) -> float:
    return CHARACTER * len(words)


def _signed(chart: Chart, note: Note) -> str:
    """A note with its sign, the last step of a counterexample with its code."""
    code = chart.verdict[0] if note.mark == "bad" and chart.verdict else ""
    return " ".join(filter(None, (SIGNS[note.mark], code, note.text)))


class _Sheet:
    """The paper: `drawn` puts everything on it."""

    def __init__(self, chart: Chart, look: Look) -> None:
        self.chart = chart
        self.ink, self.warning = ("black", "black") if look.greyscale else (BLUE, VERMILLION)
        self.columns = _columns(chart)
        self.nodes = 0
        name, _, digest = chart.title.rpartition(" ")
        self.graph = graphviz.Digraph(
            graph_attr={
                "layout": "neato",
                "inputscale": "72",
                "overlap": "true",
                "splines": "line",
                "outputorder": "edgesfirst",
                "bgcolor": "transparent",
                "fontname": look.font,
                "labelloc": "t",
                "label": html(f'<FONT POINT-SIZE="{LARGE}">{bold(name)}</FONT>  {small(digest)}'),
                "pad": "0.1",
            },
            node_attr={"fontname": look.font, "fontsize": NORMAL, "shape": "plain"},
            edge_attr={"fontname": look.font, "fontsize": SMALL, "arrowsize": "0.7"},
        )

    def drawn(self) -> str:
        self._rounds()
        self._lifelines()
        before = ""
        for row, event in enumerate(self.chart.events):
            now = time_text(event.time)
            if now != before:
                self._words(-14 - _width(now), self._y(row), small(now), _width(now), right=True)
            before = now
            self._event(row, event)
        self._beneath()
        return str(self.graph.source)

    def _y(self, row: float) -> float:
        return -HEADER - ROW * row

    def _node(self, x: float, y: float, **attributes: str) -> str:
        name = f"n{self.nodes}"
        self.nodes += 1
        self.graph.node(name, pos=f"{x:.1f},{y:.1f}!", **attributes)
        return name

    def _point(self, x: float, y: float) -> str:
        return self._node(x, y, shape="point", style="invis", width="0.01", height="0.01")

    def _words(self, left: float, y: float, inner: str, width: float, *, right: bool = False, frame: str = "") -> None:
        """Text that begins at `left` (ends at `left + width` if `right`), on paper of its own: lines go beneath it, and
        show through."""
        align = "RIGHT" if right else "LEFT"
        border = f'BORDER="1" COLOR="{frame}" STYLE="ROUNDED"' if frame else 'BORDER="0"'
        cell = f'<TD BGCOLOR="{PAPER}" FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="15" ALIGN="{align}">{inner}</TD>'
        label = f'<TABLE {border} CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR>{cell}</TR></TABLE>'
        self._node(left + width / 2, y, label=html(label))

    def _line(self, start: tuple[float, float], end: tuple[float, float], **attributes: str) -> None:
        self.graph.edge(self._point(*start), self._point(*end), **attributes)

    def _lifelines(self) -> None:
        crashes = {
            event.lifeline: row
            for row, event in enumerate(self.chart.events)
            if isinstance(event, Note) and event.mark == "crash"
        }
        for place, line in enumerate(self.chart.lifelines):
            x = self.columns[place]
            self._node(
                x, 0, shape="box", style="rounded", label=html(bold(line.name)), height="0.3", margin="0.12,0.04"
            )
            bottom = self._y(crashes.get(place, len(self.chart.events)))
            self._line((x, -11), (x, bottom), dir="none", color=FRAME, penwidth="0.8")

    def _rounds(self) -> None:
        edges = [row for row, event in enumerate(self.chart.events) if isinstance(event, Round | Omitted)]
        for begin, end in itertools.pairwise([*edges, len(self.chart.events)]):
            if isinstance(self.chart.events[begin], Omitted):
                continue
            top, bottom = self._y(begin) + 9, self._y(end) + 13
            place = len(self.columns) - 1
            notes = (_signed(self.chart, e) for e in self.chart.events if isinstance(e, Note) and e.lifeline == place)
            left, right = -12.0, self.columns[-1] + 30 + max(map(_width, notes), default=0.0)
            self._node(
                (left + right) / 2,
                (top + bottom) / 2,
                shape="box",
                style="dashed,rounded",
                penwidth="0.8",
                color=FRAME,
                label="",
                fixedsize="true",
                width=f"{(right - left) / 72:.3f}",
                height=f"{(top - bottom) / 72:.3f}",
            )

    def _event(self, row: int, event: Event) -> None:
        y = self._y(row)
        match event:
            case Note(place, _, mark):
                frame = self.warning if mark in ("bad", "crash") else ""
                signed = _signed(self.chart, event)
                self._words(self.columns[place] + 6, y, small(signed), _width(signed) + 6, frame=frame)
            case Arrow(source, dest, words) if source == dest:
                self._words(self.columns[source] + 6, y, small(f"↔ {words}"), _width(words) + 12)
            case Arrow():
                self._arrow(y, event)
            case Round(words):
                self._words(self.columns[0] + 6, y, f"<I>{small(words)}</I>", _width(words) + 6)
            case Omitted(count):
                words = f"… {count} lines omitted"
                self._words(self.columns[0] + 6, y, f"<I>{small(words)}</I>", _width(words) + 6)

    def _arrow(self, y: float, arrow: Arrow) -> None:
        """The words stand above the line, beside its sender; it ends above the note that says what became of it."""
        start = (self.columns[arrow.source], y)
        end = (self.columns[arrow.dest], y if arrow.taken is None else self._y(arrow.taken) + 9)
        attributes = {"color": self.ink, "penwidth": "1.1"}
        if arrow.lost:
            end = (end[0] - math.copysign(SHORT, end[0] - start[0]), y)
            attributes = {"color": self.warning, "penwidth": "1.6", "style": "dotted", "arrowhead": "none"}
            self._words(end[0] - 5, y, small(SIGNS["lost"]), 10)
        self._line(start, end, **attributes)
        width = _width(arrow.text) + 4
        left = start[0] + 14 if end[0] > start[0] else start[0] - 14 - width
        self._words(left, y + 8, small(arrow.text), width)

    def _beneath(self) -> None:
        """Who is in which state, what the run shows, and the legend."""
        y = self._y(len(self.chart.events)) - 10
        for place, line in enumerate(self.chart.lifelines):
            if line.state:
                self._node(self.columns[place], y, label=html(small(line.state)))
        rows = [[f"{bold(code)} {small(message)}"] for code, message in [self.chart.verdict or ("", "")] if code]
        rows += (
            [[small("   ".join(f"{SIGNS[mark]} {LEGEND[mark]}" for mark in self.chart.marks))]]
            if self.chart.marks
            else []
        )
        if self.chart.left_out:
            rows += [[small(f"not shown: {', '.join(self.chart.left_out)}")]]
        if rows:
            self._node(self.columns[-1] / 2, y - 12 - 11 * len(rows), label=html(grid(rows)))
