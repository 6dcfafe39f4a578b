"""Pictures inside somebody's documents: a block in a page names a protocol's file or has its text.

Shared by the Sphinx directive and the Markdown fence. Such pictures have no links: where a page is read, the file is
not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.diagrams import KINDS, Diagram, diagram
from protoflow.diagrams.look import FONT, Detail, Look, points
from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.language import Reading

OPTIONS = ("kind", "role", "detail", "width", "font", "greyscale")
"""What a block may say about its picture; all is text, and `greyscale` is a flag."""


@dataclass(frozen=True)
class Wanted:
    """What a block asks for."""

    kind: str
    role: str | None
    look: Look


def wanted(options: Mapping[str, str]) -> Wanted:
    """Raises UsageError for an option or value that there is not."""
    for name in options:
        if name not in OPTIONS:
            raise UsageError(f"`{name}` is not an option of a protoflow block: {', '.join(OPTIONS)}")
    kind = options.get("kind", "states")
    if kind not in KINDS[:2]:
        raise UsageError(f"`{kind}` is not a kind that a page can draw: {', '.join(KINDS[:2])}")
    detail = options.get("detail", "full")
    if detail not in set(Detail):
        raise UsageError(f"`{detail}` is not a detail: {', '.join(Detail)}")
    look = Look(
        detail=Detail(detail),
        width=points(options["width"]) if "width" in options else None,
        font=options.get("font", FONT),
        greyscale="greyscale" in options,
        link=_no_link,
    )
    return Wanted(kind, options.get("role"), look)


def _no_link(url: str) -> str:
    return ""


def drawn(reading: Reading, block: Wanted) -> Diagram:
    """The picture of a protocol that was read without errors. Raises UsageError for a role that it has not."""
    assert reading.protocol is not None
    return diagram(reading.protocol, block.kind, block.role, look=block.look)
