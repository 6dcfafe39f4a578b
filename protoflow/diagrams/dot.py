"""A picture as DOT text, built with the `graphviz` package.

Labels are HTML-like: names are escaped there and mean nothing to DOT. Text and neutral lines have no colour of their
own (black), so that `draw` can give them the page's foreground. The title is the label of a cluster around everything
and the legend that of the graph, which puts one above the drawing and the other beneath it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

import graphviz

from protoflow.diagrams import words
from protoflow.diagrams.model import FLOWING, STROKES, VERMILLION, BoxKind, Dash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from protoflow.diagrams.model import Block, Box, Cluster, Edge, Mark, Picture, Stroke

FONT = "Arial"
SMALL, NORMAL, LARGE = "9", "11", "14"  # points
FRAME = "#888888"
GAP = "    "
_LOOP_LINES = 3
_LEGEND_WIDTH = 110  # characters of one line of it
_STYLES = {Dash.SOLID: "solid", Dash.DASHED: "dashed", Dash.DOTTED: "dotted", Dash.DOUBLE: "solid"}


def text(picture: Picture) -> str:
    """The DOT text, byte-stable."""
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "TB" if picture.kind == "states" else "LR",
            "bgcolor": "transparent",
            "fontname": FONT,
            "fontsize": NORMAL,
            "labelloc": "b",
            "nodesep": "0.25",
            "ranksep": "0.45",
            "pad": "0.1",
            "tooltip": graphviz.escape(picture.title),
        },
        node_attr={"fontname": FONT, "fontsize": NORMAL, "shape": "box", "style": "rounded", "margin": "0.1,0.05"},
        edge_attr={"fontname": FONT, "fontsize": SMALL, "arrowsize": "0.7"},
    )
    caption = _caption(picture)
    if caption:
        graph.attr(label=html(caption))
    with graph.subgraph(name="cluster_all") as whole:
        whole.attr(label=html(_title(picture)), labelloc="t", peripheries="0", fontsize=NORMAL)
        # From left to right, `dot` stacks clusters from the bottom upwards.
        for cluster in picture.clusters if picture.kind == "states" else reversed(picture.clusters):
            _cluster(whole, cluster)
    return str(graph.source)


def _cluster(graph: graphviz.Digraph, cluster: Cluster) -> None:
    with graph.subgraph(name=f"cluster_{cluster.id}") as part:
        rows = [bold(cluster.name), *(small(line) for line in cluster.lines), *_marks(cluster.marks)]
        part.attr(
            label=html(_table(rows)) if cluster.framed else "",
            style="rounded",
            color=FRAME,
            penwidth="0.7",
            margin="10",
            URL=graphviz.escape(cluster.url),
            peripheries="1" if cluster.framed else "0",
        )
        degrees = Counter(end for edge in cluster.edges for end in (edge.source, edge.dest))
        order = {box.id: place for place, box in enumerate(cluster.boxes)}
        for box in cluster.boxes:
            part.node(box.id, **_box(box, degrees[box.id]))
        for number, edge in enumerate(cluster.edges):
            label = f"{cluster.id}_{number}"
            if edge.source == edge.dest:
                _loop(part, edge, label)
            elif edge.kind in FLOWING:
                _passage(part, edge, label, forward=order[edge.source] < order[edge.dest])
            else:
                part.edge(edge.source, edge.dest, **_edge(edge))
        _in_order(part, cluster)


def _loop(graph: graphviz.Digraph, edge: Edge, label: str) -> None:
    """A loop with a long label has it in a node of its own beside the state: other lines then keep clear of it."""
    if sum(len(block.lines) for block in edge.blocks) <= _LOOP_LINES:
        graph.edge(edge.source, edge.dest, **_edge(edge))
        return
    graph.edge(edge.source, edge.dest, **_line(edge))
    with graph.subgraph(graph_attr={"rank": "same"}) as beside:
        beside.node(label, shape="plain", **_label(edge))
        beside.edge(edge.source, label, style="invis", weight="10")


def _passage(graph: graphviz.Digraph, edge: Edge, label: str, *, forward: bool) -> None:
    """A message has its label in the middle of its line, in a node: labels stand in order and never overlap.

    Ranks follow the order of the boxes, so that messages back and forth are between the same two columns.
    """
    graph.node(label, shape="plain", **_label(edge))
    line = _line(edge)
    if forward:
        graph.edge(edge.source, label, **line, dir="none")
        graph.edge(label, edge.dest, **line)
    else:
        graph.edge(edge.dest, label, **line, dir="back")
        graph.edge(label, edge.source, **line, dir="none")


def _in_order(graph: graphviz.Digraph, cluster: Cluster) -> None:
    """Messages between the same two boxes stand beneath each other in the order of their numbers.

    In a cluster that is drawn from left to right, `dot` puts the head of a line within one rank above its tail.
    """
    loose = {box.id for box in cluster.boxes if box.kind is BoxKind.LOOSE}
    between: dict[frozenset[str], list[str]] = {}
    for number, edge in enumerate(cluster.edges):
        if edge.kind in FLOWING and edge.source != edge.dest:
            between.setdefault(frozenset({edge.source, edge.dest} - loose), []).append(f"{cluster.id}_{number}")
    for labels in between.values():
        if len(labels) > 1:
            with graph.subgraph(graph_attr={"rank": "same"}, edge_attr={"style": "invis"}) as column:
                for above, below in itertools.pairwise(labels):
                    column.edge(below, above)


def _box(box: Box, degree: int) -> dict[str, str]:
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
        return {"shape": "plain", "label": html(small(box.name)), "tooltip": " "}
    attributes = {
        "label": html(_table(_box_lines(box))),
        "tooltip": graphviz.escape(box.tooltip or box.name),
        "URL": graphviz.escape(box.url),
    }
    if box.kind is BoxKind.ROLE:
        attributes["height"] = f"{max(0.5, 0.22 * degree):.2f}"  # so that the ends of its lines stand apart
    if box.kind is BoxKind.FINAL:
        attributes["peripheries"] = "2"
    if box.muted:
        attributes["style"] = "rounded,dashed"
    if box.marks:
        attributes |= {"color": VERMILLION, "penwidth": "2"}
    return attributes


def _box_lines(box: Box) -> list[str]:
    summary = [f"<I>{small(line)}</I>" for line in box.summary]
    return [bold(box.name), *summary, *map(small, box.lines), *_marks(box.marks)]


def _edge(edge: Edge) -> dict[str, str]:
    return {**_line(edge), **(_label(edge) if edge.blocks else {})}


def _line(edge: Edge) -> dict[str, str]:
    stroke = STROKES[edge.kind]
    colour = stroke.colour or "black"
    attributes = {
        "color": f"{colour}:invis:{colour}" if stroke.dash is Dash.DOUBLE else colour,
        "style": _STYLES[stroke.dash],
        "penwidth": "1.6" if stroke.dash is Dash.DOTTED else "1.1",
    }
    return attributes | ({"dir": "both", "arrowtail": stroke.tail} if stroke.tail else {})


def _label(edge: Edge) -> dict[str, str]:
    first = edge.blocks[0]
    tooltip = graphviz.escape(first.tooltip or " ")
    return {
        "label": html(_blocks(edge.blocks, "CENTER" if edge.kind in FLOWING else "LEFT")),
        "tooltip": tooltip,
        "labeltooltip": tooltip,
        "URL": graphviz.escape(first.url),
        "fontsize": SMALL,
    }


def _blocks(blocks: Sequence[Block], align: str) -> str:
    """One label for all: a block's first words are bold, so that one sees where the next begins."""
    rows = []
    for block in blocks:
        lines = [bold(line.text[: line.strong]) + plain(line.text[line.strong :]) for line in block.lines]
        rows.append("".join(f'{line}<BR ALIGN="{align}"/>' for line in lines))
        rows += _marks(block.marks)
    return _table(rows, align=align, padding=3)


