"""Hypothesis strategies for protocols, and a writer of YAML for them.

`protocols()` draws any protocol that can be read without errors, all constructs of the language mixed; whether it makes
sense as a course is not asked. `write(protocol, random)` writes it as a file, choosing at random among the forms that
mean the same (short and long, flow and block, one and list of one). Names of different kinds begin with different
letters, so that none is taken for another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from protoflow import protocol as model
from protoflow.protocol import Name, ParameterType, PayloadType, Shape, Target, TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from hypothesis.strategies import DrawFn, SearchStrategy

# ---- strategies ------------------------------------------------------------------------------------------------------


def names(first: str) -> SearchStrategy[Name]:
    return st.from_regex(rf"{first}[a-z0-9_]{{0,5}}", fullmatch=True).map(Name)


AWKWARD = ("on", "off", "yes", "no", "y", "n", "inf", "nan", "e1")
"""Words that other YAML readers take for something else than text."""

states_names = st.one_of(names("t_"), st.sampled_from(AWKWARD).map(Name))
texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\ufeff"), max_size=20).map(
    lambda text: " ".join(text.split())
)
seconds = st.integers(1, 10**7).map(lambda ms: ms / 1000)
shares = st.integers(1, 1000).map(lambda n: Fraction(n, 1000))
payload_types = st.recursive(
    st.sampled_from(["int", "float", "bool", "str", "bytes", "tensor", "tensors", "any"]).map(PayloadType),
    lambda inner: st.builds(PayloadType, st.sampled_from(["list", "dict"]), inner),
    max_leaves=3,
).flatmap(lambda kind: st.builds(PayloadType, st.just(kind.kind), st.just(kind.item), st.booleans()))


def some(items: Sequence[Any], least: int = 0, most: int = 3) -> SearchStrategy[tuple[Any, ...]]:
    if not items:
        return st.just(())
    return st.lists(st.sampled_from(items), unique=True, min_size=least, max_size=max(least, most)).map(tuple)


@st.composite
def parameters(draw: DrawFn) -> dict[str, model.Parameter]:
    values: dict[ParameterType, SearchStrategy[Any]] = {
        ParameterType.INT: st.integers(1, 10**6),
        ParameterType.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
        ParameterType.STR: texts.filter(bool),
        ParameterType.BOOL: st.booleans(),
        ParameterType.DURATION: seconds,
        ParameterType.SHARE: shares,
    }
    found = {}
    for name in draw(st.lists(names("p"), unique=True, max_size=4)):
        kind = draw(st.sampled_from(ParameterType))
        low, default, high = sorted(draw(st.lists(values[kind], min_size=3, max_size=3)))
        if kind in (ParameterType.STR, ParameterType.BOOL):
            low = high = None
        low, high = (bound if draw(st.booleans()) else None for bound in (low, high))
        found[name] = model.Parameter(name, kind, default, low, high, draw(texts))
    return found


def numbers(declared: Mapping[str, model.Parameter], kinds: Sequence[ParameterType]) -> list[Name]:
    return [parameter.name for parameter in declared.values() if parameter.type in kinds]


@st.composite
def protocols(draw: DrawFn) -> model.Protocol:
    declared = draw(parameters())
    roles = draw(st.lists(names("r"), unique=True, min_size=1, max_size=3))
    messages = {
        name: model.MessageType(
            name,
            draw(some(roles, 1)),
            draw(some(roles, 1)),
            draw(st.dictionaries(names("f"), payload_types, max_size=2)),
            draw(texts),
        )
        for name in draw(st.lists(names("x"), unique=True, max_size=5))
    }
    links = draw(_links(roles))
    crashes = {role: draw(st.integers(0, 3)) for role in draw(some(roles))}
    built = {role: draw(_role(role, declared, messages, roles, links)) for role in roles}
    properties = {
        name: model.Property(
            name,
            {role: draw(some(list(built[role].states.values()), 1).map(_names_of)) for role in draw(some(roles, 1))},
        )
        for name in draw(st.lists(names("never_"), unique=True, max_size=2))
    }
    assumptions = model.Assumptions(
        draw(st.booleans()), crashes, *(draw(st.integers(0, 3)) for _ in ("early_timeouts", "loss", "duplicates"))
    )
    return model.Protocol(
        draw(names("c")), messages, built, declared, links, assumptions, properties, draw(texts), draw(texts)
    )


def _names_of(elements: Sequence[Any]) -> tuple[Name, ...]:
    return tuple(element.name for element in elements)


@st.composite
def _links(draw: DrawFn, roles: Sequence[Name]) -> dict[str, model.Link]:
    links: dict[str, model.Link] = {}
    for name in draw(st.lists(names("k"), unique=True, max_size=3)):
        other = draw(st.sampled_from([None, *links.values()]))
        if other is not None:
            links[name] = model.Link(name, other.dest, other.source, other.shape, other.name)
            continue
        shape = draw(st.sampled_from(Shape))
        source = draw(st.sampled_from(roles))
        dest = draw(st.sampled_from(roles)) if shape in (Shape.ONE, Shape.GRAPH) else source
        links[name] = model.Link(name, source, dest, shape)
    return links


@st.composite
def _role(
    draw: DrawFn,
    role: Name,
    declared: Mapping[str, model.Parameter],
    messages: Mapping[str, model.MessageType],
    roles: Sequence[Name],
    links: Mapping[str, model.Link],
) -> model.Role:
    received = [message.name for message in messages.values() if role in message.receivers]
    whole = numbers(declared, [ParameterType.INT])
    states = {}
    for name in draw(st.lists(states_names, unique=True, min_size=1, max_size=4)):
        ignore = draw(some(received) | st.just((Name("*"),)))
        defer = draw(some([each for each in received if each not in ignore]))
        states[name] = model.State(name, draw(st.booleans()), ignore, defer, draw(texts))
    events = draw(_events(role, declared, messages, links))
    rows = draw(st.lists(_row(role, declared, messages, roles, links, states, events), max_size=5))
    bounds = draw(
        st.one_of(
            st.integers(1, 9).map(lambda n: model.Count(n, n)),
            st.tuples(st.integers(1, 9), st.none() | st.integers(9, 99)).map(lambda pair: model.Count(*pair)),
            *([st.sampled_from(whole).map(lambda name: model.Count(name, name))] if whole else []),
        )
    )
    return model.Role(
        role,
        states,
        draw(st.sampled_from(list(states.values()))).name,
        events,
        tuple(row for row in rows if row is not None),
        bounds,
        draw(st.none() | st.just(Name("package.module:Class"))),
        draw(texts),
    )


@st.composite
def _events(
    draw: DrawFn,
    role: Name,
    declared: Mapping[str, model.Parameter],
    messages: Mapping[str, model.MessageType],
    links: Mapping[str, model.Link],
) -> dict[str, model.Event]:
    received = [message for message in messages.values() if role in message.receivers]
    whole, times = numbers(declared, [ParameterType.INT]), numbers(declared, [ParameterType.DURATION])
    parts = numbers(declared, [ParameterType.INT, ParameterType.SHARE])
    requests: dict[str, Name | None] = {}
    events = {}
    for name in draw(st.lists(names("e_"), unique=True, max_size=4)):
        kind = draw(st.sampled_from(["received", "counted", "after", "raised"] if received else ["after", "raised"]))
        condition: Any = model.Raised()
        if kind == "after":
            condition = model.After(draw(st.one_of(seconds, *([st.sampled_from(times)] if times else []))))
        elif kind != "raised":
            message = draw(st.sampled_from(received))
            count = st.one_of(st.integers(1, 99), *([st.sampled_from(whole)] if whole else []))
            condition = model.Counted(message.name, draw(count))
            if kind == "received":
                asked = [
                    each.name
                    for each in messages.values()
                    if role in each.senders and set(each.receivers) & set(message.senders)
                ]
                request = requests.setdefault(message.name, draw(st.sampled_from([None, *asked])))
                leading = [k.name for k in links.values() if k.source == role and k.dest in message.senders]
                link = draw(st.sampled_from([None, None, *leading]))
                threshold = draw(st.one_of(shares, st.integers(1, 9), *([st.sampled_from(parts)] if parts else [])))
                condition = model.Received(message.name, Fraction(1) if link else threshold, link, request)
        events[name] = model.Event(name, condition)
    return events


@st.composite
def _row(
    draw: DrawFn,
    role: Name,
    declared: Mapping[str, model.Parameter],
    messages: Mapping[str, model.MessageType],
    roles: Sequence[Name],
    links: Mapping[str, model.Link],
    states: Mapping[str, model.State],
    events: Mapping[str, model.Event],
) -> model.Transition:
    received = [message.name for message in messages.values() if role in message.receivers]
    by_message = draw(st.booleans())
    triggers = draw(
        some([*received, Name("lost")] if by_message else [*_names_of(list(events.values())), Name("start")], 1)
    )
    fresh = {
        e.condition.message for e in events.values() if isinstance(e.condition, model.Received) and e.condition.request
    }
    begin_here = [link.name for link in links.values() if link.source == role]
    conditions = [Name("ready"), Name("willing"), *numbers(declared, [ParameterType.BOOL]), *begin_here]
    if fresh.issuperset(triggers):
        conditions.append(Name("fresh"))
    where = _names_of(list(states.values()))
    whole = numbers(declared, [ParameterType.INT])
    times = st.one_of(st.none(), st.integers(1, 9), *([st.sampled_from(whole)] if whole else []))
    targets = [Target(TargetKind.ALL, Name("all")), Target(TargetKind.SELECTOR, Name("chosen"))]
    targets += [Target(TargetKind.SENDER, Name("sender"))] if by_message else []
    targets += [Target(TargetKind.ROLE, name) for name in roles]
    targets += [Target(TargetKind.LINK, name) for name in begin_here]
    targets += [Target(TargetKind.EVENT, e.name) for e in events.values() if isinstance(e.condition, model.Received)]
    sends = tuple(
        model.Send(message, draw(st.sampled_from([None, *targets])), draw(st.booleans()), draw(st.booleans()))
        for message in draw(some([message.name for message in messages.values() if role in message.senders]))
    )
    raised = [event.name for event in events.values() if isinstance(event.condition, model.Raised)]
    return model.Transition(
        triggers,
        draw(some(where, 1) | st.just((Name("*"),))),
        draw(st.sampled_from([None, *where])),
        draw(st.none() | st.sampled_from([Name("work"), *map(Name, AWKWARD)])),
        draw(some(conditions)),
        draw(some(conditions)),
        draw(times),
        sends,
        tuple(model.Raise(event, draw(st.booleans())) for event in draw(some(raised))),
    )


# ---- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plain:
    """A word that is written as it is; every `str` is written in double quotes."""

    text: str


def write(protocol: model.Protocol, random: Random) -> str:
    """The protocol as a YAML file, in forms chosen at random."""
    return "\n".join(_Writer(random).lines(_Outline(random).protocol(protocol), 0)) + "\n"


class _Outline:
    """A protocol as dictionaries, lists and words, in the order in which a file has them."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def maybe(self) -> bool:
        return self.random.random() < 0.5

    def one_or_list(self, items: Sequence[str]) -> Any:
        words = [self.word(item) for item in items]
        return words[0] if len(words) == 1 and self.maybe() else words

    def word(self, name: str) -> Any:
        """`*` begins an alias where it is not quoted."""
        return str(name) if name == "*" or self.random.random() < 0.1 else Plain(name)

    def number(self, value: object) -> Plain:
        return Plain(str(value))

    def duration(self, value: float | Name) -> Plain:
        return Plain(value) if isinstance(value, Name) else Plain(f"{round(value * 1000)}ms")

    def share(self, value: Fraction) -> Plain:
        whole, tenths = divmod(int(value * 1000), 10)
        return Plain(f"{whole}.{tenths}%" if tenths or self.maybe() else f"{whole}%")

    def protocol(self, protocol: model.Protocol) -> dict[str, Any]:
        out: dict[str, Any] = {"protoflow": Plain("1"), "name": Plain(protocol.name)}
        out |= {key: text for key in ("summary", "source") if (text := getattr(protocol, key))}
        out["parameters"] = {name: self.parameter(each) for name, each in protocol.parameters.items()}
        out["messages"] = {name: self.message(each) for name, each in protocol.messages.items()}
        out["links"] = {name: self.link(each) for name, each in protocol.links.items()}
        out["properties"] = {
            name: {"never": {role: self.one_or_list(states) for role, states in each.never.items()}}
            for name, each in protocol.properties.items()
        }
        out = {key: value for key, value in out.items() if value or self.maybe()}
        out["roles"] = {name: self.role(each) for name, each in protocol.roles.items()}
        given = protocol.assumptions
        out["assumptions"] = {
            "channels": Plain("fifo" if given.fifo else "any"),
            "crashes": {role: self.number(count) for role, count in given.crashes.items()},
            **{key: self.number(getattr(given, key)) for key in ("early_timeouts", "loss", "duplicates")},
        }
        return out

    def value(self, value: object, kind: ParameterType) -> Any:
        match kind:
            case ParameterType.STR:
                return value
            case ParameterType.BOOL:
                return Plain("true" if value else "false")
            case ParameterType.DURATION:
                assert isinstance(value, float)
                return self.duration(value)
            case ParameterType.SHARE:
                assert isinstance(value, Fraction)
                return self.share(value)
            case _:
                return Plain(repr(value))

    def parameter(self, parameter: model.Parameter) -> Any:
        default = self.value(parameter.default, parameter.type)
        bare = parameter.minimum is None and parameter.maximum is None and not parameter.help
        if bare and self.maybe():
            return default
        out: dict[str, Any] = {"type": Plain(parameter.type)} if self.maybe() else {}
        out["default"] = default
        for key, bound in (("min", parameter.minimum), ("max", parameter.maximum)):
            if bound is not None:
                out[key] = self.value(bound, parameter.type)
        if parameter.help:
            out["help"] = parameter.help
        return out

    def message(self, message: model.MessageType) -> dict[str, Any]:
        out: dict[str, Any] = {"from": self.one_or_list(message.senders), "to": self.one_or_list(message.receivers)}
        if message.payload or self.maybe():
            out["payload"] = {field: Plain(str(kind)) for field, kind in message.payload.items()}
        if message.summary:
            out["summary"] = message.summary
        return out

    def link(self, link: model.Link) -> dict[str, Any]:
        if link.inverse is not None:
            return {"inverse": Plain(link.inverse)}
        return {"from": Plain(link.source), "to": Plain(link.dest), "shape": Plain(link.shape)}

    def role(self, role: model.Role) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if role.cls is not None:
            out["class"] = Plain(role.cls)
        low, high = role.count.minimum, role.count.maximum
        if low == high:
            if low != 1 or isinstance(low, Name) or self.maybe():
                out["count"] = self.number(low)
        else:
            out["count"] = Plain(f"{low}..{high or ''}")
        if role.initial != next(iter(role.states)) or self.maybe():
            out["initial"] = Plain(role.initial)
        plain = all(state == model.State(state.name) for state in role.states.values())
        out["states"] = (
            [Plain(name) for name in role.states]
            if plain and self.maybe()
            else {name: self.state(state) for name, state in role.states.items()}
        )
        out["events"] = {name: self.event(event) for name, event in role.events.items()}
        out["transitions"] = [self.row(row) for row in role.transitions]
        if role.summary:
            out["summary"] = role.summary
        return {key: value for key, value in out.items() if value or self.maybe()}

    def state(self, state: model.State) -> Any:
        out: dict[str, Any] = {}
        if state.final or self.random.random() < 0.2:
            out["final"] = Plain("true" if state.final else "false")
        for key, some_names in (("ignore", state.ignore), ("defer", state.defer)):
            if some_names:
                out[key] = "*" if "*" in some_names else self.one_or_list(some_names)
        if state.summary:
            out["summary"] = state.summary
        return out or None

    def event(self, event: model.Event) -> dict[str, Any]:
        match event.condition:
            case model.After(duration):
                return {"after": self.duration(duration)}
            case model.Counted(message, count):
                return {"received": Plain(message), "count": self.number(count)}
            case model.Received(message, threshold, link, request):
                out: dict[str, Any] = {"received": Plain(message)}
                if request is not None:
                    out["for"] = Plain(request)
                if link is not None:
                    out["from"] = Plain(link)
                elif threshold == Fraction(1) and isinstance(threshold, Fraction) and self.maybe():
                    out["from"] = Plain("all")
                else:
                    out["from"] = self.share(threshold) if isinstance(threshold, Fraction) else self.number(threshold)
                return out
        return {"raised": Plain("true")}

    def row(self, row: model.Transition) -> dict[str, Any]:
        out: dict[str, Any] = {"trigger": self.one_or_list(row.triggers)}
        out["source"] = "*" if "*" in row.sources else self.one_or_list(row.sources)
        for key, name in (("dest", row.dest), ("handler", row.handler)):
            if name is not None:
                out[key] = Plain(name)
        for key, some_names in (("conditions", row.conditions), ("unless", row.unless)):
            if some_names:
                out[key] = self.one_or_list(some_names)
        if row.times is not None:
            out["times"] = self.number(row.times)
        if row.sends:
            sends = [self.send(send) for send in row.sends]
            out["send"] = sends[0] if len(sends) == 1 and self.maybe() else sends
        if row.raises:
            raises = [Plain(f"{'maybe ' if raised.maybe else ''}{raised.event}") for raised in row.raises]
            out["raise"] = raises[0] if len(raises) == 1 and self.maybe() else raises
        return out

    def send(self, send: model.Send) -> Any:
        if send.target is None and not send.one and self.maybe():
            return Plain(f"{'maybe ' if send.maybe else ''}{send.message}")
        target = f"{'one ' if send.one else ''}{send.target.name}" if send.target is not None else None
        if target is not None and not send.maybe and self.maybe():
            return {send.message: Plain(target)}
        out: dict[str, Any] = {"message": Plain(send.message)}
        if target is not None:
            out["to"] = Plain(target)
        elif send.one:
            out["one"] = Plain("true")
        if send.maybe:
            out["maybe"] = Plain("true")
        return out


