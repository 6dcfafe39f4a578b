"""How a protocol file is written: its values with their comments and blank lines, as a tree that can be printed anew.

Built from the parser's tokens, and only for a text that `language.tree` has read without a finding, which bounds its
depth and leaves tags, doubled keys and keys of several words out. A scalar is the text it was written as. Whatever
stands between two tokens is white space and comments; each comment goes to the value that a reader would say it is
about: the one it follows on the same line, else the one below it, or the end of the block that it is indented with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"#[^\n]*")


class UnusualError(Exception):
    """The text is written in a way that this module does not follow."""


@dataclass(frozen=True, slots=True)
class Comment:
    """`alone`: nothing but white space before it on its line; `blank`: an empty line stands above it."""

    text: str
    column: int
    alone: bool
    blank: bool


@dataclass(slots=True, eq=False)
class Leaf:
    """A scalar, an alias, or nothing at all (`text` empty).

    Of every node, `properties` is the anchor before it, and `marked` says whether an anchor or alias stands in it.
    """

    text: str
    properties: str = ""
    marked: bool = False


@dataclass(slots=True, eq=False)
class Flow:
    """A collection in brackets or braces. `pairs` have None as key in a list, and None as value where no `:` stands.

    `text` is the whole as written; `commented`: with comments inside.
    """

    text: str
    properties: str = ""
    marked: bool = False
    commented: bool = False
    pairs: list[tuple[Node | None, Node | None]] = field(default_factory=list)

    @property
    def mapping(self) -> bool:
        return self.text.startswith("{")


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, or an item of a list (`key` "").

    `lead`: the comments above it; `blank`: an empty line directly above it; `between`: comments before a value that is
    no block; `trail`: the comment at the end of its line.
    """

    key: str
    value: Node
    lead: list[Comment]
    blank: bool
    between: list[Comment] = field(default_factory=list)
    trail: Comment | None = None


@dataclass(slots=True, eq=False)
class Block:
    """A collection of one entry to a line. `tail`: the comments at its end."""

    mapping: bool
    column: int
    properties: str = ""
    marked: bool = False
    entries: list[Entry] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)


Node: TypeAlias = Leaf | Flow | Block


@dataclass(frozen=True, slots=True)
class Layout:
    """`head` is the text above the first line of the root, `foot` what begins with the end of the document (`...`).

    `comments` has the words of all comments, in order.
    """

    head: str
    root: Node
    foot: str
    comments: tuple[str, ...]


