"""Which indentation would have fitted: for the commonest mistake in YAML, of which its parser says the least."""

from __future__ import annotations

import re
from typing import NamedTuple

_KEY = re.compile(r"[^\s{\[#|>][^#{\[]*?:(\s|$)")


class Level(NamedTuple):
    """A block that is open: how far it is indented, whether by dashes, and where its last entry begins."""

    indent: int
    dash: bool
    offset: int


def misfit(text: str, offset: int) -> tuple[int, tuple[Level, ...]] | None:
    """How many spaces the line at `offset` has before it, and the levels below and above that which would fit.

    None where `offset` is not the first thing on its line, or where its indentation does fit.
    """
    begin = text.rfind("\n", 0, offset) + 1
    if text[begin:offset].strip(" "):
        return None
    indent, dash = offset - begin, text.startswith("- ", offset)
    fitting = [level for level in _open_before(text[:begin]) if level.dash == dash]
    if not fitting or any(level.indent == indent for level in fitting):
        return None
    lower = [level for level in fitting if level.indent < indent][-1:]
    higher = [level for level in fitting if level.indent > indent][:1]
    return indent, (*lower, *higher)


def _open_before(text: str) -> list[Level]:
    """The levels at the end of `text`, outermost first."""
    levels: list[Level] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        rest = line.lstrip(" ")
        indent = len(line) - len(rest)
        if rest.strip() and not rest.startswith("#"):
            while levels and levels[-1].indent > indent:
                levels.pop()
            while rest.startswith("- "):
                levels = [level for level in levels if level[:2] != (indent, True)]
                levels.append(Level(indent, True, offset + indent))
                rest = rest[1:].lstrip(" ")
                indent = len(line) - len(rest)
            if _KEY.match(rest):
                levels = [level for level in levels if level.indent != indent]
                levels.append(Level(indent, False, offset + indent))
        offset += len(line)
    return levels