def _title(picture: Picture) -> str:
    name, _, digest = picture.title.rpartition(" ")
    rows = [f'<FONT POINT-SIZE="{LARGE}">{bold(name)}</FONT>  {small(digest)}']
    rows += [plain(picture.summary)] if picture.summary else []
    return _table([*rows, *_marks(picture.marks)])


def _caption(picture: Picture) -> str:
    """The findings, one beneath the other, and the legend beneath them."""
    findings = [(_mark(mark), _lines(words.wrapped(message, _LEGEND_WIDTH))) for mark, message in picture.findings]
    return _table([part for part in (grid(findings), _legend(picture)) if part])


def _legend(picture: Picture) -> str:
    """Entries in columns. Its width is set, or the findings above it would stretch it."""
    entries = [
        (_line_sample(stroke), f"{stroke.sign} {stroke.meaning}".strip())
        for stroke in (STROKES[kind] for kind in picture.line_legend)
    ]
    entries += [(_sample(sample), meaning) for sample, meaning in picture.box_legend]
    if not entries:
        return ""
    lines = -(-sum(len(meaning) + 8 for _, meaning in entries) // _LEGEND_WIDTH)
    per_line = -(-len(entries) // lines)
    rows = [entries[i : i + per_line] for i in range(0, len(entries), per_line)]
    widths = [max(len(row[column][1]) for row in rows if column < len(row)) for column in range(per_line)]
    cells = [[cell for sample, meaning in row for cell in (sample, small(meaning) + GAP)] for row in rows]
    size = f'FIXEDSIZE="TRUE" WIDTH="{sum(5 * width + 48 for width in widths)}" HEIGHT="{20 * len(rows) + 4}"'
    return grid(cells, size)


def _lines(texts: Sequence[str]) -> str:
    return "".join(f'{small(text)}<BR ALIGN="LEFT"/>' for text in texts)


def grid(rows: Sequence[Sequence[str]], size: str = "") -> str:
    """Cells in rows; "" if there are none."""
    if not rows:
        return ""
    lines = ("".join(f'<TD ALIGN="LEFT">{cell}</TD>' for cell in row) for row in rows)
    inner = "".join(f"<TR>{line}</TR>" for line in lines)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="1" {size}>{inner}</TABLE>'


def _line_sample(stroke: Stroke) -> str:
    """A piece of the line."""
    double = stroke.dash is Dash.DOUBLE
    line = (
        f'<TD BORDER="1" SIDES="{"TB" if double else "B"}" STYLE="{_STYLES[stroke.dash]}" '
        f'COLOR="{stroke.colour or "black"}" WIDTH="24" HEIGHT="{3 if double else 6}" FIXEDSIZE="TRUE"></TD>'
    )
    below = "" if double else '<TR><TD HEIGHT="5"></TD></TR>'
    return f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{line}</TR>{below}</TABLE>'


def _sample(what: str) -> str:
    """A small box of the kind, or the sign itself."""
    frame = 'FIXEDSIZE="TRUE" WIDTH="24" HEIGHT="14"><TR><TD WIDTH="18" HEIGHT="8" FIXEDSIZE="TRUE"></TD></TR></TABLE>'
    return {
        "initial": "●",
        "final": f'<TABLE BORDER="1" CELLBORDER="1" CELLSPACING="2" STYLE="ROUNDED" {frame}',
        "muted": f'<TABLE BORDER="1" CELLBORDER="0" STYLE="DASHED,ROUNDED" {frame}',
    }.get(what, plain(what))


def html(inner: str) -> str:
    return f"<{inner}>"


def _table(rows: Sequence[str], align: str = "CENTER", padding: int = 1) -> str:
    inner = "".join(f'<TR><TD ALIGN="{align}" BALIGN="{align}">{row}</TD></TR>' for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{inner}</TABLE>'


def _marks(marks: Iterable[Mark]) -> list[str]:
    return [_mark(mark) for mark in marks]


def _mark(mark: Mark) -> str:
    """Its size is set: a table in a table would be stretched to the width of the other."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{5 * len(str(mark)) + 6}" HEIGHT="14"'
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" COLOR="{VERMILLION}" {size}>'
        f"<TR><TD {size}>{small(str(mark))}</TD></TR></TABLE>"
    )


def bold(text: str) -> str:
    return f"<B>{plain(text)}</B>" if text else ""


def small(text: str) -> str:
    return f'<FONT POINT-SIZE="{SMALL}">{plain(text)}</FONT>' if text else ""


def plain(text: str) -> str:
    """Text for an HTML-like label; `\\N` and its like would stand for names of nodes even there."""
    return escape(text).replace("\\", "\\\\")
