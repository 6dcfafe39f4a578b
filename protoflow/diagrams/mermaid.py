"""A state picture as Mermaid text (a flowchart, which has dashes, rings and clicks where state diagrams have not).

Ids are generated; names stand in quoted labels with everything that means something to Mermaid or HTML as an entity
code (`#59;` for a semicolon).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.diagrams.model import STROKES, VERMILLION, WIDTH, BoxKind, Dash, LineKind
from protoflow.diagrams.words import unquoted, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from protoflow.diagrams.look import Look
    from protoflow.diagrams.model import Block, Box, Cluster, Edge, Picture

_ARROWS = {Dash.SOLID: "-->", Dash.DASHED: "-.->", Dash.DOTTED: "-.->", Dash.DOUBLE: "==>"}
_DASHES = {Dash.SOLID: "———", Dash.DASHED: "╌╌╌", Dash.DOTTED: "┈┈┈", Dash.DOUBLE: "═══"}
_SAMPLES = {kind: f"{_DASHES[stroke.dash]} {stroke.sign}".strip() for kind, stroke in STROKES.items()}
_SPECIAL = re.compile(r"[^\w .,:()/!?=+→×≥≤…↻◆○◇✗●—╌┈═-]|_{2,}|^[-+]|^\d+[.)](?= )")
"""What Mermaid, HTML or Markdown could take for something else (Mermaid reads Markdown in every label)."""


def escaped(text: str) -> str:
    """`text` as it may stand in a quoted label or a message."""
    return _SPECIAL.sub(lambda found: "".join(f"#{ord(c)};" for c in found[0]), text)


_CONFIG = """config:
  flowchart:
    wrappingWidth: 400
    subGraphTitleMargin:
      bottom: 16"""


def text(picture: Picture, look: Look) -> str:
    """The Mermaid text, byte-stable."""
    links = [link for cluster in picture.clusters for link in _links(cluster)]
    plain = [link.source for link in links if link.label] + [name for name, _ in captions(picture, _SAMPLES)]
    lines = [
        "---",
        f"title: {json.dumps(picture.title)}",
        _CONFIG,
        "---",
        "flowchart TB",
        f"  accTitle: {escaped(picture.title)}",
        f"  accDescr: {escaped(picture.description)}",
    ]
    for cluster in picture.clusters:
        lines += _cluster(cluster)
    lines += [f'  {name}["{joined(text)}"]' for name, text in captions(picture, _SAMPLES)]
    lines += [f"  {link.source} {link.arrow} {link.dest}" for link in links]
    lines += _link_styles(links, coloured=not look.greyscale)
    lines += [
        "  classDef initial fill:currentColor,stroke:currentColor",
        "  classDef muted stroke-dasharray:5 5",
        f"  classDef marked {'' if look.greyscale else f'stroke:{VERMILLION},'}stroke-width:3px",
        "  classDef plain fill:none,stroke:none",
    ]
    lines += [f"  class {box.id} {name}" for box in picture.boxes for name in _classes(box)]
    lines += [f"  class {name} plain" for name in plain]
    links_to = {box: look.link(box.url) for box in picture.boxes if box.url}
    lines += [f'  click {box.id} href "{url}" "{escaped(box.tooltip)}"' for box, url in links_to.items() if url]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Link:
    """A line of the text that draws a line; `label`: its source is the label of an edge."""

    source: str
    arrow: str
    dest: str
    kind: LineKind
    label: bool = False


def _links(cluster: Cluster) -> Iterator[_Link]:
    """A loop leads through a node with its label: Mermaid lets a long label of a loop overlap with others."""
    for number, edge in enumerate(cluster.edges):
        arrow = _ARROWS[edge.stroke.dash]
        if edge.source == edge.dest:
            label = _label_id(cluster, number)
            yield _Link(edge.source, "---", label, edge.kind)
            yield _Link(label, arrow, edge.dest, edge.kind, label=True)
        else:
            text = f'|"{edge_label(edge)}"|' if edge.blocks else ""
            yield _Link(edge.source, arrow + text, edge.dest, edge.kind)


def _label_id(cluster: Cluster, number: int) -> str:
    return f"{cluster.id}_{number}"


def _cluster(cluster: Cluster) -> Iterator[str]:
    yield f'  subgraph {cluster.id}["{joined([cluster.name, *map(str, cluster.marks)])}"]'
    yield "    direction TB"
    yield from (f"    {box.id}{_shape(box)}" for box in cluster.boxes)
    for number, edge in enumerate(cluster.edges):
        if edge.source == edge.dest:
            yield f'    {_label_id(cluster, number)}["{edge_label(edge)}"]'
    yield "  end"


def _shape(box: Box) -> str:
    if box.kind is BoxKind.INITIAL:
        return '((" "))'
    label = joined([box.name, *map(unquoted, box.summary), *box.lines, *map(str, box.marks)])
    return f'((("{label}")))' if box.kind is BoxKind.FINAL else f'("{label}")'


def joined(lines: Sequence[str]) -> str:
    return "<br/>".join(escaped(line) for line in lines)


def edge_label(edge: Edge) -> str:
    return "<br/>".join(_block(block) for block in edge.blocks)


def _block(block: Block) -> str:
    return joined([*(line.text for line in block.lines), *map(str, block.marks)])


def _link_styles(links: Sequence[_Link], *, coloured: bool) -> Iterator[str]:
    for kind in LineKind:
        numbers = ",".join(str(number) for number, link in enumerate(links) if link.kind is kind)
        stroke = STROKES[kind]
        style = [f"stroke:{stroke.colour},stroke-width:2px"] if stroke.colour and coloured else []
        style += ["stroke-dasharray:2 4"] if stroke.dash is Dash.DOTTED else []
        if numbers and style:
            yield f"  linkStyle {numbers} {','.join(style)}"


def _classes(box: Box) -> Iterator[str]:
    if box.kind is BoxKind.INITIAL:
        yield "initial"
    if box.muted:
        yield "muted"
    if box.marks:
        yield "marked"


def captions(picture: Picture, samples: Mapping[LineKind, str]) -> Iterator[tuple[str, list[str]]]:
    """(id, lines): the findings, and the legend, in which `samples` has the looks of each kind of line."""
    if picture.findings:
        listed = (wrapped(f"{mark} {unquoted(message)}", 2 * WIDTH) for mark, message in picture.findings)
        yield "findings", [line for lines in listed for line in lines]
    entries = [f"{samples[kind]} {STROKES[kind].meaning}" for kind in picture.line_legend]
    boxes = {"initial": "●", "final": "two rings:", "muted": "dashed frame:"}
    entries += [f"{boxes.get(sample, sample)} {meaning}" for sample, meaning in picture.box_legend]
    if entries:
        yield "legend", entries
