"""A layout -> lines, in the one form of protocol files. What that form is, `authoring.format` says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from protoflow.authoring.layout import Block, Comment, Entry, Flow, Layout, Leaf
from protoflow.authoring.table import WIDTH, Line, lined_up
from protoflow.language import keys
from protoflow.language.keys import Table

if TYPE_CHECKING:
    from protoflow.authoring.layout import Node
    from protoflow.authoring.table import Cell

_SPECIAL_IN_BRACES = re.compile(r"[,\[\]{}]|:$|^[-?:]$")
_SECTIONS = {table.section: table for table in keys.TABLES if table.section}
_VALUES = {
    "transitions": keys.TRANSITION,
    "send": keys.SEND,
    "assumptions": keys.ASSUMPTIONS,
    "remove": keys.REMOVED_ROW,
}
_COLUMNS = {
    keys.PARAMETER.title: tuple(keys.PARAMETER.keys),
    keys.MESSAGE.title: tuple(keys.MESSAGE.keys),
    keys.TRANSITION.title: ("trigger", "source", "dest", "handler"),
}
"""Elements whose keys stand below each other, and which keys do; what a row has besides begins in one more column.
States and events differ too much from one to the next.
"""
_REST = ""


@dataclass(frozen=True)
class Section:
    """Elements of a table by their names, which keep their order."""

    table: Table


Kind: TypeAlias = Table | Section | None


def kind_below(kind: Kind, key: str) -> Kind:
    """What a value is, by what it stands in and its key there."""
    if isinstance(kind, Section):
        return kind.table
    if kind is None or key not in kind.keys:
        return None
    if kind in (keys.PROTOCOL, keys.ROLE) and key in _SECTIONS:
        return Section(_SECTIONS[key])
    return _VALUES.get(key)


def printed(layout: Layout) -> str:
    """The whole text. The root must be a `Block`."""
    assert isinstance(layout.root, Block)
    head = re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in layout.head.split("\n"))).lstrip("\n")
    lines = _block(layout.root, keys.PROTOCOL, "")
    if foot := layout.foot.rstrip():
        lines.append(foot)
    return head + "\n".join(lines) + "\n"


# ---- blocks ------------------------------------------------------------------------------------------------------


def _block(block: Block, kind: Kind, indent: str) -> list[str]:
    entries = block.entries
    if isinstance(kind, Table) and block.mapping and not block.marked:
        entries = sorted(entries, key=lambda entry: _place(entry.key, kind))
    inline = _inline_values(block, kind, indent)
    apart = kind == keys.PROTOCOL or kind == Section(keys.ROLE)
    lines: list[str] = []
    previous: Entry | None = None
    for entry in entries:
        if previous is not None:
            above = entry.lead[0].blank if entry.lead else entry.blank
            if above or (apart and (isinstance(previous.value, Block) or isinstance(entry.value, Block))):
                lines.append("")
        lines += _comments(entry.lead, indent)
        if entry.lead and entry.blank:
            lines.append("")
        lines += _entry(entry, block, kind, indent, inline.get(id(entry)))
        previous = entry
    if block.tail and block.tail[0].blank:
        lines.append("")
    return lines + _comments(block.tail, indent)


def _place(key: str, table: Table) -> int:
    """Where a key stands in its table; strangers come last."""
    order = list(table.keys)
    key = _name(key)
    return order.index(key) if key in order else len(order)


def _name(key: str) -> str:
    """A key without its quotes. (None that is known has an escape.)"""
    return key.strip("\"' ")


def _comments(comments: list[Comment], indent: str) -> list[str]:
    lines: list[str] = []
    for number, comment in enumerate(comments):
        if number and comment.blank:
            lines.append("")
        lines.append(indent + comment.text)
    return lines


def _entry(entry: Entry, block: Block, kind: Kind, indent: str, inline: str | None) -> list[str]:
    head = f"{indent}{entry.key}:" if block.mapping else f"{indent}-"
    deeper = indent + "  "
    if inline is not None:
        return [_with_comment(f"{indent}{inline}", entry.trail)]
    if isinstance(entry.value, Block):
        if entry.value.properties:
            head += f" {entry.value.properties}"
        lines = _block(entry.value, kind_below(kind, _name(entry.key)) if block.mapping else kind, deeper)
        alone = bool(entry.value.properties or entry.trail or lines[0].lstrip().startswith("#"))
        if not block.mapping and not alone:
            return [f"{head} {lines[0].lstrip()}", *lines[1:]]
        return [_with_comment(head, entry.trail), *lines]
    first, *rest = _as_it_was(entry.value, len(indent) - block.column)
    if not entry.between:
        lines = [f"{head} {first}", *rest]
    else:
        before = list(entry.between)
        lines = [_with_comment(head, None if before[0].alone else before.pop(0)), *_comments(before, deeper)]
        lines += [f"{deeper}{first}", *rest]
    return [*lines[:-1], _with_comment(lines[-1], entry.trail)]


def _with_comment(line: str, comment: Comment | None) -> str:
    return f"{line}  {comment.text}" if comment else line


def _as_it_was(value: Leaf | Flow, shift: int) -> list[str]:
    """The lines of a value as they were written; those after the first moved as far as what they stand in."""
    first, *rest = f"{value.properties} {value.text}".strip(" ").split("\n")
    if shift < 0:
        rest = [re.sub(rf"^ {{0,{-shift}}}", "", line) for line in rest]
    return [first, *(" " * shift + line if line and shift > 0 else line for line in rest)]


# ---- values on one line ------------------------------------------------------------------------------------------


def _inline_values(block: Block, kind: Kind, indent: str) -> dict[int, str]:
    """By the id of the entry, its line without indentation and comment, where it is one line."""
    found: dict[int, str] = {}
    for entry in block.entries:
        below = kind_below(kind, _name(entry.key)) if block.mapping else kind
        text = None if entry.between else _on_one_line(entry, below, len(indent) + len(entry.key) + 2)
        if text is not None:
            found[id(entry)] = text
    names = {id(entry): f"{entry.key}:" if block.mapping else "-" for entry in block.entries}
    table = kind.table if isinstance(kind, Section) else None if block.mapping else kind
    columns = _COLUMNS.get(table.title, ()) if isinstance(table, Table) else ()
    if not columns and not isinstance(kind, Section):
        return {each: f"{names[each]} {text}" if text else names[each] for each, text in found.items()}
    lines = [
        Line(names[id(entry)], found[id(entry)], tuple(_row(entry.value, table, columns)) if columns else ())
        for entry in block.entries
        if id(entry) in found
    ]
    return dict(zip(found, lined_up(lines, (*columns, _REST), WIDTH - len(indent)), strict=True))


def _row(value: Node, table: Kind, columns: tuple[str, ...]) -> list[Cell]:
    """The cells of a table's row, with all that has no column of its own in one; none where it is no such row."""
    if isinstance(value, Leaf) or not value.mapping or value.marked:
        return []
    cells = _cells(value, table, isinstance(value, Block)) or []
    row = [(_name(key), text) for key, text in cells if _name(key) in columns]
    if rest := [text for key, text in cells if _name(key) not in columns]:
        row.append((_REST, ", ".join(rest)))
    return row


