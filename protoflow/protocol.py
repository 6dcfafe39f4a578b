"""The typed, immutable model of a protocol.

It says what a file says, with `extends` merged and shorthands spelled out, and knows nothing of YAML or of running.
What happens next when a course runs is for `protoflow.program` alone to say.

Names keep the place at which they were written: a `Name` is a `str` with a `span`. Elements have a `span` (their name,
or a whole row) and `spans`, the place of each field's value by the field's key. Places never take part in comparisons:
two protocols are equal when they mean the same.

A number, share or duration may be the name of a parameter instead: there the value is a `Name`, else a plain
`int`, `Fraction` (in (0, 1]) or `float` (seconds).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.diagnostics import Span

EVERYTHING = "*"
"""In `ignore` and `defer`: every message; in `source`: every state that is not final."""

START = "start"
LOST = "lost"
FRESH = "fresh"
RESERVED_TRIGGERS = (START, LOST)
RESERVED_TARGETS = ("all", "sender")
RESERVED_WORDS = ("maybe", "one", "optional")


class Name(str):
    """An identifier, with the place where it was written (None for one that a default supplied)."""

    __slots__ = ("span",)
    span: Span | None

    def __new__(cls, text: str, span: Span | None = None) -> Name:
        name = super().__new__(cls, text)
        name.span = span
        return name


Value: TypeAlias = int | float | str | bool | Fraction
"""A parameter's value: durations are floats (seconds), shares are Fractions in (0, 1]."""

Spans: TypeAlias = "Mapping[str, Span]"


class ParameterType(StrEnum):
    INT = "int"
    FLOAT = "float"
    STR = "str"
    BOOL = "bool"
    DURATION = "duration"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: Name
    type: ParameterType
    default: Value
    minimum: Value | None = None
    maximum: Value | None = None
    help: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PayloadType:
    """`kind` is one of int float bool str bytes tensor tensors any list dict; `item` is what a list or dict holds."""

    kind: str
    item: PayloadType | None = None
    optional: bool = False

    def __str__(self) -> str:
        text = f"{self.kind} of {self.item}" if self.item else self.kind
        return f"optional {text}" if self.optional else text


@dataclass(frozen=True, slots=True)
class MessageType:
    name: Name
    senders: tuple[Name, ...]
    receivers: tuple[Name, ...]
    payload: Mapping[str, PayloadType] = field(default_factory=dict)
    summary: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Count:
    """How many participants a role has: `minimum` to `maximum`, both included; `maximum` None is no bound."""

    minimum: int | Name = 1
    maximum: int | Name | None = 1


@dataclass(frozen=True, slots=True)
class State:
    """`ignore` and `defer` hold message names, or `EVERYTHING` alone."""

    name: Name
    final: bool = False
    ignore: tuple[Name, ...] = ()
    defer: tuple[Name, ...] = ()
    summary: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """`{received: message, for: request, from: …}`: distinct senders, out of those expected.

    Exactly one of `threshold` and `link` says how many: a threshold of `Fraction(1)` is `all`.
    """

    message: Name
    threshold: Fraction | int | Name = Fraction(1)
    link: Name | None = None
    request: Name | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """`{received: message, count: K}`: K messages, whoever sent them."""

    message: Name
    count: int | Name


@dataclass(frozen=True, slots=True)
class After:
    """`{after: 30s}`: that long (seconds) after the state was entered."""

    duration: float | Name


@dataclass(frozen=True, slots=True)
class Raised:
    """`{raised: true}`: a handler raises it, or, where no row does, the program from outside."""


@dataclass(frozen=True, slots=True)
class Event:
    name: Name
    condition: Received | Counted | After | Raised
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


class TargetKind(StrEnum):
    SENDER = "sender"
    ALL = "all"
    ROLE = "role"
    LINK = "link"
    EVENT = "event"
    SELECTOR = "selector"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a message goes to; `name` is the role, link, event or selector, or the word itself."""

    kind: TargetKind
    name: Name


@dataclass(frozen=True, slots=True)
class Send:
    """`target` None: left out in the file; `program` then says who it is. `one`: exactly one of them."""

    message: Name
    target: Target | None = None
    maybe: bool = False
    one: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Raise:
    event: Name
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table as written. `triggers` and `sources` may be several; `sources` may be `EVERYTHING` alone.

    `dest` None: the participant stays where it is and its timers run on. `replaced`: the rows of a base in whose place
    it stands, whole or in part.
    """

    triggers: tuple[Name, ...]
    sources: tuple[Name, ...]
    dest: Name | None = None
    handler: Name | None = None
    conditions: tuple[Name, ...] = ()
    unless: tuple[Name, ...] = ()
    times: int | Name | None = None
    sends: tuple[Send, ...] = ()
    raises: tuple[Raise, ...] = ()
    replaced: tuple[Transition, ...] = field(default=(), compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Role:
    """`cls` is `package.module:Class`; it is text here, and only running imports it.

    `replaced`: the class of a base in whose place it stands.
    """

    name: Name
    states: Mapping[str, State]
    initial: Name
    events: Mapping[str, Event] = field(default_factory=dict)
    transitions: tuple[Transition, ...] = ()
    count: Count = field(default_factory=Count)
    cls: Name | None = None
    summary: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)
    replaced: Name | None = field(default=None, compare=False, repr=False)


class Shape(StrEnum):
    ONE = "one"
    RING = "ring"
    NEXT = "next"
    CHAIN = "chain"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Link:
    """A fixed relation from `source` (a role) to `dest` (a role): of a `shape`, or the inverse of another link.

    An inverse link has its roles and shape spelled out too: the other way round, and the shape of what it inverts.
    """

    name: Name
    source: Name
    dest: Name
    shape: Shape
    inverse: Name | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the network and the participants may do to a course (numbers are per run)."""

    fifo: bool = True
    crashes: Mapping[str, int] = field(default_factory=dict)
    early_timeouts: int = 1
    loss: int = 0
    duplicates: int = 0
    spans: Spans = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Property:
    """Never: a live participant of each role named, in one of the states named."""

    name: Name
    never: Mapping[str, tuple[Name, ...]]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Protocol:
    """One course. Mappings keep the order of declaration, which is the order of everything shown."""

    name: Name
    messages: Mapping[str, MessageType]
    roles: Mapping[str, Role]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    assumptions: Assumptions = field(default_factory=Assumptions)
    properties: Mapping[str, Property] = field(default_factory=dict)
    summary: str = ""
    source: str = ""
    file: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of all that the protocol means, places apart: equal protocols have equal digests."""
        return hashlib.sha256(_canonical(self).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """What a notebook shows: the diagram of its state machines."""
        from protoflow.diagrams import diagram  # the one look upwards; notebooks ask the object itself

        return diagram(self)._repr_mimebundle_(include, exclude)


def _canonical(value: object) -> str:
    """A text that tells two model values apart exactly when they differ: fields that take part in comparison only."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = ",".join(f"{f.name}={_canonical(getattr(value, f.name))}" for f in fields(value) if f.compare)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_canonical(k)}:{_canonical(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(_canonical, value)) + ")"
    if isinstance(value, str):
        return repr(str(value))
    return repr(value)
