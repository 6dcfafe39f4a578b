"""Reading what stands beside the roles: messages with their payloads, links, assumptions, properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label
from protoflow.language import keys
from protoflow.language.suggest import all_nearest, are, clip, nearest, only_one_near, quoted, write
from protoflow.language.tree import Mapping, Scalar
from protoflow.language.values import is_nothing, value_of
from protoflow.protocol import Link, MessageType, Name, PayloadType, Property, Shape

if TYPE_CHECKING:
    from protoflow.language.draft import Draft
    from protoflow.language.fields import Fields
    from protoflow.language.tree import Node

_MOST_WORDS = 16
"""A payload type has at most this many words: `optional list of dict of …`."""

UNREAD = Name("")
"""Stands for a role that could not be read, or (in an inverse link) is not known yet."""


class ElementReader:
    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.findings = fields.findings

    # ---- messages ------------------------------------------------------------------------------------------------

    def message(self, name: Name, node: Node) -> MessageType | None:
        thing = f"message `{name}`"
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "`{from, to, payload}`")
            self.findings.excuse(node)
            return None
        found = self.fields.fields(node, keys.MESSAGE, thing, name.span)
        return MessageType(
            name,
            self.fields.names(found.get("from"), "from", "a role", some=True),
            self.fields.names(found.get("to"), "to", "a role", some=True),
            self._payload(found.get("payload"), thing),
            self.fields.text(found.get("summary"), "summary"),
            span=name.span,
            spans=self.fields.spans(found),
        )

    def _payload(self, node: Node | None, thing: str) -> dict[str, PayloadType]:
        if node is None or is_nothing(node):
            return {}
        if not isinstance(node, Mapping):
            self.fields.wrong(node, "payload", "a mapping of fields to types")
            return {}
        payload: dict[str, PayloadType] = {}
        for key, value in node.entries:
            name = self.fields.identifier(key, f"a field of {thing}")
            kind = self._payload_type(value, name)
            if kind is not None:
                payload[name] = kind
        return payload

    def _payload_type(self, node: Node, field: str) -> PayloadType | None:
        value = value_of(node)
        if not isinstance(node, Scalar) or not isinstance(value, str):
            self.fields.wrong(node, field, "a type, such as `tensors` or `list of int`")
            return None
        words = value.split(maxsplit=_MOST_WORDS)
        parsed = _parse_type(words) if len(words) <= _MOST_WORDS else None
        if parsed is not None:
            return parsed
        odd = next((w for w in words if w not in (*keys.PAYLOAD_KINDS, "list", "dict", "of", "optional")), None)
        known = keys.MEANT_TYPES.get(odd or "")
        near = (known,) if known in keys.PAYLOAD_KINDS else all_nearest(odd or "", keys.PAYLOAD_KINDS)
        message = f"`{clip(value)}` is not a type of payload fields"
        if near:
            mended = " ".join(near[0] if word == odd else word for word in words)
            self.findings.add("PF002", f"{message}; {are(near)}", node.span, help=write(near, node.span, mended))
        else:
            forms = f"{quoted(keys.PAYLOAD_KINDS)}; `list of T`, `dict of T` and `optional T` of these"
            self.findings.add("PF002", message, node.span, notes=(f"the types are {forms}",))
        return None

    # ---- links ---------------------------------------------------------------------------------------------------

    def link(self, name: Name, node: Node) -> Link | None:
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "`{from, to, shape}` or `{inverse: LINK}`")
            self.findings.excuse(node)
            return None
        thing = f"link `{name}`"
        found = self.fields.fields(node, keys.LINK, thing, name.span)
        spans = self.fields.spans(found)
        if "inverse" in found:
            if odd := [key for key in found if key != "inverse"]:
                related = tuple(Label(found[key].span, "and this") for key in odd[1:])
                message = f"{quoted(odd)} cannot stand beside `inverse` in link `{name}`"
                self.findings.add("PF002", message, found[odd[0]].span, related=related)
            inverse = self.fields.name(found["inverse"], "inverse", "a link")
            if inverse is None:
                return None
            return Link(name, UNREAD, UNREAD, Shape.GRAPH, inverse, span=name.span, spans=spans)
        for key in ("from", "to", "shape"):
            if key not in found and key not in self.findings.excused:
                self.fields.missing(f"`{key}`", thing, name.span or node.span)
        source = self.fields.name(found["from"], "from", "a role") if "from" in found else None
        dest = self.fields.name(found["to"], "to", "a role") if "to" in found else None
        shape = self._word(found.get("shape"), "shape", tuple(Shape))
        if source is None or dest is None or shape is None:
            return None
        return Link(name, source, dest, Shape(shape), span=name.span, spans=spans)

    def _word(self, node: Node | None, key: str, words: tuple[str, ...]) -> str | None:
        """One of a few words."""
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, str) and value in words:
            return value
        near = nearest(value, words) if isinstance(value, str) else None
        help = Help(f"write `{near}`", node.span, near, only_one_near(str(value), words)) if near else None
        self.fields.wrong(node, key, quoted(words, "or"), help)
        return None

    # ---- assumptions, properties ---------------------------------------------------------------------------------

    def assumptions(self, node: Node, draft: Draft) -> None:
        if is_nothing(node):
            return
        if not isinstance(node, Mapping):
            self.fields.wrong(node, "assumptions", "a mapping")
            return
        found = self.fields.fields(node, keys.ASSUMPTIONS, "assumptions")
        draft.assumption_spans = self.fields.spans(found)
        if (word := self._word(found.get("channels"), "channels", ("fifo", "any"))) is not None:
            draft.fifo = word == "fifo"
        for key in ("early_timeouts", "loss", "duplicates"):
            if key in found and (number := self.fields.number(found[key], key, 0)) is not None:
                draft.numbers[key] = number
        crashes = found.get("crashes")
        if crashes is None:
            return
        draft.crashes = {}
        if isinstance(crashes, Mapping):
            for role, value in crashes.entries:
                number = self.fields.number(value, role.text, 0)
                draft.crashes[Name(role.text, role.span)] = number or 0
        elif not is_nothing(crashes):
            self.fields.wrong(crashes, "crashes", "a mapping of roles to numbers, such as `{client: 1}`")

    def property(self, name: Name, node: Node) -> Property | None:
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "`{never: {ROLE: STATE}}`")
            return None
        if node.entries and all(nearest(key.text, keys.PROPERTY.keys) is None for key, _ in node.entries):
            words = node.source.text[node.start : node.end]
            help = Help("say that it is never so", node.span, f"{{never: {words}}}") if words[:1] == "{" else None
            self.findings.add("PF002", f"`never` is missing in property `{name}`", name.span or node.span, help=help)
            return None
        found = self.fields.fields(node, keys.PROPERTY, f"property `{name}`", name.span)
        never = found.get("never")
        if never is None:
            return None
        if not isinstance(never, Mapping) or not never.entries:
            self.fields.wrong(never, "never", "a mapping of roles to states, such as `{server: done}`")
            return None
        predicate: dict[str, tuple[Name, ...]] = {
            Name(role.text, role.span): self.fields.names(states, role.text, "a state", some=True)
            for role, states in never.entries
        }
        return Property(name, predicate, span=name.span)


def _parse_type(words: list[str]) -> PayloadType | None:
    """`optional list of dict of T`, word by word; None where it is no type."""
    match words:
        case [kind] if kind in keys.PAYLOAD_KINDS:
            return PayloadType(kind)
        case [("list" | "dict") as kind, "of", *rest]:
            item = _parse_type(rest)
            return PayloadType(kind, item) if item is not None else None
        case ["optional", *rest] if rest[:1] != ["optional"]:
            inner = _parse_type(rest)
            return PayloadType(inner.kind, inner.item, optional=True) if inner is not None else None
        case _:
            return None
