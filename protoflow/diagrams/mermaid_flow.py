"""A flow picture as Mermaid text: a sequence diagram, in which the numbered messages stand in their order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from protoflow.diagrams.mermaid import captions, edge_label, escaped, joined
from protoflow.diagrams.model import BoxKind, LineKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from protoflow.diagrams.look import Look
    from protoflow.diagrams.model import Box, Cluster, Picture

_ARROWS = {LineKind.SEND: "->>", LineKind.REPLY: "-->>", LineKind.BROADCAST: "-)"}
_SAMPLES = {
    LineKind.SEND: "closed arrow:",
    LineKind.REPLY: "dashed line:",
    LineKind.BROADCAST: "open arrow:",
    LineKind.LOOSE: "✗",
}
_SHADE = "rgba(127, 127, 127, 0.12)"


def text(picture: Picture, look: Look) -> str:
    """The Mermaid text, byte-stable."""
    roles = {box.name: box for box in picture.boxes if box.kind is BoxKind.ROLE}
    ids = {name: f"p{place}" for place, name in enumerate(roles)}
    everyone = f"p0,p{len(ids) - 1}" if len(ids) > 1 else "p0"
    linked = [(name, box, look.link(box.url) if box.url else "") for name, box in roles.items()]
    lines = [
        "---",
        f"title: {json.dumps(picture.title)}",
        "---",
        "sequenceDiagram",
        f"  accTitle: {escaped(picture.title)}",
        f"  accDescr: {escaped(picture.description)}",
        *(f"  participant {ids[name]} as {_described(box)}" for name, box in roles.items()),
        *(f"  link {ids[name]}: {escaped(box.tooltip)} @ {url}" for name, box, url in linked if url),
    ]
    for cluster in picture.clusters:
        phase = [f"  rect {_SHADE}", f"  Note over {everyone}: {escaped(cluster.name)}"] if cluster.framed else []
        lines += [*phase, *_messages(cluster, ids), *(["  end"] if phase else [])]
    lines += [f"  Note over {everyone}: {joined(said)}" for _, said in captions(picture, _SAMPLES)]
    return "\n".join(lines) + "\n"


def _described(box: Box) -> str:
    return joined([box.name, *map(str, box.marks)])


def _messages(cluster: Cluster, ids: Mapping[str, str]) -> Iterator[str]:
    """What is sent and not handled ends in a cross; what is never sent is a note at its receiver."""
    boxes = {box.id: box for box in cluster.boxes}
    for edge in cluster.edges:
        source, dest = boxes[edge.source], boxes[edge.dest]
        if source.kind is BoxKind.LOOSE:
            yield f"  Note over {ids[dest.name]}: {edge_label(edge)}<br/>{escaped(source.name)}"
        elif dest.kind is BoxKind.LOOSE:
            yield f"  {ids[source.name]}-x{ids[boxes[edge.toward].name]}: {edge_label(edge)}<br/>{escaped(dest.name)}"
        else:
            yield f"  {ids[source.name]}{_ARROWS[edge.kind]}{ids[dest.name]}: {edge_label(edge)}"
