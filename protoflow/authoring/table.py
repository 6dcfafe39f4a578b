"""The lines of a section or table: values stand below each other, and in flow mappings the cells of one key do.

A column begins behind the longest line so far. Where that would make lines too wide, it begins behind the longest of
those that have its key: a row without the key gives that room to what it has. Where even that is too wide, the lines
that take the most room are left out when columns are measured: they have as many of their first cells in line as there
is room for, and run over the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 150
"""No line is made wider than this by lining it up, and nothing that was on several lines is joined to be wider."""

LONG = 8
"""So many lines at most are left out one by one, beside those that are too wide by themselves."""

Cell: TypeAlias = tuple[str, str]
"""A key, and the text `key: value`."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be one line: `name` with its colon, or the dash of an item, and its value, which is `text` or, for a
    row, `cells` of a flow mapping.
    """

    name: str
    text: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A line with its cells in the table's columns, None where it lacks the key."""

    line: Line
    cells: tuple[str | None, ...]


def lined_up(lines: list[Line], columns: tuple[str, ...], room: int) -> list[str]:
    """The lines as text, their cells in the order of `columns` (a key that no row has is none).

    There is `room` characters to a line; one that is longer by itself stays so.
    """
    order = [key for key in columns if any(key == name for line in lines for name, _ in line.cells)]
    rows = [_Row(line, tuple(dict(line.cells).get(key) for key in order)) for line in lines]
    begins = _measured(rows, room)
    return [_fitting(row, begins, room) for row in rows]


def _measured(rows: list[_Row], room: int) -> list[int]:
    """Where the columns begin, the values themselves first, so that the lines fit which are not too long."""
    rest = [row for row in rows if len(_written(row, [])) <= room]
    begins: list[int] = []
    for _ in range(LONG + 1):
        for tight in (False, True):
            begins = _begins(rest, tight)
            if all(len(_written(row, begins)) <= room for row in rest):
                return begins
        del rest[_greediest(rest)]
    return begins


def _begins(rows: list[_Row], tight: bool) -> list[int]:
    """Where the columns begin behind these lines, or behind those of them that have the column's key."""
    begins = [max((len(row.line.name) + 1 for row in rows if row.line.text or row.line.cells), default=0)]
    rows = [row for row in rows if row.line.cells]
    lengths = [begins[0] + 1] * len(rows)
    for number, cells in enumerate(zip(*(row.cells for row in rows), strict=True)):
        starts = [length + 2 * any(row.cells[:number]) for length, row in zip(lengths, rows, strict=True)]
        before = [start for start, text in zip(starts, cells, strict=True) if text is not None or not tight]
        begins.append(max(before, default=0))
        lengths = [
            length if text is None else begins[-1] + len(text) for length, text in zip(lengths, cells, strict=True)
        ]
    return begins


def _greediest(rows: list[_Row]) -> int:
    """Which line makes the columns widest, the others apart; of several the longest."""
    saved = [0] * len(rows)
    for cells in zip(*((row.line.name, *row.cells) for row in rows), strict=True):
        widths = [len(text or "") for text in cells]
        widest, second = sorted([*widths, 0], reverse=True)[:2]
        saved[widths.index(widest)] += widest - second
    return max(range(len(rows)), key=lambda place: (saved[place], len(_written(rows[place], []))))


def _fitting(row: _Row, begins: list[int], room: int) -> str:
    """The line, with as many of its first cells in line as there is room for."""
    bare = _written(row, [])
    lines = (_written(row, begins[:count]) for count in range(len(begins), 0, -1))
    return next((line for line in lines if len(line) <= max(room, len(bare))), bare)


def _written(row: _Row, begins: list[int]) -> str:
    """The line with its value and first cells where these columns begin, or behind what is longer."""
    value, *columns = begins or [0]
    line = f"{row.line.name} ".ljust(value)
    if not row.line.cells:
        return (line + row.line.text).rstrip(" ")
    line += "{"
    separator = ""
    for number, text in enumerate(row.cells):
        if text is not None:
            line = (line + separator).ljust(columns[number] if number < len(columns) else 0) + text
            separator = ", "
    return f"{line}}}"
