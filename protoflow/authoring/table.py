"""Rows of a table written as flow mappings: cells of one key stand below each other.

A column begins behind the longest row so far. Where that would make rows too wide, it begins behind the longest of
those that have its key: a row without the key gives that room to what it has. Where even that is too wide, the last
columns are not lined up.
"""

from __future__ import annotations

from typing import TypeAlias

WIDTH = 150
"""No row is made wider than this by lining it up, and nothing that was on several lines is joined to be wider."""

Cell: TypeAlias = tuple[str, str]
"""A key, and the text `key: value`."""


def lined_up(rows: list[list[Cell]], columns: tuple[str, ...], room: int) -> list[str]:
    """The rows as text, their cells in the order of `columns` (a key that no row has is none).

    There is `room` characters to a line; a row that is longer by itself stays so.
    """
    order = [key for key in columns if any(key == name for row in rows for name, _ in row)]
    bare = _written(rows, order, 0, tight=True)
    for count, tight in ((len(order), False), *((number, True) for number in range(len(order), 0, -1))):
        written = _written(rows, order, count, tight)
        if all(len(line) <= max(room, len(plain)) for line, plain in zip(written, bare, strict=True)):
            return written
    return bare


def _written(rows: list[list[Cell]], order: list[str], count: int, tight: bool) -> list[str]:
    """The rows with the first so many columns lined up."""
    lines = ["{"] * len(rows)
    for number, key in enumerate(order):
        texts = [dict(row).get(key) for row in rows]
        starts = [line if line == "{" else f"{line}, " for line in lines]
        before = [start for start, text in zip(starts, texts, strict=True) if text is not None or not tight]
        column = max(map(len, before)) if number < count else 0
        lines = [
            line if text is None else start.ljust(column) + text
            for line, start, text in zip(lines, starts, texts, strict=True)
        ]
    return [f"{line}}}" for line in lines]
