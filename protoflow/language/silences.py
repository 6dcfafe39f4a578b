"""The comments that silence findings: `# protoflow: ignore[PF105] reason`, for findings on the same line.

YAML parsers drop comments, so these are found in the text. A `#` that lies inside a scalar is no comment; what follows
the mark of a block scalar on its line (`summary: | # …`) is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.language.tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from protoflow.diagnostics import Span
    from protoflow.language.source import Source
    from protoflow.language.tree import Node

_COMMENT = re.compile(
    r"(?:^|(?<=[ \t]))#[ \t]*protoflow:[ \t]*ignore\b(?:\[([^\]\r\n]*)\])?[ \t]*([^\r\n]*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Silence:
    """`codes` is empty where the comment names none; it then silences nothing."""

    span: Span
    codes: tuple[str, ...]
    reason: str
    line: int


def find_silences(source: Source, root: Node | None) -> tuple[Silence, ...]:
    matches = list(_COMMENT.finditer(source.text))
    if not matches or root is None:
        return ()
    texts = _texts(root)
    silences = []
    for match in matches:
        before = bisect_right(texts, match.start(), key=lambda text: text[0])
        if before and match.start() < texts[before - 1][1]:
            continue
        end = match.start() + len(match[0].rstrip())
        span = source.span(match.start(), end)
        codes = tuple(code.strip() for code in (match[1] or "").split(",") if code.strip())
        silences.append(Silence(span, codes, match[2].strip(), span.line))
    return tuple(silences)


def _texts(root: Node) -> list[tuple[int, int]]:
    """Where the text of each scalar begins and ends, in order."""
    todo, seen, texts = [root], set(), []
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Scalar():
                start = node.start
                if node.source.text[start : start + 1] in ("|", ">"):
                    line_end = node.source.text.find("\n", start, node.end)
                    start = line_end if line_end >= 0 else node.end
                texts.append((start, node.end))
            case Sequence():
                todo.extend(node.items)
            case Mapping():
                for key, value in node.entries:
                    todo += (key, value)
    return sorted(texts)