def lay_out(text: str) -> Layout:
    """The layout of a text with line feeds. Raises UnusualError for what no tool and no person writes."""
    return _Reader(text).layout()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Any] = list(yaml.scan(text, Loader=_LOADER))
        self.index = 0
        self.reached = 0  # the end of the last token with any text
        self.pending: list[Comment] = []
        self.comments: list[str] = []

    # ---- tokens and what stands between them -------------------------------------------------------------------------

    def next_is(self, *kinds: type[Any]) -> bool:
        return isinstance(self.tokens[self.index], kinds)

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return int(self.tokens[self.index].start_mark.index)

    def take(self) -> Any:
        """The next token; the comments behind it are then pending."""
        token = self.tokens[self.index]
        self.index += 1
        self.reached = max(self.reached, token.end_mark.index)
        if self.index < len(self.tokens):
            self._gather(self.start)
        return token

    def _gather(self, end: int) -> None:
        for found in _COMMENT.finditer(self.text, self.reached, max(end, self.reached)):
            line = self.text.rfind("\n", 0, found.start()) + 1
            alone = not self.text[line : found.start()].strip()
            words = found[0].rstrip()
            self.comments.append(words)
            self.pending.append(Comment(words, found.start() - line, alone, self._blank_above(line)))
        self.reached = max(end, self.reached)

    def _blank_above(self, offset: int) -> bool:
        line = self.text.rfind("\n", 0, offset) + 1
        return line > 1 and not self.text[self.text.rfind("\n", 0, line - 1) + 1 : line - 1].strip()

    def same_line(self) -> Comment | None:
        """The pending comment that stands behind something."""
        return self.pending.pop(0) if self.pending and not self.pending[0].alone else None

    def all_pending(self) -> list[Comment]:
        found, self.pending = self.pending, []
        return found

    # ---- nodes -------------------------------------------------------------------------------------------------------

    def layout(self) -> Layout:
        while self.next_is(yaml.StreamStartToken, yaml.DirectiveToken, yaml.DocumentStartToken):
            self.take()
        begin = self.text.rfind("\n", 0, self.start) + 1
        if self.text[begin : self.start].strip():
            raise UnusualError
        self.pending = []  # they are in the head
        root = self.node()
        if isinstance(root, Block):
            root.tail += self.all_pending()
        foot = ""
        if self.next_is(yaml.DocumentEndToken):
            foot = self.text[self.start :]
            self.take()
        if not self.next_is(yaml.StreamEndToken):
            raise UnusualError
        return Layout(self.text[:begin], root, foot, tuple(self.comments))

    def node(self, entry: Entry | None = None) -> Node:
        """The next value. `entry`, whose value it is, gets the comments before and behind it."""
        begin = self.start
        marked = False
        while self.next_is(yaml.AnchorToken, yaml.TagToken):
            marked = True
            self.take()
        properties = " ".join(self.text[begin : self.reached].split()) if marked else ""
        if self.next_is(yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.BlockEntryToken):
            if self.next_is(yaml.BlockEntryToken) and entry is not None and not entry.key:
                return self._nothing(entry, properties, marked)
            if entry is not None:
                entry.trail = self.same_line()
            return self._block(properties, marked)
        if not self.next_is(yaml.ScalarToken, yaml.AliasToken, yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken):
            return self._nothing(entry, properties, marked)
        if entry is not None:
            entry.between = self.all_pending()
        found: Node
        if self.next_is(yaml.ScalarToken, yaml.AliasToken):
            token = self.take()
            words = self.text[token.start_mark.index : token.end_mark.index]
            if getattr(token, "style", None) in ("|", ">") and "+" not in words.partition("\n")[0]:
                words = words.rstrip("\n ")
            found = Leaf(words, properties, marked or isinstance(token, yaml.AliasToken))
        else:
            found = self._flow(properties, marked)
        if entry is not None:
            entry.trail = self.same_line()
        return found

    def _nothing(self, entry: Entry | None, properties: str, marked: bool) -> Leaf:
        if entry is not None:
            entry.trail = self.same_line()
        return Leaf("", properties, marked)

    def _block(self, properties: str, marked: bool) -> Block:
        dashes_alone = self.next_is(yaml.BlockEntryToken)  # a list no deeper than the key that it belongs to
        column = self.tokens[self.index].start_mark.column
        block = Block(self.next_is(yaml.BlockMappingStartToken), column, properties, marked)
        if not dashes_alone:
            self.take()
        while self.next_is(yaml.KeyToken, yaml.BlockEntryToken):
            if dashes_alone and not self.next_is(yaml.BlockEntryToken):
                return block
            block.entries.append(self._entry(first=not block.entries))
            block.marked |= block.entries[-1].value.marked
        if not dashes_alone:
            if not self.next_is(yaml.BlockEndToken):
                raise UnusualError
            while self.pending and self.pending[0].column >= column:
                block.tail.append(self.pending.pop(0))
            self.take()
        return block

    def _entry(self, first: bool) -> Entry:
        blank = self._blank_above(self.start)
        entry = Entry("", Leaf(""), self.all_pending(), blank)
        if first:  # what is above it is above the block
            if entry.lead:
                entry.lead[0] = replace(entry.lead[0], blank=False)
            else:
                entry.blank = False
        token = self.take()
        if isinstance(token, yaml.KeyToken):
            key = self.node()
            if not isinstance(key, Leaf) or "\n" in key.text or not key.text:
                raise UnusualError
            entry.key = f"{key.properties} {key.text}".strip()
            if isinstance(self.tokens[self.index - 1], yaml.AliasToken):
                entry.key += " "  # a name may hold a colon
            if not self.next_is(yaml.ValueToken):
                raise UnusualError
            self.take()
            entry.value = self.node(entry)
            entry.value.marked |= key.marked
        else:
            entry.value = self.node(entry)
        return entry

    def _flow(self, properties: str, marked: bool) -> Flow:
        begin, before = self.start, len(self.pending)
        self.take()
        flow = Flow("", properties, marked)
        while not self.next_is(yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken):
            if self.next_is(yaml.FlowEntryToken):
                self.take()
            else:
                flow.pairs.append(self._pair())
                for each in flow.pairs[-1]:
                    flow.marked |= each is not None and each.marked
                    flow.commented |= isinstance(each, Flow) and each.commented
        flow.commented |= len(self.pending) > before
        del self.pending[before:]
        flow.text = self.text[begin : self.take().end_mark.index]
        return flow

    def _pair(self) -> tuple[Node | None, Node | None]:
        if not self.next_is(yaml.KeyToken):
            return None, self.node()
        self.take()
        key = self.node()
        if not self.next_is(yaml.ValueToken):
            return key, None
        self.take()
        return key, self.node()