def _on_one_line(entry: Entry, kind: Kind, before: int) -> str | None:
    """The text of a value that is to be on one line, which begins with so many characters; None where it is not."""
    value = entry.value
    if isinstance(value, Block) and (kind != keys.TRANSITION or entry.trail or not value.mapping or value.marked):
        return None
    text = _joined(value, kind)
    written_so = not isinstance(value, Block) and "\n" not in value.text
    if text is None or written_so or (before + len(text) <= WIDTH and not entry.trail):
        return text
    return None


def _joined(node: Node, kind: Kind, braces: bool = False) -> str | None:
    """A value on one line; None where that cannot be. `braces`: it comes from a block, and is to stand in braces."""
    if isinstance(node, Leaf):
        if "\n" in node.text or (braces and node.text[:1] not in "\"'" and _SPECIAL_IN_BRACES.search(node.text)):
            return None
        return f"{node.properties} {node.text}".strip()
    if isinstance(node, Flow) and node.commented:
        return None
    if isinstance(node, Block) and (node.tail or any(_commented(entry) for entry in node.entries)):
        return None
    cells = _cells(node, kind, braces or isinstance(node, Block))
    if cells is None:
        return None
    opening, closing = "{}" if node.mapping else "[]"
    return f"{node.properties} {opening}{', '.join(text for _, text in cells)}{closing}".strip()


def _commented(entry: Entry) -> bool:
    return bool(entry.lead or entry.between or entry.trail)


def _cells(node: Flow | Block, kind: Kind, braces: bool = False) -> list[Cell] | None:
    """Each key with `key: value`, in the order of its table; of a list, each item. None where one has several lines."""
    cells: list[Cell] = []
    pairs = _pairs(node)
    for key, value in pairs:
        text = None if value is None else _joined(value, kind_below(kind, _name(key)) if node.mapping else kind, braces)
        if value is not None and text is None:
            return None
        cells.append((key, text or "") if not key else (key, key if text is None else f"{key}: {text}"))
    if isinstance(kind, Table) and node.mapping and not node.marked:
        cells.sort(key=lambda cell: _place(cell[0], kind))
    return cells


def _pairs(node: Flow | Block) -> list[tuple[str, Node | None]]:
    """Key ("" in a list) and value; no value where a key stands alone."""
    if isinstance(node, Block):
        return [(entry.key, entry.value) for entry in node.entries]
    pairs: list[tuple[str, Node | None]] = []
    for key, value in node.pairs:
        if key is None and node.mapping:
            key, value = value, None
        pairs.append((_joined(key, None) or "" if key is not None else "", value))
    return pairs
