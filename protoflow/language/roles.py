"""Reading a role: its states, its events, the rows of its table, and what the rows send and raise."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from protoflow.diagnostics import Help, Label
from protoflow.language import keys, scalars
from protoflow.language.draft import RoleDraft, RowKeys
from protoflow.language.suggest import clip, quoted
from protoflow.language.tree import Mapping, Scalar, Sequence
from protoflow.language.values import is_nothing, is_whole, value_of, words_of
from protoflow.protocol import (
    RESERVED_TARGETS,
    RESERVED_WORDS,
    After,
    Count,
    Counted,
    Event,
    Name,
    Raise,
    Raised,
    Received,
    Send,
    State,
    Target,
    TargetKind,
    Transition,
)

if TYPE_CHECKING:
    from protoflow.language.fields import Fields
    from protoflow.language.tree import Node

_SEND_FORMS = "`MESSAGE`, `maybe MESSAGE`, `{MESSAGE: TARGET}` or `{message, to, maybe, one}`"
_FROM_FORMS = "`all`, a share such as `80%`, a number of at least 1, a link or a parameter"


class RoleReader:
    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.findings = fields.findings

    def read(self, name: Name, node: Node) -> RoleDraft:
        role = RoleDraft(name, name.span or node.span)
        if is_nothing(node):
            return role
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "a mapping: `states`, `transitions` and so on")
            self.findings.excuse(node)
            self.findings.excused.add("states")
            return role
        found = self.fields.fields(node, keys.ROLE, f"role `{name}`", name.span)
        role.spans = self.fields.spans(found)
        role.cls = self._class(found.get("class"))
        role.count = self._count(found.get("count"))
        if "initial" in found:
            role.initial = self.fields.name(found["initial"], "initial", "a state")
        role.summary = self.fields.text(found.get("summary"), "summary")
        if "states" in found:
            self._states(found["states"], role)
        if "events" in found:
            for event, value in self.fields.entries(found["events"], keys.EVENT):
                role.events[event] = self._event(event, value)
        if "transitions" in found:
            self._transitions(found["transitions"], role)
        if "remove" in found:
            self._remove(found["remove"], role)
        return role

    def _class(self, node: Node | None) -> Name | None:
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, str) and scalars.CLASS.fullmatch(value):
            return Name(value, node.span)
        self.fields.wrong(node, "class", "a Python class, written `package.module:Class`")
        return None

    def _count(self, node: Node | None) -> Count | None:
        if node is None:
            return None
        value = value_of(node)
        if is_whole(value) and value >= 1:
            return Count(value, value)
        if isinstance(value, str):
            if scalars.is_name(value):
                name = Name(value, node.span)
                return Count(name, name)
            bounds = scalars.count_range(value)
            if bounds is not None and bounds[0] >= 1 and (bounds[1] is None or bounds[1] >= bounds[0]):
                return Count(*bounds)
        self.fields.wrong(node, "count", "a number of at least 1, a range (`1..`, `2..8`) or a parameter")
        return None

    # ---- states and events ---------------------------------------------------------------------------------------

    def _states(self, node: Node, role: RoleDraft) -> None:
        if isinstance(node, Sequence):
            names = []
            for item in node.items:
                if isinstance(item, Scalar) and not item.empty:
                    names.append(self.fields.identifier(item, "a state"))
                else:
                    self.fields.wrong(item, "states", "names in its list form")
                    self.findings.excuse(item)
            for name in self.fields.once(names, "in `states`"):
                role.states[name] = State(name, span=name.span)
            return
        for name, value in self.fields.entries(node, keys.STATE):
            role.states[name] = self._state(name, value)

    def _state(self, name: Name, node: Node) -> State | None:
        if is_nothing(node):
            return State(name, span=name.span)
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "nothing or `{final, ignore, defer, summary}`")
            self.findings.excuse(node)
            return None
        found = self.fields.fields(node, keys.STATE, f"state `{name}`", name.span)
        return State(
            name,
            self.fields.flag(found.get("final"), "final"),
            self.fields.names(found.get("ignore"), "ignore", "a message", star=True),
            self.fields.names(found.get("defer"), "defer", "a message", star=True),
            self.fields.text(found.get("summary"), "summary"),
            span=name.span,
            spans=self.fields.spans(found),
        )

    def _event(self, name: Name, node: Node) -> Event | None:
        if not isinstance(node, Mapping):
            self.fields.wrong(node, name, "`{received: …}`, `{after: …}` or `{raised: true}`")
            self.findings.excuse(node)
            return None
        found = self.fields.fields(node, keys.EVENT, f"event `{name}`", name.span)
        condition = self._condition(name, found, intact=len(found) == len(node.entries))
        if condition is None:
            return None
        return Event(name, condition, span=name.span, spans=self.fields.spans(found))

    def _condition(
        self, name: Name, found: dict[str, Node], *, intact: bool
    ) -> Received | Counted | After | Raised | None:
        kinds = [key for key in ("received", "after", "raised") if key in found]
        if not kinds:
            if intact or found:
                self.fields.missing("`received`, `after` or `raised`", f"event `{name}`", name.span)  # type: ignore[arg-type]
            return None
        kind = kinds[0]
        if self._beside(name, kind, found, ("from", "for", "count") if kind == "received" else ()):
            return None
        if kind == "after":
            duration = self.fields.duration_or_parameter(found["after"], "after")
            return None if duration is None else After(duration)
        if kind == "raised":
            node = found["raised"]
            if isinstance(node, Scalar) and value_of(node) is False:
                self.fields.wrong(node, "raised", "`true`")
            else:
                self.fields.flag(node, "raised")
            return Raised()
        return self._received(name, found, intact=intact)

    def _beside(self, name: Name, key: str, found: dict[str, Node], allowed: tuple[str, ...]) -> bool:
        """Whether keys stand beside `key` that cannot; reported as one finding."""
        odd = [other for other in found if other != key and other not in allowed]
        if odd:
            related = tuple(Label(found[other].span, "and this") for other in odd[1:])
            message = f"{quoted(odd)} cannot stand beside `{key}` in event `{name}`"
            self.findings.add("PF002", message, found[odd[0]].span, related=related)
        return bool(odd)

    def _received(self, name: Name, found: dict[str, Node], *, intact: bool) -> Received | Counted | None:
        message = self.fields.name(found["received"], "received", "a message")
        request = self.fields.name(found["for"], "for", "a message") if "for" in found else None
        if "count" in found:
            if self._beside(name, "count", found, ("received",)):
                return None
            number = self.fields.number_or_parameter(found["count"], "count")
            return None if message is None or number is None else Counted(message, number)
        if "from" not in found:
            if intact:
                self.fields.missing("`from` or `count`", f"event `{name}`", name.span)  # type: ignore[arg-type]
            return None
        threshold = self._threshold(found["from"])
        if message is None or threshold is None:
            return None
        return Received(message, threshold, None, request)

    def _threshold(self, node: Node) -> Fraction | int | Name | None:
        """`all`, a share, a number, or the name of a link or parameter (told apart when names are looked up)."""
        value = value_of(node)
        if is_whole(value) and value >= 1:
            return value
        if isinstance(value, str):
            if value == "all":
                return Fraction(1)
            if scalars.is_name(value):
                return Name(value, node.span)
            part = scalars.share(value)
            if part is not None and 0 < part <= 1:
                return part
            if part is not None:
                self.findings.add(
                    "PF002", f"`{clip(value)}` is not a share: shares are more than 0% and at most 100%", node.span
                )
                return None
        text = scalars.as_share(value)
        help = Help("shares are written as percentages", node.span, text) if text else None
        self.fields.wrong(node, "from", _FROM_FORMS, help)
        return None

    # ---- transitions ---------------------------------------------------------------------------------------------

    def _transitions(self, node: Node, role: RoleDraft) -> None:
        if is_nothing(node):
            return
        if not isinstance(node, Sequence):
            self.fields.wrong(node, "transitions", "a list of rows, each begun with `-`")
            self.findings.excuse(node)
            return
        for item in node.items:
            if not isinstance(item, Mapping):
                self.fields.wrong(item, "transitions", "rows, `{trigger, source, …}`")
                self.findings.excuse(item)
                continue
            row = self._transition(item)
            if row is not None:
                role.transitions.append(row)

    def _transition(self, node: Mapping) -> Transition | None:
        fields = self.fields
        found = fields.fields(node, keys.TRANSITION, "a transition")
        triggers = fields.names(found.get("trigger"), "trigger", "a message or an event", some=True)
        sources = fields.names(found.get("source"), "source", "a state", star=True, some=True)
        times = fields.number_or_parameter(found["times"], "times") if "times" in found else None
        return Transition(
            triggers,
            sources,
            fields.name(found["dest"], "dest", "a state") if "dest" in found else None,
            self._handler(found.get("handler")),
            fields.names(found.get("conditions"), "conditions", "a name"),
            fields.names(found.get("unless"), "unless", "a name"),
            times,
            self._sends(found.get("send")),
            self._raises(found.get("raise")),
            span=node.span,
            spans=fields.spans(found),
        )

    def _handler(self, node: Node | None) -> Name | None:
        if node is None:
            return None
        name = self.fields.name(node, "handler", "the name of a function")
        return self.fields.identifier(node, "a handler") if name is not None and isinstance(node, Scalar) else None

    def _sends(self, node: Node | None) -> tuple[Send, ...]:
        if node is None or is_nothing(node):
            return ()
        items = node.items if isinstance(node, Sequence) else [node]
        sends = [send for item in items if (send := self._send(item)) is not None]
        kept = {id(message) for message in self.fields.once([send.message for send in sends], "in one row's `send`")}
        return tuple(send for send in sends if id(send.message) in kept)

    def _send(self, node: Node) -> Send | None:
        if isinstance(node, Mapping):
            if node.get("message") is not None or all(key.text in keys.SEND.keys for key, _ in node.entries):
                return self._long_send(node)
            return self._short_send(node)
        words = words_of(node)
        maybe = len(words) == 2 and words[0] == "maybe"
        if isinstance(node, Scalar) and (len(words) == 1 or maybe):
            return Send(_last_word(node, words[-1]), maybe=maybe, span=node.span)
        self.fields.wrong(node, "send", _SEND_FORMS)
        return None

    def _short_send(self, node: Mapping) -> Send | None:
        (key, target), *more = node.entries
        if more:
            written = [f"{{{clip(k.text)}: {clip(v.text)}}}" for k, v in node.entries if isinstance(v, Scalar)]
            help = None
            if len(written) == len(node.entries) <= 8:
                help = Help("several sends are a list", node.span, f"[{', '.join(written)}]", certain=True)
            self.findings.add("PF002", "one mapping in `send` names several messages", node.span, help=help)
            return None
        words = key.text.split()
        if len(words) == 2 and words[0] == "maybe":
            help = None
            if isinstance(target, Scalar):
                text = f"{{message: {clip(words[1])}, to: {clip(target.text)}, maybe: true}}"
                help = Help("write it in its long form", node.span, text, certain=True)
            self.findings.add("PF002", "`maybe` with a target needs the long form of a send", key.span, help=help)
            return None
        message = self.fields.name(key, "send", "a message")
        whom = self._target(target)
        if message is None or whom is None:
            return None
        return Send(message, whom[0], one=whom[1], span=node.span)

    def _long_send(self, node: Mapping) -> Send | None:
        found = self.fields.fields(node, keys.SEND, "a send")
        message = self.fields.name(found["message"], "message", "a message") if "message" in found else None
        whom = self._target(found["to"]) if "to" in found else (None, False)
        maybe = self.fields.flag(found.get("maybe"), "maybe")
        one = self.fields.flag(found.get("one"), "one")
        if message is None or whom is None:
            return None
        return Send(message, whom[0], maybe, one or whom[1], span=node.span)

    def _target(self, node: Node) -> tuple[Target, bool] | None:
        """A target, and whether `one` stands before it."""
        words = words_of(node)
        one = len(words) == 2 and words[0] == "one"
        if not isinstance(node, Scalar) or not (len(words) == 1 or one) or words[-1] in RESERVED_WORDS:
            self.fields.wrong(node, "send", "a target: `sender`, `all`, a role, a link, an event or a selector")
            return None
        name = _last_word(node, words[-1])
        if name in RESERVED_TARGETS:
            return Target(TargetKind(name), name), one
        if not scalars.is_name(name):
            self.fields.identifier(node, "a target")
            return None
        return Target(TargetKind.SELECTOR, name), one

    def _raises(self, node: Node | None) -> tuple[Raise, ...]:
        if node is None or is_nothing(node):
            return ()
        raises = []
        for item in node.items if isinstance(node, Sequence) else [node]:
            words = words_of(item)
            maybe = len(words) == 2 and words[0] == "maybe"
            if not isinstance(item, Scalar) or not (len(words) == 1 or maybe):
                self.fields.wrong(item, "raise", "an event, or `maybe EVENT`")
            else:
                raises.append(Raise(_last_word(item, words[-1]), maybe))
        kept = {id(event) for event in self.fields.once([raised.event for raised in raises], "in one row's `raise`")}
        return tuple(raised for raised in raises if id(raised.event) in kept)

    # ---- remove --------------------------------------------------------------------------------------------------

    def _remove(self, node: Node, role: RoleDraft) -> None:
        for item in node.items if isinstance(node, Sequence) else [node]:
            if isinstance(item, Mapping):
                found = self.fields.fields(item, keys.REMOVED_ROW, "a row to remove")
                sources = self.fields.names(found.get("source"), "source", "a state", star=True, some=True)
                triggers = self.fields.names(found.get("trigger"), "trigger", "a message or an event", some=True)
                if sources and triggers:
                    role.removed_rows.append(RowKeys(sources, triggers, item.span))
            elif (name := self.fields.name(item, "remove", "a state, an event or `{source, trigger}`")) is not None:
                role.removed_names.append(name)


def _last_word(node: Scalar, word: str) -> Name:
    """The last word of a text of two, with its own place where the text is written on one line as it is."""
    start = node.source.text.rfind(word, node.start, node.end)
    span = node.source.span(start, start + len(word)) if start >= 0 else node.span
    return Name(word, span)
