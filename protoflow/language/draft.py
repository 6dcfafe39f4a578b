"""What one file says, before bases are merged and names are looked up.

Elements are the model's own dataclasses. Two things in them are provisional until `resolve`: a send's target that is no
reserved word is a SELECTOR, and an inverse link has neither roles nor a shape. An element that could not be read is
there by name with None, so that references to it are not reported as unknown; a field that could not be read has its
default.
The keys of all dictionaries are `Name`s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protoflow.diagnostics import Span
    from protoflow.protocol import (
        Count,
        Event,
        Link,
        MessageType,
        Name,
        Parameter,
        Property,
        State,
        Transition,
    )


@dataclass(slots=True)
class RowKeys:
    """The (source, trigger) pairs that a `remove` names."""

    sources: tuple[Name, ...]
    triggers: tuple[Name, ...]
    span: Span


@dataclass(slots=True)
class RoleDraft:
    name: Name
    span: Span
    spans: dict[str, Span] = field(default_factory=dict)
    cls: Name | None = None
    replaced: Name | None = None  # the class of a base, in whose place `cls` stands
    count: Count | None = None
    initial: Name | None = None
    summary: str = ""
    states: dict[str, State | None] = field(default_factory=dict)
    events: dict[str, Event | None] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    removed_names: list[Name] = field(default_factory=list)
    removed_rows: list[RowKeys] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    file: str
    span: Span
    name: Name | None = None
    summary: str = ""
    source: str = ""
    extends: list[Name] = field(default_factory=list)
    parameters: dict[str, Parameter | None] = field(default_factory=dict)
    messages: dict[str, MessageType | None] = field(default_factory=dict)
    roles: dict[str, RoleDraft] = field(default_factory=dict)
    links: dict[str, Link | None] = field(default_factory=dict)
    fifo: bool | None = None
    crashes: dict[str, int] | None = None
    numbers: dict[str, int] = field(default_factory=dict)  # of the assumptions: early_timeouts, loss, duplicates
    assumption_spans: dict[str, Span] = field(default_factory=dict)
    properties: dict[str, Property | None] = field(default_factory=dict)
    removed: list[Name] = field(default_factory=list)
