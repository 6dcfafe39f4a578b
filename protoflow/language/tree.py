"""YAML text -> a small positioned tree of our own.

Built from parser events with an explicit stack, never by recursion, so that nesting cannot exhaust Python's. Depth and
the number of values are bounded, and an alias counts for all the values it stands for: no file costs more than that.
Scalars keep their raw text; what it means is for `scalars` to say. Tags and a second document are refused; a key given
twice is PF004, and its second value is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import yaml

from protoflow.diagnostics import Label
from protoflow.language.limits import MAX_DEPTH, MAX_VALUES
from protoflow.language.suggest import clip
from protoflow.language.yaml_errors import one_character, plain_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.diagnostics import Help, Span
    from protoflow.language.findings import Findings
    from protoflow.language.source import Source

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class Scalar:
    """`plain`: neither quoted nor a block, so it may be a number, a boolean or nothing."""

    source: Source
    start: int
    end: int
    text: str
    plain: bool

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)

    @property
    def empty(self) -> bool:
        return self.plain and not self.text


@dataclass(slots=True, eq=False)
class Sequence:
    source: Source
    start: int
    end: int = 0
    items: list[Node] = field(default_factory=list)

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)


@dataclass(slots=True, eq=False)
class Mapping:
    source: Source
    start: int
    end: int = 0
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.entries if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


class _RefusedError(Exception):
    """The text as a whole cannot be read; the finding has been made."""


def compose(
    source: Source, findings: Findings, mended: Callable[[tuple[Help, ...]], Help | None] = lambda _: None
) -> Node | None:
    """The tree of the one document in `source`; None where there is none, with the reason among the findings.

    Of what may help where this is no YAML, `mended` says what does.
    """
    try:
        return _Composer(source, findings).compose()
    except _RefusedError:
        return None
    except yaml.YAMLError as error:
        message, offset, labels, helps = plain_words(error, source)
        findings.add("PF001", message, one_character(source, offset), related=labels, help=mended(helps))
        return None


@dataclass(slots=True)
class _Open:
    """A collection that is being filled, `values` being how many there were when it began."""

    node: Sequence | Mapping
    flow: bool
    anchor: str | None
    values: int
    key: Node | None = None  # of a mapping: the key whose value comes next
    keys: dict[str, Scalar] = field(default_factory=dict)


class _Composer:
    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.values = 0
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # None: still being filled
        self.root: Node | None = None
        self.end_of_words = 0

    def compose(self) -> Node | None:
        for event in yaml.parse(self.source.text, Loader=_LOADER):
            match event:
                case yaml.ScalarEvent():
                    self.scalar(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self.begin(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.finish(event)
                case yaml.AliasEvent():
                    self.alias(event)
                case yaml.DocumentStartEvent() if self.root is not None:
                    self.refuse("a second document begins here; a file holds one protocol", event)
        return self.root

    def refuse(self, message: str, event: Any) -> NoReturn:
        start = event.start_mark.index
        end = max(start + 1, min(event.end_mark.index, start + 40))
        self.findings.add("PF001", message, self.source.span(start, min(end, len(self.source.text))))
        raise _RefusedError

    def count(self, event: Any, values: int = 1) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            self.refuse(f"there are more than {MAX_VALUES:,} values in this file, aliases written out", event)

    def check_tag(self, event: Any) -> None:
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(f"`{clip(shown)}` is a YAML tag; protocol files have none", event)

    def scalar(self, event: Any) -> None:
        self.count(event)
        self.check_tag(event)
        plain = event.style in (None, "")
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None:
            start = self._after_anchor(start, end)
        node = Scalar(self.source, start, end, event.value, plain)
        if end > start:
            self.end_of_words = end
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self.place(node)

    def _after_anchor(self, start: int, end: int) -> int:
        """The place behind `&name`, so that a span has the words only."""
        text = self.source.text
        if text.startswith("&", start):
            while start < end and not text[start].isspace():
                start += 1
            while start < end and text[start].isspace():
                start += 1
        return start

    def begin(self, event: Any) -> None:
        self.count(event)
        self.check_tag(event)
        if len(self.stack) == MAX_DEPTH:
            self.refuse(f"values are nested more than {MAX_DEPTH} deep here", event)
        kind = Mapping if isinstance(event, yaml.MappingStartEvent) else Sequence
        start, end = event.start_mark.index, event.end_mark.index
        node = kind(self.source, self._after_anchor(start, end) if event.anchor is not None else start)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(node, bool(event.flow_style), event.anchor, self.values - 1))

    def finish(self, event: Any) -> None:
        opened = self.stack.pop()
        node = opened.node
        if opened.flow:
            node.end = self.end_of_words = event.end_mark.index
        else:  # the end mark of a block lies where the next thing begins
            node.end = self.end_of_words
        if opened.anchor is not None:
            self.anchors[opened.anchor] = (node, self.values - opened.values)
        self.place(node)

    def alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self.anchors:
            self.refuse(f"`*{clip(name)}` stands for `&{clip(name)}`, which is not written before it", event)
        target = self.anchors[name]
        if target is None:
            self.refuse(f"`*{clip(name)}` stands inside the value that it stands for", event)
        self.count(event, target[1])
        self.end_of_words = event.end_mark.index
        self.place(target[0])

    def place(self, node: Node) -> None:
        """Put a finished value where it belongs: into the open collection, or at the root."""
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif top.key is None:
            top.key = node
        else:
            self.entry(top, top.node, top.key, node)
            top.key = None

    def entry(self, opened: _Open, mapping: Mapping, key: Node, value: Node) -> None:
        if isinstance(value, Scalar) and value.empty:  # nothing to point at: point at the key
            value.start, value.end = key.start, key.end
        if not isinstance(key, Scalar):
            self.findings.add("PF002", "a key must be a single word", key.span)
            self.findings.excuse(value)
        elif key.text in opened.keys:
            self.findings.add(
                "PF004",
                f"`{clip(key.text)}` is given twice",
                key.span,
                label="here again",
                related=(Label(opened.keys[key.text].span, "first given here"),),
            )
            self.findings.excuse(value)
        else:
            opened.keys[key.text] = key
            mapping.entries.append((key, value))