class _Writer:
    """Lines of YAML, in flow or block style."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def flow(self, value: Any) -> str:
        match value:
            case None:
                return self.random.choice(["", "null", "~"])
            case Plain(text):
                return text
            case str():
                return json.dumps(value, ensure_ascii=False)
            case dict():
                return "{" + ", ".join(f"{key}: {self.flow(each)}" for key, each in value.items()) + "}"
            case list():
                return "[" + ", ".join(map(self.flow, value)) + "]"
        raise TypeError(value)

    def lines(self, value: Any, depth: int) -> list[str]:
        """`value` in block style; every collection below the first level may be flow."""
        indent = "  " * depth
        out = []
        if self.random.random() < 0.05:
            out.append(f"{indent}# protoflow: ignore[PF105] no reason at all")
        pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        for key, each in pairs:
            head = f"{indent}-" if key is None else f"{indent}{key}:"
            if isinstance(each, dict | list) and each and (depth < 1 or self.random.random() < 0.5):
                nested = self.lines(each, depth + 1)
                if key is None and not nested[0].lstrip().startswith("#"):
                    out += [f"{indent}- {nested[0].lstrip()}", *nested[1:]]
                else:
                    out += [head, *nested]
            else:
                out.append(f"{head} {self.flow(each)}".rstrip())
        return out
