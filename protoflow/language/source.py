"""A text with a name: where in it something stands.

Lines end with a line feed and with nothing else (to YAML, some rarer characters end lines too), so that everybody who
splits the text at line feeds counts the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from protoflow.diagnostics import Span


class Source:
    """The text of one file, without a byte order mark; offsets count characters from 0."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text.lstrip("\ufeff")

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Span(self.file, line, column, end_line, end_column)
