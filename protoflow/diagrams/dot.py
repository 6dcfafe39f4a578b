"""A picture as DOT text, built with the `graphviz` package.

Labels are HTML-like: names are escaped there and mean nothing to DOT. Text and neutral lines have no colour of their
own (black), so that `draw` can give them the page's foreground. The title is the label of a cluster around everything
and the legend that of the graph, which puts one above the drawing and the other beneath it.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import graphviz

from protoflow.diagrams import words
from protoflow.diagrams.dot_flow import Ladder
from protoflow.diagrams.labels import LARGE, NORMAL, SMALL, bold, grid, html, lines, plain, prose, small, table
from protoflow.diagrams.model import STROKES, VERMILLION, BoxKind, Dash, LineKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from protoflow.diagrams.look import Look
    from protoflow.diagrams.model import Block, Box, Cluster, Edge, Mark, Picture

FRAME = "#888888"
GAP = "    "
_INDENT = 2  # between a line and its words, in points
_WIDE, _NARROW = 110, 40  # characters in a line beneath the picture
_STYLES = {Dash.SOLID: "solid", Dash.DASHED: "dashed", Dash.DOTTED: "dotted", Dash.DOUBLE: "solid"}


def text(picture: Picture, look: Look, *, narrow: bool = False) -> str:
    """The DOT text, byte-stable. `narrow`: machines and legend beneath each other rather than beside each other."""
    return _Drawing(picture, look, narrow).drawn()


class _Drawing:
    """Everything about one picture that its look or its kind of lines decides."""

    def __init__(self, picture: Picture, look: Look, narrow: bool) -> None:
        self.picture = picture
        self.look = look
        self.narrow = narrow
        self.line_width = _NARROW if narrow else _WIDE
        self.warning = "black" if look.greyscale else VERMILLION

    def drawn(self) -> str:
        picture, font = self.picture, self.look.font
        flow = picture.kind == "flow"
        graph = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR" if flow else "TB",
                "bgcolor": "transparent",
                "fontname": font,
                "fontsize": NORMAL,
                "labelloc": "b",
                "nodesep": "0.15" if self.narrow else "0.25",
                "ranksep": "0.25" if self.narrow and flow else "0.45",
                "pad": "0.03" if self.narrow else "0.1",
                "newrank": "true",
                "tooltip": graphviz.escape(picture.title),
            },
            node_attr={"fontname": font, "fontsize": NORMAL, "shape": "box", "style": "rounded", "margin": "0.1,0.05"},
            edge_attr={"fontname": font, "fontsize": SMALL, "arrowsize": "0.7"},
        )
        caption = self._caption()
        if caption:
            graph.attr(label=html(caption))
        with graph.subgraph(name="cluster_all") as whole:
            whole.attr(label=html(self._title()), labelloc="t", peripheries="0", fontsize=NORMAL)
            # From left to right, `dot` stacks clusters from the bottom upwards.
            for cluster in reversed(picture.clusters) if flow else picture.clusters:
                self._cluster(whole, cluster)
            if self.narrow and not flow:
                _stack(whole, picture.clusters)
        return str(graph.source)

    def _cluster(self, graph: graphviz.Digraph, cluster: Cluster) -> None:
        with graph.subgraph(name=f"cluster_{cluster.id}") as part:
            # Frames that have as many lines above their machines begin at the same height.
            spare = max(len(each.lines) for each in self.picture.clusters) - len(cluster.lines)
            rows = [bold(cluster.name), *map(small, cluster.lines), *[small(" ")] * spare]
            part.attr(
                label=html(table([*rows, *self._marks(cluster.marks)])) if cluster.framed else "",
                style="rounded",
                color=FRAME,
                penwidth="0.7",
                # A little more than `nodesep`: so far may the words of a line stand out beyond the room kept for them.
                margin="11" if self.narrow else "20",
                URL=self._link(cluster),
                peripheries="1" if cluster.framed else "0",
            )
            if self.picture.kind == "flow":
                self._ladder(part, cluster)
            else:
                self._machine(part, cluster)

    def _machine(self, graph: graphviz.Digraph, cluster: Cluster) -> None:
        for box in cluster.boxes:
            graph.node(box.id, **self._box(box))
        for number, edge in enumerate(cluster.edges):
            if edge.source == edge.dest:
                self._loop(graph, edge, f"{cluster.id}_{number}")
            else:
                graph.edge(edge.source, edge.dest, **self._edge(edge))

    def _ladder(self, graph: graphviz.Digraph, cluster: Cluster) -> None:
        ladder = Ladder(cluster)
        for box in cluster.boxes:
            attributes = self._box(box)
            if box.kind is BoxKind.ROLE:
                colour, width = (self.warning, 2) if box.marks else ("black", 1)
                inner = "<BR/>".join(
                    [*self._box_lines(replace(box, marks=())), *(small(str(mark)) for mark in box.marks)]
                )
                attributes |= {"shape": "plain", "label": html(ladder.box(box.id, inner, colour, width))}
            graph.node(box.id, **attributes)
        for number, edge in enumerate(cluster.edges):
            line = self._line(edge) | self._class(edge)
            ladder.rung(graph, number, label=self._label(edge), line=line)
        ladder.keep_order(graph)

    def _loop(self, graph: graphviz.Digraph, edge: Edge, label: str) -> None:
        """Its words are a node beside the state, so that other lines keep clear of them, and nothing is between."""
        graph.edge(edge.source, edge.dest, **self._line(edge), **self._class(edge))
        with graph.subgraph(name=f"cluster_{label}") as both:
            both.attr(rank="same", label="", peripheries="0", margin="0", URL="")
            both.node(label, shape="plain", **self._label(edge))
            both.edge(edge.source, label, style="invis", weight="100", minlen="0")

    def _box(self, box: Box) -> dict[str, str]:
        if box.kind is BoxKind.INITIAL:
            return {
                "shape": "circle",
                "style": "filled",
                "fillcolor": "black",
                "width": "0.14",
                "label": "",
                "tooltip": " ",
            }
        if box.kind is BoxKind.LOOSE:
            return {"shape": "plain", "label": html(table([small(box.name)], padding=3)), "tooltip": " "}
        attributes = {
            "label": html(table(self._box_lines(box))),
            "tooltip": graphviz.escape(box.tooltip or box.name),
            "URL": self._link(box),
        }
        if box.kind is BoxKind.FINAL:
            attributes["peripheries"] = "2"
        if box.muted:
            attributes["style"] = "rounded,dashed"
        if box.marks:
            attributes |= {"color": self.warning, "penwidth": "2"}
        return attributes

    def _box_lines(self, box: Box) -> list[str]:
        summary = [f"<I>{small(line)}</I>" for line in box.summary]
        return [bold(box.name), *summary, *map(small, box.lines), *self._marks(box.marks)]

    def _edge(self, edge: Edge) -> dict[str, str]:
        return {**self._line(edge), **self._class(edge), **(self._label(edge) if edge.blocks else {})}

    def _class(self, edge: Edge) -> dict[str, str]:
        return {"class": " ".join(block.place for block in edge.blocks)} if self.look.places and edge.blocks else {}

    def _line(self, edge: Edge) -> dict[str, str]:
        stroke, colour = edge.stroke, self._colour(edge.kind)
        attributes = {
            "color": f"{colour}:invis:{colour}" if stroke.dash is Dash.DOUBLE else colour,
            "style": _STYLES[stroke.dash],
            "penwidth": "1.6" if stroke.dash is Dash.DOTTED else "1.1",
        }
        return attributes | ({"dir": "both", "arrowtail": stroke.tail} if stroke.tail else {})

    def _colour(self, kind: LineKind) -> str:
        return "black" if self.look.greyscale else STROKES[kind].colour or "black"

    def _label(self, edge: Edge) -> dict[str, str]:
        first = edge.blocks[0]
        tooltip = graphviz.escape(first.tooltip or " ")
        return {
            "label": html(self._blocks(edge.blocks)),
            "tooltip": tooltip,
            "labeltooltip": tooltip,
            "URL": "" if self.look.places else self._link(first),
            "fontsize": SMALL,
        }

    def _blocks(self, blocks: Sequence[Block]) -> str:
        """One label for all: a block's first words are bold, so that one sees where the next begins."""
        align, indent = ("CENTER", 0) if self.picture.kind == "flow" else ("LEFT", _INDENT)
        rows: list[str] = []
        links: list[str] = []
        for block in blocks:
            texts = [bold(line.text[: line.strong]) + plain(line.text[line.strong :]) for line in block.lines]
            rows.append("".join(f'{line}<BR ALIGN="{align}"/>' for line in texts))
            rows += self._marks(block.marks)
            links += [self._link(block) if self.look.places else ""] * (len(rows) - len(links))
        return table(rows, align=align, padding=3, indent=indent, links=links)

    def _title(self) -> str:
        name, _, digest = self.picture.title.rpartition(" ")
        rows = [f'<FONT POINT-SIZE="{LARGE}">{bold(name)}</FONT>  {small(digest)}']
        width = self.line_width if self.narrow else len(self.picture.summary) + 1
        rows += map(prose, words.wrapped(self.picture.summary, width))
        return table([*rows, *self._marks(self.picture.marks)])

    def _caption(self) -> str:
        """The findings, one beneath the other, and the legend beneath them."""
        findings = [
            (self._mark(mark), lines(words.wrapped(message, self.line_width)))
            for mark, message in self.picture.findings
        ]
        return table([part for part in (grid(findings), self._legend()) if part])

    def _legend(self) -> str:
        """Entries in columns. Its width is set, or the findings above it would stretch it."""
        entries = [
            (self._line_sample(kind), f"{STROKES[kind].sign} {STROKES[kind].meaning}".strip())
            for kind in self.picture.line_legend
        ]
        entries += [(_sample(sample), meaning) for sample, meaning in self.picture.box_legend]
        if not entries:
            return ""
        rows_needed = -(-sum(len(meaning) + 8 for _, meaning in entries) // self.line_width)
        per_line = -(-len(entries) // rows_needed)
        rows = [entries[i : i + per_line] for i in range(0, len(entries), per_line)]
        widths = [max(len(row[column][1]) for row in rows if column < len(row)) for column in range(per_line)]
        cells = [[cell for sample, meaning in row for cell in (sample, small(meaning) + GAP)] for row in rows]
        size = f'FIXEDSIZE="TRUE" WIDTH="{sum(5 * width + 48 for width in widths)}" HEIGHT="{20 * len(rows) + 4}"'
        return grid(cells, size)

    def _line_sample(self, kind: LineKind) -> str:
        """A piece of the line."""
        dash = STROKES[kind].dash
        double = dash is Dash.DOUBLE
        line = (
            f'<TD BORDER="1" SIDES="{"TB" if double else "B"}" STYLE="{_STYLES[dash]}" '
            f'COLOR="{self._colour(kind)}" WIDTH="24" HEIGHT="{3 if double else 6}" FIXEDSIZE="TRUE"></TD>'
        )
        below = "" if double else '<TR><TD HEIGHT="5"></TD></TR>'
        return f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{line}</TR>{below}</TABLE>'

    def _marks(self, marks: Iterable[Mark]) -> list[str]:
        return [self._mark(mark) for mark in marks]

    def _mark(self, mark: Mark) -> str:
        """Its size is set: a table in a table would be stretched to the width of the other."""
        size = f'FIXEDSIZE="TRUE" WIDTH="{5 * len(str(mark)) + 6}" HEIGHT="14"'
        return (
            f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" COLOR="{self.warning}" {size}>'
            f"<TR><TD {size}>{small(str(mark))}</TD></TR></TABLE>"
        )

    def _link(self, shown: Block | Box | Cluster) -> str:
        if self.look.places:
            return f"#{shown.place}" if shown.place else ""
        return str(graphviz.escape(self.look.link(shown.url) if shown.url else ""))


def _sample(what: str) -> str:
    """A small box of the kind, or the sign itself."""
    frame = 'FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="14"><TR><TD WIDTH="18" HEIGHT="8" FIXEDSIZE="TRUE"></TD></TR></TABLE>'
    return {
        "initial": "●",
        "final": f'<TABLE BORDER="1" CELLBORDER="1" CELLSPACING="2" STYLE="ROUNDED" {frame}',
        "muted": f'<TABLE BORDER="1" CELLBORDER="0" STYLE="DASHED,ROUNDED" {frame}',
    }.get(what, plain(what))


def _stack(graph: graphviz.Digraph, clusters: Sequence[Cluster]) -> None:
    """Each machine begins beneath every state of the one before."""
    for above, below in itertools.pairwise(clusters):
        for box in above.boxes:
            graph.edge(box.id, below.boxes[0].id, style="invis", weight="0")
