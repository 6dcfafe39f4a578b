"""The diagram model: what a state or flow picture shows, before any notation.

`states` and `flow` build it from the compiled tables, `dot`, `mermaid` and `table` write it down. A renderer decides
nothing about content: what is drawn, in which order and in which words is settled here. Ids are generated (`s0`, `p0`),
names stand in labels only, so no name can mean anything to a notation. Everything is in order of declaration, so the
same protocol always gives the same text.

Colour never stands alone: each kind of line and box differs from the others by its dash, width, ring or mark too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTH = 28
"""Labels are wrapped near this many characters; a longer name is not broken."""

NARROW = 18
"""The same where there is no room for that."""

WINDOW = 40
"""Events that a sequence chart shows of a long run, half of them from its beginning."""

LIFELINES = 4
"""Participants of one role that a sequence chart of a run shows beside each other, those that were alike as one."""

CROWDED = 40
"""With more edges than this the machines of all roles are hard to read: a table, or each alone, reads better."""

BLUE, VERMILLION, PURPLE, GREEN = "#0072B2", "#D55E00", "#CC79A7", "#009E73"  # Okabe-Ito: 3:1 on white and on dark


class LineKind(StrEnum):
    """What an edge stands for. The order is that of the legend."""

    INITIAL = "initial"
    START = "start"
    MESSAGE = "message"
    EVENT = "event"
    TIMER = "timer"
    RAISED = "raised"
    LOST = "lost"
    MIXED = "mixed"  # of several kinds
    SEND = "send"
    REPLY = "reply"
    BROADCAST = "broadcast"
    LOOSE = "loose"


FLOWING = (LineKind.SEND, LineKind.REPLY, LineKind.BROADCAST, LineKind.LOOSE)
"""The kinds of a flow picture."""


class BoxKind(StrEnum):
    INITIAL = "initial"
    STATE = "state"
    FINAL = "final"
    ROLE = "role"
    LOOSE = "loose"  # the end of an edge that leads nowhere


class Dash(StrEnum):
    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a kind of line is drawn and what the legend says of it.

    `colour` "" is the foreground. `sign` is its mark, before each label's first word; `tail` the same mark at the start
    of the line (Graphviz's name for it). `meaning` "" keeps it out of the legend.
    """

    colour: str = ""
    dash: Dash = Dash.SOLID
    sign: str = ""
    tail: str = ""
    meaning: str = ""


STROKES = {
    LineKind.INITIAL: Stroke(),
    LineKind.START: Stroke(),
    LineKind.MESSAGE: Stroke(BLUE, meaning="a message came"),
    LineKind.EVENT: Stroke(GREEN, Dash.SOLID, "◆", "diamond", "enough messages came"),
    LineKind.TIMER: Stroke(PURPLE, Dash.DASHED, "○", "odot", "a timer elapsed"),
    LineKind.RAISED: Stroke("", Dash.SOLID, "◇", "odiamond", "an event was raised"),
    LineKind.LOST: Stroke(VERMILLION, Dash.DOTTED, "✗", "tee", "a peer is lost"),
    LineKind.MIXED: Stroke(),
    LineKind.SEND: Stroke(meaning="to one"),
    LineKind.REPLY: Stroke(GREEN, Dash.DASHED, meaning="a reply"),
    LineKind.BROADCAST: Stroke(BLUE, Dash.DOUBLE, meaning="to several"),
    LineKind.LOOSE: Stroke(VERMILLION, Dash.DOTTED, "✗", "", "never sent, or not handled"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding, drawn where it is: its number in the list beneath the picture, and its code."""

    number: int
    code: str

    def __str__(self) -> str:
        return f"{self.code} ({self.number})"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a label; its first `strong` characters are set in bold."""

    text: str
    strong: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """The lines for one row or message, its kinds (a row may have several triggers), and where a click leads to.

    `place` names what is shown, as in `row:server:3`: see `marks.Place`.
    """

    lines: tuple[Line, ...]
    kinds: tuple[LineKind, ...]
    url: str = ""
    place: str = ""
    tooltip: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Box:
    """A node. `summary` and `lines` stand under its `name`; `muted`: nothing leads there."""

    id: str
    kind: BoxKind
    name: str = ""
    summary: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    muted: bool = False
    url: str = ""
    place: str = ""
    tooltip: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`blocks`: all that leads from `source` to `dest` in the same manner, gathered in one label.

    `toward`: the box that an edge whose `dest` is a loose end was meant for.
    """

    source: str
    dest: str
    kind: LineKind
    blocks: tuple[Block, ...] = ()
    toward: str = ""

    @property
    def stroke(self) -> Stroke:
        """A line of several kinds has the marks of all, and is dashed if one is; a loop has them in its label alone."""
        if self.kind is not LineKind.MIXED or self.source == self.dest:
            return STROKES[self.kind]
        strokes = [STROKES[kind] for kind in LineKind if any(kind in block.kinds for block in self.blocks)]
        dash = next((stroke.dash for stroke in strokes if stroke.dash is not Dash.SOLID), Dash.SOLID)
        return Stroke(dash=dash, tail="".join(stroke.tail for stroke in strokes))


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machine of one role, or one phase of a flow. `rows` is the same content as a table."""

    id: str
    name: str
    lines: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    edges: tuple[Edge, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    url: str = ""
    place: str = ""
    marks: tuple[Mark, ...] = ()
    framed: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole state or flow picture. `findings` is the numbered list beneath it; `columns` heads the clusters' rows."""

    title: str
    summary: str
    description: str
    kind: str  # "states" or "flow"
    clusters: tuple[Cluster, ...]
    columns: tuple[str, ...]
    findings: tuple[tuple[Mark, str], ...] = ()
    marks: tuple[Mark, ...] = field(default=())

    @property
    def boxes(self) -> Iterator[Box]:
        return (box for cluster in self.clusters for box in cluster.boxes)

    @property
    def edges(self) -> Iterator[Edge]:
        return (edge for cluster in self.clusters for edge in cluster.edges)

    @property
    def crowded(self) -> bool:
        """More lines than can be read with ease; a flow in phases is read phase by phase."""
        return self.kind == "states" and sum(edge.kind is not LineKind.INITIAL for edge in self.edges) > CROWDED

    @property
    def line_legend(self) -> tuple[LineKind, ...]:
        """The kinds of line that occur and need a word, in the legend's order."""
        occurring = {kind for edge in self.edges for block in edge.blocks for kind in block.kinds}
        return tuple(kind for kind, stroke in STROKES.items() if kind in occurring and stroke.meaning)

    @property
    def box_legend(self) -> tuple[tuple[str, str], ...]:
        """(sample, meaning) of the marks on boxes and labels that occur."""
        boxes = tuple(self.boxes)
        entries = (
            ("initial", "initial state", any(box.kind is BoxKind.INITIAL for box in boxes)),
            ("final", "final state", any(box.kind is BoxKind.FINAL for box in boxes)),
            ("muted", "nothing leads here", any(box.muted for box in boxes)),
            (AGAIN, "enters again: timers restart", any(AGAIN in text for text in self._texts())),
        )
        return tuple((sample, meaning) for sample, meaning, occurs in entries if occurs)

    def _texts(self) -> Iterable[str]:
        return (block.text for edge in self.edges for block in edge.blocks)


AGAIN = "↻"
"""Begins the label of a row that leaves its state and enters it again."""
